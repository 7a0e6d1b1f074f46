"""Many at once: a table of payment requests or of expected orders, read row by row, then sent or stored."""

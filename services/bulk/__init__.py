"""Tables of payment requests or expected orders: read row by row, then sent or stored."""

"""Settlement lines: their table, their columns, and the queries that read, search, sum and replace them."""

"""Settlement files: bytes in, lines out. Pure functions: nothing here opens a file, a store or a screen."""

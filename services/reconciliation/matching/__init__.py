"""Lines joined to orders."""

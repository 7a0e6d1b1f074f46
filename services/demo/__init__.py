"""Demo mode: the configuration of the sandbox's accounts, and a month of sample data."""

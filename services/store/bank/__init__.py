"""The bank in the store: files, statements, entries."""

"""What people decide of lines and orders, and undo."""

"""The sandbox's account and its samples."""

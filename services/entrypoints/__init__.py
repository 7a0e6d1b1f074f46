"""The programs: the dashboard's start and stop, the worker, periodic work, the whole installation."""

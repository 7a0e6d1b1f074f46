"""What starts and stops: the dashboard, the worker, periodic work."""

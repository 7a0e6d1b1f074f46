"""The import itself: the process, its lease, and the load of a file up to the transaction that makes its lines visible."""

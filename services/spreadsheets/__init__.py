"""XLS, XLSX and ODS, opened in a bounded process of their own and unfolded to delimited text, a file a sheet."""

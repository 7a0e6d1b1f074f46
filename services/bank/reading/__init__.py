"""Bank files in, statements out: bytes to data, without the store. `bank_file.statements` is the way in."""

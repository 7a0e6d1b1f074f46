"""Settlement lines joined to orders. Pure functions over frames: the store and the screens stand elsewhere."""

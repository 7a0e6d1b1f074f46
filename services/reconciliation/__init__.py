"""Settlement lines joined to orders: ``matching`` joins, ``decisions`` is what people do, ``views`` is what screens show."""

"""Settlement files come in: uploaded, out of a folder, fetched from HiPay; previewed, loaded, corrected."""

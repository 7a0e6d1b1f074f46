"""The order, its pages at HiPay and its message: the form's rules, sending, what was seen, what is due next."""

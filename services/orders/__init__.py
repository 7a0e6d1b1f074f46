"""The order, its pages at HiPay and its message: the form's rules, sending, HiPay's answers, the next steps."""

"""Everything HiPay: the calls, the form, the statuses, the signatures, the notifications. Nothing else knows its names."""

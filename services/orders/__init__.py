"""The order, its pages at HiPay and its e-mails: the form's rules, sending, HiPay's answers, reminders, maintenance operations."""

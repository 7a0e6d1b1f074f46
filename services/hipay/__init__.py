"""HiPay's API: its calls, statuses, signatures and notifications. No other package uses HiPay's own names."""

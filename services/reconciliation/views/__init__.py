"""What the screens show of lines, orders and payouts."""

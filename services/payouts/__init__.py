"""Whether the lines of a payout add up to what was paid."""

"""Whether the lines of a payout add up to its total."""

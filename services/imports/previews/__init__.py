"""What a payout file will do, shown before anything of it is stored."""

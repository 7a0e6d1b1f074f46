"""A payout issued again by another file: what it corrects, withdraws and adds, and which issue is the newest."""

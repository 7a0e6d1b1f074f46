"""Payout files that come without an upload: fetched from HiPay's API, or found in the watched folder."""

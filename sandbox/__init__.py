"""A HiPay and a mailbox on this machine, to try and to test everything. Imports nothing of the product."""

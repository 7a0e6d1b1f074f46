"""Corrections of stored lines: shown before and after, held where HiPay delivered the line, taken or dismissed by a person."""

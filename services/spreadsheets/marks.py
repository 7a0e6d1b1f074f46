"""What the unfolded text says beside the cells: characters that no text cell keeps.

A cell that the spreadsheet holds as a number begins with NUMBER (written with a point, no grouping), one that it holds
as a date with DATE (ISO). Behind a number whose format shows a currency stand SIGN and the currency's sign. A line break within a cell is LINE_BREAK, so that each row is one line of the text.
"""

NUMBER = "\x02"
DATE = "\x03"
SIGN = "\x04"
LINE_BREAK = "\x1d"  # counts as white space
DELIMITER = ","


def is_typed(cell: str) -> bool:
    return cell.startswith((NUMBER, DATE))


def plain(cell: str) -> str:
    """The cell as a reader sees it."""
    return cell.lstrip(NUMBER + DATE).replace(SIGN, " ").replace(LINE_BREAK, "\n")

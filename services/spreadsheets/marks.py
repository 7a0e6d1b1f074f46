"""Marks in the text of a sheet for what a cell's text alone does not show: characters that are removed from text cells.

A cell that is a number in the spreadsheet begins with NUMBER (written with a point, no grouping), one that is a date with
DATE (ISO). A number whose format shows a currency is followed by SIGN and the currency's sign. A line break within a cell is
LINE_BREAK, so that each row is one line of the text.
"""

NUMBER = "\x02"
DATE = "\x03"
SIGN = "\x04"
LINE_BREAK = "\x1d"  # counts as white space
DELIMITER = ","
MOST_TEXT = 2_000  # characters of a cell: more than any field takes, so that its length is refused in words


def is_typed(cell: str) -> bool:
    return cell.startswith((NUMBER, DATE))


def plain(cell: str) -> str:
    """The cell as a reader sees it."""
    return cell.lstrip(NUMBER + DATE).replace(SIGN, " ").replace(LINE_BREAK, "\n")

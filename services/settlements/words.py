"""The sentences about how a file was read, in English: msgids that the pages translate. Placeholders are the fields of
`Evidence` (`line`, `column` as its label, `cell`, `count`) and of `SetAsideRow`."""

from services.settlements.codes import EvidenceChoice, EvidenceCode, SetAsideReason

EVIDENCE: dict[tuple[EvidenceChoice, EvidenceCode], str] = {
    ("encoding", "bytes"): "The bytes of the file can only be read so.",
    (
        "encoding",
        "legacy",
    ): "The file is not Unicode; this is how a spreadsheet writes it. Check the accents.",
    ("encoding", "sheet"): "The file is a spreadsheet.",
    ("encoding", "chosen"): "Chosen by you.",
    ("delimiter", "names"): "{count} known column names are told apart so in line {line}.",
    ("delimiter", "sheet"): "The file is a spreadsheet.",
    ("delimiter", "chosen"): "Chosen by you.",
    ("header_line", "names"): "Line {line} names {count} of the known columns.",
    ("header_line", "chosen"): "Chosen by you.",
    ("decimal", "cell"): "{cell} (line {line}, {column}) can only be read so.",
    ("decimal", "plain"): "No amount of the file has a separator: both signs read the same.",
    ("decimal", "typed"): "The spreadsheet holds its amounts as numbers.",
    (
        "decimal",
        "conflict",
    ): "The file writes amounts both ways, for example {cell} (line {line}, {column}): choose one.",
    (
        "decimal",
        "open",
    ): "{cell} (line {line}, {column}) can be read as thousands or with three decimals: choose one.",
    ("decimal", "chosen"): "Chosen by you.",
    ("date", "iso"): "Every date begins with its year.",
    ("date", "dmy"): "{cell} (line {line}, {column}) can only be read with the day first.",
    ("date", "mdy"): "{cell} (line {line}, {column}) can only be read with the month first.",
    (
        "date",
        "assumed_day_first",
    ): "No day is above 12, as in {cell} (line {line}, {column}): the day is taken first.",
    ("date", "chosen"): "Chosen by you.",
    ("debits", "negative"): "Fees and refunds are negative, for example {cell} in line {line}.",
    (
        "debits",
        "positive",
    ): "Fees and refunds stand without a sign, for example {cell} in line {line}: they are subtracted.",
    (
        "debits",
        "inverted",
    ): "Sales are negative and fees positive, for example {cell} in line {line}: both are turned round.",
    ("debits", "no_debit"): "The file holds no fee and no refund: signs are taken as written.",
    ("debits", "contradictory"): (
        "Some kinds of debit are negative and others are not, for example {cell} in line {line}: choose how to read them."
    ),
    ("debits", "chosen"): "Chosen by you.",
    ("quotes", "none"): "No quoted cell seems to hide rows.",
    ("quotes", "chosen"): "Chosen by you.",
}

SET_ASIDE: dict[SetAsideReason, str] = {
    "preamble": "Stands above the column names.",
    "total": "A total of the file's own, not a line.",
    "header_again": "The column names again.",
    "glued": "The row of one file and the column names of the next stand in one line: give each file by itself.",
    "wrong_width": "The row has not as many cells as there are columns.",
    "operation_missing": "The operation is missing.",
    "amount_unreadable": "“{cell}” is no amount in the notation of this file.",
    "amount_too_precise": "“{cell}” is finer than 1/10000.",
    "amount_too_large": "“{cell}” is too large to be an amount.",
    "amount_missing": "There is no amount.",
    "cell_error": "“{cell}” is an error of the spreadsheet: its value is lost.",
    "formula_no_value": "“{cell}” is a formula without its result. Open the file in a spreadsheet, save it, and add it again.",
    "amount_other_currency": "“{cell}” stands in another currency than its row names.",
    "amount_digits_lost": "“{cell}” has lost digits in a spreadsheet.",
    "date_unreadable": "“{cell}” is no date in the form of this file.",
    "currency_unknown": "“{cell}” is no currency.",
    "currency_missing": "The amount has no currency.",
    "settlement_missing": "The row names no payout.",
}

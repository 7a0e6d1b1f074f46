"""A settlement file of our own, read in the process that forks the readers.

What reading loads when it is first needed (expressions, spellings, Arrow's functions) is then loaded once, and not by each child.
No thread is started: the process is to fork, so the rows are split here and not by pyarrow.
"""

import numpy as np

from services.parsing import results
from services.settlements.blocks import Conversion
from services.settlements.cells import clean, strings
from services.settlements.columns import COLUMNS, LABELS
from services.settlements.dialect import Chosen, decided
from services.settlements.parts import Part
from services.settlements.source import Source
from services.settlements.survey import Survey
from services.settlements.tables import find_tables

_CELLS = {
    "account": "1", "date": "2026-11-20", "settlement_id": "7", "transaction_id": "8", "order": "A-1", "original_amount": "1,000.50",
    "original_currency": "EUR", "operation": "Sale", "settled_amount": "-1.00", "settlement_currency": "EUR", "reporting_data_1": "F-1",
}  # fmt: skip


def rehearse() -> None:
    row = [_CELLS.get(column, "") for column in COLUMNS]
    text = "".join(";".join(cells) + "\r\n" for cells in (LABELS.values(), row))
    found = find_tables(Source(text=text.encode()))
    cells = {column: clean(strings([cell])) for column, cell in zip(COLUMNS, row, strict=True)}
    part = Part(cells=cells, lines=np.array([2]), set_aside=(), records=1, bytes_done=len(text))
    survey = Survey()
    survey.add(part)
    detection = decided(Source(text=b""), found, survey, Chosen())
    results.pack((detection, Conversion(detection.dialect).block(part)))

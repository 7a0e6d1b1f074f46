"""Texts of cells that have no value: an error of the spreadsheet in any of its languages, or a formula without its result."""

import re
from functools import cache
from typing import Literal

# Excel's, by its languages; LibreOffice's and Google's where they differ. Blanks and capitals do not count.
ERRORS = (
    "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!", "#FIELD!", "#BUSY!",
    "#UNKNOWN!", "#CONNECT!", "#BLOCKED!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!", "#GETTING_DATA",
    "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#EPARS!", "#PROPAGATION!", "#CALCUL!", "#ERREUR!", "#CHAMP!", "#OCCUPE!",
    "#BEZUG!", "#NV", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", "#FEHLER!", "#FELD!",
    "#RIF!", "#N/D", "#VALORE!", "#NOME?", "#NULLO!", "#ESPANSIONE!", "#ERRORE!",
    "#¡REF!", "#¡VALOR!", "#¡DIV/0!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!", "#¡DESBORDAMIENTO!", "#¡CALC!", "#¡ERROR!",
    "#VALOR!", "#NÚM!", "#NULO!", "#DESPEJAR!", "#ERRO!", "#DESPEJO!",
    "#ADR!", "#N/D!", "#ARG!", "#DZIEL/0!", "#NAZWA?", "#LICZBA!", "#ZERO!", "#ROZLANIE!", "#BŁĄD!",
    "#VERW!", "#N/B", "#WAARDE!", "#DEEL/0!", "#NAAM?", "#GETAL!", "#LEEG!", "#OVERLOOP!", "#FOUT!",
)  # fmt: skip
# Err:502 is LibreOffice's; a row of # is a column that was too narrow for its value.
_CODES = r"(?:err|fehler|erro|błąd|fout)\.?\s*:\s*[0-9]{3}|#{2,}"
ERROR_CELL = (
    r"(?:"
    + "|".join(re.escape(text).replace("!", r"\s?!").replace(r"\?", r"\s?\?") for text in ERRORS)
    + f"|{_CODES})"
)
FORMULA_CELL = r"=(?:[^?].*)?"  # =?utf-8?q?…?= is a mail's, and no formula
LOST_CELL = rf"(?i)^\s*(?:{ERROR_CELL}|{FORMULA_CELL})\s*$"  # for Python's and for Arrow's expressions alike


def is_error(text: str) -> bool:
    return _error().fullmatch(text) is not None


@cache
def _error() -> re.Pattern[str]:
    """Compiled at the first use: it takes as long as a twentieth of a program's start."""
    return re.compile(rf"\s*{ERROR_CELL}\s*", re.IGNORECASE)


def is_formula(text: str) -> bool:
    return text.startswith("=") and not text.startswith("=?")


def why_lost(text: str) -> Literal["cell_error", "formula_no_value", ""]:
    """Why a cell has no value: cell_error, formula_no_value; "" where it has one, or is blank."""
    if is_formula(text):
        return "formula_no_value"
    return "cell_error" if is_error(text) else ""

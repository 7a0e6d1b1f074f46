"""The folding of search: what people type finds what is written."""

import sys
import unicodedata

import pytest

from services.text.folding import (
    MARK,
    folded,
    name_parts,
    searched,
    typed,
    wanted,
)


@pytest.mark.parametrize(
    ("written", "as_typed"),
    [
        ("Lecœur", "lecoeur"), ("LECŒUR", "lecoeur"), ("Łukasz", "lukasz"), ("Søren", "soren"), ("SØREN", "soren"),
        ("Đorđe", "dorde"), ("Groß", "gross"), ("GROẞ", "GROSS"), ("Æsop", "aesop"), ("Ħamrun", "hamrun"), ("Işık", "isik"),
        ("İstanbul", "istanbul"), ("Þórður", "thordur"), ("Ŋ", "n"), ("Ĳsselmeer", "ijsselmeer"), ("ﬁn", "fin"),
        ("Dvořák", "dvorak"), ("Dvor\u030ca\u0301k", "dvorak"), ("Nguyễn", "nguyen"), ("Ǿ", "o"), ("Ə", "e"), ("ſ", "s"),
        ("№5", "no5"), ("５", "5"), ("٣", "3"), ("Ὀδυσσεύς", "οδυσσευσ"),
        *((f"D{sign}Argent", "d'argent") for sign in "'’‘‛`´ʼʻʹ′＇՚ˈꞌ"),
        *((f"Jean{sign}Pierre", "jean-pierre") for sign in "-‐‑‒–—―−﹣－⁃\u00ad"),
        ("Jean-Pierre", "jeanpierre"), ("D’Argent", "dargent"), ("Marcel·lí", "marcel·li"), ("Gal\u200bli", "galli"),
    ],
)  # fmt: skip
def test_what_can_be_typed_is_what_is_written(written: str, as_typed: str) -> None:
    assert folded(written) == folded(as_typed)


def test_other_letters_stay_apart() -> None:
    assert (
        len({folded(text) for text in ("Müller", "Moller", "Miller", "a.b", "a_b", "a/b", "50%", "a\\b")})
        == 8
    )
    assert folded("Noël") == "noel" != folded("Nol")


def test_folding_what_is_folded_changes_nothing_whatever_the_letter() -> None:
    letters = [chr(code) for code in range(sys.maxunicode + 1)]
    # Letters that Unicode has not assigned never combine, so that many are folded as each.
    unassigned = [letter for letter in letters if unicodedata.category(letter) in ("Cn", "Co")]
    texts = [letter for letter in letters if unicodedata.category(letter) not in ("Cn", "Co")]
    texts += ["".join(unassigned[start : start + 1000]) for start in range(0, len(unassigned), 1000)]
    for text in texts:
        once = folded(text)
        assert folded(once) == once, ascii(text)
        assert not any(c.isspace() or unicodedata.category(c) in ("Pd", "Cc", "Cf") for c in once), ascii(
            text
        )


NUMBER = ("0612345678", f"{MARK}612345678")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", []), ("  -  ’ ", []), ("Jean-Pierre  LEFÈVRE", [("jeanpierre",), ("lefevre",)]), ("a a", [("a",)]),
        ("0612345678", [NUMBER]), ("06 12 34 56 78", [NUMBER]), ("06.12.34.56.78", [NUMBER]), ("06‑12‑34-56–78", [NUMBER]),
        ("(06) 12 34 56 78", [NUMBER]), ("Dupont 06 12 34 56 78 Jean", [("dupont",), NUMBER, ("jean",)]),
        ("+33 6 12 34 56 78", [("33612345678", NUMBER[1])]), ("+33 (0)6 12 34 56 78", [("330612345678", NUMBER[1])]),
        ("0033612345678", [("0033612345678", NUMBER[1])]), ("+1 212 555 0123", [("12125550123", f"{MARK}2125550123")]),
        ("+352 621 123 456", [("352621123456", f"{MARK}621123456")]), ("06 12", [("06",), ("12",)]),
        ("2026 1129 001", [("2026",), ("1129",), ("001",)]), ("0000000000", [("0000000000",)]),
        ("0612345678 / 0145678901", [NUMBER, ("/",), ("0145678901", f"{MARK}145678901")]),
    ],
)  # fmt: skip
def test_what_a_text_looks_for(text: str, items: list[tuple[str, ...]]) -> None:
    assert wanted(text) == items


def test_however_a_number_is_written_it_is_found_however_it_is_typed() -> None:
    spellings = (
        "06 12 34 56 78",
        "0612345678",
        "06.12.34.56.78",
        "+33 6 12 34 56 78",
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "0033 6 12 34 56 78",
        "06-12-34-56-78",
        "(+33) 612345678",
    )
    for written in spellings:
        for column in (
            searched(("", ""), (), written, ""),
            searched(("", ""), (), "", f"Rappeler le {written} demain"),
        ):
            for asked in spellings:
                assert all(any(one in column for one in item) for item in wanted(asked)), (written, asked)
        assert not any(one in searched(("", ""), (), written, "") for one in wanted("06 12 34 56 79")[0])


@pytest.mark.parametrize(
    ("text", "first", "last", "same"),
    [
        ("jean-pierre dupont", "Jean Pierre", "Dupont", True), ("DUPONT Jean Pierre", "Jean‑Pierre", "Dupont", True),
        ("jean d argent", "Jean", "D’Argent", True), ("jean dargent", "Jean", "D'Argent", True), ("dupont", "", "Dupont", True),
        ("lukasz lecoeur", "Łukasz", "Lecœur", True), ("anna bell", "Ann", "Abell", False), ("jean", "Jean", "Dupont", False),
        ("-", "", "—", False), ("", "", "", False), ("jean dupont martin", "Jean", "Dupont", False),
    ],
)  # fmt: skip
def test_a_full_name_is_a_first_and_a_last_one_in_either_order(
    text: str, first: str, last: str, same: bool
) -> None:
    assert name_parts(text, first, last) is same


def test_a_keyboard_has_one_hyphen_and_one_apostrophe() -> None:
    assert typed("F‑2026−1 d’Été\u200b") == "F-2026-1 d'Été"

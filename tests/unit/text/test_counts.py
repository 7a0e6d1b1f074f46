"""A count stands in a sentence as its reader writes numbers."""

import pytest

from services.i18n import translator


@pytest.mark.parametrize(
    ("language", "count", "wanted"),
    [
        ("en", 1, "1 line"),
        ("en", 12_000, "12,000 lines"),
        ("fr", 999, "999 lignes"),
        ("fr", 12_000, "12\u202f000 lignes"),
    ],
)
def test_a_count_has_its_readers_separators(language: str, count: int, wanted: str) -> None:
    assert translator(language).plural("{count} line", "{count} lines", count) == wanted

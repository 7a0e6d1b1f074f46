"""A rule for several lines takes all of them: by the text that they share, or by how all of theirs begin."""

from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.decisions.not_ours_rules import SHORTEST_BEGINNING, shared_texts

TEXTS = st.lists(st.text("AB-1 ", max_size=6), min_size=1, max_size=4)


def test_a_text_that_all_have_is_compared_as_a_whole() -> None:
    lines = [{"product_name": "Gift", "customer_id": "1"}, {"product_name": " Gift ", "customer_id": "2"}]
    assert shared_texts(lines) == {"product_name": ("equals", "Gift")}


def test_a_beginning_that_all_have_is_offered_if_it_is_long_enough() -> None:
    assert shared_texts([{"order": "SHOP2-1"}, {"order": "SHOP2-77"}]) == {"order": ("starts", "SHOP2-")}
    assert shared_texts([{"order": "A-1"}, {"order": "A1"}]) == {}


def test_a_blank_cell_takes_no_rule() -> None:
    assert shared_texts([{"order": "A-1"}, {"order": " "}]) == {}


@given(TEXTS)
def test_what_is_offered_takes_every_line(texts: list[str]) -> None:
    for pattern, text in shared_texts([{"order": one} for one in texts]).values():
        assert text.strip()
        for one in texts:
            assert one.strip() == text if pattern == "equals" else one.strip().startswith(text)
        assert pattern == "equals" or len(text) >= SHORTEST_BEGINNING

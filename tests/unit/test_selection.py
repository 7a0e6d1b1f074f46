"""Ticks of a table belong to rows, whatever comes, goes, changes place or is reported late."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pages.components.selection import (
    Table,
    key_of,
    redrawn,
    reported,
)

NAME = "lines"


def drawn(*lists: tuple[int, ...], ticked: tuple[int, ...] = ()) -> Table:
    """The table after these lists were drawn, one after the other, with these rows ticked."""
    table = Table()
    for ids in lists:
        table = redrawn(table, NAME, ids, ticked)
    return table


def test_a_key_stands_for_one_list_in_one_order() -> None:
    assert key_of(NAME, 1, (1, 2)) != key_of(NAME, 1, (2, 1))
    assert key_of(NAME, 1, (1, 2)) != key_of(NAME, 1, (12,))
    assert key_of(NAME, 1, (1, 2)) != key_of("orders", 1, (1, 2))
    assert key_of(NAME, 1, ("1", "2")) != key_of(NAME, 1, ("1,2",))
    assert (
        key_of(NAME, 1, (1, 2)) == "lines_" + hashlib.sha256(b'["lines", 1, [1, 2]]').hexdigest()
    )  # in every process


def test_the_same_rows_keep_their_key_and_what_is_ticked() -> None:
    table, ticked = reported(drawn((8, 7, 6)), drawn((8, 7, 6)).drawn[0].key, [2, 1])
    assert ticked == (7, 6)
    assert redrawn(table, NAME, (8, 7, 6), ticked) == table


def test_a_row_that_goes_moves_no_tick() -> None:
    first = drawn((8, 7, 6, 5))
    table, ticked = reported(first, first.drawn[0].key, [2, 3])
    assert ticked == (6, 5)
    after = redrawn(table, NAME, (8, 6, 5), ticked)
    assert after.drawn[0].key != first.drawn[0].key
    assert after.drawn[0].ticked == (6, 5)


def test_a_ticked_row_that_goes_loses_its_tick_and_gives_it_to_no_other() -> None:
    assert drawn((8, 7), (9, 8), ticked=(7,)).drawn[0].ticked == ()


def test_what_is_told_means_the_rows_that_the_browser_showed() -> None:
    """A colleague's new request stands first in what the server drew, and not yet in the browser."""
    table = drawn((2, 1), (3, 2, 1))
    table, ticked = reported(table, table.drawn[1].key, [0])
    assert ticked == (2,)
    assert redrawn(table, NAME, (3, 2, 1), ticked).drawn[0].ticked == (2,)


def test_what_was_told_already_is_no_news_and_undoes_nothing() -> None:
    """The browser repeats what it holds of a list with every message until it has the next."""
    table = drawn((2, 1))
    old = table.drawn[0].key
    table, _ = reported(table, old, [1])
    table = redrawn(table, NAME, (3, 2, 1), (1,))
    assert reported(table, old, [1]) == (table, None)


def test_of_a_list_that_has_gone_from_the_browser_nothing_is_heard() -> None:
    table = drawn((2, 1), (3, 2, 1))
    old, new = table.drawn[1].key, table.drawn[0].key
    table, ticked = reported(table, new, [0])
    assert ticked == (3,)
    table, ticked = reported(table, old, [0])
    assert ticked is None
    # and what the browser may have shown is drawn anew
    assert redrawn(table, NAME, (3, 2, 1), (3,)).drawn[0].key not in (old, new)


def test_a_list_that_comes_back_has_another_key() -> None:
    table = drawn((1,), (2,), (1,))
    assert len({one.key for one in table.drawn}) == 3


def test_what_is_ticked_otherwise_than_by_the_table_is_shown_under_another_key() -> None:
    table = drawn((2, 1))
    assert redrawn(table, NAME, (2, 1), (1,)).drawn[0].key != table.drawn[0].key


def test_no_more_lists_are_remembered_than_a_browser_may_still_show() -> None:
    assert len(drawn(*((number,) for number in range(100))).drawn) == 8


@given(
    st.lists(
        st.tuples(
            st.permutations(range(6)), st.integers(1, 6), st.integers(0, 3), st.sets(st.integers(0, 5))
        ),
        max_size=12,
    )
)
def test_whatever_happens_what_is_ticked_is_what_was_last_seen_and_clicked(steps: list) -> None:
    """At random: the server draws a list, the browser may lag some lists behind, a person clicks what it shows there."""
    table, ticked, showing = Table(), (), 0
    for order, length, lag, places in steps:
        table = redrawn(table, NAME, order[:length], ticked)
        assert set(table.drawn[0].ticked) == set(ticked) & set(order[:length])
        numbers = {one.key: table.number - place for place, one in enumerate(table.drawn)}
        shown = next((one for one in table.drawn if numbers[one.key] >= showing), table.drawn[0])
        if lag == 0:
            shown = table.drawn[0]
        showing = numbers[shown.key]
        seen = {shown.ids[place] for place in places if place < len(shown.ids)}
        before = set(shown.ticked)
        table, news = reported(table, shown.key, places)
        assert (news is None) == (seen == before)
        if news is not None:
            assert set(news) == seen
            ticked = news

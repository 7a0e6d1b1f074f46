"""A payout that is issued again: what is corrected, withdrawn and new, and who says which issue is the newest."""

from datetime import date
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import clock
from services.access import WORKER, Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.issued_again import issue_decisions
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.imports.issued_again.issue_decisions import IssueInexact, WithdrawnMoved
from services.imports.issued_again.issues import Told
from services.reconciliation.decisions import decide, history
from services.reconciliation.decisions.checks import Shown
from services.reconciliation.decisions.errors import AlreadyUndone
from services.store.settlements.files import hipay_list, payout_issues, settlement_files
from services.store.settlements.files.settlement_files import FileOrigin
from tests.support.orders import store_paid_order
from tests.support.payouts import NEWEST, Failed, csv, import_file, lines_of
from tests.support.previews import preview_of
from tests.support.stored_join import assert_join_is_current, join_contents

PAYOUT = ("demo", "77")


def sale(order: str, amount: str = "10.00", reference: str = "", operation: str = "Sale") -> str:
    return f"1;77;T-{order};{order};{amount};EUR;;;;;{operation};{amount};EUR;{reference};2026-11-20"


def fee(order: str, amount: str = "-1.00") -> str:
    return sale(order, amount, operation="Fixed fee")


def paid(amount: str) -> str:
    return f"1;77;;;{amount};EUR;;;;;Settlement;{amount};EUR;;2026-11-21"


FIRST = csv(sale("A"), fee("A"), sale("B"), fee("B"), sale("C"), paid("28.00"))
# A has another reference, B is gone, and its fee, C has another amount
SECOND = csv(sale("A", reference="F-1"), fee("A"), sale("C", "12.00"), paid("21.00"))


def take(desk: Desk, raw: bytes, answers: Answers = NOTHING_SAID, source: FileOrigin = "upload") -> int:
    file = files.receive(
        desk,
        WORKER,
        "demo",
        f"{source}.csv",
        BytesIO(raw),
        source=source,
        hipay_settlement="77" if source == "hipay" else "",
        answers=answers,
    )
    background.work_off(desk)
    return file


def state(desk: Desk, file: int) -> tuple[str, str]:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    return found.state, found.failure


def content(desk: Desk) -> list[tuple[str, str, int, str]]:
    found = lines_of(desk)
    columns = ("file_order", "operation", "settled_amount_units", "reporting_data_1")
    return sorted(zip(*(found[name] for name in columns), strict=True))


def of_bytes(desk: Desk, raw: bytes) -> list[tuple[str, str, int, str]]:
    rows = [row.split(";") for row in raw.decode().splitlines()[1:]]
    return sorted((row[3], row[10], round(float(row[11]) * 10_000), row[13]) for row in rows)


def list_payout(desk: Desk, amount: int) -> None:
    with desk.store.write() as tx:
        hipay_list.list_settlement(
            tx,
            {"account": "demo", "settlement_id": "77"},
            recent=True,
            at=clock.now(),
            amount=amount,
            currency="EUR",
            date_value=date(2026, 11, 21).isoformat(),
            figures={},
        )


def test_a_whole_issue_corrects_withdraws_and_adds(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "Z", "10.00")
    import_file(desk, finance, "demo", "a.csv", FIRST)
    [before] = lines_of(desk).query("file_order == 'A' and operation == 'Sale'")["id"]
    decide.match(desk, finance, [Shown(line=int(before))], order, "by telephone", "k1")
    history.comment_line(desk, finance, int(before), "asked the shop", "k2")
    [issue] = preview_of(desk, finance, "demo", SECOND).issues
    newest = issue.effects["newest"]
    assert issue.said == "ask"
    assert sorted(one.differs for one in newest.corrected) == [
        ("original_amount", "settled_amount"),
        ("original_amount", "settled_amount"),
        ("reporting_data_1",),
    ]
    assert (newest.corrected_count, newest.withdrawn.count, newest.new.count) == (3, 2, 0)
    assert (newest.withdrawn.units, newest.former_units, newest.corrected_units) == (
        {"EUR": 9_0000},
        {"EUR": 20_0000},
        {"EUR": 22_0000},
    )
    assert [(one.before_units, one.units, one.announced) for one in newest.after] == [
        (28_0000, 21_0000, 21_0000)
    ]
    assert issue.effects["older"].older == 3
    file = take(desk, SECOND, NEWEST)
    assert content(desk) == of_bytes(desk, SECOND)
    assert_join_is_current(desk)
    [now] = lines_of(desk).query("file_order == 'A' and operation == 'Sale'").to_dict("records")
    assert (now["order_id"], now["reporting_data_1"]) == ("Z", "F-1")
    assert [entry.text for entry in history.of_line(desk, finance, now["id"])][-1] == "asked the shop"
    gone = issue_decisions.withdrawn_of_file(desk, finance, file)
    assert [(one.cells["order"], one.cells["operation"]) for one in gone] == [
        ("B", "Sale"),
        ("B", "Fixed fee"),
    ]


def test_withdrawn_and_undone_is_as_before(desk: Desk, finance: Actor) -> None:
    for order in "ABC":
        store_paid_order(desk, order, "10.00")
    import_file(desk, finance, "demo", "a.csv", FIRST)
    before = join_contents(desk)
    file = take(desk, csv(sale("A"), fee("A"), sale("C"), paid("19.00")), NEWEST)
    after = join_contents(desk)
    gone = [one.id for one in issue_decisions.withdrawn_of_file(desk, finance, file)]
    assert len(gone) == 2
    issue_decisions.take_back(desk, finance, file, gone, "HiPay's mistake")
    issue_decisions.take_back(desk, finance, file, gone, "HiPay's mistake")  # pressed twice
    assert_join_is_current(desk)
    assert ("B", "Sale", 10_0000, "") in content(desk)
    with pytest.raises(WithdrawnMoved):
        issue_decisions.take_back(desk, finance, file, [1], "no")
    issue_decisions.withdraw_again(desk, finance, file, gone, "it was none")
    issue_decisions.withdraw_again(desk, finance, file, gone, "it was none")
    with pytest.raises(AlreadyUndone):
        issue_decisions.withdraw_again(desk, finance, file, gone, "another reason")
    assert join_contents(desk) == after
    issue_decisions.make_newest(desk, finance, 1, PAYOUT, "the second was wrong")
    found = join_contents(desk)
    assert found[1:2] == before[1:2]
    assert content(desk) == of_bytes(desk, FIRST)
    assert_join_is_current(desk)
    issue_decisions.make_newest(desk, finance, file, PAYOUT, "no, it was right")
    assert content(desk) == of_bytes(desk, csv(sale("A"), fee("A"), sale("C"), paid("19.00")))
    assert_join_is_current(desk)


@pytest.mark.parametrize("source", ["upload", "folder"])
def test_nobody_says_which_is_newer_and_it_waits(desk: Desk, finance: Actor, source: FileOrigin) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    before = content(desk)
    file = take(desk, SECOND, source=source)
    assert state(desk, file) == ("failed", "import_issue_undecided")
    assert content(desk) == before
    files.retry(desk, finance, file, answers=Answers(told=((PAYOUT, "older"),)))
    background.work_off(desk)
    assert content(desk) == before
    assert_join_is_current(desk)


def test_hipays_list_says_which_is_newer(desk: Desk, finance: Actor) -> None:
    list_payout(desk, 21_0000)
    for raw in (FIRST, SECOND):
        assert state(desk, take(desk, raw))[0] == "complete"
    assert content(desk) == of_bytes(desk, SECOND)
    assert_join_is_current(desk)


def test_an_older_file_that_comes_later_changes_nothing_where_hipays_list_has_the_newest(
    desk: Desk, finance: Actor
) -> None:
    list_payout(desk, 21_0000)
    take(desk, SECOND)
    assert state(desk, take(desk, FIRST))[0] == "complete"
    assert content(desk) == of_bytes(desk, SECOND)
    assert_join_is_current(desk)


def test_a_file_whose_lines_are_all_known_changes_nothing_until_someone_says_so(
    desk: Desk, finance: Actor
) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    take(desk, SECOND, NEWEST)
    again = csv(
        paid("28.00"), sale("A"), fee("A"), sale("B"), fee("B"), sale("C")
    )  # the first, in another order
    file = take(desk, again)
    assert (state(desk, file), content(desk)) == (("complete", ""), of_bytes(desk, SECOND))
    issue_decisions.make_newest(desk, finance, file, PAYOUT, "HiPay took the correction back")
    issue_decisions.make_newest(desk, finance, file, PAYOUT, "HiPay took the correction back")
    assert content(desk) == of_bytes(desk, FIRST)
    assert_join_is_current(desk)


def test_a_part_an_excerpt_and_a_filtered_export_withdraw_nothing(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    for raw in (csv(sale("A"), paid("28.00")), csv(sale("A"), sale("B"), sale("C"))):
        take(desk, raw)
    file = take(desk, csv(sale("A", reference="F-1")), NEWEST)
    assert ("A", "Sale", 10_0000, "F-1") in content(desk)
    assert len(content(desk)) == 6
    assert issue_decisions.withdrawn_of_file(desk, finance, file) == ()


def test_a_set_aside_row_may_be_the_line_that_is_missing(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    unread = SECOND.replace(b"\r\n1;77;;", b"\r\n1;77;T-X;X;x;EUR;;;;;Sale;??;EUR;;2026-11-20\r\n1;77;;", 1)
    file = take(desk, unread, NEWEST)
    assert issue_decisions.withdrawn_of_file(desk, finance, file) == ()


def test_what_hipays_api_gave_whole_corrects_and_withdraws_by_itself(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    take(desk, SECOND, source="hipay")
    assert content(desk) == of_bytes(desk, SECOND)
    assert_join_is_current(desk)


def test_what_hipays_list_contradicts_waits_although_its_api_gave_it(desk: Desk, finance: Actor) -> None:
    list_payout(desk, 99_0000)
    import_file(desk, finance, "demo", "a.csv", FIRST)
    assert state(desk, take(desk, SECOND, source="hipay")) == ("failed", "import_issue_undecided")


def test_a_pair_that_is_set_apart_is_withdrawn_and_new(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    [issue] = preview_of(desk, finance, "demo", SECOND).issues
    [pair] = [
        (one.former, one.line)
        for one in issue.effects["newest"].corrected
        if one.differs == ("reporting_data_1",)
    ]
    moved = issue.effects["newest"].with_apart([pair])
    assert (moved.corrected_count, moved.withdrawn.count, moved.new.count) == (2, 3, 1)
    assert moved.after == issue.effects["newest"].after
    file = take(desk, SECOND, Answers(every="newest", apart=(pair,)))
    assert len(issue_decisions.withdrawn_of_file(desk, finance, file)) == 3
    assert content(desk) == of_bytes(desk, SECOND)
    assert_join_is_current(desk)


def test_a_file_of_a_former_version_cannot_be_made_the_newest(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    take(desk, SECOND, NEWEST)
    with desk.store.write() as tx:
        [row] = [one for one in payout_issues.of_payout(tx, *PAYOUT) if one.file == 1]
        payout_issues.write(
            tx,
            [
                type(row)(
                    **{**{name: getattr(row, name) for name in row.__dataclass_fields__}, "exact": False}
                )
            ],
        )
    with pytest.raises(IssueInexact):
        issue_decisions.make_newest(desk, finance, 1, PAYOUT, "the first was right")


def test_a_refused_file_names_the_payout(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", FIRST)
    with pytest.raises(Failed) as refused:
        import_file(desk, finance, "demo", "b.csv", SECOND, answers=NOTHING_SAID)
    assert refused.value.failure == "import_issue_undecided"


# a fee is below zero, and a sale above
lines = st.one_of(
    st.tuples(st.sampled_from("ABC"), st.just("Sale"), st.integers(1, 3), st.sampled_from(["", "F-1"])),
    st.tuples(
        st.sampled_from("ABC"), st.just("Fixed fee"), st.integers(-3, -1), st.sampled_from(["", "F-1"])
    ),
)
payouts = st.lists(st.lists(lines, min_size=1, max_size=5, unique=True).map(tuple), min_size=2, max_size=3)


@given(payouts, st.randoms(use_true_random=False))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_with_the_issue_told_and_in_parts_what_counts_is_what_the_newest_says(
    desk: Desk, finance: Actor, history_: list[tuple[tuple[str, str, int, str], ...]], random: "st.Random"
) -> None:
    with desk.store.read() as tx:
        number = len(settlement_files.failed(tx)) + int(
            tx.exec_driver_sql("SELECT count(*) FROM settlement_files").scalar_one()
        )
    payout = f"P{number}"
    parts, order = list[list[bytes]](), list[tuple[int, int]]()
    history_ = [(("Z", "Sale", 100, ""), *issue) for issue in history_]
    for place, issue in enumerate(history_):
        rows = [sale(name, f"{amount}.00", reference, how) for name, how, amount, reference in issue]
        rows.append(paid(f"{sum(amount for _, _, amount, _ in issue)}.00"))
        cut = random.randint(0, len(rows) - 1)
        raws = [
            csv(*some).replace(b";77;", f";{payout};".encode()) for some in (rows[:cut], rows[cut:]) if some
        ]
        parts.append(raws)
        order += [(place, one) for one in range(len(raws))]
    random.shuffle(order)
    newest = -1
    for place, one in order:
        told: Told = "part" if place == newest else "newest" if place > newest else "older"
        newest = max(newest, place)
        heading = (b"Account;", b"Order;", b"Date")[place]  # no two files are the same bytes
        raw = parts[place][one].replace(
            heading, b'"' + heading.rstrip(b";") + b'"' + heading[len(heading.rstrip(b";")) :], 1
        )
        assert state(desk, take(desk, raw, Answers(every=told)))[0] == "complete"
    wanted = [
        (name, operation, amount * 10_000, reference) for name, operation, amount, reference in history_[-1]
    ]
    found = lines_of(desk).query("settlement_id == @payout and kind != 'control'")
    columns = ("file_order", "operation", "settled_amount_units", "reporting_data_1")
    assert sorted(zip(*(found[name] for name in columns), strict=True)) == sorted(wanted)
    assert_join_is_current(desk)

"""A payout as HiPay delivers it and as an upload changes it, and the import of either."""

from io import BytesIO

from services.access import WORKER
from services.desk import Desk
from services.imports import background, files
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.store.settlements.files import settlement_files
from tests.support.payouts import NEWEST, csv, lines_of


def line(order: str, amount: str = "500.00", settlement: str = "77") -> str:
    return f"1;{settlement};T-{order};{order};{amount};EUR;;;;;Sale;{amount};EUR;;2026-11-20"


OTHERS = (line("B", "20.00"), line("C", "30.00"))
PAYOUT = "1;77;;;550.00;EUR;;;;;Settlement;550.00;EUR;;2026-11-21"
HIPAYS = csv(line("A"), *OTHERS, PAYOUT)
CHANGED = csv(line("A", "5.00"), *OTHERS, PAYOUT)


def import_raw(desk: Desk, raw: bytes, source: str = "upload", answers: Answers | None = None) -> int:
    """Import the bytes from a source and expect it to succeed; the id of the file. Of one that HiPay did not deliver a person says
    that it is the newest issue."""
    hipay = "77" if source == "hipay" else ""
    said = answers or (NOTHING_SAID if hipay else NEWEST)
    file = files.receive(
        desk,
        WORKER,
        "demo",
        f"{source}.csv",
        BytesIO(raw),
        source=source,
        hipay_settlement=hipay,
        answers=said,
    )
    background.work_off(desk)
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    assert (found.state, found.follow_up) == ("complete", None)
    return file


def amounts(desk: Desk, order: str = "A") -> list[str]:
    """The amounts of the order's valid lines."""
    found = lines_of(desk)
    return [f"{units / 10_000:.2f}" for units in found[found["file_order"] == order]["settled_amount_units"]]

"""A desk of two accounts of which one has all the data, and a person of the other."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from services import clock
from services.access import Actor
from services.desk import Desk
from services.orders import templates
from services.orders.drafts import check
from services.orders.templates import Content
from services.reconciliation.decisions import decide, not_ours_rules, payout_comments, questions
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.views import payout_list
from services.store import alarms, schema
from services.store.alarm_conditions import Condition
from services.store.orders import batches, maintenance_operations, orders
from services.store.schema.reconciliation import line_decisions
from services.store.settlements.files import payout_requests
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, payout_id

ROLES = ("manager", "finance", "admin")
_ACCOUNT = {"environment": "stage", "login": "l", "password": "p", "passphrase": "a-long-pass-phrase"}
ACCOUNTS = {"shop": {"name": "Shop", **_ACCOUNT}, "outlet": {"name": "Outlet", **_ACCOUNT}}
# What only the other account's data holds.
MARKS = (
    "OUT-1",
    "OUT-8",
    "OUT-9",
    "OUT-template",
    "Outletier",
    "12345600",
    "1,234.56",
    "outlet.csv",
    "payout.csv",
)
CONTENT = Content(
    amount=None, currency="EUR", description="", references=("",) * 4, language="fr", capture="now", days=7
)


@dataclass(frozen=True)
class World:
    """A desk whose data are all ``outlet``'s; ``ids`` by what they are of."""

    desk: Desk
    shop_only: Actor
    everywhere: Actor
    ids: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.ids[name]


def fill(desk: Desk) -> World:
    """Give the account ``outlet`` of the desk something of everything, and ``shop`` nothing."""
    everywhere = person(desk, *ROLES)
    order = store_paid_order(desk, "OUT-1", "1234.56", account="outlet", customer="Outletier")
    file = import_lines(
        desk, line("OUT-1", "1234.56"), line("OUT-9", "77.00"), line("OUT-8", "5.00"), account="outlet"
    )
    decide.exclude(desk, everywhere, [Shown(line=line_id(desk, "OUT-9"))], "test", "before")
    rule = not_ours_rules.add(desk, everywhere, "outlet", "order", "starts", "NOT-", "test", "before")
    templates.save(desk, everywhere, "outlet", "OUT-template", CONTENT)
    [template] = templates.listing(desk, everywhere, "outlet")
    now = clock.now()
    with desk.store.write() as tx:
        alarms.raise_condition(
            tx, Condition(kind="not_settled", identity="walk", account="outlet", order=order, detail={}), now
        )
        batch = batches.add(
            tx, [{"line": 1, "data": {}}], account="outlet", name="outlet.csv", form_key="before", state="paused", per_minute=1,
            days=7, next_at=now, created_at=now, actor_kind="user", actor_id="test", sender_name="Test",
        )  # fmt: skip
        operation = maintenance_operations.add(
            tx, order=order, account="outlet", reference="800", kind="refund", amount=1, currency="EUR", why="test", form_key="before",
            operation_id="R-1", created_at=now, actor_kind="user", actor_id="test",
        )  # fmt: skip
        # one form key for everything: what a second press finds
        tx.execute(
            update(schema.orders.orders).where(schema.orders.orders.c.id == order).values(form_key="before")
        )
        orders.add_event(
            tx, order=order, at=now, kind="link_extended", actor_kind="user", actor_id="test", data={}, identity="press:before"
        )  # fmt: skip
        orders.add_message(
            tx, order=order, page=None, kind="link", form_key="before", recipient="a@example.com", message_id="<m@example.com>",
            body=b"", state="sent", created_at=now,
        )  # fmt: skip
        payout_requests.add(
            tx, account="outlet", source="person", settlement_id="", form_key="before", due_at=now, actor_kind="user", actor_id="test"
        )  # fmt: skip
        alarm = tx.scalar(select(schema.alarms.alarms.c.id))
        decision = tx.execute(select(line_decisions)).first()
    assert decision is not None
    payout = payout_id(desk)
    payout_comments.comment(desk, everywhere, payout, "test", "before")
    subject = Subject(payout=payout)
    questions.ask(desk, everywhere, subject, person(desk, "finance").id, "test", "before")
    [question] = questions.of_subject(desk, everywhere, subject)
    form = draft(account="outlet")
    accepted, _ = check(form, now)
    shown = Shown(line=line_id(desk, "OUT-8"))
    ids = {
        "order": order, "order_ids": [order], "file": file, "line": shown.line, "lines": [shown.line], "shown": [shown],
        "one_shown": shown, "decision_ids": [decision.id], "group": decision.group, "rule": getattr(rule, "id", rule),
        "template": template.id, "alarm": alarm, "batch": batch, "operation": operation, "later": now,
        "draft": form, "shop_draft": draft(account="shop"), "accepted": accepted, "unknown_line": [Shown(line=1_000_000)],
        "content": CONTENT, "possible": SimpleNamespace(kind="refund", reference="800", most=1),
        "good": [SimpleNamespace(line=SimpleNamespace(number=1))], "expected": [SimpleNamespace(order_id="X")],
        "stream": io.BytesIO(b""), "out": io.BytesIO(), "settings": desk.settings, "store": desk.store,
        "payout_id": payout, "subject": subject, "question": question.id,
        "payout": payout_list.list_payouts(desk, everywhere)[0],
    }  # fmt: skip
    return World(desk, person(desk, *ROLES, account="shop"), everywhere, ids)

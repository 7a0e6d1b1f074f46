"""Whatever happens to a request, in any order and any number of times, there is one right state of it.

A state machine does at random what customers, their banks, mail servers and managers do. The product is notified of it late,
again, out of order, or not at all; somebody who knows the secret forges notifications. ``tests/support/request_model`` says
what the product must then show: it has of each transaction the newest snapshot that a read has shown, and what was notified
since and not answered. At the end everything is read, and the product must agree with the bank's own books.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from services import clock
from services.access import CUSTOMER, WORKER, Actor
from services.accounts.options import OPTIONS
from services.alarms import handling
from services.demo.drain import drain
from services.desk import Desk
from services.errors import DeskError
from services.orders import (
    create,
    history,
    links,
    notifications,
    open_page,
)
from services.orders.errors import LinkRefused, NothingToRetry
from services.orders.record import record_observation
from services.orders.retry import PAUSED_GAP
from services.orders.steps import send_mail
from services.orders.unconfirmed import PATIENCE
from services.store import accounts, schema
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.request_model import COLLECTED, Model
from tests.support.simulated_hipay import SimulatedHipay, Snapshot

pytestmark = pytest.mark.desk(prepared=True)

AMOUNT, STEP = 100_0000, 25_0000


class Request(RuleBasedStateMachine):
    def __init__(self, desk: Desk, manager: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.desk, self.manager, self.finance = desk, manager, person(desk, "finance")
        self.offset = timedelta(0)
        clock.use(lambda: self.offset)
        self.world = SimulatedHipay(self.wait_for)
        monkeypatch.setattr(Desk, "hipay", lambda _desk, account: self.world.hipay(account))
        monkeypatch.setattr(send_mail, "deliver", self.world.deliver)
        self.stored: list[Snapshot] = []  # received, not yet processed
        self.reachable: list[str] = []  # HiPay's order ids whose page somebody can open

    def wait_for(self, time: timedelta) -> None:
        self.offset += time

    @initialize(way=st.sampled_from(["own", "own", "hipay", "phone"]), later=st.booleans())
    def create(self, way: str, later: bool) -> None:
        with self.desk.store.write() as tx:
            accounts.save_section(
                tx,
                "demo",
                OPTIONS,
                "",
                {"own_link": way == "own"},
                at=clock.now(),
                actor_kind="system",
                actor_id="test",
            )
        self.name = uuid.uuid4().hex[:20]
        wanted = draft(
            amount="100",
            order_id=self.name,
            channel="phone" if way == "phone" else "link",
            capture="later" if later else "now",
        )
        self.order = create.create(self.desk, self.manager, wanted, create.new_form_key())
        assert wanted.expires_at is not None
        self.model = Model(way, AMOUNT, wanted.expires_at, mail="none" if way == "phone" else "queued")

    # customers and banks

    def payable(self) -> list[str]:
        return [
            name
            for name in self.reachable
            if (page := self.world.pages[name]).expires_at > clock.now()
            and len(page.tries) < 3
            and not any(one.page == name and not one.over for one in self.world.transactions())
        ]

    @precondition(lambda self: self.payable())
    @rule(
        outcome=st.sampled_from(["authorised", "captured", "captured", "pending", "refused"]),
        n=st.integers(0, 9),
    )
    def pay(self, outcome: str, n: int) -> None:
        choices = self.payable()
        self.world.pay(choices[n % len(choices)], outcome)

    def these(self, what: str) -> list[Snapshot]:
        fits = {
            "pending": lambda one: one.status == 142,
            "held": lambda one: one.authorised > one.captured and not one.over,
            "taken": lambda one: one.captured > one.refunded + one.charged_back,
            "disputed": lambda one: one.charged_back > 0,
        }[what]
        return [one for one in self.world.transactions() if fits(one)]

    @precondition(lambda self: self.world.transactions())
    @rule(
        what=st.sampled_from(
            ["answer", "capture", "refund", "give up", "charge back", "win", "refuse a move"]
        ),
        n=st.integers(0, 9),
        steps=st.integers(1, 4),
        yes=st.booleans(),
    )
    def at_the_bank(self, what: str, n: int, steps: int, yes: bool) -> None:
        needs = {"answer": "pending", "capture": "held", "give up": "held", "win": "disputed"}.get(
            what, "taken"
        )
        choices = self.these(needs)
        if not choices:
            return
        one = choices[n % len(choices)]
        if what == "answer":
            self.world.answer_pending(one.reference, accepted=yes)
        elif what == "capture":
            self.world.capture(one.reference, min(steps * STEP, one.authorised - one.captured))
        elif what == "give up":
            self.world.give_up(one.reference, expired=yes)
        elif what == "win":
            self.world.win(one.reference, as_before=yes)
        elif what == "refuse a move":
            self.world.refuse_a_move(one.reference)
        else:
            left = one.captured - one.refunded - one.charged_back
            move = self.world.refund if what == "refund" else self.world.charge_back
            move(one.reference, min(steps * STEP, left))

    # what the product is notified of, and reads

    @precondition(lambda self: self.world.history)
    @rule(
        n=st.integers(0, 99),
        style=st.sampled_from(["form", "xml"]),
        again=st.integers(0, 2),
        at_once=st.booleans(),
    )
    def notify(self, n: int, style: str, again: int, at_once: bool) -> None:
        """Notify any snapshot so far, however old, perhaps again; the same body, or another with the same facts."""
        seen = self.world.history[-1 - n % len(self.world.history)]
        for more in range(again + 1):
            raw, kind = self.world.notification(seen, style, **({"cdata1": str(more)} if more == 2 else {}))
            notifications.receive(self.desk, "demo", raw, kind)
        self.stored.append(seen)
        if at_once:
            notifications.work_off(self.desk)
            self.worked_off()

    @precondition(lambda self: self.world.history)
    @rule(n=st.integers(0, 99))
    def late_answer(self, n: int) -> None:
        """Record a read whose answer is old."""
        seen = self.world.history[-1 - n % len(self.world.history)]
        with self.desk.store.write() as tx:
            page = orders.page_by_hipay_order_id(tx, "demo", seen.page)
            assert page is not None
            record_observation(tx, self.desk, self.order, page.id, self.world.observation(seen), actor=WORKER)
        self.model.was_shown(seen)

    @precondition(lambda self: self.theirs())
    @rule(
        n=st.integers(0, 9),
        status=st.sampled_from([116, 118, 119, 125, 129, 142, 113, 115]),
        captured=st.integers(0, 4),
        refunded=st.integers(0, 4),
        own=st.booleans(),
        at_once=st.booleans(),
    )
    def forge(self, n: int, status: int, captured: int, refunded: int, own: bool, at_once: bool) -> None:
        """Somebody who knows the secret signs what never happened: of an existing transaction, or of another."""
        names, known = self.theirs(), self.world.transactions()
        seen = known[n % len(known)] if own and known else None
        page = seen.page if seen else names[n % len(names)]
        over = {113: "refused", 115: "cancelled"}.get(status, "")
        forged = Snapshot(
            seen.reference if seen else f"forged/{n}",
            page,
            status,
            clock.now().replace(microsecond=0),
            authorised=AMOUNT,
            captured=min(captured * STEP, self.world.pages[page].request.amount_units),
            refunded=refunded * STEP,
            over=over,
        )
        if forged.authorised > self.world.pages[page].request.amount_units:
            forged = replace(forged, authorised=forged.captured)
        notifications.receive(self.desk, "demo", *self.world.notification(forged))
        self.stored.append(forged)
        if at_once:
            before = self.model.sums
            notifications.work_off(self.desk)
            self.worked_off()
            assert self.model.sums == before

    def theirs(self) -> list[str]:
        ours = {page.hipay_order_id for page in self.pages()}
        return [name for name in self.world.pages if name in ours]

    @rule()
    def close_the_alarm(self) -> None:
        """A person closes the alarm: what HiPay does not show is no payment."""
        for alarm in self.alarms():
            if alarm.kind == "payment_unconfirmed" and alarm.closed_at is None:
                handling.close(self.desk, self.finance, alarm.id, "not in the console")
                self.model.unanswered.pop(alarm.detail["reference"], None)

    @precondition(lambda self: self.world.history)
    @rule(
        wrong=st.sampled_from(
            [
                {"mid": "7"},
                {"test": "false"},
                {"custom_data": {"eterminal_order": "other"}},
                {"order": {"id": "", "amount": "1.00"}},
                {"currency": "USD"},
            ]
        )
    )
    def foreign(self, wrong: dict[str, Any]) -> None:
        """Notify something that does not fit the order: an alarm opens, and nothing else changes."""
        seen = self.world.history[-1]
        if "order" in wrong:
            wrong = {"order": {"id": seen.page, "amount": "1.00", "currency": "EUR"}}
        elif "currency" in wrong:
            wrong = {"order": {"id": seen.page, "amount": "100.00", "currency": "USD"}}
        raw, kind = self.world.notification(seen, **wrong)
        notifications.receive(self.desk, "demo", raw, kind)
        notifications.work_off(self.desk)
        self.worked_off()
        assert {alarm.kind for alarm in self.alarms()} & {"other_amount", "quarantined"}

    def worked_off(self) -> None:
        for seen in self.stored:
            self.model.was_notified(seen)
        self.stored.clear()

    def was_read(self) -> None:
        for name in self.world.asked:
            for reference in self.world.pages[name].tries if name in self.world.pages else ():
                self.model.was_shown(self.world.now_is(reference))
        self.world.asked.clear()

    # time, and the worker

    @rule(hours=st.sampled_from([0.1, 1, 20, 24 * 8]))
    def wait(self, hours: float) -> None:
        self.wait_for(timedelta(hours=hours))

    @rule(
        pages=st.lists(st.sampled_from(["unavailable", "lost", "refused"]), max_size=2),
        mails=st.lists(st.sampled_from(["later", "unknown", "refused"]), max_size=2),
    )
    def work(self, pages: list[str], mails: list[str]) -> None:
        """The worker runs until only reads are left; the servers answer with these faults first, then well."""
        self.world.page_answers.extend(pages)
        self.world.mail_answers.extend(mails)
        for passed in count():
            self.worked_off()
            self.one_pass(again=passed > 0)
            if not self.waiting() & {"page", "mail"}:
                break
            if passed > 3 and self.model.link_state() == "confirming" and "page" not in self.waiting():
                break  # until a person has closed the alarm
            self.wait_for(timedelta(minutes=40))
        self.world.page_answers.clear()
        self.world.mail_answers.clear()

    def one_pass(self, *, again: bool) -> None:
        model = self.model
        enough = again and clock.now() - model.due_since >= timedelta(days=1)
        over = model.expires_at <= clock.now()
        needless = model.cancelled or model.link_state() in ("paid", "pending")
        confirming = model.link_state() == "confirming"
        waits = self.waiting()
        drain(self.desk)
        self.was_read()
        if "page" in waits:
            if over and not self.world.made:
                model.link = "failed"
            elif model.way == "own":
                model.link = "open"
                model.waiting = model.waiting or not model.has_message
                model.has_message, model.due_since = True, clock.now()
            for answer in self.world.made:
                ends = {"ok": "open", "refused": "failed"} | (
                    {"unavailable": "failed", "lost": "failed"} if enough else {}
                )
                model.link = ends.get(answer, model.link)
                if answer == "ok" and model.way == "hipay":
                    model.waiting, model.mail, model.has_message, model.due_since = (
                        True,
                        "queued",
                        True,
                        clock.now(),
                    )
        self.world.made.clear()
        for answer in self.world.mailed:
            model.maybe_left |= answer == "unknown"
            if answer in ("accepted", "refused") or (answer == "later" and enough):
                model.mail, model.waiting, model.maybe_left = (
                    {"accepted": "sent"}.get(answer, "failed"),
                    False,
                    False,
                )
        unknown = self.world.mailed.count("unknown")
        self.world.mailed.clear()
        if model.waiting and confirming and not self.gone():
            model.due_since = clock.now() + PAUSED_GAP  # it starts again once HiPay was asked
        elif model.waiting and not unknown and (over or needless or self.gone()):
            if confirming or not over:  # before it reminds, the product reads the payment
                needless |= model.link_state() in ("paid", "pending")
            model.mail = "uncertain" if model.maybe_left else "withdrawn" if needless else "expired"
            model.waiting = model.maybe_left = False
        self.reachable = [page.hipay_order_id for page in self.pages() if page.url]

    def gone(self) -> bool:
        """Handed over twice without an answer: the product asks a person."""
        return "mail" not in self.waiting()

    def waiting(self) -> set[str]:
        return set(self.detail().waiting)

    # people

    @rule(
        action=st.sampled_from(["resend", "remind", "readdress", "cancel", "extend", "correct", "renew"]),
        n=st.integers(1, 5),
    )
    def by_hand(self, action: str, n: int) -> None:
        form_key, end = create.new_form_key(), clock.now() + timedelta(days=n, minutes=20)
        with_mail = n % 2 == 0
        do = {
            "resend": lambda: links.resend(self.desk, self.manager, self.order, form_key),
            "remind": lambda: links.resend(self.desk, self.manager, self.order, form_key, reminder=True),
            "readdress": lambda: links.readdress(
                self.desk, self.manager, self.order, f"{form_key}@example.com", form_key
            ),
            "cancel": lambda: links.cancel(self.desk, self.manager, self.order, form_key),
            "extend": lambda: links.extend(self.desk, self.manager, self.order, end, form_key),
            "correct": lambda: links.correct(
                self.desk, self.manager, self.order, n * STEP, form_key, form_key, mail=with_mail
            ),
            "renew": lambda: links.renew(self.desk, self.manager, self.order, end, form_key),
        }[action]
        allowed, model = self.model.may(action), self.model
        if not allowed:
            with pytest.raises(LinkRefused):
                do()
            return
        do()
        if action == "cancel":
            model.cancelled = True
        if action in ("extend", "renew"):
            model.expires_at = end
        if action == "correct":
            model.amount = n * STEP
        mails = action in ("resend", "remind", "readdress", "renew") or (action == "correct" and with_mail)
        if mails and model.way != "phone":
            model.mail, model.due_since = "queued", clock.now()
            model.waiting = action != "renew" or model.way == "own"
            model.maybe_left = False
        if action == "renew":
            model.link = "open" if model.way == "own" else "requested"
            model.has_message |= model.way == "own"

    @rule()
    def try_again(self) -> None:
        model = self.model
        stopped = model.availability == "failed" or (
            model.mail in ("failed", "uncertain") and not model.cancelled
        )
        try:
            history.retry(self.desk, self.manager, self.order)
        except NothingToRetry:
            assert not (stopped and model.link_state() == "open")
            return
        assert stopped
        assert model.link_state() == "open"
        model.due_since = clock.now()
        if model.link == "failed":
            model.link = "requested"
        else:
            model.mail, model.waiting, model.maybe_left = "queued", True, False

    @precondition(lambda self: self.model.way == "own" and self.model.has_message)
    @rule(
        answer=st.sampled_from(["ok", "ok", "ok", "unavailable", "lost", "refused"]),
        meanwhile=st.sampled_from(["", "", "", "cancel", "correct"]),
    )
    def press(self, answer: str, meanwhile: str) -> None:
        """A person presses the button of our own link; perhaps a manager acts while HiPay is asked."""
        token = self.detail().order.link_token
        self.world.page_answers.append(answer)
        if meanwhile:
            self.world.meanwhile = lambda: self.by_hand(meanwhile, 3)
        before = self.model.link_state()
        try:
            pressed = open_page.open_hipay_page(self.desk, token)
        except DeskError:
            pressed = None
        self.world.meanwhile = None
        self.was_read()
        if before != "open":
            assert pressed == open_page.Destination(before)
        for made in self.world.made:
            self.model.link = {"ok": "open", "refused": "failed"}.get(made, self.model.link)
        self.world.made.clear()
        self.world.page_answers.clear()
        if pressed is not None and pressed.url is not None:
            assert self.model.link_state() == "open"
            name = pressed.url.rsplit("/", 1)[1]
            assert self.world.pages[name].request.amount_units == self.model.amount, (
                "led to pay a former amount"
            )
            self.reachable.append(name)

    # what must be true at any time

    def detail(self) -> history.Detail:
        return history.detail(self.desk, CUSTOMER, self.order)

    def pages(self) -> tuple[Any, ...]:
        return self.detail().pages

    def alarms(self) -> tuple[Any, ...]:
        return self.detail().alarms

    @invariant()
    def one_right_state(self) -> None:
        found, model = self.detail(), self.model
        order = found.order
        assert order.payment == model.payment
        assert (order.paid_at is not None) == bool(order.authorised or order.captured)
        assert {name: getattr(order, name) for name in model.sums} == model.sums
        assert (order.delivery, order.availability) == (model.mail, model.availability)
        assert found.badge == model.badge()
        with self.desk.store.read() as tx:
            same = orders.Filter(text=self.name, badges=(found.badge,))
            assert orders.count_orders(tx, same, None, now=clock.now()) == 1

    @invariant()
    def the_right_alarms(self) -> None:
        kinds = {alarm.kind for alarm in self.alarms()}
        holding = [one for one in self.model.known.values() if one.holds]
        if not any(reference.startswith("forged/") for reference, *_ in self.model.notified):
            assert "payment_unconfirmed" not in kinds
        if len(holding) > 1:
            assert "paid_twice" in kinds
        if len(self.world.transactions()) < 2:
            assert "paid_twice" not in kinds
        if self.model.cancelled and holding:
            assert "paid_after_cancel" in kinds

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self.in_the_end()
        finally:
            clock.use(None)

    def in_the_end(self) -> None:
        """Everything is notified, late and in another order: the product must agree with the bank."""
        self.work([], [])
        for seen in reversed(self.world.history):
            notifications.receive(self.desk, "demo", *self.world.notification(seen))
        for _ in range(2):
            history.check_now(self.desk, CUSTOMER, [self.order])
            drain(self.desk)
            self.worked_off()
            self.was_read()
            self.wait_for(PATIENCE)
        if self.model.unconfirmed_only:
            assert all(reference.startswith("forged/") for reference in self.model.unconfirmed_only)
            assert "payment_unconfirmed" in {alarm.kind for alarm in self.alarms() if alarm.closed_at is None}
        order, bank = self.detail().order, self.world.transactions()
        for name in ("captured", "refunded", "charged_back"):
            assert getattr(order, name) == sum(getattr(one, name) for one in bank), name
        assert order.authorised == sum(one.authorised for one in bank if one.captured or not one.over)
        assert (order.payment in COLLECTED) == any(one.captured for one in bank)
        with self.desk.store.write() as tx:
            tx.execute(delete(schema.orders.steps))


def test_one_right_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = person(desk, "manager")
    # Without shrinking, which takes minutes here: --hypothesis-profile explore --hypothesis-seed N finds it again.
    wanted = settings(
        max_examples=15,
        stateful_step_count=30,
        phases=[Phase.generate],
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Request(desk, manager, monkeypatch), settings=wanted)

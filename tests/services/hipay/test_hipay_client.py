"""The client against the sandbox, over real HTTP: what each side takes the contract to mean must be the same."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from services.hipay import notifications, signature
from services.hipay.client import HiPay
from services.hipay.errors import (
    BadAnswer,
    DuplicateOrder,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    PageOver,
    Refused,
    Unavailable,
    Unreachable,
)
from services.hipay.fields import PageRequest, custom_data
from services.hipay.sandbox import SandboxControl, clock_source
from services.hipay.statuses import Effect, status
from services.settings.account import Account
from tests.support.sandbox import LOGIN, PASSPHRASE, PASSWORD, RunningSandbox, start_sandbox, wait_for


def account(password: str = PASSWORD) -> Account:
    return Account(
        key="demo",
        name="Demo",
        environment="sandbox",
        login=LOGIN,
        password=SecretStr(password),
        passphrase=SecretStr(PASSPHRASE),
    )


def page(order_id: str, notify_url: str = "", **changes: object) -> PageRequest:
    fields: dict[str, object] = {
        "order_id": order_id,
        "description": "Order é",
        "amount_units": 120_000,
        "currency": "EUR",
        "operation": "Sale",
        "eci": 7,
        "language": "fr_FR",
        "email": "c@example.com",
        "firstname": "Zoé",
        "lastname": "D'Arc",
        "notify_url": notify_url,
        "time_limit_to_pay": 86400,
        "custom_data": custom_data(["INV-1"], f"mark-{order_id}"),
    }
    return PageRequest(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    sandbox = start_sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def doomed() -> Iterator[RunningSandbox]:
    """One that the test kills."""
    sandbox = start_sandbox()
    yield sandbox
    sandbox.kill()


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.reset()
    return running


@pytest.fixture
def hipay(sandbox: RunningSandbox) -> Iterator[HiPay]:
    with HiPay(account(), sandbox_url=sandbox.url) as client:
        yield client


@pytest.fixture
def control(sandbox: RunningSandbox) -> Iterator[SandboxControl]:
    with SandboxControl(sandbox.url) as calls:
        yield calls


@pytest.fixture
def received() -> Iterator[tuple[str, list[tuple[bytes, str, str]]]]:
    """A place for notifications: its URL, and each body with its signature and content type."""
    bodies: list[tuple[bytes, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append((raw, self.headers["X-Allopass-Signature"], self.headers["Content-Type"]))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/notify", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_is_created_paid_and_read(
    hipay: HiPay, control: SandboxControl, sandbox: RunningSandbox
) -> None:
    made = hipay.create_page(page("A-1"))
    assert made.forward_url.startswith(f"{sandbox.url}/payment/web/pay/")
    assert (made.order_id, made.amount_units, made.currency, made.test) == ("A-1", 120_000, "EUR", True)
    assert hipay.read_order("A-1") is None
    assert hipay.read_transactions("A-1") is None
    control.pay(["A-1"], outcome="decline", reason=4010103)
    control.pay(["A-1"], payment_product="visa")
    read, older = hipay.read_order("A-1"), hipay.read_transactions("A-1")
    assert read is not None
    assert older is not None
    assert (read.amount_units, read.currency, read.mark, read.attempts) == (120_000, "EUR", "mark-A-1", 2)
    refused, paid = read.observations
    assert (refused.status, refused.reason_code, refused.captured) == (113, 4010103, 0)
    assert (paid.status, paid.captured, paid.mid, paid.payment_product) == (118, 120_000, made.mid, "visa")
    for new, old in zip(read.observations, older.observations, strict=True):
        for name in (
            "reference",
            "status",
            "state",
            "captured",
            "order_amount",
            "reason_code",
            "eci",
            "mid",
            "mark",
            "at",
        ):
            assert getattr(new, name) == getattr(old, name), name


@pytest.mark.parametrize("form", ["form", "xml"])
def test_a_notification_and_a_read_are_the_same_observation(
    form: str, hipay: HiPay, control: SandboxControl, received: tuple[str, list[tuple[bytes, str, str]]]
) -> None:
    url, bodies = received
    control.settings(notification_format=form, hash_algorithm="SHA512")
    assert hipay.security_settings() == "sha512"
    hipay.create_page(page("A-1", url))
    control.pay(["A-1"])
    raw, header, content_type = wait_for(
        lambda: next((body for body in bodies if notifications.parse(body[0], body[2]).status == 118), None)
    )
    assert signature.verify_notification(raw, header, [PASSPHRASE], "sha512")
    assert not signature.verify_notification(raw + b" ", header, [PASSPHRASE], "sha512")
    told = notifications.parse(raw, content_type).observation()
    read = hipay.read_order("A-1")
    assert read is not None
    asked = read.observations[0]
    for name in (
        "order_id",
        "reference",
        "status",
        "state",
        "currency",
        "authorised",
        "captured",
        "refunded",
        "order_amount",
        "order_currency",
        "payment_product",
        "eci",
        "mid",
        "mark",
        "at",
    ):
        assert getattr(told, name) == getattr(asked, name), name
    kept = notifications.stripped(raw, content_type)
    assert b"card_holder" not in kept
    assert notifications.parse(kept, content_type).observation() == told


def test_an_authorisation_is_captured_refunded_and_charged_back(
    hipay: HiPay, control: SandboxControl
) -> None:
    hipay.create_page(page("A-1", operation="Authorization"))
    reference = str(control.pay(["A-1"])[0]["transaction"])
    part = hipay.maintain(reference, "capture", amount_units=70_000, currency="EUR", operation_id="cap-1")
    assert (part.status, part.captured, part.refunded) == (119, 70_000, 0)
    with pytest.raises(Refused) as refused:
        hipay.maintain(reference, "capture", amount_units=70_000, currency="EUR")
    assert refused.value.hipay_code == 3020110
    hipay.maintain(reference, "refund", amount_units=20_000, currency="EUR", operation_id="ref-1")
    control.chargeback("A-1", "3.00")
    read = hipay.read_order("A-1")
    assert read is not None
    seen = read.observations[0]
    assert (seen.authorised, seen.captured, seen.refunded, seen.charged_back) == (
        120_000,
        70_000,
        20_000,
        30_000,
    )
    assert status(seen.status).effect is Effect.CHARGED_BACK
    assert [(one.kind, one.amount, one.operation_id) for one in seen.operations[:2]] == [
        ("capture", 70_000, "cap-1"),
        ("refund", 20_000, "ref-1"),
    ]
    with pytest.raises(NotFound):
        hipay.maintain("800000000000", "refund")
    assert hipay.read_operation("cap-1") == read.observations
    assert hipay.read_operation("cap-2") == ()


def test_what_has_no_value_may_be_null_or_left_out(
    hipay: HiPay, control: SandboxControl, sandbox: RunningSandbox
) -> None:
    hipay.create_page(page("A-1", operation="Authorization"))
    reference = str(control.pay(["A-1"])[0]["transaction"])
    hipay.maintain(reference, "capture", operation_id="cap-1")

    def read() -> list[object]:
        return [hipay.read_order("A-1"), hipay.read_transactions("A-1"), hipay.read_operation("cap-1")]

    written = read()
    control.settings(nulls="left_out")
    assert read() == written
    assert all(written)


def test_what_the_gateway_refuses(hipay: HiPay, control: SandboxControl, sandbox: RunningSandbox) -> None:
    control.settings(duplicate_order="refuse")
    hipay.create_page(page("A-1"))
    with pytest.raises(DuplicateOrder):
        hipay.create_page(page("A-1"))
    control.pay(["A-1"])
    with pytest.raises((PageOver, DuplicateOrder)):
        hipay.create_page(page("A-1"))
    with HiPay(account("wrong"), sandbox_url=sandbox.url) as other:
        for call in (
            lambda: other.create_page(page("B")),
            other.security_settings,
            lambda: other.read_order("A-1"),
        ):
            with pytest.raises(NotAuthorised) as denied:
                call()
            assert denied.value.hipay_code == 1000001


def test_a_field_the_gateway_refuses_is_named(hipay: HiPay) -> None:
    class Unchecked(PageRequest):
        def form(self) -> dict[str, str]:
            return super().form() | {"language": "far too long"}

    with pytest.raises(Refused) as refused:
        hipay.create_page(Unchecked(**vars(page("A-1"))))
    assert refused.value.field == "language"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("down", OutcomeUnknown),
        ("5xx", Unavailable),
        ("lost", OutcomeUnknown),
        ("garbage", BadAnswer),
        ("html", BadAnswer),
    ],
)
def test_the_sandboxs_faults_have_our_names(
    kind: str, error: type[Exception], hipay: HiPay, sandbox: RunningSandbox
) -> None:
    sandbox.control("faults", {"kind": kind, "path": "/v1/hpayment", "count": 1})
    with pytest.raises(error):
        hipay.create_page(page("A-1"))
    assert hipay.create_page(page("A-1")).order_id == "A-1"


def test_a_slow_gateway_is_given_up_in_time(sandbox: RunningSandbox) -> None:
    sandbox.control("faults", {"kind": "slow", "count": 1, "delay_ms": 2000})
    with (
        HiPay(account(), sandbox_url=sandbox.url, seconds=0.3) as impatient,
        pytest.raises(OutcomeUnknown) as unknown,
    ):
        impatient.create_page(page("A-1"))
    assert unknown.value.reason == "timeout"


def test_products_of_both_channels(hipay: HiPay) -> None:
    by_link, by_phone = hipay.payment_products(7, "EUR"), hipay.payment_products(1)
    assert {"visa", "mastercard"} <= {product.code for product in by_link}
    assert by_phone
    assert all(product.takes_moto for product in by_phone)


def test_a_settlement_is_listed_read_and_downloaded(hipay: HiPay, control: SandboxControl) -> None:
    assert hipay.settlements() == ()
    hipay.create_page(page("A-1"))
    control.pay()
    made = control.settle()
    listed = hipay.settlements(per_page=100)
    assert {item.settlement_id for item in listed} == {str(one["id"]) for one in made}
    first = listed[0]
    assert hipay.settlement(first.settlement_id) == first
    assert (first.currency, first.sales) == ("EUR", 120_000)
    content = b"".join(hipay.settlement_file(first.settlement_id, "csv")).decode("utf-8-sig")
    assert "A-1" in content
    assert "INV-1" in content
    assert hipay.settlement("999999999") is None
    with pytest.raises(NotFound):
        next(hipay.settlement_file("999999999", "csv"))


def test_the_clock_can_be_moved_and_followed(control: SandboxControl, sandbox: RunningSandbox) -> None:
    source = clock_source(sandbox.url, ttl=0.0)
    assert abs(source()) < timedelta(seconds=1)
    moved = control.move_clock(advance=timedelta(days=3))
    assert abs(moved - timedelta(days=3)) < timedelta(seconds=5)
    assert abs(source() - timedelta(days=3)) < timedelta(seconds=5)
    to = datetime.now(UTC) + timedelta(days=40)
    assert abs(control.move_clock(to=to) - timedelta(days=40)) < timedelta(seconds=5)
    assert abs(control.move_clock()) < timedelta(seconds=1)
    assert abs(control.clock_offset()) < timedelta(seconds=1)


def test_a_clock_keeps_its_last_offset_when_the_sandbox_is_gone(doomed: RunningSandbox) -> None:
    source = clock_source(doomed.url, ttl=0.0)
    with SandboxControl(doomed.url) as control:
        control.move_clock(advance=timedelta(days=2))
        before = source()
        doomed.kill()
        with pytest.raises(Unreachable):
            control.pay()
    assert before > timedelta(days=1)
    threads = [threading.Thread(target=source) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert source() == before
    assert clock_source(doomed.url)() == timedelta(0)


def test_the_clock_is_not_asked_more_often_than_its_ttl(
    sandbox: RunningSandbox, control: SandboxControl
) -> None:
    source = clock_source(sandbox.url, ttl=60.0)
    first = source()
    control.move_clock(advance=timedelta(days=1))
    assert source() == first

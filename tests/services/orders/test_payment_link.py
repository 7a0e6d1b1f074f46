"""Our own link, over HTTP and against the sandbox: opening changes nothing, a press leads to one page of HiPay's."""

import html
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from services import clock
from services.access import CUSTOMER, Actor
from services.accounts.options import Options, save
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.errors import OutcomeUnknown, Refused
from services.i18n import format_datetime
from services.orders import create, history, open_page
from services.orders.history import Detail
from services.orders.pages import add_page
from services.orders.record import record
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import send_order
from tests.support.public import serving
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True, own_links=True)


@pytest.fixture
def public(desk: Desk) -> Iterator[httpx.Client]:
    with serving(desk) as client:
        yield client


@pytest.fixture
def sent(desk: Desk, manager: Actor) -> int:
    return send_order(desk, manager, order_id="A-1")


def found(desk: Desk, order_id: int) -> Detail:
    return history.detail(desk, CUSTOMER, order_id)


def path(desk: Desk, order_id: int) -> str:
    return f"/p/{found(desk, order_id).order.link_token}"


def at_hipay(sandbox: RunningSandbox) -> list[str]:
    return [one["orderid"] for one in sandbox.control("orders")]


def kinds(desk: Desk, order_id: int) -> list[str]:
    return [event.kind for event in found(desk, order_id).events]


def check(desk: Desk, order_id: int) -> None:
    history.check_now(desk, CUSTOMER, [order_id])
    drain(desk)


def test_the_mail_leaves_at_once_with_our_address_and_none_of_hipays(
    desk: Desk, sent: int, sandbox: RunningSandbox
) -> None:
    seen = found(desk, sent)
    [mail] = sandbox.mails()
    assert seen.url == f"{desk.settings.public}{path(desk, sent)}"
    assert seen.url in mail["text"]
    assert seen.url in mail["html"]
    assert "/payment/web/pay/" not in mail["raw"]
    assert at_hipay(sandbox) == []
    assert (seen.badge, seen.pages) == ("open", ())
    assert len(seen.order.link_token) >= 22  # 128 bits in base64


def test_what_nobody_has_opened_is_not_read(desk: Desk, sent: int, sandbox: RunningSandbox) -> None:
    check(desk, sent)
    seen = found(desk, sent)
    assert (seen.waiting, seen.order.checked_at) == ({}, None)
    token = seen.order.link_token
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})
    with pytest.raises(OutcomeUnknown):
        open_page.open_hipay_page(desk, token)
    check(desk, sent)  # a page was asked for: it may be paid until half an hour has gone
    assert found(desk, sent).order.checked_at is not None
    sandbox.control("clock", {"advance_seconds": timedelta(hours=2).total_seconds()})
    drain(desk)
    assert found(desk, sent).waiting == {}


def test_opening_it_shows_the_facts_and_changes_nothing(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    before = kinds(desk, sent)
    for _ in range(3):
        page = public.get(path(desk, sent))
    assert page.status_code == 200
    for shown in ("Maison Demo", "1\u202f250,50\xa0€", "Acompte canapé", "A-1", "Régler", 'lang="fr"'):
        assert shown in page.text
    assert page.text.count("<button") == 1
    assert "set-cookie" not in page.headers
    assert public.head(path(desk, sent)).status_code == 200
    assert kinds(desk, sent) == before
    assert at_hipay(sandbox) == []


def test_a_press_leads_to_a_page_of_half_an_hour_which_is_used_again(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    first = public.post(path(desk, sent))
    second = public.post(path(desk, sent))
    assert (first.status_code, second.status_code) == (303, 303)
    seen = found(desk, sent)
    assert first.headers["location"] == second.headers["location"] == seen.pages[0].url
    assert first.headers["location"].startswith(sandbox.url)
    [order] = sandbox.control("orders")
    assert 1700 < int(order["fields"]["time_limit_to_pay"]) <= 1800
    assert (order["orderid"], order["fields"]["language"], order["fields"]["eci"]) == ("A-1", "fr_FR", "7")
    assert kinds(desk, sent).count("opened") == 1  # two clicks are one person's
    assert seen.badge == "open"


def test_when_the_page_has_ended_a_press_makes_another_under_the_next_id(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    public.post(path(desk, sent))
    sandbox.control("clock", {"advance_seconds": 31 * 60})
    assert public.post(path(desk, sent)).status_code == 303
    assert sorted(at_hipay(sandbox)) == ["A-1", "A-1-2"]
    assert kinds(desk, sent).count("opened") == 2
    sandbox.control("pay", {"orderids": ["A-1-2"], "outcome": "accept"})
    check(desk, sent)
    assert found(desk, sent).badge == "paid"


def test_many_presses_at_once_make_one_page(desk: Desk, sent: int, sandbox: RunningSandbox) -> None:
    sandbox.control("faults", {"kind": "slow", "path": "/v1/hpayment", "delay_ms": 400, "count": 1})
    token = found(desk, sent).order.link_token
    urls: list[str | None] = []
    presses = [
        threading.Thread(target=lambda: urls.append(open_page.open_hipay_page(desk, token).url))
        for _ in range(4)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert len(urls) == 4
    assert len(set(urls)) == 1
    assert at_hipay(sandbox) == ["A-1"]


@pytest.mark.parametrize("duplicate_order", ["fresh", "refuse"])
def test_a_lost_answer_is_made_good_by_the_next_press(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox, duplicate_order: str
) -> None:
    sandbox.control("settings", {"duplicate_order": duplicate_order})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})
    refused = public.post(path(desk, sent))
    assert refused.status_code == 503
    assert "Veuillez réessayer dans un instant" in refused.text
    led = public.post(path(desk, sent))
    assert led.status_code == 303
    last = found(desk, sent).pages[-1]
    assert led.headers["location"] == last.url
    assert last.hipay_order_id == ("A-1" if duplicate_order == "fresh" else "A-1-2")


@pytest.mark.parametrize("fault", ["down", "5xx", "garbage", "html"])
def test_when_hipay_does_not_answer_our_page_says_so_in_the_customers_language(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox, fault: str
) -> None:
    sandbox.control("faults", {"kind": fault, "path": "/v1/hpayment"})
    page = public.post(path(desk, sent))
    assert page.status_code == 503
    assert page.headers["retry-after"] == "30"
    assert "Votre lien reste valable" in page.text
    sandbox.control("faults", {"kind": "off"})
    assert public.post(path(desk, sent)).status_code == 303
    assert found(desk, sent).badge == "open"


def test_a_slow_hipay_is_not_called_a_store_that_is_away_and_its_page_is_found_at_the_next_press(
    desk: Desk, sent: int, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.control("faults", {"kind": "slow", "path": "/v1/hpayment", "delay_ms": 1500, "count": 1})
    with serving(desk, patience=0.5) as hurried:
        first = hurried.post(path(desk, sent), headers={"accept-language": "fr"})
    assert (first.status_code, "Veuillez réessayer" in first.text) == (503, True)
    assert "HiPay has not answered" in caplog.text
    assert "store did not answer" not in caplog.text
    with serving(desk) as public:  # this one waits for the press before
        assert public.post(path(desk, sent)).status_code == 303
    assert len(at_hipay(sandbox)) == 1


def test_a_refusal_that_no_try_mends_is_said_to_the_sender(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    sandbox.control("faults", {"kind": "refuse", "path": "/v1/hpayment", "code": 3010001})
    assert public.post(path(desk, sent)).status_code == 503
    seen = found(desk, sent)
    assert (seen.badge, seen.can_retry) == ("failed", True)
    sandbox.control("faults", {"kind": "off"})
    history.retry(desk, person(desk, "manager"), sent)
    drain(desk)
    assert found(desk, sent).badge == "open"
    assert len(sandbox.mails()) == 1  # what has arrived is not mailed again


def test_pages_are_limited_per_hour(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    with desk.store.write() as tx:
        order = orders.order(tx, sent)
        assert order is not None
        for number in range(1, open_page.PAGES_AN_HOUR + 1):
            page = add_page(tx, order, number=number)
            orders.change_page(tx, page, state="superseded", opened_at=clock.now(), expires_at=clock.now())
    page = public.post(path(desk, sent))
    assert page.status_code == 429
    assert "plus tard" in page.text
    sandbox.control("clock", {"advance_seconds": 3601})
    assert public.post(path(desk, sent)).status_code == 303


def test_a_paid_link_shows_that_it_is_paid_and_leads_nowhere(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    public.post(path(desk, sent))
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
    # Not told yet: the next press, after the page's end, asks HiPay first.
    sandbox.control("clock", {"advance_seconds": 31 * 60})
    page = public.post(path(desk, sent))
    assert page.status_code == 200
    assert "déjà réglée" in page.text
    assert at_hipay(sandbox) == ["A-1"]
    assert found(desk, sent).badge == "paid"
    assert "<button" not in public.get(path(desk, sent)).text


def test_who_was_refused_reads_until_when_the_mails_link_can_be_used(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    """HiPay's page ends in half an hour; the link, to which the page leads back, does not."""
    public.post(path(desk, sent))
    [at_hipay] = sandbox.control("orders")
    shown = public.get(urlsplit(at_hipay["fields"]["decline_url"]).path).text
    end = found(desk, sent).order.expires_at.replace(second=0, microsecond=0)
    assert format_datetime(end, "Europe/Paris", "fr") in html.unescape(shown)
    assert at_hipay["url"] in shown


def test_three_refused_payments_use_a_page_up(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    public.post(path(desk, sent))
    for _ in range(3):
        sandbox.control("pay", {"orderids": ["A-1"], "outcome": "decline", "reason": "4010103"})
    check(desk, sent)
    assert found(desk, sent).badge == "refused"
    assert public.post(path(desk, sent)).headers["location"] == found(desk, sent).pages[1].url


def test_a_refused_payment_on_a_page_that_was_lost_does_not_stop_the_next_one(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})
    public.post(path(desk, sent))
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "pending"})
    assert (
        "<button" not in public.post(path(desk, sent)).text
    )  # somebody pays there: nobody else is led to pay
    assert found(desk, sent).order.availability == "taken"
    sandbox.control("complete-pending", {"orderids": ["A-1"], "outcome": "decline"})
    check(desk, sent)
    led = public.post(path(desk, sent))
    seen = found(desk, sent)
    assert [(page.hipay_order_id, page.state) for page in seen.pages] == [("A-1", "lost"), ("A-1-2", "open")]
    assert led.headers["location"] == seen.pages[1].url
    assert seen.badge == "refused"


def test_expired_and_unknown_say_so(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(days=8).total_seconds()})
    for answer in (public.get(path(desk, sent)), public.post(path(desk, sent))):
        assert answer.status_code == 200
        assert "a expiré" in answer.text
        assert "<button" not in answer.text
    unknown = public.post("/p/nothing", headers={"accept-language": "de"})
    assert unknown.status_code == 404
    assert "Dieser Link" in unknown.text
    assert at_hipay(sandbox) == []


def test_a_post_from_another_site_is_refused(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "http://[bad"},
    ):
        assert public.post(path(desk, sent), headers=headers).status_code == 403
    assert public.post(path(desk, sent), headers={"host": "evil.example"}).status_code == 404
    assert at_hipay(sandbox) == []
    assert public.post(path(desk, sent), headers={"origin": "http://127.0.0.1:8503"}).status_code == 303


def test_the_pages_policy_lets_its_form_lead_to_hipay_and_nowhere_else(
    desk: Desk, sent: int, public: httpx.Client
) -> None:
    page = public.get(path(desk, sent))
    policy = re.search(r"form-action ([^;]+)", page.headers["content-security-policy"])
    assert policy is not None
    assert policy[1].split() == [
        "'self'",
        "https://*.hipay.com",
        "https://*.hipay-tpp.com",
        desk.settings.sandbox_url,
    ]
    assert page.headers["referrer-policy"] == "same-origin"


def test_a_paused_account_leads_nowhere(desk: Desk, sent: int, public: httpx.Client) -> None:
    from services.accounts.pauses import pause

    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised")
    assert public.post(path(desk, sent)).status_code == 503


@pytest.mark.parametrize("refused", [False, True])
def test_cancelled_while_hipay_was_asked_leads_nowhere(
    desk: Desk, sent: int, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    if refused:
        sandbox.control("faults", {"kind": "refuse", "path": "/v1/hpayment", "code": 3010001})
    asked = open_page.page_request

    def cancelling(*args: object, **more: object) -> object:
        with desk.store.write() as tx:
            record(tx, sent, "link_cancelled", CUSTOMER)
        return asked(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(open_page, "page_request", cancelling)
    token = found(desk, sent).order.link_token
    if refused:  # the answer to a press that came before says nothing of the request any more
        with pytest.raises(Refused):
            open_page.open_hipay_page(desk, token)
    else:
        done = open_page.open_hipay_page(desk, token)
        assert (done.link_state, done.url) == ("cancelled", None)
        assert [page.state for page in found(desk, sent).pages] == ["withdrawn"]
    assert found(desk, sent).badge == "cancelled"
    assert open_page.open_hipay_page(desk, token) == open_page.Destination("cancelled")


def test_an_order_named_like_a_further_page_keeps_its_id(
    desk: Desk, manager: Actor, sent: int, sandbox: RunningSandbox
) -> None:
    other = create.create(desk, manager, draft(order_id="A-1-2"), create.new_form_key())
    open_page.open_hipay_page(desk, found(desk, sent).order.link_token)
    sandbox.control("clock", {"advance_seconds": 31 * 60})
    open_page.open_hipay_page(desk, found(desk, sent).order.link_token)
    open_page.open_hipay_page(desk, found(desk, other).order.link_token)
    assert [page.hipay_order_id for page in found(desk, sent).pages] == ["A-1", "A-1-3"]
    assert [page.hipay_order_id for page in found(desk, other).pages] == ["A-1-2"]


def test_switched_off_hipays_own_address_is_mailed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    admin = person(desk, "admin")
    assert save(desk, admin, "demo", Options(own_link=False))
    assert not save(desk, admin, "demo", Options(own_link=False))
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    drain(desk)
    seen = found(desk, order_id)
    assert seen.order.link_token is None
    assert seen.url is not None
    assert "/payment/web/pay/" in seen.url
    assert seen.url in sandbox.mails()[0]["text"]


def test_by_phone_there_is_no_link_of_ours(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = create.create(desk, manager, draft(channel="phone", email=""), create.new_form_key())
    drain(desk)
    assert found(desk, order_id).order.link_token is None
    assert len(at_hipay(sandbox)) == 1


GLUED = (
    ".",
    ")",
    ",",
    ";",
    ":",
    "!",
    "/",
    "%20",
    "%0A",
    "%3E",
    ">",
    "»",
    "%C2%BB",
    "”",
    "’",
    "'",
    '"',
    "*",
    "]",
    "…",
    "%E2%80%8B",
    ").",
    "/.",
    "&amp;x",
    "%2F",
    "_",
    "-",
    "%29%2E",
    "/evil.example/%2e%2e",
)


@pytest.mark.parametrize("sign", GLUED)
def test_what_a_mail_program_glues_to_the_link_is_dropped(
    desk: Desk, sent: int, public: httpx.Client, sign: str
) -> None:
    own = path(desk, sent)
    for before in ("", "%20", "%3C"):
        address = f"{own[:3]}{before}{own[3:]}{sign}"
        answer = public.get(address)
        if answer.status_code == 303:  # else the client has made it clean, or the server
            assert answer.next_request is not None
            assert answer.next_request.url.host == "127.0.0.1"
            assert answer.next_request.url.path == own
            answer = public.send(answer.next_request)
        assert (answer.status_code, "Acompte canapé" in answer.text) == (200, True)
    assert public.get(f"{own}).").status_code == public.head(f"{own}.").status_code == 303
    assert public.get(f"{own}//").headers["location"] == f"../.././{own[3:]}"
    assert public.get(f"/p/x{own[3:]}").status_code == 404
    assert public.get(f"{own[:-1]}{sign}").status_code == 404


def test_a_token_that_ends_in_a_sign_of_its_own_is_found_with_and_without_more(
    desk: Desk, sent: int, public: httpx.Client
) -> None:
    with desk.store.write() as tx:
        orders.change_order(tx, sent, link_token="AbCdEfGhIjKlMnOpQrSt-_")
    assert public.get("/p/AbCdEfGhIjKlMnOpQrSt-_").status_code == 200
    assert public.get("/p/AbCdEfGhIjKlMnOpQrSt-_.").headers["location"] == "./AbCdEfGhIjKlMnOpQrSt-_"
    assert public.get("/p/AbCdEfGhIjKlMnOpQrSt-__").headers["location"] == "./AbCdEfGhIjKlMnOpQrSt-_"
    for other in (
        "/p/AbCdEfGhIjKlMnOpQrSt-",
        "/p/AbCdEfGhIjKlMnOpQrSt",
        "/p/abcdefghijklmnopqrst-_",
        "/p/",
        "/p/.",
        f"/p/{'a' * 9000}",
    ):
        assert public.get(other).status_code == 404


def test_a_press_at_a_glued_address_is_a_press(
    desk: Desk, sent: int, public: httpx.Client, sandbox: RunningSandbox
) -> None:
    assert public.post(f"{path(desk, sent)}%29.", headers={"origin": "null"}).status_code == 303
    assert len(at_hipay(sandbox)) == 1

"""Delivery reports: the standard ones, the prose ones, what only looks like one, and whatever a stranger sends."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mail.delivery_status import RecipientStatus, Report
from services.mail.mail_parts import ANSWER_MAX, MOST_IDS
from services.mail.reports import read_report
from tests.support import reports

ID = "<176.1.42@fleurs.example>"


ZOE = "zoe@example.com"


def test_a_standard_report() -> None:
    words = "550 5.1.1 <zoe@example.com>: Recipient address rejected: User unknown"
    for headers_only in (False, True):
        assert read_report(reports.standard(ID, headers_only=headers_only)) == Report(
            (ID,), (RecipientStatus("failed", frozenset({ZOE}), "5.1.1", words),)
        )


@pytest.mark.parametrize(
    ("raw", "action", "status", "answer"),
    [
        (reports.standard(ID, action="delayed", status="4.4.1", diagnostic="smtp; 450 later"), "delayed", "4.4.1", "450 later"),
        (reports.standard(ID, action="FAILED", status="5.0.0 (unknown)", diagnostic=""), "failed", "5.0.0", ""),
        (reports.standard(ID, action="failed(bad)", status="5.1.1"), "failed", "5.1.1", "User unknown"),
        (reports.standard(ID, action="failed", status="4.4.7", diagnostic="X-Unix; expired"), "failed", "4.4.7", "expired"),
        (reports.standard(ID, action="delayed", status="5.4.1", diagnostic="x 550; y"), "delayed", "5.4.1", "x 550; y"),
        (reports.standard(ID).replace(b"Action: failed\n", b""), "failed", "5.1.1", "User unknown"),
        (reports.standard(ID, status="4.2.2").replace(b"Action: failed\n", b""), "delayed", "4.2.2", "User unknown"),
        (reports.standard(ID).replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed"), "failed", "5.1.1", "User unknown"),
        (reports.standard(ID).replace(b"message/delivery-status", b"message/global-delivery-status"), "failed", "5.1.1", "User unknown"),
        (reports.qmail(ID), "failed", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"),
        (reports.exim(ID), "failed", "", "550 No such user here"),
        (reports.exim(ID, warning=True), "delayed", "", "421 try later"),
        (reports.html_only(ID), "failed", "5.4.1", "Remote server returned '550 5.4.1 Recipient address rejected'"),
    ],
)  # fmt: skip
def test_the_action_the_code_and_the_answer_of_a_standard_report_are_read(
    raw: bytes, action: str, status: str, answer: str
) -> None:
    found = read_report(raw)
    assert found is not None
    assert ID in found.message_ids
    told = found.about("Zoe@Example.com")
    assert told is not None
    assert (told.action, told.code) == (action, status)
    assert answer in told.answer
    assert found.about("other@example.com") is None


DELAYS = (
    ("Delayed: Order C-512", "Your message 'Order C-512 for <zoe@example.com>' has been delayed. We will keep trying."),
    ("Warning: could not send message for past 4 hours", "THIS IS A WARNING MESSAGE ONLY\nOrder: 512 roses\n451 4.4.1 later"),
    ("Delivery Status Notification (Delay)", "Delivery incomplete: your order C-512 to zoe@example.com. Gmail will retry."),
    ("Message 1abc delayed", "Order 550 roses\nwill continue to try until 5.12.26, then gives up"),
    ("Delay", "order 5.1.20 was not yet delivered: (421 4.7.0 greylisted)"),
    ("Warning", "We will keep trying for 5 days before giving up. Order: 512 red"),
    ("Avis", "La remise du message est retardée. Votre commande : 512 roses"),
    ("Remise retardée", "Le message « commande C-512 » sera retenté"),
    ("Zustellung verzögert", "Bestellung: 512 Rosen"), ("Entrega", "La entrega se ha retrasado: 550 rosas"),
    ("Bezorging", "Het bericht is vertraagd: 512 rozen"), ("Ritardo", "La consegna è stata ritardata: 512 rose"),
    ("Entrega", "A entrega foi adiada: 512 rosas"), ("Opóźnienie", "Dostarczenie opóźnione: 512"),
    ("Undeliverable yet", "Delivery has failed so far; it will be retried: no action is required"),
)  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), DELAYS)
def test_who_still_tries_has_not_given_up_whatever_the_words_quote(subject: str, text: str) -> None:
    found = read_report(reports.prose(ID, subject, text))
    assert found is not None
    assert [told.action for told in found.statuses] == ["delayed"]


FAILURES = (
    ("Undeliverable: your order is delayed", "Sorry.", ""),
    ("Undelivered", "It was delayed and now has failed permanently: 550 5.1.1 unknown", "5.1.1"),
    ("=?utf-8?B?w4ljaGVjIGRlIGxhIHJlbWlzZQ==?=", "Le destinataire est introuvable", ""),
    ("Non remis", "Votre message n’a pas pu être remis à zoe@example.com", ""),
    ("Message non distribué", "inconnu", ""), ("Unzustellbar", "Postfach voll", ""), ("Zustellung fehlgeschlagen", "x", ""),
    ("Nie można dostarczyć wiadomości", "x", ""), ("Onbestelbaar", "x", ""), ("Não foi possível entregar", "x", ""),
    ("Mancata consegna", "x", ""), ("No se ha podido entregar el mensaje", "x", ""),
    ("Rapport", "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", "5.1.1"), ("Report", "#< #5.1.1 smtp;550 no>", "5.1.1"),
    ("Rapport", "Remote host said: 550 no such user", ""), ("x", "(reason: 550 5.7.1 refused)", "5.7.1"),
    ("x", "... while talking to mx.example.com.:\n>>> RCPT To:<zoe@example.com>\n<<< 550 unknown", ""),
)  # fmt: skip


@pytest.mark.parametrize(("subject", "text", "status"), FAILURES)
def test_a_failure_in_prose_is_one_in_any_of_the_languages(subject: str, text: str, status: str) -> None:
    found = read_report(reports.prose(ID, subject, text))
    assert found is not None
    assert [(told.action, told.code) for told in found.statuses] == [("failed", status)]
    assert found.about(ZOE) is not None


def test_a_letter_in_the_servers_own_charset_is_read() -> None:
    raw = (
        reports.prose(ID, "x", "Votre message n'a pas pu être remis").decode().replace("utf-8", "iso-8859-1")
    )
    found = read_report(raw.encode("latin-1"))
    assert found is not None
    assert found.statuses[0].action == "failed"


def test_who_is_named_in_prose() -> None:
    for sender in ("postmaster@mx.example.com", "Mail Delivery System <noreply@mx.example.com>"):
        text = "could not be delivered to <other@elsewhere.example>. Questions? postmaster@mx.example.com, bounces@fleurs.example"
        found = read_report(reports.prose(ID, "Undelivered", text, sender))
        assert found is not None
        assert found.statuses[0].recipients == {"other@elsewhere.example"}
    found = read_report(
        reports.prose(ID, "Undelivered", "could not be delivered. Ask postmaster@mx.example.com.")
    )
    assert found is not None
    assert found.about(ZOE) is not None


@pytest.mark.parametrize(
    "raw",
    [
        reports.prose(ID, "Automatic reply: order C-512", "I am away; 550 5.1.1", "postmaster@zoe.example"),
        reports.prose(ID, "Réponse automatique : commande", "Absent. 550 5.1.1", "postmaster@zoe.example"),
        reports.prose(ID, "x", "I am away; 550 5.1.1", head="X-Autoreply: yes\n"),
        reports.prose(ID, "x", "I am away; 550 5.1.1", head="Precedence: auto_reply\n"),
        reports.prose(
            ID, "Re: order C-512", "It could not be delivered, 550 5.1.1", "postmaster@zoe.example"
        ),
        reports.prose(ID, "AW: Bestellung", "550 5.1.1 unzustellbar", "Postmaster <info@zoe.example>"),
        reports.prose(ID, "Your order C-512", "Thank you for the order 512 of 5.12.26"),
        reports.standard(ID, action="expanded", status="2.0.0"),
        reports.standard(ID, status="2.1.5").replace(b"Action: failed\n", b""),
    ],
)
def test_an_answer_an_automatic_reply_and_a_success_are_no_reports(raw: bytes) -> None:
    assert read_report(raw) is None


def test_each_recipient_has_an_outcome_of_their_own() -> None:
    raw = reports.standard(ID, action="delayed", status="4.4.1").replace(
        b"\n\n--=b\nContent-Type: message/rfc822",
        b"\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.2.2\n\n--=b\nContent-Type: message/rfc822",
    )
    found = read_report(raw)
    assert found is not None
    told = {name: found.about(name) for name in (ZOE, "x@y.example")}
    assert {name: (one.action, one.code) for name, one in told.items() if one} == {
        ZOE: ("delayed", "4.4.1"),
        "x@y.example": ("failed", "5.2.2"),
    }
    assert [one.action for one in found.statuses] == ["failed", "delayed"]


def test_a_recipient_is_known_by_what_was_written_to_and_by_what_it_was_passed_on_to() -> None:
    found = read_report(
        reports.standard(ID, recipient="<Other@In.example>", original="zoe+2Btag@example.com")
    )
    assert found is not None
    assert found.statuses[0].recipients == {"other@in.example", "zoe+tag@example.com"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"hello",
        reports.holiday(ID),
        reports.receipt(ID),
        reports.standard(ID, action="delivered", status="2.0.0"),
        reports.standard(ID, action="relayed", status="2.0.0"),
        reports.standard("no id at all"),
        reports.RETURNED.format(id=ID).encode(),
        f"From: zoe@example.com\nIn-Reply-To: {ID}\n\nIt came back with 550 5.1.1, could not be delivered".encode(),
        f"From: mailer-daemon@x\nReferences: {ID}\n\nHello".encode(),
    ],
)
def test_what_is_no_report(raw: bytes) -> None:
    assert read_report(raw) is None


def test_the_returned_message_is_the_one_and_not_what_else_is_named() -> None:
    raw = reports.standard(ID).replace(b"Auto-Submitted", b"References: <other@x.example>\nAuto-Submitted")
    found = read_report(raw)
    assert found is not None
    assert found.message_ids == (ID,)


def test_what_is_quoted_is_inert() -> None:
    words = "smtp; 550 \x1b[31m\u202eevil\u2028<script>\ud800".encode("utf-8", "surrogatepass").decode(
        "latin-1"
    )
    found = read_report(reports.standard(ID, diagnostic=words + "x" * 1000))
    assert found is not None
    assert found.statuses[0].answer.isprintable()
    assert len(found.statuses[0].answer) <= ANSWER_MAX


def test_a_report_cut_off_in_the_returned_message_is_read_all_the_same() -> None:
    raw = reports.standard(ID)
    found = read_report(raw[: raw.index(b"Bonjour")])
    assert found is not None
    assert found.message_ids == (ID,)


pieces = st.sampled_from(
    [
        part
        for raw in (reports.standard(ID), reports.qmail(ID), reports.html_only(ID))
        for part in raw.splitlines(keepends=True)
    ]
    + [
        b"Content-Type: multipart/mixed; boundary=\n",
        b"=?utf-8?b?",
        b"\xff\xfe\0",
        b"(" * 50,
        b"<a@b>\n",
        b"\n\n",
        b"--=b\n",
    ]
)
garbage = st.one_of(st.binary(max_size=400), st.lists(pieces, max_size=60).map(b"".join))


@given(garbage)
def test_garbage_raises_nothing_and_is_quoted_briefly(raw: bytes) -> None:
    found = read_report(raw)
    if found is not None:
        assert found.message_ids
        assert len(found.message_ids) <= MOST_IDS
        assert found.statuses
        for told in found.statuses:
            assert len(told.answer) <= ANSWER_MAX
            assert told.answer == "" or told.answer.isprintable()
            assert told.code == "" or told.code[0] in "245"


def _nested(depth: int) -> bytes:
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"From: mailer-daemon@x\n" + heads


PROSE = b"From: mailer-daemon@x\nSubject: x\nContent-Type: text/%s\n\n"


@pytest.mark.parametrize(
    "piece",
    [
        b"-",
        b"<",
        b"@",
        b"<a@",
        b"a@",
        b"<a ",
        b"5.1.",
        b"550 ",
        b" ",
        b"\n",
        b"return ",
        b"not been ",
        b"<@",
        b"&lt;",
        b": ",
        b"message-id:",
        b"\t",
    ],
)
@pytest.mark.parametrize("kind", [b"plain", b"html"])
def test_twice_the_words_take_about_twice_the_time(piece: bytes, kind: bytes) -> None:
    def seconds(size: int) -> float:
        raw, best = PROSE % kind + piece * (size // len(piece)), 9.0
        for _ in range(3):
            begun = time.process_time()
            read_report(raw)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(60_000) < 3 * seconds(30_000) + 0.01
    assert seconds(8_000) < 0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: _nested(5_000),
        lambda: b"From: " + b"(" * 500_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"<" * 500_000,
        lambda: b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<a " * 160_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"5.1." * 120_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"<a@" * 160_000,
        lambda: b"From: mailer-daemon@x\n\n" + (b"<" + b"@" * 400) * 1_000,
        lambda: b"From: mailer-daemon@x\nSubject: " + b"=?a?q?" * 80_000 + b"\n\n550 x",
        lambda: b"From: mailer-daemon@x\n\n" + b"return " * 70_000,
        lambda: b"a:b\n" * 120_000,
    ],
)
def test_a_hostile_message_takes_no_long_time(make: Callable[[], bytes]) -> None:
    begun = time.process_time()
    read_report(make())
    assert time.process_time() - begun < 5

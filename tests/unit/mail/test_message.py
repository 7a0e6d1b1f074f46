import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.mail import errors
from services.mail.addresses import parse_address
from services.mail.compose import Composed
from services.mail.message import build, new_message_id
from services.mail.settings import EmailSettings

MESSAGE_ID = "<1.2.3@fleurs.example>"
DATE = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
NAMES = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]


def make(
    subject: str = "Sujet", sender_name: str = "Fleurs", to: str = "zoe@example.com", text: str = "x\n"
) -> bytes:
    # model_construct: a row that escaped the form's checks must be stopped here as well.
    settings = EmailSettings.model_construct(
        sender_name=sender_name, sender_address="boutique@fleurs.example", reply_to=""
    )
    return build(
        Composed(subject, "<p>é</p>\n", text),
        settings,
        to=parse_address(to),
        message_id=MESSAGE_ID,
        date=DATE,
    )


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_headers_and_parts() -> None:
    raw = make("Votre commande à régler", "Fleurs & Cie, Déjà «vu»", text="Bonjour é\n.\nFin\n")
    message = parsed(raw)
    assert message.keys() == NAMES
    assert message["To"] == "zoe@example.com"
    assert message["Reply-To"] == "boutique@fleurs.example"
    assert message["Message-ID"] == MESSAGE_ID
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == DATE
    assert message["Subject"] == "Votre commande à régler"
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Fleurs & Cie, Déjà «vu»", "boutique@fleurs.example")
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), plain.get_content()) == ("text/plain", "Bonjour é\r\n.\r\nFin\r\n")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>é</p>\r\n")
    assert plain.get_content_charset() == html.get_content_charset() == "utf-8"


def test_the_wire_form_is_seven_bit_short_lines_and_crlf() -> None:
    raw = make("é" * 200, "Ł" * 90, text="ż" * 5000 + "\n")
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(b"\r" in line or b"\n" in line for line in lines)


def test_a_retry_is_the_same_bytes() -> None:
    assert make() == make()


def test_reply_to_of_the_order_wins_over_the_settings() -> None:
    settings = EmailSettings(sender_address="a@fleurs.example", reply_to="b@fleurs.example")
    composed = Composed("s", "h", "t")
    to = parse_address("zoe@example.com")
    default = build(composed, settings, to=to, message_id=MESSAGE_ID, date=DATE)
    own = build(
        composed,
        settings,
        to=to,
        message_id=MESSAGE_ID,
        date=DATE,
        reply_to=parse_address("c@fleurs.example"),
    )
    assert parsed(default)["Reply-To"] == "b@fleurs.example"
    assert parsed(own)["Reply-To"] == "c@fleurs.example"


def test_an_internationalised_domain_goes_out_in_ascii() -> None:
    assert b"To: zoe@xn--exmple-cua.de\r\n" in make(to="zoe@exämple.de")


def test_an_internationalised_local_part_makes_utf8_headers() -> None:
    assert "To: zoë@example.com\r\n".encode() in make(to="zoë@example.com")


@pytest.mark.parametrize("where", ["subject", "sender_name"])
@pytest.mark.parametrize(
    "poison",
    [
        "x\r\nBcc: evil@example.com",
        "x\nBcc: evil@example.com",
        "x\u2028Bcc: evil@example.com",
        "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
        "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
        "x\x00",
    ],
)
def test_injection_is_refused(where: str, poison: str) -> None:
    with pytest.raises(errors.TextError):
        make(**{where: poison})


@pytest.mark.parametrize("bad", ["1@x", "<1@x>\r\nBcc: a@b.fr", "<1 2@x>", "<é@x>", "<1@x> <2@x>", "<x>"])
def test_a_message_id_is_one_word(bad: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        build(
            Composed("s", "h", "t"),
            EmailSettings(sender_address="a@fleurs.example"),
            to=parse_address("zoe@example.com"),
            message_id=bad,
            date=DATE,
        )


def test_without_a_sender_nothing_is_built() -> None:
    with pytest.raises(errors.AddressEmpty):
        build(
            Composed("s", "h", "t"),
            EmailSettings(),
            to=parse_address("z@example.com"),
            message_id=MESSAGE_ID,
            date=DATE,
        )


def test_message_ids_are_of_the_senders_domain_and_never_twice() -> None:
    made = {new_message_id("a@exämple.de") for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"<[0-9.]+@xn--exmple-cua\.de>", one) for one in made)


HEADERISH = st.text(
    alphabet=st.one_of(
        st.sampled_from('\r\n\u2028\x00=?_",<>@:;()[]\\ \t\u200b'), st.characters(codec="utf-8")
    ),
    max_size=120,
)


@given(subject=HEADERISH, name=HEADERISH)
@example(subject="a, b: c@d.fr " * 12, name="Bob, evil@x.fr <c@y.fr>")
@example(subject="é" * 100, name='"' * 30 + "é,")
@example(subject="?= x =", name="a" * 70 + ", b@c.fr")
def test_no_text_becomes_a_header_or_a_recipient(subject: str, name: str) -> None:
    try:
        raw = make(subject, name)
    except errors.TextError:
        return
    message = parsed(raw)
    assert message.keys() == NAMES
    assert [address.addr_spec for address in message["To"].addresses] == ["zoe@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["boutique@fleurs.example"]
    compat = message_from_bytes(raw)
    again = str(make_header(decode_header(compat["Subject"] or "")))
    assert again == unicodedata.normalize("NFC", subject.strip(" \u00a0"))

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mail import errors
from services.mail.addresses import Address, clean_block_text, clean_header_text, parse_address


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("marie@example.com", Address("marie", "example.com", "marie@example.com", False)),
        ("  marie+shop@Example.COM ", Address("marie+shop", "example.com", "marie+shop@example.com", False)),
        ("marie@exämple.de", Address("marie", "xn--exmple-cua.de", "marie@xn--exmple-cua.de", True)),
        ("marie@xn--exmple-cua.de", Address("marie", "xn--exmple-cua.de", "marie@xn--exmple-cua.de", True)),
        ("zoë@example.com", Address("zoë", "example.com", "zoë@example.com", True)),
        # A full-width letter in the domain is an ASCII one once normalised: it must be shown, too.
        ("marie@\uff42.example.com", Address("marie", "b.example.com", "marie@b.example.com", True)),
    ],
)
def test_one_address_is_read(typed: str, expected: Address) -> None:
    assert parse_address(typed) == expected
    assert parse_address(expected.text).text == expected.text


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", errors.AddressEmpty),
        ("   ", errors.AddressEmpty),
        ("a@b.fr, c@d.fr", errors.SeveralAddresses),
        ("a@b.fr;c@d.fr", errors.SeveralAddresses),
        ("a@b.fr c@d.fr", errors.SeveralAddresses),
        ("<a@b.fr> <c@d.fr>", errors.SeveralAddresses),
        ("a@b.fr/c@d.fr", errors.SeveralAddresses),
        ("a@b.fr | c@d.fr", errors.SeveralAddresses),
        ("a@b.fr a@b.fr", errors.SeveralAddresses),
        ('"a@b.fr", "c@d.fr"', errors.SeveralAddresses),
        ("mailto:a@b.fr,c@d.fr", errors.SeveralAddresses),
        *(
            (text, errors.AddressMalformed)
            for text in (
                "name@@ex",
                "name@@example.com",
                "a@b@c.fr",
                "a@b,fr",
                "a@b;fr",
                "a,b@c",
                "a@@b.fr, c@d.fr",
                "@",
                "@@",
                ",",
                ";",
                "a@,",
                ",@b",
                "a at b.fr",
                "a@ b.fr",
                "a @b.fr",
                "http://b.fr",
                "a@b..fr",
                "a..b@c.fr",
                "a@-b.fr",
                "a@1.2.3.4",
            )
        ),
        *(
            (text, errors.AddressWithName)
            for text in (
                "a@b.fr.",
                "a@b.fr,",
                "a@b.fr;",
                ",a@b.fr",
                "'a@b.fr'",
                "«a@b.fr»",
                "’a@b.fr’",
                "mailto:a@b.fr",
                "MAILTO:a@b.fr",
                "<a@b.fr>",
                "(a@b.fr)",
                '"a@b.fr"',
                "`a@b.fr`",
                "a@b.fr/",
                "Bob a<b@c.fr>",
            )
        ),
        ("Bob, evil@x <c@y>", errors.AddressWithName),
        ("Bob <bob@example.com>", errors.AddressWithName),
        ('"bob, x"@example.com', errors.AddressWithName),
        ("bob(comment)@example.com", errors.AddressWithName),
        ("bob@example.test", errors.AddressReserved),
        ("bob@example.invalid", errors.AddressReserved),
        ("bob", errors.AddressMalformed),
        ("bob@", errors.AddressMalformed),
        ("@example.com", errors.AddressMalformed),
        ("bob@localhost", errors.AddressMalformed),
        ("bob@[127.0.0.1]", errors.AddressMalformed),
        ("bob.@example.com", errors.AddressMalformed),
        ("bob smith@example.com", errors.AddressMalformed),
        ("a" * 65 + "@example.com", errors.AddressTooLong),
        ("a@" + "b." * 130 + "com", errors.AddressTooLong),
        ("bob@example.com\r\nBcc: x@y.fr", errors.LineBreak),
        ("bob@example.com\n", errors.LineBreak),
        ("bob\u2028@example.com", errors.LineBreak),
        ("bob\u2029@example.com", errors.LineBreak),
        ("bob\x00@example.com", errors.ControlCharacter),
        ("bob\x1b@example.com", errors.ControlCharacter),
        ("bob\u200b@example.com", errors.InvisibleCharacter),
        ("bob\u202e@example.com", errors.InvisibleCharacter),
        ("bob\u2066@example.com", errors.InvisibleCharacter),
        ("bob@exam\u00adple.com", errors.InvisibleCharacter),
        ("\ufeffbob@example.com", errors.InvisibleCharacter),
        ("=?utf-8?q?bob?=@example.com", errors.EncodedWord),
    ],
)
def test_anything_else_is_refused_by_name(typed: str, refusal: type[errors.MailError]) -> None:
    with pytest.raises(errors.MailError) as caught:
        parse_address(typed)
    assert type(caught.value) is refusal


def test_every_refusal_has_a_code_of_its_own() -> None:
    def tree(root: type[errors.MailError]) -> list[type[errors.MailError]]:
        return [root, *(leaf for child in root.__subclasses__() for leaf in tree(child))]

    named = [kind for kind in tree(errors.MailError) if not kind.__name__.startswith("_")]
    codes = [kind.code for kind in named]
    assert len(codes) == len(set(codes)) >= 25


def test_a_refused_character_is_pointed_at() -> None:
    with pytest.raises(errors.InvisibleCharacter) as caught:
        clean_header_text("Ma\u200brie", "first_name")
    assert caught.value.fields() == {"field": "first_name", "character": "U+200B", "position": "3"}


@pytest.mark.parametrize(
    "text",
    [
        "Zoë Müller-Łukasiewicz",
        "D’Artagnan (père) & fils, 12\u00a0€ : « été »",
        "Bouquet 🌹 pour la famille 👨\u200d👩\u200d👧 et le pompier 👨🏽\u200d🚒 ❤\ufe0f\u200d🔥",
        "={a}? {{7*7}} <script>",
        "Ελένη Παπαδοπούλου",
        "",
    ],
)
def test_ordinary_texts_pass_unchanged(text: str) -> None:
    assert clean_header_text(text, "description") == text


def test_a_text_is_composed_and_trimmed() -> None:
    assert clean_header_text("  Zoe\u0308\u00a0", "first_name") == "Zoë"


@pytest.mark.parametrize("joiner", ["a\u200db", "\u200d🌹", "🌹\u200d", "🌹\u200da", "a\u200d🌹"])
def test_a_joiner_hides_nowhere_but_between_pictures(joiner: str) -> None:
    with pytest.raises(errors.InvisibleCharacter):
        clean_header_text(joiner, "description")


def test_lengths_are_limited() -> None:
    assert clean_header_text("x" * 255, "description") == "x" * 255
    with pytest.raises(errors.TextTooLong) as caught:
        clean_header_text("x" * 256, "description")
    assert caught.value.limit == 255


def test_a_block_keeps_its_lines_and_only_those() -> None:
    assert clean_block_text("Jean\r\nService client\n", "signature") == "Jean\nService client"
    with pytest.raises(errors.LineBreak):
        clean_block_text("Jean\u2028x", "signature")
    with pytest.raises(errors.TextTooLong):
        clean_block_text("x\n" * 1500, "signature")


@given(st.text(max_size=60))
def test_what_passes_is_one_visible_line(text: str) -> None:
    try:
        cleaned = clean_header_text(text, "subject")
    except errors.TextError:
        return
    assert len(cleaned.splitlines()) <= 1
    assert "=?" not in cleaned
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in cleaned)
    assert clean_header_text(cleaned, "subject") == cleaned

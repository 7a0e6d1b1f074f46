"""The addresses that a body may hold."""

import pytest

from services.text.address_tokens import address_tokens


@pytest.mark.parametrize(
    "body",
    [
        "jean.o'brien+x@example.com",
        "email=Jean.O'Brien%2Bx%40example.com&a=1",
        "email=jean.o'brien+x@example.com&a=1",
        "<email>jean.o'brien+x@example.com</email>",
        '{"email":"jean.o\'brien+x@example.com"}',
        "<jean.o'brien+x@example.com>: not known.",
        "https://x.example/?email=jean.o'brien+x@example.com#there",
        "'jean.o'brien+x@example.com'",
        "one@example.com,jean.o'brien+x@example.com;two@example.com",
    ],
)
def test_an_address_is_found_whatever_is_around_it(body: str) -> None:
    assert "jean.o'brien+x@example.com" in address_tokens(body.encode())


def test_a_forms_field_gives_its_address_alone() -> None:
    assert address_tokens(b"order%5Bemail%5D=a%40example.com&x=1") == {"a@example.com"}


def test_letters_beyond_ascii_count() -> None:
    assert "zoé@exämple.fr" in address_tokens("email=Zoé@Exämple.fr&".encode())
    assert "zoé@example.fr" in address_tokens(b"email=Zo%C3%A9%40example.fr")


def test_a_part_of_an_address_is_none() -> None:
    assert "nes@example.com" not in address_tokens(b"email=ines@example.com")
    assert "ines@example.co" not in address_tokens(b"email=ines@example.com")


@pytest.mark.parametrize("body", [b"", b"@", b"a@", b"@b", b"\xff\xfe", b"no address", b"@@@@"])
def test_what_is_no_address_gives_none_that_somebody_could_have(body: bytes) -> None:
    assert not [one for one in address_tokens(body) if one.count("@") == 1 and all(one.split("@"))]


def test_a_body_full_of_addresses_gives_no_more_than_are_stored() -> None:
    body = b"&".join(b"x%d=a%d@example.com" % (n, n) for n in range(5_000))
    assert len(address_tokens(body)) == 500


def test_a_word_without_an_end_is_read_once_and_is_no_address() -> None:
    body = (
        b"cdata1=" + b"x" * 1_000_000 + b"&email=a%40example.com&cdata2=" + b"y" * 1_000_000 + b"@example.com"
    )
    assert address_tokens(body) == {"email=a@example.com", "a@example.com"}

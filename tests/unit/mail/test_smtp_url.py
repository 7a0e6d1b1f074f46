import pytest

from services.mail.errors import SmtpUrlInvalid
from services.mail.smtp_url import Server, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:8525", Server(host="127.0.0.1", port=8525, tls="none", user="", password="")),
        ("smtp://localhost", Server(host="localhost", port=25, tls="none", user="", password="")),
        ("smtp://[::1]:2525", Server(host="::1", port=2525, tls="none", user="", password="")),
        (
            "smtp://localhost?starttls=required",
            Server(host="localhost", port=25, tls="required", user="", password=""),
        ),
        (
            "smtp://mail.example.com",
            Server(host="mail.example.com", port=25, tls="required", user="", password=""),
        ),
        (
            "smtp://mail.example.com:587/?starttls=optional",
            Server(host="mail.example.com", port=587, tls="optional", user="", password=""),
        ),
        (
            "smtp+starttls://u:p@mail.example.com",
            Server(host="mail.example.com", port=587, tls="required", user="u", password="p"),
        ),
        (
            "smtps://me%40example.com:p%40%C3%A9%2F@mail.example.com",
            Server(host="mail.example.com", port=465, tls="implicit", user="me@example.com", password="p@é/"),
        ),
        # A password never crosses a network in the clear, whatever the setting says.
        (
            "smtp://u:p@mail.example.com?starttls=optional",
            Server(host="mail.example.com", port=25, tls="required", user="u", password="p"),
        ),
    ],
)
def test_a_url_is_read_with_its_encryption_and_login(url: str, server: Server) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://mail.example.com", "scheme"),
        ("mail.example.com:25", "scheme"),
        ("", "scheme"),
        ("smtp://", "host"),
        ("smtp://mail.example.com/path", "host"),
        ("smtp://mail.exämple.com", "host"),
        ("smtp://mail.example.com:99999", "port"),
        ("smtp://mail.example.com:abc", "port"),
        ("smtp://u@mail.example.com", "user"),
        ("smtp://mail.example.com?starttls=none", "starttls"),
        ("smtp://mail.example.com?starttls=maybe", "starttls"),
    ],
)
def test_a_wrong_part_is_named(url: str, part: str) -> None:
    with pytest.raises(SmtpUrlInvalid) as caught:
        parse_smtp_url(url)
    assert caught.value.part == part


def test_the_password_is_in_no_repr_or_message() -> None:
    assert "s3cret" not in repr(parse_smtp_url("smtps://u:s3cret@mail.example.com"))
    with pytest.raises(SmtpUrlInvalid) as caught:
        parse_smtp_url("smtp://u:s3cret@mail.example.com:abc")
    assert "s3cret" not in f"{caught.value!r} {caught.value.fields()}"

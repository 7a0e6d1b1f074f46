import pytest

from services.mail.errors import SmtpUrlInvalid
from services.mail.smtp_url import Server, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:8525", Server("127.0.0.1", 8525, "none", "", "")),
        ("smtp://localhost", Server("localhost", 25, "none", "", "")),
        ("smtp://[::1]:2525", Server("::1", 2525, "none", "", "")),
        ("smtp://localhost?starttls=required", Server("localhost", 25, "required", "", "")),
        ("smtp://mail.example.com", Server("mail.example.com", 25, "required", "", "")),
        (
            "smtp://mail.example.com:587/?starttls=optional",
            Server("mail.example.com", 587, "optional", "", ""),
        ),
        ("smtp+starttls://u:p@mail.example.com", Server("mail.example.com", 587, "required", "u", "p")),
        (
            "smtps://me%40example.com:p%40%C3%A9%2F@mail.example.com",
            Server("mail.example.com", 465, "implicit", "me@example.com", "p@é/"),
        ),
        # A password never crosses a network in the clear, whatever the setting says.
        (
            "smtp://u:p@mail.example.com?starttls=optional",
            Server("mail.example.com", 25, "required", "u", "p"),
        ),
    ],
)
def test_a_url_says_how_mail_leaves(url: str, server: Server) -> None:
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

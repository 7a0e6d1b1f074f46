import pytest

from services.mail.errors import ImapUrlInvalid
from services.mail.imap_url import ImapServer, parse_imap_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "imaps://me:pw@imap.example.com",
            ImapServer(host="imap.example.com", port=993, tls=True, user="me", password="pw", folder="INBOX"),
        ),
        (
            "imaps://me%40example.com:p%2Fw@imap.example.com:9930/Bounces%20here",
            ImapServer(
                host="imap.example.com",
                port=9930,
                tls=True,
                user="me@example.com",
                password="p/w",
                folder="Bounces here",
            ),
        ),
        (
            "imap://me:pw@127.0.0.1:1143/INBOX",
            ImapServer(host="127.0.0.1", port=1143, tls=False, user="me", password="pw", folder="INBOX"),
        ),
        (
            "imaps://me:pw@h/a/b",
            ImapServer(host="h", port=993, tls=True, user="me", password="pw", folder="a/b"),
        ),
    ],
)
def test_what_it_reads(url: str, expected: ImapServer) -> None:
    assert parse_imap_url(url) == expected
    assert "pw" not in repr(parse_imap_url(url))
    assert "pw" not in parse_imap_url(url).name


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://me:pw@h", "scheme"),
        ("imap://me:pw@imap.example.com", "scheme"),  # a password in the clear
        ("imaps://me:pw@h:99999", "port"),
        ("imaps://me:pw@", "host"),
        ("imaps://me@h", "user"),
        ("imaps://h", "user"),
        ("imaps://me:p%0d%0aw@h", "user"),
        ("imaps://me:pw@h/%0d%0aA1%20DELETE", "folder"),
        ("imaps://me:pw@h/Zurückgekommen", "folder"),
        ("imaps://me:pw@h/INBOX?tls=no", "folder"),
    ],
)
def test_what_it_refuses_without_repeating_it(url: str, part: str) -> None:
    with pytest.raises(ImapUrlInvalid) as refused:
        parse_imap_url(url)
    assert refused.value.part == part
    assert "pw" not in str(refused.value)

"""The mailbox of delivery reports, read from a real IMAP server over sockets, with and without TLS."""

import ssl

import pytest

from services.mail import errors
from services.mail.imap_url import parse_imap_url
from services.mail.mailbox import MOST_BYTES, Place, Received, check, new_messages
from tests.support.imap import PASSWORD, Imap
from tests.support.tls import contexts


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return contexts(tmp_path_factory.mktemp("tls"))


def read(
    imap: Imap,
    after: Place | None = None,
    *,
    url: str = "",
    most: int = 100,
    timeout: float = 10,
    seconds: float = 60,
    tls: ssl.SSLContext | None = None,
) -> list[Received]:
    server = parse_imap_url(url or imap.url)
    return [
        one
        for one in new_messages(server, after, most=most, timeout=timeout, seconds=seconds, tls=tls)
        if one.raw
    ]


def test_each_message_once_and_none_marked_or_deleted(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Imap(tls[0]) as imap:
        first, second = imap.add(b"Subject: 1\n\none"), imap.add(b"Subject: 2\n\ntwo")
        found = read(imap, tls=tls[1])
        assert [(one.place, one.raw) for one in found] == [
            (Place(7, first), b"Subject: 1\r\n\r\none"),
            (Place(7, second), b"Subject: 2\r\n\r\ntwo"),
        ]
        assert read(imap, found[-1].place, tls=tls[1]) == []
        third = imap.add(b"three")
        assert [one.place.uid for one in read(imap, found[-1].place, tls=tls[1])] == [third]
        words = {command.split(" ")[0] for command in imap.commands} | {
            " ".join(one.split(" ")[:2]) for one in imap.commands
        }
        assert not words & {"STORE", "UID STORE", "EXPUNGE", "SELECT", "UID COPY"}


def test_numbers_given_anew_are_read_from_the_beginning() -> None:
    with Imap() as imap:
        imap.add(b"one")
        last = read(imap)[-1].place
        imap.validity = 8
        assert [one.place for one in read(imap, last)] == [Place(8, 1)]


def test_gaps_of_any_size_and_a_limit() -> None:
    with Imap() as imap:
        imap.messages = {1: b"a", 5_000: b"b", 5_001: b"c", 9_999: b"d"}
        assert [one.place.uid for one in read(imap)] == [1, 5_000, 5_001, 9_999]
        assert [one.place.uid for one in read(imap, most=2)] == [1, 5_000]
        assert [one.place.uid for one in read(imap, Place(7, 5_000), most=2)] == [5_001, 9_999]


def test_an_empty_message_and_an_empty_folder() -> None:
    with Imap() as imap:
        assert read(imap) == []
        imap.add(b"")
        assert list(new_messages(parse_imap_url(imap.url), None, most=5))[-1].place == Place(7, 1)


def test_of_a_huge_message_the_beginning() -> None:
    with Imap() as imap:
        imap.add(b"begin" + b"x" * (3 * MOST_BYTES))
        [found] = read(imap)
        assert len(found.raw) == MOST_BYTES
        assert found.raw.startswith(b"begin")


def test_mails_read_before_the_connection_broke_are_returned() -> None:
    with Imap(cut_after=1) as imap:
        imap.add(b"one")
        imap.add(b"two")
        got: list[Received] = []
        with pytest.raises(errors.MailboxAway):
            got.extend(one for one in new_messages(parse_imap_url(imap.url), None, most=10))
        assert [one.raw for one in got] == [b"one"]
        assert [one.raw for one in read(imap, got[-1].place)] == [b"two"]


def test_a_wrong_password_is_said_without_it() -> None:
    with Imap() as imap, pytest.raises(errors.MailboxClosed) as refused:
        read(imap, url=imap.url_with(password="wrong-one"))
    assert PASSWORD not in str(refused.value)
    assert "wrong-one" not in str(refused.value)


def test_a_password_that_login_cannot_carry_is_refused_not_mangled() -> None:
    with Imap(fault="no_plain") as imap, pytest.raises(errors.MailboxClosed):
        read(imap)


def test_a_folder_that_is_not_there() -> None:
    with Imap() as imap, pytest.raises(errors.FolderMissing) as refused:
        read(imap, url=imap.url_with(folder="Bounces"))
    assert "No such" in refused.value.answer


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("garbage", errors.MailboxGarbled),
        ("nonsense", errors.MailboxGarbled),
        ("flood", errors.MailboxGarbled),
        ("hang", errors.MailboxAway),
    ],
)
def test_a_server_that_misbehaves(fault: str, error: type[errors.MailboxError]) -> None:
    with Imap(fault=fault) as imap:
        imap.add(b"one")
        with pytest.raises(error):
            read(imap, timeout=3)


def test_a_server_that_drips_is_cut_off() -> None:
    with Imap(fault="hang") as imap, pytest.raises(errors.MailboxAway):
        read(imap, timeout=30, seconds=0.5)


def test_nobody_there() -> None:
    with Imap() as imap:
        url = imap.url
    with pytest.raises(errors.MailboxAway):
        read(imap, url=url)


def test_a_certificate_that_proves_nothing(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Imap(tls[0]) as imap:
        with pytest.raises(errors.MailboxNotProved):
            check(parse_imap_url(imap.url))  # nobody we know has signed it
        with pytest.raises(errors.MailboxNotProved):
            check(parse_imap_url(imap.url_with(host="localhost")), tls=tls[1])  # another's name
        assert imap.commands == []
        check(parse_imap_url(imap.url), tls=tls[1])


def test_no_encryption_where_it_was_asked_for(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Imap() as imap, pytest.raises(errors.MailboxError):
        check(parse_imap_url(imap.url.replace("imap://", "imaps://")), tls=tls[1], timeout=1)
    assert imap.commands == []

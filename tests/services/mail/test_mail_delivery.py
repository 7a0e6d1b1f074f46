"""One message to one server, over real sockets: what is accepted, refused, lost, and where."""

import re
import socket
import ssl
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from services.mail import errors
from services.mail.addresses import parse_address
from services.mail.compose import Composed
from services.mail.deliver import Accepted, check_session, deliver
from services.mail.message import build
from services.mail.settings import EmailSettings
from tests.support.tls import contexts

SENDER, CUSTOMER = "boutique@fleurs.example", "zoe@example.com"
MESSAGE = build(
    Composed("Votre commande à régler", "<p>é</p>\n", "Bonjour\n.\n..\n.fin\n"),
    EmailSettings(sender_name="Fleurs", sender_address=SENDER),
    to=parse_address(CUSTOMER),
    message_id="<1@fleurs.example>",
    date=datetime(2026, 11, 24, tzinfo=UTC),
)
EHLO = b"250-fake.example\r\n250 SIZE 1000000\r\n"


class Fake:
    """A server of one connection that answers each command from a script; ``None`` closes the connection instead."""

    def __init__(self, script: dict[str, bytes | None], tls: ssl.SSLContext | None = None) -> None:
        self.script: dict[str, bytes | None] = {
            "GREETING": b"220 fake.example\r\n",
            "EHLO": EHLO,
            "HELO": b"250 fake.example\r\n",
            "DATA": b"354 go on\r\n",
            ".": b"250 2.0.0 queued as 4FX\r\n",
            "QUIT": b"221 bye\r\n",
            **script,
        }
        self.commands: list[str] = []
        self.data = b""
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Fake":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes a server that nobody called.
        with socket.create_connection(self._listener.getsockname()):
            pass
        self._thread.join(10)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(10)
        try:
            self._talk(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, key: str) -> bool:
        reply = self.script.get(key, b"250 OK\r\n")
        if reply is None:
            return False
        connection.sendall(reply)
        return True

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            if not self._answer(connection, "GREETING"):
                return
            for line in lines:
                command = line.decode().rstrip("\r\n")
                self.commands.append(command)
                key = command.split(" ")[0].split(":")[0].upper()
                if not self._answer(connection, key) or key == "QUIT":
                    return
                if key == "DATA" and (self.script["DATA"] or b"").startswith(b"354"):
                    for part in lines:
                        if part == b".\r\n":
                            break
                        self.data += part
                    if not self._answer(connection, "."):
                        return
                if key == "STARTTLS" and (self.script[key] or b"").startswith(b"220"):
                    if self._tls is None:  # it hangs up instead of shaking hands
                        return
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        self.script |= {"GREETING": b"", "EHLO": EHLO}
                        self._talk(secured)
                    return


def send(
    url: str, message: bytes = MESSAGE, recipient: str = CUSTOMER, tls: ssl.SSLContext | None = None
) -> Accepted:
    return deliver(message, smtp_url=url, sender=SENDER, recipients=[recipient], timeout=30, tls=tls)


def test_accepted_with_the_servers_words_and_an_unchanged_message() -> None:
    with Fake({}) as server:
        assert send(server.url) == Accepted("2.0.0 queued as 4FX")
    assert server.commands[1:] == [f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{CUSTOMER}>", "DATA", "quit"]
    assert re.sub(rb"(?m)^\.", b"", server.data) == MESSAGE
    assert b"\r\n..\r\n...\r\n..fin\r\n" in server.data


@pytest.mark.parametrize(
    ("stage", "command"),
    [("connect", "GREETING"), ("sender", "MAIL"), ("recipient", "RCPT"), ("data", "DATA"), ("message", ".")],
)
@pytest.mark.parametrize("reply", [421, 450, 451, 452])
def test_a_temporary_refusal_is_tried_again(stage: str, command: str, reply: int) -> None:
    with (
        Fake({command: f"{reply} 4.7.0 later,\tplease\r\n".encode()}) as server,
        pytest.raises(errors.Retryable) as caught,
    ):
        send(server.url)
    assert (caught.value.stage, caught.value.reply, caught.value.answer) == (
        stage,
        reply,
        "4.7.0 later, please",
    )


@pytest.mark.parametrize(
    ("stage", "command"), [("sender", "MAIL"), ("recipient", "RCPT"), ("data", "DATA"), ("message", ".")]
)
@pytest.mark.parametrize("reply", [550, 552, 554])
def test_a_final_refusal_is_not(stage: str, command: str, reply: int) -> None:
    with (
        Fake({command: f"{reply}-5.1.1 no such\r\n{reply} mailbox\r\n".encode()}) as server,
        pytest.raises(errors.Rejected) as caught,
    ):
        send(server.url)
    assert (caught.value.stage, caught.value.reply, caught.value.answer) == (
        stage,
        reply,
        "5.1.1 no such mailbox",
    )


@pytest.mark.parametrize(
    ("stage", "command"),
    [("connect", "GREETING"), ("ehlo", "EHLO"), ("sender", "MAIL"), ("recipient", "RCPT"), ("data", "DATA")],
)
def test_lost_before_the_final_dot_nothing_was_sent(stage: str, command: str) -> None:
    with Fake({command: None}) as server, pytest.raises(errors.Retryable) as caught:
        send(server.url)
    assert (caught.value.stage, caught.value.reply) == (stage, 0)


@pytest.mark.parametrize("lost", [None, b"", b"garbage\r\n"])
def test_lost_after_the_final_dot_nobody_knows(lost: bytes | None) -> None:
    with Fake({".": lost}) as server, pytest.raises(errors.DeliveryUnknown) as caught:
        deliver(MESSAGE, smtp_url=server.url, sender=SENDER, recipients=[CUSTOMER], timeout=1)
    assert caught.value.stage == "message"
    assert server.data


@pytest.mark.parametrize("reply", [None, b"421 bye\r\n", b"garbage\r\n"])
def test_lost_at_quit_it_is_sent(reply: bytes | None) -> None:
    with Fake({"QUIT": reply}) as server:
        assert send(server.url).answer == "2.0.0 queued as 4FX"


def test_a_silent_server_times_out() -> None:
    with Fake({"MAIL": b""}) as server, pytest.raises(errors.Retryable) as caught:
        deliver(MESSAGE, smtp_url=server.url, sender=SENDER, recipients=[CUSTOMER], timeout=1)
    assert caught.value.stage == "sender"


class Dripping(Fake):
    """It answers a command with one byte after the other, and never comes to an end."""

    def __init__(
        self, command: str, script: dict[str, bytes | None], tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(script, tls)
        self._command, self._begun = command, False

    def _answer(self, connection: socket.socket, key: str) -> bool:
        while key == self._command:
            connection.sendall(b"250-" if not self._begun else b"x")
            self._begun = True
            time.sleep(0.02)
        return super()._answer(connection, key)


@pytest.mark.parametrize(
    ("command", "raised", "stage"),
    [("GREETING", errors.Retryable, "connect"), ("MAIL", errors.Retryable, "sender"), (".", errors.DeliveryUnknown, "message")],
)  # fmt: skip
def test_a_dripping_server_is_cut_off(command: str, raised: type[errors.DeliveryError], stage: str) -> None:
    before = set(threading.enumerate())
    with Dripping(command, {}) as server, pytest.raises(raised) as caught:
        deliver(MESSAGE, smtp_url=server.url, sender=SENDER, recipients=[CUSTOMER], within=0.3)
    assert caught.value.stage == stage
    assert set(threading.enumerate()) <= before


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(errors.Retryable) as caught:
        send(f"smtp://127.0.0.1:{port}")
    assert (caught.value.stage, caught.value.reply) == ("connect", 0)
    with pytest.raises(errors.Retryable):
        send("smtp+starttls://no-such-host.invalid")


def test_one_refused_recipient_stops_all() -> None:
    with Fake({"RCPT": b"550 no\r\n"}) as server, pytest.raises(errors.Rejected):
        send(server.url)
    assert "DATA" not in server.commands


def test_the_answer_is_one_short_printable_line() -> None:
    with (
        Fake({"RCPT": b"550 a\x1b[31m\x00b " + b"x" * 900 + b"\xff\r\n"}) as server,
        pytest.raises(errors.Rejected) as caught,
    ):
        send(server.url)
    assert len(caught.value.answer) == 300
    assert caught.value.answer.isprintable()


def test_a_command_can_not_be_smuggled_in_an_address() -> None:
    with Fake({}) as server, pytest.raises(ValueError, match="newline"):
        send(server.url, recipient="zoe@example.com>\r\nRCPT TO:<evil@example.com")
    assert not any("evil" in command for command in server.commands)


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for 127.0.0.1, and a client's that trusts it."""
    return contexts(tmp_path_factory.mktemp("tls"))


OFFERS_STARTTLS: dict[str, bytes | None] = {
    "EHLO": b"250-fake\r\n250 STARTTLS\r\n",
    "STARTTLS": b"220 ready\r\n",
}


def test_starttls_is_used_where_required(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Fake(OFFERS_STARTTLS, tls[0]) as server:
        send(server.url + "?starttls=required", tls=tls[1])
        assert server.commands.index("STARTTLS") < server.commands.index("DATA")
    assert sum(command.lower().startswith("ehlo") for command in server.commands) == 2


def test_a_dripping_server_is_cut_off_behind_tls_too(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Dripping("MAIL", OFFERS_STARTTLS, tls[0]) as server, pytest.raises(errors.Retryable) as caught:
        deliver(
            MESSAGE,
            smtp_url=server.url + "?starttls=required",
            sender=SENDER,
            recipients=[CUSTOMER],
            within=0.5,
            tls=tls[1],
        )
    assert caught.value.stage == "sender"


def test_starttls_gone_is_refused_and_nothing_is_sent() -> None:
    with Fake({}) as server, pytest.raises(errors.StarttlsGone):
        send(server.url + "?starttls=required")
    assert not any(command.startswith(("MAIL", "AUTH", "DATA")) for command in server.commands)


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_starttls_offered_and_refused_is_refused(mode: str) -> None:
    with Fake({**OFFERS_STARTTLS, "STARTTLS": b"502 no\r\n"}) as server, pytest.raises(errors.StarttlsGone):
        send(f"{server.url}?starttls={mode}")
    assert "DATA" not in server.commands


def test_starttls_busy_is_tried_again() -> None:
    with Fake({**OFFERS_STARTTLS, "STARTTLS": b"454 busy\r\n"}) as server, pytest.raises(errors.Retryable):
        send(server.url + "?starttls=required")


def test_optional_starttls_may_be_absent() -> None:
    with Fake({}) as server:
        assert send(server.url + "?starttls=optional")


def test_an_unknown_certificate_is_refused(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Fake(OFFERS_STARTTLS, tls[0]) as server, pytest.raises(errors.TlsRefused) as caught:
        send(server.url + "?starttls=required")
    assert "certificate" in caught.value.answer.lower()
    assert "DATA" not in server.commands


def test_a_handshake_cut_short_is_tried_again() -> None:
    with Fake(OFFERS_STARTTLS) as server, pytest.raises(errors.Retryable) as caught:
        send(server.url + "?starttls=required")
    assert caught.value.stage == "starttls"


# --- AUTH --------------------------------------------------------------------------------------------------------


def with_user(url: str, user: str = "shop", password: str = "p%C3%A9") -> str:
    return url.replace("smtp://", f"smtp://{user}:{password}@")


def test_auth_plain_carries_an_accent() -> None:
    with Fake(
        {"EHLO": b"250-fake\r\n250 AUTH CRAM-MD5 LOGIN PLAIN\r\n", "AUTH": b"235 welcome\r\n"}
    ) as server:
        send(with_user(server.url))
    [auth] = [command for command in server.commands if command.startswith("AUTH")]
    assert b64decode(auth.removeprefix("AUTH PLAIN ")).decode() == "\0shop\0pé"


def test_auth_login_where_there_is_no_plain() -> None:
    secrets = [b64encode(text.encode()).decode() for text in ("shop", "pé")]
    script: dict[str, bytes | None] = {
        "EHLO": b"250-fake\r\n250 AUTH LOGIN\r\n",
        "AUTH": b"334 VXNlcm5hbWU6\r\n",
        secrets[0].upper(): b"334 UGFzc3dvcmQ6\r\n",
        secrets[1].upper(): b"235 welcome\r\n",
    }
    with Fake(script) as server:
        send(with_user(server.url))
    assert server.commands[1:4] == ["AUTH LOGIN", *secrets]


@pytest.mark.parametrize(
    ("script", "refusal"),
    [
        (
            {"EHLO": b"250-fake\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 5.7.8 bad credentials\r\n"},
            errors.AuthRefused,
        ),
        ({"EHLO": b"250-fake\r\n250 AUTH PLAIN\r\n", "AUTH": b"454 4.7.0 later\r\n"}, errors.Retryable),
        ({"EHLO": b"250-fake\r\n250 AUTH PLAIN\r\n", "AUTH": None}, errors.Retryable),
        ({"EHLO": b"250-fake\r\n250 AUTH XOAUTH2\r\n"}, errors.AuthRefused),
        ({}, errors.AuthRefused),
    ],
)
def test_auth_refused_is_not_the_messages_fault(
    script: dict[str, bytes | None], refusal: type[errors.DeliveryError]
) -> None:
    with Fake(script) as server, pytest.raises(errors.DeliveryError) as caught:
        send(with_user(server.url))
    assert type(caught.value) is refusal
    assert "MAIL" not in "".join(server.commands)
    assert not re.search("pé|cMOp|AHNob3", f"{caught.value!r} {caught.value.fields()}")


def test_authentication_asked_for_late_pauses_the_queue() -> None:
    with (
        Fake({"MAIL": b"530 5.7.0 Authentication required\r\n"}) as server,
        pytest.raises(errors.AuthRefused),
    ):
        send(server.url)


# --- addresses beyond ASCII --------------------------------------------------------------------------------------


def test_smtputf8_only_where_it_is_needed() -> None:
    offers: dict[str, bytes | None] = {"EHLO": b"250-fake\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"}
    with Fake(offers) as server:
        send(server.url)
    assert f"MAIL FROM:<{SENDER}>" in server.commands
    with Fake(offers) as server:
        send(server.url, recipient="zoë@example.com")
    assert f"MAIL FROM:<{SENDER}> SMTPUTF8 BODY=8BITMIME" in server.commands
    assert "RCPT TO:<zoë@example.com>" in server.commands


def test_smtputf8_needed_and_not_offered_is_final() -> None:
    with Fake({}) as server, pytest.raises(errors.Utf8Missing):
        send(server.url, recipient="zoë@example.com")
    assert "DATA" not in server.commands


# --- the check of the configuration page -------------------------------------------------------------------------


def test_a_check_sends_nothing(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with Fake(OFFERS_STARTTLS, tls[0]) as server:
        found = check_session(server.url + "?starttls=required", tls=tls[1])
    assert (found.host, found.encrypted, found.authenticated, found.utf8) == ("127.0.0.1", True, False, False)
    assert [command for command in server.commands if not command.lower().startswith("ehlo")] == [
        "STARTTLS",
        "NOOP",
        "quit",
    ]


def test_a_check_tells_what_a_delivery_would() -> None:
    with Fake({}) as server, pytest.raises(errors.StarttlsGone):
        check_session(server.url + "?starttls=required")
    refuses: dict[str, bytes | None] = {"EHLO": b"250-f\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 no\r\n"}
    with Fake(refuses) as server, pytest.raises(errors.AuthRefused):
        check_session(with_user(server.url))


# --- a server that somebody else wrote ---------------------------------------------------------------------------


class Mailbox:
    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 OK kept"


class _Controller(Controller):
    """On a port that the system chose, so that tests can run side by side."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def aiosmtpd_server(mailbox: Mailbox, **options: object) -> Iterator[str]:
    controller = _Controller(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def test_aiosmtpd_receives_what_was_built() -> None:
    mailbox = Mailbox()
    with aiosmtpd_server(mailbox) as url:
        assert send(url).answer == "OK kept"
        deliver(MESSAGE, smtp_url=url, sender=SENDER, recipients=[CUSTOMER])
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[CUSTOMER], [CUSTOMER]]
    assert mailbox.envelopes[0].mail_from == SENDER
    assert mailbox.envelopes[0].content == MESSAGE


def test_aiosmtpd_over_starttls_with_a_password(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    def authenticate(
        _s: object, _session: object, _e: object, _m: object, given: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"shop", "pé".encode()), handled=False)

    mailbox = Mailbox()
    with aiosmtpd_server(
        mailbox, tls_context=tls[0], require_starttls=True, auth_required=True, authenticator=authenticate
    ) as url:
        right = with_user(url) + "?starttls=required"
        assert check_session(right, tls=tls[1]).authenticated
        assert mailbox.envelopes == []
        send(right, tls=tls[1])
        with pytest.raises(errors.AuthRefused):
            send(with_user(url, password="wrong") + "?starttls=required", tls=tls[1])
        with pytest.raises(errors.AuthRefused):
            send(url)  # 530: STARTTLS first
    assert len(mailbox.envelopes) == 1


def test_implicit_tls(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    mailbox = Mailbox()
    with aiosmtpd_server(mailbox, ssl_context=tls[0]) as url:
        secure = url.replace("smtp://", "smtps://")
        assert check_session(secure, tls=tls[1]).encrypted
        send(secure, tls=tls[1])
        with pytest.raises(errors.TlsRefused):
            send(secure)
    assert len(mailbox.envelopes) == 1

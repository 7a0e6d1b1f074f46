"""Mail in by SMTP, out by JSON and by pages."""

import smtplib
from email.message import EmailMessage

import pytest

from tests.support.sandbox import RunningSandbox


def mail(subject: str = "Votre commande A1 est enregistrée") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Atelier <a@lac.example>"
    message["To"] = "rose@example.org"
    message["Message-ID"] = "<one@lac.example>"
    message.set_content("Bonjour Rosé\nhttps://pay.example/x\n")
    message.add_alternative(
        '<p>Bonjour</p><script>x()</script><a href="https://pay.example/x">"&quot;</a>', subtype="html"
    )
    return message


def send(sandbox: RunningSandbox, message: EmailMessage, *to: str) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60) as smtp:
        smtp.send_message(message, to_addrs=to or None)


def test_json_has_everything(sandbox: RunningSandbox) -> None:
    send(sandbox, mail(), "rose@example.org", "copy@lac.example")
    (listed,) = sandbox.client.get("/mailbox/messages").json()
    assert listed.pop("received_at").endswith("+00:00")
    assert listed == {
        "id": listed["id"],
        "from": "a@lac.example",
        "to": ["rose@example.org", "copy@lac.example"],
        "subject": "Votre commande A1 est enregistrée",
        "message_id": "<one@lac.example>",
    }
    opened = sandbox.client.get(f"/mailbox/messages/{listed['id']}").json()
    assert opened["text"] == "Bonjour Rosé\nhttps://pay.example/x\n"
    assert opened["html"].startswith("<p>Bonjour</p><script>")
    assert opened["headers"]["From"] == "Atelier <a@lac.example>"
    assert "=?utf-8?q?enregistr=C3=A9e?=\r\n" in opened["raw"]


def test_pages_show_it_and_run_nothing_of_it(sandbox: RunningSandbox) -> None:
    send(sandbox, mail("<b>bold</b>"))
    assert "&lt;b&gt;bold&lt;/b&gt;" in sandbox.client.get("/mailbox").text
    number = sandbox.client.get("/mailbox/messages").json()[0]["id"]
    shown = sandbox.client.get(f"/mailbox/{number}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert 'srcdoc="&lt;base target=&quot;_blank&quot;&gt;&lt;p&gt;Bonjour' in shown.text
    assert "<script" not in shown.text
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "Bonjour Rosé" in sandbox.client.get(f"/mailbox/{number}?view=text").text
    assert "&lt;one@lac.example&gt;" in sandbox.client.get(f"/mailbox/{number}?view=headers").text


def test_newest_first_and_emptied(sandbox: RunningSandbox) -> None:
    for subject in ("first", "second"):
        send(sandbox, mail(subject))
    assert [each["subject"] for each in sandbox.client.get("/mailbox/messages").json()] == ["second", "first"]
    assert sandbox.client.delete("/mailbox/messages").status_code == 204
    assert sandbox.client.get("/mailbox/messages").json() == []
    assert sandbox.client.get("/mailbox/1").status_code == 404
    assert sandbox.client.get("/mailbox/messages/1").status_code == 404


def test_broken_mail_is_kept_and_shown(sandbox: RunningSandbox) -> None:
    raw = b"Subject: =?nonsense?q?x?=\r\nContent-Type: text/html; charset=martian\r\n\r\n<p>caf\xe9</p>\r\n"
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60) as smtp:
        smtp.sendmail("", ["b@y.example"], raw)
    (kept,) = sandbox.mails()
    assert kept["html"] == "<p>caf\ufffd</p>\n"
    assert sandbox.client.get(f"/mailbox/{kept['id']}").status_code == 200


def test_login_is_offered_and_checked(sandbox: RunningSandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60) as smtp:
        assert smtp.login("sandbox", "sandbox")[0] == 235
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60) as smtp,
        pytest.raises(smtplib.SMTPAuthenticationError) as refused,
    ):
        smtp.login("sandbox", "wrong")
    assert refused.value.smtp_code == 535
    sandbox.control("settings", {"smtp_reply": "535 no"})
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60) as smtp,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        smtp.login("sandbox", "sandbox")


@pytest.mark.parametrize("reply", ["421 try later", "450 busy", "550 no such user"])
def test_refusals(sandbox: RunningSandbox, reply: str) -> None:
    sandbox.control("settings", {"smtp_reply": reply})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(sandbox, mail())
    ((code, text),) = refused.value.recipients.values()
    assert f"{code} {text.decode()}" == reply
    sandbox.control("settings", {"smtp_reply": None})
    send(sandbox, mail())
    assert len(sandbox.mails()) == 1


def test_connection_lost_after_the_final_dot(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_drop": "after_data"})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox, mail())
    assert [each["message_id"] for each in sandbox.mails()] == ["<one@lac.example>"]


def test_connection_lost_at_quit(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_drop": "at_quit"})
    smtp = smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=60)
    assert smtp.send_message(mail()) == {}
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.quit()
    assert len(sandbox.mails()) == 1

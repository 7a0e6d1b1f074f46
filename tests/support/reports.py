"""Delivery reports as mail servers write them."""

RETURNED = """From: Fleurs <boutique@fleurs.example>
To: zoe@example.com
Subject: Votre commande
Message-ID: {id}

Bonjour
"""


def standard(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    headers_only: bool = False,
    diagnostic: str = "smtp; 550 5.1.1 <zoe@example.com>: Recipient address rejected: User unknown",
    recipient: str = "zoe@example.com",
    original: str = "",
) -> bytes:
    """RFC 3464 in RFC 6522's frame, as Postfix writes it."""
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    returned = RETURNED.format(id=message_id)
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.fleurs.example (Mail Delivery System)
To: bounces@fleurs.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <20261124@mx.fleurs.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"

This is a MIME-encapsulated message.

--=b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.fleurs.example
X-Postfix-Queue-ID: 4ABC

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{original or recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: {diagnostic}

--=b
Content-Type: {kind}

{returned}
--=b--
""".encode()


def qmail(message_id: str) -> bytes:
    return f"""Return-Path: <>
From: MAILER-DAEMON@mail.example.com
To: bounces@fleurs.example
Subject: failure notice

Hi. This is the qmail-send program at mail.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<zoe@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Received: from x
Message-ID: {message_id}
Subject: x

4.2.2 is only quoted here
""".encode()


def prose(
    message_id: str, subject: str, text: str, sender: str = "MAILER-DAEMON@mx.example.com", head: str = ""
) -> bytes:
    """A report in words alone, and whatever else comes from such a sender."""
    return f"""Return-Path: <>
From: {sender}
To: bounces@fleurs.example
Subject: {subject}
References: {message_id}
Content-Type: text/plain; charset=utf-8
{head}
{text}
""".encode()


def exim(message_id: str, *, warning: bool = False, recipient: str = "zoe@example.com") -> bytes:
    if warning:
        text = """This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.
No action is required on your part. Delivery attempts will continue for some time.
  RECIPIENT
    Delay reason: SMTP error: 421 try later"""
    else:
        text = """A message that you sent could not be delivered to one or more of its recipients.
  RECIPIENT
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<RECIPIENT>:
    550 No such user here"""
    text = text.replace("RECIPIENT", recipient)
    return f"""X-Failed-Recipients: {recipient}
Auto-Submitted: auto-generated
From: Mail Delivery System <Mailer-Daemon@host.example>
To: bounces@fleurs.example
Subject: {"Warning: message 1abc delayed 24 hours" if warning else "Mail delivery failed: returning message to sender"}
References: {message_id}

{text}
""".encode()


def html_only(message_id: str) -> bytes:
    shown = message_id.replace("<", "&lt;").replace(">", "&gt;")
    return f"""From: postmaster@corp.example
Subject: Undeliverable: Votre commande
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

{_base64(f"<html><body><p>Your message to <b>zoe@example.com</b> couldn't be delivered.</p><p>Remote server returned '550 5.4.1 Recipient address rejected'</p><pre>Message-ID: {shown}</pre></body></html>")}
""".encode()


def holiday(message_id: str) -> bytes:
    return f"""Return-Path: <>
From: Zoe <zoe@example.com>
To: bounces@fleurs.example
Subject: Out of office: Votre commande
Auto-Submitted: auto-replied
In-Reply-To: {message_id}
References: {message_id}

I am away. In urgent cases call 550 123456; mail that could not be delivered is not read. 5.1.1
""".encode()


def receipt(message_id: str) -> bytes:
    return f"""From: Zoe <zoe@example.com>
Subject: Read: Votre commande
Content-Type: multipart/report; report-type=disposition-notification; boundary="=b"

--=b
Content-Type: text/plain

Read.
--=b
Content-Type: message/disposition-notification

Original-Message-ID: {message_id}
Disposition: manual-action/MDN-sent-manually; displayed
Action: failed
--=b--
""".encode()


def _base64(text: str) -> str:
    from base64 import encodebytes

    return encodebytes(text.encode()).decode().strip()

"""A page for a customer: one column, without scripts or cookies; only the logo comes from another host."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from services.i18n import translator
from services.mail.settings import VISIBLE, WHITE, contrast, text_colour
from services.public.customer_texts import PageText
from services.public.guard import CSP

Tone = Literal["good", "sent", "bad", "wait", "calm"]
DEFAULT_COLOUR = "#1f4e79"

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, kw_only=True)
class Screen:
    """The page's content; texts are in ``language``. ``details``: (label, value) pairs; ``again``: label and address of its
    only button; ``press``: instead, the label of a button that sends a POST to the page's own address; ``logo_url``: https;
    ``colour``: ``#rrggbb``, "" for our own."""

    language: str
    tone: Tone
    title: str
    body: str
    merchant: str = ""
    logo_url: str = ""
    colour: str = ""
    details: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    again: tuple[str, str] | None = None
    press: str = ""
    contact: str = ""


def message_page(
    language: str, text: PageText, hint: str, *, tone: Tone = "calm", status: int, merchant: str = ""
) -> HTMLResponse:
    """A page with one message and what the customer can do. ``text`` and ``hint`` are msgids of the customer catalogue."""
    t = translator(language, "customer")
    screen = Screen(
        language=t.language,
        tone=tone,
        title=t(text.title),
        body=t(text.body),
        merchant=merchant,
        hint=t(hint),
    )
    return render(screen, status=status)


def render(
    screen: Screen, *, notices: Sequence[str] = (), status: int = 200, leads_to: Sequence[str] = ()
) -> HTMLResponse:
    """The page as an answer, with a content policy that allows only its own style and its logo.

    ``leads_to``: the CSP sources that the answer to the POST of ``press`` may redirect to.
    """
    nonce = secrets.token_urlsafe(16)
    button = screen.colour or DEFAULT_COLOUR
    html = _templates.get_template("page.html").render(
        screen=screen,
        notices=notices,
        nonce=nonce,
        button=button,
        ink=text_colour(button),
        accent=button if contrast(button, WHITE) >= VISIBLE else DEFAULT_COLOUR,
    )
    policy = f"{CSP}; style-src 'nonce-{nonce}'"
    if screen.logo_url:
        logo = urlsplit(screen.logo_url)  # the settings allow http for the sandbox's own only
        policy += f"; img-src {logo.scheme}://{logo.netloc}"
    headers = {"content-security-policy": policy, "content-language": screen.language}
    if screen.press:
        headers["content-security-policy"] = policy.replace(
            "form-action 'none'", " ".join(["form-action 'self'", *leads_to])
        )
        # Without a referrer browsers send "Origin: null", as for another site's POST.
        headers["referrer-policy"] = "same-origin"
    return HTMLResponse(html, status, headers=headers)

"""One page for a customer: calm, in one column, without a script, a cookie or anything from elsewhere but the logo."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from services.mail.settings import VISIBLE, WHITE, contrast, text_colour
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
    """Texts in ``language``. ``details``: (label, value) pairs; ``again``: the label and address of the one button, or
    ``press``: the label of one that sends the page's own address a POST;
    ``logo_url`` https; ``colour`` as ``#rrggbb``, ours when empty."""

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


def render(
    screen: Screen, *, notices: Sequence[str] = (), status: int = 200, leads_to: Sequence[str] = ()
) -> HTMLResponse:
    """The page as an answer, with the policy that lets in its own style and its logo, nothing else.

    ``leads_to``: the sources (CSP) to which the POST of ``press`` may be answered with a redirect.
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
        logo = urlsplit(screen.logo_url)  # http for the sandbox's own only, as the settings hold
        policy += f"; img-src {logo.scheme}://{logo.netloc}"
    headers = {"content-security-policy": policy, "content-language": screen.language}
    if screen.press:
        headers["content-security-policy"] = policy.replace(
            "form-action 'none'", " ".join(["form-action 'self'", *leads_to])
        )
        # Without a referrer browsers send "Origin: null": the page's own POST would look like another site's.
        headers["referrer-policy"] = "same-origin"
    return HTMLResponse(html, status, headers=headers)

"""Pages of the sandbox: templates with escaping on, and headers that keep them harmless."""

from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse

_FOLDER = Path(__file__).parent / "templates"


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# No script, nothing from elsewhere. No form-action: browsers would apply it to the redirect to the merchant too.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: {images}; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def page(template: str, status: int = 200, *, images: str = "", **values: Any) -> HTMLResponse:
    """`template` with `values`; `images` are further sources that the page may show images of."""
    text = _environment().get_template(template).render(**values)
    headers = {
        "Content-Security-Policy": _POLICY.format(images=images),
        # Not no-referrer: browsers would then say "Origin: null" of our own forms, as of a stranger's.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(text, status, headers)

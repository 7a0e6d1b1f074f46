"""A link as a QR code, for a screen, a counter or a printed invoice."""

import io

import segno

_SCALE, _BORDER = 8, 4  # the quiet zone that readers need (ISO/IEC 18004)


def png(url: str) -> bytes:
    return _saved(url, "png")


def svg(url: str) -> bytes:
    return _saved(url, "svg")


def _saved(url: str, kind: str) -> bytes:
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind=kind, scale=_SCALE, border=_BORDER, light="#fff")
    return out.getvalue()

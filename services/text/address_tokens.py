"""Every e-mail address that a text may hold, whatever the text is: a form, XML, JSON or words."""

import re
from urllib.parse import unquote

_AROUND = re.compile(r"""[^\s<>()\[\]",;:\\@]+@[\w.-]+""")
# Allowed in front of the @, and also what separates an address from the text before it.
_SEPARATORS = re.compile(r"[=&'/?{}|`!#*]")
_MOST = 500


def address_tokens(body: bytes) -> frozenset[str]:
    """The addresses in small letters, at most 500: as the text has them and, for a form, as it has them decoded.

    Where only a part of a word may be the address, the word and the part are given: ``email=a@b.example`` gives
    ``email=a@b.example`` and ``a@b.example``.
    """
    text = body.decode("utf-8", "replace")
    found: dict[str, None] = {}
    for one in dict.fromkeys((text, unquote(text, errors="replace"))):
        for match in _AROUND.finditer(one):
            whole = match[0].lstrip("&=?").rstrip(".").lower()
            starts = [0, *(cut.end() for cut in _SEPARATORS.finditer(whole, 0, whole.rindex("@")))]
            found |= {whole[start:]: None for start in starts[-20:] if not whole.startswith("@", start)}
            if len(found) >= _MOST:
                return frozenset(list(found)[:_MOST])
    return frozenset(found)

"""Every e-mail address in a text, whatever the text is: a form, XML, JSON or words."""

import re
from urllib.parse import unquote

# A word, and the domain behind it where there is one: it matches every word, so that no character is read twice.
_WORDS = re.compile(r"""[^\s<>()\[\]",;:\\@]+(@[\w.-]+)?""")
# Allowed in front of the @, and also what separates an address from the text before it.
_SEPARATORS = re.compile(r"[=&'/?{}|`!#*]")
_MOST = 500
_LONGEST = 320  # a local part of 64 and a domain of 255 characters (RFC 5321, 4.5.3.1)


def address_tokens(body: bytes) -> frozenset[str]:
    """The addresses in small letters, at most 500: as the text has them and, for a form, as it has them decoded.

    Where only a part of a word may be the address, the word and the part are given: ``email=a@b.example`` gives
    ``email=a@b.example`` and ``a@b.example``.
    """
    text = body.decode("utf-8", "replace")
    found: dict[str, None] = {}
    for one in dict.fromkeys((text, unquote(text, errors="replace"))):
        for match in _WORDS.finditer(one):
            if match[1] is None:
                continue
            whole = match[0].lstrip("&=?").rstrip(".").lower()
            starts = [0, *(cut.end() for cut in _SEPARATORS.finditer(whole, 0, whole.rindex("@")))]
            parts = (whole[start:] for start in starts[-20:] if not whole.startswith("@", start))
            found |= {part: None for part in parts if len(part) <= _LONGEST}
            if len(found) >= _MOST:
                return frozenset(list(found)[:_MOST])
    return frozenset(found)

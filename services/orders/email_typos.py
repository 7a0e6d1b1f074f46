"""Suggests the domain that was probably meant by an address with one slip in a mail provider's name: ``gmial.com`` for ``gmail.com``."""

from functools import lru_cache

# Where most private customers in our eight languages have their mail.
_WELL_KNOWN = (
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.fr", "hotmail.it", "hotmail.es", "hotmail.de",
    "hotmail.co.uk", "outlook.com", "outlook.fr", "outlook.it", "outlook.es", "outlook.de", "outlook.pt", "yahoo.com",
    "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.de", "yahoo.co.uk", "icloud.com", "live.com", "live.fr", "live.nl",
    "orange.fr", "wanadoo.fr", "laposte.net", "bbox.fr", "neuf.fr", "numericable.fr", "libero.it", "virgilio.it",
    "tiscali.it", "t-online.de", "freenet.de", "ziggo.nl", "telefonica.net", "interia.pl", "proton.me",
    "protonmail.com",
)  # fmt: skip
# One slip away from one of those, and real.
_REAL = frozenset({
    "mail.com", "ymail.com", "email.com", "hotmail.be", "hotmail.ch", "hotmail.nl", "hotmail.dk", "hotmail.se", "hotmail.gr",
    "outlook.be", "outlook.at", "outlook.dk", "outlook.ie", "yahoo.be", "yahoo.se", "yahoo.ie", "yahoo.dk", "yahoo.ca",
    "yahoo.pt", "live.be", "live.it", "live.de", "live.dk", "live.se", "live.ie", "live.cn", "orange.be", "orange.pl",
    "proton.com", "neuf.be",
})  # fmt: skip
_SHORTEST = 5  # letters before the first dot: shorter names are one slip from too many real ones


def suggestion(address: str) -> str | None:
    """The address with the well-known domain that was probably meant, or None where nothing looks wrong."""
    local, at, typed = address.rpartition("@")
    meant = _meant(typed.lower()) if at else None
    return f"{local}@{meant}" if meant else None


@lru_cache(maxsize=4096)  # a table of a thousand customers has a hundred domains
def _meant(domain: str) -> str | None:
    if domain in _REAL or domain in _WELL_KNOWN:
        return None
    for known in _WELL_KNOWN:
        if len(known.split(".")[0]) >= _SHORTEST and one_slip(domain, known):
            return known
    return None


def one_slip(one: str, other: str) -> bool:
    """Whether the texts differ by one letter more, one less, one other, or two neighbours exchanged."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if len(one) <= 1 and len(other) <= 1:
        return one != other
    return len(one) == len(other) == 2 and one == other[::-1]

"""Signs and codes of currencies next to an amount: ``12,50 €``, ``US$ 12.50``, ``($5.00)``, ``12.50 Fr.``.

A sign is never dropped: whoever reads an amount asks which currencies it can mean, and goes on only where the row's own
is one of them. A dollar sign is one of many currencies, a code is one.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

from services.text.locales import FORMAT_LOCALES
from services.text.normal_forms import normalised

# Every blank, apostrophe and minus that programs and typesetters put into numbers.
FOLD = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u200a", " "),
        **dict.fromkeys("\u2019\u2018\u02bc", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63\uff0d\u207b\u2796", "-"),
    }
)
_CORE = re.compile(r"(?P<before>[^0-9]*)(?P<core>[0-9](?:[0-9., ']*[0-9])?)(?P<after>[^0-9]*)")

_DOLLARS = "USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP UYU DOP BSD BBD BMD BND BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD CUP"
# What merchants write besides CLDR's symbols: national signs (Unicode's Currency Symbols), and words.
_WRITTEN = {
    "€ euro euros": "EUR",
    "£ £stg": "GBP",
    "$ dollar dollars": _DOLLARS,
    "us$ $us usd$ u$s": "USD",
    "¥": "JPY CNY",
    "円 yen": "JPY",
    "元": "CNY TWD HKD",
    "rmb": "CNY",
    "kr": "SEK NOK DKK ISK",
    "skr": "SEK",
    "nkr": "NOK",
    "dkr": "DKK",
    "isk": "ISK",
    "fr f franc francs": "CHF XOF XAF XPF BIF CDF DJF GNF KMF RWF",
    "sfr": "CHF",
    "cfa fcfa": "XOF XAF",
    "zł zl zloty złoty złotych": "PLN",
    "kč kc": "CZK",
    "ft": "HUF",
    "lei leu": "RON MDL",
    "лв": "BGN",
    "₽ руб р": "RUB",
    "₴ грн": "UAH",
    "₺ tl": "TRY",
    "₪": "ILS",
    "₹": "INR",
    "rs ₨": "INR PKR LKR NPR MUR SCR",
    "₩": "KRW KPW",
    "฿": "THB",
    "₫ đ": "VND",
    "₦": "NGN",
    "₱": "PHP CUP",
    "₵": "GHS",
    "₡": "CRC",
    "₲": "PYG",
    "₸": "KZT",
    "₮": "MNT",
    "₾": "GEL",
    "₼": "AZN",
    "֏": "AMD",
    "₭": "LAK",
    "៛": "KHR",
    "৳": "BDT",
    "﷼": "IRR OMR QAR SAR YER",
    "r$": "BRL",
    "r": "ZAR",
    "c$": "CAD NIO",
}


@dataclass(frozen=True)
class Signed:
    """``bare``: the amount alone, with its plus or minus. ``signs``: the text before and after it, as written.
    ``currencies``: what all of these can mean together; empty where nobody knows one, or they contradict each other."""

    bare: str
    signs: tuple[str, ...]
    currencies: frozenset[str]

    @property
    def written(self) -> str:
        return " ".join(self.signs)

    @property
    def known(self) -> bool:
        return all(meanings(sign) for sign in self.signs)


def split(text: str) -> Signed:
    """The amount, and the signs before and after it. A text that is no number with signs is returned as it is."""
    folded = text.translate(FOLD).strip()
    found = _CORE.fullmatch(folded)
    if found is None:
        return Signed(folded, (), frozenset())
    before, left = _before(found["before"].strip())
    after, right = _after(found["after"])
    signs = tuple(sign for sign in (left, right) if sign)
    if not signs:
        return Signed(folded, (), frozenset())
    meant = frozenset.intersection(*(meanings(sign) for sign in signs))
    return Signed(before + found["core"] + after, signs, meant)


def _before(text: str) -> tuple[str, str]:
    """(what belongs to the number: minus, bracket, point; the sign) in front. A dot behind a letter is the letter's."""
    point = ""
    if text[-1:] in (".", ",") and not text[-2:-1].isalpha():
        text, point = text[:-1], text[-1]
    opening, sign, minus = _edges(text, "-+( ")
    return opening + minus + point, sign


def _after(text: str) -> tuple[str, str]:
    """The same behind the number."""
    point = ""
    if text[:1] in (".", ","):
        text, point = text[1:], text[0]
    minus, sign, closing = _edges(text, "-) ")
    return point + minus + closing, sign


def _edges(text: str, marks: str) -> tuple[str, str, str]:
    behind = text.lstrip(marks)
    sign = behind.rstrip(marks)
    opening, closing = text[: len(text) - len(behind)], behind[len(sign) :]
    return opening.replace(" ", ""), sign, closing.replace(" ", "")


@lru_cache(maxsize=1024)
def meanings(sign: str) -> frozenset[str]:
    """The codes of the currencies that a sign, a code or a word can mean; none for what is no sign."""
    key = _key(sign)
    if re.fullmatch(r"[a-z]{3}", key) and key not in _known():
        return frozenset({key.upper()})
    return _known().get(key, frozenset())


def _key(sign: str) -> str:
    folded = normalised("NFKC", sign).casefold()
    return re.sub(r"\s", "", folded).removesuffix(".")


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for signs, codes in _WRITTEN.items():
        for sign in signs.split():
            found[_key(sign)].update(codes.split())
    for locale in FORMAT_LOCALES.values():
        for code, symbol in Locale.parse(locale).currency_symbols.items():
            if symbol != code and _key(symbol).isprintable():
                found[_key(symbol)].add(code)
    return {sign: frozenset(codes) for sign, codes in found.items()}

"""Texts, dates and names in the reader's language. Catalogues are gettext files, read once per process.

The msgid is the English text; a text without a translation is shown in English. The dashboard is complete in French and
English, the customers' texts (domain ``customer``) in all eight languages.
"""

import io
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.dates import format_skeleton, format_timedelta, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from services.text.locales import FORMAT_LOCALES

LOCALES = Path(__file__).resolve().parent.parent / "locales"
LANGUAGES = tuple(FORMAT_LOCALES)
DASHBOARD_LANGUAGES = ("fr", "en")
# HiPay's page speaks no Polish (its portal): English is shown there, and the order form says so.
_HIPAY_LOCALES = {
    "fr": "fr_FR", "en": "en_GB", "it": "it_IT", "pt": "pt_PT", "de": "de_DE", "pl": "en_GB", "nl": "nl_NL", "es": "es_ES",
}  # fmt: skip


ABSENT = ("", "None")  # "None": of what was stored before nothing was left out
PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BRACKET = re.compile(r"([ \u00a0\u202f]?)\(([^()]*)\)")
_LAST = re.compile(r"[ \u00a0\u202f]?: \{(\w+)\}(?:\.|(?= |$))")
_SECOND = timedelta(seconds=1)


class Translator:
    """``t("Sent to {address}", address=…)``: the text in one language, its placeholders filled in."""

    def __init__(self, language: str, translations: NullTranslations) -> None:
        self.language = language
        self.locale = FORMAT_LOCALES.get(language, "en_GB")
        self._translations = translations

    def gettext(self, msgid: str) -> str:
        return str(self._translations.gettext(msgid)) if msgid else ""

    def __call__(self, msgid: str, /, **values: object) -> str:
        text: str = self.gettext(msgid)
        return text.format(**values) if values else text

    def titled(self, title: str) -> str:
        """The title of a screen, which the catalogue may have apart from the same text elsewhere, with the context "screen"."""
        found = self._translations.pgettext("screen", title)
        return self.gettext(title) if found == title else found

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The text for ``count`` things; ``{count}`` is filled in as its reader writes numbers."""
        shown = format_decimal(count, locale=self.locale) if count >= 1_000 else count
        return self._translations.ngettext(one, many, count).format(count=shown, **values)


@lru_cache(maxsize=32)
def translator(language: str, domain: str = "dashboard") -> Translator:
    """The texts of ``domain`` in ``language``; English where there is no catalogue."""
    path = LOCALES / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.exists():
        return Translator(language if language in LANGUAGES else "en", NullTranslations())
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translator(language, GNUTranslations(compiled))


def best_language(locale: str | None, known: tuple[str, ...] = DASHBOARD_LANGUAGES) -> str:
    """The known language nearest to a browser's locale (``fr-CA`` → ``fr``), English when none is."""
    wanted = (locale or "").replace("_", "-").split("-")[0].lower()
    return wanted if wanted in known else "en"


def hipay_locale(language: str) -> str:
    """The locale of HiPay's payment page for a customer's language."""
    return _HIPAY_LOCALES.get(language, "en_GB")


@lru_cache(maxsize=128)
def language_name(language: str, in_language: str) -> str:
    """``français`` for ``fr`` in ``fr``, as Unicode CLDR writes it."""
    return str(Locale.parse(in_language).languages.get(language, language))


def number_locale(language: str) -> str:
    """The locale whose notation of numbers and dates a reader of ``language`` expects."""
    return FORMAT_LOCALES.get(language, "en_GB")


@lru_cache(maxsize=8192)
def format_date(moment: datetime, zone: str, language: str) -> str:
    return babel_date(moment.astimezone(ZoneInfo(zone)), "medium", locale=number_locale(language))


@lru_cache(maxsize=1024)
def format_month(moment: datetime, zone: str, language: str) -> str:
    """``novembre 2026``."""
    local, locale = moment.astimezone(ZoneInfo(zone)), number_locale(language)
    return str(format_skeleton("yMMMM", local, locale=locale))


@lru_cache(maxsize=1024)
def month_name(month: str, language: str) -> str:
    """``Novembre 2026`` of a month as YYYY-MM."""
    words: str = format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=number_locale(language))
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=8192)
def format_datetime(moment: datetime, zone: str, language: str, *, named: bool = True) -> str:
    """Date and time in ``zone``; the zone is named (``24 nov. 2026, 15:30 (Paris, heure normale …)``) unless ``named`` is False."""
    local, locale = moment.astimezone(ZoneInfo(zone)), number_locale(language)
    text = babel_datetime(local, "medium", locale=locale)
    text = text.rsplit(":", 1)[0] if local.second == 0 and text.count(":") == 2 else text
    return f"{text} ({get_timezone_name(local, 'long', locale=locale)})" if named else text


@lru_cache(maxsize=8192)
def format_short(moment: datetime, zone: str, language: str) -> str:
    """Day and time for a list: ``24 nov., 15:30``; the zone is named elsewhere on the screen."""
    local, locale = moment.astimezone(ZoneInfo(zone)), number_locale(language)
    return f"{format_skeleton('MMMd', local, locale=locale)}, {format_skeleton('Hm', local, locale=locale)}"


def format_time(moment: datetime, zone: str, language: str) -> str:
    """The time of day: ``15:30``."""
    return format_skeleton("Hm", moment.astimezone(ZoneInfo(zone)), locale=number_locale(language))


def format_ago(moment: datetime, now: datetime, language: str) -> str:
    """``2 minutes ago`` in the reader's language; a moment less than a second away was a second ago."""
    apart = moment - now
    return _ago(-_SECOND if abs(apart) < _SECOND else timedelta(apart.days, apart.seconds), language)


@lru_cache(maxsize=8192)
def _ago(apart: timedelta, language: str) -> str:
    return format_timedelta(apart, add_direction=True, locale=number_locale(language))


def trimmed(text: str, values: Mapping[str, Any]) -> str:
    """A sentence without its empty parts: a part in brackets, or between a colon and the end, is left out when its value is
    absent. ``refused (code {code}, field {field}): {said}`` is ``refused (code {code}).`` of a code alone.
    """

    def there(name: str) -> bool:
        return str(values.get(name, "")) not in ABSENT

    def bracket(found: re.Match[str]) -> str:
        parts = [part for part in found[2].split(", ") if all(map(there, PLACEHOLDER.findall(part)))]
        return f"{found[1]}({', '.join(parts)})" if parts else ""

    return _LAST.sub(lambda found: found[0] if there(found[1]) else ".", _BRACKET.sub(bracket, text))


def fill(text: str, values: Mapping[str, Any], missing: str = "") -> str:
    """The sentence, ``trimmed``, with its placeholders filled."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], missing)), trimmed(text, values))

"""Every text of the ``customer`` domain exists in all eight catalogues, with its placeholders, and none is left over."""

import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.i18n import LANGUAGES, LOCALES
from services.public import customer_texts
from services.public.customer_texts import PageText

ROOT = Path(__file__).resolve().parents[3]


@cache
def used() -> frozenset[str]:
    """What compose.py and the templates pass to ``t(…)``, and the constants of the module of texts."""
    mail = ROOT / "services" / "mail"
    found = {
        message
        for _, _, message, _, _ in extract_from_dir(
            mail,
            method_map=[("**.py", "python"), ("templates/**", "jinja2.ext:babel_extract")],
            keywords={"t": None},
        )
    }
    constants = {
        text
        for name, value in vars(customer_texts).items()
        if name.isupper() and isinstance(value, str | PageText)
        for text in ([value] if isinstance(value, str) else value)
    }
    pages = {text for page in customer_texts.PAGES.values() for text in page}
    return frozenset(found | constants | pages | set(customer_texts.HINTS.values()))


@cache
def catalogue(language: str) -> dict[str, str]:
    with (LOCALES / language / "LC_MESSAGES" / "customer.po").open("rb") as source:
        return {
            str(message.id): str(message.string) for message in read_po(source, locale=language) if message.id
        }


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_the_texts_are_found_where_they_are_used() -> None:
    assert {
        "Pay {amount}",
        "If the button does not work, please copy this address into your browser:",
    } <= used()
    assert {"{label}: {value}", "Your payment was declined", customer_texts.CLOSE} <= used()
    assert len(used()) >= 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete_and_has_nothing_over(language: str) -> None:
    assert set(catalogue(language)) == used()
    assert [msgid for msgid, text in catalogue(language).items() if not text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_translation(language: str) -> None:
    changed = {
        msgid: text
        for msgid, text in catalogue(language).items()
        if placeholders(msgid) != placeholders(text)
    }
    assert changed == {}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_sentences_are_translated(language: str) -> None:
    same = [msgid for msgid, text in catalogue(language).items() if msgid == text and msgid.count(" ") >= 2]
    assert same == []


def test_every_page_but_thanks_says_what_to_do() -> None:
    assert set(customer_texts.HINTS) == set(customer_texts.PAGES) - {"accept", "paid", "to_pay"}
    assert {"accept", "decline", "pending", "cancel", "exception"} < set(customer_texts.PAGES)

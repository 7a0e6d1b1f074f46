"""The payment page's words, one file a language; HiPay's page speaks these seven, others get English."""

import json
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "fr", "pt", "nl", "de", "it", "es")


def language_of(locale: str) -> str:
    """'fr' of 'fr_FR'; 'en' of one that the page does not speak ('pl_PL')."""
    language = locale[:2].lower()
    return language if language in LANGUAGES else "en"


@cache
def texts(language: str) -> dict[str, Any]:
    """Sentences by name, and `reasons` by reason code."""
    loaded: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath(f"{language}.json").read_bytes()
    )
    return loaded

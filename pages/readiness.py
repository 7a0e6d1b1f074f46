"""What an account still lacks before it can send: the same words wherever it is said."""

import streamlit as st

from pages.common import texts
from services.accounts.guidance import TITLES
from services.accounts.readiness import PAUSED, Readiness
from services.i18n import Translator


def missing_words(ready: Readiness, t: Translator) -> list[str]:
    """One line for each thing that is missing."""
    return [t("Sending is paused") if item.name == PAUSED else t(TITLES[item.name]) for item in ready.missing]


def say_what_is_missing(ready: Readiness, channel: str) -> None:
    """The sentence that stands in the place of the button, and the way to the configuration."""
    t = texts()
    say = t("*Send by e-mail* is not available yet. What is missing:")
    if channel == "phone":
        say = t("Payments by phone are not available yet. What is missing:")
    lines = "\n".join(f"- {line}" for line in missing_words(ready, t))
    st.warning(f"{say}\n\n{lines}", icon=":material/build:")
    st.page_link("configuration.py", label=t("Complete it on the configuration screen"), icon=":material/settings:")

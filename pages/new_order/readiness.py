"""What an account still lacks before it can send, in the place of the button."""

import streamlit as st

from pages.components.common import texts
from pages.components.configuration_words import missing_words
from services.accounts.readiness import Readiness


def say_what_is_missing(ready: Readiness, channel: str) -> None:
    """The sentence, one line for each missing thing, and the way to the configuration."""
    t = texts()
    say = t("*Send by e-mail* is not available yet. What is missing:")
    if channel == "phone":
        say = t("Payments by phone are not available yet. What is missing:")
    lines = "\n".join(f"- {missing_words(missing, t)}" for missing in ready.missing)
    st.warning(f"{say}\n\n{lines}", icon=":material/build:")
    st.page_link(
        "configuration/page.py",
        label=t("Complete it on the configuration screen"),
        icon=":material/settings:",
    )

"""What an account still lacks before it can send; shown instead of the button."""

import streamlit as st

from pages.components.common import texts
from pages.components.configuration_words import missing_words
from services.accounts.readiness import Readiness


def show_missing(ready: Readiness, channel: str) -> None:
    """Show a sentence, a line for each missing thing, and a link to the configuration."""
    t = texts()
    sentence = t("*Send by e-mail* is not available yet. What is missing:")
    if channel == "phone":
        sentence = t("Payments by phone are not available yet. What is missing:")
    lines = "\n".join(f"- {missing_words(missing, t)}" for missing in ready.missing)
    st.warning(f"{sentence}\n\n{lines}", icon=":material/build:")
    st.page_link(
        "configuration/page.py",
        label=t("Complete it on the configuration screen"),
        icon=":material/settings:",
    )

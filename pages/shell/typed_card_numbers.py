"""A card number in a field or in the address is removed from both before the screen is drawn. The services refuse it too."""

import streamlit as st

from pages.components.common import texts
from services.error_messages import sentence
from services.mail.errors import CardNumber
from services.text import card_numbers

# Fields whose text may consist of digits: references, ids, the texts of rules, and searches for these.
_DIGITS = ("order_reference_", "order_order_id", "rule_text_", "search_")
_SEARCHES = frozenset({"q", "find", "find_order", "payout"})


def remove() -> None:
    """Remove card numbers from the session's fields and from the address, and show why. Called before a screen is drawn."""
    typed = [
        str(key)
        for key, value in st.session_state.to_dict().items()
        if isinstance(value, str)
        and not (key in _SEARCHES or str(key).startswith(_DIGITS))
        and card_numbers.found(value)
    ]
    named = [name for name, value in st.query_params.to_dict().items() if card_numbers.found(value)]
    for key in typed:
        st.session_state[key] = ""
    for name in named:
        del st.query_params[name]
    if typed or named:
        st.error(sentence(CardNumber("text"), texts()), icon=":material/credit_card_off:")

"""What was typed in a screen, or came by its address, is forgotten where it is a card number."""

from streamlit.testing.v1 import AppTest

CARD = "4111 1111 1111 1111"


def screen() -> None:
    import streamlit as st

    from pages.shell import typed_card_numbers

    typed_card_numbers.remove()
    st.text_input("x", key="comment")
    st.text_input("y", key="order_reference_1")
    st.text_input("z", key="find")


def test_it_stays_neither_in_the_session_nor_in_the_address() -> None:
    at = AppTest.from_function(screen)
    at.query_params["find"] = CARD
    at.run()
    assert (dict(at.query_params), len(at.error)) == ({}, 1)
    at.text_input(key="comment").set_value(f"card {CARD}")
    at.text_input(key="order_reference_1").set_value(CARD)
    at.text_input(key="find").set_value(CARD)  # a reference that looks like one is found
    at.run()
    assert [one.value for one in at.text_input] == ["", CARD, CARD]
    assert len(at.error) == 1
    assert "1111" not in at.error[0].value
    at.run()
    assert len(at.error) == 0

"""A screen's choices in its address: links open what they say, whatever is no value is passed over, defaults are not written."""

from typing import Any

from streamlit.testing.v1 import AppTest


def screen() -> None:
    import streamlit as st

    from pages.components import url_state

    choices = (
        url_state.one_of("view", ("lines", "orders"), "lines"),
        url_state.some_of("many", lambda: ("a", "b"), ("a",)),
        url_state.text("find"),
        url_state.number("line"),
        url_state.day("since"),
        url_state.flag("late"),
    )
    url_state.follow("test", choices)
    st.segmented_control("View", ("lines", "orders"), key="view", required=True, persist_state="page")
    st.multiselect("Many", ("a", "b"), key="many", persist_state="page")
    st.text_input("Find", key="find", persist_state="page")
    st.date_input("Since", value=None, key="since", persist_state="page")
    st.toggle("Late", key="late", persist_state="page")
    st.write(repr(st.session_state.get("line")))
    url_state.write("test", choices)


def opened(**query: str) -> AppTest:
    at = AppTest.from_function(screen, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def written(at: AppTest) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else value[0] for name, value in dict(at.query_params).items()
    }


def test_defaults_are_not_written() -> None:
    at = opened()
    assert written(at) == {}
    assert at.session_state["many"] == ["a"]


def test_a_link_opens_what_it_says() -> None:
    at = opened(view="orders", many="b", find="INV-1", line="12", since="2026-11-24", late="1")
    assert at.session_state["view"] == "orders"
    assert at.session_state["many"] == ["b"]
    assert at.text_input(key="find").value == "INV-1"
    assert at.date_input(key="since").value.isoformat() == "2026-11-24"
    assert at.toggle(key="late").value is True
    assert at.markdown[0].value == "12"
    assert written(at) == {
        "view": "orders",
        "many": "b",
        "find": "INV-1",
        "line": "12",
        "since": "2026-11-24",
        "late": "1",
    }


def test_what_is_no_value_is_passed_over_and_goes() -> None:
    at = opened(view="elsewhere", many="z,b", line="twelve", since="2026-13-01", other="kept")
    assert at.session_state["view"] == "lines"
    assert at.session_state["many"] == ["b"]
    assert written(at) == {"many": "b", "other": "kept"}


def test_a_choice_is_written_and_none_of_a_default_is_all() -> None:
    at = opened(find="x")
    at.multiselect(key="many").set_value([]).run()
    assert written(at) == {"find": "x", "many": "all"}
    at.text_input(key="find").set_value("").run()
    assert written(at) == {"many": "all"}
    assert opened(many="all").session_state["many"] == []


def test_going_back_undoes_the_choice() -> None:
    at = opened(find="first")
    at.text_input(key="find").set_value("second").run()
    at.query_params["find"] = "first"
    at.run()
    assert at.text_input(key="find").value == "first"

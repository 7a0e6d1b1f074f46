"""The screens on which a person decides lines."""

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from services.access import Actor
from services.desk import Desk
from tests.support.payout_lines import line_id

Open = Callable[..., AppTest]


def alone() -> None:
    import streamlit as st

    from pages.components import question_windows
    from pages.reconciliation import decision_history, decision_window, decisions
    from services.reconciliation.decisions.questions import Subject

    decisions.show_result()
    decisions.actions(st.session_state["line"])
    question_windows.show_open(Subject(line=st.session_state["line"]), "demo")
    decision_history.show_history(st.session_state["line"])
    decision_window.window()
    question_windows.window()


def on_payout() -> None:
    import streamlit as st

    from pages.components import question_windows
    from pages.payouts import payout_decisions, payout_windows

    payout_decisions.show(st.session_state["payout"])
    payout_windows.window()
    question_windows.window()


def several() -> None:
    import streamlit as st

    from pages.reconciliation import decision_window, decisions

    decisions.show_result()
    decisions.actions_of_several(st.session_state["lines"])
    decision_window.window()


def ruling() -> None:
    from pages.reconciliation import not_ours, rules

    rules.show()
    not_ours.window()


def run(script: Callable[[], None], actor: Actor, language: str = "en", **state: Any) -> AppTest:
    """What the reconciliation page shows of this, without the page around it."""
    at = AppTest.from_function(script, default_timeout=30)
    for name, value in {"actor": actor, "language": language, **state}.items():
        at.session_state[name] = value
    at.run()
    assert not at.exception
    return at


def on_line(desk: Desk, actor: Actor, order: str, language: str = "en") -> AppTest:
    return run(alone, actor, language, line=line_id(desk, order))


def press(at: AppTest, key: str) -> AppTest:
    at = next(one for one in at.button if one.key and one.key.startswith(key)).click().run()
    assert not at.exception
    return at


def field(widgets: Any, start: str) -> Any:
    return next(one for one in widgets if one.key and one.key.startswith(start))


def words(at: AppTest) -> str:
    shown = [*at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.success]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def ready(at: AppTest) -> bool:
    return not field(at.button, "go_").disabled

"""What a test reads on a screen under AppTest, and a press of a button by its label."""

from streamlit.testing.v1 import AppTest


def words(at: AppTest) -> str:
    """The sentences of the screen: captions, texts and boxes, without Markdown's backslashes."""
    shown = [*at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.success]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def press(at: AppTest, label: str) -> AppTest:
    """Press the first button with this label; the screen that follows shows no exception."""
    at = next(one for one in at.button if one.label == label).click().run()
    assert not at.exception
    return at


def unfold(at: AppTest, key: str) -> AppTest:
    """Open the popover or the expander with this key. What is in it is drawn only then."""
    at.session_state[key] = True
    at = at.run()
    assert not at.exception
    return at


def links(at: AppTest) -> list[str]:
    """The labels of the links to other screens."""
    return [link.proto.label for link in at.get("page_link")]

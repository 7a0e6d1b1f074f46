"""What a test reads on a screen under AppTest, and a press of a button by its label."""

from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

from pages.navigation import SCREENS


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


def followed(at: AppTest, label: str) -> AppTest:
    """Follow the first link with this label; the screen that it leads to shows no exception. AppTest presses no link."""
    [link, *_] = [one.proto for one in at.get("page_link") if one.proto.label == label]
    file = next(screen.file for screen in SCREENS if screen.url_path == link.page)
    at.query_params.clear()
    at.query_params.update(dict(parse_qsl(link.query_string)))
    at = at.switch_page(file).run()
    assert not at.exception
    return at

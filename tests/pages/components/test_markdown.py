"""Text from people, as Streamlit's own front end shows it: nothing in it is a link, a picture, an icon or a formula."""

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import browser
from tests.support.servers import ROOT, free_ports, server

NASTY = (
    "<img src=x onerror=window.pwned=1>",
    "[here](javascript:window.pwned=1) ![p](https://evil.example/p.png)",
    "{{7*7}} $\\LaTeX$ $$x^2$$ :red[r] :blue-badge[b] :small[s]",
    ":material/check_circle: Paid :streamlit: :smile:",
    "www.evil.example https://evil.example/a HTTP://evil.example",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "# h **b** __b__ *i* `c` ~~s~~ &amp; \\ | <b>x</b>",
    "1. one",
    "2) two",
    "- three",
    "+ four",
    "---",
    "-- > quote",
    "javascript:window.pwned=1",
)


@pytest.mark.browser
def test_text_is_shown_as_it_was_typed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport streamlit as st\nfrom pages.components.markdown import plain\n"
        f"for number, text in enumerate({NASTY!r}):\n"
        "    with st.container(key=f'text_{number}'):\n        st.markdown(plain(text))\n"
        "st.error(plain(' '.join(" + repr(NASTY) + ")))\nst.text('the end')\n"
    )
    (port,) = free_ports(1)
    arguments = ("-m", "streamlit", "run", str(script), "--server.port", str(port))
    with (
        server(arguments, port, tmp_path / "log"),
        sync_playwright() as playwright,
        browser.launch(playwright) as chromium,
    ):
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.get_by_text("the end")).to_be_visible(timeout=20_000)
        shown = [page.locator(f".st-key-text_{number}").inner_text() for number in range(len(NASTY))]
        assert [text.replace("\u2060", "") for text in shown] == list(NASTY)
        active = page.locator(
            "[data-testid=stMarkdownContainer] :is(a, img, svg, code, strong, em, del, h1, li, .katex, [role=img])"
        )
        assert active.evaluate_all("found => found.map(one => one.outerHTML)") == []
        assert page.evaluate("window.pwned") is None

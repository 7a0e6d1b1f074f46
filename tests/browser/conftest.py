"""One installation and one browser for all browser tests of this folder; each test opens windows of its own."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import tests.browser.installation
from tests.browser.installation import Installation
from tests.browser.windows import Windows
from tests.support import browser
from tests.support.servers import ROOT

OpenWindow = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with tests.browser.installation.installation(tmp_path_factory.mktemp("installation")) as found:
        yield found


# Of the package, not of the session: Playwright allows one of it at a time, and tests elsewhere start their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        found = browser.launch(playwright)
        yield found
        found.close()
    expect.set_options(timeout=None)


@pytest.fixture(scope="package")
def windows(chromium: Browser, installation: Installation) -> Windows:
    return Windows(chromium, installation.dashboard)


@pytest.fixture
def open_window(request: pytest.FixtureRequest, windows: Windows) -> Iterator[OpenWindow]:
    """``open_window("fr", width=390)`` is a person's own browser. What its pages complain of fails the test."""
    windows.complaints.said.clear()
    request.node.windows = []
    with ExitStack() as closing:

        def opened(language: str = "en", **size: int) -> BrowserContext:
            window = closing.enter_context(windows.opened(language, **size))
            request.node.windows.append(window)
            return window

        yield opened
    assert windows.complaints.said == []


@pytest.fixture
def page(open_window: OpenWindow) -> Page:
    return open_window().new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the person saw when it went wrong, beside the other pictures."""
    report = yield
    if report.when == "call" and report.failed:
        (ROOT / "artefacts").mkdir(exist_ok=True)
        pages = [page for window in getattr(item, "windows", []) for page in window.pages]
        for number, page in enumerate(pages):
            page.screenshot(path=ROOT / "artefacts" / f"failed-{item.name}-{number}.png")
    return report

"""Browser windows of people: their language and time zone, and everything their pages complain of."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect

from pages.navigation import Screen
from services.i18n import translator

ZONES = {"en": ("en-GB", "Europe/London"), "fr": ("fr-FR", "Europe/Paris")}
# What Streamlit's own front end says by itself, and nothing else.
_KNOWN = re.compile(
    r"^Unrecognized feature: '"  # the permissions it asks for its frames
    r"|^An iframe which has both allow-scripts and allow-same-origin"  # the e-mail's frame: the policy stops scripts in it
    r"|^WARN Infinite extent for field"  # it draws a chart once before the chart's data arrive
    r"|^Failed to load resource: .* 404 .*/_stcore/(health|host-config)$"  # it looks for the server below a page's address
)


class Complaints:
    """Console errors and warnings, uncaught exceptions, violated policies, and requests that leave this machine."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self._uncaught(error.error))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location['url']}"
        if message.type in ("error", "warning") and not _KNOWN.search(text):
            self.said.append(f"{message.type}: {text}")

    def _uncaught(self, error: Error) -> None:
        self.said.append(f"uncaught: {error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.said.append(f"outside: {request.url}")


def new_context(chromium: Browser, language: str, width: int = 1280, height: int = 900) -> BrowserContext:
    """A person's own window, light theme, in ``language`` (en or fr)."""
    locale, zone = ZONES[language]
    return chromium.new_context(
        locale=locale,
        timezone_id=zone,
        viewport={"width": width, "height": height},
        color_scheme="light",
        reduced_motion="reduce",
    )


class Windows:
    """A window for each person of a test. It is another test's later, without its pages, cookies and storage, but with the dashboard's
    scripts loaded: that takes a second of the processor."""

    def __init__(self, chromium: Browser, dashboard: str) -> None:
        self._chromium, self._dashboard = chromium, dashboard
        self._free: dict[tuple[object, ...], list[tuple[BrowserContext, Page]]] = defaultdict(list)
        self.complaints = Complaints()

    @contextmanager
    def opened(self, language: str, width: int = 1280, height: int = 900) -> Iterator[BrowserContext]:
        free = self._free[language, width, height]
        window, stays = free.pop() if free else self._new(language, width, height)
        yield window
        for page in window.pages:
            if page != stays:
                page.close()
        stays.evaluate("localStorage.clear(), sessionStorage.clear()")
        window.clear_cookies()
        free.append((window, stays))

    def _new(self, *looks: Any) -> tuple[BrowserContext, Page]:
        """A window, and its page that stays: it keeps the process in which the scripts are loaded."""
        window = new_context(self._chromium, *looks)
        window.set_default_timeout(30_000)
        stays = window.new_page()
        stays.goto(f"{self._dashboard}/_stcore/health")
        self.complaints.watch(window)
        return window, stays


def settled(page: Page) -> None:
    """Wait until the dashboard has finished drawing: its run is over, and nothing is a grey placeholder any more."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_attached()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def choose(page: Page, screen: Screen, language: str = "en") -> None:
    """Go to a screen by the menu and wait until it is drawn. Its address would load the dashboard anew, for a second or two."""
    # Clicked by script: on a telephone the menu is folded.
    page.locator(f"[data-testid=stSidebarNavLink][href$='/{screen.url_path}']").evaluate(
        "link => link.click()"
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text(translator(language).titled(screen.title))
    settled(page)


def picture(page: Page, path: Path) -> None:
    """The whole page as PNG. A dashboard's page scrolls inside the window, so the window is made as high as the page."""
    size = page.viewport_size
    assert size
    if page.get_by_test_id("stApp").count():
        settled(page)
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height, 2400))})
        settled(page)
    page.screenshot(path=path, full_page=True)
    page.set_viewport_size(size)

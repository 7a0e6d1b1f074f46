"""Where Chromium is: the system's, else Playwright's own. ``python -m tests.support.browser`` says whether one works."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Playwright, sync_playwright

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--process-per-site",
]


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium that calls nobody by itself."""
    return playwright.chromium.launch(
        executable_path=executable(playwright.chromium.executable_path), args=_ARGUMENTS
    )


@cache
def executable(own: str) -> str:
    """The path of a Chromium that starts, ``own`` being where Playwright keeps its own. Raises FileNotFoundError."""
    candidates = [
        shutil.which(name)
        for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    ]
    for candidate in [path for path in candidates if path]:
        if _starts(candidate):
            return candidate
    if Path(own).exists() and _starts(own):
        return own
    raise FileNotFoundError("no Chromium")


def _starts(path: str) -> bool:
    # Ubuntu's chromium-browser is a mere pointer to a snap; Playwright's own lacks libraries on a bare machine. Only a
    # page that is drawn tells.
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        asked = [path, *_ARGUMENTS, f"--user-data-dir={profile}", "--dump-dom", "about:blank"]
        try:
            drawn = subprocess.run(asked, capture_output=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return b"<html>" in drawn.stdout


if __name__ == "__main__":
    try:
        with sync_playwright() as playwright:
            executable(playwright.chromium.executable_path)
    except FileNotFoundError:
        sys.exit(1)

"""How much memory uploaded files may use, and how it is freed.

Streamlit stores a file in memory before any screen runs, for as long as the session lasts, and does not free the files of a
session that nobody comes back to. So bytes are counted here before they are stored, for each person over all their screens
and for the process, and a screen whose browser has gone is closed.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

PERSON_BYTES = 600_000_000  # the largest file (server.maxUploadSize), and some more
PROCESS_BYTES = 2_000_000_000
LEAST_BYTES = 65_536  # what a file counts at least: an empty one is not nothing
BACK_SECONDS = 60.0  # that a browser gets to come back after its connection broke


class Screens(Protocol):
    """The screens that browsers have open in this process, each with a name that nobody can guess."""

    def cookies(self, screen: str) -> Mapping[str, str] | None:
        """What the browser showed when it opened the screen; None of one that is not open."""

    def held(self) -> Mapping[str, int]:
        """The bytes of each screen's uploaded files, open or not."""

    def closed(self) -> Collection[str]:
        """Those that are open no more, and not forgotten yet."""

    def given(self, path: str) -> Collection[Mapping[str, str]]:
        """What the browsers showed whose screens were given the file at this path, an export or a picture."""

    def forget(self, screen: str) -> None:
        """Close it for good, and give back its uploads and exports."""


class NoRoom(Exception):
    """The files that wait in memory and this one are more than may wait: of this person, or of all."""


class Uploads:
    """Used from one event loop."""

    def __init__(
        self,
        screens: Screens,
        *,
        person_bytes: int = PERSON_BYTES,
        process_bytes: int = PROCESS_BYTES,
        back_seconds: float = BACK_SECONDS,
    ) -> None:
        self.screens, self._back_seconds = screens, back_seconds
        self._person_bytes, self._process_bytes = person_bytes, process_bytes
        self._owners: dict[str, str] = {}
        self._coming: list[tuple[str, int]] = []
        self._waited_for: set[str] = set()

    @contextmanager
    def room(self, person: str, screen: str, length: int) -> Iterator[None]:
        """Room for ``length`` bytes while they come; then they count as the screen's. Raises NoRoom."""
        wanted = (person, max(length, LEAST_BYTES))
        self._owners[screen] = person
        held = self.screens.held()
        taken = [(self._owners.get(one, ""), size) for one, size in held.items()] + [*self._coming, wanted]
        if (
            sum(size for owner, size in taken if owner == person) > self._person_bytes
            or sum(size for _, size in taken) > self._process_bytes
        ):
            raise NoRoom
        self._coming.append(wanted)
        try:
            yield
        finally:
            self._coming.remove(wanted)

    def connection_ended(self, *, left: bool) -> None:
        """A browser's connection has ended. ``left``: it closed the page or went to another; else it may come back."""
        for screen in set(self.screens.closed()) - self._waited_for:
            if left:
                self._forget(screen)
            else:
                self._waited_for.add(screen)
                asyncio.get_running_loop().call_later(self._back_seconds, self._forget, screen)

    def _forget(self, screen: str) -> None:
        self._waited_for.discard(screen)
        if screen in self.screens.closed():
            self._owners.pop(screen, None)
            self.screens.forget(screen)

"""A screen of the dashboard without a browser: the messages that a browser sends over Streamlit's WebSocket and waits for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


class Screen:
    def __init__(self, socket: ClientConnection, page: str) -> None:
        self._socket, self._page = socket, page

    def rerun(self) -> float:
        """Run the page once more; the seconds until its last element is here."""
        asked = BackMsg()
        asked.rerun_script.page_name = self._page
        begun = time.perf_counter()
        self._socket.send(asked.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self._socket.recv(60))
            if answer.WhichOneof("type") == "script_finished":
                assert answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                return time.perf_counter() - begun


@contextmanager
def screen(dashboard: str, page: str) -> Iterator[Screen]:
    """A session on the page of this address, drawn once."""
    address = dashboard.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None, proxy=None, open_timeout=60) as socket:  # type: ignore[list-item]
        opened = Screen(socket, page)
        opened.rerun()
        yield opened

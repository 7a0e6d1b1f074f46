"""A screen of the dashboard without a browser: the messages that a browser sends over Streamlit's WebSocket and waits for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


class Screen:
    def __init__(self, socket: ClientConnection, page: str) -> None:
        self._socket, self._page, self._hash = socket, page, ""
        self.table = ""  # the id of the fragment that draws a table

    def rerun(self, fragment: str = "") -> float:
        """Run the page, or this fragment of it, once more; the seconds until its last element is here."""
        asked = BackMsg()
        asked.rerun_script.page_name = self._page
        asked.rerun_script.page_script_hash = self._hash
        asked.rerun_script.fragment_id = fragment
        begun = time.perf_counter()
        self._socket.send(asked.SerializeToString())
        drawn = (
            ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY if fragment else ForwardMsg.FINISHED_SUCCESSFULLY
        )
        while True:
            answer = ForwardMsg.FromString(self._socket.recv(60))
            kind = answer.WhichOneof("type")
            if kind == "navigation":
                self._hash = answer.navigation.page_script_hash
            elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "dataframe":
                self.table = answer.delta.fragment_id
            elif kind == "script_finished":
                # A screen that leads to another one is interrupted for it.
                if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                assert answer.script_finished == drawn, answer.script_finished
                return time.perf_counter() - begun


@contextmanager
def screen(dashboard: str, page: str) -> Iterator[Screen]:
    """A session on the page of this address, drawn once."""
    address = dashboard.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None, proxy=None, open_timeout=60) as socket:  # type: ignore[list-item]
        opened = Screen(socket, page)
        opened.rerun()
        yield opened

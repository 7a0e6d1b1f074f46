"""``python -m services.parsing.parent SOCKET``: has the readers loaded, and forks a child for each call of its program.

A message on the socket is one byte with two descriptors: the child's socket, and a pipe on which the parent reports the
child's process id, and later how it ended. No thread runs here when a child is forked. When the pipe's reader is gone,
nobody waits for the child any more, and it is killed; when the program is gone, the parent and its children end.

(`multiprocessing.forkserver` passes the whole environment on, and imports the main module, which is Streamlit's script.)
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

from services.parsing import child
from services.parsing.readers import READERS
from services.processes import end_with_parent, search_cycles_rarely

# Their ``rehearse`` loads what the readers load when they first read.
_REHEARSALS: Final = ("services.settlements.rehearsal",)


def main() -> None:
    serve(socket.socket(fileno=int(sys.argv[1])), READERS)


def serve(control: socket.socket, readers: Collection[str]) -> None:
    """Load these readers, and be the parent until the program is gone."""
    for name in (*readers, *_REHEARSALS):
        importlib.import_module(name)
    for name in _REHEARSALS:
        importlib.import_module(name).rehearse()
    gc.collect()
    search_cycles_rarely()  # what children share with us stays shared, too
    _Parent(control).serve()


class _Parent:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pipes: dict[int, int] = {}  # by child
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)
        child.adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the program is gone."""
        while True:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            poll.register(self._woken, select.POLLIN)
            for pipe in self._pipes.values():
                poll.register(pipe, 0)  # reports only that its reader is gone
            ready = {descriptor for descriptor, _ in poll.poll()}
            for process, pipe in list(self._pipes.items()):
                if pipe in ready:
                    os.kill(process, signal.SIGKILL)
                    os.close(self._pipes.pop(process))
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._call():
                for process in self._pipes:
                    os.kill(process, signal.SIGKILL)
                self._reap(0)
                return

    def _call(self) -> bool:
        """Fork a child for the next call; False when the program is gone."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        except ConnectionError:
            return False
        if not message:
            return False
        data, pipe = descriptors
        parent = os.getpid()
        try:
            process = os.fork()
        except OSError:  # the machine cannot run one more process: the caller gets no answer
            os.close(data)
            os.close(pipe)
            return True
        if process == 0:
            self._run_child(parent, data, pipe)
        os.close(data)
        self._pipes[process] = pipe
        with contextlib.suppress(BrokenPipeError):
            os.write(pipe, b"%d\n" % process)
        return True

    def _run_child(self, parent: int, data: int, pipe: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if bind := end_with_parent(parent, signal.SIGKILL):
                bind()
            # to /dev/null, opened for reading and writing: no untrusted text gets into the log
            for descriptor in (1, 2):
                os.dup2(0, descriptor)
            for descriptor in (self._control.fileno(), self._woken, self._wakes, pipe, *self._pipes.values()):
                os.close(descriptor)
            child.answer(socket.socket(fileno=data))
        except BrokenPipeError:
            pass  # nobody waits any more
        except BaseException:  # noqa: BLE001 (whatever it is: a fork must not continue as the parent)
            os._exit(1)
        os._exit(0)

    def _reap(self, how: int = os.WNOHANG) -> None:
        while True:
            self._kill_orphans()
            try:
                process, status, used = os.wait4(-1, how)
            except ChildProcessError:
                return
            if process == 0:
                return
            pipe = self._pipes.pop(process, None)
            if pipe is not None:
                code, seconds = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
                with contextlib.suppress(BrokenPipeError):
                    os.write(pipe, b"%d %.2f\n" % (code, seconds))
                os.close(pipe)

    def _kill_orphans(self) -> None:
        """Kill the processes that a child started and left behind: no reader does so, but one that was taken over may."""
        with contextlib.suppress(OSError):  # not Linux
            for process in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                if int(process) not in self._pipes:
                    os.kill(int(process), signal.SIGKILL)


if __name__ == "__main__":
    main()

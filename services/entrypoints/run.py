"""``python -m services.run``: the whole installation on one machine, until Ctrl-C.

Starts the sandbox (in its world only), the public application and the dashboard, each once the one before it answers,
and prints their addresses. Ctrl-C or SIGTERM stops them all; when one ends by itself, the others are stopped and it is
named. Every child ends with this process, even when it is killed.
"""

import signal
import sys
import threading
import time
from types import FrameType

from services import private_files, processes
from services.entrypoints import programs
from services.entrypoints.dashboard_lifespan import ready_message, refuse_open_door
from services.entrypoints.programs import Program
from services.opening import desk_or_exit
from services.processes import Child
from services.settings import Settings
from services.web import start_link

_READY = 90.0  # seconds that a program gets to answer: the first start compiles every module


def main() -> int:
    """The exit code: 0 after Ctrl-C or SIGTERM, 1 when something could not start or ended by itself."""
    private_files.set_umask()
    stopping = threading.Event()
    _stop_on_signal(stopping)
    desk = desk_or_exit(refuse_open_door)
    desk.close()
    wanted = installation(desk.settings)
    if taken := programs.taken_ports(wanted):
        sys.stderr.write("\n".join(taken) + "\n")
        return 1
    home, environment = _home(desk.settings)
    children: list[Child] = []
    try:
        for program in wanted:
            of_it = environment if program.name == "dashboard" else None
            children.append(processes.start(program.name, program.arguments, of_it))
            if not _answers(program, children, stopping):
                return 0 if stopping.is_set() else _failed(children, program)
        sys.stdout.write(_addresses(desk.settings, home))
        sys.stdout.flush()
        while not stopping.wait(0.2):
            if not _all_run(children):
                return _failed(children, None)
        return 0
    finally:
        processes.stop(children)


def installation(settings: Settings) -> tuple[Program, ...]:
    """What runs, in the order of starting."""
    front = (programs.public(settings), programs.dashboard(settings))
    return (programs.sandbox(settings), *front) if settings.demo else front


def _answers(program: Program, children: list[Child], stopping: threading.Event) -> bool:
    limit = time.monotonic() + _READY
    while time.monotonic() < limit and _all_run(children) and not stopping.is_set():
        if program.answers():
            return True
        stopping.wait(0.1)
    return False


def _all_run(children: list[Child]) -> bool:
    return all(child.process.poll() is None for child in children)


def _failed(children: list[Child], program: Program | None) -> int:
    """Say which of them ended by itself, or that ``program`` did not answer in time."""
    for child in children:
        if (code := child.process.poll()) is not None:
            sys.stderr.write(
                f"The {child.name} ended by itself (code {code}): its own messages stand above. "
            )
            break
    else:
        name = program.name if program else "installation"
        sys.stderr.write(f"The {name} did not answer within {_READY:.0f} seconds. ")
    sys.stderr.write("Everything was stopped.\n")
    return 1


def _home(settings: Settings) -> tuple[str, dict[str, str]]:
    """The dashboard's address (where nobody signs in, the link that opens it), and the environment variables for that."""
    if not start_link.needed(settings) or settings.dashboard_token:
        return start_link.home(settings, ""), {}
    token = start_link.new_token()
    return start_link.home(settings, token), {"ETERMINAL_DASHBOARD_TOKEN": token}


def _addresses(settings: Settings, home: str) -> str:
    lines = [("Dashboard", home)]
    if settings.demo:
        lines += [
            ("Mailbox", f"{settings.sandbox_url}/mailbox"),
            ("HiPay sandbox", f"{settings.sandbox_url}/control"),
        ]
    if settings.public:
        lines.append(("For HiPay and customers", settings.public))
    return f"{ready_message(settings, lines)}Ctrl-C stops everything.\n\n"


def _stop_on_signal(stopping: threading.Event) -> None:
    def handler(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)

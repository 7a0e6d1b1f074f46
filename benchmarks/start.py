"""How much processor time each program needs until it answers, as a multiple of a bare Streamlit application's.

    python -m benchmarks.start [rounds]

Each is started in turn, its modules compiled and its database made. The dashboard is started as ``make run`` does, with a worker
inside, while the sandbox and the public application run.
"""

import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processor
from benchmarks.screen import screen
from tests.support.sandbox import start_sandbox
from tests.support.servers import free_ports, server

ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Program:
    """``page``: the address of a page that is then drawn; None of a program without screens. ``needs``: what runs before it."""

    name: str
    arguments: tuple[str, ...]
    port: int
    health: str
    environment: dict[str, str]
    page: str | None = None
    needs: "Program | None" = None


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    sandbox = start_sandbox()
    dashboard, public, bare = free_ports(3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            "ETERMINAL_DASHBOARD_PORT": str(dashboard),
            "ETERMINAL_PUBLIC_PORT": str(public),
            "ETERMINAL_SANDBOX_URL": sandbox.url,
            "ETERMINAL_SANDBOX_SMTP_PORT": str(sandbox.smtp_port),
            "ETERMINAL_DATA_DIR": str(folder / "data"),
            "ETERMINAL_SECRETS": str(folder / "none.toml"),
        }
        receiver = Program(
            name="public application",
            arguments=("-m", "services.public"),
            port=public,
            health="/health",
            environment=environment,
        )
        programs = (
            Program(
                name="bare Streamlit application",
                arguments=_streamlit("benchmarks/bare/app.py", bare),
                port=bare,
                health="/_stcore/health",
                environment={},
                page="",
            ),
            receiver,
            Program(
                name="dashboard, worker inside",
                arguments=_streamlit("app.py", dashboard),
                port=dashboard,
                health="/_stcore/health",
                environment=environment,
                page="overview",
                needs=receiver,
            ),
        )
        found = [[_measured(program, folder) for program in programs] for _ in range(rounds + 1)][1:]
    sandbox.stop()
    print(f"{'processor seconds':28} {'until it answers':>20} {'its first page drawn':>22}")
    medians = [
        [statistics.median(one) for one in zip(*column, strict=True)] for column in zip(*found, strict=True)
    ]
    for program, (answered, drawn) in zip(programs, medians, strict=True):
        page = f"{drawn:.2f} ({drawn / medians[0][1]:.2f} times)" if program.page is not None else ""
        print(f"{program.name:28} {f'{answered:.2f} ({answered / medians[0][0]:.2f} times)':>20} {page:>22}")


def _streamlit(script: str, port: int) -> tuple[str, ...]:
    options = ("--server.port", str(port), "--logger.hideWelcomeMessage", "true")
    return ("-m", "streamlit", "run", script, *options)


def _measured(program: Program, folder: Path) -> tuple[float, float]:
    """Processor seconds, children included: when it answers, and when its first page is drawn."""
    with ExitStack() as stack:
        for one in (program.needs, program):
            if one:
                log = folder / f"{one.port}.log"
                running = stack.enter_context(
                    server(one.arguments, one.port, log, path=one.health, environment=one.environment)
                )
        answered = processor.seconds(running.pid)
        if program.page is None:
            return answered, 0.0
        with screen(f"http://127.0.0.1:{program.port}", program.page):
            return answered, processor.seconds(running.pid)


if __name__ == "__main__":
    main()

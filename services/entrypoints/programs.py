"""The programs that make up an installation: how each is started, where it answers, which setting moves it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from services import processes
from services.processes import Child
from services.settings import Settings

_READY = 60.0  # seconds that a program gets to answer: a first start on a slow disk compiles every module


@dataclass(frozen=True)
class Port:
    number: int
    setting: str


@dataclass(frozen=True, kw_only=True)
class Program:
    """``ports[0]`` is where ``health`` is answered 200 once the program is ready."""

    name: str
    arguments: tuple[str, ...]
    host: str
    ports: tuple[Port, ...]
    health: str = "/health"

    def answers(self) -> bool:
        return processes.answers(self.host, self.ports[0].number, self.health)


class NotStarted(Exception):
    """A program did not come up; the text is a sentence for the operator."""


def taken_ports(programs: tuple[Program, ...]) -> tuple[str, ...]:
    """A sentence for each port where one of them cannot listen, since another program has it or the host is not this machine."""
    return tuple(
        f"The {program.name} cannot listen on port {port.number} of {program.host} ({why}): stop the program that does, "
        f"or choose another address with {port.setting}."
        for program in programs
        for port in program.ports
        if (why := processes.refusal(program.host, port.number))
    )


def start(program: Program) -> Child:
    """Start it and wait until it answers. Raises NotStarted; nothing is left running then."""
    child = processes.start(program.name, program.arguments)
    if processes.wait_for(program.answers, child, _READY):
        return child
    processes.stop([child])
    reasons = taken_ports((program,)) or (f"The {program.name} did not start; its own messages stand above.",)
    raise NotStarted("\n".join(reasons))


def sandbox(settings: Settings) -> Program:
    """The sandbox's HiPay and its mailbox. Its state lies in the data directory."""
    address = urlsplit(settings.sandbox_url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    arguments = (
        "-m",
        "sandbox",
        "--host",
        host,
        "--port",
        str(port),
        "--smtp-port",
        str(settings.sandbox_smtp_port),
        "--data",
        str(settings.data_dir / "sandbox-hipay.db"),
    )
    ports = (
        Port(port, "ETERMINAL_SANDBOX_URL"),
        Port(settings.sandbox_smtp_port, "ETERMINAL_SANDBOX_SMTP_PORT"),
    )
    return Program(name="sandbox", arguments=arguments, host=host, ports=ports)


def public(settings: Settings) -> Program:
    """What HiPay and customers may reach."""
    ports = (Port(settings.public_port, "ETERMINAL_PUBLIC_HOST and _PORT"),)
    return Program(
        name="public application", arguments=("-m", "services.public"), host=settings.public_host, ports=ports
    )


def dashboard(settings: Settings) -> Program:
    """The screens, with the worker inside unless a worker of its own is wanted."""
    arguments = (
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.address",
        settings.dashboard_host,
        "--server.port",
        str(settings.dashboard_port),
        "--logger.hideWelcomeMessage",
        "true",
    )
    ports = (Port(settings.dashboard_port, "ETERMINAL_DASHBOARD_HOST and _PORT"),)
    return Program(
        name="dashboard",
        arguments=arguments,
        host=settings.dashboard_host,
        ports=ports,
        health="/_stcore/health",
    )


def demo_world(settings: Settings) -> tuple[Program, ...]:
    """The programs that the sandbox's world needs besides the dashboard; none with real accounts."""
    return (sandbox(settings), public(settings)) if settings.demo else ()

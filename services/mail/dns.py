"""What the sender's domain publishes in the DNS, for the check list. A DNS that does not answer is never a failure."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

Published = Literal["ok", "missing", "unknown"]
TIMEOUT = 3.0  # seconds, for the three questions together


@dataclass(frozen=True)
class SenderDomain:
    """``spf``, ``dmarc``, ``mx``: "ok", "missing", or "unknown" where the DNS did not answer in time."""

    spf: Published
    dmarc: Published
    mx: Published


def sender_domain(domain: str, resolver: Resolver | None = None) -> SenderDomain:
    """Ask for SPF (RFC 7208), DMARC (RFC 7489; also at the domains above) and MX of an ASCII domain. Takes at most 3 s."""
    try:
        asked = resolver or Resolver()
    except (DNSException, OSError):
        return SenderDomain("unknown", "unknown", "unknown")
    deadline = time.monotonic() + TIMEOUT

    def look_up(name: str, kind: str) -> Sequence[str]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            answer = asked.resolve(name, kind, lifetime=left, raise_on_no_answer=False, search=False)
        except (NXDOMAIN, NoAnswer):
            return []
        if kind == "MX":
            return [record.exchange.to_text() for record in answer]
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    questions: tuple[Callable[[], bool], ...] = (
        lambda: any(_tagged(text, "v=spf1") for text in look_up(domain, "TXT")),
        lambda: any(
            _tagged(text, "v=dmarc1") for name in _above(domain) for text in look_up(f"_dmarc.{name}", "TXT")
        ),
        lambda: any(host != "." for host in look_up(domain, "MX")),  # "." is RFC 7505's "no mail here"
    )
    with ThreadPoolExecutor(len(questions)) as pool:
        spf, dmarc, mx = pool.map(_published, questions)
    return SenderDomain(spf, dmarc, mx)


def _published(question: Callable[[], bool]) -> Published:
    try:
        return "ok" if question() else "missing"
    except (DNSException, OSError, ValueError):
        return "unknown"


def _tagged(text: str, tag: str) -> bool:
    return re.match(rf"\s*{tag}(?:[\s;]|$)", text, re.IGNORECASE) is not None


def _above(domain: str) -> list[str]:
    """The domain and those above it, down to two labels: the organisation's policy covers its subdomains."""
    labels = domain.rstrip(".").split(".")
    return [".".join(labels[place:]) for place in range(max(1, len(labels) - 1))]

"""The sender's domain, asked of a DNS server of our own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.resolver import Resolver

from services import mail
from services.mail.dns import SenderDomain, sender_domain

Zone = dict[tuple[str, str], list[str]]


@contextmanager
def resolver_for(
    zone: Zone, failing: frozenset[str] = frozenset(), silent: bool = False
) -> Iterator[Resolver]:
    """A resolver of a server that knows ``zone``; a name in ``failing`` answers SERVFAIL; ``silent`` answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        names = {name for name, _ in zone}

        def serve() -> None:
            while True:
                wire, client = listener.recvfrom(4096)
                if wire == b"stop":
                    return
                if silent:
                    continue
                query = dns.message.from_wire(wire)
                question = query.question[0]
                name, kind = question.name.to_text().rstrip("."), question.rdtype.name
                answer = dns.message.make_response(query)
                answer.flags |= dns.flags.RA
                if name in failing:
                    answer.set_rcode(dns.rcode.SERVFAIL)
                elif (name, kind) in zone:
                    answer.answer.append(
                        dns.rrset.from_text(question.name, 60, "IN", kind, *zone[name, kind])
                    )
                elif not any(known == name or known.endswith("." + name) for known in names):
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                listener.sendto(answer.to_wire(), client)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listener.getsockname()[1]
        try:
            yield resolver
        finally:
            listener.sendto(b"stop", listener.getsockname())
            thread.join(5)


def test_a_domain_that_publishes_everything() -> None:
    zone: Zone = {
        ("shop.example", "TXT"): ['"google-site=1"', '"v=spf1 include:_spf.example" " -all"'],
        ("_dmarc.shop.example", "TXT"): ['"v=DMARC1; p=none"'],
        ("shop.example", "MX"): ["10 mx.shop.example."],
    }
    with resolver_for(zone) as resolver:
        assert sender_domain("shop.example", resolver) == SenderDomain("ok", "ok", "ok")


def test_a_subdomain_is_covered_by_the_policy_above_it() -> None:
    with resolver_for({("_dmarc.shop.example", "TXT"): ['"v=DMARC1;p=reject"']}) as resolver:
        assert sender_domain("mail.news.shop.example", resolver).dmarc == "ok"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, SenderDomain("missing", "missing", "missing")),
        ({("shop.example", "TXT"): ['"v=spf10 -all"']}, SenderDomain("missing", "missing", "missing")),
        ({("shop.example", "TXT"): ['"V=SPF1 -all"']}, SenderDomain("ok", "missing", "missing")),
        ({("shop.example", "MX"): ["0 ."]}, SenderDomain("missing", "missing", "missing")),
    ],
)
def test_what_is_not_there_is_missing(zone: Zone, expected: SenderDomain) -> None:
    with resolver_for(zone) as resolver:
        assert sender_domain("shop.example", resolver) == expected


def test_a_failure_is_unknown_and_only_for_what_failed() -> None:
    zone: Zone = {("shop.example", "TXT"): ['"v=spf1 -all"']}
    with resolver_for(zone, failing=frozenset({"_dmarc.shop.example"})) as resolver:
        assert sender_domain("shop.example", resolver) == SenderDomain("ok", "unknown", "missing")


def test_a_dns_that_does_not_answer_costs_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mail.dns.TIMEOUT == 3.0
    monkeypatch.setattr(mail.dns, "TIMEOUT", 0.4)
    with resolver_for({}, silent=True) as resolver:
        start = time.monotonic()
        assert sender_domain("shop.example", resolver) == SenderDomain("unknown", "unknown", "unknown")
        assert time.monotonic() - start < 8  # without it, three times as long as it is meant to be


@pytest.mark.parametrize("domain", ["a" * 64 + ".example", "a..b"])
def test_a_name_that_is_none_is_unknown(domain: str) -> None:
    with resolver_for({}) as resolver:
        assert sender_domain(domain, resolver) == SenderDomain("unknown", "unknown", "unknown")

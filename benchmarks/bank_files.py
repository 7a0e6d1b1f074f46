"""What reading a bank's file costs: a statement of many entries in each format, read as the bounded child reads it.

    python -m benchmarks.bank_files [--entries 100000]

Prints a line for each format: the file, the seconds, and the memory above a process at rest that holds the file and drops each block that
it has read. Each is measured in a process of its own.
"""

import argparse
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from services.bank.reading import bank_file

TEXT = "HIPAY SETTLEMENT 700103 " + "X" * 60


def camt(entries: int) -> bytes:
    def amount(units: int) -> str:
        return f'<Amt Ccy="EUR">{units}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'

    def balance(code: str, units: int) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(units)}</Bal>"

    entry = (
        f"<Ntry>{amount(1)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-02-02</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>{TEXT}"
        "</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>'
        f"FR7699999012340004567890197</IBAN></Id><Ccy>EUR</Ccy></Acct>{balance('OPBD', 0)}{balance('CLBD', entries)}"
        f"{entry * entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def cfonb(entries: int) -> bytes:
    def record(kind: str, units: int) -> str:
        value = "020226" if kind == "04" else ""
        written = f"{kind}99999    01234EUR2 00045678901  020226  {value:6}{TEXT[:31]}"
        return f"{written:90}{units * 10:013}{{".ljust(120)

    return (record("01", 0) + record("04", 1) * entries + record("07", entries)).encode()


def mt940(entries: int) -> bytes:
    movement = f":61:2602020202C1,00NTRFNONREF//B1\n:86:{TEXT}\n"
    return (
        f":20:A\n:25:FR7699999012340004567890197\n:28C:1/1\n:60F:C260201EUR0,00\n{movement * entries}"
        f":62F:C260202EUR{entries},00\n"
    ).encode()


def ofx(entries: int) -> bytes:
    entry = f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260202<TRNAMT>1.00<FITID>A<NAME>{TEXT}</STMTTRN>"
    return (
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"
        f"<BANKTRANLIST>{entry * entries}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


FORMATS: dict[str, Callable[[int], bytes]] = {"camt": camt, "cfonb": cfonb, "mt940": mt940, "ofx": ofx}


def resident() -> int:
    """Kibibytes that this process holds now."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def measure(name: str, entries: int) -> None:
    raw = FORMATS[name](entries)
    rest, most, parts, started = resident(), 0, 0, time.perf_counter()
    for block in bank_file.blocks_of(raw):
        parts += len(block)
        most = max(most, resident())
    seconds, child = time.perf_counter() - started, (most - rest) >> 10
    assert parts == entries + 2  # a head and an end
    sys.stdout.write(f"{name:6} {len(raw) / (1 << 20):5.1f} MiB  {seconds:5.1f} s  +{child} MiB\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    asked = parser.parse_args()
    for name in FORMATS:
        process = get_context("spawn").Process(target=measure, args=(name, asked.entries))
        process.start()
        process.join()


if __name__ == "__main__":
    main()

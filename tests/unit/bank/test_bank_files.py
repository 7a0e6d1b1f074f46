"""Bank files: each sample reads as a person reads it, and nothing that is cut off or changed proves anything."""

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bank.reading import bank_file
from services.bank.reading.errors import (
    BankFileError,
    BankFileMarkup,
    DamagedBankFile,
    EmptyBankFile,
    NoStatement,
    NotABankFile,
)
from services.bank.reading.statements import BOOKED, Statement, assembled

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


def read(raw: bytes) -> list[Statement]:
    return list(assembled(bank_file.read(io.BytesIO(raw))))


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_reads_as_a_person_reads_it(name: str) -> None:
    expected = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))["statements"]
    assert [told(one, len_of(want)) for one, want in zip(read(sample(name)), expected, strict=True)] == [
        wanted(one) for one in expected
    ]


def len_of(want: dict[str, Any]) -> list[int]:
    return [len(entry["texts"]) for entry in want["entries"]]


def told(one: Statement, texts: list[int]) -> dict[str, Any]:
    return {
        "account": one.account,
        "currency": one.currency,
        "id": one.id,
        "sequence": one.sequence,
        "copy": one.copy,
        "from": one.head.format.startswith("camt") or one.end.from_date,  # of a CAMT the person read no days
        "to": one.head.format.startswith("camt") or one.end.to_date,
        "opening": one.opening,
        "closing": one.closing,
        "rolls": None if one.difference is None else one.rolls,
        "findings": list(one.findings),
        "entries": [
            (
                str(entry.amount), entry.status, entry.reversal, entry.booking_date, entry.value_date,
                entry.reference, entry.end_to_end_id, list(entry.texts[:count]),
            )
            for entry, count in zip(one.entries, texts, strict=True)
        ],
    }  # fmt: skip


def wanted(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": one["account"],
        "currency": one["currency"],
        "id": one["id"] or "",
        "sequence": one["sequence"] or "",
        "copy": one["copy"] or "",
        "from": one["format"].startswith("camt") or day(one["from"]),
        "to": one["format"].startswith("camt") or day(one["to"]),
        "opening": one["opening"] and Decimal(one["opening"]),
        "closing": one["closing"] and Decimal(one["closing"]),
        "rolls": one["rolls"],
        "findings": one["findings"],
        "entries": [
            (
                entry["signed"], entry["status"], entry["reversal"], day(entry["booking"]), day(entry["value"]),
                entry["reference"] or "", entry["end_to_end"] or "", entry["texts"],
            )
            for entry in one["entries"]
        ],
    }  # fmt: skip


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    "name", ["camt053-08-reversal-pending.xml", "cfonb-classic.cfo", "mt940-german.sta", "mt940-slash.sta"]
)
def test_a_number_that_is_cut_at_a_lines_end_is_found_without_blanks(name: str) -> None:
    assert any("700103" in entry.searched for one in read(sample(name)) for entry in one.entries)


def test_the_opening_balance_of_a_french_statement_bears_the_date_of_the_day_before() -> None:
    days = [(one.from_date, one.to_date) for one in read(sample("cfonb-classic.cfo"))]
    assert days == [
        (date(2026, 1, 31), date(2026, 2, 2)),
        (date(2026, 2, 3), date(2026, 2, 3)),
        (date(2026, 2, 4), date(2026, 2, 4)),
    ]


@given(st.data())
def test_a_file_that_is_cut_off_proves_nothing_that_the_whole_file_does_not(data: st.DataObject) -> None:
    raw = sample(data.draw(st.sampled_from(NAMES)))
    part = raw[: data.draw(st.integers(0, len(raw) - 1))]
    assert proofs(part) <= proofs(raw)


@given(st.data())
def test_a_changed_byte_is_refused_or_leaves_a_statement_that_still_adds_up(data: st.DataObject) -> None:
    raw = bytearray(sample(data.draw(st.sampled_from(NAMES))))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for one in until_refused(bytes(raw)):
        booked = sum((entry.amount for entry in one.entries if entry.status == BOOKED), Decimal())
        assert not one.rolls or one.opening + booked == one.closing


def proofs(raw: bytes) -> set[tuple[Any, ...]]:
    return {
        (one.account, one.id, one.opening, one.closing, tuple(entry.amount for entry in one.entries))
        for one in until_refused(raw)
        if one.rolls
    }


def until_refused(raw: bytes) -> Iterator[Statement]:
    """Nothing of a refused file is stored."""
    try:
        yield from read(raw)
    except BankFileError:
        return


MOVEMENTS = st.lists(
    st.tuples(st.integers(-(10**13) + 1, 10**13 - 1), st.integers(0, 27), st.text("ABC 012", max_size=31)),
    max_size=8,
)


@given(opening=st.integers(-(10**12), 10**12), movements=MOVEMENTS, ends=st.sampled_from(["", "\r\n", "\n"]))
def test_cfonb_reads_what_a_bank_writes(
    opening: int, movements: list[tuple[int, int, str]], ends: str
) -> None:
    closing = opening + sum(cents for cents, _, _ in movements)
    records = [
        record("01", date(2026, 1, 31), opening),
        *(record("04", date(2026, 2, 1) + timedelta(days), cents, text) for cents, days, text in movements),
        record("07", date(2026, 2, 28), closing),
    ]
    (one,) = read(ends.join(records).encode("latin-1"))
    assert one.rolls
    assert (one.opening, one.closing) == (Decimal(opening).scaleb(-2), Decimal(closing).scaleb(-2))
    assert [(entry.amount, entry.booking_date, entry.texts) for entry in one.entries] == [
        (
            Decimal(cents).scaleb(-2),
            date(2026, 2, 1) + timedelta(days),
            (text.strip(),) if text.strip() else (),
        )
        for cents, days, text in movements
    ]


def record(kind: str, on: date, cents: int, text: str = "") -> str:
    digits, last = divmod(abs(cents), 10)
    sign = "}JKLMNOPQR"[last] if cents < 0 else "{ABCDEFGHI"[last]
    value = f"{on:%d%m%y}" if kind == "04" else ""
    written = f"{kind}99999    01234EUR2 00045678901  {on:%d%m%y}  {value:6}{text:31}"
    return f"{written:90}{digits:013}{sign}".ljust(120)


@given(opening=st.integers(-(10**12), 10**12), movements=MOVEMENTS)
def test_camt_reads_what_a_bank_writes(opening: int, movements: list[tuple[int, int, str]]) -> None:
    closing = opening + sum(cents for cents, _, _ in movements)
    (one,) = read(
        camt(opening, closing, "".join(entry(cents, days, text) for cents, days, text in movements))
    )
    assert one.rolls
    assert [(each.amount, each.booking_date) for each in one.entries] == [
        (Decimal(cents).scaleb(-2), date(2026, 2, 1) + timedelta(days)) for cents, days, _ in movements
    ]


def camt(opening: int, closing: int, entries: str, further: str = "", name: str = "S-1") -> bytes:
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
        f"<Id>{name}</Id>{further}<Acct><Id><IBAN>FR7699999012340004567890197</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def balance(code: str, cents: int) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(cents)}</Bal>"


def amount(cents: int, currency: str = "EUR") -> str:
    units = f"{abs(cents) // 100}.{abs(cents) % 100:02}"
    return f'<Amt Ccy="{currency}">{units}</Amt><CdtDbtInd>{"DBIT" if cents < 0 else "CRDT"}</CdtDbtInd>'


def entry(cents: int, days: int = 0, text: str = "", currency: str = "EUR") -> str:
    booked = date(2026, 2, 1) + timedelta(days)
    details = f"<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    return (
        f"<Ntry>{amount(cents, currency)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{booked}</Dt></BookgDt>"
        f"{details}</Ntry>"
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (camt(0, 100, entry(100), "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"), "control_total"),
        (camt(0, 100, entry(100, currency="USD")), "other_currency"),
        (camt(0, 100, entry(100).replace("<BookgDt><Dt>2026-02-01</Dt></BookgDt>", "")), "no_booking_date"),
        (camt(0, 100, entry(100) + balance("OPBD", 5)), "balances_differ"),
        (camt(0, 100, entry(100), "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>"), "pages_missing"),
        (camt(0, 100, entry(100), "<StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>"), "pages_missing"),
    ],
)  # fmt: skip
def test_a_statement_that_adds_up_proves_nothing_where_something_contradicts_it(
    raw: bytes, code: str
) -> None:
    (one,) = read(raw)
    assert one.difference == 0
    assert [finding.code for finding in one.findings] == [code]
    assert not one.rolls


def test_the_pages_of_a_statement_are_one_statement() -> None:
    def page(number: int, last: str) -> str:
        return f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>"

    first = camt(0, 70, entry(100), page(1, "false"))
    second = camt(70, 30, entry(-70), page(2, "true"))
    inner = second[second.index(b"<Stmt>") : second.index(b"</BkToCstmrStmt>")]
    (one,) = read(first.replace(b"</BkToCstmrStmt>", inner + b"</BkToCstmrStmt>"))
    assert (one.opening, one.closing, len(one.entries), one.rolls) == (0, Decimal("0.30"), 2, True)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", EmptyBankFile),
        (b" \r\n", EmptyBankFile),
        (b"PK\x03\x04zip", NotABankFile),
        (b"Account;Settlement ID\r\nM;1\r\n", NotABankFile),
        (b"<html><body>sign in</body></html>", NotABankFile),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Document/>', BankFileMarkup),
        (camt(0, 0, entry(100).replace('<Amt Ccy="EUR">1.00</Amt>', "")), DamagedBankFile),
        (camt(0, 0, entry(100).replace("CRDT", "")), DamagedBankFile),
        (camt(0, 0, entry(100))[:-20], DamagedBankFile),
        (record("04", date(2026, 2, 1), 1).encode(), NotABankFile),
        ((record("01", date(2026, 2, 1), 1) + record("01", date(2026, 2, 1), 1)).encode(), DamagedBankFile),
        (record("01", date(2026, 2, 1), 1).encode(), DamagedBankFile),
        (record("01", date(2026, 2, 1), 1).replace("010226", "310226").encode(), DamagedBankFile),
        (b":20:A\n:25:X\n:60F:C260201EUR1,00\n:61:26zz\n:62F:C260202EUR2,00\n", DamagedBankFile),
        (b"<OFX></OFX>", NoStatement),
    ],
)
def test_a_file_that_is_none_or_is_damaged_is_refused(raw: bytes, error: type[BankFileError]) -> None:
    with pytest.raises(error):
        list(bank_file.statements(raw))


MT940 = (
    ":20:A\n:25:FR7699999012340004567890197\n:28C:7/1\n:60F:C260201EUR1,00\n:61:2602010201C1,50NTRFNONREF//B1\n:86:HIPAY\n"
    ":62F:C260202EUR2,50\n"
)


def test_an_amount_of_mt940_is_read_whole_or_not_at_all() -> None:
    """The library would read 1, 1 and 2 of these, which add up."""
    (one,) = read(MT940.encode())
    assert (one.opening, one.entries[0].amount, one.rolls) == (Decimal(1), Decimal("1.50"), True)
    with pytest.raises(DamagedBankFile):
        read(MT940.replace("1,00", "1.00").replace("1,50", "1.50").replace("2,50", "2.50").encode())


@pytest.mark.parametrize(
    "written",
    ["1.50", "1.500,00", "1 500,00", "1'500,00", "1,500,00", "1234567890123,50", "", "\u0661,50"],
)
def test_a_movement_of_mt940_whose_amount_is_written_otherwise_is_refused(written: str) -> None:
    with pytest.raises(DamagedBankFile) as refused:
        read(MT940.replace("C1,50", f"C{written}").encode())
    assert refused.value.place == 5


@pytest.mark.parametrize("first", ["2,50", "9,00"])
def test_two_closing_balances_of_mt940_are_refused(first: str) -> None:
    with pytest.raises(DamagedBankFile):
        read(MT940.replace(":62F:", f":62F:C260202EUR{first}\n:62F:").encode())


def test_a_closing_balance_of_mt940_in_another_currency_proves_nothing() -> None:
    (one,) = read(MT940.replace("EUR2,50", "USD2,50").encode())
    assert ([finding.code for finding in one.findings], one.rolls) == (["balances_differ"], False)


def test_the_sheets_of_mt940_are_one_statement_although_each_has_an_id_of_its_own() -> None:
    first = MT940.replace(":62F:", ":62M:")
    second = (
        MT940.replace(":20:A", ":20:B")
        .replace(":28C:7/1", ":28C:7/2")
        .replace(":60F:C260201EUR1,00", ":60M:C260201EUR2,50")
    )
    (one,) = read(
        (
            first
            + second.replace("EUR2,50\n", "EUR4,00\n").replace(":60M:C260201EUR4,00", ":60M:C260201EUR2,50")
        ).encode()
    )
    assert (one.opening, one.closing, len(one.entries), one.rolls) == (Decimal(1), Decimal(4), 2, True)


def test_a_thirtieth_of_february_is_the_last_day_of_the_month() -> None:
    (one,) = read(MT940.replace(":61:2602010201", ":61:2602300230").encode())
    assert (one.entries[0].value_date, one.entries[0].booking_date) == (date(2026, 2, 28), date(2026, 2, 28))


def cfonb_records() -> list[str]:
    on = date(2026, 2, 1)
    return [record("01", on, 0), record("04", on, 100, "A"), record("07", on, 100)]


@pytest.mark.parametrize(
    "written",
    [
        "\r\n".join(one.ljust(128) for one in cfonb_records()),
        "".join(cfonb_records()) + " " * 240,
        (" " * 120).join(cfonb_records()),
        "\n\n".join(one.rstrip() for one in cfonb_records()),
    ],
)
def test_blanks_that_fill_up_lines_or_a_file_of_cfonb_are_no_records(written: str) -> None:
    (one,) = read(written.encode())
    assert (one.closing, len(one.entries), one.rolls) == (Decimal(1), 1, True)


def test_a_new_balance_of_cfonb_in_another_currency_closes_nothing() -> None:
    old, movement, new = cfonb_records()
    with pytest.raises(DamagedBankFile):
        read((old + movement + new.replace("EUR", "USD")).encode())


def ofx(entries: str) -> bytes:
    return (
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"
        f"<BANKTRANLIST>{entries}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


MOVEMENT = "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260201<TRNAMT>1.00<FITID>a"


@pytest.mark.parametrize("entries", [MOVEMENT, MOVEMENT + MOVEMENT + "</STMTTRN>"])
def test_an_entry_of_ofx_without_its_end_is_refused_and_not_left_out(entries: str) -> None:
    with pytest.raises(DamagedBankFile):
        read(ofx(entries))


def test_an_entry_of_ofx_in_another_currency_is_named() -> None:
    currency = "<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY></STMTTRN>"
    (one,) = read(ofx(MOVEMENT + currency))
    assert (one.entries[0].currency, [finding.code for finding in one.findings]) == (
        "USD",
        ["other_currency"],
    )
    (one,) = read(ofx(MOVEMENT + currency.replace("CURRENCY", "ORIGCURRENCY")))
    assert (one.entries[0].currency, one.findings) == ("EUR", ())


def test_no_sum_is_rounded_however_many_digits_it_has() -> None:
    large, tiny = "123456789012345678", "0.0000000000001"
    raw = (
        camt(7, 7, entry(9))
        .replace(b">0.07<", f">{large}<".encode())
        .replace(b">0.09<", f">{tiny}<".encode())
    )
    (one,) = read(raw)
    assert (one.difference, one.rolls) == (Decimal(tiny), False)


def test_an_entry_inside_another_element_is_refused() -> None:
    with pytest.raises(DamagedBankFile):
        read(camt(0, 100, f"<Other>{entry(100)}</Other>"))


@pytest.mark.parametrize(
    "raw", [MT940.encode(), "".join(cfonb_records()).encode(), ofx(MOVEMENT + "<NAME>A</STMTTRN>")]
)
def test_a_nul_in_a_text_is_a_blank(raw: bytes) -> None:
    """PostgreSQL stores none."""
    (one,) = read(
        raw.replace(b"HIPAY", b"HI\0AY").replace(b"A  ", b"A\0 ").replace(b"<NAME>A", b"<NAME>A\0B")
    )
    assert not any("\0" in text for each in one.entries for text in (*each.texts, each.searched))


def test_statements_come_whole_out_of_the_child_that_reads() -> None:
    statements = list(bank_file.statements(sample("cfonb-classic.cfo")))
    assert [one.closing for one in statements] == [Decimal("337.70"), Decimal("-2.30"), Decimal("-2.30")]

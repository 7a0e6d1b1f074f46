"""Inputs that made a reader's time grow with their square, for every reader of what comes from outside (`growth`)."""

import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from pages.components.markdown import plain
from services import money
from services.bulk import columns, table
from services.bulk.heading import ChosenColumns
from services.hipay import finance_notifications, notifications, observations
from services.mail.addresses import clean_block_text, clean_header_text, parse_address
from services.mail.reports import read_report
from services.orders.email_typos import suggestion
from services.settlements import amounts, archive, dates, placeholders
from services.spreadsheets import lost, web
from services.spreadsheets.faults import Faults
from services.spreadsheets.formats import Formats
from services.text import bounded_json, currency_signs, folding, headings
from services.text.address_tokens import address_tokens
from services.text.normal_forms import normalised
from tests.support.growth import Case
from tests.support.settlement_reading import read
from tests.support.tables import as_xlsx, repacked, row
from tests.unit.settlements.writing import ENGLISH

# What texts repeat: blanks, separators, signs, digits, letters that are put together, beginnings of marks.
_UNITS = (
    " ", "\t", "\u00a0", "\n", "\r", " \n", "-", "- ", ".", ",", "1", "1,", "1 ", "0", "a", "aB", "(", "<", "<a", "=", "=x ", '"', "'",
    "#", "n ", "n/", "@", "a@", ":", "/", "_", "e\u0301\u0323", "\u0301\u0323", "EUR ", "€", "**", "&#", "+", "55 5.1.1", "\u2028",
)  # fmt: skip
_AROUND = (("", ""), ("1", "x"), ("n", "b"), ("=", "\nb"))
_NO_SEPARATOR = tuple(unit for unit in _UNITS if not set(unit) & set('\r\n"'))


def _texts(size: int) -> list[str]:
    each = size // (len(_UNITS) * len(_AROUND))
    return [before + unit * (each // len(unit)) + after for unit in _UNITS for before, after in _AROUND]


def _searches(size: int) -> list[str]:
    units = ("a", "é -’", "06 ", "+", "(", "0", "ab ", "—")
    return [unit * (size // len(units) // len(unit)) for unit in units]


def _raw(size: int) -> list[bytes]:
    return [text.encode() for text in _texts(size)]


def _line(**cells: str) -> str:
    plain_line = {
        "Account": "1",
        "Date": "2024-03-25",
        "Settlement ID": "7",
        "Transaction ID": "800001",
        "Order": "C-1",
        "Operation": "Sale",
        "Original amount": "1.00",
        "Original currency": "EUR",
        "Settled amount": "1.00",
        "Settlement currency": "EUR",
    }
    return ";".join(
        (plain_line | {name.replace("_", " "): cell for name, cell in cells.items()}).get(name, "")
        for name in ENGLISH
    )


_HEAD = ";".join(ENGLISH)


def _settlement_cells(*names: str) -> Callable[[int], list[bytes]]:
    def build(size: int) -> list[bytes]:
        each = size // (len(_NO_SEPARATOR) * len(names))
        rows = [
            _line(**dict.fromkeys(names, "1" + unit * (each // len(unit)) + "x")) for unit in _NO_SEPARATOR
        ]
        return ["\n".join((_HEAD, _line(), *rows, _line(), "")).encode()]

    return build


def _rows(head: str, line: str) -> Callable[[int], list[bytes]]:
    return lambda size: [f"{head}\n{line * (size // len(line))}".encode()]


def _more_headings(head: str, line: str) -> Callable[[int], list[bytes]]:
    return lambda size: [f"{head};{'Order;' * (size // 6)}\n{line}\n".encode()]


_LIST = "N° de commande;Montant;Devise;Date;Référence 1"


def _list_cells(size: int) -> list[bytes]:
    each = size // (5 * len(_NO_SEPARATOR))
    rows = [";".join(["1" + unit * (each // len(unit)) + "x"] * 5) for unit in _NO_SEPARATOR]
    return ["\n".join((_LIST, *rows)).encode()]


def _list_heads(size: int) -> list[bytes]:
    each = size // len(_NO_SEPARATOR)
    return [f"{_LIST};{unit * (each // len(unit))}\n1;1;EUR;;".encode() for unit in _NO_SEPARATOR]


def _list(raw: bytes) -> object:
    return table._read(raw, columns.EXPECTED, 100_000, ChosenColumns(), Path())  # here, where it is measured


_REPORT = b"From: MAILER-DAEMON@x.example\nSubject: Undelivered\n"
_PARTS = b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
_STATUS = _REPORT + _PARTS + b"--b\nContent-Type: message/delivery-status\n\n"
_MOST_MAIL = 512 * 1024


def _mails(size: int) -> list[bytes]:
    """Bodies of each kind of text, in prose and as a web page."""
    kinds = (
        b"\n",
        b"Content-Type: text/html; charset=utf-8\n\n",
        b"Content-Type: text/plain; charset=utf-8\n\n",
    )
    return [_REPORT + kind + text for kind in kinds for text in _raw(size // len(kinds))]


def _headers(size: int) -> list[bytes]:
    units = (b";", b'";', b"a=b;", b"=?utf-8?q?a?= ", b"<a@b> ", b"(", b"a,", b"\xcc\x81\xcc\xa3", b"x\n ")
    names = (b"Content-Type: a/b;", b"Subject: ", b"From: ", b"References: ", b"X-Failed-Recipients: ")
    each = size // (len(units) * len(names))
    return [
        name + unit * (each // len(unit)) + b"\n" + _REPORT + b"\n550 5.1.1 no"
        for unit in units
        for name in names
    ]


def _nested(size: int) -> list[bytes]:
    part = b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n'
    many = b"".join(part % (number, number) for number in range(size // 100))
    few = b"".join(part % (number, number) for number in range(20)) + b"x\n" * (size // 4)
    letters = b"Content-Type: message/rfc822\n\n" * (size // 100)
    return [_REPORT + many, _REPORT + few, _REPORT + letters, _REPORT + _PARTS + b"--b\n\n" * (size // 20)]


def _groups(size: int) -> list[bytes]:
    return [
        _STATUS + unit * (size // 2 // len(unit))
        for unit in (b"Status: 5.1.1\nAction: failed\n\n", b"Final-Recipient: rfc822;" + b"+4" * 40 + b"\n\n")
    ]


def _pages(size: int) -> list[bytes]:
    marks = (
        "<",
        "<b",
        "</",
        "</td",
        "<td>",
        "<tr>",
        "<td a='",
        '<td a="',
        "<td a=",
        "<!--",
        "<!",
        "<![CDATA[",
        "<?",
        "<script>",
        "<table>",
        "<td rowspan=9999 colspan=200>",
        "&#x",
        "&#9",
        "<br>",
        "<caption>",
        "&nbsp;",
    )
    each = size // len(marks)
    return [f"<html><table><tr><td>1{mark * (each // len(mark))}".encode() for mark in marks]


_SHEET, _WORKBOOK = "xl/worksheets/sheet1.xml", as_xlsx([row(1)])


def _books(size: int) -> list[Path]:
    """Workbooks of one sheet whose XML repeats what is never closed, in XLSX and in ODS."""
    marks = (
        b"<c t='e'>",
        b"<c><f>",
        b'<c t="e"',
        b"<c t='e'/>",
        b"<c><f/></c>",
        b"<c t='e'><v>#N/A</v></c>",
        b'<row "',
        b"<row>",
        b"t='e' ",
        b"<x:row>",
        b"<c r='A1' s='1' ",
    )
    ods = (
        b"<table:table-row>",
        b'<table:table-row "',
        b"<table:table-row a",
        b"<table:table-cell '",
        b"<table:table-cell table:formula='x'>",
        b"<text:p>",
        b"<text:p x",
    )
    folder, each = Path(tempfile.mkdtemp(prefix="growth-")), size // (len(marks) + len(ods))
    found = []
    for number, mark in enumerate((*marks, *ods)):
        text, path = mark * (each // len(mark)), folder / str(number)
        if mark in marks:
            path.write_bytes(repacked(_WORKBOOK, _SHEET, b"<worksheet><sheetData><row r='1'>" + text))
        else:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr("content.xml", b"<table:table><table:table-row>" + text)
        found.append(path)
    return found


def _faults(path: Path) -> None:
    found = Faults(path)
    found.of(0)
    Formats(path, found.parts).of(0)


def _archive(members: int, size: int) -> Path:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(members):
            file.writestr(f"{number}.csv", b"a;b\n" * (size // 4))
    path = Path(tempfile.mkdtemp(prefix="growth-")) / "z.zip"
    path.write_bytes(raw.getvalue())
    return path


def _unpack(path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        archive._unpack_all(path, Path(folder), archive.MOST_UNPACKED)


def _json(size: int) -> list[str]:
    units = ("[", '{"a":', "1", '"\\"', "[],", "1e", '{"a":1},', "\\", " ", "9.")
    return [unit * (size // len(units) // len(unit)) for unit in units] + [
        "[" + "1," * (size // 20) + "1]",
        "{" + ",".join(f'"{n}":1' for n in range(size // 100)) + "}",
    ]


def _forms(size: int) -> list[bytes]:
    units = (b"&", b"a&", b"a=1&", b"%41", b"+", b"[a]", b"settlement[", b"token", b"=", b";")
    return [unit * (size // len(units) // len(unit)) for unit in units] + [
        b"settlement" + b"[settlement]" * (size // 20) + b"[reference]=1"
    ]


def _form(raw: bytes) -> None:
    notifications.stripped(raw, None)
    finance_notifications.parse_finance(raw, None)


def _xml(size: int) -> list[bytes]:
    units = (b"<a>", b"<a/>", b"<a b='", b"&lt;", b"<!--x-->", b"<a xmlns='b'>", b" ", b"<![CDATA[x]]>")
    each = size // len(units)
    return [b"<n>" + unit * (each // len(unit)) + b"</n>" for unit in units]


def _notification(raw: bytes) -> None:
    notifications.stripped(raw, "text/xml")
    notifications.read_fields(raw, "text/xml")


money.parse("1", "EUR", "fr")  # has what it needs once loaded before anything is measured
READERS: dict[str, Case] = {
    "payout file: amounts": Case(read, _settlement_cells("Settled amount", "Original amount"), start=64_000),
    "payout file: dates, references": Case(read, _settlement_cells("Date", "Order", "Transaction ID"), start=64_000),
    "payout file: operations, accounts": Case(read, _settlement_cells("Operation", "Account", "Settlement ID"), start=128_000),
    "payout file: rows": Case(read, _rows(_HEAD, _line() + "\n"), start=128_000),
    "payout file: short rows": Case(read, _rows(_HEAD, "1;2\n"), start=8_000),
    "payout file: blank rows": Case(read, _rows(_HEAD, "\n"), start=16_000),
    "payout file: stray quotes": Case(read, _rows(_HEAD, '"\n'), start=16_000),
    "payout file: rows within a quote": Case(read, _rows(_HEAD, '"' + _line() + "\n" + _line() + '"\n'), start=512_000),
    "payout file: separators": Case(read, _rows(_HEAD, ";"), start=256_000),
    "payout file: headings": Case(read, _more_headings(_HEAD, _line()), start=524_288),
    "list: cells": Case(_list, _list_cells, start=256_000),
    "list: headings": Case(_list, _list_heads, start=96_000),
    "list: many headings": Case(_list, _more_headings(_LIST, "1;1;EUR;;"), start=524_288),
    "list: rows": Case(_list, _rows(_LIST, "1;1;EUR;;\n"), start=16_000),
    "list: separators": Case(_list, _rows(_LIST, ";"), start=384_000),
    "list: stray quotes": Case(_list, _rows(_LIST, '"\n'), start=192_000),
    "web page": Case(lambda raw: web.tables(raw, 150_001, 200), _pages, start=192_000),
    "workbook": Case(_faults, _books, start=384_000),
    "ZIP: members": Case(_unpack, lambda size: [_archive(size // 1_000, 1_000)], largest=1 << 21, start=1_000_000),
    "ZIP: one long member": Case(_unpack, lambda size: [_archive(1, size)], start=1_000_000),
    "mail: bodies": Case(read_report, _mails, largest=_MOST_MAIL * 3, start=64_000),
    "mail: headers": Case(read_report, _headers, largest=_MOST_MAIL * 3, start=786_432),
    "mail: nested": Case(read_report, _nested, largest=_MOST_MAIL, start=32_000),
    "mail: groups": Case(read_report, _groups, largest=_MOST_MAIL, start=224_000),
    "JSON": Case(bounded_json.read, _json, start=1_000_000),
    "custom data": Case(observations.custom_data, _json, start=1_000_000),
    "form": Case(_form, _forms, start=480_000),
    "addresses of a body": Case(address_tokens, _raw, start=512_000),
    "XML": Case(_notification, _xml, start=256_000),
    "search": Case(folding.wanted, _texts, start=768_000),
    "search: words": Case(folding.words, _searches, start=512_000),
    "search: numbers": Case(folding.wanted, _searches, start=512_000),
    "search: keys": Case(folding.typed, _searches, start=512_000),
    "search: names": Case(lambda text: folding.name_parts(text, text, text), _searches, start=128_000),
    "search: folded": Case(folding.folded, _searches, start=512_000),
    "searched": Case(lambda text: folding.searched((text, text), (text,), text, text), _texts, start=256_000),
    "searched: numbers, names": Case(lambda text: folding.searched((text, ""), (text,), text, text), _searches, start=128_000),
    "Markdown": Case(plain, _texts, start=256_000),
    "normal forms": Case(lambda text: normalised("NFKD", text), _texts, start=1_000_000),
    "address": Case(parse_address, _texts, start=512_000),
    "name, subject": Case(lambda text: clean_header_text(text, "name"), _texts, start=512_000),
    "signature, footer": Case(lambda text: clean_block_text(text, "footer"), _texts, start=256_000),
    "heading": Case(headings.words, _texts, start=768_000),
    "amount that is typed": Case(lambda text: money.parse(text, "EUR", "fr"), _texts, start=1_000_000),
    "amount of a file": Case(lambda text: (amounts.hint(text), amounts.to_units(text, ",", None)), _texts, start=768_000),
    "sign of a currency": Case(lambda text: (currency_signs.split(text), currency_signs.meanings(text)), _texts, start=1_000_000),
    "date": Case(lambda text: (dates.to_iso(text, "dmy"), dates.looks_like_one(text)), _texts, start=1_000_000),
    "no id": Case(lambda text: (placeholders.says_none(text), lost.why_lost(text)), _texts, start=1_000_000),
    "mistyped address": Case(lambda text: suggestion("a@" + text), _texts, start=1_000_000),
}  # fmt: skip

# A pattern of a delivery report as it once stood here: it begins anew at each dash of a run.
_REPORTS_END = re.compile(
    r"below this line is a copy|-+ ?original message|^message-id:", re.IGNORECASE | re.MULTILINE
)
FORMER: dict[str, Case] = {
    "former end of a report": Case(_REPORTS_END.search, lambda size: ["-" * size], start=2_800),
}
CASES = READERS | FORMER

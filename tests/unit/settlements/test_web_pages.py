"""Web pages that are called XLS: their tables are read as sheets; and workbooks that a password protects."""

import io
import zipfile
from collections.abc import Callable
from html import escape

import pytest

from services.bulk import table
from services.bulk.columns import EXPECTED
from services.bulk.errors import ColumnsMissing, NotATable
from services.settlements.errors import NotASettlementFile
from services.spreadsheets import web
from services.spreadsheets.errors import SheetLocked
from tests.support.settlement_reading import detect, read
from tests.support.workbooks import cells, ods, xls
from tests.unit.settlements.writing import ENGLISH, Style, sale, write


def page(rows: list[list[str]], head: str = "", around: str = "{}") -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><head>{head}<style>td {{color: red}}</style></head><body>{around.format(f'<table border=1>{body}</table>')}</body></html>"


CSV = write(
    [sale(Order="00012", Account_name="Café & Été <1>"), sale(Order="A2")], Style(decimal=",")
).decode()
ROWS = [line.split(";") for line in CSV.split("\r\n")[:-1]]


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "cp1252"),
        ("", "utf-16"),
        ("<meta charset='utf-8'>", "utf-8"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ('<META http-equiv=Content-Type content="text/html; charset=macintosh">', "mac_roman"),
        ("<meta charset=no-such>", "utf-8"),
    ],
)
def test_a_page_with_the_table_is_read_as_the_table(head: str, encoding: str) -> None:
    found = read(page(ROWS, head).encode(encoding))
    assert found.lines["order"].tolist() == ["00012", "A2"]
    assert found.lines["account_name"].tolist() == ["Café & Été <1>", "Café Été"]
    assert found.lines["settled_amount_units"].tolist() == [100_0000, 100_0000]
    assert found.lines["line"].tolist() == [2, 3]


@pytest.mark.parametrize(
    "start",
    [
        "\ufeff",
        "  \r\n",
        "<!-- made by X -->",
        "<!DOCTYPE html>\n",
        '<?xml version="1.0"?>\n<!DOCTYPE html>\n',
    ],
)
def test_however_it_begins(start: str) -> None:
    assert len(read((start + page(ROWS)).encode()).lines) == 2


def test_the_table_within_tables_is_found_and_the_others_are_named() -> None:
    around = "<table><caption>Menu</caption><tr><td>Home</td><td>Payouts {}</td></tr></table>"
    found = read(page(ROWS, around=around).encode())
    assert found.lines["order"].tolist() == ["00012", "A2"]


def test_cells_over_several_places_move_nothing_and_stand_once() -> None:
    html = """<table><tr><th colspan=2>a<th>b<tr><td rowspan="2">1<td>2<td>3<tr><td>4<td>5</tr>
      <tr><td>x<br>y<td>&nbsp;1&nbsp;250,00&nbsp;&euro;<td> <b>bo</b>ld </td></tr></table><script>var x = "<td>no</td>"</script>"""
    [found] = web.tables(html.encode(), 10, 10)
    assert found.rows == [
        ["a", "", "b"],
        ["1", "2", "3"],
        ["", "4", "5"],
        ["x\ny", "1\xa0250,00\xa0€", "bold"],
    ]


def test_a_page_that_breaks_off_and_spans_without_end() -> None:
    [found] = web.tables(b"<table><tr><td colspan=99999999999>a<td colspan=999999>b<td rowspan=0>c", 10, 5)
    assert found.rows == [["a", "b", "", "", ""]]
    many = web.tables(b"<table><tr><td>1" * 500, 10, 5)
    assert len(many) == web.MOST_TABLES
    [long] = web.tables(b"<table>" + b"<tr><td>1" * 50, 10, 5)
    assert (long.long, len(long.rows)) == (True, 11)


@pytest.mark.parametrize(
    "html",
    [
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        b"<html><form><table><tr><td>Login</td><td><input></td></tr></table></form></html>",
        b"<html><frameset rows='*'><frame src='sheet001.htm'></frameset></html>",
    ],
)
def test_a_page_without_the_table_is_a_web_page(html: bytes) -> None:
    with pytest.raises(NotASettlementFile) as refused:
        read(html)
    assert refused.value.looks_like == "html"


def test_a_page_saved_whole_is_named() -> None:
    with pytest.raises(NotASettlementFile) as refused:
        read(b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n<table>")
    assert refused.value.looks_like == "mhtml"


def test_what_hides_behind_the_name_of_a_spreadsheet_is_read_as_what_it_is() -> None:
    assert len(read(write([sale()], Style(delimiter="\t", encoding="utf-16"))).lines) == 1


def test_a_table_of_orders_may_be_a_page() -> None:
    rows = [["Order id", "Amount", "Invoice number"], ["0012", "12,50", "11/2026"]]
    read_ = table.read(page(rows).encode("cp1252"), EXPECTED, 10)
    assert [line.cells["order_id"] for line in read_.lines] == ["0012"]
    assert not read_.lines[0].dates
    with pytest.raises(NotATable):
        table.read(b"<html>Not found</html>", EXPECTED, 10)
    with pytest.raises(ColumnsMissing):
        table.read(page([["a", "b"], ["c", "d"]]).encode(), EXPECTED, 10)


# Passwords


def encrypted_xlsx() -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 1016
        + "EncryptionInfo\0EncryptedPackage\0".encode("utf-16-le")
        + b"\x00" * 900
    )


def encrypted_xls() -> bytes:
    raw = bytearray(xls([ENGLISH, cells(sale())]))
    assert raw[512:514] == b"\x09\x08"
    raw[532:534] = b"\x2f\x00"  # the record behind the first
    return bytes(raw)


def encrypted_ods() -> bytes:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(ods([ENGLISH, cells(sale())]))) as plain,
        zipfile.ZipFile(made, "w") as archive,
    ):
        for entry in plain.infolist():
            if entry.filename == "content.xml":
                archive.writestr(entry, b"\x8f" * 64)
            elif entry.filename != "META-INF/manifest.xml":
                archive.writestr(entry, plain.read(entry))
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>',
        )
    return made.getvalue()


def packed_ods() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("encrypted-package", b"\x8f" * 64)
    return made.getvalue()


@pytest.mark.parametrize("make", [encrypted_xlsx, encrypted_xls, encrypted_ods, packed_ods])
def test_a_workbook_with_a_password_says_so(make: Callable[[], bytes]) -> None:
    with pytest.raises(SheetLocked):
        detect(make())
    with pytest.raises(SheetLocked):
        table.read(make(), EXPECTED, 10)


def test_workbooks_without_one_are_read() -> None:
    for made in (xls([ENGLISH, cells(sale(Account_name="EncryptedPackage"))]), ods([ENGLISH, cells(sale())])):
        assert len(read(made).lines) == 1

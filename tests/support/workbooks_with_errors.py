"""Workbooks whose cells are errors, or formulas that were never computed, written as other programs write them."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

import xlsxwriter
import xlwt


@dataclass(frozen=True)
class Error:
    """A formula that comes to an error."""

    text: str = "#REF!"


@dataclass(frozen=True)
class Formula:
    """One without its result; with ``result``, one that has it."""

    text: str = "B2*1.2"
    result: str | None = None


Cell = str | Decimal | Error | Formula
Rows = Sequence[Sequence[Cell]]


def xlsx(rows: Rows) -> bytes:
    """As openpyxl writes it: a formula has no value, and the file asks to be computed when it is opened."""
    return _xlsx(rows, lambda text: f"<f>{text}</f><v></v>", prefix="", computed=False)


def xlsx_zero(rows: Rows) -> bytes:
    """As XlsxWriter writes it: a formula's value is 0, and the file asks to be computed when it is opened."""
    return _xlsx(rows, lambda text: f"<f>{text}</f><v>0</v>", prefix="", computed=False)


def xlsx_bare(rows: Rows) -> bytes:
    """No cell says where it stands, every name has a prefix, and a formula has no value element at all."""
    return _xlsx(rows, lambda text: f"<x:f>{text}</x:f>", prefix="x:", computed=True)


def _xlsx(rows: Rows, formula: Callable[[str], str], *, prefix: str, computed: bool) -> bytes:
    def cell(value: Cell, place: int, row: int) -> str:
        at = "" if prefix else f' r="{_letters(place)}{row}"'
        match value:
            case Error(text):
                kind, content = ' t="e"', f"<{prefix}f>A1</{prefix}f><{prefix}v>{text}</{prefix}v>"
            case Formula(text, None):
                kind, content = "", formula(escape(text))
            case Formula(text, result):
                kind, content = "", f"<{prefix}f>{escape(text)}</{prefix}f><{prefix}v>{result}</{prefix}v>"
            case Decimal():
                kind, content = "", f"<{prefix}v>{value}</{prefix}v>"
            case _:
                kind = ' t="inlineStr"'
                content = f"<{prefix}is><{prefix}t>{escape(value)}</{prefix}t></{prefix}is>"
                if not value:
                    kind, content = "", ""
        return f"<{prefix}c{at}{kind}>{content}</{prefix}c>"

    sheet = (
        f'<?xml version="1.0"?><{prefix}worksheet xmlns{":x" if prefix else ""}="{_MAIN}"><{prefix}sheetData>'
    )
    for number, row in enumerate(rows, 1):
        at = "" if prefix else f' r="{number}"'
        cells = "".join(cell(value, place, number) for place, value in enumerate(row))
        sheet += f"<{prefix}row{at}>{cells}</{prefix}row>"
    sheet += f"</{prefix}sheetData></{prefix}worksheet>"
    empty, out = io.BytesIO(), io.BytesIO()
    book = xlsxwriter.Workbook(empty)
    book.add_worksheet()
    book.close()
    with zipfile.ZipFile(empty) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name).decode()
            if name == "xl/workbook.xml" and computed:
                part = part.replace(' fullCalcOnLoad="1"', "")
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else part)
    return out.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _letters(place: int) -> str:
    return chr(65 + place) if place < 26 else f"A{chr(65 + place - 26)}"


def xls(rows: Rows) -> bytes:
    """As xlwt writes it: a formula comes to an empty text."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            match value:
                case Error(text):
                    sheet.row(number).set_cell_error(place, {"#N/A": 42}.get(text, text))
                case Formula(text, None):
                    sheet.write(number, place, xlwt.Formula(text))
                case Formula(_, result):
                    sheet.write(number, place, Decimal(result or 0))
                case "":
                    pass
                case _:
                    sheet.write(number, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: Rows) -> bytes:
    """As LibreOffice writes it."""

    def cell(value: Cell) -> str:
        match value:
            case Error(text):
                return (
                    '<table:table-cell table:formula="of:=[.A1]" office:value-type="string" office:string-value="" '
                    f'calcext:value-type="error"><text:p>{text}</text:p></table:table-cell>'
                )
            case Formula(text, None):
                return f'<table:table-cell table:formula="of:={escape(text)}"/>'
            case Formula(text, result):
                return f'<table:table-cell table:formula="of:={escape(text)}" office:value-type="float" office:value="{result}"/>'
            case Decimal():
                return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
            case "":
                return '<table:table-cell table:number-columns-repeated="1"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    space, calc = (
        "urn:oasis:names:tc:opendocument:xmlns:",
        "urn:org:documentfoundation:names:experimental:calc:xmlns:",
    )
    table = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{space}office:1.0" '
        f'xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0" xmlns:calcext="{calc}calcext:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="S">{table}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            "</manifest:manifest>",
        )
    return out.getvalue()


WORKBOOKS: tuple[Callable[[Rows], bytes], ...] = (xlsx, xlsx_zero, xlsx_bare, xls, ods)

"""A small writer of settlement files, apart from the product: what it writes must read back to the same cents."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ENGLISH = (
    "Account,Account name,Date,Date value,Invoice reference,Settlement ID,Transaction ID,Order,Product name,"
    "Invoiced,Settled,Original amount,Original currency,Amount (Excl. Tax),Tax amount,Amount (Incl. Tax),Currency,"
    "Operation,Settled amount,Settlement currency,Original settlement ID,Customer ID,Merchant operation ID,"
    "Reporting data 1,Reporting data 2,Reporting data 3,Reporting data 4,Reporting data 5,Collect Mode,Transfer,"
    "Operation date"
).split(",")
FRENCH = (
    "Compte;Nom du compte;Date;Date de valeur;Référence facture;Identifiant du règlement;ID de transaction;"
    "N° de commande;Moyen de paiement;Facturé;Réglé;Montant d'origine;Devise d'origine;Montant (HT);Montant de la TVA;"
    "Montant (TTC);Devise;Type d'opération;Montant réglé;Devise de règlement;Identifiant du règlement d'origine;"
    "Identifiant client;ID opération marchand;Donnée de reporting 1;Donnée de reporting 2;Donnée de reporting 3;"
    "Donnée de reporting 4;Donnée de reporting 5;Mode de collecte;Date de virement;Date d'opération"
).split(";")
Cell = str | Decimal | date | None
Line = Mapping[str, Cell]


@dataclass(frozen=True)
class Style:
    delimiter: str = ";"
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    dates: str = "%Y-%m-%d"
    signed: bool = True
    headers: Sequence[str] = tuple(ENGLISH)
    above: str = ""
    newline: str = "\r\n"
    quoting: int = csv.QUOTE_MINIMAL


def sale(**cells: Cell) -> dict[str, Cell]:
    """A plausible line; cells by English header with blanks as underscores, amounts by what they are."""
    amount = cells.pop("amount", Decimal("100.00"))
    line: dict[str, Cell] = dict.fromkeys(ENGLISH)
    line |= {
        "Account": "987654",
        "Account name": "Café Été",
        "Date": date(2024, 3, 25),
        "Settlement ID": "123456",
        "Transaction ID": "800006445363",
        "Order": "A1",
        "Original amount": amount,
        "Original currency": "EUR",
        "Currency": "EUR",
        "Operation": "Sale",
        "Settled amount": amount,
        "Settlement currency": "EUR",
    }
    return line | {name.replace("_", " "): cell for name, cell in cells.items()}


def written(cell: Cell, style: Style) -> str:
    if isinstance(cell, Decimal):
        if not style.signed:
            cell = abs(cell)
        return f"{cell:,f}".translate({ord(","): style.thousands, ord("."): style.decimal})
    if isinstance(cell, date):
        return cell.strftime(style.dates)
    return cell or ""


def write(lines: Sequence[Line], style: Style | None = None) -> bytes:
    style = style or Style()
    text = io.StringIO(newline="")
    text.write(style.above)
    writer = csv.writer(text, delimiter=style.delimiter, lineterminator=style.newline, quoting=style.quoting)  # type: ignore[arg-type]
    writer.writerow(style.headers)
    writer.writerows([written(line[name], style) for name in ENGLISH] for line in lines)
    return text.getvalue().encode(style.encoding)

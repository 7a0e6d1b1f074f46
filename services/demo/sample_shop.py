"""The part of the sample month that does not use the order form: the shop's website sells, a list is sent at once, and a
template is saved.
"""

import csv
import io
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from services import clock
from services.access import Actor, Right, rights_on
from services.bulk import expected, request_table, sending
from services.bulk.rows import Rules
from services.desk import Desk
from services.hipay.fields import PageRequest
from services.hipay.sandbox import SandboxControl
from services.orders import templates
from services.orders.create import new_form_key
from services.orders.templates import Content, TemplateNameTaken

_LIST = (
    ("Clara", "Fontaine", "fr", "45.00"), ("Edward", "Hughes", "en", "45.00"), ("Matteo", "Ricci", "it", "60.00"),
    ("Jana", "Krüger", "de", "60.00"),
)  # fmt: skip


@dataclass
class Shop:
    """The shop's website in one attempt at the month. Its order numbers are new each time: HiPay takes none twice."""

    account: str
    number: str = field(default_factory=lambda: str(100_000 + secrets.randbelow(900_000)))
    listed: list[tuple[str, int, datetime]] = field(default_factory=list)  # order id, whole euros, when

    def sell(self, desk: Desk, sandbox: SandboxControl, day: int) -> None:
        """Sell two orders on the website, unknown to this application: one will be in the shop's list, the other never."""
        for known in (True, False):
            order_id, euros = f"WEB-{self.number}-{2 * day + known}", 49 + day + 30 * known
            request = PageRequest(
                order_id=order_id,
                description="Vente en ligne",
                amount_units=euros * 10_000,
                currency="EUR",
                operation="Sale",
                eci=7,
                language="fr_FR",
            )
            with desk.hipay(self.account) as hipay:
                hipay.create_page(request)
            sandbox.pay([order_id])
            if known:
                self.listed.append((order_id, euros, clock.now()))

    def send_list(self, desk: Desk, actor: Actor) -> list[str]:
        """Begin to send a table of payment requests. Returns their order ids."""
        table = [
            (
                "First name",
                "Last name",
                "E-mail address",
                "Amount",
                "Description",
                "Invoice number",
                "Order id",
                "Language",
            )
        ]
        ids = [f"ATELIER-{self.number}-{place}" for place in range(1, len(_LIST) + 1)]
        for (first, last, language, amount), order_id in zip(_LIST, ids, strict=True):
            address = f"{first}.{last}@example.com".lower().replace("ü", "ue")
            table.append(
                (
                    first,
                    last,
                    address,
                    amount,
                    "Atelier de peinture, deux jours",
                    f"F-{order_id}",
                    order_id,
                    language,
                )
            )
        rules = Rules("fr", 7, "en_GB", ".")
        found = request_table.preview(desk, actor, self.account, _csv(table), rules)
        sending.start(
            desk,
            actor,
            self.account,
            "atelier.csv",
            found.good,
            days=rules.days,
            per_minute=sending.MOST_PER_MINUTE,
            form_key=new_form_key(),
        )
        return ids

    def import_list(self, desk: Desk, actor: Actor) -> None:
        """Import the website's own list, where the actor may."""
        with desk.store.read() as tx:
            if Right.RECONCILE not in rights_on(tx, actor, self.account):
                return
        table = [("Order id", "Amount", "Currency", "Date")]
        table += [(order_id, f"{euros}.00", "EUR", f"{at:%Y-%m-%d}") for order_id, euros, at in self.listed]
        found = expected.preview(desk, actor, self.account, _csv(table), ".")
        expected.save(desk, actor, self.account, found.new)

    def save_template(self, desk: Desk, actor: Actor) -> None:
        content = Content(
            amount=None,
            currency="EUR",
            description="Acompte de 30 %",
            references=("",) * 4,
            language="fr",
            capture="now",
            days=7,
        )
        with suppress(TemplateNameTaken):  # saved by an interrupted attempt
            templates.save(desk, actor, self.account, "Acompte", content)


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(table)
    return text.getvalue().encode()

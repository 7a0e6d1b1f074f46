"""Templates of recurring orders: the fields that are the same each time, by account and name, without a customer.

TemplateError
├── UnknownTemplate
└── TemplateNameTaken
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar

from services import clock, money
from services.access import Actor, Right, allowed_accounts, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.errors import DeskError
from services.mail.errors import CardNumber
from services.orders.drafts import DEFAULT_DAYS, MAX_DAYS, Capture, Draft, clean_text
from services.store import Connection
from services.store.locks import one_at_a_time
from services.store.orders import templates
from services.store.orders.records import StoredTemplate
from services.text import card_numbers

NAME_MAX = 60


class TemplateError(DeskError):
    code: ClassVar[str] = "template"


class UnknownTemplate(TemplateError):
    code = "template_unknown"


class TemplateNameTaken(TemplateError):
    code = "template_name_taken"

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Content:
    """The fields that recur. ``amount`` in 1/10000, None where the form had none; ``references``: the second to the fifth,
    since an invoice number is never the same twice; ``days``: how long a link is valid."""

    amount: int | None
    currency: str
    description: str
    references: tuple[str, ...]
    language: str
    capture: Capture
    days: int


@dataclass(frozen=True)
class Template:
    id: int
    name: str
    content: Content


def content_of(draft: Draft, now: datetime) -> Content:
    """The recurring fields of a form, valid or not."""
    try:
        amount = money.to_units(money.parse(draft.amount, draft.currency, draft.locale))
    except money.AmountError:
        amount = None
    days = round((draft.expires_at - now).total_seconds() / 86_400) if draft.expires_at else DEFAULT_DAYS
    return Content(
        amount=amount,
        currency=draft.currency,
        description=draft.description,
        references=tuple(draft.references[1:]),
        language=draft.language,
        capture=draft.capture,
        days=min(max(days, 1), MAX_DAYS - 1),
    )


def listing(desk: Desk, actor: Actor, account: str) -> tuple[Template, ...]:
    """The account's templates, by name."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEND, account)
        return tuple(_template(row) for row in templates.listed(tx, account))


def save(desk: Desk, actor: Actor, account: str, name: str, content: Content) -> None:
    """Store a template under a new name. Raises FieldEmpty, FieldTooLong, TextError, TemplateNameTaken, AccountUnknown, NotAllowed."""
    if card_numbers.found(
        content.description
    ):  # the form may be invalid, so its own check may not have seen this
        raise CardNumber("description")
    require_account(desk, account)
    name = clean_text(name, "name", NAME_MAX)
    with desk.store.write() as tx:
        require(tx, actor, Right.SEND, account)
        added = templates.add(
            tx,
            account=account,
            name=name,
            data=asdict(content),
            created_at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        if not added:
            raise TemplateNameTaken(name)
        audit.record(tx, actor, "template_saved", f"account:{account}")


def rename(desk: Desk, actor: Actor, template: int, name: str) -> None:
    """Raises UnknownTemplate, FieldEmpty, FieldTooLong, TextError, TemplateNameTaken, NotAllowed."""
    name = clean_text(name, "name", NAME_MAX)

    def act(tx: Connection, row: StoredTemplate) -> None:
        other = templates.by_name(tx, row.account, name)
        if other is not None and other.id != row.id:
            raise TemplateNameTaken(name)
        templates.rename(tx, row.id, name)

    _change(desk, actor, template, "template_renamed", act)


def delete(desk: Desk, actor: Actor, template: int) -> None:
    """Orders made from it stay. Raises UnknownTemplate, NotAllowed."""
    _change(desk, actor, template, "template_deleted", lambda tx, row: templates.remove(tx, row.id))


def _change(
    desk: Desk, actor: Actor, template: int, action: str, act: Callable[[Connection, StoredTemplate], None]
) -> None:
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        one_at_a_time(tx, "template")
        row = templates.get(tx, template)
        if row is None:
            raise UnknownTemplate
        require(tx, actor, Right.SEND, row.account)
        act(tx, row)
        audit.record(tx, actor, action, f"account:{row.account}")


def _template(row: StoredTemplate) -> Template:
    return Template(row.id, row.name, Content(**{**row.data, "references": tuple(row.data["references"])}))

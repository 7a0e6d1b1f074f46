"""Our accounts at banks, each with the HiPay account whose payouts it receives."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from services.store.locks import insert_new
from services.store.order_states import ActorKind
from services.store.schema.bank import bank_accounts
from services.store.schema.fetching import hipay_settlements

_account = bank_accounts.c


@dataclass(frozen=True, kw_only=True, slots=True)
class BankAccount:
    """``identity``: by which it is known in every format; ``account``: the HiPay account whose payouts it receives, "" any."""

    id: int
    identity: str
    written: str
    iban: str
    currency: str
    account: str


_COLUMNS = tuple(_account[name] for name in ("id", "identity", "written", "iban", "currency", "account"))


def known(tx: Connection, identity: str, currency: str) -> BankAccount | None:
    row = tx.execute(
        select(*_COLUMNS).where(_account.identity == identity, _account.currency == currency)
    ).first()
    return None if row is None else BankAccount(**row._asdict())


def add(
    tx: Connection,
    *,
    identity: str,
    written: str,
    iban: str,
    currency: str,
    account: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> BankAccount:
    """Write an account, once for each ``identity`` and currency."""
    insert_new(
        tx, bank_accounts, ("identity", "currency"), identity=identity, currency=currency, written=written,
        iban=iban, account=account, at=at, actor_kind=actor_kind, actor_id=actor_id,
    )  # fmt: skip
    found = known(tx, identity, currency)
    assert found is not None
    return found


def learn_iban(tx: Connection, bank_account: int, iban: str) -> None:
    tx.execute(
        update(bank_accounts).where(_account.id == bank_account, _account.iban == "").values(iban=iban)
    )


def every(tx: Connection) -> list[BankAccount]:
    return [BankAccount(**row._asdict()) for row in tx.execute(select(*_COLUMNS).order_by(_account.id))]


def paid_into(tx: Connection, iban: str) -> list[str]:
    """The HiPay accounts of which HiPay's API shows payouts to this IBAN."""
    listed = hipay_settlements.c
    found = tx.execute(select(listed.account, listed.iban).where(listed.iban != "").distinct())
    return sorted({account for account, written in found if "".join(written.split()).upper() == iban})

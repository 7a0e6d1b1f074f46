"""A bank's file that a person adds: what it says is shown before anything is stored, then it is stored once.

Both read it in a bounded child. What it says is not stored between the two: the file is read again, so that what is stored is what it says.
"""

from hashlib import sha256

from services import clock
from services.access import Actor, Right, require
from services.bank import keep
from services.bank.keep import Kept
from services.bank.reading import bank_file
from services.bank.reading.statements import Statement
from services.desk import Desk
from services.store.bank import files

_BLOCK = 1 << 20  # bytes of a stored chunk


def preview(desk: Desk, actor: Actor, account: str, raw: bytes) -> tuple[Statement, ...]:
    """The statements of a file, none of them stored. ``account``: the HiPay account that it would be added for.

    Raises NotAllowed, BankFileError, ParsingError.
    """
    with desk.store.read() as tx:
        require(tx, actor, Right.BANK, account)
    return tuple(bank_file.statements(raw))


def add(desk: Desk, actor: Actor, account: str, name: str, raw: bytes) -> Kept:
    """Store a file and what it says. What is there already, the same file too, is added no second time.

    Raises as ``preview``, and TooManyDecimals.
    """
    read = preview(desk, actor, account, raw)
    with desk.store.write() as tx:
        require(tx, actor, Right.BANK, account)
        number, new = files.add(
            tx,
            account=account,
            name=name,
            sha256=sha256(raw).hexdigest(),
            size=len(raw),
            source="upload",
            format=read[0].format,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        if new:
            files.keep_bytes(
                tx, number, (raw[start : start + _BLOCK] for start in range(0, len(raw), _BLOCK))
            )
        stored = files.get(tx, number)
        assert stored is not None
        return keep.keep(tx, actor, file=stored, read=read)

"""The audit trail as an administrator reads it."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.access import audit, sign_in
from services.desk import Desk
from tests.support.desk import person


def test_an_amount_is_written_as_its_reader_writes_it(open_page: Callable[..., AppTest], desk: Desk) -> None:
    manager = person(desk, "manager")
    with desk.store.write() as tx:
        audit.record(tx, manager, "refund_asked", "order:1", amount=1250_5000, operation=1)
    for language, amount in (("fr", "1\u202f250,50"), ("en", "1,250.50")):
        at = open_page("admin/audit.py", "admin", language=language)
        assert not at.exception
        assert any(amount in str(cell) for cell in at.dataframe[0].value.to_numpy().flatten())


def test_the_local_user_is_named_in_the_readers_language(
    open_page: Callable[..., AppTest], desk: Desk
) -> None:
    me = sign_in.local_user(desk)
    at = open_page("admin/audit.py", actor=me, language="fr")
    assert set(at.dataframe[0].value["Sur quoi"]) == {"Utilisateur local"}

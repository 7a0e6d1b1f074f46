"""A short passphrase is said on every screen to those who can replace it, and in the check list."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

Open = Callable[..., AppTest]
SHOP = {"name": "Maison *Élan*", "environment": "sandbox", "login": "l", "password": "p", "passphrase": "x"}


LONG = {"passphrase": "long enough, I hope"}
OTHER = {**SHOP, "name": "Other", **LONG}
pytestmark = pytest.mark.desk(accounts={"shop": SHOP, "other": OTHER})


def warnings(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.warning if "12" in one.value]


def test_who_configures_is_told(open_page: Open) -> None:
    [said] = warnings(open_page("admin/people.py", "admin"))
    assert said.startswith("A secret passphrase is shorter than 12 characters (Maison *Élan*)")
    [dite] = warnings(open_page("admin/people.py", "admin", language="fr"))
    assert dite.startswith("Une phrase secrète compte moins de 12 caractères (Maison *Élan*)")
    assert warnings(open_page("admin/my_notices.py", "manager")) == []


def test_the_check_list_says_what_to_do(open_page: Open) -> None:
    at = open_page("configuration/page.py", "admin", language="fr")
    at.selectbox(key="account").set_value("shop").run()
    assert warnings(at) == []
    words = " ".join(one.value for one in at.markdown).replace("\\", "")
    assert "Elle compte moins de 12 caractères" in words
    assert any(
        "phrase secrète d’au moins 20 caractères pour le compte Maison *Élan*" in one.value for one in at.code
    )


@pytest.mark.desk(accounts={"shop": {**SHOP, **LONG}, "other": OTHER})
def test_nobody_is_told_of_a_long_one(open_page: Open) -> None:
    assert warnings(open_page("admin/people.py", "admin")) == []

"""The public application and the sandbox, one calling the other: notifications and return pages as HiPay makes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from services.demo.drain import drain
from services.desk import Desk
from services.hipay.fields import PageRequest, custom_data
from services.orders import notifications
from services.settings.account import Account
from services.store.schema import orders
from tests.support.desk import open_test_desk
from tests.support.public import order_row, order_with_page, serving
from tests.support.sandbox import RunningSandbox, start_sandbox, wait_for


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    running.stop()


def desk_for(tmp_path: Path, sandbox: RunningSandbox, algorithm: str) -> Desk:
    account = Account(
        key="demo",
        name="Maison Demo",
        environment="sandbox",
        login="sandbox",
        password="sandbox",
        passphrase="sandbox-passphrase",
        hash_algorithm=algorithm,
    )
    return open_test_desk(tmp_path, accounts={"demo": account}, sandbox_url=sandbox.url)


@pytest.mark.parametrize(
    ("form", "algorithm"), [("form", "SHA256"), ("xml", "SHA256"), ("form", "SHA1"), ("xml", "SHA512")]
)
def test_a_customer_pays_and_comes_back(
    tmp_path: Path, sandbox: RunningSandbox, form: str, algorithm: str
) -> None:
    sandbox.reset()
    sandbox.control("settings", {"notification_format": form, "hash_algorithm": algorithm})
    desk = desk_for(tmp_path, sandbox, algorithm.lower())
    mark = "mark-1"
    row, token = order_with_page(desk, mark=mark, page_mid="")
    with serving(desk) as client:
        root = str(client.base_url).rstrip("/")
        request = PageRequest(
            order_id="A-1",
            description="Commande",
            amount_units=15_0000,
            currency="EUR",
            operation="Sale",
            eci=7,
            language="fr_FR",
            email="zoe@example.com",
            firstname="Zoé",
            lastname="Müller",
            custom_data=custom_data((), mark),
            notify_url=f"{root}/notify/demo",
            **{
                f"{kind}_url": f"{root}/return/demo/{kind}/{token}"
                for kind in ("accept", "decline", "pending", "cancel", "exception")
            },
        )
        with desk.hipay("demo") as hipay:
            created = hipay.create_page(request)
        left = httpx.post(
            created.forward_url, data={"outcome": "accept", "payment_product": "visa"}, timeout=15
        )
        assert left.status_code == 303
        assert "cardtoken=" in left.headers["location"]
        back = client.get(left.headers["location"])
        assert (back.status_code, back.headers["location"]) == (303, f"./{token}")

        def delivered() -> list[Any]:
            with desk.store.read() as tx:
                return list(tx.execute(select(orders.notifications)))

        wait_for(lambda: len(delivered()) >= 2, "HiPay's notifications of the authorisation and the capture")
        assert "vous confirmera votre paiement" in client.get(f"/return/demo/accept/{token}").text
        notifications.work_off(desk)
        assert {one.state for one in delivered()} == {"applied"}
        assert order_row(desk, row).payment == "unconfirmed"
        assert "vous confirmera votre paiement" in client.get(f"/return/demo/accept/{token}").text
        drain(desk)
        assert order_row(desk, row).payment == "captured"
        assert "votre paiement a été accepté" in client.get(f"/return/demo/accept/{token}").text
    desk.close()

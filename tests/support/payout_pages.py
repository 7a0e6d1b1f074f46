"""A payout file, its upload on the screen of payouts, and what a test does on it."""

import pandas as pd
from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.imports import background
from tests.support import payouts
from tests.support.screens import unfold

HEAD = f"{payouts.HEAD}\r\n"
SALE = "1;77;800;A-1;{amount};EUR;;;;;Sale;{amount};EUR;F-1;2026-11-20\r\n"
FEE = "1;77;800;A-1;-0.30;EUR;-0.25;-0.05;-0.30;EUR;Fixed fee;-0.30;EUR;F-1;2026-11-20\r\n"
STRANGE = "1;77;801;WEB-9;10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20\r\n"
PAYOUT = "1;77;;;;;;;;;Settlement;{amount};EUR;;2026-11-21\r\n"
FILE = HEAD + SALE.format(amount="1250.50") + FEE + STRANGE + PAYOUT.format(amount="1260.20")


def words(at: AppTest) -> str:
    shown = [
        *at.caption,
        *at.markdown,
        *at.warning,
        *at.error,
        *at.info,
        *at.success,
        *at.subheader,
        *at.metric,
    ]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def upload(at: AppTest, *files: tuple[str, str | bytes]) -> AppTest:
    made = [(name, text.encode() if isinstance(text, str) else text, "text/csv") for name, text in files]
    if not at.file_uploader:
        at = unfold(at, "add_payout_files")
    return at.file_uploader[0].set_value(made).run()


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def imported(at: AppTest, desk: Desk, *files: tuple[str, str | bytes]) -> AppTest:
    """The files are handed over, imported by the worker, and the screen of payouts is looked at again."""
    at = press(upload(at, *files), "import_files")
    assert not at.exception
    background.work_off(desk)
    return at.run()


def choose(at: AppTest, key: str, value: object) -> AppTest:
    """A pill or a segment."""
    return at.button_group(key=key).set_value(value).run()


def table(at: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in at.dataframe if column in frame.value.columns)

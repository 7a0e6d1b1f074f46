"""What HiPay and the banks say is told in the reader's language."""

from services.hipay.reasons import _TABLE
from services.i18n import translator


def test_every_reason_has_its_french_sentence() -> None:
    french = translator("fr")
    assert [code for code, _, text in _TABLE if french(text) == text] == []
    assert french("The card has expired.") == "La carte a expiré."

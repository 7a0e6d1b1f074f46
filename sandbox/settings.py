"""The settings of the running sandbox, checked before they are used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from sandbox.products import DEFAULT_ACCOUNT, PRODUCTS
from sandbox.signature import ALGORITHMS, Algorithm

LOGIN = PASSWORD = "sandbox"  # noqa: S105 - published, there is nothing behind them
PASSPHRASE = "sandbox-passphrase"  # noqa: S105
FINANCE_PASSWORD = "sandbox-finance-password"  # noqa: S105 - of the finance notifications
MID = "00001342917"


class BadSetting(ValueError):
    """The sentence says which setting, and what it may be."""


@dataclass(frozen=True)
class Settings:
    duplicate_order: Literal["fresh", "refuse"] = "fresh"
    notifications: bool = True
    notification_format: Literal["form", "xml"] = "form"
    hash_algorithm: Algorithm = "SHA256"
    retry_gaps: list[float] = field(default_factory=lambda: [1, 2, 4, 8, 16, 32, 64, 128])  # seconds
    feedback_parameters: bool = True
    nulls: Literal["written", "left_out"] = "written"  # of the APIs' answers
    operations: Literal["at_once", "later"] = "at_once"  # later: captures stop at 117, refunds at 124
    requested_amounts: Literal["not_counted", "counted"] = (
        "not_counted"  # in the totals that 117 and 124 show
    )
    operations_named: bool = True  # False: no notification and no read says which operation it is about
    finance_notify_url: str = ""  # where settlements are notified; empty: nowhere
    finance_notification_format: Literal["form", "json", "xml"] = "form"
    finance_hash_algorithm: Algorithm = "SHA256"
    settlement_files: bool = True  # False: settlements are listed, their files answer 404
    file_dialect: dict[str, Any] = field(default_factory=dict)
    products: dict[str, list[str]] = field(
        default_factory=lambda: {k: list(v) for k, v in DEFAULT_ACCOUNT.items()}
    )
    merchant_name: str = "Maison Demo"
    smtp_reply: str | None = None
    smtp_drop: Literal["after_data", "at_quit"] | None = None

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """The same with `changes`; raises BadSetting and changes nothing when one is wrong."""
        known = {each.name for each in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BadSetting(f"There is no setting {name!r}; there are {', '.join(sorted(known))}.")
            _CHECKS.get(name, _anything)(name, value)
        changes = dict(changes)
        if "file_dialect" in changes:
            changes["file_dialect"] = {**self.file_dialect, **changes["file_dialect"]}
        return replace(self, **changes)


def _anything(name: str, value: Any) -> None:
    return None


def _one_of(*allowed: Any) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if value not in allowed:
            raise BadSetting(f"{name} may be {', '.join(map(repr, allowed))}, not {value!r}.")

    return check


def _products(name: str, value: Any) -> None:
    if not isinstance(value, dict) or not all(isinstance(codes, list) for codes in value.values()):
        raise BadSetting('products is {"7": [codes], "1": [codes]}.')
    unknown = {code for codes in value.values() for code in codes} - PRODUCTS.keys()
    if unknown:
        raise BadSetting(f"Unknown payment products: {', '.join(sorted(map(str, unknown)))}.")


def _dialect(name: str, value: Any) -> None:
    from sandbox.files import Dialect

    if not isinstance(value, dict):
        raise BadSetting("file_dialect is an object.")
    try:
        Dialect(**value)
    except (TypeError, ValueError) as error:
        raise BadSetting(f"file_dialect: {error}") from error


def _gaps(name: str, value: Any) -> None:
    if not isinstance(value, list) or not all(type(gap) in {int, float} and gap >= 0 for gap in value):
        raise BadSetting(f"{name} is a list of seconds, one for each try after the first.")


def _smtp_reply(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, str) and value[:3].isdigit() and value[0] in "45"):
        raise BadSetting("smtp_reply is null or a refusal such as '421 try later' or '550 no such user'.")


def _url(name: str, value: Any) -> None:
    if not isinstance(value, str) or (value and not value.startswith(("http://", "https://"))):
        raise BadSetting(f"{name} is an address that begins with http:// or https://, or empty.")


def _name(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise BadSetting(f"{name} is a text.")


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "duplicate_order": _one_of("fresh", "refuse"),
    "notifications": _one_of(True, False),
    "notification_format": _one_of("form", "xml"),
    "hash_algorithm": _one_of(*ALGORITHMS),
    "retry_gaps": _gaps,
    "feedback_parameters": _one_of(True, False),
    "nulls": _one_of("written", "left_out"),
    "operations": _one_of("at_once", "later"),
    "requested_amounts": _one_of("not_counted", "counted"),
    "operations_named": _one_of(True, False),
    "finance_notify_url": _url,
    "finance_notification_format": _one_of("form", "json", "xml"),
    "finance_hash_algorithm": _one_of(*ALGORITHMS),
    "settlement_files": _one_of(True, False),
    "file_dialect": _dialect,
    "products": _products,
    "merchant_name": _name,
    "smtp_reply": _smtp_reply,
    "smtp_drop": _one_of(None, "after_data", "at_quit"),
}

"""What the operator sets of a HiPay account, and of the roles that an identity provider gives."""

from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
)

from services.money import is_currency

DEMO_ACCOUNT = "demo"
Environment = Literal["sandbox", "stage", "production"]
Role = Literal["manager", "finance", "admin"]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Algorithm = Literal["sha1", "sha256", "sha512"]
SHORTEST_SECRET = 12  # characters: a customer who has a signed text can try secrets without asking us


class Account(BaseModel):
    """A HiPay merchant account: its API credentials and its secret passphrase (HiPay back office, Integration).

    Finance has its own: credentials of its API, and password and algorithm of its notifications.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Key
    name: str = Field(min_length=1, max_length=80)
    environment: Environment
    login: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    passphrase: SecretStr = Field(min_length=1)
    previous_passphrase: SecretStr | None = None
    hash_algorithm: Algorithm = "sha256"
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    finance_login: str | None = None
    finance_password: SecretStr | None = None
    finance_notification_password: SecretStr | None = None
    previous_finance_notification_password: SecretStr | None = None
    finance_notification_algorithm: Algorithm = "sha256"

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value):
            raise ValueError(f"{value!r} is not a currency that HiPay takes (ISO 4217, three capitals)")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone (write it as Europe/Paris)")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passphrases a signature may have been made with: the present one, and the former during a rotation."""
        return _filled(self.passphrase, self.previous_passphrase)

    @property
    def short_passphrases(self) -> tuple[str, ...]:
        """The settings whose passphrase is so short that it can be found by trying."""
        return self._short("passphrase", "previous_passphrase")

    @property
    def short_finance_secrets(self) -> tuple[str, ...]:
        return self._short("finance_notification_password", "previous_finance_notification_password")

    def _short(self, *names: str) -> tuple[str, ...]:
        found = {name: _filled(getattr(self, name)) for name in names}
        return tuple(
            name for name, secret in found.items() if secret and len(secret[0].strip()) < SHORTEST_SECRET
        )

    @property
    def finance_secrets(self) -> tuple[str, ...]:
        """The same for finance notifications; none set, and none verifies."""
        return _filled(self.finance_notification_password, self.previous_finance_notification_password)


def _filled(*secrets: SecretStr | None) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets if secret and secret.get_secret_value())


class SignIn(BaseModel):
    """Which claim of the identity provider gives roles, and which of its values gives which role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles_claim: str = "roles"
    roles: dict[str, Role] = {"manager": "manager", "finance": "finance", "admin": "admin"}
    admins: tuple[str, ...] = ()
    absolute_hours: int = Field(default=12, ge=1, le=720)
    idle_minutes: int = Field(default=30, ge=5, le=1440)


@cache
def demo_account() -> Account:
    # The sandbox's published credentials (sandbox/README.md): they open nothing else.
    return Account(
        key=DEMO_ACCOUNT,
        name="Maison Demo",
        environment="sandbox",
        login="sandbox",
        password=SecretStr("sandbox"),
        passphrase=SecretStr("sandbox-passphrase"),
        finance_login="sandbox",
        finance_password=SecretStr("sandbox"),
        finance_notification_password=SecretStr("sandbox-finance-password"),
    )

"""What the operator sets, typed and validated once at start.

Values come from the environment (``ETERMINAL_…``), else from ``.streamlit/secrets.toml`` (the same names without the
prefix, in small letters; accounts as tables ``[accounts.<key>]``). Nothing here is ever written to the database or a log.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.auth_settings import Auth, not_to_be_guessed
from services.errors import DeskError
from services.mail.addresses import parse_address
from services.mail.errors import PARTS, ImapUrlInvalid, SmtpUrlInvalid
from services.mail.imap_url import parse_imap_url
from services.mail.smtp_url import parse_smtp_url
from services.settings.account import DEMO_ACCOUNT, Account, Key, SignIn, demo_account
from services.settings.sources import ROOT, SecretsFile, SettingsError

_DATABASES = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="ETERMINAL_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr | None = None
    sandbox: bool = True
    sandbox_url: str = "http://127.0.0.1:8502"
    smtp_url: SecretStr | None = None
    imap_url: SecretStr | None = None
    return_path: str | None = None
    public_url: str | None = None
    public_host: str = "127.0.0.1"
    public_port: int = Field(default=8503, ge=0, le=65535)
    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = Field(default=8501, ge=1, le=65535)
    # where people reach the dashboard; behind a proxy, the proxy's address
    dashboard_token: SecretStr | None = (
        None  # what its link carries where nobody signs in; else new at each start
    )
    dashboard_url: str = Field(
        default_factory=lambda known: f"http://127.0.0.1:{known.get('dashboard_port', 8501)}"
    )
    sandbox_smtp_port: int = Field(default=8525, ge=1, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    data_dir: Path = ROOT / "data"
    settlements_folder: Path | None = None  # watched for payout files, in a folder for each account
    # megabytes of the disks that imports, received files and exports leave free for what must not stop
    keep_free_mb: int = Field(default=500, ge=0, le=1_000_000)
    worker: bool = True
    accounts: dict[Key, Account] = {}
    sign_in: SignIn = SignIn()
    auth: Auth | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretsFile(settings_cls)

    @field_validator("accounts", mode="before")
    @classmethod
    def _name_accounts(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: {"key": key, **table} if isinstance(table, dict) else table
                for key, table in value.items()
            }
        return value

    @field_validator("public_url", "dashboard_url", "sandbox_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError(
                "write an address such as https://pay.example.com, without a query or a password"
            )
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        """Checks that need no database. The driver would take a part of a password that is not encoded for a host or a name,
        and repeat it in its error."""
        if not value:
            return None
        scheme, is_url, rest = value.get_secret_value().partition("://")
        if not is_url or scheme not in _DATABASES:
            raise ValueError("write sqlite:////path/to/file.db or postgresql://user:password@host/name")
        if scheme != "sqlite" and set(rest.rpartition("@")[0]) & set("@/?#[] "):
            raise ValueError(
                "percent-encode the special characters of its user and password (@ is %40, / is %2F)"
            )
        try:
            _ = scheme == "sqlite" or urlsplit(f"//{rest}").port
        except ValueError:
            raise ValueError("its port is no number from 0 to 65535") from None
        return value

    @field_validator("smtp_url", "imap_url")
    @classmethod
    def _known_server(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if not value:
            return None
        smtp = info.field_name == "smtp_url"
        try:
            (parse_smtp_url if smtp else parse_imap_url)(value.get_secret_value())
        except (SmtpUrlInvalid, ImapUrlInvalid) as error:
            form = (
                "smtp://user:password@host:587 or smtps://host:465"
                if smtp
                else "imaps://user:password@host:993/INBOX"
            )
            raise ValueError(
                f"is not right ({PARTS[error.part]}): write it as {form}, user and password percent-encoded"
            ) from None
        return value

    @field_validator("settlements_folder", mode="before")
    @classmethod
    def _whole_path(cls, value: Any) -> Any:
        if value in (None, ""):
            return None
        if not Path(value).is_absolute():
            raise ValueError("write the folder's whole path, such as /srv/hipay")
        return value

    @field_validator("dashboard_token")
    @classmethod
    def _strong_token(cls, value: SecretStr | None) -> SecretStr | None:
        return not_to_be_guessed(value) if value else None

    @field_validator("return_path")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        try:
            return parse_address(value).text if value else None
        except DeskError:
            raise ValueError("write one e-mail address, such as bounces@example.com") from None

    @model_validator(mode="after")
    def _one_world(self) -> "Settings":
        real = [key for key, account in self.accounts.items() if account.environment != "sandbox"]
        if "sandbox" in self.model_fields_set and self.sandbox and real:
            raise ValueError(
                f"the sandbox cannot run beside the real account {', '.join(real)}: remove ETERMINAL_SANDBOX or the account"
            )
        if real and len(real) < len(self.accounts):
            raise ValueError(
                "a sandbox account cannot stand beside a real one: remove it, or use a second installation"
            )
        if real and self.public_url and not self.public_url.startswith("https://"):
            raise ValueError("public_url must begin with https:// when a real account is configured")
        if not self.sandbox and (waiting := [key for key in self.accounts if key not in real]):
            raise ValueError(
                f"the sandbox is off, and the account {', '.join(waiting)} is the sandbox's: remove ETERMINAL_SANDBOX or the account"
            )
        if not self.demo and self.accounts == {} and not self.sandbox:
            raise ValueError(
                "no account is configured and the sandbox is off: add an account (docs/operator.md)"
            )
        return self

    @property
    def demo(self) -> bool:
        """Whether the sandbox takes HiPay's place: only while no real account is configured."""
        return self.sandbox and all(account.environment == "sandbox" for account in self.accounts.values())

    @property
    def all_accounts(self) -> dict[str, Account]:
        """The configured accounts; with the sandbox and none configured, its demo account."""
        if self.accounts or not self.demo:
            return self.accounts
        return {DEMO_ACCOUNT: demo_account()}

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the store."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / ('sandbox.db' if self.demo else 'eterminal.db')}"

    @property
    def smtp(self) -> str | None:
        """Where mail is handed over; with the sandbox its mailbox, with real accounts nothing until it is set."""
        if self.smtp_url:
            return self.smtp_url.get_secret_value()
        return f"smtp://{urlsplit(self.sandbox_url).hostname}:{self.sandbox_smtp_port}" if self.demo else None

    @property
    def imap(self) -> str | None:
        """Where delivery reports come back and are read, if anywhere."""
        return self.imap_url.get_secret_value() if self.imap_url else None

    @property
    def public(self) -> str | None:
        """Where HiPay and customers reach the public application; with the sandbox, where it listens."""
        return self.public_url or (f"http://{self.public_host}:{self.public_port}" if self.demo else None)


def read() -> Settings:
    """The settings as they are set now. Raises SettingsError with one sentence for each thing that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        # What is made of another setting, which is wrong itself, is no further problem.
        own = [problem for problem in error.errors() if problem["type"] != "default_factory_not_called"]
        raise SettingsError(tuple(_sentence(problem) for problem in own)) from None
    except (ValueError, RecursionError) as error:  # a JSON variable that is no JSON
        field = re.search(r'field "(\w+)"', str(error))
        name, kind = (
            (field[1], "list" if field[1] == "allowed_hosts" else "object") if field else ("settings", "text")
        )
        raise SettingsError(
            (f"{name}: is no JSON: write ETERMINAL_{name.upper()} as one JSON {kind}",)
        ) from None


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process, read once."""
    return read()


def unknown_names() -> tuple[str, ...]:
    """What is set under a name that is no setting, a misspelt one perhaps: nothing reads it."""
    known = {*Settings.model_fields, "secrets"}
    variables = [name for name in os.environ if name.upper().startswith("ETERMINAL_")]
    unknown = [
        name
        for name in variables
        if (rest := name.lower().removeprefix("eterminal_")) not in known and not rest.startswith("test_")
    ]
    return (*sorted(unknown), *sorted(set(SecretsFile(Settings)()) - known))


def _sentence(problem: Any) -> str:
    found = problem["loc"]
    if "auth" in found:  # whose tables have no such level
        found = [part for part in found if part not in ("providers", "default")]
    place = " → ".join(str(part) for part in found) or "settings"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        message = "is missing"
    elif problem["type"] == "extra_forbidden":
        message = "is not a setting: check its spelling"
    return f"{place}: {message}"

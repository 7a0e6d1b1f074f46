"""Where settings are read from besides the environment: ``.streamlit/secrets.toml``."""

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic_settings import PydanticBaseSettingsSource

from services.errors import DeskError

ROOT = Path(__file__).resolve().parents[2]


class SettingsError(DeskError):
    """The settings cannot be used. ``problems`` are sentences for the operator, without any secret."""

    code: ClassVar[str] = "settings_invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__(
            "The settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )


def secrets_file() -> Path:
    return Path(os.environ.get("ETERMINAL_SECRETS", ROOT / ".streamlit" / "secrets.toml"))


class SecretsFile(PydanticBaseSettingsSource):
    """``.streamlit/secrets.toml``: Streamlit's own file, so that every secret is in one place."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # the file is read as a whole, in __call__

    def __call__(self) -> dict[str, Any]:
        path = secrets_file()
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise SettingsError((f"{path} cannot be read by this user: {error.strerror}",)) from None
        except (ValueError, RecursionError) as error:  # no TOML, no text, a number or a depth without end
            raise SettingsError((f"{path.name} is not valid TOML: {error}",)) from None

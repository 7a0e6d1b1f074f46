"""``[auth]``: the identity providers, as Streamlit's ``st.login`` takes them, typed and with what it does not check.

One provider is written in ``[auth]`` itself, several in tables ``[auth.<name>]``; ``redirect_uri`` and ``cookie_secret`` are of
all. Whoever knows the cookie's secret can sign in as anybody, so it must be one that nobody finds by trying.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.hosts import is_loopback

_LEAST_BYTES, _LEAST_SIGNS = (
    32,
    8,
)  # of a secret: how long it is, how many different signs it holds
_HOW = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
_DISCOVERY = "/.well-known/openid-configuration"
_CALLBACK = "/oauth2callback"


class Provider(BaseModel):
    """An OpenID Connect provider. ``issuer``: where the address of its metadata does not say it, as with a tenant's name
    in place of its number."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    server_metadata_url: str
    issuer: str = Field(default="", validate_default=True)
    client_kwargs: dict[str, str] = {}

    @field_validator("server_metadata_url")
    @classmethod
    def _encrypted_metadata(cls, value: str) -> str:
        return _encrypted(value, "https://login.example.com/.well-known/openid-configuration")

    @field_validator("issuer")
    @classmethod
    def _known_issuer(cls, value: str, info: ValidationInfo) -> str:
        """OpenID Connect Discovery 1.0, section 4.3: the metadata lies below the issuer, whose name tokens bear."""
        url = info.data.get("server_metadata_url", _DISCOVERY)
        if not value and not url.endswith(_DISCOVERY):
            raise ValueError(f"is needed, since server_metadata_url does not end in {_DISCOVERY}")
        return (_encrypted(value, "https://login.example.com") if value else url).removesuffix(_DISCOVERY)

    @field_validator("client_kwargs")
    @classmethod
    def _with_identity(cls, value: dict[str, str]) -> dict[str, str]:
        if "openid" not in value.get("scope", "openid").split():
            raise ValueError("scope must hold openid: without it the provider says nobody's name")
        return value

    def issued(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token with these claims is this provider's, and made out to us."""
        audience = claims.get("aud")
        ours = self.client_id in (audience if isinstance(audience, list) else [audience])
        return ours and str(claims.get("iss", "")).rstrip("/") == self.issuer.rstrip("/")


class Auth(BaseModel):
    """``providers`` by name; ``default`` is the one of ``[auth]`` itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    redirect_uri: str
    cookie_secret: SecretStr
    providers: dict[str, Provider] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {name: value[name] for name in Provider.model_fields if name in value}
        tables = {name: table for name, table in value.items() if isinstance(table, dict) and name not in own}
        if odd := sorted(name for name in tables if "_" in name or name == "default"):
            raise ValueError(f"{', '.join(odd)} cannot be a provider's name: use letters, digits and hyphens")
        if not own and not tables:
            raise ValueError("names no provider: add client_id, client_secret and server_metadata_url")
        rest = {name: one for name, one in value.items() if name not in own and name not in tables}
        return {**rest, "providers": {**({"default": own} if own else {}), **tables}}

    @field_validator("redirect_uri")
    @classmethod
    def _comes_back(cls, value: str) -> str:
        if not value.endswith(_CALLBACK):
            raise ValueError(f"must end in {_CALLBACK}")
        return _encrypted(value, f"https://desk.example.com{_CALLBACK}")

    @field_validator("cookie_secret")
    @classmethod
    def _strong_secret(cls, value: SecretStr) -> SecretStr:
        return not_to_be_guessed(value)

    def issued(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token with these claims is of one of the providers, the one that it says it is of."""
        found = self.providers.get(str(claims.get("provider", "default")))
        return found is not None and found.issued(claims)

    def for_streamlit(self) -> dict[str, Any]:
        """The same as Streamlit reads it, with its secrets."""
        tables = {
            name: {
                "client_id": one.client_id,
                "client_secret": one.client_secret.get_secret_value(),
                "server_metadata_url": one.server_metadata_url,
                **({"client_kwargs": one.client_kwargs} if one.client_kwargs else {}),
            }
            for name, one in self.providers.items()
        }
        of_all = {"redirect_uri": self.redirect_uri, "cookie_secret": self.cookie_secret.get_secret_value()}
        return {**of_all, **tables.pop("default", {}), **tables}


def not_to_be_guessed(value: SecretStr) -> SecretStr:
    """The secret as it is. Raises ValueError for one that is short, or plainly not random."""
    secret = value.get_secret_value()
    if len(secret.encode()) < _LEAST_BYTES:
        raise ValueError(f"has fewer than {_LEAST_BYTES} bytes, so it could be found by trying: {_HOW}")
    repeats = secret in (secret + secret)[1:-1]  # some shorter text, written several times
    if repeats or len(set(secret)) < _LEAST_SIGNS:
        raise ValueError(f"is no random text, so it could be found by trying: {_HOW}")
    return value


def _encrypted(url: str, example: str) -> str:
    """The address as it is. Raises ValueError unless it is https, or of this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if (
        not host
        or parts.username
        or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    ):
        raise ValueError(f"must begin with https:// (http:// only on this machine itself), such as {example}")
    return url

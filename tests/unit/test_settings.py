"""Settings: typed, refused in sentences, secrets never said."""

import json
from pathlib import Path

import pytest

from services.logs import secret_values
from services.settings import Settings, read, unknown_names
from services.settings.sources import SettingsError
from tests.support.desk import CLIENT, ISSUER, PROVIDER

SHOP = {
    "name": "Shop",
    "environment": "stage",
    "login": "l",
    "password": "canary-password",
    "passphrase": "canary-phrase",
}


@pytest.fixture(autouse=True)
def _no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ETERMINAL_SECRETS", str(tmp_path / "secrets.toml"))


def test_nothing_set_is_the_sandbox_with_its_demo_account() -> None:
    settings = read()
    assert settings.demo
    assert list(settings.all_accounts) == ["demo"]
    assert settings.database.endswith("sandbox.db")
    assert settings.smtp == "smtp://127.0.0.1:8525"


def test_a_real_account_turns_the_sandbox_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", json.dumps({"shop": SHOP}))
    settings = read()
    assert not settings.demo
    assert settings.database.endswith("eterminal.db")
    assert settings.smtp is None
    assert settings.public is None
    assert "canary" not in repr(settings)


def test_accounts_come_from_the_secrets_file_too(tmp_path: Path) -> None:
    table = "\n".join(f'{key} = "{value}"' for key, value in SHOP.items())
    (tmp_path / "secrets.toml").write_text(f"[accounts.shop]\n{table}\n")
    assert read().all_accounts["shop"].login == "l"


@pytest.mark.parametrize(
    ("accounts", "word"),
    [
        ({"shop": {**SHOP, "currency": "EU"}}, "ISO 4217"),
        ({"shop": {**SHOP, "timezone": "Paris"}}, "Europe/Paris"),
        (
            {"shop": {name: value for name, value in SHOP.items() if name != "passphrase"}},
            "passphrase: is missing",
        ),
        ({"shop": {**SHOP, "pasword": "x"}}, "check its spelling"),
        ({"Shop 1": SHOP}, "accounts"),
        ({"shop": SHOP, "test": {**SHOP, "environment": "sandbox"}}, "beside a real one"),
    ],
)
def test_what_is_wrong_is_a_sentence_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, accounts: dict[str, object], word: str
) -> None:
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", json.dumps(accounts))
    with pytest.raises(SettingsError) as refusal:
        read()
    assert word in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_the_sandbox_beside_a_production_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", json.dumps({"shop": {**SHOP, "environment": "production"}}))
    monkeypatch.setenv("ETERMINAL_SANDBOX", "true")
    with pytest.raises(SettingsError, match="cannot run beside"):
        read()


def test_a_variable_that_is_no_json_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", "{canary")
    with pytest.raises(SettingsError) as refusal:
        read()
    assert "canary" not in str(refusal.value)


def test_no_secret_stands_in_how_the_settings_show_themselves(tmp_path: Path) -> None:
    account = {
        "name": "Shop",
        "environment": "stage",
        "login": "u",
        "password": "canary-1",
        "passphrase": "canary-2",
    }
    auth = {
        **PROVIDER,
        "client_secret": "canary-3",
        "cookie_secret": "canary-4-0123456789abcdef-0123456789",
        "other": {**CLIENT, "client_secret": "canary-5"},
    }
    settings = Settings(
        data_dir=tmp_path,
        accounts={"shop": account},
        auth=auth,
        smtp_url="smtp://u:canary-6@h",
        database_url="postgresql://u:canary-7@h/d",
        imap_url="imaps://u:canary-8@h",
    )
    for shown in (repr(settings), str(settings), repr(settings.accounts), f"{settings.all_accounts}"):
        assert "canary" not in shown


@pytest.mark.parametrize(("typed", "kept"), [("", None), (" bounces@example.com ", "bounces@example.com")])
def test_the_return_path_is_one_address(
    monkeypatch: pytest.MonkeyPatch, typed: str, kept: str | None
) -> None:
    monkeypatch.setenv("ETERMINAL_RETURN_PATH", typed)
    assert read().return_path == kept
    for wrong in (
        "a@example.com, b@example.com",
        "Bob <b@example.com>",
        "b@example.com\r\nBcc: c@example.com",
    ):
        monkeypatch.setenv("ETERMINAL_RETURN_PATH", wrong)
        with pytest.raises(SettingsError, match="one e-mail address"):
            read()


def test_finance_has_a_password_and_an_algorithm_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"finance_notification_password": "canary-finance", "finance_notification_algorithm": "sha512"}
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", json.dumps({"shop": SHOP | own, "bare": SHOP}))
    settings = read()
    assert settings.accounts["shop"].finance_secrets == ("canary-finance",)
    assert settings.accounts["shop"].secrets == ("canary-phrase",)
    assert settings.accounts["bare"].finance_secrets == ()
    assert "canary" not in repr(settings)
    assert "canary-finance" in set(secret_values(settings))
    monkeypatch.setenv(
        "ETERMINAL_ACCOUNTS", json.dumps({"shop": SHOP | {"finance_notification_algorithm": "md5"}})
    )
    with pytest.raises(SettingsError, match="finance_notification_algorithm"):
        read()


@pytest.mark.parametrize(("text", "found"), [("", None), ("/srv/hipay", Path("/srv/hipay"))])
def test_the_watched_folder_is_a_whole_path(
    monkeypatch: pytest.MonkeyPatch, text: str, found: Path | None
) -> None:
    monkeypatch.setenv("ETERMINAL_SETTLEMENTS_FOLDER", text)
    assert read().settlements_folder == found
    monkeypatch.setenv("ETERMINAL_SETTLEMENTS_FOLDER", "hipay")
    with pytest.raises(SettingsError, match="whole path"):
        read()


def test_a_sandbox_account_without_the_sandbox_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETERMINAL_ACCOUNTS", json.dumps({"shop": {**SHOP, "environment": "sandbox"}}))
    monkeypatch.setenv("ETERMINAL_SANDBOX", "false")
    with pytest.raises(SettingsError, match="the sandbox is off, and the account shop is the sandbox's"):
        read()


def test_a_misspelt_name_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ETERMINAL_TEST_POSTGRES_URL", "x")
    monkeypatch.setenv("ETERMINAL_DATA_DIR", "x")
    assert unknown_names() == ()
    monkeypatch.setenv("ETERMINAL_PUBLIC_ULR", "https://pay.example")
    (tmp_path / "secrets.toml").write_text('smtp_ulr = "x"\nsandbox = true\n')
    assert unknown_names() == ("ETERMINAL_PUBLIC_ULR", "smtp_ulr")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ETERMINAL_ACCOUNTS", "[" * 100_000),
        ("ETERMINAL_ACCOUNTS", '{"a": ' + "9" * 5_000 + "}"),
        ("ETERMINAL_ACCOUNTS", '{"a": {"login": 1e9999999999999999999}}'),
        ("ETERMINAL_SIGN_IN", '{"idle_minutes": 1e9999999}'),
        ("ETERMINAL_PUBLIC_PORT", "1e9999999"),
    ],
)
def test_a_value_without_end_is_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError):
        read()


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "public_port = " + "9" * 5_000, "public_port = 1e9999999"]
)
def test_so_is_one_in_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.toml").write_text(text)
    with pytest.raises(SettingsError):
        read()


SECRET = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cookie_secret": "x"}, "auth → cookie_secret: has fewer than 32 bytes"),
        ({"cookie_secret": SECRET[:31]}, "auth → cookie_secret: has fewer than 32 bytes"),
        ({"cookie_secret": "x" * 64}, "auth → cookie_secret: is no random text"),
        ({"cookie_secret": "correct-horse-" * 4}, "auth → cookie_secret: is no random text"),
        ({"cookie_secret": "abcabcab" * 5 + "c"}, "auth → cookie_secret: is no random text"),
        ({"cookie_secret": None}, "auth → cookie_secret"),
        ({"redirect_uri": "http://desk.example.com/oauth2callback"}, "auth → redirect_uri: must begin with https://"),
        ({"redirect_uri": "https://me:pw@desk.example.com/oauth2callback"}, "auth → redirect_uri: must begin with https://"),
        ({"redirect_uri": "https://desk.example.com/"}, "auth → redirect_uri: must end in /oauth2callback"),
        ({"server_metadata_url": "http://id.example.com/.well-known/openid-configuration"}, "auth → server_metadata_url: must begin with"),
        ({"server_metadata_url": "http://[/.well-known/openid-configuration"}, "auth → server_metadata_url: must begin with"),
        ({"server_metadata_url": "https://id.example.com/metadata"}, "auth → issuer: is needed"),
        ({"issuer": "http://id.example.com"}, "auth → issuer: must begin with https://"),
        ({"client_id": ""}, "auth → client_id"),
        ({"client_secret": ""}, "auth → client_secret"),
        ({"client_kwargs": {"scope": "email"}}, "auth → client_kwargs: scope must hold openid"),
        ({"cookie_secert": SECRET}, "auth → cookie_secert: is not a setting"),
        ({"expose_tokens": "id"}, "auth → expose_tokens: is not a setting"),
        ({"google": {**CLIENT, "client": "x"}}, "auth → google → client: is not a setting"),
        ({"google": {"client_id": "x"}}, "auth → google → client_secret: is missing"),
        ({"my_company": CLIENT}, "my_company cannot be a provider's name"),
    ],
)  # fmt: skip
def test_a_sign_in_that_others_could_forge_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, object], said: str
) -> None:
    monkeypatch.setenv("ETERMINAL_AUTH", json.dumps({**PROVIDER, **change}))
    with pytest.raises(SettingsError) as refusal:
        read()
    assert said in str(refusal.value)
    for secret in (PROVIDER["client_secret"], PROVIDER["cookie_secret"], "correct-horse", SECRET):
        assert secret not in str(refusal.value)


@pytest.mark.parametrize("missing", sorted(PROVIDER))
def test_a_sign_in_without_what_it_needs_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv(
        "ETERMINAL_AUTH", json.dumps({name: value for name, value in PROVIDER.items() if name != missing})
    )
    with pytest.raises(SettingsError, match=rf"auth → {missing}: is missing"):
        read()


def test_an_auth_table_without_a_provider_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    of_all = {name: PROVIDER[name] for name in ("redirect_uri", "cookie_secret")}
    monkeypatch.setenv("ETERMINAL_AUTH", json.dumps(of_all))
    with pytest.raises(SettingsError, match="names no provider"):
        read()


def test_providers_reach_streamlit_as_they_were_written(tmp_path: Path) -> None:
    local = {**CLIENT, "server_metadata_url": "http://127.0.0.1:9400/.well-known/openid-configuration"}
    tenant = {**CLIENT, "issuer": "https://id.example.com/0815", "client_kwargs": {"scope": "openid email"}}
    auth = Settings(auth={**PROVIDER, "local": local, "tenant": tenant}, data_dir=tmp_path).auth
    assert auth is not None
    assert list(auth.providers) == ["default", "local", "tenant"]
    assert [one.issuer for one in auth.providers.values()] == [
        ISSUER,
        "http://127.0.0.1:9400",
        "https://id.example.com/0815",
    ]
    told = auth.for_streamlit()
    assert told == {
        **PROVIDER,
        "local": local,
        "tenant": {name: value for name, value in tenant.items() if name != "issuer"},
    }
    named = Settings(
        auth={
            "redirect_uri": "http://localhost:{port}/oauth2callback",
            "cookie_secret": SECRET,
            "local": local,
        }
    ).auth
    assert named is not None
    assert list(named.for_streamlit()) == ["redirect_uri", "cookie_secret", "local"]


def test_the_sessions_defaults() -> None:
    limits = read().sign_in
    assert (limits.idle_minutes, limits.absolute_hours) == (30, 12)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SMTP_URL", "mail.example", "smtp_url: is not right (how it begins): write it as smtp://"),
        ("SMTP_URL", "smtp://u:canary@mail.example:x", "smtp_url: is not right (the port)"),
        ("SMTP_URL", "smtp://mail.example?starttls=none", "smtp_url: is not right (encryption is missing)"),
        (
            "IMAP_URL",
            "imap://u:canary@mail.example",
            "imap_url: is not right (how it begins): write it as imaps://",
        ),
        ("DATABASE_URL", "mysql://u:canary@h/x", "database_url: write sqlite:////path"),
        ("DATABASE_URL", "postgresql//u:canary@h/x", "database_url: write sqlite:////path"),
        ("DATABASE_URL", "postgresql://u:canary@h:abc/x", "database_url: its port is no number"),
        ("DATABASE_URL", "postgresql://u:12/canary@h/x", "database_url: percent-encode"),
        ("DATABASE_URL", "postgresql://u:can@ary@h/x", "database_url: percent-encode"),
    ],
)
def test_an_address_that_cannot_be_right_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    monkeypatch.setenv(f"ETERMINAL_{name}", text)
    with pytest.raises(SettingsError) as refused:
        read()
    [problem] = refused.value.problems
    assert problem.startswith(said)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////var/lib/desk/a@b.db",
        "postgresql://u:p%40ss@h:5432/x?sslmode=require",
        "postgresql:///x?host=/run/pg",
        "",
    ],
)
def test_other_addresses_of_a_database_are_taken(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ETERMINAL_DATABASE_URL", text)
    read()

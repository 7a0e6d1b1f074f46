"""Settings: typed, refused in sentences, secrets never said."""

import json
from pathlib import Path

import pytest

from services.logs import secret_values
from services.settings import Settings, SettingsError, read, unknown_names

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
    auth = {"client_secret": "canary-3", "cookie_secret": "canary-4", "other": {"client_secret": "canary-5"}}
    settings = Settings(
        data_dir=tmp_path, accounts={"shop": account}, auth=auth, smtp_url="smtp://u:canary-6@h", database_url="x://u:canary-7@h/d",
        imap_url="imaps://u:canary-8@h",
    )  # fmt: skip
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


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "public_port = " + "9" * 5_000, "public_port = 1e9999999"])
def test_so_is_one_in_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.toml").write_text(text)
    with pytest.raises(SettingsError):
        read()

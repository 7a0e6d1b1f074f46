import pytest
from pydantic import ValidationError

from services.mail import errors
from services.mail.settings import FIELDS, EmailSettings, contrast, missing, read, resolve, text_colour

COMPLETE = {
    "sender_name": "Fleurs & Cie",
    "sender_address": "boutique@fleurs.example",
    "reply_to": "contact@fleurs.example",
    "merchant_name": "Fleurs & Cie",
    "support_contact": "01 23 45 67 89",
    "signature": "L’équipe\nFleurs & Cie",
    "logo_url": "https://fleurs.example/logo.png",
    "colour": "#1F4E79",
    "footer": "SARL au capital de 10 000 €",
}


def test_complete_settings_miss_nothing_and_each_empty_field_is_named() -> None:
    assert missing(read(COMPLETE)) == ()
    assert missing(EmailSettings()) == FIELDS == tuple(COMPLETE)
    for name in FIELDS:
        assert missing(read({**COMPLETE, name: "  "})) == (name,)


def test_fields_are_stored_in_their_clean_form() -> None:
    settings = read(
        {
            **COMPLETE,
            "colour": " #1F4E79 ",
            "sender_address": "Boutique@FLEURS.example",
            "signature": "a\r\nb\r\n",
        }
    )
    assert (settings.colour, settings.sender_address, settings.signature) == (
        "#1f4e79",
        "Boutique@fleurs.example",
        "a\nb",
    )


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("sender_name", "Fleurs\nBcc: x@y.fr", "text_line_break"),
        ("sender_name", "=?utf-8?q?x?=", "text_encoded_word"),
        ("sender_name", "x" * 101, "text_too_long"),
        ("sender_address", "a@b.fr, c@d.fr", "address_several"),
        ("reply_to", "Bob <a@b.fr>", "address_with_name"),
        ("merchant_name", "a\u202eb", "text_invisible_character"),
        ("signature", "a\x00b", "text_control_character"),
        ("logo_url", "http://fleurs.example/logo.png", "logo_address_invalid"),
        ("logo_url", "https:///logo.png", "logo_address_invalid"),
        ("logo_url", "javascript:alert(1)", "logo_address_invalid"),
        ("logo_url", "https://u:p@fleurs.example/l.png", "logo_address_invalid"),
        ("logo_url", 'https://fleurs.example/"onerror=x', "logo_address_invalid"),
        ("logo_url", "https://fleurs.example;script-src/logo.png", "logo_address_invalid"),
        ("logo_url", "https://*/logo.png", "logo_address_invalid"),
        ("logo_url", "https://fleurs.example,evil.example/logo.png", "logo_address_invalid"),
        ("logo_url", "https://fleurs.example:99999/l.png", "logo_address_invalid"),
        ("logo_url", "https://[fleurs/l.png", "logo_address_invalid"),
        ("colour", "red", "colour_invalid"),
        ("colour", "#12345", "colour_invalid"),
        ("colour", "#12345g;", "colour_invalid"),
    ],
)
def test_a_wrong_field_is_named_with_its_code(name: str, text: str, code: str) -> None:
    with pytest.raises(errors.SettingsRefused) as caught:
        read({**COMPLETE, name: text})
    assert {field: error.code for field, error in caught.value.problems.items()} == {name: code}
    # A stored row passes the same gate.
    with pytest.raises(ValidationError) as invalid:
        EmailSettings.model_validate({**COMPLETE, name: text})
    assert [(error["loc"], error["type"]) for error in invalid.value.errors()] == [((name,), code)]


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(errors.SettingsRefused) as caught:
        read({"colour": "x", "logo_url": "x", "reply_to": "x"})
    assert set(caught.value.problems) == {"colour", "logo_url", "reply_to"}


def test_a_language_overlays_only_what_it_fills_in() -> None:
    default = read(COMPLETE)
    german = EmailSettings(signature="Ihr Team", footer="GmbH")
    resolved = resolve(default, {"de": german}, "de")
    assert (resolved.signature, resolved.footer, resolved.merchant_name) == (
        "Ihr Team",
        "GmbH",
        "Fleurs & Cie",
    )
    assert resolve(default, {"de": german}, "fr") == default


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # WCAG's own example of the limit


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#1f4e79", "#ffffff"), ("#767676", "#ffffff"), ("#777777", "#1a1a1a"), ("#ffee00", "#1a1a1a")],
)
def test_the_buttons_text_can_be_read(colour: str, text: str) -> None:
    assert text_colour(colour) == text

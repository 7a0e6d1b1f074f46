import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.i18n import LANGUAGES, format_datetime, translator
from services.mail import errors
from services.mail.compose import Composed, Letter, compose, compose_test
from services.mail.settings import EmailSettings
from services.money import format_money

URL = "https://secure.hipay.example/pay/0b0f6b3e-9d6e?a=1&b=2"


class Page(HTMLParser):
    """The tags with their attributes, and the text a reader sees."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._silent = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_say_everything_in_the_customers_language(
    letter: Letter, settings: EmailSettings, language: str
) -> None:
    letter = replace(letter, language=language)
    composed = compose(letter, settings, url=URL)
    page = Page(composed.html)
    t = translator(language, "customer")
    amount = format_money(letter.amount_units, "EUR", t.locale)
    expected = [
        "Zoë Lefèvre",
        "zoe@example.com",
        amount,
        "Bouquet de mariage 🌹",
        "A-2026-0042",
        format_datetime(letter.expires_at.replace(second=0), "Europe/Paris", language),
        t(
            "We confirm that your order {order_id} has been registered with {merchant}.",
            order_id="A-2026-0042",
            merchant="Fleurs & Cie",
        ),
        settings.support_contact,
        *settings.signature.split("\n"),
        *settings.footer.split("\n"),
        URL,
    ]
    for words in map(flat, expected):
        assert words in page.text
        assert words in flat(composed.text)
    assert page.all("html")[0]["lang"] == language
    assert flat(t("Pay {amount}", amount=amount)) in page.text
    for words in ("Fleurs & Cie", "A-2026-0042", amount):
        assert words in composed.subject
    assert "{" not in composed.subject + composed.text


def test_it_begins_by_confirming_the_order(letter: Letter, settings: EmailSettings) -> None:
    first, second = compose(letter, settings, url=URL).text.split("\n\n")[:2]
    assert first == "Bonjour Zoë Lefèvre,"
    assert second.startswith("Nous vous confirmons que votre commande A-2026-0042 a bien été enregistrée")


def test_the_expiry_names_its_zone_and_is_never_later_than_the_truth(
    letter: Letter, settings: EmailSettings
) -> None:
    text = compose(letter, settings, url=URL).text
    assert "15:30 (heure normale d’Europe centrale)" in text


def test_one_button_and_the_link_in_full(letter: Letter, settings: EmailSettings) -> None:
    page = Page(compose(letter, settings, url=URL).html)
    assert [link["href"] for link in page.all("a")] == [URL, URL]
    assert page.text.count(URL) == 1


def test_nothing_is_fetched_but_the_logo(letter: Letter, settings: EmailSettings) -> None:
    source = compose(letter, settings, url=URL).html
    page = Page(source)
    assert [tag for tag, attributes in page.tags if "src" in attributes] == ["img"]
    assert page.all("img")[0]["src"] == settings.logo_url
    assert page.all("img")[0]["alt"] == "Fleurs & Cie"
    assert not page.all("link")
    assert not page.all("script")
    assert not re.search(r"url\(|@import|background=|srcset", source)
    assert not Page(compose(letter, settings.model_copy(update={"logo_url": ""}), url=URL).html).all("img")


def test_a_long_word_is_broken_in_every_part_of_the_letter(letter: Letter, settings: EmailSettings) -> None:
    html = compose(letter, settings, url=URL).html
    [around] = [one for one in Page(html).all("td") if one.get("class") == "page"]
    assert "overflow-wrap:anywhere" in (around["style"] or "")


def test_outlook_gets_tables_and_a_width(letter: Letter, settings: EmailSettings) -> None:
    source = compose(letter, settings, url=URL).html
    assert '<!--[if mso]><table role="presentation" width="600"' in source
    assert "<v:" not in source
    assert not re.search(r"display:\s*(flex|grid)", source)
    assert source.lstrip().startswith("<!DOCTYPE html>")


HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{%raw%}",
    "javascript:alert(1)",
    '"><img src=x onerror=alert(1)>',
    "{amount}",
    "%s&amp;",
]


@pytest.mark.parametrize("poison", HOSTILE)
def test_hostile_fields_are_inert_text(letter: Letter, settings: EmailSettings, poison: str) -> None:
    letter = replace(
        letter, first_name=poison, last_name=poison, description=poison, order_id=poison, account_name=poison
    )
    texts = dict.fromkeys(("sender_name", "merchant_name", "support_contact", "signature", "footer"), poison)
    composed = compose(letter, settings.model_copy(update=texts), url=URL)
    page = Page(composed.html)
    assert not page.all("script")
    assert len(page.all("img")) == 1
    assert {link["href"] for link in page.all("a")} == {URL}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(poison) >= 7
    assert composed.text.count(poison) >= 7
    assert "49" not in composed.text.replace("0.49", "")


@given(st.text(alphabet="<>&\"'{}%$#/\\=;:abc \u00e9", min_size=1, max_size=40))
@hypothesis_settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_field_never_changes_the_pages_structure(
    letter: Letter, settings: EmailSettings, text: str
) -> None:
    plain = Page(compose(replace(letter, description="x"), settings, url=URL).html)
    try:
        composed = compose(replace(letter, description=text), settings, url=URL)
    except errors.TextError:
        return
    if text.strip():
        assert Page(composed.html).tags == plain.tags
        assert flat(text) in Page(composed.html).text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://secure.hipay.example/pay",
        "http://127.0.0.1:8502/pay",
        "data:text/html,x",
        "https://",
        "https://user@secure.example/",
        "https://secure.example/a b",
        'https://secure.example/"x',
        "https://secure.example/\n",
        "https://[secure/",
        "",
    ],
)
def test_only_an_https_link_is_sent(letter: Letter, settings: EmailSettings, url: str) -> None:
    with pytest.raises(errors.PaymentUrlRefused):
        compose(letter, settings, url=url)


def test_the_sandbox_may_link_to_this_machine_only(letter: Letter, settings: EmailSettings) -> None:
    trial = replace(letter, sandbox=True)
    assert "http://127.0.0.1:8502/pay" in compose(trial, settings, url="http://127.0.0.1:8502/pay").text
    with pytest.raises(errors.PaymentUrlRefused):
        compose(trial, settings, url="http://192.0.2.1/pay")


@pytest.mark.parametrize(("language", "mark"), [("fr", "[TEST] "), ("es", "[PRUEBA] "), ("pt", "[TESTE] ")])
def test_the_sandbox_says_so(letter: Letter, settings: EmailSettings, language: str, mark: str) -> None:
    trial = compose(replace(letter, sandbox=True, language=language), settings, url=URL)
    real = compose(replace(letter, language=language), settings, url=URL)
    assert trial.subject == mark + real.subject
    notice = translator(language, "customer")("This is a trial environment: no money will be taken.")
    assert notice in trial.text.splitlines()[0]
    assert flat(notice) in Page(trial.html).text
    assert notice not in real.text + real.html


def test_the_preview_shows_where_the_link_will_be(letter: Letter, settings: EmailSettings) -> None:
    preview = compose(letter, settings, url=None)
    page = Page(preview.html)
    assert page.all("a") == []
    assert "Le lien apparaîtra ici" in page.text
    assert "Le lien apparaîtra ici" in preview.text
    assert flat("Régler 1 234,56 €") in page.text
    assert preview.subject == compose(letter, settings, url=URL).subject


def test_a_copy_names_its_recipient_and_is_otherwise_the_same_letter(
    letter: Letter, settings: EmailSettings
) -> None:
    original, copied = compose(letter, settings, url=URL), compose(letter, settings, url=URL, copy=True)
    assert copied.text.removeprefix("*** Copie du message envoyé à zoe@example.com ***\n\n") == original.text
    assert "Copie du message envoyé à zoe@example.com" in Page(copied.html).text
    assert copied.subject == "[Copie] " + original.subject


def test_a_test_message_is_marked_and_looks_like_a_letter(letter: Letter, settings: EmailSettings) -> None:
    sample: Composed = compose_test(
        settings,
        "de",
        email="ich@fleurs.example",
        currency="EUR",
        zone="Europe/Berlin",
        now=letter.expires_at,
        account_name="x",
        sandbox=False,
    )
    assert sample.subject.startswith("[TEST] Ihre Bestellung TEST-0001 bei Fleurs & Cie")
    assert sample.text.startswith("*** Dies ist eine Testnachricht")
    assert "8. Dez" in sample.text or "08.12.2026" in sample.text
    assert "ich@fleurs.example" in sample.text


def test_empty_settings_and_names_leave_no_holes(letter: Letter) -> None:
    bare = replace(letter, first_name="", last_name="", language="en")
    composed = compose(bare, EmailSettings(), url=URL)
    assert composed.text.startswith("Hello,")
    assert "Name" not in composed.text
    assert "Compte principal" in composed.subject
    assert "\n\n\n" not in composed.text
    assert "None" not in composed.html + composed.text


def test_a_letter_with_a_forged_line_is_refused(letter: Letter, settings: EmailSettings) -> None:
    with pytest.raises(errors.LineBreak) as caught:
        compose(replace(letter, description="x\nMontant: 1 €"), settings, url=URL)
    assert caught.value.field == "description"


def test_a_pale_colour_gets_dark_text_and_a_border(letter: Letter, settings: EmailSettings) -> None:
    source = compose(letter, settings.model_copy(update={"colour": "#ffee00"}), url=URL).html
    button = source[source.index('class="button"') :]
    assert "background-color:#ffee00;border:1px solid #1a1a1a" in button
    assert "color:#1a1a1a;text-decoration:none" in button

"""Every text of the screens exists in French, with its placeholders, and none is left over; every refusal has a sentence.

A text is what a screen passes to ``t(…)``, what a registry of a service holds, and any constant of a screen that reads like
a text: a new one without its translation fails here.
"""

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

import services
from services import exports
from services.access.sign_in import LOCAL_USER
from services.bulk.columns import EXPECTED, REQUESTS
from services.checklist import guidance
from services.error_messages import sentences
from services.errors import DeskError
from services.hipay import reasons
from services.i18n import DASHBOARD_LANGUAGES, LANGUAGES, LOCALES
from services.orders.names import BADGE_NAMES, CHANNEL_NAMES
from services.reconciliation.views.reasons import DIFFERENCES, KEY_NAMES, OUTCOMES, REASONS, STATUSES
from services.settlements import columns, settlement_operations, words

ROOT = Path(__file__).resolve().parents[2]
# Constants of the screens that read like texts and are the same in every language.
# "looked up" and "seen at HiPay" are kept with an alarm that the machinery has closed; the screen says them in words.
NOT_TEXTS = {"E-Terminal Desk", "Maison Demo", "HiPay", "{id}", "looked up", "seen at HiPay", "Ctrl+Enter"}
# Registries of a screen that hold no texts: colours, icons, anchors, examples.
NO_REGISTRIES = {
    "COLOURS",
    "STATUS_SIGNS",
    "_COLOURS",
    "OUTCOME_ICONS",
    "ANCHORS",
    "_ALGORITHMS",
    "_EXAMPLES",
}
_READS_LIKE_A_TEXT = re.compile(r"[A-Z“][^/<>=]*[a-z].*|[a-z]+,? [a-z].*", re.DOTALL)


def constants(tree: ast.AST) -> Iterator[str]:
    """The strings of a module, without docstrings, the pieces of f-strings and what the log says."""
    others: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            others |= set(map(id, node.values))
        elif isinstance(node, ast.Expr):
            others.add(id(node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
            others |= set(map(id, node.args))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            yield node.value


def translated(tree: ast.AST) -> Iterator[str]:
    """The literals given to ``t(…)``, ``texts()(…)``, ``t.gettext(…)`` and ``t.plural(…)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in ("t", "texts()") or called.endswith((".gettext", ".plural")):
            for given in node.args[: 2 if called.endswith(".plural") else 1]:
                branches = (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,)
                yield from (
                    branch.value
                    for branch in branches
                    if isinstance(branch, ast.Constant) and isinstance(branch.value, str)
                )


def headings(tree: ast.AST) -> Iterator[str]:
    """The titles of the columns that an export writes: what is given first to ``spreadsheets.write.Column``."""
    exports = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "services.spreadsheets.write"
        and any(name.name == "Column" for name in node.names)
    ]
    for node in ast.walk(tree) if exports else ():
        given = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if isinstance(given, ast.Constant) and ast.unparse(node).startswith("Column("):
            yield str(given.value)


def registered(tree: ast.AST) -> Iterator[str]:
    """The strings that the module's own dictionaries have as values."""
    for node in getattr(tree, "body", ()):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Dict)
            and not NO_REGISTRIES & set(map(ast.unparse, node.targets))
        ):
            for value in node.value.values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


@cache
def trees(folder: str) -> tuple[ast.AST, ...]:
    return tuple(ast.parse(path.read_text()) for path in sorted((ROOT / folder).rglob("*.py")))


@cache
def needed() -> frozenset[str]:
    screens = {
        text for tree in trees("pages") for read in (translated, registered) for text in read(tree)
    } - NOT_TEXTS
    screens |= {
        text
        for tree in trees("pages")
        for text in constants(tree)
        if _READS_LIKE_A_TEXT.fullmatch(text) and text not in NOT_TEXTS
    }
    # sentences that a service makes of what it found
    worded = [
        ROOT / "services" / "reconciliation" / "views" / f"{name}_text.py" for name in ("line", "order")
    ]
    screens |= {text for path in worded for text in translated(ast.parse(path.read_text()))}
    screens |= {text for tree in trees("services") for text in headings(tree)}
    advice = {text for one in guidance.GUIDANCE.values() for text in (one.means, one.where, one.ask)}
    registries = (
        sentences.SENTENCES,
        guidance.TITLES,
        words.EVIDENCE,
        words.SET_ASIDE,
        KEY_NAMES,
        REASONS,
        OUTCOMES,
        STATUSES,
        DIFFERENCES,
        columns.LABELS,
        BADGE_NAMES,
        CHANNEL_NAMES,
        {name: kind.file for name, kind in exports.kinds.KINDS.items()},
    )
    held = {text for registry in registries for text in registry.values()}
    held |= {operation.label for operation in settlement_operations.OPERATIONS}
    held |= {column.label for column in (*REQUESTS, *EXPECTED)}
    return frozenset(screens | advice | held | {sentences.UNKNOWN, LOCAL_USER} | set(reasons.sentences())) - {
        ""
    }


@cache
def messages() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Each message's msgids (two for a plural) and its French forms."""
    with (LOCALES / "fr" / "LC_MESSAGES" / "dashboard.po").open("rb") as source:
        found = [message for message in read_po(source, locale="fr") if message.id]
    return tuple((_several(message.id), _several(message.string)) for message in found)


def _several(texts: str | Sequence[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


@cache
def catalogue() -> dict[str, tuple[str, ...]]:
    return {msgid: forms for msgids, forms in messages() for msgid in msgids}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_texts_are_found_where_they_are_used() -> None:
    assert {
        "Send by e-mail",
        "Still needed: {fields}",
        "{count} payment requests",
        "Paid",
        "Percentage fee",
    } <= needed()
    assert len(needed()) > 700


def test_every_text_is_there_in_french() -> None:
    assert sorted(text for text in needed() if not all(map(str.strip, catalogue().get(text, ("",))))) == []


def test_no_translation_is_left_over() -> None:
    known = {text for folder in ("pages", "services") for tree in trees(folder) for text in constants(tree)}
    assert sorted(set(catalogue()) - known - needed()) == []


def test_placeholders_survive_translation() -> None:
    wrong = [
        form
        for msgids, forms in messages()
        for form in forms
        if placeholders(form) not in [placeholders(msgid) for msgid in msgids]
    ]
    assert wrong == []


def test_sentences_are_translated() -> None:
    assert [msgid for msgid, forms in catalogue().items() if msgid in forms and msgid.count(" ") >= 3] == []


def test_french_has_its_spaces() -> None:
    """A no-break space before a colon, semicolon, question or exclamation mark, and inside guillemets."""
    bad = re.compile(r"[^\s\d:/?=][:;?!](?:\s|$)|[ ][:;?!»]|«[ ]|«\S|[^\s]»")
    assert [form for forms in catalogue().values() for form in forms if bad.search(form)] == []


def test_no_text_uses_a_word_that_the_glossary_lists_as_replaced() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8").split("## Replaced words")[1]
    replaced = re.findall(r"^\| (en|fr) \| (.+?) \|", glossary, re.MULTILINE)
    assert len(replaced) >= 12
    texts = {
        "en": needed() | set(catalogue()),
        "fr": {form for forms in catalogue().values() for form in forms},
    }
    wrong = [
        (word, text)
        for language, word in replaced
        for text in texts[language]
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
    ]
    assert wrong == []


def test_there_is_one_catalogue_for_each_domain() -> None:
    found = {str(path.relative_to(LOCALES)) for path in LOCALES.rglob("*.po")}
    customers = {f"{language}/LC_MESSAGES/customer.po" for language in LANGUAGES}
    screens = {f"{language}/LC_MESSAGES/dashboard.po" for language in DASHBOARD_LANGUAGES if language != "en"}
    assert found == customers | screens


def test_every_refusal_has_its_sentence() -> None:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if (
            not module.name.endswith(("__main__", ".run", "_child", ".env"))
            and ".versions" not in module.name
        ):
            importlib.import_module(module.name)
    codes = {refusal.code for refusal in _refusals(DeskError)}
    assert sorted(codes - set(sentences.SENTENCES)) == []


def _refusals(root: type[DeskError]) -> Iterator[type[DeskError]]:
    for refusal in root.__subclasses__():
        if refusal.__module__.startswith("services."):
            yield refusal
        yield from _refusals(refusal)

"""The guides name what is there: files, words in the code, words on screen, the layers."""

import configparser
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "sandbox/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
_FOLDERS = ("services/", "pages/", "tests/", "sandbox/", "benchmarks/", "docs/", "locales/", ".ci/")


def paths(text: str) -> set[str]:
    """What stands in backquotes and can only be a path of the repository; ``file.py::test`` names the file."""
    quoted = (code.split("::")[0] for code in re.findall(r"`([^`\n]+)`", text))
    return {code for code in quoted if code.startswith(_FOLDERS) and not re.search(r"[\s<>*{}…]", code)}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_every_path_in_a_guide_exists(guide: Path) -> None:
    text = guide.read_text("utf-8")
    assert sorted(path for path in paths(text) if not (ROOT / path).exists()) == []
    links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    assert sorted(link for link in links if link and not (guide.parent / link).exists()) == []


def test_the_glossarys_words_are_in_use() -> None:
    """A code word occurs in ``services/``, a screen word in the screens or in the French catalogue."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "services").rglob("*.py"))
    names = " ".join(str(path) for path in (ROOT / "services").rglob("*.py"))
    screens = "\n".join(path.read_text("utf-8") for path in (ROOT / "pages").rglob("*.py"))
    catalogue = (ROOT / "locales/fr/LC_MESSAGES/dashboard.po").read_text("utf-8")
    rows = re.findall(
        r"^\| (`.+?) \| (.+?) \| (.+?) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 40
    words = {word for row in rows for word in re.findall(r"`(\w+)`", row[0])}
    assert sorted(word for word in words if not re.search(rf"\b{word}\b", code + names)) == []
    shown = {word.strip() for row in rows for cell in row[1:] for word in cell.split(",")} - {"—"}
    assert sorted(word for word in shown if word not in screens + catalogue) == []


def test_the_picture_shows_the_layers_of_the_contract() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    lines = contract["importlinter:contract:layers"]["layers"].split("\n")
    wanted = [{name.strip() for name in line.split("|")} for line in lines if line.strip()]
    drawn = _module("draw_layers").LAYERS
    assert [set(packages) for _, _, layers in drawn for packages, _ in layers] == wanted


@pytest.mark.parametrize("name", ["layers", "states"])
def test_a_picture_is_as_its_script_draws_it(name: str) -> None:
    drawn = _module(f"draw_{name}").draw()
    assert (ROOT / f"docs/images/{name}.svg").read_text("utf-8") == drawn, f"python docs/draw_{name}.py"


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""How files of ours import each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("services", "pages", "sandbox", "tests", "benchmarks")
FILES = [*sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "app.py"]


@pytest.mark.skip(reason="the last aliases are on their way out")
def test_a_module_is_imported_under_its_own_name() -> None:
    """A search for ``orders.find`` finds each call of it."""
    aliases = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.module}.{name.name} as {name.asname}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FOLDERS
        for name in node.names
        if name.asname not in (None, name.name)
    ]
    assert aliases == []

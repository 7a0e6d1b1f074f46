"""How files of ours import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
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


def test_no_file_imports_itself_through_others() -> None:
    graph = grimp.build_graph("services", "pages", exclude_type_checking_imports=True)
    assert sorted(_circles(graph)) == []


def _circles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """The strongly connected components of more than one file (Tarjan)."""
    place: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        place[module] = lowest[module] = len(place)
        path.append(module)
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if imported not in place:
                yield from visit(imported)
                lowest[module] = min(lowest[module], lowest[imported])
            elif imported in path:
                lowest[module] = min(lowest[module], place[imported])
        if lowest[module] == place[module]:
            start = path.index(module)
            circle = path[start:]
            del path[start:]
            if len(circle) > 1:
                yield sorted(circle)

    for module in sorted(graph.modules):
        if module not in place:
            yield from visit(module)

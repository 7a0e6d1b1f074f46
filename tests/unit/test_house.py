"""How files of ours name and import each other."""

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("services", "pages", "sandbox", "tests", "benchmarks")
FILES = [
    *sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if path.parent.name != "former_program"  # code that runs in an older version
    ),
    ROOT / "app.py",
]


@functools.cache
def _imports_from() -> list[tuple[Path, ast.ImportFrom]]:
    """Each ``from … import …`` of our files, with its file."""
    return [
        (path, node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]


def test_a_module_is_imported_under_its_own_name() -> None:
    """A search for ``orders.find`` finds each call of it."""
    aliases = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.module}.{name.name} as {name.asname}"
        for path, node in _imports_from()
        if (node.module or "").split(".")[0] in FOLDERS
        for name in node.names
        if name.asname not in (None, name.name)
    ]
    assert aliases == []


PRODUCT = [path for path in FILES if path.relative_to(ROOT).parts[0] in ("services", "pages")]


def test_a_dataclass_of_more_than_four_fields_is_built_by_keywords() -> None:
    """Two neighbouring fields of one type cannot be swapped unnoticed."""
    positional = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and len(_fields(node)) > 4
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator) and "kw_only=True" not in ast.unparse(decorator)
    ]
    assert positional == []


def _fields(node: ast.ClassDef) -> list[str]:
    """The fields that a caller gives: private ones have a default."""
    names = [
        one.target.id
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    ]
    return [name for name in names if not name.startswith("_")]


MOST_LINES = 300
# The files above it, each with the one reason for which it changes.
LONG = {
    "services/error_messages/sentences.py": "one table: the sentence of each error code",
    "services/checklist/guidance.py": "one table: what each result of the check list means",
    "services/settlements/parts.py": "a text of any size, read in parts",
    "services/store/migrations/versions/0001_first_tables.py": "the tables as the first version made them",
}


def test_a_file_of_more_than_300_lines_has_one_reason_to_change() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in PRODUCT
        if (lines := path.read_text("utf-8").count("\n")) > MOST_LINES
    }
    assert {name: lines for name, lines in long.items() if name not in LONG} == {}
    assert sorted(LONG.keys() - long.keys()) == []


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


def test_no_test_module_imports_another() -> None:
    """What several tests share lies in tests/support, or in a module beside them that is no test."""
    imports = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.module}"
        for path, node in _imports_from()
        if re.match(r"tests\.(\w+\.)*test_", node.module or "")
    ]
    assert imports == []


PROGRAMS = ("services.run", "services.worker", "services.public.__main__", "sandbox.__main__")
SPAWNED = (
    "services.exports.process",
    "services.imports.loading.spawned",
    "services.imports.previews.preview_child",
    "services.parsing.parent",
)
_AFTER_M = re.compile(r"""(?:"-m",\s*"|start_module\(\s*"|python -m )((?:services|sandbox)(?:\.\w+)*)""")
_DOTTED = re.compile(r"(?<![\w/.@-])services(?:\.[a-zA-Z_]\w*)+")
_OTHER_TEXTS = (
    "Makefile",
    "README.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
    ".importlinter",
    ".ci/run",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)


@pytest.mark.parametrize("module", [*PROGRAMS, *SPAWNED])
def test_every_program_can_be_imported(module: str) -> None:
    assert importlib.import_module(module)


def test_what_is_started_by_its_module_is_one_of_these_programs() -> None:
    started = {
        name for path in [*FILES, *map(ROOT.joinpath, _OTHER_TEXTS)] for name in _AFTER_M.findall(_text(path))
    }
    assert started == {module.removesuffix(".__main__") for module in (*PROGRAMS, *SPAWNED)}


def test_every_module_that_a_text_names_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*FILES, *map(ROOT.joinpath, _OTHER_TEXTS)]
        for name in sorted(set(_DOTTED.findall(_text(path))))
        if not _exists(name)
    ]
    assert missing == []


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _exists(dotted: str) -> bool:
    """Whether it names a module, or what a module has."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        place, names = ROOT.joinpath(*parts[:length]), parts[length:]
        file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
        if file.is_file() or (place.is_dir() and not names):
            return not names or names[0].startswith("__") or bool(re.search(rf"\b{names[0]}\b", _text(file)))
    return False

"""The levels of docs/architecture.md: modules import only from levels above their own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import retainkit

ROOT = Path(retainkit.__file__).parent

# From the ground up. Modules on one level do not import each other, save inside one folder.
LEVELS = (
    ("addresses", "errors", "choices", "stopping", "wording"),
    ("leftovers",),
    ("replacement", "columns", "locking", "hashing", "toml", "zones"),
    ("rowsfile",),
    ("periods", "stats"),
    ("schema", "config"),
    ("selectors",),
    ("results",),
    ("sources",),
    ("timeline",),
    ("metrics",),
    ("engine", "profile", "sharing", "ingesting"),
    ("render",),
    ("checking",),
    ("reporting",),
    ("answers",),
    ("demo", "api", "gates", "intake"),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py"))


def home(path: Path) -> str:
    """Return the folder or file of the package that a module belongs to."""
    relative = path.relative_to(ROOT)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(path: Path) -> Iterator[str]:
    """Yield the homes that a module imports from, wherever in its text it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, *rest = name.split(".")
            if package == "retainkit":
                yield rest[0] if rest and rest[0] in LEVEL else "__init__"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_from_levels_above(path: Path) -> None:
    mine = home(path)
    lower = {
        other
        for other in imported(path)
        if other != mine and LEVEL[other] >= LEVEL[mine] and mine != "__init__"
    }
    assert not lower, f"{path.name} reaches down or sideways to {sorted(lower)}"


def test_every_module_has_a_level() -> None:
    assert {home(path) for path in modules()} <= set(LEVEL)


def test_nothing_below_the_command_line_prints_or_reads_flags() -> None:
    for path in modules():
        if home(path) in ("cli", "__main__"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "input"}, path
        assert "typer" not in {name.split(".")[0] for name in _plain_imports(tree)}, path


def _plain_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module

"""Hold the words of the house: no class name twice, no function of a bare name in many rooms, files that the map names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mdm_policy"
BARE = ("plain", "read", "text")
"""Names of functions that say nothing by themselves: each may stand in one room alone."""
MAPS = ("CONTRIBUTING.md", "docs/architecture.md")
_NAMED = re.compile(
    r"`((?:mdm_policy|templates|tests|docs|tools|examples|benchmarks)/[\w./-]*|[\w-]+(?:/[\w.-]+)+/?|[\w]+\.py)`"
)
_PLACES = ("", "mdm_policy", "docs")


def definitions(kind: type[ast.ClassDef | ast.FunctionDef]) -> dict[str, set[str]]:
    """Return where each top-level name is defined, by module."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, kind):
                found[node.name].add(path.relative_to(PACKAGE).as_posix())
    return found


def test_no_class_name_stands_twice() -> None:
    assert {name: where for name, where in definitions(ast.ClassDef).items() if len(where) > 1} == {}


@pytest.mark.parametrize("name", BARE)
def test_a_function_of_a_bare_name_stands_in_one_room_at_most(name: str) -> None:
    rooms = {where.partition("/")[0] for where in definitions(ast.FunctionDef)[name]}
    assert len(rooms) <= 1, rooms


@pytest.mark.parametrize("page", MAPS)
def test_every_file_that_the_map_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {name for name in _NAMED.findall(text) if not re.search(r"VENDOR|NAME|DIR|^target\.", name)}
    assert len(named) > (0 if page == "CONTRIBUTING.md" else 40)
    assert sorted(name for name in named if not any((ROOT / place / name).exists() for place in _PLACES)) == []


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()]
    assert [name for name in rooms if f"`{name}/`" not in text] == []


_ODD = re.compile(
    r"\bis no (?:word|valid|key|list|number|text|JSON|XML)\b|\bis none of\b|stands where .* belongs|\bits grip\b"
)


def test_messages_are_plain_english() -> None:
    """Every text with a blank that is no docstring; what a person reads is written so nowhere."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docs:
                continue
            if _ODD.search(node.value):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.value[:80]}")
    assert found == []

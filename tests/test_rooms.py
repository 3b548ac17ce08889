"""Hold what import-linter cannot see: nothing but the command line's own tests imports the command line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "mdm_policy"
COMMAND_LINE = "mdm_policy.cli"
MAY = (
    "cli_kit.py",  # runs the program as a person does
    "cli/*",
    "push/stage.py",  # runs whole pushes, with waiting that takes no time
    "push/test_push_cli.py",
    "signing/test_signing_sign.py",  # asks for passphrases, and runs the program without its extra
    "trust/crash_points.py",  # kills the program in the middle of a command
    "tenant/foreign_judge.py",  # runs whole pushes, as push/stage.py does
    "test_rooms.py",
)
"""Tests of the command line."""


def imports(path: Path) -> set[str]:
    """Return the names a file imports, wherever in it, those in texts of code that it runs too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and COMMAND_LINE in node.value:
            found.add(COMMAND_LINE)
    return found


def reaches(path: Path) -> bool:
    return any(name == COMMAND_LINE or name.startswith(f"{COMMAND_LINE}.") for name in imports(path))


@pytest.mark.parametrize(
    ("root", "may"),
    [pytest.param(TESTS, MAY, id="tests"), pytest.param(PACKAGE, ("cli/*", "__main__.py"), id="package")],
)
def test_the_command_line_is_imported_by_itself_alone(root: Path, may: tuple[str, ...]) -> None:
    found = {path.relative_to(root) for path in root.rglob("*.py") if reaches(path)}
    assert found, "nothing was found at all"
    assert [str(path) for path in sorted(found) if not any(path.match(one) for one in may)] == []
    assert [one for one in may if not any(path.match(one) for path in found)] == [], "an exception nobody needs"


def test_only_the_command_line_reaches_outside() -> None:
    """Clock, standard input, environment and exit: everything below `cli` is handed what it needs of them."""
    outside = {"sys.stdin", "sys.stdout", "sys.exit", "os.environ", "os.getenv", "date.today", "datetime.now", "click"}
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith("cli/") or name == "__main__.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | imports(path)
        reached = {word for word in outside for one in used if one == word or one.endswith(f".{word}")}
        if reached:
            found[name] = reached
    assert found == {
        "sandbox/child.py": {"sys.stdin", "sys.stdout"},  # a process of its own, whose streams are pipes of ours
        "sandbox/parent.py": {"os.environ"},  # what of it the child may see
        "push/destinations/git_commits.py": {"os.environ"},  # git's own settings, handed on but for those that mislead
        "sources/git_revisions.py": {"os.environ"},  # as above, and what keeps a repository from starting programs
    }

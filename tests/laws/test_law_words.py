"""Hold that no sentence means anything: with every text rewritten, verdicts, directions and exit codes are the same.

What the program decides stands in typed fields. The texts of `decide`, `diff`, `verify` and `kinds` are for people; the
law replaces each of them but the named tables of vendors' words, and runs the suites that ask for verdicts.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import reworded

if TYPE_CHECKING:
    from pathlib import Path

CASES = (
    "decide",
    "diff/test_diff_cli.py",
    "diff/test_diff_directions.py",
    "diff/test_diff_intune_pairs.py",
    "diff/test_diff_red_team.py",
    "kinds",
    "verify/test_red_team.py",
    "verify/test_verify_cli.py",
    "verify/test_verify_false_proofs.py",
    "verify/test_verify_foreign.py",
    "verify/test_verify_gaps.py",
)


def _run(words: str, out: Path) -> subprocess.Popen[bytes]:
    tests = [str(reworded.TESTS / case) for case in CASES]
    command = [sys.executable, str(reworded.TESTS / "reworded.py"), words, str(out), *tests]
    return subprocess.Popen(command, cwd=reworded.TESTS.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Any]]]:
    folder = tmp_path_factory.mktemp("words")
    running = {words: _run(words, folder / words) for words in ("plain", "reworded")}
    for words, process in running.items():
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, f"{words}: {said.decode()}"
    return {words: json.loads((folder / words).read_text(encoding="utf-8")) for words in running}


def test_no_verdict_rests_on_a_sentence(found: dict[str, dict[str, list[Any]]]) -> None:
    plain, other = found["plain"], found["reworded"]
    differing = {}
    compared = 0
    for test, mine in plain.items():
        theirs = other.get(test, [])
        told = [pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]]
        compared += min(len(mine), len(theirs))
        if told or not theirs:
            differing[test] = told[:1]
    assert not differing
    assert compared > 0.97 * sum(map(len, plain.values()))
    assert compared > 3_000


@pytest.mark.parametrize(
    ("source", "rewritten"),
    [
        pytest.param("said = 'two words'", 1, id="a-sentence"),
        pytest.param("said = f'{x} is {y}: {z}'", 2, id="parts-of-a-sentence"),
        pytest.param("def f():\n    'Return two words.'", 0, id="a-docstring"),
        pytest.param("said = 'word'", 0, id="a-word"),
        pytest.param("KEPT = frozenset({'Newly Assigned'})", 0, id="a-named-table"),
    ],
)
def test_what_is_rewritten(source: str, rewritten: int) -> None:
    rewriter = reworded.Rewriter(frozenset({"KEPT"}))
    rewriter.visit(ast.parse(source))
    assert rewriter.count == rewritten


def test_every_named_table_is_there() -> None:
    for module, names in reworded.TABLES.items():
        path = reworded.TESTS.parent.joinpath(*module.split(".")).with_suffix(".py")
        tree = ast.parse(path.read_bytes())
        assert names <= set().union(*(reworded._names(node) for node in tree.body))

"""Run tests with the program's own words rewritten, and write down what it decides all the same.

Run as a program: `python tests/reworded.py plain|reworded FILE TEST...`. It runs tests in this process and writes to FILE,
as JSON, what each of them made the program find: verdicts, directions, exit codes, effects, scopes. With `reworded`
every text of those rooms that a person reads is another one, so that whatever looks for
meaning in a sentence goes wrong. Tests of the sentences themselves fail then; what they record up to there counts.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

TESTS = Path(__file__).resolve().parent
ROOMS = ("mdm_policy.decide", "mdm_policy.diff", "mdm_policy.kinds", "mdm_policy.reading", "mdm_policy.verify")
"""Where a sentence must mean nothing."""
TABLES = {
    "mdm_policy.diff.witnesses": {"_OF_PUBLISHER", "_MATCHING"},
    "mdm_policy.kinds.jamf.documents": {"_SAMPLE", "_SANTA_RULE"},
    "mdm_policy.kinds.windows.appcontrol": {"_AUDIT", "_SCRIPTS", "_STORE", "_SUPPLEMENTAL", "_TAGGING", "_WIDENING"},
    "mdm_policy.kinds.windows.registry": {"HEADING"},
    "mdm_policy.kinds.windows.sipolicy": {"_POLICY_TYPES", "_OPTIONS"},
    "mdm_policy.kinds.jamf.objects": {"_AUTOMATIC", "_NEWLY_ASSIGNED", "_SELF_SERVICE", "_USER_LEVELS"},
}
"""The tables of vendors' words that hold a blank, by module, which documents are compared with, and the kinds' samples."""
_FIELD = re.compile(r"\{\w*\}")
_SCOPE = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def reworded(text: str) -> str:
    """Return another text for each text, without a blank, a comma or a colon, but with the fields of a template."""
    return "".join(["q", hashlib.sha256(text.encode()).hexdigest()[:12], *_FIELD.findall(text)])


class Rewriter(ast.NodeTransformer):
    """Rewrite every text with a letter and a blank, and in f-strings every part with a blank; docstrings stay."""

    def __init__(self, kept: frozenset[str]) -> None:
        """Leave the values of some names of the module as they are."""
        self._kept = kept
        self.count = 0

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = [one if _names(one) & self._kept else self.visit(one) for one in node.body]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for part in node.values:
            if isinstance(part, ast.Constant):
                text = str(part.value)
                part.value, self.count = (reworded(text), self.count + 1) if " " in text else (text, self.count)
            elif isinstance(part, ast.FormattedValue):
                self.visit(part.value)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and " " in node.value and any(map(str.isalpha, node.value)):
            self.count += 1
            return ast.copy_location(ast.Constant(reworded(node.value)), node)
        return node


def _names(node: ast.stmt) -> set[str]:
    """Return the names that a statement assigns to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


class Loader(importlib.machinery.SourceFileLoader):
    """Load a module reworded, never from its byte code."""

    def get_code(self, fullname: str) -> Any:
        tree = ast.parse(self.get_data(self.path))
        tree = Rewriter(frozenset(TABLES.get(fullname, ()))).visit(tree)
        return compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Find the modules of the rooms."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not any(f"{fullname}.".startswith(f"{room}.") for room in ROOMS):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(fullname, spec.origin)
        return spec


class Recorder:
    """Write down what the program finds, test by test."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.found: dict[str, list[Any]] = {}
        self._test = ""

    def record(self, made: Any) -> None:
        """Write one thing down."""
        if self._test:
            self.found.setdefault(self._test, []).append(made)

    def wrapped(self, call: Callable[..., Any], gist: Callable[[Any], Any]) -> Callable[..., Any]:
        """Return a function that does the same and writes down the gist of what it returns."""

        def recorded(*args: Any, **kwargs: Any) -> Any:
            made = call(*args, **kwargs)
            self.record(gist(made))
            return made

        return recorded

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests that draw their cases: two runs need not draw the same."""
        items[:] = [one for one in items if not getattr(getattr(one, "obj", None), "is_hypothesis_test", False)]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Know which test runs."""
        self._test = item.nodeid

    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Write down that something else than an assertion ended a test."""
        if call.excinfo is not None and not call.excinfo.errisinstance(AssertionError):
            self.record(["raised", call.excinfo.typename])


def decision(made: Any) -> list[Any]:
    """Return what counts of a decision."""
    rule = made.rule
    path = Path(made.path).name
    return [made.verdict, made.strength, rule and rule.id, path, made.pointer, made.cause, made.would_be]


def verification(made: Any) -> list[Any]:
    """Return what counts of a verification; groups in the order of their apps."""
    groups = [
        [one.cls.platform, [app.key for app in group.apps], cell.word, cell.held, decision(cell.decision)]
        for one in made.classes
        for group in one.groups
        for cell in [group.cell]
    ]
    findings = sorted(one.id for one in (*made.failures, *made.findings))
    return ["verified", made.proven, groups, len(made.gaps), findings]


def comparison(made: Any) -> list[Any]:
    """Return what counts of a comparison, whatever the order its words put it in."""
    changes = [
        [one.direction, one.app, one.platform, list(one.identifiers), one.before, one.after, one.count]
        for one in made.changes
    ]
    return ["compared", made.exit_code, sorted(changes), sorted([one.kind, one.pointer] for one in made.others)]


def reading(made: Any) -> list[Any]:
    """Return what counts of a reading."""
    effects = [[one.rule.id, one.rule.sense, one.rule.verdict, one.rule.strength, one.value] for one in made.effects]
    rules = [[one.id, one.mechanism, one.cause, [c.kind for c in one.conditions]] for one in made.rules]
    scope = made.scope
    shape = [scope.state, len(scope.groups), len(scope.excluded), scope.filtered]
    return ["read", effects, rules, shape, sorted(one.id for one in made.findings)]


def main(words: str, out: str, tests: Sequence[str]) -> None:
    """Run tests and write down what they found."""
    if words == "reworded":
        sys.meta_path.insert(0, Finder())
    names = ("mdm_policy.decide", "mdm_policy.diff", "mdm_policy.kinds", "mdm_policy.verify", "cli_kit")
    modules: list[Any] = [import_module(name) for name in names[:-1]]
    decide, diff, kinds, verify = modules
    recorder = Recorder()
    decide.decide = recorder.wrapped(decide.decide, decision)
    verify.verify = recorder.wrapped(verify.verify, verification)
    diff.compare_policies = recorder.wrapped(diff.compare_policies, comparison)
    kinds.read = recorder.wrapped(kinds.read, reading)
    cli_kit: Any = import_module(names[-1])
    cli_kit.run = recorder.wrapped(cli_kit.run, lambda made: ["exit", made.code])
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", *tests], plugins=[recorder])
    Path(out).write_text(json.dumps(recorder.found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

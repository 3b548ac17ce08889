"""Collect every finding id that the package's code can emit, from the code itself."""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "mdm_policy"
KEBAB = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
SEVERITIES = ("error", "warning", "note")
_PARAMETER = "id_"
_KEYWORDS = (_PARAMETER, "id")


class Found(NamedTuple):
    ids: dict[str, set[str]]
    """Each id, with the modules that write it."""
    severities: dict[str, set[str]]
    """How grave each id is, as far as the call itself says so."""
    dynamic: set[tuple[str, str]]
    """(module, expression) of each id that is not written out where the finding is made."""


class _Function(NamedTuple):
    name: str
    parameters: list[str]
    node: ast.AST


@functools.cache
def collect(package: Path = PACKAGE) -> Found:
    """Find every call that makes a finding, and the functions that pass an id on to such a call.

    Seeds are the makers in errors.py. A function that passes its own parameter `id_` on as the id is a maker too, and so
    on until no more are found. A name that something else in the package bears as well (`add`, `note`) counts only
    where it is given a text of the shape of an id and more arguments.
    """
    trees = {
        str(path.relative_to(package)): ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))
    }
    functions = [one for tree in trees.values() for one in _functions(tree)]
    makers = dict.fromkeys(("Finding", *SEVERITIES), 0)
    making: set[int] = set()
    while True:
        before = len(making)
        for one in functions:
            for call in _calls(one.node):
                argument = _argument(call, makers)
                if _passed_on(argument, one) and id(one.node) not in making:
                    makers[one.name] = one.parameters.index(_PARAMETER)
                    making.add(id(one.node))
        if len(making) == before:
            break
    ambiguous = {one.name for one in functions if one.name in makers and id(one.node) not in making}
    found = Found(defaultdict(set), defaultdict(set), set())
    for module, tree in trees.items():
        for one in [_Function("", [], tree), *_functions(tree)]:
            for call in _calls(one.node):
                argument = _argument(call, makers)
                if argument is not None:
                    _sort(call, argument, _name(call) in ambiguous, one, module, found)
    return found


def constants(module: str, prefix: str, package: Path = PACKAGE) -> set[str]:
    """Return the texts of a module that have the shape of an id and begin with a prefix."""
    tree = ast.parse((package / module).read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if KEBAB.fullmatch(text) and text.startswith(prefix)}


def _sort(call: ast.Call, argument: ast.expr, unsure: bool, one: _Function, module: str, found: Found) -> None:
    for part in _branches(argument):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            if not unsure or (KEBAB.fullmatch(part.value) and len(call.args) + len(call.keywords) > 1):
                found.ids[part.value].add(module)
                found.severities[part.value].update(_severities(call))
        elif isinstance(part, ast.JoinedStr) or not (unsure or _passed_on(part, one)):
            found.dynamic.add((module, ast.unparse(part)))


def _severities(call: ast.Call) -> set[str]:
    """Return the severities that stand in the call: its own name, or a text among its first arguments."""
    if _name(call) in SEVERITIES:
        return {_name(call)}
    told = [part.value for argument in call.args[:2] for part in _branches(argument) if isinstance(part, ast.Constant)]
    return {word for word in told if word in SEVERITIES}


def _branches(argument: ast.expr) -> list[ast.expr]:
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def _functions(tree: ast.AST) -> list[_Function]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            found.append(_Function(node.name, names[1:] if names[:1] == ["self"] else names, node))
    return found


@functools.cache
def _calls(node: ast.AST) -> list[ast.Call]:
    """Return the calls of a function, those of the functions inside it apart."""
    calls: list[ast.Call] = []
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(one, ast.Call):
            calls.append(one)
        waiting.extend(ast.iter_child_nodes(one))
    return calls


def _passed_on(argument: ast.expr | None, one: _Function) -> bool:
    return isinstance(argument, ast.Name) and argument.id == _PARAMETER and _PARAMETER in one.parameters


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _argument(call: ast.Call, makers: dict[str, int]) -> ast.expr | None:
    place = makers.get(_name(call))
    if place is None:
        return None
    if len(call.args) > place:
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS), None)

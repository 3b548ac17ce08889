"""Collect every finding id that the package's code can emit, from the code itself."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "mdm_policy"
KEBAB = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEYWORDS = ("id_", "id")


class Found(NamedTuple):
    ids: dict[str, set[str]]
    """Each id, with the modules that write it."""
    dynamic: set[tuple[str, str]]
    """(module, expression) of each id that is not written out where the finding is made."""


class _Function(NamedTuple):
    name: str
    parameters: list[str]
    node: ast.FunctionDef | ast.AsyncFunctionDef | None


def collect(package: Path = PACKAGE) -> Found:
    """Find every call that makes a finding, and the functions that pass an id on to such a call.

    Seeds are the makers in errors.py. A function that passes a parameter of its own on as the id is a maker too, and so
    on until no more are found. A name that something else in the package bears as well (`add`, `note`) counts only
    where it is given a text of the shape of an id and more arguments.
    """
    trees = {str(path.relative_to(package)): ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))}
    functions = [one for tree in trees.values() for one in _functions(tree)]
    makers: dict[str, int] = {"Finding": 0, "error": 0, "warning": 0, "note": 0}
    making: set[int] = set()
    while True:
        before = len(making)
        for one in functions:
            for call in _calls(one.node):
                argument = _argument(call, makers)
                if isinstance(argument, ast.Name) and argument.id in one.parameters and id(one.node) not in making:
                    makers[one.name] = one.parameters.index(argument.id)
                    making.add(id(one.node))
        if len(making) == before:
            break
    ambiguous = {one.name for one in functions if one.name in makers and id(one.node) not in making}
    ids: dict[str, set[str]] = defaultdict(set)
    dynamic: set[tuple[str, str]] = set()
    for module, tree in trees.items():
        for one in [_Function("", [], None), *_functions(tree)]:
            for call in _calls(one.node) if one.node else _outside(tree):
                _sort(call, makers, ambiguous, one, module, ids, dynamic)
    return Found(dict(ids), dynamic)


def constants(module: str, prefix: str, package: Path = PACKAGE) -> set[str]:
    """Return the texts of a module that have the shape of an id and begin with a prefix."""
    tree = ast.parse((package / module).read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if KEBAB.fullmatch(text) and text.startswith(prefix)}


def _sort(
    call: ast.Call,
    makers: dict[str, int],
    ambiguous: set[str],
    one: _Function,
    module: str,
    ids: dict[str, set[str]],
    dynamic: set[tuple[str, str]],
) -> None:
    argument = _argument(call, makers)
    if argument is None:
        return
    unsure = _name(call) in ambiguous
    for part in [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            if not unsure or (KEBAB.fullmatch(part.value) and len(call.args) + len(call.keywords) > 1):
                ids[part.value].add(module)
        elif isinstance(part, ast.JoinedStr) or (
            not unsure and not (isinstance(part, ast.Name) and part.id in one.parameters)
        ):
            dynamic.add((module, ast.unparse(part)))


def _functions(tree: ast.AST) -> list[_Function]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            found.append(_Function(node.name, names[1:] if names[:1] == ["self"] else names, node))
    return found


def _calls(node: ast.AST | None) -> list[ast.Call]:
    """Return the calls of a function, those of the functions inside it apart."""
    calls: list[ast.Call] = []
    waiting = list(ast.iter_child_nodes(node)) if node is not None else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(one, ast.Call):
            calls.append(one)
        waiting.extend(ast.iter_child_nodes(one))
    return calls


def _outside(tree: ast.AST) -> list[ast.Call]:
    return _calls(tree)


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

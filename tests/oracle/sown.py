"""Sow faults into the product's readers, and count how many the second reader finds: python tests/oracle/sown.py [--faults 30].

A fault is a small change of the source, drawn by a seed among the expressions that the families' cases run through: a comparison
turned round, a condition negated, a key of a table dropped or misspelt, one member of an enumeration in place of another, `and` for
`or`, True for False. It is found when an agreement changes: the readers differ on a case on which they agreed. What makes the program
fall over anybody finds, and what changes no answer of any case is no fault that a verdict can show (a sentence, a finding, an idle
line): both are counted apart.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from oracle.common import ask, scenario_seed
from oracle.compare import families, family_named

Answers = tuple[dict[str, str], list[str]]

ROOT = Path(__file__).resolve().parents[2]
READERS = {
    "apple": ("kinds/apple/*.py",),
    "app_settings": ("kinds/apple/*.py",),
    "santa": ("kinds/apple/*.py",),
    "jamf": ("kinds/jamf/*.py",),
    "fleet": ("kinds/apple/*.py",),
    "amapi": ("kinds/android/*.py",),
    "applocker": ("kinds/windows/applocker*.py", "kinds/windows/oma.py"),
    "appcontrol": ("kinds/windows/appcontrol.py", "kinds/windows/sipolicy.py", "kinds/windows/catalog.py"),
    "intune_ios": ("kinds/intune/*.py",),
    "intune_android": ("kinds/intune/*.py",),
    "": ("decide/*.py",),  # whatever the family
}
"""Where the readers of a family lie: names of files alone, whose content nobody who writes a family has read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of one file."""

    file: str
    line: int
    kind: str
    number: int


def _names_of(tree: ast.AST) -> dict[str, list[str]]:
    members: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper():
            members.setdefault(node.value.id, set()).add(node.attr)
    return {name: sorted(found) for name, found in members.items() if len(found) > 1}


def _is_key(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()


def kinds(node: ast.AST, members: dict[str, list[str]]) -> list[str]:
    """Return the changes that can be made to an expression."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return ["compare"]
    if isinstance(node, ast.BoolOp):
        return ["boolean", "operand"]
    if isinstance(node, ast.If | ast.IfExp):
        return ["negate"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ["not"]
    if isinstance(node, ast.Dict) and node.keys and all(one is None or _is_key(one) for one in node.keys):
        return ["drop"]
    if isinstance(node, ast.Set | ast.Tuple) and len(node.elts) > 1 and all(_is_key(one) for one in node.elts):
        return ["member"]
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in members.get(node.value.id, ())
    ):
        return ["enumeration"]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return ["truth"]
    if isinstance(node, ast.Call) and node.args and _is_key(node.args[0]):
        return ["key"]
    return []


TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def change(node: Any, kind: str, rng: random.Random, members: dict[str, list[str]]) -> ast.AST | None:
    """Change an expression; what is returned takes its place, None is in place already."""
    if kind == "compare":
        node.ops = [TURNED[type(node.ops[0])]()]
    elif kind == "boolean":
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif kind == "operand":
        del node.values[rng.randrange(len(node.values))]
        return node.values[0] if len(node.values) == 1 else None
    elif kind == "negate":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif kind == "not":
        return ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
    elif kind == "drop":
        place = rng.randrange(len(node.keys))
        del node.keys[place], node.values[place]
    elif kind == "member":
        del node.elts[rng.randrange(len(node.elts))]
    elif kind == "enumeration":
        node.attr = rng.choice([one for one in members[node.value.id] if one != node.attr])
    elif kind == "truth":
        node.value = not node.value
    else:
        node.args[0].value += "X"
    return None


class _Sower(ast.NodeTransformer):
    def __init__(self, fault: Fault, rng: random.Random, members: dict[str, list[str]]) -> None:
        self.fault, self.rng, self.members, self.seen = fault, rng, members, 0

    def visit(self, node: ast.AST) -> Any:
        if self.fault.kind in kinds(node, self.members):
            self.seen += 1
            if self.seen == self.fault.number:
                return change(node, self.fault.kind, self.rng, self.members) or node
        return self.generic_visit(node)


def sites(file: str, source: str, lines: set[int]) -> list[Fault]:
    """Return every fault that can be sown on the lines that are run."""
    tree = ast.parse(source)
    members = _names_of(tree)
    counts: dict[str, int] = {}
    found: list[Fault] = []

    class Finder(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            for kind in kinds(node, members):
                counts[kind] = counts.get(kind, 0) + 1
                line = getattr(node, "lineno", 0)
                if line in lines and not _is_note(node):
                    found.append(Fault(file, line, kind, counts[kind]))
            return self.generic_visit(node)

    Finder().visit(copy.deepcopy(tree))
    return found


def _is_note(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def sown(fault: Fault, source: str, seed: int) -> str:
    """Return the source with the fault in it."""
    tree = ast.parse(source)
    rng = random.Random(f"{seed}/{fault}")  # noqa: S311 - faults are drawn, not secrets
    return ast.unparse(ast.fix_missing_locations(_Sower(fault, rng, _names_of(tree)).visit(tree)))


def answers(names: list[str], seed: int, cases: int, right: Answers | None = None) -> Answers:
    """Return the product's word for each app of each case, and those words that the second reader does not allow.

    With the right answers it ends at the first case on which agreement changes.
    """
    said: dict[str, str] = {}
    apart: list[str] = []
    for number in range(cases):
        for name in names:
            family = family_named(name)
            scenario = family.generate(scenario_seed(seed, number))
            got = ask(scenario, family)
            for app, allowed in family.expect(scenario).items():
                key = f"{name}/{number}/{app}"
                said[key] = got.get(app, ("missing", ""))[0]
                if said[key] not in allowed:
                    apart.append(key)
                if right is not None and (key in apart) != (key in right[1]):
                    return said, apart
    return said, apart


def _ask_in(
    folder: Path, names: list[str], seed: int, cases: int, *more: str
) -> tuple[dict[str, str], list[str]] | None:
    """Run the families against the program in `folder`, in a process of its own; None when it falls over."""
    command = [sys.executable, str(Path(__file__)), "--answers", "--seed", str(seed), "--cases", str(cases), *more]
    for name in names:
        command += ["--family", name]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        return None
    said, apart = json.loads(done.stdout)
    return said, apart


def _lines_run(folder: Path, names: list[str], seed: int, cases: int) -> dict[str, set[int]]:
    """Return the lines of the product that the cases run, beyond what its import runs."""
    command = [
        sys.executable,
        "-m",
        "coverage",
        "run",
        f"--data-file={folder / 'lines'}",
        f"--include={folder}/*",
        str(Path(__file__)),
    ]
    command += ["--answers", "--seed", str(seed), "--cases", str(cases)]
    for name in names:
        command += ["--family", name]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=folder)
    import coverage  # noqa: PLC0415 - needed for this one thing

    data = coverage.CoverageData(str(folder / "lines"))
    data.read()
    return {str(Path(one).relative_to(folder)): set(data.lines(one) or ()) for one in data.measured_files()}


def main() -> int:
    """Sow, run, print what was found, and end with 1 when fewer than 9 of 10 were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=families())
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--against", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--answers", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = asked.family or [one for one in families() if one in READERS]
    if asked.answers:
        right = json.loads(asked.against.read_text(encoding="utf-8")) if asked.against else None
        print(json.dumps(answers(names, asked.seed, asked.cases, right)))
        return 0
    return sow(names, asked.faults, asked.cases, asked.seed)


def sow(names: list[str], faults: int, cases: int, seed: int) -> int:
    """Sow faults until so many have changed an answer."""
    rng = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="sown-") as name:
        folder = Path(name).resolve()
        shutil.copytree(ROOT / "mdm_policy", folder / "mdm_policy", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "templates").symlink_to(ROOT / "templates")
        lines = _lines_run(folder, names, seed, max(20, cases // 10))
        drawn = _draw(folder, names, lines, rng)
        right = _ask_in(folder, names, seed, cases)
        if right is None:
            raise SystemExit("the program falls over without any fault")
        (folder / "right.json").write_text(json.dumps(right), encoding="utf-8")
        words: dict[str, int] = {}
        found, told = 0, 0
        for fault in drawn:
            word = _one(folder, fault, names, seed, cases, right)
            print(f"{word}: {fault.kind}, {fault.file}:{fault.line}", flush=True)
            words[word] = words.get(word, 0) + 1
            found, told = words.get("found", 0), words.get("found", 0) + words.get("MISSED", 0)
            if told == faults:
                break
    idle = f"{words.get('no answer changes', 0)} changed no answer of {len(names) * cases} cases"
    print(f"found {found} of {told} faults; {words.get('falls over', 0)} made the program fall over; {idle}")
    return 0 if found * 10 >= told * 9 else 1


def _draw(folder: Path, names: list[str], lines: dict[str, set[int]], rng: random.Random) -> list[Fault]:
    patterns = sorted({pattern for name in [*names, ""] for pattern in READERS[name]})
    files = [path for pattern in patterns for path in sorted((folder / "mdm_policy").glob(pattern))]
    by_file: list[list[Fault]] = []
    for path in files:
        file = str(path.relative_to(folder))
        found = sites(file, path.read_text(encoding="utf-8"), lines.get(file, set()))
        rng.shuffle(found)
        by_file.append(found)
    drawn = [fault for found in by_file for fault in found]
    rng.shuffle(drawn)
    return drawn


def _one(folder: Path, fault: Fault, names: list[str], seed: int, cases: int, right: Answers) -> str:
    path = folder / fault.file
    source = path.read_text(encoding="utf-8")
    path.write_text(sown(fault, source, seed), encoding="utf-8")
    try:
        got = _ask_in(folder, names, seed, cases, "--against", str(folder / "right.json"))
    finally:
        path.write_text(source, encoding="utf-8")
    if got is None:
        return "falls over"
    if any((key in got[1]) != (key in right[1]) for key in got[0]):
        return "found"
    return "no answer changes" if got[0] == right[0] else "MISSED"


if __name__ == "__main__":
    sys.exit(main())

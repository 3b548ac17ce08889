"""Run the program for tests: in this process through its outermost edge, or in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import click
from click.testing import CliRunner

from mdm_policy.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
DAY = "2026-11-24"
AS_OF = ("--as-of", DAY)


class Ran(NamedTuple):
    """Hold what a run left: its exit code, and the two streams apart."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*args: object, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
    """Run `mdm-policy` as `main` does, exit codes and all; nothing but an exit may leave it."""
    edge = click.Command("edge", callback=main)
    with mock.patch.object(sys, "argv", ["mdm-policy", *map(str, args)]):
        done = CliRunner().invoke(edge, [], input=stdin, env={"COLUMNS": "80", **(env or {})})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return Ran(done.exit_code, done.stdout, done.stderr)


def process(*args: object, stdin: bytes = b"", python: tuple[str, ...] = (), **env: str) -> Ran:
    """Run `python -m mdm_policy` in a process of its own."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "mdm_policy", *map(str, args)],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1", **env},
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def ids(err: str) -> list[str]:
    """Return `severity[id]` of each finding on stderr."""
    heads = (
        line.partition("]")[0] + "]" for line in err.splitlines() if line.startswith(("error[", "warning[", "note["))
    )
    return list(heads)


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines that are wider than allowed though they could have been broken at a space."""
    return [
        line
        for line in text.splitlines()
        if len(line) > width
        and len(line.split()) > 1
        and not line.startswith("  --> ")
        and not line.startswith("    at ")
    ]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def a_list(name: str = "ours", *, authority: str = "", more: str = "", bans: str = "- app: wechat") -> str:
    """Write a small ban list."""
    head = f'ban_list: {name}\nauthority: {{citation: "Memo {name}", issued: 2026-01-05{authority}}}\nbans:\n'
    return f"{head}  {bans}\n{more}"


def a_deployment(*lists: str, more: str = "") -> str:
    """Write a small deployment."""
    return (
        f"organization: {{name: Example Agency, identifier: gov.example.agency}}\nlists: [{', '.join(lists)}]\n{more}"
    )

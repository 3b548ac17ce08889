"""Print: results on stdout, everything else on stderr, in colour only where a terminal shows it."""

from __future__ import annotations

import codecs
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy import regular, resources
from mdm_policy.cli.hiding import hidden
from mdm_policy.report import text
from mdm_policy.report.explanations import explanations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mdm_policy.errors import Finding

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAX_SNIPPET_FILE = 16 * 1024 * 1024
_MAX_SNIPPET_LINES = 1_000_000


def width() -> int:
    """Return the columns to write for: the terminal's, at least 60 and at most 100; 80 when there is none."""
    return max(60, min(100, shutil.get_terminal_size((80, 24)).columns))


def colour(stream_is_terminal: bool) -> bool:
    """Tell whether to colour: a terminal, and NO_COLOR not set (https://no-color.org)."""
    return stream_is_terminal and not os.environ.get("NO_COLOR")


def result(content: str) -> None:
    """Print a command's result for people on stdout."""
    click.echo(_plain(content), nl=not content.endswith("\n"))


def data(content: str) -> None:
    """Print a command's result for programs on stdout: JSON in UTF-8, whatever the terminal's encoding.

    In JSON's strings, where alone they can stand, characters that steer a terminal are escaped: the same JSON.
    """
    safe = content if content.isascii() and not _STEERING.search(content) else _STEERING.sub(_escaped, content)
    click.echo(safe.encode("utf-8", "backslashreplace"), nl=False)


def message(content: str) -> None:
    """Print what is no result on stderr."""
    click.echo(_plain(content), err=True)


def _plain(content: str) -> str:
    return "\n".join(text.plain(line) for line in content.split("\n"))


_STEERING = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""What JSON lets stand raw though a terminal obeys it, or shows text in another order for it."""


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def findings(found: Iterable[Finding], *, brief: str = "", always: Collection[str] = ()) -> None:
    """Print findings on stderr with the source line of each.

    `brief`, where they all stand, sums up what repeats, but for the ids in `always`.
    """
    printed = text.findings(
        tuple(found),
        _Sources(),
        width=width(),
        colour=colour(sys.stderr.isatty()),
        most_alike=3 if brief else None,
        all_in=brief,
        always=always,
    )
    if printed:
        click.echo(printed, err=True)


def command_line(name: str, path: Path, deployment: Path | None, reason: str) -> str:
    """Return the command that goes on with a run: the same one, with what it must not be run without."""
    parts = ["mdm-policy", name, str(path)]
    parts += ["--deployment", str(deployment)] if deployment is not None else []
    parts += ["--allow-loosening", reason] if reason else []
    return shlex.join(parts)


def explained() -> dict[str, str]:
    """Return what each finding means and what to do, by its id; nothing where the page is not installed."""
    try:
        return explanations(resources.findings().read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


class _Sources:
    """Give the lines that findings point at, reading each file once, however many findings it has."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def __call__(self, name: str, line: int) -> str | None:
        if name not in self._lines:
            self._lines[name] = _lines(Path(name))
        lines = self._lines[name]
        return lines[line - 1] if line <= len(lines) else None


def _lines(path: Path) -> list[str]:
    try:
        data = regular.read_file(path, _MAX_SNIPPET_FILE)
        if len(data) > _MAX_SNIPPET_FILE:
            return []
        # Windows PowerShell writes UTF-16 with a byte order mark, and so do the exports made with it.
        encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
        text = data.decode(encoding, "replace").replace("\r\n", "\n")
        # A file of nothing but line feeds would make a hundred million bytes of empty lines.
        return hidden(text) if text.count("\n") <= _MAX_SNIPPET_LINES else []
    except (OSError, ValueError):
        return []

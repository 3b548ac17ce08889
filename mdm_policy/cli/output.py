"""Print: results on stdout, everything else on stderr, in colour only where a terminal shows it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy.report import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.errors import Finding

_MAX_SNIPPET_FILE = 16 * 1024 * 1024


def width() -> int:
    """Return the columns to write for: the terminal's, at least 60 and at most 100; 80 when there is none."""
    return max(60, min(100, shutil.get_terminal_size((80, 24)).columns))


def colour(stream_is_terminal: bool) -> bool:
    """Tell whether to colour: a terminal, and NO_COLOR not set (https://no-color.org)."""
    return stream_is_terminal and not os.environ.get("NO_COLOR")


def result(content: str) -> None:
    """Print a command's result on stdout."""
    click.echo(content, nl=not content.endswith("\n"))


def findings(found: Iterable[Finding], *, brief: bool = False) -> None:
    """Print findings on stderr with the source line of each; `brief` sums up what repeats."""
    printed = text.findings(
        tuple(found), _source_line, width=width(), colour=colour(sys.stderr.isatty()), most_alike=3 if brief else None
    )
    if printed:
        click.echo(printed, err=True)


def _source_line(name: str, line: int) -> str | None:
    path = Path(name)
    try:
        if path.stat().st_size > _MAX_SNIPPET_FILE:
            return None
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, content in enumerate(file, 1):
                if number == line:
                    return content.rstrip("\r\n")
    except (OSError, ValueError):
        return None
    return None

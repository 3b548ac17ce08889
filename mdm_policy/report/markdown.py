"""Write Markdown for a pull request: what others wrote stands in it as text, and never as markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdm_policy.report.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|~&@]|:(?=//)|^[-+=]|^\d+(?=[.)]))")
_TICKS = re.compile("`+")


def escape(text: str) -> str:
    """Return a text that Markdown shows as it stands, on one line: no emphasis, link, mention or tag comes of it."""
    return _MARKUP.sub(_escaped, plain(text))


def code(text: str) -> str:
    """Return a text as code, fenced by more backticks than it holds."""
    shown = plain(text)
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{padding}{shown}{padding}{fence}" if shown else ""


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"{'#' * level} {escape(text)}"


def table(headings: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells are Markdown already, but for the bars that would end a cell."""
    lines = [_row(map(escape, headings)), _row("---" for _ in headings)]
    lines += [_row(cell for cell in row) for row in rows]
    return "\n".join(lines)


def items(lines: Iterable[str]) -> str:
    """Return a list of lines that are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def details(summary: str, body: str) -> str:
    """Return a part that is folded until somebody opens it; the body is Markdown."""
    said = plain(summary).replace("&", "&amp;").replace("<", "&lt;")
    return f"<details>\n<summary>{said}</summary>\n\n{body}\n\n</details>"


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0]}&#8203;" if found[0].isdecimal() else f"\\{found[0]}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_barred(cell) for cell in cells)} |"


def _barred(cell: str) -> str:
    """Escape the bars of a cell that are not escaped yet; inside code too a table needs it."""
    return re.sub(r"(?<!\\)\|", r"\\|", cell)

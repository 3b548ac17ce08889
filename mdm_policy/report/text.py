"""Write findings as plain text that reads well at 80 columns and aloud: no meaning rests on colour or on a glyph."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.errors import Finding

    SourceLine = Callable[[str, int], str | None]

_COLOURS = {"error": "31", "warning": "33", "note": "36"}


def findings(
    found: Sequence[Finding],
    source_line: SourceLine,
    *,
    width: int = 80,
    colour: bool = False,
    most_alike: int | None = None,
) -> str:
    """Write findings one below the other, then a count; with `most_alike`, notes and more warnings of one id are summed up."""
    if not found:
        return ""
    shown: list[str] = []
    hidden: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for finding in found:
        seen[finding.id] += 1
        few = finding.severity == "warning" and most_alike is not None and seen[finding.id] <= most_alike
        if most_alike is None or few or finding.severity == "error":
            shown.append(_finding(finding, source_line, width, colour))
        else:
            hidden[finding.id] += 1
    if hidden:
        counts = ", ".join(f"{count} {id_}" for id_, count in sorted(hidden.items()))
        shown.append(textwrap.fill(f"and, in manifest.json: {counts}", width, subsequent_indent="    "))
    shown.append(_count(found))
    return "\n".join(shown)


def _finding(finding: Finding, source_line: SourceLine, width: int, colour: bool) -> str:
    head = f"{finding.severity}[{finding.id}]"
    text = textwrap.fill(
        f"{head}: {finding.message}", width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    if colour:
        text = text.replace(head, f"\x1b[1;{_COLOURS[finding.severity]}m{head}\x1b[0m", 1)
    lines = [text]
    origin = finding.origin
    if origin is not None and origin.file:
        lines.append(f"  --> {origin}")
        content = source_line(origin.file, origin.line) if origin.line else None
        if content is not None:
            lines += _snippet(content, origin.line, origin.column, width)
    if finding.hint:
        indent = "   = hint: "
        lines.append(
            textwrap.fill(
                finding.hint,
                width,
                initial_indent=indent,
                subsequent_indent=" " * len(indent),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines)


def _snippet(content: str, line: int, column: int, width: int) -> list[str]:
    gutter = len(str(line)) + 1
    room = width - gutter - 3
    start = max(0, column - 1 - room + 20) if column > room - 10 else 0
    visible = "".join(char if char.isprintable() else "�" for char in content.replace("\t", " "))
    lines = [f"{line:>{gutter}} | {visible[start : start + room]}"]
    if column:
        lines.append(f"{'':>{gutter}} | {' ' * columns(visible[start : column - 1])}^")
    return lines


def _count(found: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in found)
    parts = [
        f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    return ", ".join(parts)


def columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide East Asian characters and emoji take two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, width: int) -> str:
    """Pad or cut a text to a width in terminal columns."""
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text += "~"
    return text + " " * (width - columns(text))

"""Write findings as plain text that reads well at 80 columns and aloud: no meaning rests on colour or on a glyph.

Names and source lines come from files that others wrote: characters that steer a terminal, or turn text around, are
shown as a replacement character wherever they stand.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from mdm_policy.errors import Finding

    SourceLine = Callable[[str, int], str | None]

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_JOINERS = "\u200c\u200d"
"""Scripts and emoji need them, and they steer nothing."""
_MORE = "..."
_SCROLL = 20
"""Columns of source text shown before a place that is too far to the right."""


def plain(text: str) -> str:
    """Return one line as a terminal may have it: every white space a space, what steers a terminal a U+FFFD."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _JOINERS else " " if char.isspace() else "�" for char in text)


def columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide East Asian characters and emoji take two."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def pad(text: str, width: int) -> str:
    """Fill a text up to a width in terminal columns."""
    return text + " " * max(0, width - columns(text))


def fill(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Break a text into lines at its spaces alone, so that a long identifier stays whole and can be copied."""
    lines: list[str] = []
    line, used, empty = first, columns(first), True
    for word in plain(text).split():
        wide = columns(word)
        if not empty and used + 1 + wide > width:
            lines.append(line)
            line, used, empty = rest, columns(rest), True
        line, used, empty = (line + word, used + wide, False) if empty else (f"{line} {word}", used + 1 + wide, False)
    return "\n".join([*lines, line])


def cells(text: str, width: int) -> list[str]:
    """Break a text into lines of at most a width, for a column of a table: a word that is too long is broken too."""
    lines: list[str] = []
    for line in fill(text, width).split("\n"):
        lines += _cut(line, width)
    return lines


def _cut(line: str, width: int) -> Iterator[str]:
    while columns(line) > width:
        end = max(1, sum(1 for count in range(1, len(line) + 1) if columns(line[:count]) <= width))
        yield line[:end]
        line = line[end:]
    yield line


def findings(
    found: Sequence[Finding],
    source_line: SourceLine,
    *,
    width: int = 80,
    colour: bool = False,
    most_alike: int | None = None,
    all_in: str = "manifest.json",
    always: Collection[str] = (),
) -> str:
    """Write findings one below the other, then a count; with `most_alike`, notes and more warnings of one id are summed up.

    `all_in` names where they all stand. The ids in `always` are shown all the same.
    """
    if not found:
        return ""
    shown: list[str] = []
    hidden: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for finding in found:
        seen[finding.id] += 1
        few = finding.severity == "warning" and most_alike is not None and seen[finding.id] <= most_alike
        if most_alike is None or few or finding.severity == "error" or finding.id in always:
            shown.append(_finding(finding, source_line, width, colour))
        else:
            hidden[finding.id] += 1
    if hidden:
        counts = ", ".join(f"{count} {id_}" for id_, count in sorted(hidden.items()))
        shown.append(fill(f"not shown, all in {all_in}: {counts}", width, rest="    "))
    shown.append(_count(found))
    return "\n".join(shown)


def _finding(finding: Finding, source_line: SourceLine, width: int, colour: bool) -> str:
    head = f"{finding.severity}[{finding.id}]"
    text = fill(f"{head}: {finding.message}", width, rest="    ")
    if colour:
        text = text.replace(head, f"\x1b[1;{_COLOURS[finding.severity]}m{head}\x1b[0m", 1)
    lines = [text]
    origin = finding.origin
    if origin is not None and origin.file:
        lines.append(f"  --> {plain(str(origin))}")
        content = source_line(origin.file, origin.line) if origin.line else None
        if content is not None:
            lines += _snippet(content, origin.line, origin.column, width)
    if finding.hint:
        indent = "   = hint: "
        lines.append(fill(finding.hint, width, indent, " " * len(indent)))
    return "\n".join(lines)


def _snippet(content: str, line: int, column: int, width: int) -> Iterator[str]:
    """Show a source line, scrolled to the place if that is far to the right, and a caret under the place."""
    gutter = len(str(line)) + 1
    room = width - gutter - len(" | ")
    place = max(column - 1, 0)
    start = max(0, place - room)  # a line may have millions of characters: only those near the place are looked at
    visible = plain(content[start : place + room])
    place = min(place - start, len(visible))
    if start or columns(visible[:place]) > room - _SCROLL < columns(visible) - _SCROLL:
        cut = next(count for count in range(place + 1) if columns(visible[count:place]) <= _SCROLL)
        visible, place = f"{_MORE}{visible[cut:]}", place - cut + len(_MORE)
    yield f"{line:>{gutter}} | {next(_cut(visible, room))}".rstrip()
    if column:
        yield f"{'':>{gutter}} | {' ' * columns(visible[:place])}^"


def _count(found: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in found)
    parts = [
        f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    return ", ".join(parts)

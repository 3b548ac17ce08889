"""Write what a build did: its lists, the matrix of apps and platforms, the device classes; a word in every cell."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdm_policy.report.text import cells, columns, fill, pad, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.build.coverage import ClassCoverage, Coverage, Gap, Row
    from mdm_policy.model import ListStatus, Resolution

_CONFIDENCE = {
    "verified": "named by two sources",
    "single-source": "named by one",
    "unsourced": "without a named source",
    "stated": "stated by the list alone",
}
_CELLS = {
    "blocked": "cannot launch, or cannot be installed and is removed",
    "weak": "blocked by process or file name only; a renamed copy escapes",
    "unenforceable": "no setting could",
    "no identifier": "none is known there, so nothing blocks it",
    "no such app": "as far as is known, it does not exist there",
    "NOT BLOCKED": "on some of those devices no built file holds it back",
    "unknown": "nothing proves it",
    "excepted": "an approved exception lets these groups have it",
}
_GAPS = {
    "allowed": "no built file holds it back",
    "not-installable": "a new install is refused, a copy already there still runs",
    "reported-only": "it is seen and reported, not stopped",
    "unenforceable": "no setting could",
    "unknown": "nothing proves that it is blocked",
    "weak": "by process or file name only; a renamed copy escapes",
}
_MOST_ROWS = 200
_MOST_NAMES = 12
_CELL = 14
_NARROWEST_NAME = 20
"""With less room for names than this, each app gets lines of its own in place of a row."""


def lists(statuses: Iterable[ListStatus], width: int = 80) -> str:
    """Write each list with its state and, unless it is plainly in force, the reason for it."""
    lines = []
    for status in statuses:
        lines.append(fill(f"{status.list}, {status.state}: {status.citation}", width, "  ", "      "))
        if status.state != "in-force":
            lines.append(fill(status.sentence, width, "      ", "      "))
    return "\n".join(lines)


def matrix(coverage: Coverage, headings: Sequence[tuple[str, str]], width: int = 80) -> str:
    """Write the matrix of apps and platforms, a word in every cell; where a table has no room, a line a platform."""
    table = width - _CELL * len(headings) >= _NARROWEST_NAME
    shown = coverage.rows[:_MOST_ROWS]
    lines: list[str] = []
    if table:
        names = width - _CELL * len(headings)
        lines.append(" " * names + "".join(f"{title:<{_CELL}}" for _, title in headings).rstrip())
    for row in shown:
        lines += _row(_name(row), row.cells, headings, width, table)
    if len(coverage.rows) > len(shown):
        lines.append(f"... and {len(coverage.rows) - len(shown)} more; manifest.json has them all")
        for word, counts in _sums(coverage, headings):
            lines += _row(f"in all: {word}", counts, headings, width, table)
    return "\n".join(lines)


def _name(row: Row) -> str:
    name = f"{row.name} (in {row.through})" if row.through else row.name
    return f"{name}, for {', '.join(row.groups)}" if row.groups else name


def _row(
    name: str, words: dict[str, str], headings: Sequence[tuple[str, str]], width: int, table: bool
) -> Iterator[str]:
    if not table:
        yield fill(name, width)
        yield fill("; ".join(f"{title}: {words[key]}" for key, title in headings), width, "    ", "    ")
        return
    room = width - _CELL * len(headings) - 1
    name = plain(name)
    first, *more = [name] if columns(name) <= room else cells(name, room - 2)
    yield f"{pad(first, room)} {''.join(f'{words[key]:<{_CELL}}' for key, _ in headings)}".rstrip()
    yield from (f"  {line}" for line in more)


def _sums(coverage: Coverage, headings: Sequence[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    counts = {key: Counter(row.cells[key] for row in coverage.rows) for key, _ in headings}
    for word in sorted(set().union(*counts.values())):
        yield word, {key: str(counts[key][word]) for key, _ in headings}


def legend(coverage: Coverage, width: int = 80) -> str:
    """Explain the words the matrix uses, and only those."""
    words = {word for row in coverage.rows for word in row.cells.values()}
    intro = "Each platform is judged on its strongest devices (supervised, fully managed, newest OS)."
    return "\n".join([fill(intro, width), *_explained(_CELLS, words, width)])


def _explained(meanings: dict[str, str], words: set[str], width: int) -> Iterator[str]:
    for word, meaning in meanings.items():
        if word in words:
            yield fill(f"{word}: {meaning}", width, "  ", "    ")


def classes(found: Sequence[ClassCoverage], names: dict[str, str], width: int = 80) -> str:
    """Write each declared device class: how many apps are held back, then every gap with its reason, then the words."""
    lines = []
    for cls in found:
        total = cls.held + sum(len(gap.apps) for gap in cls.gaps)
        words = f"{cls.held} of {total} apps held back"
        if cls.not_applicable:
            words += f"; {cls.not_applicable} not made for it"
        lines.append(fill(f"{cls.name} ({cls.platform}): {words}", width, "  ", "    "))
        for gap in cls.gaps:
            lines += _gap(gap, names, width)
    verdicts = {gap.verdict for cls in found for gap in cls.gaps}
    return "\n".join([*lines, *_explained(_GAPS, verdicts, width)])


def _gap(gap: Gap, names: dict[str, str], width: int) -> Iterator[str]:
    label = f"accepted gap ({gap.accepted})" if gap.accepted else "GAP"
    shown = sorted((names[key] for key in gap.apps), key=lambda name: (name.casefold(), name))
    rest = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    yield fill(f"{label}, {gap.verdict}: {', '.join(shown[:_MOST_NAMES])}{rest}", width, "    ", "      ")
    yield fill(f"{gap.state}: {gap.sentence}", width, "      ", "      ")


def confidence(resolution: Resolution, width: int = 80) -> str:
    """Count the identifiers in use by how well they are attested."""
    counts = Counter(str(i.confidence) for app in resolution.apps for i in app.identifiers if not i.derived_from)
    parts = [f"{counts[grade]} {words}" for grade, words in _CONFIDENCE.items() if counts[grade]]
    return fill(f"Identifiers: {', '.join(parts) or 'none'}.", width)

"""Write what a build did: its lists, the matrix of apps and platforms, the device classes; a word in every cell."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from mdm_policy.report.text import pad

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.build.coverage import ClassCoverage, Coverage, Gap
    from mdm_policy.model import ListStatus, Resolution

_CONFIDENCE = {
    "verified": "named by two sources",
    "single-source": "named by one",
    "unsourced": "without a named source",
    "stated": "stated by the list alone",
}


def lists(statuses: Iterable[ListStatus], width: int = 80) -> str:
    """Write each list with its state and the reason for it."""
    lines = []
    for status in statuses:
        head = f"  {status.list:<22} {status.state:<9} {status.citation}"
        lines.append(textwrap.fill(head, width, subsequent_indent=" " * 35))
        if status.state != "in-force":
            lines.append(textwrap.fill(status.sentence, width, initial_indent=" " * 35, subsequent_indent=" " * 35))
    return "\n".join(lines)


_MOST_ROWS = 200


def matrix(coverage: Coverage, headings: Sequence[tuple[str, str]], width: int = 80) -> str:
    """Write the matrix of apps and platforms, a word in every cell."""
    cell = 14
    name_width = width - cell * len(headings)
    lines = [" " * name_width + "".join(f"{title:<{cell}}" for _, title in headings).rstrip()]
    for row in coverage.rows[:_MOST_ROWS]:
        name = f"{row.name} (in {row.through})" if row.through else row.name
        first, *more = textwrap.wrap(f"{name}, for {', '.join(row.groups)}" if row.groups else name, name_width - 1)
        cells = "".join(f"{row.cells[platform]:<{cell}}" for platform, _ in headings)
        lines.append(f"{pad(first, name_width - 1)} {cells}".rstrip())
        lines += [f"  {line}" for line in more]
    if len(coverage.rows) > _MOST_ROWS:
        lines.append(f"... and {len(coverage.rows) - _MOST_ROWS} more apps; manifest.json has them all")
        lines += _sums(coverage, headings, name_width, cell)
    return "\n".join(lines)


def _sums(coverage: Coverage, headings: Sequence[tuple[str, str]], name_width: int, cell: int) -> list[str]:
    words = sorted({word for row in coverage.rows for word in row.cells.values()})
    counts = {platform: Counter(row.cells[platform] for row in coverage.rows) for platform, _ in headings}
    return [
        f"{pad('all apps: ' + word, name_width - 1)} "
        + "".join(f"{counts[platform][word]:<{cell}}" for platform, _ in headings).rstrip()
        for word in words
    ]


def legend(coverage: Coverage, width: int = 80) -> str:
    """Explain the words the matrix uses, and only those."""
    words = {word for row in coverage.rows for word in row.cells.values()}
    told = {
        "blocked": "blocked: cannot launch, or cannot be installed and is removed",
        "weak": "weak: blocked by process or file name only; a renamed copy escapes",
        "unenforceable": "unenforceable: no setting could",
        "no identifier": "no identifier: none is known there, so nothing blocks it",
        "no such app": "no such app: as far as is known, it does not exist there",
        "NOT BLOCKED": "NOT BLOCKED: no built file blocks it there",
        "unknown": "unknown: nothing proves it",
    }
    parts = [sentence for word, sentence in told.items() if word in words]
    if "excepted" in words:
        parts.append("excepted: an approved exception lets these groups have it")
    intro = "Each platform is judged on its strongest devices (supervised, fully managed, newest OS). "
    return textwrap.fill(intro + "; ".join(parts) + ".", width)


def classes(found: Sequence[ClassCoverage], names: dict[str, str], width: int = 80) -> str:
    """Write each declared device class: how many apps are held back, then every gap with its reason."""
    lines = []
    for cls in found:
        total = cls.held + sum(len(gap.apps) for gap in cls.gaps)
        words = f"{cls.held} of {total} apps held back"
        if cls.not_applicable:
            words += f"; {cls.not_applicable} not made for it"
        lines.append(f"  {cls.name} ({cls.platform}): {words}")
        for gap in cls.gaps:
            lines += _gap(gap, names, width)
    return "\n".join(lines)


def _gap(gap: Gap, names: dict[str, str], width: int) -> list[str]:
    label = f"accepted gap ({gap.accepted})" if gap.accepted else "GAP"
    shown = [names[key] for key in gap.apps[:12]]
    rest = f" and {len(gap.apps) - 12} more" if len(gap.apps) > len(shown) else ""
    head = f"{label}, {gap.verdict}: {', '.join(shown)}{rest}"
    return [
        textwrap.fill(head, width, initial_indent="    ", subsequent_indent="      "),
        textwrap.fill(f"{gap.state}: {gap.sentence}", width, initial_indent="      ", subsequent_indent="      "),
    ]


def confidence(resolution: Resolution, width: int = 80) -> str:
    """Count the identifiers in use by how well they are attested."""
    counts = Counter(str(i.confidence) for app in resolution.apps for i in app.identifiers if not i.derived_from)
    parts = [f"{counts[grade]} {words}" for grade, words in _CONFIDENCE.items() if counts[grade]]
    return textwrap.fill(f"Identifiers: {', '.join(parts)}.", width)

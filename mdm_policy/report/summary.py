"""Write what a result rests on: the lists with their state, and how well the identifiers are attested."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.model import ListStatus, Resolution

_CONFIDENCE = {
    "verified": "named by two sources",
    "single-source": "named by one",
    "unsourced": "without a named source",
    "stated": "stated by the list alone",
}


def lists(statuses: Iterable[ListStatus], width: int = 80) -> str:
    """Write each list with its state and, unless it is plainly in force, the reason for it."""
    lines = []
    for status in statuses:
        lines.append(fill(f"{status.list}, {status.state}: {status.citation}", width, "  ", "      "))
        if status.state != "in-force":
            lines.append(fill(status.sentence, width, "      ", "      "))
    return "\n".join(lines)


def confidence(resolution: Resolution, width: int = 80) -> str:
    """Count the identifiers in use by how well they are attested."""
    counts = Counter(str(i.confidence) for app in resolution.apps for i in app.identifiers if not i.derived_from)
    parts = [f"{counts[grade]} {words}" for grade, words in _CONFIDENCE.items() if counts[grade]]
    return fill(f"Identifiers: {', '.join(parts) or 'none'}.", width)

"""Say what was read of each destination beside the proof that rests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.tenant.model import Snapshot


def heading(snapshots: Sequence[Snapshot]) -> str:
    """Return a line for each destination: how much of it was read, and how much was not."""
    lines = []
    for one in snapshots:
        count, lacking = len(one.objects), len(one.missing)
        read = f"{count:,} object{'s' * (count != 1)} read with {len(one.answers):,} requests"
        rest = (
            f"; not read: {', '.join(dict.fromkeys(each.path or each.collection for each in one.missing))}"
            if lacking
            else ""
        )
        lines.append(f"{one.name} ({one.type}, {one.where}): {read}{rest}")
    return "\n\nRead\n" + "".join(f"  {line}\n" for line in lines)


def data(snapshots: Sequence[Snapshot]) -> list[dict[str, Any]]:
    """Return the same for programs, with every query, its time and the hash of its answer."""
    return [
        {
            "destination": one.name,
            "type": one.type,
            "where": one.where,
            "objects": len(one.objects),
            "notRead": [
                {"collection": each.collection, "query": each.query, "why": each.why, "path": each.path}
                for each in one.missing
            ],
            "answers": [{"query": each.query, "time": each.time, "sha256": each.sha256} for each in one.answers],
        }
        for one in snapshots
    ]

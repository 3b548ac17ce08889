"""Where the product is known to read AppLocker rules wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.applocker_facts import collections, invalid
from oracle.common import GAP, HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _all(found: Disagreement) -> list[tuple[str, dict[str, Any]]]:
    trees = [one.tree for one in found.scenario.documents]
    return [(way, collection) for way, _, collection in collections(trees)]


def _packages_by_exe(found: Disagreement) -> bool:
    types = {one["Type"] for _, one in _all(found) if one["rules"] and not invalid(one)}
    return found.said == GAP and found.app == "pack" and "Exe" in types and HELD in found.expected


APPLOCKER_FAULTS = (
    Settled(
        "exe-rules-stop-packages",
        "Exe rules enforced and no rule for packaged apps: all packaged apps and their installers are blocked (event 8027).",
        "MicrosoftDocs/windows-itpro-docs, working-with-applocker-rules, using-event-viewer-with-applocker",
        _packages_by_exe,
        ("applocker", 1, 2),
    ),
)

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


def _exceptions(found: Disagreement) -> bool:
    rules = [rule for _, one in _all(found) for rule in one["rules"]]
    whole = [one for one in rules if "exceptions" in one and one["condition"].get("path") == "*"]
    return found.said == GAP and HELD in found.expected and found.app != "pack" and bool(whole)


def _weak_deny(found: Disagreement) -> bool:
    return found.said == GAP and "a Deny path rule" in found.because and found.scenario.min_strength == "partial"


def _empty(found: Disagreement) -> bool:
    return found.said == GAP and HELD in found.expected and any(not one["rules"] for _, one in _all(found))


APPLOCKER_FAULTS = (
    Settled(
        "exe-rules-stop-packages",
        "Exe rules enforced and no rule for packaged apps: all packaged apps and their installers are blocked (event 8027).",
        "MicrosoftDocs/windows-itpro-docs, working-with-applocker-rules, using-event-viewer-with-applocker",
        _packages_by_exe,
        ("applocker", 1, 2),
    ),
    Settled(
        "exceptions-as-strong-as-their-condition",
        "Exceptions take files out of the rule they stand in; an Allow rule with exceptions is the recommended form.",
        "working-with-applocker-rules; AppIdPolicy.xsd",
        _exceptions,
        ("applocker", 1, 1),
    ),
    Settled(
        "strongest-of-several-blocks",
        "One rule of any kind: only what an Allow matches and no Deny matches runs. Beside a weak Deny the implicit one counts.",
        "working-with-applocker-rules",
        _weak_deny,
        ("applocker", 1, 4),
    ),
    Settled(
        "empty-collection",
        "No rule in a collection: everything of that kind may run.",
        "working-with-applocker-rules",
        _empty,
        ("applocker", 1, 214),
    ),
)

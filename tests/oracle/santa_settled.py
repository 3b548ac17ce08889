"""Where the product and this reader differ about Santa, and the sentence that decides each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.common import GAP, UNKNOWN, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _profiles(found: Disagreement) -> list[dict[str, object]]:
    return [one.tree for one in found.scenario.documents if one.path.endswith(".mobileconfig")]


def _aimed(found: Disagreement) -> bool:
    trees = _profiles(found)
    odd = [one for one in trees if type(kind := one.get("TargetDeviceType", 0)) is not int or kind not in range(7)]
    return found.said == UNKNOWN and len(trees) > 1 and bool(odd)


def _standalone(found: Disagreement) -> bool:
    trees = _profiles(found)
    return found.said == GAP and len(trees) > 1 and any("'ClientMode': 3" in str(one) for one in trees)


SANTA_SETTLED = (
    Settled(
        "santa-target-open",
        "TargetDeviceType is a number from 0 to 6; no page says whether a device refuses a profile with another, or takes it.",
        "apple/device-management@b6202ca TopLevel.yaml (TargetDeviceType)",
        _aimed,
        ("santa", 2026, 194),
    ),
    Settled(
        "santa-standalone-at-least",
        "In Standalone mode what no rule names is held until a user approves it: that much is certain, and weak.",
        "northpolesec/santa docs, client modes",
        _standalone,
        ("santa", 1, 3548),
    ),
)

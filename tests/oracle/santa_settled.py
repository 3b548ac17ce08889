"""Where the product and this reader differ about Santa, and the sentence that decides each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.common import GAP, UNKNOWN, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _profiles(found: Disagreement) -> list[dict[str, object]]:
    return [one.tree for one in found.scenario.documents if one.path.endswith(".mobileconfig")]


def _odd(profile: dict[str, object]) -> bool:
    kind = profile.get("TargetDeviceType", 0)
    return type(kind) is not int or kind not in range(7) or isinstance(profile.get("RemovalDate"), str)


def _ill_typed(found: Disagreement) -> bool:
    trees = _profiles(found)
    return found.said == UNKNOWN and len(trees) > 1 and any(map(_odd, trees))


def _standalone(found: Disagreement) -> bool:
    trees = _profiles(found)
    return found.said == GAP and len(trees) > 1 and any("'ClientMode': 3" in str(one) for one in trees)


SANTA_SETTLED = (
    Settled(
        "santa-top-ill-typed",
        "TargetDeviceType is a number from 0 to 6, RemovalDate a date; no page says whether a device refuses a profile with another, or takes it.",
        "apple/device-management@b6202ca TopLevel.yaml (TargetDeviceType, RemovalDate)",
        _ill_typed,
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

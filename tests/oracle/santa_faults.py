"""Where the product and this reader differ about Santa, and the sentence that decides each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.common import GAP, HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _profiles(found: Disagreement) -> list[dict[str, object]]:
    return [one.tree for one in found.scenario.documents if one.path.endswith(".mobileconfig")]


def _idle(found: Disagreement) -> bool:
    trees = _profiles(found)
    return (
        found.said != HELD and len(trees) > 1 and any({"RemovalDate", "TargetDeviceType"} & set(one) for one in trees)
    )


def _standalone(found: Disagreement) -> bool:
    trees = _profiles(found)
    return found.said == GAP and len(trees) > 1 and any("'ClientMode': 3" in str(one) for one in trees)


SANTA_FAULTS = (
    Settled(
        "santa-idle-rival",
        "A profile whose RemovalDate has passed, or that is for other devices, sets no key; the product still asks which counts.",
        "apple/device-management@b6202ca TopLevel.yaml (RemovalDate, TargetDeviceType)",
        _idle,
        ("santa", 1, 255),
    ),
)
SANTA_SETTLED = (
    Settled(
        "santa-standalone-at-least",
        "In Standalone mode what no rule names is held until a user approves it: that much is certain, and weak.",
        "northpolesec/santa docs, client modes",
        _standalone,
        ("santa", 1, 3548),
    ),
)

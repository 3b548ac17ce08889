"""Where the product is known to read App Control policies wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.appcontrol_facts import USER
from oracle.common import BLOCKED, HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _allows_all(policy: dict[str, Any]) -> bool:
    everything = {one["ID"] for one in policy["rules"] if one["tag"] == "Allow" and one.get("FileName") == "*"}
    return bool(everything & set(policy["scenarios"][USER]["refs"]))


def _implicit(found: Disagreement) -> bool:
    trees = [one.tree for one in found.scenario.documents]
    return found.said != HELD and found.expected == BLOCKED and not all(_allows_all(one) for one in trees)


APPCONTROL_FAULTS = (
    Settled(
        "implicit-deny-of-app-control",
        "Order: explicit Deny, explicit Allow, managed installer or ISG, implicit deny. What no Allow can mean is denied.",
        "app-control-for-business/operations/known-issues, design/create-appcontrol-deny-policy",
        _implicit,
        ("appcontrol", 1, 14),
    ),
)

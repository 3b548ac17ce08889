"""Where the product is known to read Santa's settings wrongly or not at all; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.apple_facts import refused
from oracle.common import HELD, Settled
from oracle.santa_facts import MCX

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _wrapped(found: Disagreement) -> bool:
    payloads = [one for document in found.scenario.documents for one in document.tree.get("PayloadContent", [])]
    return any(one.get("PayloadType") == MCX for one in payloads)


def _no_rival(found: Disagreement) -> bool:
    trees = [one.tree for one in found.scenario.documents if one.path.endswith(".mobileconfig")]
    idle = [one for one in trees if refused(one) or {"RemovalDate", "TargetDeviceType"} & set(one)]
    return found.said != HELD and len(trees) > 1 and bool(idle)


def _alternatives(found: Disagreement) -> bool:
    names = [
        one.tree.get("PayloadIdentifier") for one in found.scenario.documents if one.path.endswith(".mobileconfig")
    ]
    return found.said != HELD and len(set(names)) < len(names)


def _cel_of_a_team(found: Disagreement) -> bool:
    bans_a_team = any(set(app["macos"]) == {"team_id"} for app in found.scenario.apps if app["name"] == found.app)
    return found.said == HELD and bans_a_team and "'CEL'" in str([one.tree for one in found.scenario.documents])


def _two_lists(found: Disagreement) -> bool:
    payloads = [one for document in found.scenario.documents for one in document.tree.get("PayloadContent", [])]
    return found.said == HELD and sum("StaticRules" in one for one in payloads) > 1


SANTA_FAULTS = (
    Settled(
        "santa-list-without-a-rule",
        "Two profiles that both set StaticRules: undefined; a list without one sound rule sets the key too.",
        "northpolesec/santa docs, Rule layering",
        _two_lists,
    ),
    Settled(
        "santa-alternatives-that-agree",
        "A device keeps one profile of each PayloadIdentifier: where each of them blocks the app, it is blocked.",
        "Apple, TopLevel (replacement)",
        _alternatives,
    ),
    Settled(
        "santa-cel-of-a-team",
        "policy CEL decides each start by an expression; SIGNINGID stands above TEAMID and above the mode.",
        "northpolesec/santa docs, Rule layering; SNTRule.mm @5f31541e",
        _cel_of_a_team,
    ),
    Settled(
        "santa-managed-preferences",
        "Managed preferences (Forced) hold rules as the flat payload does.",
        "northpolesec/santa docs; jamf/terraform-provider-jamfplatform issues 436, 438",
        _wrapped,
    ),
    Settled(
        "santa-idle-rival",
        "Two profiles that both set StaticRules are undefined; one that is refused, removed or for another device sets none.",
        "northpolesec/santa docs, Rule layering; Apple, TopLevel",
        _no_rival,
    ),
)

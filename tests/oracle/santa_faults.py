"""Where the product is known to read Santa's settings wrongly or not at all; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.common import GAP, HELD, UNKNOWN, Settled
from oracle.santa_facts import MCX

if TYPE_CHECKING:
    from oracle.common import Disagreement

LAYERING = "northpolesec/santa docs, Rule layering; SNTRuleTable.mm @5f31541e"


def _keys(found: Disagreement) -> list[dict[str, Any]]:
    keys = []
    for one in found.scenario.documents:
        if not one.path.endswith(".mobileconfig"):
            keys.append({"StaticRules": one.tree["rules"]} if "rules" in one.tree else one.tree)
            continue
        for payload in one.tree.get("PayloadContent", []):
            content = payload.get("PayloadContent")
            keys.append(payload)
            for forced in content.values() if isinstance(content, dict) else ():
                keys += [each["mcx_preference_settings"] for ways in forced.values() for each in ways]
    return keys


def _rules(found: Disagreement) -> list[dict[str, Any]]:
    lists = [one["StaticRules"] for one in _keys(found) if isinstance(one.get("StaticRules"), list)]
    return [rule for rules in lists for rule in rules]


def _unread(found: Disagreement) -> bool:
    loose = any(not one.path.endswith(".mobileconfig") for one in found.scenario.documents)
    wrapped = any(one.get("PayloadType") == MCX for one in _keys(found))
    return found.said == GAP and (loose or wrapped)


def _mode(found: Disagreement) -> bool:
    return found.said == GAP and any(one.get("ClientMode") == 2 for one in _keys(found))


def _layers(found: Disagreement) -> bool:
    policies = {str(rule.get("policy", "")).upper()[:5] for rule in _rules(found)}
    return found.said in {UNKNOWN, HELD} and len(policies) > 1


def _words(found: Disagreement) -> bool:
    return any(rule.get("policy") in {"CEL", "REMOVE"} or "policy" not in rule for rule in _rules(found))


def _two(found: Disagreement) -> bool:
    return len(found.scenario.documents) > 1


SANTA_FAULTS = (
    Settled(
        "santa-form-not-read",
        "Managed preferences, the preference file and the list of rules hold rules as the flat payload does.",
        "northpolesec/santa docs; jamf/terraform-provider-jamfplatform issues 436, 438",
        _unread,
    ),
    Settled("santa-lockdown", "ClientMode 2 refuses all that no rule allows.", "northpolesec/santa docs", _mode),
    Settled(
        "santa-layers", "CDHASH > BINARY > SIGNINGID > CERTIFICATE > TEAMID, last of equal ones.", LAYERING, _layers
    ),
    Settled("santa-policy-words", "policy: CEL, REMOVE", "northpolesec/santa SNTRule.mm @5f31541e", _words),
    Settled(
        "santa-two-profiles",
        "Two profiles that both set StaticRules: undefined; one that is removed sets none.",
        LAYERING,
        _two,
    ),
)

"""What Santa does with its rules on a Mac, from its own documentation alone.

Sources: northpolesec/santa docs, profile configuration and "Rule layering", SNTRule.mm and SNTRuleTable.mm @5f31541e; how managed
preferences wrap a domain: jamf/terraform-provider-jamfplatform issues 436 and 438.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oracle.apple_facts import in_force, refused, worlds
from oracle.common import BLOCKED, DOUBT, HELD, NOT_HELD, NOT_OPEN, OPEN, UNKNOWN, either, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.apple_facts import State

DOMAIN = "com.northpolesec.santa"
OLD_DOMAIN = "com.google.santa"
MCX = "com.apple.ManagedClient.preferences"

GRAMMAR = {
    "BINARY": r"[0-9a-fA-F]{64}",
    "CERTIFICATE": r"[0-9a-fA-F]{64}",
    "CDHASH": r"[0-9a-fA-F]{40}",
    "TEAMID": r"[A-Za-z0-9]{10}",
    "SIGNINGID": r"(?:[A-Za-z0-9]{10}|platform):.+",
}
ALLOWING = {"ALLOWLIST", "ALLOWLIST_COMPILER", "ALLOWLIST_LOCAL_BINARY", "ALLOWLIST_LOCAL_SIGNINGID"}
BLOCKING = {"BLOCKLIST", "SILENT_BLOCKLIST", "SILENT_GUI_BLOCKLIST", "SILENT_TTY_BLOCKLIST"}


@dataclass(slots=True)
class Settings:
    """What one document gives the domain."""

    keys: dict[str, Any] = field(default_factory=dict)
    doubtful: bool = False
    """The document may not reach Santa at all, or not whole."""


def of_payload(payload: dict[str, Any]) -> Settings | None:
    """Return what a payload enforces for Santa, None when it is another's."""
    kind = payload["PayloadType"]
    if kind in {DOMAIN, OLD_DOMAIN}:
        return Settings(payload, doubtful=kind == OLD_DOMAIN)
    content = payload.get("PayloadContent")
    if kind != MCX or not isinstance(content, dict):
        return None
    named = [one for one in (DOMAIN, OLD_DOMAIN) if one in content]
    if not named:
        return None
    forced = content[named[0]].get("Forced")
    if not isinstance(forced, list):
        return Settings(doubtful=True)  # defaults that a user can change
    keys: dict[str, Any] = {}
    for one in forced:
        keys |= one.get("mcx_preference_settings", {})
    return Settings(keys, doubtful=len(content) > 1 or named[0] == OLD_DOMAIN)


def profiles_answer(profiles: Sequence[Any], team: str, signing_id: str, state: State) -> frozenset[str]:
    """Say what the profiles make Santa do to an app on one Mac."""
    return either(_world(one, team, signing_id, state) for one in worlds(profiles))


def _world(profiles: list[dict[str, Any]], team: str, signing_id: str, state: State) -> frozenset[str]:
    acting = [one for one in profiles if not refused(one) and in_force(one, state)]
    open_ones = [one for one in acting if one.get("IsEncrypted") is not True]
    found = [
        settings
        for one in open_ones
        for payload in one["PayloadContent"]
        if (settings := of_payload(payload)) is not None
    ]
    answer = settings_answer(found, team, signing_id)
    if len(open_ones) < len(profiles):
        # Refused, sealed, lapsed or for another device: what is left decides, and the product may see a doubt in it.
        return NOT_HELD if answer == OPEN else answer | DOUBT if len(open_ones) < len(acting) else answer
    return answer


def settings_answer(found: list[Settings], team: str, signing_id: str) -> frozenset[str]:
    """Combine what several documents give the domain: that two set the same key is undefined."""
    if not found:
        return OPEN
    setting = [one for one in found if "StaticRules" in one.keys]
    if len(setting) > 1:
        alone = [rules_answer(one.keys, team, signing_id) for one in found]
        return NOT_OPEN if all(HELD in one for one in alone) else NOT_HELD | (_mixed(alone))
    keys: dict[str, Any] = {}
    for one in found:
        keys |= one.keys
    modes = [one.keys["ClientMode"] for one in found if "ClientMode" in one.keys]
    ways = [rules_answer({**keys, "ClientMode": mode}, team, signing_id) for mode in modes]
    answer = worst(ways) if ways else rules_answer(keys, team, signing_id)
    if any(one.doubtful for one in found):
        return answer | {UNKNOWN}
    return answer | {UNKNOWN} if len(found) > 1 else answer


def _mixed(alone: list[frozenset[str]]) -> frozenset[str]:
    return NOT_OPEN if any(HELD in one for one in alone) and all(one != OPEN for one in alone) else frozenset()


def _rules(keys: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the last rule of each identifier; what is no rule is none."""
    entries = keys.get("StaticRules", [])
    rules: dict[tuple[str, str], str] = {}
    for entry in entries if isinstance(entries, list) else []:
        rule = {key.lower(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        kind, policy, identifier = (rule.get(key) for key in ("rule_type", "policy", "identifier"))
        if not isinstance(kind, str) or not isinstance(policy, str) or not isinstance(identifier, str):
            continue
        kind, policy = kind.upper(), policy.upper()
        identifier = _as_stored(kind, identifier)
        known = policy in ALLOWING | BLOCKING | {"REMOVE", "CEL"}
        if kind in GRAMMAR and known and re.fullmatch(GRAMMAR[kind], identifier):
            rules[kind, identifier] = policy
    return rules


def _as_stored(kind: str, identifier: str) -> str:
    """Team identifiers are stored in capitals (SNTRule.mm: "enforce that the identifier is uppercase"); signing ids keep their case."""
    team, colon, signing_id = identifier.partition(":")
    return (
        identifier.upper() if kind == "TEAMID" else f"{team if team == 'platform' else team.upper()}{colon}{signing_id}"
    )


def rules_answer(keys: dict[str, Any], team: str, signing_id: str) -> frozenset[str]:
    """Say what one set of keys does to an app: its signing id first, then its certificate, then its team, then the mode."""
    rules = _rules(keys)
    answer = _layered(keys, {name: policy for name, policy in rules.items() if policy != "REMOVE"}, team, signing_id)
    if "REMOVE" not in rules.values():
        return answer
    # In a list of rules it takes another away; what it does in a profile no page says.
    return NOT_HELD if answer == OPEN else answer | DOUBT


def _layered(keys: dict[str, Any], rules: dict[tuple[str, str], str], team: str, signing_id: str) -> frozenset[str]:
    hashed = [policy for (kind, _), policy in rules.items() if kind in {"CDHASH", "BINARY"}]
    certified = [policy for (kind, _), policy in rules.items() if kind == "CERTIFICATE"]
    by_id = rules.get(("SIGNINGID", f"{team}:{signing_id}")) if signing_id else None
    if by_id is not None:
        return _by_rule(by_id, hashed)
    by_team = rules.get(("TEAMID", team))
    if by_team is None:
        return _by_mode(keys, rules, hashed + certified, team, signing_id)
    answer = _by_rule(by_team, hashed + certified)
    if not signing_id and any(policy not in BLOCKING for policy in _of_team(rules, team)):
        return NOT_HELD  # one program of a team that is banned whole
    return answer


def _of_team(rules: dict[tuple[str, str], str], team: str) -> list[str]:
    return [policy for (kind, name), policy in rules.items() if kind == "SIGNINGID" and name.startswith(f"{team}:")]


def _by_rule(policy: str, higher: list[str]) -> frozenset[str]:
    if policy in BLOCKING:
        # A hash that is allowed above this rule may be the app's: nobody can tell.
        return DOUBT if any(one not in BLOCKING for one in higher) else BLOCKED
    if policy in ALLOWING:
        return NOT_HELD if any(one in BLOCKING or one == "CEL" for one in higher) else OPEN
    return DOUBT


def _by_mode(
    keys: dict[str, Any], rules: dict[tuple[str, str], str], hashes: list[str], team: str, signing_id: str
) -> frozenset[str]:
    mode = keys.get("ClientMode", 1)
    if mode == 2 and isinstance(mode, int):
        if not signing_id and any(policy not in BLOCKING for policy in _of_team(rules, team)):
            return NOT_HELD
        if "AllowedPathRegex" in keys:
            return NOT_HELD
        return DOUBT if any(one not in BLOCKING for one in hashes) else BLOCKED
    return OPEN if mode == 1 and "BlockedPathRegex" not in keys and not hashes else NOT_HELD

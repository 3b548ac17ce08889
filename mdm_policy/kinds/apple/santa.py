"""Read Santa's static rules (northpolesec/santa@5f31541e, docs and SNTRule.mm)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.collector import ANY, fact
from mdm_policy.reading import Rule, Setting

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Cause
    from mdm_policy.vocabulary import Kind, Verdict

_SOURCE = "northpolesec/santa@5f31541e Source/common/SNTRule.mm and docs (2026-08-21)"
_RESIGNED = "a copy signed anew, also ad hoc (santa issue 300), and Macs without the Santa agent"
_STATIC_RULES = Setting("StaticRules", "replaces")
"""One setting of a profile, and no page says that several add up: a Mac obeys the rules of one profile."""

SIGNING_ID = Rule(
    "santa-signing-id",
    "santa",
    "block",
    "blocked",
    "partial",
    fact("a SIGNINGID rule with a BLOCKLIST policy refuses to launch what carries TEAMID:signing.id", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RESIGNED,
    setting=_STATIC_RULES,
)
TEAM_ID = Rule(
    "santa-team-id",
    "santa",
    "block",
    "blocked",
    "partial",
    fact("a TEAMID rule with a BLOCKLIST policy refuses to launch all that a team signed", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RESIGNED,
    setting=_STATIC_RULES,
)
CDHASH = Rule(
    "santa-cdhash",
    "santa",
    "block",
    "blocked",
    "weak",
    fact("a CDHASH rule with a BLOCKLIST policy refuses to launch one build of a program", _SOURCE),
    introduced={"macos": ANY},
    escapes="every other version of the app",
    setting=_STATIC_RULES,
)
ALLOWED = Rule(
    "santa-allow",
    "santa",
    "allow",
    "allowed",
    "strong",
    fact("an ALLOWLIST policy lets the program launch", _SOURCE),
    introduced={"macos": ANY},
    setting=_STATIC_RULES,
)
RULES = (SIGNING_ID, TEAM_ID, CDHASH, ALLOWED)

_KINDS: dict[str, tuple[Kind, re.Pattern[str], Rule, str]] = {
    "SIGNINGID": ("signing_id", re.compile(r"(?:[A-Z0-9]{10}|platform):.+", re.ASCII), SIGNING_ID, "TEAMID:signing.id"),
    "TEAMID": ("team_id", re.compile(r"[A-Z0-9]{10}", re.ASCII), TEAM_ID, "ten upper-case letters and digits"),
    "CDHASH": ("cdhash", re.compile(r"[0-9a-f]{40}", re.ASCII), CDHASH, "40 hexadecimal digits"),
}
_BLOCKING = frozenset({"BLOCKLIST", "SILENT_BLOCKLIST", "SILENT_GUI_BLOCKLIST", "SILENT_TTY_BLOCKLIST"})
_ALLOWING = frozenset({"ALLOWLIST", "ALLOWLIST_COMPILER", "ALLOWLIST_LOCAL_BINARY", "ALLOWLIST_LOCAL_SIGNINGID"})
_WORDS = ("policy", "rule_type", "identifier")
_KEYS = frozenset(_WORDS)
_OTHER_TYPES = frozenset({"BINARY", "CERTIFICATE"})


def read_payload(c: Collector, payload: dict[str, Any], pointer: str) -> None:
    """Read the StaticRules of a Santa payload; its keys are case-insensitive, its words upper-cased by Santa."""
    rules: list[tuple[str, str, str, str]] = []
    for place, raw in c.records(payload, "StaticRules", pointer):
        item = raw if raw.keys() <= _KEYS else {key.lower(): value for key, value in raw.items()}
        policy, rule_type, identifier = item.get("policy", ""), item.get("rule_type", ""), item.get("identifier", "")
        if not type(policy) is type(rule_type) is type(identifier) is str:
            policy, rule_type, identifier = (c.text(item, key, place) for key in _WORDS)
        rules.append((policy.upper(), rule_type.upper(), identifier, place))
    blocked = {rule[1:3] for rule in rules if rule[0] in _BLOCKING}
    for policy, rule_type, identifier, place in rules:
        _static_rule(c, policy, rule_type, identifier, place, beside=(rule_type, identifier) in blocked)


def _static_rule(c: Collector, policy: str, rule_type: str, identifier: str, place: str, *, beside: bool) -> None:
    """Read one rule; `beside` says that some rule of the payload blocks the same identifier."""
    if rule_type in _OTHER_TYPES:
        message = f"a {rule_type} rule names a file or certificate by its hash, which no list of identifiers can hold"
        c.say("note", "no-identifier-kind", message, place)
        return
    if rule_type not in _KINDS:
        c.say("error", "santa-rule-type", f"{rule_type!r} is no rule_type of Santa; the rule has no effect", place)
        return
    kind, shape, blocking, wanted = _KINDS[rule_type]
    if shape.fullmatch(identifier) is None:
        message = f"the identifier of a {rule_type} rule has the wrong shape; Santa refuses the rule"
        c.say("error", "santa-identifier", message, place, f"write {wanted}")
        return
    if policy in _BLOCKING:
        c.add(c.rule(blocking), "macos", kind, identifier, f"{place}/identifier")
    elif policy in _ALLOWING:
        c.add(c.rule(ALLOWED), "macos", kind, identifier, f"{place}/identifier")
    elif policy == "CEL":
        why = "the expression of a CEL rule is not evaluated here"
        c.add(
            c.rule(blocking, sense="none", verdict="unknown", why=why, cause="condition"),
            "macos",
            kind,
            identifier,
            f"{place}/identifier",
        )
        c.say("warning", "santa-cel", why, place, "use BLOCKLIST for a ban")
    elif policy == "REMOVE":
        verdict: Verdict = "unknown" if beside else "allowed"
        cause: Cause = "undocumented" if beside else "no-effect"
        why = "a REMOVE rule takes a rule away" + (", and which of the two counts is not documented" if beside else "")
        c.add(
            c.rule(blocking, sense="none", verdict=verdict, why=why, cause=cause),
            "macos",
            kind,
            identifier,
            f"{place}/identifier",
        )
    else:
        c.say("error", "santa-policy", f"{policy!r} is no policy of Santa; the rule has no effect", place)

"""Read Santa's configuration: static rules, client mode, path expressions; and the rules that santactl exports.

`read_settings` takes the keys of Santa's domain, wherever they stand: in a payload, managed preferences, a preference
list. Of each program Santa obeys the most special rule alone (CDHASH, BINARY, SIGNINGID, CERTIFICATE, TEAMID), and of
rules with one identifier the last (northpolesec/santa@5f31541e docs "Rule layering", SNTRuleTable.mm, SNTConfigurator.mm).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy.kinds.apple import santa_rules as rules
from mdm_policy.kinds.apple.santa_keys import ACTING, ALLOWED_PATHS, BLOCKED_PATHS
from mdm_policy.kinds.collector import Why, narrowed
from mdm_policy.reading import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule
    from mdm_policy.vocabulary import Kind

_MODES: dict[int, Rule | None] = {1: None, 2: rules.LOCKDOWN, 3: rules.STANDALONE}
"""What each ClientMode refuses of what no rule names; 1 is Monitor, the default."""


class _Type(NamedTuple):
    """Say how a rule type names programs, and what a block of it is."""

    kind: Kind
    shape: re.Pattern[str]
    blocking: Rule
    wanted: str


class _Static(NamedTuple):
    """Hold one rule as Santa understands it; `expression` is that of a CEL rule."""

    policy: str
    rule_type: str
    identifier: str
    place: str
    expression: str = ""


_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TYPES: dict[str, _Type] = {
    # A file's hash is written as a code hash, which is shorter, so that the two never meet.
    "CDHASH": _Type("cdhash", re.compile(r"[0-9a-f]{40}", re.ASCII), rules.CDHASH, "40 hexadecimal digits"),
    "BINARY": _Type("cdhash", _HASH, rules.BINARY, "64 hexadecimal digits"),
    "SIGNINGID": _Type(
        "signing_id", re.compile(r"(?:[A-Z0-9]{10}|platform):.+", re.ASCII), rules.SIGNING_ID, "TEAMID:signing.id"
    ),
    "CERTIFICATE": _Type("certificate", _HASH, rules.CERTIFICATE, "64 hexadecimal digits"),
    "TEAMID": _Type("team_id", re.compile(r"[A-Z0-9]{10}", re.ASCII), rules.TEAM_ID, "ten letters and digits"),
}
"""Every rule type, the most special first: the first that has a rule for a program decides."""
_RANK = {name: rank for rank, name in enumerate(_TYPES)}
_LOWER = frozenset({"CDHASH", "BINARY", "CERTIFICATE"})
_ABOVE = {
    "CDHASH": (),
    "BINARY": ("CDHASH",),
    "SIGNINGID": ("CDHASH", "BINARY"),
    "CERTIFICATE": ("CDHASH", "BINARY", "SIGNINGID"),
    "TEAMID": ("CDHASH", "BINARY", "CERTIFICATE"),
    "": ("CDHASH", "BINARY", "CERTIFICATE"),
}
"""The types whose rules come before those of a type, or before the mode, and may be about the same program: nobody can
tell. Whether a signing id is of a team can be told."""
_BLOCKING = frozenset(
    {"BLOCKLIST", "SILENT_BLOCKLIST", "SILENT_GUI_BLOCKLIST", "SILENT_TTY_BLOCKLIST", "BLACKLIST", "SILENT_BLACKLIST"}
)
_ALLOWING = frozenset(
    {
        *("ALLOWLIST", "ALLOWLIST_COMPILER", "ALLOWLIST_LOCAL_BINARY", "ALLOWLIST_LOCAL_SIGNINGID"),
        *("WHITELIST", "WHITELIST_COMPILER"),
    }
)
_OTHER_POLICIES = frozenset({"CEL", "REMOVE"})
_WORDS = ("policy", "rule_type", "identifier")
_KEYS = frozenset(_WORDS)
_ABOVE_WHY = "a rule for {types} comes first and lets a program launch, and nobody can tell whether that is the app"
_REPLACED = "a later rule for the same identifier takes its place"
_REMOVED = "a REMOVE rule takes a rule away"
_REMOVED_BESIDE = f"{_REMOVED}, and what Santa does where it takes the place of another is not documented"
_TWO = "several payloads hold Santa's settings, and which of them counts is not documented"


def read_all(c: Collector, found: Sequence[tuple[Mapping[str, Any], str]]) -> None:
    """Read all settings of Santa that a profile holds, each with its pointer: what differs between them is in doubt.

    All of Santa's keys belong in one payload (northpolesec/santa docs, profile configuration); no page says what
    several give.
    """
    doubt = c.uncertain_because
    said = [{key: settings[key] for key in sorted(ACTING & settings.keys())} for settings, _ in found]
    if any(one != said[0] for one in said):
        c.uncertain_because = Why("undocumented", _TWO)
        c.say("warning", "key-in-several-payloads", _TWO, found[1][1], "keep all of Santa's keys in one payload")
    for settings, pointer in found:
        read_settings(c, settings, pointer)
    c.uncertain_because = doubt


def read_settings(c: Collector, settings: Mapping[str, Any], pointer: str) -> None:
    """Read the keys of Santa's domain, which stand at a pointer."""
    if not ACTING.isdisjoint(settings):
        c.rule(rules.CONFIGURED)
    mode = _mode(c, settings, pointer)
    path = _expression(c, settings, BLOCKED_PATHS, pointer)
    found = _rules(c, settings, "StaticRules", pointer)
    if found:
        c.beside("stops", "local-rules", "always", f"{pointer}/StaticRules")
    _add_rules(c, found, strict=mode is not None or bool(path))
    if path:
        c.rule(rules.BLOCKED_PATH, conditions=narrowed(Condition("expression", path)))
        c.settings[rules.BLOCKED_PATH.id] = f"{pointer}/{next(key for key in BLOCKED_PATHS if settings.get(key))}"
    if mode is not None:
        _add_mode(c, mode, settings, found, pointer)


def read_preferences(c: Collector) -> Reading:
    """Read Santa's preference list, as a Mac keeps it and as MDMs take it by upload."""
    read_settings(c, c.mapping(c.document.value, ""), "")
    return c.reading()


def read_exported(c: Collector) -> Reading:
    """Read the rules that santactl exports and imports."""
    c.rule(rules.CONFIGURED)
    _add_rules(c, _rules(c, c.mapping(c.document.value, ""), "rules", ""), strict=False)
    return c.reading()


def _mode(c: Collector, settings: Mapping[str, Any], pointer: str) -> Rule | None:
    """Return what the client mode refuses; a value that is none of Santa's leaves it in Monitor."""
    mode = settings.get("ClientMode", 1)
    if type(mode) is int and mode in _MODES:
        return _MODES[mode]
    message = "ClientMode is not one of 1 (Monitor), 2 (Lockdown) and 3 (Standalone), so Santa monitors only"
    c.say("error", "santa-client-mode", message, f"{pointer}/ClientMode", "write 1, 2 or 3")
    return None


def _expression(c: Collector, settings: Mapping[str, Any], keys: tuple[str, str], pointer: str) -> str:
    """Return the path expression under a key, or under the name that the key had before."""
    return c.text(settings, keys[0], pointer) or c.text(settings, keys[1], pointer)


def _add_mode(c: Collector, mode: Rule, settings: Mapping[str, Any], found: Sequence[_Static], pointer: str) -> None:
    """Add what a mode refuses: all that nothing lets launch. What may let anything launch leaves it in doubt."""
    c.settings[mode.id] = f"{pointer}/ClientMode"
    above, why = _exceptions(found, "")
    path = _expression(c, settings, ALLOWED_PATHS, pointer)
    conditions = [*above, *([Condition("expression", path)] if path else [])]
    if path:
        why = why or "AllowedPathRegex lets programs launch, and nobody can tell whether the app's path matches"
    if not why and settings.get("SyncBaseURL"):
        c.rule(mode, verdict="unknown", why="the sync server may set another mode", cause="elsewhere")
    elif why:
        c.rule(mode, verdict="unknown", why=why, cause="condition", conditions=narrowed(*conditions))
    else:
        c.rule(mode)


def _exceptions(found: Iterable[_Static], rule_type: str) -> tuple[list[Condition], str]:
    """Return the rules that come before those of a type and may let any program launch, and why that matters."""
    above = [
        one for one in found if one.rule_type in _ABOVE[rule_type] and (one.policy in _ALLOWING or one.policy == "CEL")
    ]
    types = sorted({one.rule_type for one in above}, key=_RANK.__getitem__)
    said = [Condition("exceptions", " ".join(filter(None, (o.rule_type, o.identifier, o.expression)))) for o in above]
    return said, _ABOVE_WHY.format(types=" or ".join(types)) if above else ""


def _rules(c: Collector, owner: Mapping[str, Any], key: str, pointer: str) -> list[_Static]:
    """Return the rules that count, having said of the others why they do not."""
    found: dict[tuple[str, str], list[_Static]] = {}
    for place, raw in c.records(owner, key, pointer):
        one = _static(c, raw, place)
        if one is None:
            continue
        known = (one.rule_type, one.identifier)
        before = found.pop(known, [])
        if before and before[-1]._replace(place=one.place) != one:
            for each in before:
                _idle(c, each, _REPLACED)
            if one.policy == "REMOVE" and before[-1].policy != "REMOVE":
                one = one._replace(policy="REPLACED")
            before = []
        found[known] = [*before, one]
    return [one for several in found.values() for one in several]


def _static(c: Collector, raw: dict[str, Any], place: str) -> _Static | None:
    """Return a rule as Santa understands it, or None where it refuses the rule: its keys and words are in any case."""
    item = raw if raw.keys() <= _KEYS else {str(key).lower(): value for key, value in raw.items()}
    policy, rule_type, identifier = item.get("policy", ""), item.get("rule_type", ""), item.get("identifier", "")
    if not identifier:
        identifier = item.get("sha256", "")
    if not type(policy) is type(rule_type) is type(identifier) is str:
        policy, rule_type, identifier = (c.text(item, key, place) for key in _WORDS)
    policy, rule_type = policy.upper(), rule_type.upper()
    named = _TYPES.get(rule_type)
    if named is None:
        c.say("error", "santa-rule-type", f"{rule_type!r} is not a rule_type of Santa; the rule has no effect", place)
        return None
    identifier = _normalised(rule_type, identifier)
    if named.shape.fullmatch(identifier) is None:
        message = f"the identifier of a {rule_type} rule has the wrong shape; Santa refuses the rule"
        c.say("error", "santa-identifier", message, place, f"write {named.wanted}")
        return None
    if policy not in _BLOCKING and policy not in _ALLOWING and policy not in _OTHER_POLICIES:
        c.say("error", "santa-policy", f"{policy!r} is not a policy of Santa; the rule has no effect", place)
        return None
    expression = c.text(item, "cel_expr", place) if policy == "CEL" else ""
    if policy == "CEL" and not expression:
        c.say("error", "santa-policy", "a CEL rule has no cel_expr, so Santa refuses the rule", place, "use BLOCKLIST")
        return None
    return _Static(policy, rule_type, identifier, place, expression)


def _normalised(rule_type: str, identifier: str) -> str:
    """Write an identifier as Santa does: hashes in small letters, teams in capitals (SNTRule.mm)."""
    if rule_type in _LOWER:
        return identifier.lower()
    if rule_type == "TEAMID":
        return identifier.upper()
    team, colon, rest = identifier.partition(":")
    return f"{team.lower() if team.lower() == 'platform' else team.upper()}{colon}{rest}"


def _idle(c: Collector, one: _Static, why: str) -> None:
    named = _TYPES[one.rule_type]
    rule = c.rule(named.blocking, sense="none", verdict="allowed", why=why, cause="no-effect")
    c.add(rule, "macos", named.kind, one.identifier, f"{one.place}/identifier")


def _add_rules(c: Collector, found: Sequence[_Static], *, strict: bool) -> None:
    """Add what the rules that count do; `strict` says that what no rule names may be refused."""
    blocked = dict.fromkeys(one.rule_type for one in found if one.policy in _BLOCKING)
    blocking = {name: _blocking(c, found, name) for name in blocked}
    teams = {one.identifier for one in found if one.rule_type == "TEAMID" and one.policy not in _ALLOWING}
    for one in found:
        named, place = _TYPES[one.rule_type], f"{one.place}/identifier"
        if one.policy in _BLOCKING:
            c.add(blocking[one.rule_type], "macos", named.kind, one.identifier, place)
        elif one.policy in _ALLOWING:
            c.add(c.rule(rules.ALLOWED), "macos", named.kind, one.identifier, place)
            _add_partly(c, one, rules.PARTLY_ALLOWED, teams, strict=strict)
        elif one.policy == "REMOVE":
            _idle(c, one, _REMOVED)
        else:
            _add_unknown(c, one)
            _add_partly(c, one, rules.PARTLY_DECIDED, teams, strict=strict)


def _blocking(c: Collector, found: Iterable[_Static], rule_type: str) -> Rule:
    """Return what a block of a type is where the rules that come before it may let the same program launch."""
    conditions, why = _exceptions(found, rule_type)
    base = _TYPES[rule_type].blocking
    if not why:
        return c.rule(base)
    return c.rule(base, verdict="unknown", why=why, cause="condition", conditions=narrowed(*conditions))


def _add_partly(c: Collector, one: _Static, base: Rule, teams: Iterable[str], *, strict: bool) -> None:
    """Say of a team, and of a bare id, that one program of it may be let in, where another rule refuses the rest."""
    if one.rule_type != "SIGNINGID":
        return
    team, _, bundle = one.identifier.partition(":")
    partly = c.rule(base)
    if strict or team in teams:
        c.add(partly, "macos", "team_id", team, f"{one.place}/identifier")
    if strict:
        c.add(partly, "macos", "bundle_id", bundle, f"{one.place}/identifier")


def _add_unknown(c: Collector, one: _Static) -> None:
    """Add a rule that decides, and nobody can tell how: by an expression, or by taking another's place away."""
    named = _TYPES[one.rule_type]
    if one.policy == "CEL":
        why = "the expression of a CEL rule is not evaluated here"
        c.say("warning", "santa-cel", why, one.place, "use BLOCKLIST for a ban")
        conditions = narrowed(Condition("expression", one.expression))
        rule = c.rule(named.blocking, verdict="unknown", why=why, cause="condition", conditions=conditions)
    else:
        rule = c.rule(named.blocking, verdict="unknown", why=_REMOVED_BESIDE, cause="undocumented")
    c.add(rule, "macos", named.kind, one.identifier, f"{one.place}/identifier")

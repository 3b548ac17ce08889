"""Read the binary controls of app settings: which programs a Mac lets launch, by team, signing id, hash, folder and source.

apple/device-management@97a11a8 app.settings.yaml (OS 27); Apple, "Allowing and denying apps and binaries"; Apple Platform
Deployment, 2026-09-17.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.kinds.apple import rules
from mdm_policy.kinds.collector import Entries, narrowed
from mdm_policy.kinds.shapes import impossible
from mdm_policy.reading import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Rule
    from mdm_policy.vocabulary import Kind

_KEYS = ("DeniedBinaries", "AllowedBinaries")
_APPLE = "*APPLE*"
_TEAM = re.compile(r"[A-Z0-9]{10}|\*APPLE\*", re.ASCII)
_HASH = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_MANAGED = (Condition("managed-apps"),)
_ONE_VERSION = (Condition("code-hash"),)
_ELSEWHERE = "copies in another folder, of another version or from another source"
_MAY_SPARE = "every field of the item must match, and whether the app's folder, version and source do is not known here"

_Identity = tuple["Kind", str]
_Narrowings = dict[_Identity, tuple[str, set[tuple[Condition, ...]]]]
"""By identity, the place of its first item and what narrows each of its items."""


def read_binaries(c: Collector, allowed: dict[str, Any], base: str) -> None:
    """Read DeniedBinaries, AllowedBinaries and AlwaysAllowManagedApps."""
    managed = c.flag(allowed, "AlwaysAllowManagedApps", base) is True
    if managed:
        c.rule(rules.MANAGED_APPS_ALLOWED)
        message = "AlwaysAllowManagedApps lets every app the MDM manages launch, whichever declaration denies it"
        c.say("warning", "managed-apps-allowed", message, f"{base}/AlwaysAllowManagedApps")
    for key, base_rule in zip(_KEYS, (rules.DENIED_BINARIES, rules.ALLOWED_BINARIES), strict=True):
        if not isinstance(allowed.get(key), list):
            c.items(allowed, key, base)
            continue
        said = (
            "a Mac with binary controls, be the list empty, refuses unsigned, ad-hoc and development-signed programs too, "
            "and quits a denied program that is running"
        )
        hint = "try it on Macs with Homebrew and local builds first; sign what must run"
        c.restricts = True
        c.beside("stops", "unsigned-programs", "always", f"{base}/{key}", said=True)
        if key == "DeniedBinaries" and allowed[key]:
            c.beside("stops", "running-apps", "always", f"{base}/{key}", said=True)
        c.say("warning", "app-settings-binaries", said, f"{base}/{key}", hint)
        entries = c.records(allowed, key, base)
        rule = _sparing(base_rule) if managed else base_rule
        made = c.rule(rule) if entries.values or rule.sense == "block" else c.empty_allow_list(rule, f"{base}/{key}")
        if rule.sense == "allow-only" and entries.values:
            c.allow_list(made, len(entries), f"{base}/{key}")
        if entries.values:
            _each(c, made, entries)


def _sparing(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, strength="partial", conditions=_MANAGED, escapes="apps the MDM manages")


def _each(c: Collector, rule: Rule, entries: Entries) -> None:
    """Read all items of a list: at once when each is a signing id and no more, as nearly every item is."""
    teams, signings = entries.each("TeamID").values, entries.each("SigningID").values
    texts = set(map(type, chain(teams, signings))) == {str} and all(teams) and all(signings)
    if texts and set(map(len, entries.values)) == {2} and not impossible("macos", "team_id", teams):
        signed = _signing_ids(teams, signings)
        c.add_all(rule, "macos", "signing_id", Entries(entries.pointers, signed))
        _let_in(c, rule, zip(signed, entries.pointers, strict=True))
        return
    found: _Narrowings = {}
    for at, item in entries:
        _item(c, rule, item, at, found)
    for (kind, value), (at, narrowings) in found.items():
        _add(c, rule, (kind, value), at, narrowings)
    _let_in(c, rule, ((value, at) for (kind, value), (at, _) in found.items() if kind == "signing_id"))


def _let_in(c: Collector, rule: Rule, signed: Iterable[tuple[str, str]]) -> None:
    """Say of the team and the bare id of each signing id that an allow list lets one program of them in."""
    if rule.sense != "allow-only":
        return
    teams: dict[str, str] = {}
    bundles: dict[str, str] = {}
    for value, at in signed:
        team, _, bundle = value.partition(":")
        teams.setdefault(team, at)
        bundles.setdefault(bundle, at)
    one = c.rule(rules.ONE_BINARY_ALLOWED)
    kinds: tuple[tuple[Kind, dict[str, str]], ...] = (("team_id", teams), ("bundle_id", bundles))
    for kind, found in kinds:
        for value, at in found.items():
            c.add(one, "macos", kind, value, at)


def _signing_id(team: str, signing: str) -> str:
    """Write a signing id as it is compared: Apple's own programs bear no team, and are those of the platform."""
    return f"platform:{signing}" if team == _APPLE else f"{team}:{signing}"


def _signing_ids(teams: Sequence[str], signings: Sequence[str]) -> list[str]:
    """Write many: where Apple's own programs are not among them, all at once."""
    each = zip(teams, signings, strict=True)
    return [_signing_id(*one) for one in each] if _APPLE in teams else list(map(":".join, each))


def _item(c: Collector, rule: Rule, item: dict[str, Any], at: str, found: _Narrowings) -> None:
    """Note what one item means: all its fields must match, so every field beyond the identity makes it narrower."""
    team, signing, cdhash = (c.text(item, key, at) for key in ("TeamID", "SigningID", "CDHash"))
    folder, state = c.text(item, "PathPrefix", at), c.text(item, "SigningState", at)
    if _matches_nothing(c, team, cdhash, at):
        return
    narrow = [Condition("folder", folder)] if folder else []
    narrow += [Condition("signing-state", state)] if state not in ("", "All") else []
    kind: Kind
    if cdhash and (rule.sense == "block" or not team):
        kind, value, narrow = "cdhash", cdhash, [*narrow, Condition("code-hash")]
    elif team and signing:
        kind, value = "signing_id", _signing_id(team, signing)
    elif team or signing:
        kind, value = ("team_id", team) if team else ("bundle_id", signing)
    else:  # devices refuse the whole declaration for it
        return
    if cdhash and kind != "cdhash":
        narrow.append(Condition("code-hash", cdhash))
    found.setdefault((kind, value), (at, set()))[1].add(narrowed(*narrow))


def _matches_nothing(c: Collector, team: str, cdhash: str, at: str) -> bool:
    """Say of an item that no program can match it; Apple's own word for its programs is `*APPLE*`."""
    if team and not _TEAM.fullmatch(team):
        message = (
            f"{team[:80]!r} is not a team id, so the item matches nothing: one has ten upper-case letters and digits"
        )
        c.say("error", "binary-identity-shape", message, f"{at}/TeamID", f"Apple's own programs are meant by {_APPLE}")
        return True
    if cdhash and not _HASH.fullmatch(cdhash):
        message = "the CDHash has not 40 hexadecimal digits, so the item matches nothing"
        c.say("error", "binary-identity-shape", message, f"{at}/CDHash", "take it from `codesign -dvvv`")
        return True
    return False


def _add(c: Collector, rule: Rule, identity: _Identity, at: str, narrowings: set[tuple[Condition, ...]]) -> None:
    """Record what all items of one identity say together: one that nothing narrows counts for itself."""
    kind, value = identity
    if () in narrowings or rule.sense != "block":
        c.add(rule, "macos", kind, value, at)
    if () in narrowings:
        return
    for narrow in sorted(narrowings):
        conditions = narrowed(*rule.conditions, *narrow)
        if rule.sense != "block":
            made = c.rule(rules.PARTLY_ALLOWED_BINARIES, conditions=conditions)
        elif narrow == _ONE_VERSION:
            made = c.rule(rules.DENIED_BINARIES, strength="weak", conditions=conditions, escapes=_ELSEWHERE)
        else:
            made = c.rule(
                rules.DENIED_BINARIES,
                strength="weak",
                verdict="unknown",
                why=_MAY_SPARE,
                cause="condition",
                conditions=conditions,
                escapes=_ELSEWHERE,
            )
        c.add(made, "macos", kind, value, at)

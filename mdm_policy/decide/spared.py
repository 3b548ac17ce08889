"""Say what one of a device's documents does to the rules of another: managed apps let past, and locks of which one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.reading import Column, Condition, Effects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mdm_policy.decide.reach import Reach
    from mdm_policy.reading import Reading, Rule

_MANAGED = Condition("managed-apps")
_ACTS = ("block", "allow-only")


def spares(rule: Rule) -> bool:
    """Tell whether a rule lets apps past the rules of other documents, and acts on no identifier by itself."""
    return rule.sense == "allow" and rule.mechanism == "apple-app-settings" and _MANAGED in rule.conditions


def together(documents: Sequence[tuple[Reading, Reach]]) -> list[tuple[Reading, Reach]]:
    """Return documents as they act beside one another.

    AlwaysAllowManagedApps of one declaration holds for all, and com.apple.app.lock of which a device has one
    (apple/device-management@97a11a8 app.settings.yaml: boolean-or; com.apple.app.lock.yaml: multiple false).
    """
    made = list(documents)
    sparing = [rule for one, to in made if to.alive for rule in one.rules if spares(rule)]
    if sparing:
        made = [(_spared(one, sparing[0]), to) for one, to in made]
    locks = {frozenset(found) for one, to in made if to.alive and (found := _locked(one)) is not None}
    if len(locks) > 1:
        made = [(_one_of(one, locks), to) for one, to in made]
    return made


def _one_of(reading: Reading, locks: Collection[frozenset[str]]) -> Reading:
    """Return a document whose lock is one of several: what none of them lets in is refused, and of the rest nobody can tell."""
    rule = next(filter(_locks, reading.rules), None)
    if rule is None:
        return reading
    said = "several documents lock the device to one app each, and nobody can tell which of them is in force"
    doubt = msgspec.structs.replace(rule, sense="none", verdict="unknown", why=said, cause="conflict")
    apart = sorted(frozenset[str]().union(*locks) - frozenset[str]().intersection(*locks))
    at = next((one.pointers[0] for one in reading.columns if one.rule is rule and len(one.pointers)), "")
    added = [Column(one, "ios", "bundle_id", apart, (at,) * len(apart)) for one in (rule, doubt)]
    return msgspec.structs.replace(
        reading,
        rules=(*reading.rules, doubt),
        effects=Effects([*reading.columns, *added]) if apart else reading.effects,
    )


def _locked(reading: Reading) -> set[str] | None:
    """Return the apps that a document holds a device in; None where it holds it in none."""
    if not any(_locks(rule) for rule in reading.rules):
        return None
    return {value for one in reading.columns if _locks(one.rule) for value in one.values}


def _locks(rule: Rule) -> bool:
    return rule.mechanism == "apple-app-lock" and rule.sense == "allow-only"


def _spared(reading: Reading, sparing: Rule) -> Reading:
    """Return a document whose binary controls spare the apps that an MDM manages."""
    narrow = {id(rule): _narrow(rule, sparing) for rule in reading.rules if _is_spared(rule, sparing)}
    if not narrow:
        return reading
    return _with(reading, narrow)


def _with(reading: Reading, made: Mapping[int, Rule]) -> Reading:
    """Return a document with other rules in the place of some, which go by their place in memory."""
    columns = [
        Column(made.get(id(one.rule), one.rule), one.family, one.kind, one.values, one.pointers)
        for one in reading.columns
    ]
    rules = tuple(made.get(id(rule), rule) for rule in reading.rules)
    return msgspec.structs.replace(reading, effects=Effects(columns), rules=rules)


def _is_spared(rule: Rule, sparing: Rule) -> bool:
    return (
        rule.mechanism == sparing.mechanism
        and rule.sense in _ACTS
        and rule.introduced == sparing.introduced
        and _MANAGED not in rule.conditions
    )


def _narrow(rule: Rule, sparing: Rule) -> Rule:
    escapes = f"{rule.escapes}, and apps the MDM manages" if rule.escapes else "apps the MDM manages"
    conditions = tuple(sorted({*rule.conditions, *sparing.conditions}))
    strength = "weak" if rule.strength == "weak" else "partial"
    return msgspec.structs.replace(rule, strength=strength, conditions=conditions, escapes=escapes)

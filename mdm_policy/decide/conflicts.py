"""Find settings that documents of one MDM set differently for the same devices: nobody knows which value a device has.

Intune shows such a conflict and leaves it to people (MicrosoftDocs/memdocs device-profile-troubleshoot.md); which value the
device keeps, or whether it keeps any, is not said. Equal values do not conflict, and a setting that is left out never does.
An exclusion counts among groups of users, or of devices, and not across the two (the same, device-profile-assign.md); of which
sort a group is stands in no document, so an exclusion keeps no value from a device for certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.reach import may_reach
from mdm_policy.reading import Effects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdm_policy.decide.reach import Reach
    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import Reading, Rule

_Member = tuple["Reading", int]
"""A document, and the number of the value that it gives a setting."""


def contending(readings: Iterable[Reading]) -> dict[str, list[list[Reading]]]:
    """Return, by each setting's name, the documents of one MDM that set it, where they set it to several values."""
    return {
        name: [[one for one, _ in members]]
        for (_, name), members in _by_setting(readings).items()
        if len({number for _, number in members}) > 1
    }


def conflicting(reached: Sequence[tuple[Reading, Reach]], cls: DeviceClass | None) -> dict[str, list[Reading]]:
    """Return, by each setting's name, the documents that conflict over it on a class, or on some device without a class."""
    may = [one for one, to in reached if one.sets and to.alive and may_reach(one.scope, cls, despite_exclusions=True)]
    found: dict[str, list[Reading]] = {}
    for (_, name), members in _by_setting(may).items() if len(may) > 1 else ():
        if len({number for _, number in members}) > 1:
            found.setdefault(name, []).extend(
                [one for one, _ in members] if cls is not None else list(_meeting(members))
            )
    return {name: members for name, members in found.items() if members}


def questioned(reached: Sequence[tuple[Reading, Reach]], cls: DeviceClass | None) -> list[tuple[Reading, Reach]]:
    """Return documents as they count: what a conflict is about, nobody knows."""
    found = conflicting(reached, cls)
    if not found:
        return list(reached)
    among = {name: {id(one) for one in members} for name, members in found.items()}
    return [(_doubted(one, found, among), to) for one, to in reached]


def _doubted(reading: Reading, found: Mapping[str, Sequence[Reading]], among: Mapping[str, Collection[int]]) -> Reading:
    made: dict[int, Rule] = {}
    for rule in reading.rules:
        setting = rule.setting
        if setting is None or rule.sense == "none":
            continue
        shared = setting.several == "shares"
        name = next((name for name in setting.names if name in found and (shared or id(reading) in among[name])), "")
        if name:
            other = next((one.path for one in found[name] if one is not reading), reading.path)
            why = f"{other} sets {name} to another value, and which of them a device has is not documented"
            if not all(dict(one.sets)[name] for one in found[name]):
                why = f"what was not read may give {name} another value"
            elif shared:
                why = f"documents set {name} to different values, and which of them a device has is not documented"
            made[id(rule)] = msgspec.structs.replace(rule, verdict="unknown", why=why, cause="conflict")
    if not made:
        return reading
    rules = tuple(made.get(id(rule), rule) for rule in reading.rules)
    columns = [msgspec.structs.replace(one, rule=made.get(id(one.rule), one.rule)) for one in reading.columns]
    return msgspec.structs.replace(reading, rules=rules, effects=Effects(columns))


def _by_setting(readings: Iterable[Reading]) -> dict[tuple[str, str], list[_Member]]:
    """Sort documents by MDM and setting, with one number for each value."""
    numbers: dict[object, int] = {}
    found: dict[tuple[str, str], list[_Member]] = {}
    for reading in readings:
        for name, value in reading.sets:
            number = numbers.setdefault(value, len(numbers))
            found.setdefault((reading.mdm, name), []).append((reading, number))
    return found


def _meeting(members: Sequence[_Member]) -> Iterable[Reading]:
    """Yield the documents of which some other with another value reaches the same device for all that is known."""
    wide = {number for one, number in members if one.scope.state != "groups"}
    named: dict[object, set[int]] = {}
    for one, number in members:
        for group in one.scope.groups if one.scope.state == "groups" else ():
            named.setdefault(group, set()).add(number)
    for one, number in members:
        if one.scope.state != "groups":
            meets = any(other != number for _, other in members)
        else:
            meets = bool(wide - {number}) or any(named[group] != {number} for group in one.scope.groups)
        if meets:
            yield one

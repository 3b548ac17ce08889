"""Say of which documents a device keeps one, and what it may hold then: each choice is judged, and the worst counts."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.filerules import book
from mdm_policy.decide.reach import Reach
from mdm_policy.reading import written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import DeviceSlot, Mechanism, Reading, Setting

_MOST_KEPT = 64
"""How many choices among documents of one identifier are asked one by one; where there are more, none of them counts."""


def rivals(readings: Iterable[Reading]) -> list[list[Reading]]:
    """Return the documents of which a device obeys one: those that bear one identifier, or set one replaced setting.

    A profile takes the place of one with its PayloadIdentifier (apple/device-management@b6202ca mdm/profiles/TopLevel.yaml),
    a declaration that of one with its Identifier, if one MDM sends both. Of two changes that replace one list of an Android
    policy the later counts, or they are for two policies; an AppLocker node holds one value (MicrosoftDocs/windows-itpro-docs
    applocker-csp.md).
    """
    found: dict[tuple[DeviceSlot | tuple[Mechanism, Setting], str], list[tuple[Reading, frozenset[str]]]] = {}
    for one in readings:
        for identity in one.identities:
            key = msgspec.structs.replace(identity, platforms=())
            found.setdefault((key, one.mdm), []).append((one, frozenset(identity.platforms)))
        for setting in replacing(one):
            found.setdefault((setting, one.mdm), []).append((one, frozenset()))
    groups = (group for members in found.values() if len(members) > 1 for group in _meeting(members))
    return [group for group in groups if len(group) > 1]


def _meeting(members: list[tuple[Reading, frozenset[str]]]) -> list[list[Reading]]:
    """Part documents that no device takes two of, each being for other platforms (TargetDeviceType of a profile)."""
    if not all(platforms for _, platforms in members):
        return [[one for one, _ in members]]
    groups: list[tuple[set[str], list[Reading]]] = []
    for one, platforms in members:
        near = [group for group in groups if not group[0].isdisjoint(platforms)]
        joined = (
            set(platforms).union(*(group[0] for group in near)),
            [*(known for group in near for known in group[1]), one],
        )
        groups = [group for group in groups if group not in near] + [joined]
    return [group for _, group in groups]


def replacing(reading: Reading) -> list[tuple[Mechanism, Setting]]:
    """Return the settings of a document that replace those of another, each once, with what carries them out."""
    found = ((rule.mechanism, rule.setting) for rule in reading.rules if rule.setting is not None)
    return list(dict.fromkeys((by, one) for by, one in found if one.several == "replaces"))


def kept(reached: Sequence[tuple[Reading, Reach]], cls: DeviceClass | None) -> list[list[tuple[Reading, Reach]]]:
    """Return what a device may hold of some documents: all of them, but only one of each that rival one another.

    Documents that need not reach the same device do not.
    """
    sure = [
        one for one, to in reached if to.alive and not to.doubt and (cls is not None or one.scope.state != "groups")
    ]
    groups = [one for one in map(apart, rivals(sure)) if len(one) > 1]
    if not groups:
        return [list(reached)]
    every = [{id(one) for members in group for one in members} for group in groups]
    if prod(map(len, groups)) > _MOST_KEPT:
        return [[_without(one, set[int]().union(*every)) for one in reached]]
    return [
        [_without(one, gone) for one in reached]
        for chosen in product(*groups)
        for gone in [
            set[int]().union(*(ids.difference(map(id, kept)) for ids, kept in zip(every, chosen, strict=True)))
        ]
    ]


def _without(one: tuple[Reading, Reach], gone: Collection[int]) -> tuple[Reading, Reach]:
    """Return a document as it is where others have taken the place of those that are `gone`."""
    reading = one[0]
    if id(reading) not in gone:
        return one
    said = (
        f"another document may take the place of {reading.path}: a device keeps one of those that bear one identifier"
    )
    return reading, Reach(False, note=said, cause="replaced")


def apart(members: Sequence[Reading]) -> list[list[Reading]]:
    """Put documents together that do the same; most that bear one identifier are copies, which is seen at once."""
    first = _acts(members[0])
    if all(_acts(one) == first for one in members[1:]):
        return [list(members)]
    found: dict[object, list[Reading]] = {}
    for one in members:
        found.setdefault(_does(one), []).append(one)
    return list(found.values())


def _acts(reading: Reading) -> list[object]:
    lists = [written(rule) for rule in reading.rules if rule.sense == "allow-only"]
    sets = [(one.node, book(one).meaning) for one in reading.rule_sets]
    return [lists, sets, *((written(one.rule), one.family, one.kind, one.values) for one in reading.columns)]


def _does(reading: Reading) -> object:
    """Return what a document does, in whatever order and however often it says so."""
    lists = frozenset(written(rule) for rule in reading.rules if rule.sense == "allow-only")
    named: dict[object, set[str]] = {}
    for one in reading.columns:
        named.setdefault((written(one.rule), one.family, one.kind), set()).update(one.values)
    sets = frozenset((one.node, book(one).meaning) for one in reading.rule_sets)
    return lists, sets, frozenset((acts, frozenset(values)) for acts, values in named.items())

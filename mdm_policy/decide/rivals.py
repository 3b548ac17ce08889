"""Say of which documents a device keeps one, and what it may hold then: each choice is judged, and the worst counts."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.filerules import book
from mdm_policy.decide.reach import Reach, may_reach
from mdm_policy.reading import written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import DeviceSlot, Mechanism, Reading, Rule, Setting

_MOST_KEPT = 64
"""How many choices among documents of one identifier are asked one by one; where there are more, none of them counts."""


def rivals(readings: Iterable[Reading]) -> list[list[Reading]]:
    """Return the documents of which a device obeys one: those that bear one identifier, or set what belongs in one document."""
    every = list(readings)
    return [*_by_slot(every), *_by_setting(every)]


def _by_slot(readings: Iterable[Reading]) -> list[list[Reading]]:
    """Return the documents of which a device keeps one.

    A profile takes the place of one with its PayloadIdentifier (apple/device-management@b6202ca mdm/profiles/TopLevel.yaml),
    a declaration that of one with its Identifier, if one MDM sends both. Of two changes that replace one list of an Android
    policy the later counts, or they are for two policies; a node of AppLocker, or of App Control for a PolicyID, holds one value
    (MicrosoftDocs/windows-itpro-docs applocker-csp.md, applicationcontrol-csp.md).
    """
    found: dict[DeviceSlot, dict[str, list[tuple[Reading, frozenset[str]]]]] = {}
    for one in readings:
        for identity in slots(one):
            by_mdm = found.setdefault(msgspec.structs.replace(identity, platforms=()), {})
            by_mdm.setdefault(one.mdm, []).append((one, frozenset(identity.platforms)))
    # A file of no MDM is sent by any: it takes the place of what another form of the same MDM brings.
    named = (
        [*(by_mdm.get("", ()) if mdm else ()), *by_mdm[mdm]]
        for by_mdm in found.values()
        for mdm in sorted(set(by_mdm) - {""}) or [""]
    )
    groups = (group for members in named if len(members) > 1 for group in _meeting(members))
    return [group for group in groups if len(group) > 1]


def slots(reading: Reading) -> list[DeviceSlot]:
    """Return what a document is known to be or hold of which a device keeps one."""
    return [identity for identity in reading.identities if identity.name]


def _beside_unread(reached: Sequence[tuple[Reading, Reach]]) -> list[tuple[Reading, Reach]]:
    """Put in doubt whose place something may take that was not read: nobody knows its node or its identifier."""
    unread = {(slot.kind, one.mdm) for one, to in reached if to.alive for slot in one.identities if not slot.name}
    return [
        (one, _replaceable(one))
        if to.alive and not to.doubt and any(by in ("", one.mdm) or not one.mdm for by in _taking(one, unread))
        else (one, to)
        for one, to in reached
    ]


def _taking(reading: Reading, unread: Collection[tuple[str, str]]) -> list[str]:
    """Return the MDMs of what may take the place of a document."""
    kinds = {slot.kind for slot in slots(reading)}
    return [mdm for kind, mdm in unread if kind in kinds]


def _replaceable(reading: Reading) -> Reach:
    said = (
        f"what was not read may take the place of {reading.path}: a device keeps one of those that bear one identifier"
    )
    return Reach(doubt=said, cause="unread")


def _by_setting(readings: Iterable[Reading], as_of: str = "") -> list[list[Reading]]:
    """Return the documents that set what belongs in one, so that nobody knows which of them counts."""
    found: dict[tuple[Mechanism, Setting, str], list[Reading]] = {}
    for one in readings:
        for by, setting in alone(one, as_of):
            found.setdefault((by, setting, one.mdm), []).append(one)
    return [members for members in found.values() if len(members) > 1]


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


def alone(reading: Reading, as_of: str = "") -> list[tuple[Mechanism, Setting]]:
    """Return what a document sets that belongs in one document, each once, with what carries it out.

    A rule that is refused, or that these devices do not know, says its cause, and sets nothing; one that has lifted itself
    by a day sets nothing from then on.
    """
    rules = (rule for rule in reading.rules if rule.setting is not None and not rule.cause and not _past(rule, as_of))
    found = ((rule.mechanism, rule.setting) for rule in rules if rule.setting is not None)
    return list(dict.fromkeys((by, one) for by, one in found if one.several == "one-document"))


def _past(rule: Rule, as_of: str) -> bool:
    return rule.expires is not None and "" < rule.expires.fixed <= as_of


def kept(
    reached: Sequence[tuple[Reading, Reach]], cls: DeviceClass | None, as_of: str = ""
) -> list[list[tuple[Reading, Reach]]]:
    """Return what a device may hold of some documents: all of them, but only one of each that rival one another.

    Documents that need not reach the same device take nobody's place; but one that may reach it puts what it sets beside
    others in doubt. What has lifted itself by a day sets nothing.
    """
    reached = _beside_unread(reached)
    made = _choices(reached, _by_slot([one for one, to in reached if _sure(one, to, cls)]), _gone)
    return [
        chosen
        for each in made
        for chosen in _choices(
            each,
            _by_setting(
                [one for one, to in each if to.alive and (_sure(one, to, cls) or (cls and may_reach(one.scope, cls)))],
                as_of,
            ),
            _doubted,
            most=_MOST_KEPT // len(made),
        )
    ]


def _sure(one: Reading, to: Reach, cls: DeviceClass | None) -> bool:
    return to.alive and not to.doubt and (cls is not None or one.scope.state != "groups")


def _choices(
    reached: Sequence[tuple[Reading, Reach]],
    rivalling: Iterable[Sequence[Reading]],
    otherwise: Callable[[Reading], Reach],
    most: int = _MOST_KEPT,
) -> list[list[tuple[Reading, Reach]]]:
    """Return documents as they are for each choice of one among those that rival one another."""
    groups = [one for one in map(apart, rivalling) if len(one) > 1]
    if not groups:
        return [list(reached)]
    every = [{id(one) for members in group for one in members} for group in groups]
    if prod(map(len, groups)) > most:
        return [_without(reached, set[int]().union(*every), otherwise)]
    return [
        _without(
            reached,
            set[int]().union(*(ids.difference(map(id, kept)) for ids, kept in zip(every, chosen, strict=True))),
            otherwise,
        )
        for chosen in product(*groups)
    ]


def _without(
    reached: Iterable[tuple[Reading, Reach]], gone: Collection[int], otherwise: Callable[[Reading], Reach]
) -> list[tuple[Reading, Reach]]:
    return [(one, otherwise(one) if id(one) in gone else to) for one, to in reached]


def _gone(reading: Reading) -> Reach:
    """Return whom a document reaches whose place another has taken."""
    said = (
        f"another document may take the place of {reading.path}: a device keeps one of those that bear one identifier"
    )
    return Reach(False, note=said, cause="replaced")


def _doubted(reading: Reading) -> Reach:
    """Return whom a document reaches where another sets what belongs in one document."""
    what = ", ".join(setting.name for _, setting in alone(reading))
    said = f"several documents hold {what}, {reading.path} among them, and which of them counts is not documented"
    return Reach(doubt=said, cause="conflict")


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

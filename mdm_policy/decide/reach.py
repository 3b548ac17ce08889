"""Say whether a document reaches a device class: by its MDM, its activation and its scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy.kinds import kind_named
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.reading import Audience, Cause, Member, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.reading import Reading


EVERYONE = Scope("everyone")
_NARROWEST: tuple[Literal["groups", "everyone"], ...] = ("groups", "everyone")
_SHOWN = 20
"""How many groups are named in a sentence."""
_MOST_PAIRS = 1_000
"""How many pairs of groups are named that a document reaches where both hold a device."""


class Reach(Frozen, frozen=True, gc=False):
    """Say that a document reaches a class (`alive`), for certain unless there is a `doubt`; `note` is worth telling.

    `cause` says in a word what the doubt or the note says in words.
    """

    alive: bool = True
    doubt: str = ""
    note: str = ""
    cause: Cause = ""


class Sample(DeviceClass, frozen=True):
    """Stand for devices that documents name in a way in which no declared class is named: under a filter, one by one."""

    members: tuple[Member, ...] = ()


def members(cls: DeviceClass | None) -> frozenset[Member]:
    """Return what a class is a part of: its groups."""
    if cls is None:
        return frozenset()
    return frozenset(cls.members if isinstance(cls, Sample) else cls.groups)


def reach(
    reading: Reading, cls: DeviceClass | None, readings: Sequence[Reading], *, require_scope: bool = False
) -> Reach:
    """Return whether a document reaches a class, or any device at all when there is no class.

    Included groups cover a class that has every one of its groups among them. An exclusion may hit a class that names
    no groups or shares one, and any class where it names single devices; a filter may hit any. Without a class, groups are only a note.
    """
    if cls is not None and cls.managed_by and reading.mdm and cls.managed_by != reading.mdm:
        said = f"{reading.path} is a document of {reading.mdm}, the class is managed by {cls.managed_by}"
        return Reach(False, note=said, cause="other-mdm")
    if _unnamed(reading, readings):
        said = f"{reading.path} is named by no activation, so no device applies it"
        return Reach(False, note=said, cause="not-activated")
    scope = activated(reading, readings)
    if scope.state == "nobody":
        return Reach(False, note=f"{reading.path} {scope.why or 'is assigned to nobody'}", cause="nobody")
    if scope.state == "not-stated" and not (scope.filtered or scope.excluded):
        return _not_stated(reading.path, require_scope=require_scope)
    return _scoped(reading.path, scope, cls, require_scope=require_scope)


def _not_stated(path: str, *, require_scope: bool) -> Reach:
    said = f"{path} does not state whom it reaches"
    return Reach(doubt=said, cause="not-stated") if require_scope else Reach(note=said, cause="not-stated")


def listed(names: Sequence[Member]) -> str:
    """Return names one after the other, the last of very many only counted."""
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(str, names[:_SHOWN])) + rest


def _scoped(path: str, scope: Scope, cls: DeviceClass | None, *, require_scope: bool = False) -> Reach:
    mine = members(cls)
    covered = bool(mine) and mine <= set(scope.groups)
    if scope.filtered and not covered:
        return Reach(doubt=f"{path} is assigned under a filter that may leave the devices out", cause="filter")
    # A device, user or building left out by name may be of any class, whatever its groups are.
    single = any(isinstance(one, Audience) for one in scope.excluded)
    if scope.excluded and cls is not None and (single or not mine or mine & set(scope.excluded)):
        said = f"{path} excludes {listed(scope.excluded)}, which may hold the devices"
        return Reach(doubt=said, cause="exclusion")
    if scope.state == "not-stated":
        return _not_stated(path, require_scope=require_scope)
    if scope.excluded and cls is None:
        return Reach(note=f"{path} excludes {listed(scope.excluded)}", cause="exclusion")
    if scope.state == "everyone" or covered:
        return Reach()
    named = listed(scope.groups) or "no group that is named"
    if cls is None and scope.groups:
        return Reach(note=f"{path} reaches only {named}", cause="groups")
    return Reach(doubt=f"{path} is assigned to {named}, which may not hold the devices", cause="groups")


def _activations(readings: Sequence[Reading]) -> list[Reading]:
    return [one for one in readings if kind_named(one.kind).activates]


def _unnamed(reading: Reading, readings: Sequence[Reading]) -> bool:
    """Tell whether there are activations, and none turns a declared configuration on."""
    if not kind_named(reading.kind).activated_by:
        return False
    activations = _activations(readings)
    return bool(activations) and not any(reading.declares and reading.declares in one.activates for one in activations)


def activated(reading: Reading, readings: Sequence[Reading]) -> Scope:
    """Return whom a document reaches; a declared configuration, where its activations turn it on."""
    if not kind_named(reading.kind).activated_by:
        return reading.scope
    mine = [one for one in _activations(readings) if reading.declares and reading.declares in one.activates]
    if not mine:
        return reading.scope
    found = list(dict.fromkeys(both(reading.scope, one.scope) for one in mine))
    stated = [EVERYONE if scope == Scope() else scope for scope in found]
    if EVERYONE in stated:
        return EVERYONE
    reaching = [scope for scope in stated if scope.state != "nobody"] or stated
    if len(reaching) == 1:
        return reaching[0]
    groups = tuple(dict.fromkeys(name for scope in reaching for name in scope.groups))
    excluded = tuple(dict.fromkeys(name for scope in reaching for name in scope.excluded))
    return Scope("groups", groups, excluded, any(scope.filtered for scope in reaching))


def both(one: Scope, other: Scope) -> Scope:
    """Return whom a document reaches that has to be sent, and turned on, by two scopes at once."""
    for scope in (one, other):
        if scope.state == "nobody":
            return scope
    excluded = tuple(dict.fromkeys((*one.excluded, *other.excluded)))
    filtered = one.filtered or other.filtered
    states = {one.state, other.state}
    stated = next((state for state in _NARROWEST if state in states), one.state)
    if not one.groups or not other.groups:
        return Scope(stated, one.groups or other.groups, excluded, filtered)
    common = tuple(name for name in one.groups if name in other.groups)
    left, right = ([name for name in scope.groups if name not in common] for scope in (one, other))
    if len(left) * len(right) > _MOST_PAIRS:
        return Scope("groups", common, excluded, True)
    pairs = tuple(Audience("all-of", of=(a, b)) for a in left for b in right)
    return Scope("groups", (*common, *pairs), excluded, filtered)

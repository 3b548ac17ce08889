"""Say whether a document reaches a device class: by its MDM, its activation and its scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy.kinds import kind_named
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.reading import Audience, Cause, Member, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.reading import Reading


EVERYONE = Scope("everyone")
ALL_USERS = Audience("users")
"""Every device that has a user, as Intune's assignment to all licensed users reaches."""
_USERLESS = "dedicated"
"""The Android mode whose devices belong to no user (MicrosoftDocs/memdocs, planning policies by groups: dedicated and kiosk
devices are not associated with a user)."""
_USER_ENROLLMENTS = frozenset({"user", "device"})
"""Apple's enrollments that a user goes through; an automated one may be without user affinity."""
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
    if ALL_USERS in scope.groups and cls is not None and not isinstance(cls, Sample):
        return _by_user(reading.path, scope, cls)
    return _scoped(reading.path, scope, cls, require_scope=require_scope)


def has_user(cls: DeviceClass) -> bool | None:
    """Tell whether the devices of a class belong to users; None where nobody says."""
    if cls.user_affinity is not None:
        return cls.user_affinity
    if cls.platform == "android":
        return cls.mode != _USERLESS if cls.mode else None
    return True if cls.enrollment in _USER_ENROLLMENTS else None


def _by_user(path: str, scope: Scope, cls: DeviceClass) -> Reach:
    """Return whether a document that is assigned to all users reaches a class: not the devices that have none."""
    user = has_user(cls)
    if user:
        return _scoped(path, Scope("everyone", excluded=scope.excluded), cls)
    groups = tuple(one for one in scope.groups if one != ALL_USERS)
    if groups:
        reached = _scoped(path, msgspec.structs.replace(scope, groups=groups), cls)
        if user is False or not reached.doubt:
            return reached
    if user is False:
        said = f"{path} is assigned to all users, and these devices belong to none"
        return Reach(False, note=said, cause="no-user")
    said = f"{path} is assigned to all users, and whether each of these devices belongs to one is not stated"
    return Reach(doubt=said, cause="no-user")


def may_reach(scope: Scope, cls: DeviceClass | None, *, despite_exclusions: bool = False) -> bool:
    """Tell whether a document may reach some device of a class, for all that is known; one for nobody does not.

    `despite_exclusions`: an exclusion keeps it from nobody for certain.
    """
    if scope.state == "nobody":
        return False
    mine = members(cls)
    if cls is None or not mine:
        return not (
            cls is not None and scope.state == "groups" and set(scope.groups) <= {ALL_USERS} and has_user(cls) is False
        )
    if mine <= set(scope.excluded) and not despite_exclusions:
        return False
    return scope.state != "groups" or any(_may_hold(one, cls, mine) for one in scope.groups)


def may_hold(audience: Member, cls: DeviceClass) -> bool:
    """Tell whether some device of a class may be among those that an assignment names; of one without groups any may."""
    mine = members(cls)
    return _may_hold(audience, cls, mine) if mine else audience != ALL_USERS or has_user(cls) is not False


def _may_hold(audience: Member, cls: DeviceClass, mine: frozenset[Member]) -> bool:
    """Tell whether some device of a class may be among those that an assignment names."""
    if isinstance(audience, str) or audience in mine:
        return audience in mine
    if audience.kind == "users":
        return not isinstance(cls, Sample) and has_user(cls) is not False
    if audience.kind in ("filter", "applicability-rule", "unsure", "limits"):
        return all(_may_hold(one, cls, mine) for one in audience.of[:1])
    if audience.kind == "all-of":
        return any(_may_hold(one, cls, mine) for one in audience.of)
    return True


def _not_stated(path: str, *, require_scope: bool) -> Reach:
    said = f"{path} does not state whom it reaches"
    return Reach(doubt=said, cause="not-stated") if require_scope else Reach(note=said, cause="not-stated")


def listed(names: Sequence[Member]) -> str:
    """Return names one after the other, the last of very many only counted."""
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(str, names[:_SHOWN])) + rest


def _scoped(path: str, scope: Scope, cls: DeviceClass | None, *, require_scope: bool = False) -> Reach:
    mine = members(cls)
    # What stands for devices of several groups is in each of them; a declared class has to have all of its groups here.
    named = set(scope.groups)
    covered = bool(mine & named) if isinstance(cls, Sample) else bool(mine) and mine <= named
    if scope.filtered and not covered:
        return Reach(doubt=f"{path} {_filtered(scope)}", cause="filter")
    # A device, user or building left out by name may be of any class, whatever its groups are; but of those that a
    # sample stands for it is known by which names they are named.
    single = not isinstance(cls, Sample) and any(isinstance(one, Audience) for one in scope.excluded)
    if scope.excluded and cls is not None and (single or not mine or mine & set(scope.excluded)):
        said = f"{path} excludes {listed(scope.excluded)}, which may hold the devices"
        return Reach(doubt=said, cause="exclusion")
    if scope.state == "not-stated":
        return _not_stated(path, require_scope=require_scope)
    if scope.excluded and cls is None:
        return Reach(note=f"{path} excludes {listed(scope.excluded)}", cause="exclusion")
    if scope.state == "everyone" or covered:
        return Reach()
    shown = listed(scope.groups) or "no group that is named"
    if cls is None and scope.groups:
        return Reach(note=f"{path} reaches only {shown}", cause="groups")
    said = scope.why or f"is assigned to {shown}, which may not hold the devices"
    return Reach(doubt=f"{path} {said}", cause="groups")


def _filtered(scope: Scope) -> str:
    """Say what decides beside the groups, in the word of the vendor."""
    predicates = [one for one in scope.groups if isinstance(one, Audience) and one.kind == "predicate"]
    if predicates:
        return f"is turned on by a predicate ({predicates[0].name[:120]}), and whether it holds on the devices is not known here"
    return "is assigned under a filter that may leave the devices out"


def _activations(readings: Sequence[Reading]) -> list[Reading]:
    return [one for one in readings if kind_named(one.kind).activates]


def _unnamed(reading: Reading, readings: Sequence[Reading]) -> bool:
    """Tell whether there are activations, and none turns a declared configuration on."""
    if not kind_named(reading.kind).activated_by or reading.scope.turned_on:
        return False
    activations = _activations(readings)
    return bool(activations) and not any(reading.declares and reading.declares in one.activates for one in activations)


def activated(reading: Reading, readings: Sequence[Reading]) -> Scope:
    """Return whom a document reaches; a declared configuration, where its activations turn it on."""
    if not kind_named(reading.kind).activated_by or reading.scope.turned_on:
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

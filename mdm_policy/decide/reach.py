"""Say whether a document reaches a device class: by its MDM, its activation and its scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import Reading, Scope


_SHOWN = 20
"""How many groups are named in a sentence."""


class Reach(Frozen, frozen=True, gc=False):
    """Say that a document reaches a class (`alive`), for certain unless there is a `doubt`; `note` is worth telling."""

    alive: bool = True
    doubt: str = ""
    note: str = ""


def reach(
    reading: Reading, cls: DeviceClass | None, readings: Sequence[Reading], *, require_scope: bool = False
) -> Reach:
    """Return whether a document reaches a class, or any device at all when there is no class.

    Included groups cover a class that has every one of its groups among them. An exclusion may hit a class that names
    no groups or shares one, and any class where it names single devices; a filter may hit any. Without a class, groups are only a note.
    """
    if cls is not None and cls.managed_by and reading.mdm and cls.managed_by != reading.mdm:
        return Reach(
            False, note=f"{reading.path} is a document of {reading.mdm}, the class is managed by {cls.managed_by}"
        )
    activation = _activation(reading, readings)
    if activation is not None:
        return activation
    scope = reading.scope
    if scope.state == "nobody":
        return Reach(False, note=f"{reading.path} {scope.why or 'is assigned to nobody'}")
    if scope.state == "not-stated":
        said = f"{reading.path} does not state whom it reaches"
        return Reach(doubt=said) if require_scope else Reach(note=said)
    return _scoped(reading.path, scope, cls)


def listed(names: Sequence[str]) -> str:
    """Return names one after the other, the last of very many only counted."""
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + rest


def _scoped(path: str, scope: Scope, cls: DeviceClass | None) -> Reach:
    mine = set(cls.groups) if cls else set()
    if scope.filtered:
        return Reach(doubt=f"{path} is assigned under a filter that may leave the devices out")
    # A device, user or building left out by name (`computers: x`) may be of any class, whatever its groups are.
    single = any(": " in name for name in scope.excluded)
    if scope.excluded and cls is not None and (single or not mine or mine & set(scope.excluded)):
        return Reach(doubt=f"{path} excludes {listed(scope.excluded)}, which may hold the devices")
    if scope.excluded and cls is None:
        return Reach(note=f"{path} excludes {listed(scope.excluded)}")
    if scope.state == "everyone":
        return Reach()
    named = listed(scope.groups) or "no group that is named"
    if cls is None and scope.groups:
        return Reach(note=f"{path} reaches only {named}")
    if mine and mine <= set(scope.groups):
        return Reach()
    return Reach(doubt=f"{path} is assigned to {named}, which may not hold the devices")


def _activation(reading: Reading, readings: Sequence[Reading]) -> Reach | None:
    """Return whether some activation turns a declared configuration on; None when no input says anything about that."""
    if reading.kind != "apple-declaration-configuration":
        return None
    activations = [one for one in readings if one.kind == "apple-declaration-activation"]
    mine = [one for one in activations if reading.declares and reading.declares in one.activates]
    if activations and not mine:
        return Reach(False, note=f"{reading.path} is named by no activation, so no device applies it")
    if mine and all(one.scope.filtered for one in mine):
        return Reach(doubt=f"{reading.path} is activated under a predicate that may leave the devices out")
    return Reach() if mine else None

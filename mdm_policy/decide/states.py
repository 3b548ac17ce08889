"""Enumerate the states a device can be in, at the boundaries only: between two of them no rule changes its mind.

A class that leaves a field open is judged in all its values. The order is fixed and simplest first: the plain case (the
newest system, supervised, enrolled automatically, an app from the store that is not installed yet) comes before the
special ones, so the first state in which a ban fails is the smallest counterexample.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from mdm_policy.errors import Origin
from mdm_policy.kinds import boundaries
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.vocabulary import APPLE_PLATFORMS, ENROLLMENTS, INSTALLED_ORIGINS, MODES, SIDES_OF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.model import OsBound
    from mdm_policy.vocabulary import Platform


class DeviceState(Frozen, frozen=True, gc=False):
    """Hold one state of a device and of an app on it.

    Fields a platform does not have are empty: `enrollment` on Android and Windows, `mode` elsewhere. `side` is `device`
    where there is only one. `installed` says that the app is already there when the policy arrives.
    """

    platform: Platform
    os: tuple[int, ...]
    supervised: bool
    enrollment: str
    mode: str
    side: str
    origin: str
    installed: bool

    def __str__(self) -> str:
        """Write the state as a person would say it."""
        version = ".".join(map(str, self.os))
        parts = [f"{self.platform} {version}"]
        if self.platform in APPLE_PLATFORMS:
            parts += ["supervised" if self.supervised else "unsupervised", f"{self.enrollment} enrollment"]
        if self.mode:
            parts.append(self.mode if self.side == "device" else f"{self.mode}, {self.side} side")
        parts += [f"{self.origin} app", "installed already" if self.installed else "not installed yet"]
        return ", ".join(parts)


def strongest_class(platform: Platform, mode: str = "fully-managed") -> DeviceClass:
    """Return the class on which most rules hold: what is judged when no classes are given."""
    name = f"{platform}, strongest"
    if platform in APPLE_PLATFORMS:
        return DeviceClass(name, platform, Origin(""), supervised=True, enrollment="automated")
    return DeviceClass(name, platform, Origin(""), mode=mode if platform == "android" else None)


def states(
    cls: DeviceClass | None,
    platform: Platform,
    app_preinstalled: bool,
    *,
    versions: Iterable[tuple[int, ...]] = (),
    newest_only: bool = False,
) -> tuple[DeviceState, ...]:
    """Return every state of a class (or of a whole platform) that a rule can tell apart, simplest first.

    `versions` adds OS versions at which other rules begin or end. No state at all means that the class contradicts
    itself, and a caller must take that for a failure, never for a proof.
    """
    return _states(cls, platform, app_preinstalled, tuple(sorted(set(versions))), newest_only)


@lru_cache(maxsize=1024)
def _states(
    cls: DeviceClass | None,
    platform: Platform,
    preinstalled: bool,
    versions: tuple[tuple[int, ...], ...],
    newest_only: bool,
) -> tuple[DeviceState, ...]:
    systems = _systems(platform, cls.os if cls else (), versions)
    found = [
        (a + b + c + d, DeviceState(platform, system, supervised, enrollment, mode, side, origin, installed))
        for a, system in enumerate(systems[:1] if newest_only else systems)
        for b, (supervised, enrollment) in enumerate(_controls(cls, platform))
        for c, (mode, side) in enumerate(_modes(cls, platform))
        for d, (origin, installed) in enumerate(_presence(cls, preinstalled))
    ]
    return tuple(state for _, state in sorted(found, key=lambda one: one[0]))


def _systems(
    platform: Platform, bounds: tuple[OsBound, ...], extra: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int, ...], ...]:
    """Return one version for each stretch on which nothing changes, newest first."""
    edges = {_trim(version) for version in (*boundaries(platform), *extra, *(bound.version for bound in bounds))}
    candidates = {(0,)} | edges | {(*edge, 1) for edge in edges} | {_below(edge) for edge in edges}
    kept = [version for version in candidates if all(_holds(version, bound) for bound in bounds)]
    stretches: dict[tuple[tuple[int, ...], ...], tuple[int, ...]] = {}
    for version in sorted(kept):
        stretches.setdefault(tuple(edge for edge in sorted(edges) if edge <= version), version)
    return tuple(sorted(stretches.values(), reverse=True))


def _trim(version: tuple[int, ...]) -> tuple[int, ...]:
    """Write a version without zeros at its end: 17.0 is 17."""
    parts = list(version)
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts) or (0,)


def _below(version: tuple[int, ...]) -> tuple[int, ...]:
    """Return a version just below, as people count: 9.2 below 9.3, 14 below 15."""
    return _trim((*version[:-1], max(version[-1] - 1, 0)))


def _holds(version: tuple[int, ...], bound: OsBound) -> bool:
    wanted = _trim(bound.version)
    if bound.op == "<":
        return version < wanted
    if bound.op == "<=":
        return version <= wanted
    if bound.op == ">":
        return version > wanted
    if bound.op == ">=":
        return version >= wanted
    return version == wanted


def _controls(cls: DeviceClass | None, platform: Platform) -> tuple[tuple[bool, str], ...]:
    """Return supervision and enrollment; a user enrollment is never supervised unless the class says so."""
    if platform not in APPLE_PLATFORMS:
        return ((False, ""),)
    supervised = (True, False) if cls is None or cls.supervised is None else (cls.supervised,)
    enrollments = ENROLLMENTS if cls is None or cls.enrollment is None else (cls.enrollment,)
    pairs = tuple(product(supervised, enrollments))
    possible = tuple(pair for pair in pairs if pair != (True, "user"))
    return possible or pairs


def _modes(cls: DeviceClass | None, platform: Platform) -> tuple[tuple[str, str], ...]:
    if platform != "android":
        return (("", "device"),)
    modes = MODES if cls is None or cls.mode is None else (cls.mode,)
    return tuple((mode, side) for mode in modes for side in SIDES_OF.get(mode, ("device",)))


def _presence(cls: DeviceClass | None, preinstalled: bool) -> tuple[tuple[str, bool], ...]:
    """Return where the app came from, and whether it is there already; a preinstalled app always is."""
    if cls is not None and cls.origins:
        origins = tuple(origin for origin in INSTALLED_ORIGINS if origin in cls.origins)
    else:
        origins = INSTALLED_ORIGINS if preinstalled else INSTALLED_ORIGINS[:2]
    return tuple(
        (origin, installed)
        for installed in (False, True)
        for origin in origins
        if installed or origin != "preinstalled"
    )

"""Propose device classes: for each platform and MDM of which a document blocks something, everybody or a group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.reach import ALL_USERS
from mdm_policy.model import DeviceClass, OsBound
from mdm_policy.verify.classes import strongest
from mdm_policy.vocabulary import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.adopt.model import BlockingPlace
    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Scope
    from mdm_policy.verify import Piece

_SYSTEMS: dict[str, tuple[int, ...]] = {
    "ios": (17,),
    "ipados": (17,),
    "macos": (14,),
    "android": (12,),
    "windows": (10, 0, 18362),
}
"""The oldest systems that a deployment to start from has, as `init` without `--from` writes them."""
_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
"""The id of a group of Entra."""
_RARE = ("tvos", "visionos", "watchos", "chromeos")
"""Platforms that lists for others govern as well: a class of them is proposed where nothing else is governed."""


def classes(
    pieces: Sequence[Piece], apps: Sequence[BannedApp], places: Iterable[BlockingPlace], as_of: str
) -> tuple[DeviceClass, ...]:
    """Return the classes, the strongest of their platform; whoever takes them up corrects what no document says."""
    every = tuple(places)
    wanted = _platforms(every)
    found: list[DeviceClass] = []
    for cls in strongest(pieces, apps, as_of, "weak").classes:
        mine = [one for one in every if cls.platform in one.rule.introduced and _is_for(cls, one)]
        if cls.platform not in wanted or not mine:
            continue
        found += [each for one in _by_system(cls, mine) for each in _for_groups(one, mine)]
    return tuple(found)


def _by_system(cls: DeviceClass, mine: Sequence[BlockingPlace]) -> Iterator[DeviceClass]:
    """Yield a class for each system from which on more is blocked: what only the newest obeys says nothing of others."""
    oldest = _SYSTEMS.get(cls.platform, (0,))
    steps = sorted({max(one.rule.introduced[cls.platform], oldest) for one in mine})
    for number, step in enumerate(steps):
        below = (OsBound("<", steps[number + 1]),) if number + 1 < len(steps) else ()
        name = f"{cls.name} from {'.'.join(map(str, step))}" if len(steps) > 1 else cls.name
        yield msgspec.structs.replace(cls, name=name, os=(OsBound(">=", step), *below))


def _for_groups(cls: DeviceClass, mine: Sequence[BlockingPlace]) -> Iterator[DeviceClass]:
    """Yield the class of everybody, where a document is not for groups alone, and one for each group that is named."""
    users = True if any(ALL_USERS in one.scope.groups for one in mine) else cls.user_affinity
    base = msgspec.structs.replace(cls, user_affinity=users)
    if any(one.scope.state != "groups" or ALL_USERS in one.scope.groups for one in mine):
        yield base
    for name in sorted({name for one in mine for name in _named(one.scope)}):
        yield msgspec.structs.replace(base, name=f"{base.name}, {name}", groups=(name,))


def _named(scope: Scope) -> list[str]:
    """Return the groups that a scope names, once each: one that a document gives by name and by id, by its name."""
    names = [one for one in scope.groups if isinstance(one, str)]
    words = [one for one in names if not _ID.fullmatch(one)]
    return words if 2 * len(words) == len(names) else names


def _is_for(cls: DeviceClass, place: BlockingPlace) -> bool:
    return not (cls.managed_by and place.mdm and cls.managed_by != place.mdm)


def _platforms(places: Iterable[BlockingPlace]) -> frozenset[str]:
    wanted: set[str] = set()
    for place in places:
        mine = [one for one in PLATFORMS if one in place.rule.introduced]
        wanted.update([one for one in mine if one not in _RARE] or mine)
    return frozenset(wanted)

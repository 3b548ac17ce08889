"""Choose the device classes to judge when none are declared: the strongest of each platform the documents address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import Index, judge, states, strongest_class
from mdm_policy.model import DeviceClass, Frozen, OsBound
from mdm_policy.verify.pieces import readings_for
from mdm_policy.vocabulary import APPLE_PLATFORMS, MODES_BY_CONTROL, PLATFORMS, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.vocabulary import Strength


class Chosen(Frozen, frozen=True):
    """Hold the classes to judge, and what weaker devices nobody judged."""

    classes: tuple[DeviceClass, ...]
    weaker: tuple[str, ...]


def strongest(pieces: Sequence[Piece], apps: Sequence[BannedApp], as_of: str, min_strength: Strength) -> Chosen:
    """Return the strongest class of each platform and MDM that the documents address, in its newest system.

    Android has no strongest mode as such, so the mode in which the documents hold most of these apps is taken.
    """
    made: list[DeviceClass] = []
    for platform in PLATFORMS:
        owners = _owners(pieces, platform)
        for owner in owners:
            name = f"{platform} ({owner})" if len(owners) > 1 else platform
            modes = MODES_BY_CONTROL if platform == "android" else ("",)
            each = [_class(pieces, platform, mode, owner, name) for mode in modes]
            made.append(_best(each, pieces, apps, as_of, min_strength))
    return Chosen(tuple(made), tuple(_weaker(made)))


def _best(
    each: Sequence[DeviceClass], pieces: Sequence[Piece], apps: Sequence[BannedApp], as_of: str, min_strength: Strength
) -> DeviceClass:
    """Return the class on which the documents do most; of a single one nothing is asked."""
    if len(each) == 1:
        return each[0]
    return max(each, key=lambda cls: _worth(pieces, cls, apps, as_of, min_strength))


def _owners(pieces: Sequence[Piece], platform: Platform) -> list[str]:
    """Return the MDMs whose documents address a platform; an empty name when any MDM may carry them."""
    found = {
        one.managed_by or reading.mdm
        for one in pieces
        if one.leads
        for reading in one.readings
        if _addresses(reading, platform)
    }
    return sorted(found - {""}) or sorted(found)


def _addresses(reading: Reading, platform: Platform) -> bool:
    """Tell whether a document says anything on a platform, be it without effect."""
    return any(platform in rule.introduced for rule in reading.rules)


def _class(pieces: Sequence[Piece], platform: Platform, mode: str, owner: str, name: str) -> DeviceClass:
    plain = strongest_class(platform, mode or "fully-managed")
    cls = msgspec.structs.replace(plain, name=name, managed_by=owner or None)
    index = Index(readings_for(pieces, cls))
    newest = states(plain, platform, False, versions=index.versions(platform), newest_only=True)[0].os
    return msgspec.structs.replace(cls, os=(OsBound(">=", newest),))


def _worth(
    pieces: Sequence[Piece], cls: DeviceClass, apps: Sequence[BannedApp], as_of: str, min_strength: Strength
) -> tuple[bool, int, int]:
    """Return how much the documents do on a class: whether any acts, on how many apps for sure, and how few states fail."""
    readings = readings_for(pieces, cls)
    index = Index(readings, as_of=as_of)
    judged = [judge(index, cls, app, as_of, min_strength) for app in apps]
    failing = sum(gap.states for one in judged for gap in one.gaps)
    return (bool(readings), sum(one.proven for one in judged), -failing)


def _weaker(made: Sequence[DeviceClass]) -> Iterator[str]:
    """Name the devices of these platforms on which less may hold."""
    platforms = dict.fromkeys(cls.platform for cls in made)
    apple = [platform for platform in platforms if platform in APPLE_PLATFORMS]
    if apple:
        yield f"unsupervised devices and user enrollment ({', '.join(apple)})"
    if "android" in platforms:
        judged = {cls.mode for cls in made}
        yield f"Android in the modes {', '.join(mode for mode in MODES_BY_CONTROL if mode not in judged)}"
    if platforms:
        yield "older systems"

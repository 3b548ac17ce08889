"""Tell whether two sets of documents do the same to every app on every device, however they write it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from mdm_policy.decide import Index, decide, holds, states
from mdm_policy.decide.builds import compared
from mdm_policy.errors import Origin
from mdm_policy.kinds import kind_named
from mdm_policy.model import BannedApp, Frozen, Identifier
from mdm_policy.verify.alike import act_numbers
from mdm_policy.vocabulary import FAMILY_OF, PLATFORMS, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.decide import Decision, DeviceState
    from mdm_policy.decide.builds import Key
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Platform

_STRANGERS: tuple[tuple[Family, Kind, str], ...] = (
    ("ios", "bundle_id", "an.app.nobody.names"),
    ("macos", "signing_id", "ZZZZZZZZZZ:an.app.nobody.names"),
    ("android", "package_name", "an.app.nobody.names"),
    ("windows", "publisher", "O=NOBODY NAMES IT"),
)
"""One identifier of each family that no document names, to see what allow lists do to the rest."""


class Difference(Frozen, frozen=True):
    """Show identifiers that fare differently, in the plainest state in which they do."""

    keys: tuple[Key, ...]
    platform: str
    state: str
    left: Decision | None
    right: Decision | None


def equivalent(left: Sequence[Reading], right: Sequence[Reading], as_of: str) -> tuple[Difference, ...]:
    """Return how two sets of documents differ in what they do; nothing when they are equivalent.

    Compared are verdict and strength, on every state of every platform that either addresses, of every identifier that
    either names and of one that none names. What no platform decides about (addresses) is compared rule by rule.
    """
    ours, theirs = Index(left, as_of=as_of), Index(right, as_of=as_of)
    found: list[Difference] = []
    for keys in _alike(left, right):
        family = keys[0][0]
        platforms = [platform for platform in PLATFORMS if FAMILY_OF[platform] == family]
        for platform in platforms:
            if any(platform in rule.introduced for reading in (*left, *right) for rule in reading.rules):
                found += _differences(ours, theirs, keys, platform, as_of)
    return (*found, *_addresses(left, right))


def _alike(left: Sequence[Reading], right: Sequence[Reading]) -> list[tuple[Key, ...]]:
    """Group the identifiers on which the same rules act on both sides."""
    numbers: dict[object, int] = {}
    acts = [
        act_numbers([(_tag(reading, place), reading) for place, reading in enumerate(side)], numbers)
        for side in (left, right)
    ]
    strangers = [compared(key) for key in _STRANGERS]
    groups: dict[object, list[Key]] = defaultdict(list)
    for key in dict.fromkeys([*strangers, *sorted(acts[0].keys() | acts[1].keys())]):
        if key[0] != "web":
            groups[key[:2], acts[0].on(key), acts[1].on(key)].append(key)
    return [tuple(group) for group in groups.values()]


def _tag(reading: Reading, place: int) -> object:
    """Return what tells documents apart; policies of AMAPI are alternatives, declarations may be activated or not."""
    itself = place if kind_named(reading.kind).is_alternative or reading.declares else -1
    return (reading.kind, reading.mdm, reading.scope, itself)


def _differences(
    ours: Index, theirs: Index, keys: tuple[Key, ...], platform: Platform, as_of: str
) -> Iterator[Difference]:
    app = _app(keys[0])
    versions = (*ours.versions(platform), *theirs.versions(platform))
    for state in states(None, platform, True, versions=versions):
        one, other = decide(ours, state, app, as_of), decide(theirs, state, app, as_of)
        if _gist(one, state) != _gist(other, state):
            yield Difference(keys, platform, str(state), one, other)
            return


def _gist(decision: Decision, state: DeviceState) -> tuple[str, str | None]:
    held = holds(decision, installed=state.installed)
    return (decision.verdict, decision.strength if held else None)


def _app(key: Key) -> BannedApp:
    family, kind, value = key
    made = Identifier(cast("Family", family), cast("Kind", kind), value, Origin(""))
    return BannedApp("it", value, "", (made,), (), (), {family: "exists"})


def _addresses(left: Sequence[Reading], right: Sequence[Reading]) -> Iterator[Difference]:
    """Compare what no device state decides about: web addresses, and store ids by themselves."""
    sides = [_acts(left), _acts(right)]
    for key in sorted(sides[0].keys() | sides[1].keys()):
        if sides[0].get(key) != sides[1].get(key):
            yield Difference((key,), key[0], "", None, None)


def _acts(readings: Sequence[Reading]) -> dict[Key, set[tuple[str, str, str]]]:
    found: dict[Key, set[tuple[str, str, str]]] = defaultdict(set)
    for reading in readings:
        for effect in reading.effects:
            if effect.rule.sense != "none" and (effect.family == "web" or effect.kind == "app_store_id"):
                rule = effect.rule
                found[effect.key].add((rule.sense, rule.verdict, rule.strength))
    return found

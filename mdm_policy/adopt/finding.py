"""Find the identifiers that documents block, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.adopt.model import BlockedIdentifier, BlockingPlace, Left
from mdm_policy.catalogue import folded_key
from mdm_policy.identifiers import is_valid
from mdm_policy.joined import parted
from mdm_policy.publishers import publisher_id
from mdm_policy.vocabulary import KINDS_BY_FAMILY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.reading import Effect, Rule
    from mdm_policy.verify import Piece
    from mdm_policy.vocabulary import Family, Kind

_BLOCKING = frozenset({"block", "remove"})
_OTHERWISE = frozenset({"allowed", "reported-only"})


def blocked(pieces: Sequence[Piece]) -> tuple[tuple[BlockedIdentifier, ...], tuple[Left, ...]]:
    """Return what deny lists and removals name, in a fixed order, and what of it no ban list can name.

    A document that is for a trial, or only another way to send one, says nothing of its own. Of a rule that wants several
    things at once (one product of one publisher) the part that names most closely stands for all.
    """
    found: dict[tuple[Family, Kind, str], list[tuple[str, BlockingPlace]]] = {}
    left: dict[tuple[str, str, str], Left] = {}
    for effect, place in _each(pieces):
        kind, value = _named(effect)
        key = (effect.family, kind, folded_key(effect.family, kind, value)[2])
        if not _blocks(effect.rule):
            left.setdefault(key, Left(_label(effect), effect.rule.why or "whether it blocks is not known", place))
        elif kind == "url" or kind not in KINDS_BY_FAMILY[effect.family]:
            left.setdefault(key, Left(_label(effect), f"a ban list has no word for a {kind}", place))
        elif not is_valid(effect.family, kind, value):
            left.setdefault(key, Left(_label(effect), f"it is not a valid {kind} of {effect.family}", place))
        else:
            found.setdefault(key, []).append((value, place))
    targets = []
    for (family, kind, _), held in sorted(found.items()):
        places = {(place.document, place.pointer): place for _, place in held}
        value = min(one for one, _ in held)
        targets.append(BlockedIdentifier(family, kind, value, tuple(places[at] for at in sorted(places))))
    return tuple(targets), (*(left[key] for key in sorted(left.keys() - found.keys())), *_allow_lists(pieces))


def _named(effect: Effect) -> tuple[Kind, str]:
    """Return what a list calls it: a package of one publisher by its family name, which holds the publisher's hash."""
    if effect.kind == "appx_name":
        publishers = {one.value for one in effect.rule.conditions if one.kind == "publisher"}
        if len(publishers) == 1:
            return "package_family_name", f"{effect.value}_{publisher_id(publishers.pop())}"
    return effect.kind, parted(effect.kind, effect.value)[effect.kind]


def _label(effect: Effect) -> str:
    return f"{effect.family} {effect.kind} {effect.value}"


def _each(pieces: Iterable[Piece]) -> Iterator[tuple[Effect, BlockingPlace]]:
    for one in pieces:
        if one.audit or not one.leads:
            continue
        for reading in one.readings:
            for column in reading.columns:
                if column.rule.sense in _BLOCKING and column.rule.verdict not in _OTHERWISE:
                    for effect in column:
                        yield effect, BlockingPlace(one.name, effect.pointer, effect.rule, reading.scope, reading.mdm)


def _blocks(rule: Rule) -> bool:
    """Tell whether a rule blocks for certain; of one that may, it is said that it is not proposed."""
    return rule.sense in _BLOCKING and rule.verdict not in (*_OTHERWISE, "unknown")


def _allow_lists(pieces: Iterable[Piece]) -> Iterator[Left]:
    """Yield each allow list for apps from everywhere: what it refuses no list of bans can name."""
    for one in pieces:
        for reading in one.readings:
            for rule in reading.rules:
                if rule.sense == "allow-only" and rule.verdict not in (*_OTHERWISE, "unknown") and not rule.origins:
                    place = BlockingPlace(one.name, reading.settings.get(rule.id, ""), rule, reading.scope, reading.mdm)
                    why = "it refuses all that it does not name, and a ban list names what it refuses"
                    yield Left(f"the allow list {rule.id}", why, place)

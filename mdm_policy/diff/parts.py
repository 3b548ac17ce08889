"""Split what documents do into parts that act on the same devices, and code every rule so that two sides compare fast.

Documents of different MDMs never meet on a device, so what an MDM's documents lose is not made up for by another's.
An AMAPI device has exactly one policy: each policy is a part of its own, paired with the other side's of the same name.
A part that only one side has is compared with what only the other side has: yesterday's Jamf against today's Intune.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import Reach, reach
from mdm_policy.decide.builds import Key, compared
from mdm_policy.decide.columns import Acts, Sets, by_kind, places_in, values_of
from mdm_policy.model import Frozen, Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.decide.columns import KindOf
    from mdm_policy.model import Column, Effect, Reading, Rule

_POLICY = "amapi-policy"
_ACTIVATION = "apple-declaration-activation"
_CONFIGURATION = "apple-declaration-configuration"
_SETTLED = "apple-declaration-configuration, settled"


Place = tuple[str, str]
"""A document's name, and a pointer in it."""


class Named(Frozen, frozen=True):
    """Hold a reading under the name by which it pairs up with one of the other side.

    `apart` says for which groups alone the document is, where it stands in place of another, or is empty.
    """

    name: str
    reading: Reading
    apart: str = ""


class Part(Frozen, frozen=True):
    """Hold what acts together on some devices, before and after; `label` says which devices, or is empty."""

    label: str
    old: tuple[Named, ...]
    new: tuple[Named, ...]


class Coded:
    """Hold one side of a part by identifier: which rules act on it, each rule as a number both sides share."""

    def __init__(self, named: Sequence[Named], codes: Codes, sets: Sets) -> None:
        """Go through all effects once; `sets` is what both sides number sets of rules by."""
        self.named = tuple(named)
        self.readings = tuple(one.reading for one in named)
        self.acts = Acts(sets)
        self.effects: dict[Key, list[tuple[Named, Effect]]] = {}
        """Filled by `gather` alone, for the few keys that changed."""
        self.lists = frozenset(
            codes.of(one, rule) for one in named for rule in one.reading.rules if rule.sense == "allow-only"
        )
        self._always = {
            id(one)
            for one in named
            if one.reading.kind == _POLICY or any(rule.sense == "allow-only" for rule in one.reading.rules)
        }
        for one in named:
            own = {id(rule): codes.of(one, rule) for rule in one.reading.rules}
            for column in one.reading.columns:
                self.acts.add(own[id(column.rule)], column)

    def gather(self, keys: Iterable[Key]) -> None:
        """Remember the effects on some keys."""
        wanted = by_kind(keys)
        for one in self.named:
            for column in one.reading.columns:
                for place in places_in(column, wanted.get((column.family, column.kind), ())):
                    effect = column.effect(place)
                    self.effects.setdefault(compared(effect.key), []).append((one, effect))

    def slim(self, keys: Iterable[Key]) -> tuple[Reading, ...]:
        """Return the readings with the effects on some keys alone; those that have no part in a verdict are left out.

        An allow list acts on every app, and a device that lives under an Android policy without the app is one too.
        """
        kept: dict[int, list[Effect]] = {}
        for key in keys:
            for one, effect in self.effects.get(key, ()):
                kept.setdefault(id(one), []).append(effect)
        return tuple(
            msgspec.structs.replace(one.reading, effects=tuple(kept.get(id(one), ())))
            for one in self.named
            if id(one) in kept or id(one) in self._always
        )

    def columns(self, kind: KindOf) -> Iterator[tuple[Named, Column]]:
        """Yield the columns of one kind of identifiers, each with the document that has it."""
        for one in self.named:
            for column in one.reading.columns:
                if (column.family, column.kind) == kind:
                    yield one, column

    def where(self, named: Named, rule: Rule, kind: KindOf, wanted: Collection[str]) -> dict[str, Place]:
        """Map identifiers to the first place where a rule acts on each in the documents of a name."""
        found: dict[str, Place] = {}
        for one, column in self.columns(kind):
            if one.name == named.name and (column.rule is rule or column.rule == rule):
                path, values = one.reading.path, values_of(column)
                for place in places_in(column, wanted):
                    found.setdefault(values[place], (path, column.pointers[place]))
        return found


class Codes:
    """Number every distinct rule in its document and scope, alike on both sides."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[tuple[str, bytes, Scope], int] = {}
        self._names: list[str] = []

    def of(self, one: Named, rule: Rule) -> int:
        """Return the number of a rule; two rules that say the same in the same place have the same."""
        code = self._known.setdefault((one.name, written(rule), one.reading.scope), len(self._names))
        if code == len(self._names):
            self._names.append(one.name)
        return code

    def names(self, codes: Iterable[int]) -> set[str]:
        """Return the names of the documents in which some rules stand."""
        return {self._names[code] for code in codes}


def written(rule: Rule) -> bytes:
    """Return what equal rules share, and no others: rules hold mappings, which can't be keys."""
    return msgspec.msgpack.encode(rule, order="deterministic")


def parts(old: Sequence[Named], new: Sequence[Named]) -> tuple[Part, ...]:
    """Split two sides into parts that act on the same devices."""
    mine, theirs = _by_label(settled(old)), _by_label(settled(new))
    made = [Part(label, mine[label], theirs[label]) for label in sorted(mine.keys() & theirs.keys())]
    rest_old = [label for label in sorted(mine) if label not in theirs]
    rest_new = [label for label in sorted(theirs) if label not in mine]
    if rest_old and rest_new:
        left = tuple(one for label in rest_old for one in mine[label])
        right = tuple(one for label in rest_new for one in theirs[label])
        return (*made, Part("", left, right))
    made += [Part(label, mine[label], ()) for label in rest_old]
    made += [Part(label, (), theirs[label]) for label in rest_new]
    if len(made) == 1:
        return (msgspec.structs.replace(made[0], label=""),)
    return tuple(made)


def _by_label(named: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    found: dict[str, list[Named]] = {}
    for one in named:
        found.setdefault(_label(one), []).append(one)
    return {label: tuple(members) for label, members in found.items()}


def _label(one: Named) -> str:
    reading = one.reading
    if reading.kind == _POLICY:
        said = f"under the Android policy {one.name}" if one.name else "under the Android policy"
    elif reading.mdm == "amapi":
        said = "where the changes to Android policies are sent"
    elif reading.mdm:
        said = f"managed by {reading.mdm}"
    else:
        said = "with the profiles, declarations and rules that any MDM may carry"
    return f"{said}, {one.apart}" if one.apart else said


def settled(named: Sequence[Named]) -> tuple[Named, ...]:
    """Say of each declared configuration that an activation turns on that it reaches somebody for certain.

    With no activation among the documents it stays not stated, and with none that names it, it reaches nobody.
    """
    readings = tuple(one.reading for one in named)
    if not any(reading.kind == _ACTIVATION for reading in readings):
        return tuple(named)
    return tuple(_settled(one, readings) for one in named)


def _settled(one: Named, readings: tuple[Reading, ...]) -> Named:
    if one.reading.kind != _CONFIGURATION:
        return one
    found: Reach = reach(one.reading, None, readings)
    if not found.alive:
        scope = Scope("nobody")
    elif found.doubt:
        scope = Scope("groups", filtered=True)
    else:
        scope = Scope("everyone")
    # It is no declaration any more: its activations have had their say, and are not asked again.
    reading = msgspec.structs.replace(one.reading, scope=scope, kind=_SETTLED)
    return msgspec.structs.replace(one, reading=reading)

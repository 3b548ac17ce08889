"""Split what documents do into parts that act on the same devices, and code every rule so that two sides compare fast.

Documents of different MDMs never meet on a device, so what an MDM's documents lose is not made up for by another's.
An AMAPI device has exactly one policy: each policy is a part of its own, paired with the other side's of the same name.
A part that only one side has is compared with what only the other side has: yesterday's Jamf against today's Intune.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import activated, contending, reach, rivals
from mdm_policy.decide.builds import Key, compared
from mdm_policy.decide.columns import Acts, Sets, by_kind, places_in, values_of
from mdm_policy.decide.filerules import book
from mdm_policy.decide.spared import spares
from mdm_policy.kinds import kind_named
from mdm_policy.model import Frozen
from mdm_policy.reading import Scope, written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mdm_policy.decide.columns import KindOf
    from mdm_policy.reading import Column, Effect, Reading, Rule

_SETTLED = "settled"
"""The kind of a declared configuration whose activations have had their say."""


Place = tuple[str, str]
"""A document's name, and a pointer in it."""


class Named(Frozen, frozen=True):
    """Hold a reading under the name by which it pairs up with one of the other side.

    `apart` says for which groups alone the document is, where it stands in place of another, or is empty; `policy` is
    the name that an Android policy gives itself, or empty.
    """

    name: str
    reading: Reading
    apart: str = ""
    policy: str = ""


class ComparedPart(Frozen, frozen=True):
    """Hold what acts together on some devices, before and after; `label` says which devices, or is empty.

    `added` says that the new side stands beside all that the old side has, so that what is held alike is no change.
    """

    label: str
    old: tuple[Named, ...]
    new: tuple[Named, ...]
    added: bool = False


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
            codes.of(one, rule)
            for one in named
            for rule in one.reading.rules
            if rule.sense == "allow-only" or spares(rule)
        )
        self.alternatives = sum(kind_named(one.reading.kind).is_alternative for one in self.named)
        """How many Android policies there are: a device applies exactly one of them."""
        self.rule_sets = tuple(found for one in named for found in one.reading.rule_sets)
        self.sets = frozenset(
            (one.name, one.reading.scope, found.node, found.collection, book(found).meaning)
            for one in named
            for found in one.reading.rule_sets
        )
        """The rules for files of all documents, and whom they reach, in whatever order they stand there."""
        self._places = {id(one): place for place, one in enumerate(self.named)}
        self._columns: dict[KindOf, list[tuple[Named, Column]]] = {}
        together = [*rivals(self.readings), *(one for each in contending(self.readings).values() for one in each)]
        rival = {id(one) for members in together for one in members}
        names = {id(one.reading): one.name for one in named}
        self.rivals = frozenset(frozenset((names[id(one)], one.scope) for one in members) for members in together)
        """Which documents a device keeps one of, or set one setting differently, and whom they reach."""
        self._always = {
            place: rules
            for place, one in enumerate(self.named)
            for rules in [_on_all(one.reading, beside_policies=self.alternatives > 0, rival=id(one.reading) in rival)]
            if rules or kind_named(one.reading.kind).is_alternative or id(one.reading) in rival
        }
        for one in named:
            own = {id(rule): codes.of(one, rule) for rule in one.reading.rules}
            for column in one.reading.columns:
                self.acts.add(own[id(column.rule)], column)
                self._columns.setdefault((column.family, column.kind), []).append((one, column))

    def gather(self, keys: Iterable[Key]) -> None:
        """Remember the effects on some keys, of a rule that names one again and again the first."""
        for kind, wanted in by_kind(keys).items():
            for one, column in self.columns(kind):
                values = values_of(column)
                first = {values[place]: place for place in reversed(places_in(column, wanted))}
                for place in sorted(first.values()):
                    effect = column.effect(place)
                    self.effects.setdefault(compared(effect.key), []).append((one, effect))

    def slim(self, keys: Iterable[Key]) -> tuple[Reading, ...]:
        """Return the readings with the effects on some keys alone, and with the rules that have a part in a verdict."""
        kept: dict[int, list[Effect]] = {}
        for key in keys:
            for one, effect in self.effects.get(key, ()):
                kept.setdefault(self._places[id(one)], []).append(effect)
        return tuple(
            msgspec.structs.replace(self.named[place].reading, effects=effects, rules=rules)
            for place in sorted(self._always.keys() | kept.keys())
            for effects in [tuple(kept.get(place, ()))]
            for rules in [_each_once((*self._always.get(place, ()), *(one.rule for one in effects)))]
        )

    def columns(self, kind: KindOf) -> Sequence[tuple[Named, Column]]:
        """Return the columns of one kind of identifiers, each with the document that has it."""
        return self._columns.get(kind, ())

    def where(self, named: Named, rule: Rule, kind: KindOf, wanted: Collection[str]) -> dict[str, Place]:
        """Map identifiers to the first place where a rule acts on each in the documents of a name."""
        found: dict[str, Place] = {}
        for one, column in self.columns(kind):
            if one.name == named.name and (column.rule is rule or column.rule == rule):
                path, values = one.reading.path, values_of(column)
                for place in places_in(column, wanted):
                    found.setdefault(values[place], (path, column.pointers[place]))
        return found


def _on_all(reading: Reading, *, beside_policies: bool, rival: bool) -> tuple[Rule, ...]:
    """Return the rules that have to do with every app: allow lists; and beside Android policies, what governs Android.

    Devices may live under such a document instead of a policy, so that it names no app counts too; and so it does of a
    `rival`, which may be there in place of another.
    """
    return tuple(
        rule
        for rule in reading.rules
        if bool(reading.rule_sets)
        or rival
        or rule.sense == "allow-only"
        or spares(rule)
        or (beside_policies and "android" in rule.introduced)
    )


def _each_once(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return rules without those that stand there already; each is one object in its document."""
    return tuple({id(rule): rule for rule in rules}.values())


class Codes:
    """Number every distinct rule in its document and scope, alike on both sides."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[tuple[str, str, bytes, Scope], int] = {}
        self._names: list[str] = []

    def of(self, one: Named, rule: Rule) -> int:
        """Return the number of a rule; two rules that say the same in the same place have the same."""
        code = self._known.setdefault((one.name, one.policy, written(rule), one.reading.scope), len(self._names))
        if code == len(self._names):
            self._names.append(one.name)
        return code

    def names(self, codes: Iterable[int]) -> set[str]:
        """Return the names of the documents in which some rules stand."""
        return {self._names[code] for code in codes}


def parts(old: Sequence[Named], new: Sequence[Named], *, devices_move: bool = True) -> tuple[ComparedPart, ...]:
    """Split two sides into parts that act on the same devices.

    What only one side has is compared with all that only the other has; but each Android policy by itself, since nobody
    can tell which other policy its devices are under now.
    """
    mine, theirs = _by_label(settled(old)), _by_label(settled(new))
    _renamed(mine, theirs)
    made = [ComparedPart(label, mine[label], theirs[label]) for label in sorted(mine.keys() & theirs.keys())]
    rest_old = [label for label in sorted(mine) if label not in theirs]
    rest_new = [label for label in sorted(theirs) if label not in mine]
    if devices_move and not any(_is_alternative(mine[label]) for label in rest_old):
        # A device that is under an added policy came from one of those that there were: the worst of them counts.
        before = tuple(one for label in sorted(mine) if _is_alternative(mine[label]) for one in mine[label])
        added = [label for label in rest_new if before and _is_alternative(theirs[label])]
        made += [ComparedPart(label, before, theirs[label], added=True) for label in added]
        rest_new = [label for label in rest_new if label not in added]
    if rest_old and rest_new:
        right = tuple(one for label in rest_new for one in theirs[label])
        alone = [label for label in rest_old if _is_alternative(mine[label])]
        left = tuple(one for label in rest_old if label not in alone for one in mine[label])
        made += [ComparedPart(label if left or len(alone) > 1 else "", mine[label], right) for label in alone]
        return (*made, ComparedPart("", left, right)) if left else tuple(made)
    made += [ComparedPart(label, mine[label], ()) for label in rest_old]
    made += [ComparedPart(label, (), theirs[label]) for label in rest_new]
    if len(made) == 1:
        return (msgspec.structs.replace(made[0], label=""),)
    return tuple(made)


def _is_alternative(named: Sequence[Named]) -> bool:
    """Tell whether what bears one label is an Android policy."""
    return kind_named(named[0].reading.kind).is_alternative


def _renamed(mine: Mapping[str, tuple[Named, ...]], theirs: dict[str, tuple[Named, ...]]) -> None:
    """Bring Android policies under one label that are one policy of another enterprise, or in the same file."""
    for known_by in (_last_part, _file):
        left, right = _only(mine, theirs, known_by), _only(theirs, mine, known_by)
        for name in sorted(left.keys() & right.keys()):
            if len(left[name]) == len(right[name]) == 1:
                theirs[left[name][0]] = theirs.pop(right[name][0])


def _last_part(one: Named) -> str:
    return one.policy.rpartition("/")[2]


def _file(one: Named) -> str:
    return one.name


def _only(
    side: Mapping[str, tuple[Named, ...]], other: Mapping[str, object], known_by: Callable[[Named], str]
) -> dict[tuple[str, str], list[str]]:
    """Return the labels of policies that one side alone has, by what they may be known by."""
    found: dict[tuple[str, str], list[str]] = {}
    for label, (one, *_) in side.items():
        if label not in other and _is_alternative((one,)) and known_by(one):
            found.setdefault((known_by(one), one.apart), []).append(label)
    return found


def _by_label(named: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    found: dict[str, list[Named]] = {}
    for one in named:
        found.setdefault(_label(one), []).append(one)
    return {label: tuple(members) for label, members in found.items()}


def _label(one: Named) -> str:
    reading = one.reading
    if kind_named(reading.kind).is_alternative:
        name = one.policy or one.name
        said = f"under the Android policy {name}" if name else "under the Android policy"
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
    if not any(kind_named(reading.kind).activates for reading in readings):
        return tuple(named)
    return tuple(_settled(one, readings) for one in named)


def _settled(one: Named, readings: tuple[Reading, ...]) -> Named:
    if not kind_named(one.reading.kind).activated_by:
        return one
    scope = activated(one.reading, readings) if reach(one.reading, None, readings).alive else Scope("nobody")
    # It is no declaration any more: its activations have had their say, and are not asked again.
    reading = msgspec.structs.replace(one.reading, scope=scope, kind=_SETTLED)
    return msgspec.structs.replace(one, reading=reading)

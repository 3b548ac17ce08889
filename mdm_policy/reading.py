"""Hold what one document does, as an independent reader finds it: rules, what they act on, and whom they reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, overload

import msgspec

from mdm_policy.errors import Finding  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Family, Frozen, Kind, Strength, Verdict


class Fact(Frozen, frozen=True, gc=False):
    """Carry a vendor fact with its source (URL or document and version)."""

    text: str
    source: str


class Rule(Frozen, frozen=True):
    """Say what one place of a document does to the identifiers it holds, and under which conditions.

    Shared by all effects of that place. `sense` is `block` (a deny list), `allow-only` (an allow list: all else is
    denied), `report` (only reported), `remove` (uninstalls), `allow` (explicitly permitted or installed) or `none`
    (the place has no effect: `why` says so). `introduced` and `removed` give OS versions per device platform;
    a platform that is not a key of `introduced` is not governed. `supervised`: True when only supervised devices obey.
    `enrollments` / `modes`: those that obey, empty for any; `sides`: for Android, `device`, `work`, `personal`.
    `origins`: app origins governed; empty for all. `verdict` is what the app becomes where the rule holds.
    """

    id: str
    sense: Literal["block", "allow-only", "report", "remove", "allow", "none"]
    verdict: Verdict
    strength: Strength
    fact: Fact
    introduced: dict[str, tuple[int, ...]] = {}
    removed: dict[str, tuple[int, ...]] = {}
    deprecated: dict[str, tuple[int, ...]] = {}
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    escapes: str = ""
    why: str = ""
    expires: str = ""
    """The day a removal date lifts the rule, or empty."""


def written(rule: Rule) -> bytes:
    """Return what equal rules share, and no others: rules hold mappings, which can't be keys."""
    return msgspec.msgpack.encode(rule, order="deterministic")


class Effect(Frozen, frozen=True):
    """Say that a rule acts on one identifier; `pointer` is the JSON-pointer path (`/a/0/b`) within the document."""

    rule: Rule
    family: Family
    kind: Kind
    value: str
    pointer: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return (family, kind, value)."""
        return (self.family, self.kind, self.value)


class Run(Frozen, frozen=True, gc=False):
    """Hold the pointers of a list's entries without writing them out: `base`, a place, and `tail`."""

    base: str
    places: Sequence[int]
    tail: str = ""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    def __getitem__(self, place: int) -> str:
        """Write one out."""
        return f"{self.base}/{self.places[place]}{self.tail}"

    def __iter__(self) -> Iterator[str]:
        """Write all of them out, one after the other."""
        return (f"{self.base}/{place}{self.tail}" for place in self.places)

    def under(self, prefix: str) -> Run:
        """Return the pointers as seen from an outer document."""
        return Run(prefix + self.base, self.places, self.tail)

    def only(self, places: Sequence[int]) -> Run:
        """Return some of them."""
        return Run(self.base, [self.places[place] for place in places], self.tail)


class Column(Frozen, frozen=True, gc=False):
    """Hold the effects of one rule on identifiers of one kind, in order: 100,000 of them are two lists, no objects."""

    rule: Rule
    family: Family
    kind: Kind
    values: Sequence[str]
    pointers: Run | tuple[str, ...]

    def effect(self, place: int) -> Effect:
        """Return one effect."""
        return Effect(self.rule, self.family, self.kind, self.values[place], self.pointers[place])

    def __iter__(self) -> Iterator[Effect]:
        """Return all effects, one after the other."""
        rule, family, kind = self.rule, self.family, self.kind
        for value, pointer in zip(self.values, self.pointers, strict=True):
            yield Effect(rule, family, kind, value, pointer)

    def only(self, places: Sequence[int]) -> Column:
        """Return the column with the effects at some places alone."""
        values = [self.values[place] for place in places]
        kept = self.pointers
        pointers = kept.only(places) if isinstance(kept, Run) else tuple([kept[place] for place in places])
        return Column(self.rule, self.family, self.kind, values, pointers)


class Effects(Sequence[Effect]):
    """Hold the effects of a document: a sequence to read one by one, and columns to work through at once."""

    __slots__ = ("columns",)

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        """Take the columns, in order."""
        self.columns = tuple(columns)

    @classmethod
    def of(cls, effects: Sequence[Effect]) -> Effects:
        """Return effects in columns, if they are not yet: each stretch of one rule and kind is one."""
        if isinstance(effects, Effects):
            return effects
        columns: list[Column] = []
        start = 0
        for place in range(1, len(effects) + 1):
            first = effects[start]
            if place < len(effects):
                one = effects[place]
                if one.rule is first.rule and (one.family, one.kind) == (first.family, first.kind):
                    continue
            stretch = effects[start:place]
            values, pointers = [one.value for one in stretch], tuple([one.pointer for one in stretch])
            columns.append(Column(first.rule, first.family, first.kind, values, pointers))
            start = place
        return cls(columns)

    def __len__(self) -> int:
        """Return how many effects there are."""
        return sum(len(column.values) for column in self.columns)

    def __iter__(self) -> Iterator[Effect]:
        """Return all effects, in order."""
        for column in self.columns:
            yield from column

    @overload
    def __getitem__(self, place: int) -> Effect: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Effect, ...]: ...
    def __getitem__(self, place: int | slice) -> Effect | tuple[Effect, ...]:
        """Return one effect, or some."""
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        """Compare effect by effect, with any sequence of them."""
        return isinstance(other, Effects | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Return what equal effects share."""
        return hash(len(self))


class Scope(Frozen, frozen=True, gc=False):
    """State whom a document reaches: `everyone`, `groups`, `nobody` or `not-stated`; exclusions may cut it.

    `filtered`: something beside the names of the groups decides, so that only a class of just these groups is reached for
    certain. What decides stands in a name (`lab under the filter x`), for two filters reach different devices.
    `why` says why it reaches nobody, where that is not for want of an assignment.
    """

    state: Literal["everyone", "groups", "nobody", "not-stated"] = "not-stated"
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filtered: bool = False
    why: str = ""


class Reading(Frozen, frozen=True):
    """Hold what one document does, as an independent reader finds it.

    `rules` are all rules of the document, also those with no identifiers (an empty allow list denies everything);
    `mdm` names the MDM whose document it is (intune, jamf, amapi) or is empty when any MDM may carry it.
    `modelled` is False when a user's manifest, not a reader of ours, said where the blocks stand.
    """

    path: str
    kind: str
    effects: Sequence[Effect]
    rules: tuple[Rule, ...]
    scope: Scope
    findings: tuple[Finding, ...]
    mdm: str = ""
    modelled: bool = True
    declares: str = ""
    """The Identifier of the declarative configuration the document is, or empty."""
    activates: tuple[str, ...] = ()
    """The Identifiers an activation turns on; a predicate narrows its scope."""
    identities: tuple[str, ...] = ()
    """What it is or holds of which a device keeps one: the profile of an identifier, the value of a node."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the effects in columns."""
        return Effects.of(self.effects).columns

"""Judge one build on both sides, in every state of every device that the documents of a part can tell apart.

The grid has four axes: whom the documents may reach (the device classes that are declared, and their parts where it is in doubt
whom of them a document reaches; else the groups that any scope names, and everybody else), the days on which something ends by itself, the platforms that any rule governs, and
the device states. States in which the same rules are in force are one point of it.

Each point is judged twice: with the documents that state whom they reach, and with those that don't state it too. Not
stated is not yes: a ban that was assigned to everyone, and now does not say to whom, is weaker.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import Decision, DeviceState, Index, decide, in_force, preinstalled, rank, reach, states
from mdm_policy.decide.law import law_against
from mdm_policy.decide.reach import ALL_USERS, Sample, has_user, listed, may_hold
from mdm_policy.decide.web import opens, parts
from mdm_policy.diff.conditions import Stands, compare
from mdm_policy.diff.units import stranger
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.kinds import kind_named
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.reading import Audience, Fact, Rule, written
from mdm_policy.vocabulary import FAMILY_OF, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mdm_policy.decide import Reach
    from mdm_policy.diff.parts import Coded
    from mdm_policy.diff.units import Unit
    from mdm_policy.reading import Cause, Effect, Expiry, Member, Reading, Scope
    from mdm_policy.vocabulary import Platform, Verdict

_NO_FACT = Fact("", "")
EFFORT = 35_000
"""How many points a comparison may judge: some seconds' work, and far more than all policies of a large tenant need."""
_PART = 50
"""How many points a part costs at least."""
_REACHED, _ASKED = 50, 100
"""Of how many documents it costs as much as a point to find whom they reach, and to gather what they do to one device."""
_OTHERS = "(any other device)"
_BESIDE = frozenset({"tvos", "visionos", "watchos", "chromeos"})
"""Platforms a mechanism may reach beside the one it is used for."""


class Atom(Frozen, frozen=True):
    """Name devices that every document reaches alike: `words` for a reader, the class that stands for them."""

    words: str
    cls: DeviceClass | None = None
    declared: bool = False


class Point(Frozen, frozen=True):
    """Hold what becomes of a build at one point of the grid, before and after.

    `state` is the plainest of the `states`. `ranks` say how good it is: old and new, then the same by the documents alone
    that state whom they reach. `narrowed` compares the conditions of all rules on the build: 1 where they let more escape.
    """

    atom: Atom
    day: str
    platform: Platform
    states: tuple[DeviceState, ...]
    old: Decision
    new: Decision
    sure_old: Decision
    sure_new: Decision
    ranks: tuple[int, int, int, int]
    narrowed: int = 0

    @property
    def state(self) -> DeviceState:
        """Return the plainest state."""
        return self.states[0]

    @property
    def worse(self) -> bool:
        """Tell whether the ban is weaker here than before, or less certain."""
        old, new, sure_old, sure_new = self.ranks
        return new < old or sure_new < sure_old or (new == old and self.leak > 0)

    @property
    def better(self) -> bool:
        """Tell whether the ban is stronger here than before, or more certain."""
        old, new, sure_old, sure_new = self.ranks
        return not self.worse and (new > old or sure_new > sure_old or self.leak < 0)

    @property
    def leak(self) -> int:
        """Return 1 when a rule lets more escape than before, -1 when less, though it is no weaker in kind.

        A rule may be written for some users or versions alone. Conditions of which neither are a part of the other's are
        more too, since nobody can tell which are the wider.
        """
        old, new = self.old.rule, self.new.rule
        if old is None or new is None:
            return 0
        ends = old.expires or new.expires
        if old.id == new.id and old.expires != new.expires and ends is not None and not ends.fixed:
            return -1 if _lasts(new.expires, as_long_as=old.expires) else 1
        return self.narrowed


def _lasts(new: Expiry | None, *, as_long_as: Expiry | None) -> bool:
    """Tell whether a rule that lifts itself after a time lasts as long as another."""
    return new is None or (as_long_as is not None and new.lasts_as_long_as(as_long_as))


class Effort:
    """Count the points that a comparison judges, and stop it where no real policies get to."""

    def __init__(self, most: int) -> None:
        """Begin with none of `most`."""
        self._most = most
        self._spent = 0

    def spend(self, points: int) -> None:
        """Count some more.

        Raises:
            PolicyError: `diff-too-many-cases`.

        """
        self._spent += points
        if self._spent > self._most:
            message = (
                f"the two sides differ in so many ways that more than {self._most:,} cases would have to be judged"
            )
            hint = "compare fewer documents at a time, or raise --max-size, with which the limit grows"
            raise PolicyError([error("diff-too-many-cases", message, None, hint)])


class _Axes(Frozen, frozen=True):
    """Hold what the points of a unit are made of: as much as tells apart what acts on it, and no more.

    `conditions` are those of its rules on each day, `stated` says that some of its documents state whom they reach and
    others don't.
    """

    atoms: tuple[Atom, ...]
    days: tuple[str, ...]
    conditions: tuple[tuple[Rule, ...], ...]
    stated: bool


class Grid:
    """Hold the axes of one part; the states are sorted into points once for all units under the same conditions."""

    def __init__(self, old: Coded, new: Coded, classes: Sequence[DeviceClass], as_of: str, effort: Effort) -> None:
        """Work out what all units have in common; `effort` is shared by all parts of a comparison."""
        self._effort = effort
        self._effort.spend(_PART)
        self._old, self._new = old, new
        self._classes = tuple(classes)
        self._as_of = as_of
        readings = (*old.readings, *new.readings)
        governed = {platform for reading in readings for rule in reading.rules for platform in rule.introduced}
        self._declared = frozenset(cls.platform for cls in classes)
        self.left_out = _left_out(old, new) - self._declared
        self._platforms = tuple(one for one in PLATFORMS if one in governed and one not in self.left_out)
        versions = Index([msgspec.structs.replace(one, effects=()) for one in readings]).versions
        self._versions = {platform: versions(platform) for platform in self._platforms}
        self._atoms: dict[frozenset[Scope], tuple[Atom, ...]] = {}
        self._sorted: dict[object, tuple[tuple[DeviceState, ...], ...]] = {}

    def judge(self, unit: Unit) -> tuple[Point, ...]:
        """Judge a build at every point, plainest first."""
        return self._points(unit, self._axes(unit))

    def absent(self, unit: Unit) -> tuple[Point, ...]:
        """Judge, at the points of a build, one that nobody names: what becomes of it is what happens by absence."""
        return self._points(stranger(unit), self._axes(unit))

    def _axes(self, unit: Unit) -> _Axes:
        """Return what tells apart the devices on which the documents that act on a unit do different things."""
        acting = (*self._old.slim(unit.keys), *self._new.slim(unit.keys))
        rules = {written(rule): rule for reading in acting for rule in reading.rules}.values()
        ends = {day for day in map(_end, rules) if day > self._as_of}
        days = (self._as_of, *sorted(ends))
        scopes = frozenset(reading.scope for reading in acting)
        if scopes not in self._atoms:
            named = {name for scope in scopes for name in (*scope.groups, *scope.excluded)}
            self._effort.spend(len(named) * len(acting) // _REACHED)
            self._atoms[scopes] = _atoms(acting, self._classes, self._platforms)
        stated = len({scope.state == "not-stated" for scope in scopes}) > 1
        return _Axes(self._atoms[scopes], days, tuple(_conditions(rules, day) for day in days), stated)

    def _points(self, unit: Unit, axes: _Axes) -> tuple[Point, ...]:
        both = (self._old.slim(unit.keys), self._new.slim(unit.keys))
        found: list[Point] = []
        for atom in axes.atoms:
            self._effort.spend(sum(map(len, both)) // _ASKED)
            made = tuple(self._judge(unit, axes, atom, both))
            self._effort.spend(len(made) * max(1, *map(_alternatives, both)))
            found += made
        return tuple(found)

    def _judge(
        self, unit: Unit, axes: _Axes, atom: Atom, both: tuple[tuple[Reading, ...], tuple[Reading, ...]]
    ) -> Iterable[Point]:
        sides = [_Asked(readings, atom, unit, sure=False) for readings in both]
        sure = [_Asked(readings, atom, unit, sure=True) for readings in both] if axes.stated else sides
        for platform in self._of(unit, atom):
            for place, day in enumerate(axes.days):
                for states_ in self._states(platform, atom, unit, axes.conditions[place]):
                    state = states_[0]
                    one, two = (asked.decide(state, day) for asked in sides)
                    three, four = (asked.decide(state, day) for asked in sure) if axes.stated else (one, two)
                    old, new = rank(one, installed=state.installed), rank(two, installed=state.installed)
                    ranks = (old, new, old, new)
                    if axes.stated:
                        ranks = (
                            old,
                            new,
                            rank(three, installed=state.installed),
                            rank(four, installed=state.installed),
                        )
                    narrowed = _narrowed(sides[0].stands, sides[1].stands, state, day) if old == new else 0
                    yield Point(atom, day if place else "", platform, states_, one, two, three, four, ranks, narrowed)

    def _of(self, unit: Unit, atom: Atom) -> Iterable[Platform]:
        for platform in self._platforms:
            mine = platform == atom.cls.platform if atom.declared and atom.cls else platform not in self._declared
            if mine and (unit.family == "web" or FAMILY_OF[platform] == unit.family):
                yield platform

    def _states(
        self, platform: Platform, atom: Atom, unit: Unit, rules: tuple[Rule, ...]
    ) -> tuple[tuple[DeviceState, ...], ...]:
        """Sort the states of a platform into points; the same for all units under the same conditions."""
        cls = atom.cls if atom.declared else None
        shipped = preinstalled(unit.app, platform)
        where = (platform, cls.name if cls else "", shipped, tuple(map(written, rules)))
        if where not in self._sorted:
            found: dict[tuple[object, ...], list[DeviceState]] = {}
            for state in states(cls, platform, shipped, versions=self._versions[platform]):
                against = law_against(state)
                obeyed = tuple(in_force(rule, state, self._as_of) for rule in rules)
                mark = (obeyed, against is None, against is not None and against.always, state.installed, state.origin)
                found.setdefault(mark, []).append(state)
            self._sorted[where] = tuple(tuple(one) for one in found.values())
        return self._sorted[where]


class _Asked:
    """Ask one side about one build."""

    def __init__(self, readings: tuple[Reading, ...], atom: Atom, unit: Unit, *, sure: bool) -> None:
        self._unit = unit
        self._index = partial(Index, readings, atom.cls, require_scope=sure)
        self._indexes: dict[str, Index] = {}
        self._known: dict[int, Decision] = {}
        self._hits = tuple((one, reach(one, atom.cls, readings, require_scope=sure)) for one in readings)
        self.stands = Stands(self._hits, unit.app)

    def decide(self, state: DeviceState, day: str) -> Decision:
        if self._unit.raw:
            return self._raw(state, day)
        if day not in self._indexes:
            self._indexes[day] = self._index(as_of=day)
        return decide(self._indexes[day], state, self._unit.app, day)

    def _raw(self, state: DeviceState, day: str) -> Decision:
        """Return the best of the rules on a lone identifier: an address, or the code hash of one version."""
        name = self._unit.shown[0]
        best = Decision("allowed", None, None, "", "", name, f"nothing in force names {name}")
        acting = [
            (reading, reached, effect)
            for reading, reached in self._hits
            if reached.alive
            for effect in reading.effects
            if in_force(effect.rule, state, day)
        ]
        letting = [one for one in acting if one[2].rule.sense == "allow"] if self._unit.family == "web" else []
        for reading, reached, effect in acting:
            rule = effect.rule
            if rule.sense in ("allow", "allow-only", "none"):
                continue
            made = self._decision(reading, reached, effect)
            opened = next((one for one in letting if _opens(one[2], effect)), None)
            if opened is not None:
                same = opened[0].scope == reading.scope  # whoever has the one entry has the other, too
                sure = (same or not opened[1].doubt) and _surely(opened[2].rule, rule)
                by = self._decision(opened[0], opened[1], opened[2])
                made = msgspec.structs.replace(by, verdict="allowed" if sure else "unknown", would_be=rule.verdict)
            if rank(made, installed=state.installed) > rank(best, installed=state.installed) or best.rule is None:
                best = made
        return best

    def _decision(self, reading: Reading, reached: Reach, effect: Effect) -> Decision:
        """Return what one rule makes of the identifier by itself."""
        rule = effect.rule
        cause: Cause = reached.cause if reached.doubt else "expires" if rule.expires and not _end(rule) else ""
        verdict: Verdict = "unknown" if cause else rule.verdict
        name = self._unit.shown[0]
        shown = (verdict, rule.strength, rule, reading.path, effect.pointer, name, rule.fact.text)
        return Decision(*shown, cause=cause or rule.cause, would_be=rule.verdict if cause else None)


def _surely(allow: Rule, block: Rule) -> bool:
    """Tell whether an entry that allows holds wherever one that blocks does: both may be in the same doubt."""
    return allow.verdict != "unknown" or (block.verdict == "unknown" and block.why == allow.why)


def _opens(allow: Effect, block: Effect) -> bool:
    """Tell whether an entry of an address list lets through what another of the same list refuses."""
    if allow.rule.mechanism != block.rule.mechanism:
        return False
    return opens(parts(allow.kind, allow.value), parts(block.kind, block.value))


def _narrowed(old: Stands, new: Stands, state: DeviceState, day: str) -> int:
    """Compare the conditions of all rules on a build; where no rule has any, what decides says all."""
    if not old.conditional and not new.conditional:
        return 0
    return compare(old.within(state, day), new.within(state, day))


def _left_out(old: Coded, new: Coded) -> frozenset[str]:
    """Return the platforms that are not compared unless they are declared: those only one mechanism reaches at all.

    Where one kind of document takes another's place, a person moves iPhones; that the one would have reached Apple TVs
    too is worth a word, and no change of the ban on any app.
    """
    kinds = [{one.kind for one in side.readings} for side in (old, new)]
    if not all(kinds) or not kinds[0].isdisjoint(kinds[1]):
        return frozenset()
    reached = [{name for one in side.readings for rule in one.rules for name in rule.introduced} for side in (old, new)]
    return _BESIDE & (reached[0] ^ reached[1])


def _alternatives(readings: Iterable[Reading]) -> int:
    """Count the policies of which a device has one: each is asked."""
    return sum(kind_named(one.kind).is_alternative for one in readings)


def _end(rule: Rule) -> str:
    """Return the day on which a rule ends for certain, or nothing."""
    return rule.expires.fixed if rule.expires is not None else ""


def _conditions(rules: Iterable[Rule], day: str) -> tuple[Rule, ...]:
    """Return rules that say under which conditions some are in force on a day, each condition once.

    Only the fields that `in_force` asks for are kept; one that has ended by then is never in force.
    """
    alive = (rule for rule in rules if not (_end(rule) and _end(rule) <= day))
    made = (
        Rule(
            "",
            "declared",
            "none",
            "allowed",
            "weak",
            _NO_FACT,
            introduced=rule.introduced,
            removed=rule.removed,
            supervised=rule.supervised,
            enrollments=rule.enrollments,
            modes=rule.modes,
            sides=rule.sides,
            origins=rule.origins,
        )
        for rule in alive
    )
    return tuple(one for _, one in sorted({written(rule): rule for rule in made}.items()))


def _atoms(
    readings: Sequence[Reading], classes: Sequence[DeviceClass], platforms: Sequence[Platform]
) -> tuple[Atom, ...]:
    """Return the devices that documents can tell apart by whom they reach: of the declared classes, and of all others."""
    alike = _memberships(readings)
    made: list[Atom] = []
    for cls in classes:
        made.append(Atom(cls.name, cls, declared=True))
        if alike and any(reach(one, cls, readings).doubt for one in readings):
            made += _parts_of(cls, alike, readings)
    if {cls.platform for cls in classes}.issuperset(platforms):
        return tuple(made)
    if not alike:
        return (*made, Atom(""))
    others: list[Member] = [_OTHERS]
    for names in _told_apart((others, *alike, *_left_out_members(readings)), _members, readings):
        words = "everyone else" if names[0] == _OTHERS else f"in {listed(sorted(names, key=str))}"
        made.append(Atom(words, _members(names[0])))
    return tuple(made)


def _parts_of(cls: DeviceClass, alike: Sequence[list[Member]], readings: Sequence[Reading]) -> Iterator[Atom]:
    """Yield the parts of a declared class that documents tell apart, where it is in doubt whom of it they reach.

    One group in place of another, or another filter, leaves each document in doubt about the class as before, and yet it
    loses devices: that shows on those alone that were reached.
    """
    rest = [group for group in cls.groups if not any(group in names for names in alike)]
    first: list[Member] = [rest[0] if rest else _OTHERS]
    held = ([name for name in names if may_hold(name, cls)] for names in (*alike, *_left_out_members(readings)))
    candidates = [names for names in held if names]
    if rest or not cls.groups:
        candidates.insert(0, first)

    def part(name: Member) -> DeviceClass:
        return _sample(cls, name)

    for names in _told_apart(candidates, part, readings):
        words = cls.name if names == first else f"{cls.name} in {listed(sorted(names, key=str))}"
        yield Atom(words, part(names[0]), declared=True)


def _told_apart(
    candidates: Iterable[list[Member]], sample: Callable[[Member], DeviceClass], readings: Sequence[Reading]
) -> list[list[Member]]:
    """Put together the names of devices whom all documents reach alike; the first of each stands for all."""
    reached: dict[tuple[tuple[bool, bool], ...], list[Member]] = {}
    for names in candidates:
        found = (reach(one, sample(names[0]), readings) for one in readings)
        reached.setdefault(tuple((one.alive, bool(one.doubt)) for one in found), []).extend(names)
    return list(reached.values())


def _memberships(readings: Iterable[Reading]) -> list[list[Member]]:
    """Put the groups together that the same documents name, in the same sense."""
    named: dict[Member, list[tuple[int, bool]]] = {}
    for place, one in enumerate(readings):
        for names, included in ((one.scope.groups, True), (one.scope.excluded, False)):
            for name in names:
                named.setdefault(name, []).append((place, included))
    alike: dict[tuple[tuple[int, bool], ...], list[Member]] = {}
    for name in sorted(named, key=str):
        alike.setdefault(tuple(named[name]), []).append(name)
    return list(alike.values())


def _left_out_members(readings: Iterable[Reading]) -> list[list[Member]]:
    """Name the devices that are in the groups of a document, and in one that it leaves out: it may take all of them away."""
    found = {
        _Both("all-of", of=(name, *one.scope.groups)): None
        for one in readings
        if one.scope.state == "groups"
        for name in one.scope.excluded
    }
    return [[name] for name in found]


class _Both(Audience, frozen=True, gc=False):
    """Stand for devices that are in each of several groups at once, whoever names these."""


def _members(name: Member) -> DeviceClass:
    return Sample(str(name), "ios", Origin(""), members=tuple(_within(name)))


def _sample(cls: DeviceClass, name: Member) -> DeviceClass:
    """Return the devices of a class that are among those that documents name so."""
    kept = {field: getattr(cls, field) for field in DeviceClass.__struct_fields__}
    users = (ALL_USERS,) if has_user(cls) else ()
    return Sample(**kept, members=(*_within(name), *users))


def _within(name: Member) -> Iterator[Member]:
    """Yield what devices that are named so are a part of: what a filter lets through is in the group that it narrows."""
    if not isinstance(name, _Both):
        yield name
    if isinstance(name, Audience):
        for one in name.of[:1] if name.kind == "limits" else name.of:
            yield from _within(one)

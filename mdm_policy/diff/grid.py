"""Judge one build on both sides, in every state of every device that the documents of a part can tell apart.

The grid has four axes: whom the documents may reach (the device classes that are declared; else the groups that any
scope names, and everybody else), the days on which something ends by itself, the platforms that any rule governs, and
the device states. States in which the same rules are in force are one point of it.

Each point is judged twice: with the documents that state whom they reach, and with those that don't state it too. Not
stated is not yes: a ban that was assigned to everyone, and now does not say to whom, is weaker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import Decision, DeviceState, Index, decide, in_force, preinstalled, rank, reach, states
from mdm_policy.decide.law import law_against
from mdm_policy.effects import RULES
from mdm_policy.errors import Origin
from mdm_policy.model import FAMILY_OF, PLATFORMS, DeviceClass, Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.diff.parts import Coded
    from mdm_policy.diff.units import Unit
    from mdm_policy.model import Platform, Reading, Rule

_WHOLE = {rule.id: rule.escapes for rule in RULES}
"""What escapes each rule where a document does not make it narrower."""
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

    `state` is the plainest of the `states`; `doubt` says that only whom the documents reach has become less certain.
    """

    atom: Atom
    day: str
    platform: Platform
    states: tuple[DeviceState, ...]
    old: Decision
    new: Decision
    sure_old: Decision
    sure_new: Decision

    @property
    def state(self) -> DeviceState:
        """Return the plainest state."""
        return self.states[0]

    @property
    def ranks(self) -> tuple[int, int, int, int]:
        """Return how good it is: old and new, then the same by the documents alone that state whom they reach."""
        installed = self.state.installed
        one, two, three, four = (
            rank(decision, installed=installed) for decision in (self.old, self.new, self.sure_old, self.sure_new)
        )
        return (one, two, three, four)

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

        Only the same rule can be compared with itself: it may be written for some users or versions alone. Two ways of
        that are more too, since nobody can tell which is the wider.
        """
        old, new = self.old.rule, self.new.rule
        if old is None or new is None or old.id != new.id or old.escapes == new.escapes:
            return 0
        whole = _WHOLE.get(old.id, "")
        return -1 if new.escapes == whole else 1


class Grid:
    """Hold the axes of one part; the states are sorted into points once for all its builds."""

    def __init__(self, old: Coded, new: Coded, classes: Sequence[DeviceClass], as_of: str) -> None:
        """Work out the axes."""
        self._old, self._new = old, new
        readings = (*old.readings, *new.readings)
        self._rules = _distinct(rule for reading in readings for rule in reading.rules)
        ends = {rule.expires for rule in self._rules if rule.expires[:1].isdigit() and rule.expires > as_of}
        self._days = (as_of, *sorted(ends))
        governed = {platform for rule in self._rules for platform in rule.introduced}
        self._declared = frozenset(cls.platform for cls in classes)
        self.left_out = _left_out(old, new) - self._declared
        self._platforms = tuple(one for one in PLATFORMS if one in governed and one not in self.left_out)
        self._atoms = _atoms(readings, classes, self._platforms)
        self._stated = len({reading.scope.state == "not-stated" for reading in readings}) > 1
        versions = Index([msgspec.structs.replace(one, effects=()) for one in readings]).versions
        self._versions = {platform: versions(platform) for platform in self._platforms}
        self._sorted: dict[tuple[str, str, int, bool], tuple[tuple[DeviceState, ...], ...]] = {}

    def judge(self, unit: Unit) -> tuple[Point, ...]:
        """Judge a build at every point, plainest first."""
        old, new = self._old.slim(unit.keys), self._new.slim(unit.keys)
        return tuple(point for atom in self._atoms for point in self._judge(unit, atom, old, new))

    def _judge(self, unit: Unit, atom: Atom, old: tuple[Reading, ...], new: tuple[Reading, ...]) -> Iterable[Point]:
        sides = [_Asked(readings, atom, unit, sure=False) for readings in (old, new)]
        sure = [_Asked(readings, atom, unit, sure=True) for readings in (old, new)] if self._stated else sides
        for platform in self._of(unit, atom):
            for place, day in enumerate(self._days):
                for states_ in self._states(platform, atom, place, unit):
                    one, two = (asked.decide(states_[0], day) for asked in sides)
                    three, four = (asked.decide(states_[0], day) for asked in sure) if self._stated else (one, two)
                    yield Point(atom, day if place else "", platform, states_, one, two, three, four)

    def _of(self, unit: Unit, atom: Atom) -> Iterable[Platform]:
        for platform in self._platforms:
            mine = platform == atom.cls.platform if atom.declared and atom.cls else platform not in self._declared
            if mine and (unit.family == "web" or FAMILY_OF[platform] == unit.family):
                yield platform

    def _states(self, platform: Platform, atom: Atom, place: int, unit: Unit) -> tuple[tuple[DeviceState, ...], ...]:
        """Sort the states of a platform into points; the same for all builds that makers preinstall alike."""
        cls = atom.cls if atom.declared else None
        shipped = preinstalled(unit.app, platform)
        where = (platform, cls.name if cls else "", place, shipped)
        if where not in self._sorted:
            found: dict[tuple[object, ...], list[DeviceState]] = {}
            for state in states(cls, platform, shipped, versions=self._versions[platform]):
                against = law_against(state)
                obeyed = tuple(in_force(rule, state, self._days[place]) for rule in self._rules)
                mark = (obeyed, against is None, against is not None and against.always, state.installed, state.origin)
                found.setdefault(mark, []).append(state)
            self._sorted[where] = tuple(tuple(one) for one in found.values())
        return self._sorted[where]


class _Asked:
    """Ask one side about one build."""

    def __init__(self, readings: tuple[Reading, ...], atom: Atom, unit: Unit, *, sure: bool) -> None:
        self._unit = unit
        self._index = None if unit.raw else Index(readings, atom.cls, require_scope=sure)
        self._known: dict[int, Decision] = {}
        self._hits = (
            tuple((one, reach(one, atom.cls, readings, require_scope=sure)) for one in readings) if unit.raw else ()
        )

    def decide(self, state: DeviceState, day: str) -> Decision:
        if self._index is not None:
            return decide(self._index, state, self._unit.app, day)
        return self._raw(state, day)

    def _raw(self, state: DeviceState, day: str) -> Decision:
        """Return the best of the rules on a lone identifier: an address, or the code hash of one version."""
        name = self._unit.shown[0]
        best = Decision("allowed", None, None, "", "", name, f"nothing in force names {name}")
        for reading, reached in self._hits:
            for effect in reading.effects:
                rule = effect.rule
                if rule.sense in ("allow", "allow-only", "none") or not reached.alive or not in_force(rule, state, day):
                    continue
                unsure = reached.doubt or rule.expires[:1].isalpha()
                verdict = "unknown" if unsure else rule.verdict
                made = Decision(verdict, rule.strength, rule, reading.path, effect.pointer, name, rule.fact.text)
                if rank(made, installed=state.installed) > rank(best, installed=state.installed):
                    best = made
        return best


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


def _distinct(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    kept: dict[str, list[Rule]] = {}
    for rule in rules:
        known = kept.setdefault(rule.id, [])
        if not any(other is rule or other == rule for other in known):
            known.append(rule)
    return tuple(rule for known in kept.values() for rule in known)


def _atoms(
    readings: Sequence[Reading], classes: Sequence[DeviceClass], platforms: Sequence[Platform]
) -> tuple[Atom, ...]:
    """Return the devices that the documents can tell apart by whom they reach."""
    declared = {cls.platform for cls in classes}
    made = [Atom(cls.name, cls, declared=True) for cls in classes]
    if declared.issuperset(platforms):
        return tuple(made)
    groups = sorted({name for one in readings for name in (*one.scope.groups, *one.scope.excluded)})
    if not groups:
        return (*made, Atom(""))
    alike: dict[tuple[tuple[bool, bool], ...], list[str]] = {}
    for name in (_OTHERS, *groups):
        cls = DeviceClass(name, "ios", Origin(""), groups=(name,))
        reached = (reach(one, cls, readings) for one in readings)
        alike.setdefault(tuple((one.alive, bool(one.doubt)) for one in reached), []).append(name)
    for names in alike.values():
        words = "everyone else" if names[0] == _OTHERS else f"in {', '.join(names)}"
        made.append(Atom(words, DeviceClass(names[0], "ios", Origin(""), groups=(names[0],))))
    return tuple(made)

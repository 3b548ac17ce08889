"""Say in which direction a build changed, for whom, and why, from what it is at every point of the grid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdm_policy.decide import holds
from mdm_policy.decide.gathering import signatures
from mdm_policy.diff.leftovers import SUBJECT, Remains
from mdm_policy.diff.units import ANYTHING
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.decide import Decision
    from mdm_policy.diff.grid import Grid, Point
    from mdm_policy.diff.mentions import Mentions
    from mdm_policy.diff.model import Direction
    from mdm_policy.diff.parts import Coded
    from mdm_policy.diff.units import Unit
    from mdm_policy.reading import Effect

_SHOWN = 2

_Said = tuple["Direction", str, "Sequence[str]"]
"""A direction, why, and the members of a unit of which it is true."""


class Verdicts(Frozen, frozen=True):
    """Hold the outcome for one build: its direction, the points that show it, all its points, and the reason."""

    direction: Direction
    points: tuple[Point, ...]
    every: tuple[Point, ...]
    why: str
    held: bool


class _Judged(Frozen, frozen=True):
    """Hold what all builds on which the same rules act have in common."""

    name: str
    every: tuple[Point, ...]
    worse: tuple[Point, ...]
    better: tuple[Point, ...]
    gone: bool
    held: bool


class Comparer:
    """Compare builds of one part; `grid` gives a build's points, `mentions` what the two sides still write."""

    def __init__(self, old: Coded, new: Coded, grid: Grid, mentions: tuple[Mentions, Mentions]) -> None:
        """Remember the sides."""
        self._old, self._new = old, new
        self._grid = grid
        self._remains = Remains(old, mentions)
        self._known: dict[tuple[object, ...], _Judged] = {}

    def compare(self, unit: Unit) -> list[tuple[Verdicts, Sequence[str]]]:
        """Return a build's direction, and why; of a unit with members, for each part of them that fares alike."""
        judged = self._judged(unit)
        if judged.worse:
            made = self._weaker(unit, judged)
            points = judged.worse
        elif judged.better:
            made = [("TIGHTENED", _stronger(judged.better[0]), unit.members)]
            points = judged.better
        else:
            made = [("EQUIVALENT", self._moved(unit), unit.members)]
            points = judged.every[:1]
        name = SUBJECT if unit.members else unit.shown[0]
        return [
            (Verdicts(direction, points, judged.every, _renamed(why, judged.name, name), judged.held), members)
            for direction, why, members in made
        ]

    def _judged(self, unit: Unit) -> _Judged:
        """Judge one of all the builds that have the same rules on them, on both sides."""
        rules = tuple(tuple((self._old.acts.on(key), self._new.acts.on(key)) for key in group) for group in unit.groups)
        shipped = tuple(sorted({one.maker.lower() == "apple" for one in unit.app.preinstalled}))
        kinds = tuple(identifier.kind for identifier in unit.app.identifiers)
        sides = (self._old.rule_sets, self._new.rule_sets)
        made = signatures(sides, unit.app) if unit.family == "windows" else ()
        mark = (unit.family, unit.raw, kinds, ANYTHING in unit.shown, rules, shipped, made)
        if mark not in self._known:
            every = self._grid.judge(unit)
            worse = tuple(point for point in every if point.worse)
            better = tuple(point for point in every if point.better)
            gone = bool(worse) and ANYTHING not in unit.shown and _gone(every, self._grid.absent(unit))
            held = any(_holds(point.new, point) for point in every)
            self._known[mark] = _Judged(unit.shown[0], every, worse, better, gone, held)
        return self._known[mark]

    def _weaker(self, unit: Unit, judged: _Judged) -> list[_Said]:
        first = judged.worse[0]
        if not judged.gone and judged.held:
            return [("NARROWED", _narrower(first), unit.members)]
        # Where rules leave open what becomes of apps that nobody names, an entry of its own still tells one from these.
        own = [effect.rule for key in unit.keys for _, effect in self._new.effects.get(key, ())]
        shaken = (point for point in judged.worse if _shaken(point) and (not judged.gone or point.new.rule in own))
        found = next(shaken, None)
        if found is not None:
            return [("NARROWED", found.new.sentence, unit.members)]
        return self._without_effect(unit, first)

    def _without_effect(self, unit: Unit, point: Point) -> list[_Said]:
        """Tell an entry that is gone from one that is still there and blocks nothing."""
        rules = {rule.id for reading in self._new.readings for rule in reading.rules}
        if ANYTHING in unit.shown and point.old.rule is not None and point.old.rule.id in rules:
            told = point.new.would_be is not None or point.new.verdict == "not-installable"
            said = point.new.reason if told else "the list that refused it is without effect"
            return [("INEFFECTIVE", said, unit.members)]
        found = [effect for key in unit.keys for _, effect in self._new.effects.get(key, ())]
        if found and point.new.rule is None and self._new.alternatives > 1:
            return [("LOOSENED", "one of the policies that may have taken its place does not name it", unit.members)]
        still = next((e for e in found if e.rule.sense not in ("allow", "allow-only")), None)
        if still is not None:
            return [("INEFFECTIVE", self._inert(still, point), unit.members)]
        if found:
            return [("LOOSENED", f"it is now allowed: {found[0].rule.fact.text}", unit.members)]
        gone = self._gone(point)
        if unit.members:
            return [(*(said or gone), members) for said, members in self._remains.of_members(unit)]
        return [(*(self._remains.of(unit) or gone), ())]

    def _gone(self, point: Point) -> tuple[Direction, str]:
        if not self._new.named:
            return "LOOSENED", "no document for these devices is left"
        if point.old.pointer:
            return "LOOSENED", "nothing names it any more"
        return "LOOSENED", "no list refuses by absence any more"

    def _inert(self, effect: Effect, point: Point) -> str:
        rule = effect.rule
        if rule.sense in ("none", "report"):
            return rule.why or rule.fact.text
        if point.new.verdict == "allowed" and point.new.rule is None:
            return "no device obeys the entry as it now stands"
        return point.new.sentence if point.new.would_be is not None else point.new.reason or point.new.sentence

    def _moved(self, unit: Unit) -> str:
        if not any(_holds(point.new, point) for point in self._judged(unit).every):
            return "nothing was blocked, and nothing is"
        old, new = (
            sorted({e.rule.id for key in unit.keys for _, e in side.effects.get(key, ())})
            for side in (self._old, self._new)
        )
        if old != new:
            return f"from {_list(old) or 'nothing'} to {_list(new) or 'nothing'}: the same effect on every device"
        return "in another document, scope or place: the same effect on every device"


def _renamed(text: str, old: str, new: str) -> str:
    """Put another identifier in the place of one, where it is not a part of a longer one."""
    if old == new or old not in text:
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(old)}(?![\w-]|\.\w)", lambda _: new, text)


def _gone(points: Sequence[Point], absent: Sequence[Point]) -> bool:
    """Tell whether the build had a ban of its own, and now fares as an app that nobody names."""
    by_place = {(p.atom.words, p.day, p.platform, p.state): p for p in absent}
    pairs = [(p, by_place.get((p.atom.words, p.day, p.platform, p.state), p)) for p in points]
    had = any(one.ranks[0] > other.ranks[0] for one, other in pairs)
    has = any(one.ranks[1] > other.ranks[1] for one, other in pairs)
    return had and not has


def _holds(decision: Decision, point: Point) -> bool:
    return holds(decision, installed=point.state.installed)


def _shaken(point: Point) -> bool:
    """Tell whether a rule still blocks, but may not reach the device, or lifts itself at a time nobody can tell."""
    rule = point.new.rule
    if point.new.verdict != "unknown" or rule is None or point.new.cause == "conflict":
        return False
    return rule.sense in ("block", "remove", "allow-only")


def _narrower(point: Point) -> str:
    """Say what is lost at a point, though something is left elsewhere."""
    old, new = point.old, point.new
    if not _holds(new, point):
        if point.day and old.path:
            return f"{old.path} lifts itself on {point.day}"
        return "no rule that holds there names it any more" if new.rule is None else new.sentence
    rank_old, rank_new, sure_old, sure_new = point.ranks
    if rank_new >= rank_old and sure_new >= sure_old:
        return f"{new.escapes} escape" if new.escapes != old.escapes else _limited(point)
    if rank_new >= rank_old:
        return point.sure_new.sentence
    if old.strength != new.strength:
        escapes = f": {new.escapes} escape" if new.escapes else ""
        return f"the block is {new.strength} where it was {old.strength}{escapes}"
    return f"{new.verdict} where it was {old.verdict}"


def _limited(point: Point) -> str:
    """Say how the conditions of a rule changed where what escapes is said in the same words."""
    old, new = (frozenset(one.rule.conditions if one.rule is not None else ()) for one in (point.old, point.new))
    gone, added = (_list([f"{c.kind} {c.value}".strip() for c in sorted(one)]) for one in (old - new, new - old))
    if old == new:
        way = "narrower, or gone" if point.leak > 0 else "new, or wider"
        return f"another rule for it, under other conditions, is {way}"
    if not gone:
        return f"it is limited by {added} now"
    return f"it is limited by {added}, and was by {gone}" if added else f"it is no longer limited by {gone}"


def _stronger(point: Point) -> str:
    rank_old, rank_new, sure_old, sure_new = point.ranks
    if rank_new <= rank_old and sure_new <= sure_old:
        lasting = point.old.rule and point.new.rule and point.old.rule.expires != point.new.rule.expires
        if lasting:
            return "it lifts itself later"
        return f"{point.old.escapes} escape no more" if point.old.escapes != point.new.escapes else _limited(point)
    if rank_new <= rank_old:
        return "the documents now state whom they reach"
    if _holds(point.old, point):
        if point.old.strength != point.new.strength:
            return f"the block is {point.new.strength} where it was {point.old.strength}"
        return f"{point.new.verdict} where it was {point.old.verdict}"
    return point.new.rule.fact.text if point.new.rule is not None else point.new.sentence


def before_after(point: Point) -> tuple[str, str]:
    """Return the verdicts to show for a point: where only certainty changed, the certain ones."""
    rank_old, rank_new, *_ = point.ranks
    if rank_old == rank_new:
        return point.sure_old.verdict, point.sure_new.verdict
    return point.old.verdict, point.new.verdict


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown

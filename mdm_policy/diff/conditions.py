"""Compare the conditions of all rules that act on a build, not only of the one that decides.

Two rules for one identifier, each for a folder of its own, block in two folders: that the second is gone is a loss, though
the first decides as before. A rule that is gone is made up for by one that is as strong and holds wherever it held.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from mdm_policy.decide import in_force
from mdm_policy.decide.gathering import denying
from mdm_policy.reading import Condition
from mdm_policy.vocabulary import STRENGTH_RANK, VERDICT_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.decide import DeviceState, Reach
    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading, Rule

_HELD = VERDICT_RANK["unknown"]
_BLOCKS = ("block", "remove")
_PARTS = 4
_Version = tuple[float, ...]


class Stand(NamedTuple):
    """Hold a rule that acts on a build: under which conditions, and how strong it is where they are met."""

    score: int
    conditions: frozenset[Condition]


class Stands:
    """Hold the rules that act on a build on one side, with whom they reach."""

    def __init__(self, reached: Iterable[tuple[Reading, Reach]], app: BannedApp) -> None:
        """Take those that block, be it by absence, and those of which nobody knows whether they let it in.

        Of rules for files those count that mean the app, whatever they name.
        """
        self._acting: dict[tuple[int, bool], Rule] = {}
        for reading, reach in reached:
            if reach.alive:
                files = {id(one.rule) for found in reading.rule_sets for one in found.rules}
                named = (one.rule for one in reading.columns if id(one.rule) not in files)
                every = (*named, *denying(reading.rule_sets, app))
                acting = (rule for rule in every if rule.sense in _BLOCKS or _lets(rule))
                members = {id(one.rule) for one in reading.columns}  # a list refuses what is not on it
                lists = (rule for rule in reading.rules if rule.sense == "allow-only" and id(rule) not in members)
                self._acting |= {(id(rule), bool(reach.doubt)): rule for rule in (*acting, *lists)}
        self.conditional = any(rule.conditions or _in_doubt(rule) for rule in self._acting.values())

    def within(self, state: DeviceState, day: str) -> frozenset[Stand]:
        """Return what stands on a day in a state."""
        return frozenset(
            Stand(_score(rule, doubtful=doubtful), _limits(rule))
            for (_, doubtful), rule in self._acting.items()
            if in_force(rule, state, day)
        )


def compare(old: Iterable[Stand], new: Iterable[Stand]) -> int:
    """Return 1 where something that was blocked is blocked no more, or nobody can tell; -1 where more is; else 0."""
    before, after = list(old), list(new)
    if not _covered(before, after):
        return 1
    return 0 if _covered(after, before) else -1


def _covered(ones: Iterable[Stand], others: Sequence[Stand]) -> bool:
    """Tell whether each of some rules is made up for by one of the others."""
    return all(any(other.score >= one.score and _as_wide(other, one) for other in others) for one in ones)


def _as_wide(other: Stand, one: Stand) -> bool:
    """Tell whether a rule holds wherever another does: each of its conditions is one of these, or takes in one of these."""
    return all(any(_takes_in(wide, narrow) for narrow in one.conditions) for wide in other.conditions)


def _takes_in(wide: Condition, narrow: Condition) -> bool:
    """Tell whether what meets one condition meets another; of all but ranges of versions only the same is known to."""
    if wide == narrow:
        return True
    if not wide.kind == narrow.kind == "versions":
        return False
    outer, inner = _range(wide.value), _range(narrow.value)
    return outer is not None and inner is not None and outer[0] <= inner[0] and inner[1] <= outer[1]


def _range(versions: str) -> tuple[_Version, _Version] | None:
    """Return the least and the greatest version of `LOW..HIGH`, of which either may be open; None for what is no version."""
    low, _, high = versions.partition("..")
    least, most = _version(low, 0), _version(high, math.inf)
    return (least, most) if least and most else None


def _version(text: str, when_open: float) -> _Version:
    """Return the four parts of a version; nothing for what is none."""
    if text in ("", "*"):
        return (when_open,) * _PARTS
    parts = text.split(".")
    if len(parts) > _PARTS or not all(one.isdecimal() and one.isascii() for one in parts):
        return ()
    return (*map(int, parts), *(0,) * (_PARTS - len(parts)))


def _in_doubt(rule: Rule) -> bool:
    """Tell whether nobody knows what a rule does; what holds by default holds whomever its document reaches."""
    return rule.verdict == "unknown" and rule.cause != "default"


def _lets(rule: Rule) -> bool:
    """Tell whether a rule lets the build in under conditions of which nobody knows whether they are met."""
    return rule.sense == "none" and rule.verdict == "unknown" and bool(rule.conditions)


def _limits(rule: Rule) -> frozenset[Condition]:
    """Return what narrows a rule. Of one that lets in, fewer conditions are no gain: only the same ones are alike."""
    if not _lets(rule):
        return frozenset(rule.conditions)
    return frozenset([Condition("exceptions", "; ".join(f"{one.kind} {one.value}" for one in rule.conditions))])


def _score(rule: Rule, *, doubtful: bool) -> int:
    """Return how strong a rule is; of two in doubt the one is weaker of which it is in doubt, too, whom it reaches."""
    rank = min(VERDICT_RANK[rule.verdict], _HELD) if doubtful else VERDICT_RANK[rule.verdict]
    held = rank if rank <= _HELD else _HELD + 1 + STRENGTH_RANK[rule.strength]
    return 2 * held + (not doubtful or rule.cause == "default")

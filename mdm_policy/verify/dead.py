"""Find rules that decide nothing: no judged device obeys them, or a stronger one always decides before them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import in_force, states
from mdm_policy.errors import Finding, note
from mdm_policy.vocabulary import STRENGTH_RANK, VERDICT_RANK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.reading import Reading, Rule
    from mdm_policy.verify.judging import ClassJudge

_ACTS = ("block", "remove", "allow-only", "report")
_HOLDS = VERDICT_RANK["not-installable"]
"""From this verdict on a rule holds an app back, be it only from being installed."""

Told = tuple[Finding, str, str]
"""A finding without its place, the document, and the pointer."""


def out_of_force(courts: Sequence[ClassJudge]) -> Iterator[Told]:
    """Yield rules that no device of any judged class obeys, whose documents act on one of them."""
    obeyed: dict[tuple[str, bytes], bool] = {}
    first: dict[tuple[str, bytes], tuple[Rule, str]] = {}
    for court in courts:
        every = states(court.cls, court.cls.platform, True, versions=court.index.versions(court.cls.platform))
        known: dict[bytes, bool] = {}
        for reading in court.readings:
            for rule in reading.rules:
                if rule.sense not in _ACTS:
                    continue
                shape = msgspec.msgpack.encode(rule)
                if shape not in known:
                    known[shape] = any(in_force(rule, state, court.rules.as_of) for state in every)
                place = (reading.path, shape)
                obeyed[place] = obeyed.get(place, False) or known[shape]
                first.setdefault(place, (rule, _pointer(reading, rule)))
    for (path, _), alive in [item for item in obeyed.items() if not item[1]]:
        rule, pointer = first[path, _]
        ended = f"it ended {rule.expires}" if rule.expires is not None and not alive else "they lack what it asks for"
        said = f"no device that is judged obeys this rule: {ended} ({rule.fact.text})"
        yield note("rule-out-of-force", said), path, pointer


def shadowed(courts: Sequence[ClassJudge]) -> Iterator[Told]:
    """Yield rules of which every identifier is also held by another rule that is as wide and stronger."""
    told: set[tuple[str, str]] = set()
    for court in courts:
        held: dict[Key, list[Rule]] = defaultdict(list)
        for reading in court.readings:
            for effect in reading.effects:
                if effect.rule.sense in ("block", "remove"):
                    held[effect.key].append(effect.rule)
        if all(len(rules) == 1 for rules in held.values()):
            continue
        for reading in court.readings:
            for rule in reading.rules:
                mine = [effect.key for effect in reading.effects if effect.rule is rule]
                if not mine or rule.sense not in ("block", "remove") or (reading.path, rule.id) in told:
                    continue
                over = next((other for other in held[mine[0]] if _covers(other, rule)), None)
                if over is not None and all(any(_covers(other, rule) for other in held[key]) for key in mine):
                    told.add((reading.path, rule.id))
                    said = (
                        f"{over.id} holds all that {rule.id} holds here, and more strongly: this rule decides nothing"
                    )
                    yield note("rule-shadowed", said), reading.path, _pointer(reading, rule)


def _pointer(reading: Reading, rule: Rule) -> str:
    return next((effect.pointer for effect in reading.effects if effect.rule is rule), "")


def _held(rule: Rule) -> int:
    rank = VERDICT_RANK.get(rule.verdict, 0)
    return rank if rank >= _HOLDS else 0


def _covers(over: Rule, rule: Rule) -> bool:
    """Tell whether a rule acts wherever another does, at least as well, and better in some way."""
    if over is rule or over.deprecated or over.removed or over.expires:
        return False
    better = (STRENGTH_RANK[over.strength], _held(over))
    worse = (STRENGTH_RANK[rule.strength], _held(rule))
    if better[0] <= worse[0] or better[1] < worse[1]:
        return False
    return (
        all(over.introduced.get(platform, (10**6,)) <= since for platform, since in rule.introduced.items())
        and over.supervised in (None, rule.supervised)
        and all(
            not wide or (narrow and set(narrow) <= set(wide))
            for wide, narrow in (
                (over.enrollments, rule.enrollments),
                (over.modes, rule.modes),
                (over.sides, rule.sides),
                (over.origins, rule.origins),
            )
        )
    )

"""Judge an app on a device class: the worst of all its states, and each gap with its smallest counterexample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.decide.deciding import Decision, Note, decide, holds, rank
from mdm_policy.decide.index import Index
from mdm_policy.decide.states import DeviceState, states, strongest_class
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.vocabulary import APPLE_PLATFORMS, STRENGTH_RANK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Platform, Strength


class Gap(Frozen, frozen=True, gc=False):
    """Hold one way in which a ban fails: the plainest state in which it does, and how many states share it."""

    state: DeviceState | None
    decision: Decision
    reason: str
    states: int = 1


class Judgement(Frozen, frozen=True, gc=False):
    """Hold the judgement of an app on a class: proven when there is no gap.

    `states` counts what was looked at; none is a gap in itself. `notes` are said once, whatever state they come from.
    `declared` tells whether in some state only the word of a target's own manifest holds the ban.
    """

    app: str
    subject: str
    platform: Platform
    worst: Decision
    worst_state: DeviceState | None
    gaps: tuple[Gap, ...]
    notes: tuple[Note, ...]
    states: int
    declared: bool = False

    @property
    def proven(self) -> bool:
        """Tell whether the ban holds in every state."""
        return not self.gaps


def judge(
    readings: Sequence[Reading] | Index,
    subject: DeviceClass | Platform,
    app: BannedApp,
    as_of: str,
    min_strength: Strength = "partial",
    *,
    require_scope: bool = False,
) -> Judgement:
    """Judge an app on a device class; on a platform's name alone, on the platform's strongest class.

    Pass an Index made for the same class when judging many apps. Gaps with the same verdict, build and reason are one,
    shown in the plainest state; they come simplest state first.
    """
    cls = subject if isinstance(subject, DeviceClass) else strongest_class(subject)
    declared = subject if isinstance(subject, DeviceClass) else None
    index = (
        readings if isinstance(readings, Index) else Index(readings, declared, require_scope=require_scope, as_of=as_of)
    )
    every = states(
        cls,
        cls.platform,
        preinstalled(app, cls.platform),
        versions=index.versions(cls.platform),
        newest_only=declared is None,
    )
    return _judge(index, every, cls, app, as_of=as_of, min_strength=min_strength)


def preinstalled(app: BannedApp, platform: Platform) -> bool:
    """Tell whether some maker ships the app with devices of a platform: on Apple's, only Apple could."""
    apple = [one.maker.lower() == "apple" for one in app.preinstalled]
    return any(apple) if platform in APPLE_PLATFORMS else not all(apple)


def _judge(
    index: Index,
    every: tuple[DeviceState, ...],
    cls: DeviceClass,
    app: BannedApp,
    *,
    as_of: str,
    min_strength: Strength,
) -> Judgement:
    if not every:
        said = f"no device can be in the class {cls.name}: its conditions contradict each other"
        nothing = Decision("unknown", None, None, "", "", "", said, cause="impossible-class", reason=said)
        return Judgement(app.key, cls.name, cls.platform, nothing, None, (Gap(None, nothing, said),), (), 0)
    decided = [(state, decide(index, state, app, as_of)) for state in every]
    state, worst = min(decided, key=lambda one: rank(one[1], installed=one[0].installed))
    found: dict[tuple[str, ...], Gap] = {}
    for place, decision in decided:
        reason = why_gap(place, decision, min_strength)
        if reason:
            known = found.get(_same(decision))
            found[_same(decision)] = (
                Gap(place, decision, reason)
                if known is None
                else Gap(known.state, known.decision, known.reason, known.states + 1)
            )
    notes = tuple(dict.fromkeys(one for _, decision in decided for one in decision.notes))
    declared = not all(decision.modelled for _, decision in decided)
    gaps = tuple(found.values())
    return Judgement(app.key, cls.name, cls.platform, worst, state, gaps, notes, len(every), declared)


def _same(decision: Decision) -> tuple[str, ...]:
    """Return what gaps have in common that are one to a reader: the verdict, the build, and what decides."""
    told = (decision.verdict, decision.build)
    if decision.rule is not None:
        return (*told, decision.rule.id, decision.path)
    return told if decision.verdict == "allowed" else (*told, decision.cause)


def why_gap(state: DeviceState, decision: Decision, min_strength: Strength) -> str:
    """Return why a decision is a gap in a state, or nothing if it is none."""
    if not holds(decision, installed=state.installed):
        return f"{decision.verdict} on {state}: {decision.sentence}"
    if decision.strength is not None and STRENGTH_RANK[decision.strength] < STRENGTH_RANK[min_strength]:
        missed = f"; {decision.escapes} escape" if decision.escapes else ""
        return f"{decision.strength} only on {state}: {decision.sentence}{missed}"
    return ""

"""Hold a comparison to the verifier: what the old side proves and the new side does not is a weakening, whatever else is said.

Where documents meet on a device, one that is added or changed may take away what another does: a policy that a device may
have instead, another MDM's document, a rule that lets in. So both sides are judged whole, as `verify` judges each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.diff.model import WEAKENING, Change, standing
from mdm_policy.verify.judging import Rules
from mdm_policy.verify.pieces import Places
from mdm_policy.verify.queries import failures
from mdm_policy.verify.verdicts import verdicts_of
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.diff.model import Direction
    from mdm_policy.diff.policies import Question
    from mdm_policy.errors import Finding, Origin
    from mdm_policy.model import BannedApp
    from mdm_policy.verify.model import Alike, ClassVerdict
    from mdm_policy.verify.pieces import Piece

_MOST = 1_000
"""As many apps that fare alike have a line each; more than that share one."""


def lost_proofs(
    old: Sequence[Piece], new: Sequence[Piece], question: Question, told: Iterable[Change]
) -> Iterator[Change]:
    """Yield a change for each app that the old side proves on a platform and the new side does not.

    `told` are the changes that are known already: an app of which they name a weakening there is not named again.
    """
    if not question.apps:
        return
    rules = Rules(question.as_of)
    before, after = (
        verdicts_of(question.apps, question.classes, pieces, rules, question.leave).verdicts for pieces in (old, new)
    )
    known = {(change.app, change.platform) for change in told if change.direction in WEAKENING}
    many = any(change.count > 1 and change.direction in WEAKENING for change in told)
    known |= _counted(told) if many else set()
    green = bool(before) and not any(group.cell.gap for one in before for group in one.groups)
    places = Places({one.name: one.document for one in new})
    sites = Places({one.name: one.document for one in old})
    for verdict in after:
        family = FAMILY_OF[verdict.cls.platform]
        beside = _beside(verdict, before, question)
        if not beside and not green:
            continue
        gone = {app.key for one in beside for group in one.groups if group.cell.gap for app in group.apps}
        for group in verdict.groups:
            apps = [app for app in group.apps if app.key not in gone and (app.key, family) not in known]
            if group.cell.gap and apps:
                known |= {(app.key, family) for app in apps}
                yield from _changes(apps, group, verdict, (beside, question, places, sites))
    known_failure = bool(known) or any(change.direction in WEAKENING for change in told)
    if green and not known_failure and not failures(old, sites):
        yield from (_failed(one) for one in failures(new, places)[:1])


def _counted(told: Iterable[Change]) -> set[tuple[str, str]]:
    """Return the apps of changes that stand for many."""
    return {
        (name, one.platform) for one in told if one.count > 1 and one.direction in WEAKENING for name in one.identifiers
    }


def _beside(verdict: ClassVerdict, before: Sequence[ClassVerdict], question: Question) -> list[ClassVerdict]:
    """Return what the old side was judged on in place of a class: the class itself, or all of its platform."""
    if question.classes:
        return [one for one in before if one.cls.name == verdict.cls.name]
    return [one for one in before if one.cls.platform == verdict.cls.platform]


def _changes(
    apps: Sequence[BannedApp],
    group: Alike,
    verdict: ClassVerdict,
    told: tuple[Sequence[ClassVerdict], Question, Places, Places],
) -> Iterator[Change]:
    """Yield a change for each of some apps that fare alike; where nobody would read as many, for all of them at once."""
    beside, question, places, sites = told
    statuses = {status.list: status for status in question.statuses}
    shown = apps[:1] if len(apps) > _MOST else apps
    count = len(apps) if len(apps) > _MOST else 1
    gap = group.cell.gaps[0]
    for app in shown:
        family = FAMILY_OF[verdict.cls.platform]
        decision = verdict.decide(app, gap.state) if gap.state is not None else gap.decision
        was = beside[0].decide(app, gap.state) if beside and gap.state is not None else None
        direction: Direction = "LOOSENED" if decision.verdict == "allowed" and decision.rule is None else "NARROWED"
        names = tuple(one.key for one in apps) if count > 1 else (decision.build,) if decision.build else ()
        yield Change(
            direction,
            "" if count > 1 else app.key,
            f"{app.name} and {count - 1:,} more" if count > 1 else app.name,
            family,
            names,
            f"{verdict.cls.name}: {gap.state}" if question.classes else str(gap.state or ""),
            was.verdict if was is not None else "not judged",
            decision.verdict,
            f"the new side as a whole does not prove it any more: {decision.sentence or gap.reason}",
            _origin(was.path if was is not None else "", was.pointer if was is not None else "", sites),
            _origin(decision.path, decision.pointer, places),
            tuple(dict.fromkeys(standing(statuses[reason.list]) for reason in app.reasons if reason.list in statuses)),
            count,
        )


def _origin(path: str, pointer: str, places: Places) -> Origin | None:
    return places(path, pointer) if path else None


def _failed(finding: Finding) -> Change:
    """Return the change of a document that was named and proves nothing any more, whatever others do."""
    where = finding.origin
    name = where.file if where is not None else ""
    return Change("INEFFECTIVE", "", name, "", (), "", "", "", finding.message, None, where)

"""Prove by all that is really at the destinations, and say which bans of ours something else there undoes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, error, note, warning
from mdm_policy.model import Frozen
from mdm_policy.push.protocol import reads_back
from mdm_policy.push.proving import pieces_of, prove, unaddressed
from mdm_policy.verify import Verification  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.vocabulary import FAMILY_OF
from mdm_policy.workflows import pieces
from mdm_policy.workflows.assess import READABLE, policies_of, taken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import Remote, Use
    from mdm_policy.push.protocol import Destination
    from mdm_policy.verify import ClassVerdict, Piece
    from mdm_policy.vocabulary import Family
    from mdm_policy.workflows.push import Read, Ready, Services

_SHOWN = 5


class LiveProof(Frozen, frozen=True):
    """Hold the proof by all that was read, the classes no object of ours is for, and what undoes bans of ours."""

    proof: Verification | None
    not_reached: tuple[str, ...]
    undone: tuple[Finding, ...]
    unread: tuple[Finding, ...] = ()
    """What was delivered and cannot be read back, so that nothing is proven of it."""


def live_proof(
    read: Read,
    destinations: Iterable[Destination],
    ours: Mapping[str, Sequence[Remote]],
    uses: Mapping[str, Use],
    services: Services,
) -> LiveProof:
    """Judge what is at the destinations: our objects as we know them, and all others as an export would show them.

    `ours` are the objects of ours that were read at each destination, by its name. What cannot be read counts as what it may
    hold; a destination whose objects cannot be listed is judged by ours alone.

    Raises:
        PolicyError: a destination of which nothing can be asked.

    """
    unread = {one.name: found for one in destinations for found in _delivered(one, ours.get(one.name, ()))}
    mine = [piece for name, remotes in ours.items() if name not in unread for piece in pieces_of(remotes, name, uses)]
    others = [
        piece
        for spec in read.specs
        if spec.type in READABLE and spec.name in ours
        for piece in _foreign(spec, read, ours[spec.name], services)
    ]
    judged = (read.gathered.catalogue, read.deployment.protected)
    not_reached = unaddressed(read.resolution, mine)
    whole = prove(read.resolution, [*mine, *others], *judged) if mine else None
    if whole is None or not others or whole.passes:
        return LiveProof(whole, not_reached, (), tuple(unread.values()))
    own = prove(read.resolution, mine, *judged)
    undone = tuple(_undone(own, whole)) if own is not None else ()
    return LiveProof(whole, not_reached, undone, tuple(unread.values()))


def already_held(read: Read, ready: Sequence[Ready], services: Services) -> Iterator[Finding]:
    """Yield which objects that are not ours block already what would be created; each destination is read whole for it.

    Raises:
        PolicyError: a destination of which nothing can be asked.

    """
    specs = {spec.name: spec for spec in read.specs if spec.type in READABLE}
    for one in ready:
        created = [action for action in one.plan.actions if action.op == "create"]
        adding = {(effect.app, FAMILY_OF.get(effect.platform)) for action in created for effect in action.effects}
        spec = specs.get(one.plan.destination)
        if not adding or spec is None:
            continue
        others = _foreign(spec, read, one.seen.remotes, services)
        proof = prove(read.resolution, others, read.gathered.catalogue, read.deployment.protected)
        yield from _holding(proof, adding) if proof is not None else ()


def _holding(proof: Verification, adding: Collection[tuple[str, Family | None]]) -> Iterator[Finding]:
    """Yield a note for each document that holds apps on a class, of those that would be added."""
    held: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for verdict in proof.classes:
        for alike in verdict.groups:
            cell = alike.cell
            if not cell.held or cell.row != "blocked":
                continue
            for app in alike.apps:
                if (app.name, verdict.family) in adding:
                    path = verdict.decide(app, cell.state).path if cell.state is not None else cell.decision.path
                    held[path, verdict.cls.name].append(app.name)
    for (path, name), apps in sorted(held.items()):
        rest = f" and {len(apps) - _SHOWN} more" if len(apps) > _SHOWN else ""
        said = f"{', '.join(apps[:_SHOWN])}{rest} on {name}: already held by {path}, which is not ours"
        hint = "nothing is wrong: both hold until somebody removes one; drift watches what is ours"
        yield note("already-held", said, Origin(path), hint)


def _delivered(destination: Destination, ours: Sequence[Remote]) -> Iterable[Finding]:
    """Yield that what was delivered is not read back, unless every device's own answer shows it."""
    if reads_back(destination) or not ours:
        return
    told = list(destination.evidence(ours))
    if told and all(one.state == "applied" for one in told):
        return
    many = len(ours)
    said = f"{many} profile{'s were' if many != 1 else ' was'} delivered through {destination.name}, and not read back: nothing is proven of them"
    hint = "name the devices' answers to Restrictions under `answers`; `drift --accept-unread` takes it as it is"
    yield warning("delivered-not-read-back", said, Origin(destination.name), hint)


def _foreign(spec: DestinationSpec, read: Read, ours: Iterable[Remote], services: Services) -> list[Piece]:
    """Return the objects of a destination that are not ours, and what was not read."""
    snapshot = taken(spec, read.edge, services.now, services.progress)
    own = {id_ for remote in ours for id_ in (remote.id, f"{remote.kind}/{remote.id}")}
    names = {f"{spec.name}/{one.path}" for one in snapshot.objects if one.id in own}
    found = pieces.pieces_of(policies_of(snapshot))
    return [one for one in found if one.name not in names]


def _undone(own: Verification, whole: Verification) -> Iterable[Finding]:
    """Yield what is blocked by our objects alone, and not by all that is there, by the reason."""
    reasons: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    sentences: dict[tuple[str, str, str], str] = {}
    for mine, all_ in zip(own.classes, whole.classes, strict=True):
        held = _held(mine)
        for alike in all_.groups:
            cell = alike.cell
            if cell.held or cell.accepted is not None:
                continue
            lost = [app.name for app in alike.apps if app.key in held]
            if lost:
                decision = cell.gaps[0].decision if cell.gaps else cell.decision
                why = mine.cls.name, decision.path, decision.cause
                reasons[why] += lost
                sentences.setdefault(why, decision.sentence)
    for (name, path, cause), apps in reasons.items():
        rest = f" and {len(apps) - _SHOWN} more" if len(apps) > _SHOWN else ""
        said = f"our objects block {', '.join(apps[:_SHOWN])}{rest} on {name}, and all that is there does not: {sentences[name, path, cause]}"
        hint = "look at the object that is named; `assess` shows everything that is there"
        yield error("ban-undone", said, Origin(path) if path else None, hint)


def _held(verdict: ClassVerdict) -> frozenset[str]:
    return frozenset(app.key for alike in verdict.groups for app in alike.apps if alike.cell.held)

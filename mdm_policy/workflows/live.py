"""Prove by all that is really at the destinations, and say which bans of ours something else there undoes."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mdm_policy.errors import Finding, Origin, error, warning
from mdm_policy.model import Frozen
from mdm_policy.push.protocol import reads_back
from mdm_policy.push.proving import pieces_of, prove, unaddressed
from mdm_policy.sources import signatures
from mdm_policy.sources.files import Policies, read_policies
from mdm_policy.tenant.model import NEVER_ASKED
from mdm_policy.verify import Verification  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.workflows import pieces
from mdm_policy.workflows.assess import READABLE, folder_of, joined, policies_of, taken
from mdm_policy.workflows.prove import ProveRequest, prove_pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import Remote, Use
    from mdm_policy.push.protocol import Destination
    from mdm_policy.tenant.model import Snapshot
    from mdm_policy.verify import ClassVerdict, Piece
    from mdm_policy.workflows.push import Read, Services

_SHOWN = 5
_WAITS = (2.0, 4.0, 0.0)
"""Seconds between two readings of a listing that is behind; what it lacks after the last does not count."""


class LiveProof(Frozen, frozen=True):
    """Hold the proof by all that was read, the classes no object of ours is for, and what undoes bans of ours."""

    proof: Verification | None
    not_reached: tuple[str, ...]
    undone: tuple[Finding, ...]
    unread: tuple[Finding, ...] = ()
    """What was delivered and cannot be read back, so that nothing is proven of it."""
    broken: tuple[Finding, ...] = ()
    """What is there and cannot be read as a document: nobody knows what it does."""

    @property
    def less(self) -> bool:
        """Tell whether all that is there may block less than our objects alone."""
        return bool(self.undone or self.broken)


class _There(NamedTuple):
    """Hold what was read of a destination, and the names of those of its documents that are ours.

    `beside` are objects that no reading of the destination shows and that count; `lacking` are ours that it leaves out
    although they were read a moment before, so that they do not count.
    """

    policies: Policies
    own: frozenset[str] = frozenset()
    beside: tuple[Piece, ...] = ()
    lacking: tuple[Piece, ...] = ()


def live_proof(
    read: Read,
    destinations: Iterable[Destination],
    ours: Mapping[str, Sequence[Remote]],
    uses: Mapping[str, Use],
    services: Services,
    held: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> LiveProof:
    """Judge all that is at the destinations, whoever made it, as `verify` judges a snapshot of it: no less and no more.

    `ours` are the objects of ours that were read at each destination, by its name; `held` are the ids of those objects of
    others that our plans leave bans to: what they block counts as ours. What cannot be read counts as what it may hold. Where nothing can be read back, what was delivered counts if every device's own answer shows it.

    Raises:
        PolicyError: a destination of which nothing can be asked.

    """
    unread = {one.name: found for one in destinations for found in _delivered(one, ours.get(one.name, ()))}
    there = [
        _there(spec, read, ours[spec.name], uses, services, held.get(spec.name, ()))
        for spec in read.specs
        if spec.name in ours and spec.name not in unread
    ]
    day = read.resolution.as_of
    policies = signatures.judged(joined([one.policies for one in there]), day)
    every = pieces.pieces_of(policies)
    own = frozenset(name for one in there for name in one.own)
    beside = tuple(piece for one in there for piece in one.beside)
    lacking = tuple(piece for one in there for piece in one.lacking)
    mine = [*(one for one in every if one.name in own), *beside, *lacking]
    not_reached = unaddressed(read.resolution, mine)
    told = tuple(unread.values())
    broken = tuple(one for one in policies.findings if one.severity == "error")
    if not every and not beside:
        return LiveProof(None, not_reached, (), told, broken)
    asked = ProveRequest((), day)
    whole = prove_pieces(asked, policies, (*every, *beside), read.resolution, read.gathered).verification
    alone = prove(read.resolution, mine, read.gathered.catalogue, read.deployment.protected)
    undone = () if alone is None or whole.passes else tuple(_undone(alone, whole))
    return LiveProof(whole, not_reached, undone, told, broken)


def _there(
    spec: DestinationSpec,
    read: Read,
    ours: Sequence[Remote],
    uses: Mapping[str, Use],
    services: Services,
    held: Collection[str],
) -> _There:
    root = folder_of(spec, Path(read.edge.base)) if spec.type == "git" else None
    if root is not None and root.is_dir():
        policies = read_policies([root])
        known = {one.id: str(root / one.id) for one in ours}
        known = {id_: name for id_, name in known.items() if name in policies.sources}
    elif spec.type not in READABLE:  # nothing there can be read but what the destination itself has told
        return _There(Policies(), beside=pieces_of(ours, spec.name, uses))
    else:
        snapshot = _snapshot(spec, read, ours, services)
        policies = policies_of(snapshot)
        known = {one.id: f"{spec.name}/{one.path}" for one in snapshot.objects}
    lacking = tuple(one for one in ours if not _ids(one) & known.keys())
    ids = {id_ for one in ours for id_ in _ids(one)}.union(held)
    own = frozenset(name for id_ in ids if (name := known.get(id_)))
    return _There(policies, own, lacking=pieces_of(lacking, spec.name, uses))


def _snapshot(spec: DestinationSpec, read: Read, ours: Sequence[Remote], services: Services) -> Snapshot:
    """Read a destination, again after a while where its listings do not show yet what was read there by its id."""
    for wait in _WAITS:
        snapshot = taken(spec, read.edge, services.now, services.progress)
        there = {one.id for one in snapshot.objects}
        explained = any(one.collection not in NEVER_ASKED for one in snapshot.missing)
        if explained or not wait or all(_ids(one) & there for one in ours):
            break
        services.sleep(wait)
    return snapshot


def _ids(remote: Remote) -> set[str]:
    """Return what an object may be called in a snapshot: a server may count objects of each kind by themselves."""
    return {remote.id, f"{remote.kind}/{remote.id}"}


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

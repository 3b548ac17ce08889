"""Plan with all that is at the destinations in view: what others hold already is not made, and said."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy.errors import Finding, Origin, error, note, warning
from mdm_policy.push.holding import Judged, Others, Tenant, judge
from mdm_policy.push.model import Holder
from mdm_policy.push.planning import make_plan
from mdm_policy.workflows import pieces, push
from mdm_policy.workflows.assess import READABLE, policies_of, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.holding import Pair
    from mdm_policy.push.model import LeftToOthers, Plan, Remote
    from mdm_policy.push.protocol import Destination
    from mdm_policy.tenant.model import Snapshot
    from mdm_policy.workflows.push import Read, Ready, Services

_SHOWN = 5


class Planned(NamedTuple):
    """Hold the plans, the findings of making them, and what others have at each destination that was read whole."""

    ready: list[Ready]
    findings: tuple[Finding, ...]
    others: Mapping[str, Others]


def plans(
    read: Read,
    folders: Sequence[Path],
    services: Services,
    *,
    prune: bool = False,
    clients: Sequence[tuple[DestinationSpec, Destination]] | None = None,
    every: bool = False,
) -> Planned:
    """Plan for every chosen destination; one where something would be created is read whole, with `every` each of them.

    Raises:
        PolicyError: what keeps a plan from being made, for all destinations that can be asked.

    """
    ready, found = push.plans(read, folders, prune=prune, clients=clients)
    specs = {spec.name: spec for spec in read.specs if spec.type in READABLE}
    told = list(found)
    made: list[Ready] = []
    others: dict[str, Others] = {}
    for one in ready:
        spec = specs.get(one.plan.destination)
        creates = any(action.op == "create" for action in one.plan.actions)
        if spec is None or not (creates or every):
            made.append(one)
            continue
        snapshot = taken(spec, read.edge, services.now, services.progress)
        others[spec.name] = others_of(snapshot, one.seen.remotes)
        judged = judge(
            Tenant(
                one.destination, spec, one.wanted, one.seen, others[spec.name], read.resolution, read.gathered.catalogue
            ),
            every=every,
        )
        made.append(_without(one, judged.held, read) if judged.held else one)
        told += _said(judged, spec, read)
    return Planned(made, tuple(dict.fromkeys(told)), others)


def others_of(snapshot: Snapshot, ours: Iterable[Remote]) -> Others:
    """Return the objects of a snapshot that are not ours, and what was not read."""
    own = {id_ for remote in ours for id_ in (remote.id, f"{remote.kind}/{remote.id}")}
    objects = {f"{snapshot.name}/{one.path}": one for one in snapshot.objects if one.id not in own}
    mine = {f"{snapshot.name}/{one.path}" for one in snapshot.objects if one.id in own}
    found = tuple(one for one in pieces.pieces_of(policies_of(snapshot)) if one.name not in mine)

    def holder(name: str) -> Holder | None:
        one = objects.get(name)
        return Holder(one.id, one.path, one.sha256) if one is not None else None

    idle = frozenset(name for name, one in objects.items() if not one.in_use)
    return Others(found, holder, idle, {one.id: name for name, one in objects.items()})


def leant_on(plans_: Iterable[Plan]) -> dict[str, frozenset[str]]:
    """Return the ids of the objects of others that plans leave bans to, by destination."""
    return {
        one.destination: frozenset(each.id for held in one.left_to_others for each in held.holders) for one in plans_
    }


def watched(records: Mapping[tuple[str, str], LeftToOthers], planned: Planned) -> tuple[tuple[Finding, ...], bool]:
    """Say what has become of the objects of others that receipts name, and whether a ban that they held is lost.

    A record of what we have made since, or of what nobody orders any more, says nothing.
    """
    told: list[Finding] = []
    lost = False
    for one in planned.ready:
        others = planned.others.get(one.plan.destination)
        now = {held.key: held for held in one.plan.left_to_others}
        missing = {action.key for action in one.plan.actions if action.op == "create"}
        for (destination, key), record in records.items():
            if destination != one.plan.destination or others is None or key not in {*now, *missing}:
                continue
            lost = lost or key in missing
            told += _became(record, now.get(key), others, destination)
    return tuple(told), lost


def _without(one: Ready, held: tuple[LeftToOthers, ...], read: Read) -> Ready:
    """Plan again, without the objects that others hold."""
    gone = {each.key for each in held}
    items = tuple(item for item in one.wanted.items if item.key not in gone)
    wanted = msgspec.structs.replace(one.wanted, items=items, left_to_others=held)
    plan = make_plan(one.destination, wanted, one.seen, read.question, read.gathered.catalogue, read.files)
    return msgspec.structs.replace(one, wanted=wanted, plan=plan)


def _said(judged: Judged, spec: DestinationSpec, read: Read) -> Iterator[Finding]:
    place = Origin(spec.name)
    for one in judged.held:
        said = (
            f"{one.kind} {one.name!r} is not made: all that it would block is blocked already, on all devices that it would "
            f"reach, by {one.named} (not ours). Whoever owns that may change or delete it at any time"
        )
        hint = "`drift` watches it; with `rely_on_others: false` for the destination ours is made as well"
        yield note("held-by-other", said, place, hint)
    names = {app.key: app.name for app in read.resolution.apps}
    for path, pairs in judged.in_part.items():
        for cls, apps in _by_class(pairs, names):
            rest = f" and {len(apps) - _SHOWN} more" if len(apps) > _SHOWN else ""
            said = f"{', '.join(apps[:_SHOWN])}{rest} on {cls}: already held by {path}, which is not ours"
            hint = "nothing is wrong: ours is there as well, and holds when somebody changes or deletes the other one"
            yield note("already-held", said, Origin(path), hint)


def _by_class(pairs: Iterable[Pair], names: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for cls, app in pairs:
        found[cls].append(names[app])
    return [(cls, sorted(apps, key=str.casefold)) for cls, apps in sorted(found.items())]


def _became(record: LeftToOthers, now: LeftToOthers | None, others: Others, destination: str) -> Iterator[Finding]:
    """Say what has become of what held an object's bans, or that it holds them no more although it is as it was."""
    place = Origin(destination)
    named = f"{record.kind} {record.name!r}"
    changed = [(one, said) for one in record.holders if (said := _change(one, others))]
    if now is not None:
        for one, said in changed:
            message = f"{one.path}, which is not ours and by our receipt holds what {named} would block, {said}; {now.named} holds all of it"
            hint = "look at it; a new `plan` and `apply` put on record who holds the ban"
            yield warning("holder-changed", message, place, hint)
        return
    told = changed or [(one, "does not hold all of it any more") for one in record.holders]
    for one, said in told:
        message = f"{one.path}, which is not ours and by our receipt held what {named} would block, {said}"
        hint = "make ours with `mdm-policy plan` and `apply`, or have that object restored by whoever looks after it"
        yield error("holder-lost", message, place, hint)


def _change(record: Holder, others: Others) -> str:
    """Say how an object of others differs from its record, or nothing."""
    name = others.names.get(record.id, "")
    now = others.holder(name)
    if now is None:
        return "is gone, or was not read"
    if now.sha256 == record.sha256:
        return ""
    scopes = {reading.scope.state for one in others.pieces if one.name == name for reading in one.readings}
    return "is assigned to nobody now" if scopes == {"nobody"} else "was changed"

"""Work out what has to change at a destination, in which order, and what each change does to the bans: pure.

What is there and what should be are compared twice: by their own keys (so that nothing we set is missing), and by their
effect (so that a person reads what an update means, and a loosening is never taken for an update). The order of the
actions is that in which an interruption at any point leaves no fewer bans than before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy.diff import Comparison, Question, Side, compare_policies
from mdm_policy.diff.model import DIRECTIONS, HARMLESS, WEAKENING
from mdm_policy.errors import Finding, Origin, PolicyError, note, warning
from mdm_policy.kinds import open_document, read_each
from mdm_policy.model import Frozen
from mdm_policy.push.model import Action, ActionEffect, Item, LeftToOthers, Op, Plan, Remote, Use
from mdm_policy.push.protocol import noticed
from mdm_policy.push.reach import Reached, changes, narrows, placed, words
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.diff.model import Direction
    from mdm_policy.documents import Document
    from mdm_policy.push.model import Assignment
    from mdm_policy.push.protocol import Destination

MAX_DOCUMENT = 64 * 1024 * 1024
_NONE = Use()


class Wanted(Frozen, frozen=True):
    """Hold what should be at a destination: the items, which devices each is for, and the keys of what has to go.

    `prune` asks for the deletion of objects of ours that no item stands for; `findings` is what the destination says of it.
    `left_to_others` are objects that are wanted too, and that are not made while others hold their bans: no item stands for them.
    """

    items: tuple[Item, ...]
    uses: dict[str, Use] = {}
    remove: frozenset[str] = frozenset()
    prune: bool = False
    findings: tuple[Finding, ...] = ()
    left_to_others: tuple[LeftToOthers, ...] = ()


class Seen(Frozen, frozen=True):
    """Hold what is at a destination: our objects, whole, in a fixed order."""

    remotes: tuple[Remote, ...]

    def by_key(self) -> dict[str, Remote]:
        """Return one object for each key, the first where there are twins."""
        found: dict[str, Remote] = {}
        for remote in self.remotes:
            found.setdefault(remote.key, remote)
        return found


class _Draft(Frozen, frozen=True):
    """Pair an action with the documents it replaces and makes."""

    action: Action
    old: Document | None
    new: Document | None

    def placed(self, *, assigns: bool) -> Reached:
        """Return the object with whom it is for, before and after; an assignment that is not given stays."""
        action = self.action
        stays = action.assigned_before if self.old is not None else None
        return placed(self.old, self.new, action.assigned_before, action.assignment or stays, assigns=assigns)


def make_plan(
    destination: Destination,
    wanted: Wanted,
    seen: Seen,
    question: Question,
    catalogue: Catalogue | None,
    inputs: tuple[tuple[str, str, str], ...] = (),
) -> Plan:
    """Plan every action for one destination, in the order in which they are safe.

    Raises:
        PolicyError: an object that is ours and that cannot be read as a document.

    """
    there = seen.by_key()
    drafts = [_for_item(destination, item, there.get(item.key), wanted) for item in wanted.items]
    keys = {item.key for item in wanted.items}
    findings = [*wanted.findings]
    place = Origin(destination.name)
    for item in wanted.items:
        findings += noticed(destination, item, there.get(item.key))
        remote = there.get(item.key)
        if remote is not None and _mended(item.name, remote.body) is None:
            said = f"{remote.kind} {remote.name!r} is ours, and cannot be read as a policy any more"
            findings.append(
                warning("remote-unreadable", said, place, "the plan writes it anew; find out who damaged it")
            )
    findings += [_idle(remote, place) for remote in unassigned(destination.name, wanted, seen)]
    for remote in seen.remotes:
        if remote.extra and remote.key in keys:
            said = f"{remote.kind} {remote.name!r} holds keys that we never set: {', '.join(remote.extra[:5])}"
            findings.append(warning("remote-extra-key", said, place, "somebody set them in the console; look at them"))
        twin = there[remote.key] is not remote
        if remote.key in keys and not twin:
            continue
        if (wanted.prune and destination.finds_by_marker) or remote.key in wanted.remove:
            drafts.append(_gone(destination, remote, wanted.uses.get(remote.key, _NONE)))
        else:
            findings.append(_left(remote, place, twin=twin))
    # Where nothing is assigned to anybody (a folder, a policy), whatever is there is for everyone.
    assigns = any(item.assignment is not None for item in wanted.items) or any(
        remote.assignment is not None for remote in seen.remotes
    )
    judged = [_judge(draft, question, catalogue, assigns=assigns) for draft in drafts]
    whole = _whole(drafts, question, catalogue, assigns=assigns)
    moves = changes([one.placed(assigns=assigns) for one in drafts], question, catalogue) if assigns else ()
    # What no reader finds in a document nobody can see another one take over.
    blind: list[Direction] = ["NARROWED" for one in judged if one.effects[-1:] == (_blind(one),)]
    worst = _worst([*(one.direction for one in whole.changes), *(one.direction for one in moves), *blind])
    held = worst in WEAKENING
    actions = [
        # A deletion never tightens; an activation's own has no direction, and ends what its configurations block.
        msgspec.structs.replace(
            one, held=held and (one.op == "delete" or (one.op != "noop" and one.direction in WEAKENING))
        )
        for one in judged
    ]
    return Plan(
        destination.name,
        destination.type,
        destination.where,
        question.as_of,
        in_order(actions),
        inputs,
        worst,
        tuple(findings),
        wanted.left_to_others,
    )


def unassigned(name: str, wanted: Wanted, seen: Seen) -> tuple[Remote, ...]:
    """Return the objects that reach nobody, and whose assignment is left as it is: nothing they ban is blocked."""
    there = seen.by_key()
    kept = [there[item.key] for item in wanted.items if item.assignment is None and item.key in there]
    return tuple(remote for remote in kept if _state(name, remote) == "nobody")


def _state(name: str, remote: Remote) -> str:
    if remote.scope is not None:
        return remote.scope.state
    document = _mended(f"{name}:{remote.kind}/{remote.name}", remote.body)
    if document is None:
        return ""
    states = {reading.scope.state for reading in read_each(document)}
    return states.pop() if len(states) == 1 else ""


def _idle(remote: Remote, place: Origin) -> Finding:
    said = f"{remote.kind} {remote.name!r} is assigned to nobody, so it blocks nothing, and the deployment leaves that as it is"
    return warning("remote-unassigned", said, place, "assign it in the console, or say in `assign` whom it is for")


def _left(remote: Remote, place: Origin, *, twin: bool) -> Finding:
    if twin:
        said = f"{remote.kind} {remote.name!r} ({remote.id}) bears the marker of another object of ours: it is a copy"
        return warning("remote-twin", said, place, "give --prune to delete it, after a look at it")
    said = f"{remote.kind} {remote.name!r} is ours, and no document stands for it any more: it stays"
    return note("remote-orphan", said, place, "give --prune to plan its deletion")


def _for_item(destination: Destination, item: Item, remote: Remote | None, wanted: Wanted) -> _Draft:
    use = wanted.uses.get(item.key, _NONE)
    name = f"{destination.name}:{item.kind}/{item.name}"
    new = _opened(name, destination.merged(item, remote))
    body = item.body.decode()
    if remote is None:
        action = Action(
            "create",
            item.kind,
            "",
            item.key,
            item.name,
            path=item.path,
            use=use,
            body=body,
            assignment=item.assignment,
            digest=digest_of(item),
        )
        return _Draft(action, None, new)
    reasons = destination.differs(item, remote)
    moved = item.assignment is not None and not same_assignment(item.assignment, remote.assignment)
    op: Op = "update" if reasons or moved else "noop"
    action = Action(
        op,
        item.kind,
        remote.id,
        item.key,
        item.name,
        based_on=remote.fingerprint,
        version=remote.version,
        path=item.path,
        use=use,
        body=body,
        before=restorable(destination, item, remote),
        assignment=item.assignment,
        assigned_before=remote.assignment,
        reasons=(*reasons, *(("who it is for",) if moved else ())),
        digest=digest_of(item),
    )
    return _Draft(action, _mended(name, remote.body), new)


def restorable(destination: Destination, item: Item, remote: Remote) -> str:
    """Return what would bring an object back; nothing for one that is damaged so that it is no text any more."""
    try:
        return destination.restoring(item, remote).decode()
    except UnicodeDecodeError:
        return ""


def digest_of(item: Item) -> str:
    """Return the SHA-256 (hex) of what is to be sent."""
    return hashlib.sha256(item.body).hexdigest()


def _gone(destination: Destination, remote: Remote, use: Use) -> _Draft:
    item = Item(remote.key, remote.kind, remote.name, b"", "", remote.assignment)
    action = Action(
        "delete",
        remote.kind,
        remote.id,
        remote.key,
        remote.name,
        based_on=remote.fingerprint,
        version=remote.version,
        use=use,
        before=restorable(destination, item, remote),
        assigned_before=remote.assignment,
    )
    name = f"{destination.name}:{remote.kind}/{remote.name}"
    return _Draft(action, _opened(name, remote.body), None)


def _mended(name: str, body: bytes) -> Document | None:
    """Return an object that is to be written anew; one that cannot be read blocks nothing that anybody could prove."""
    try:
        return _opened(name, body)
    except PolicyError:
        return None


def _opened(name: str, body: bytes) -> Document:
    try:
        return open_document(name, body, max_size=MAX_DOCUMENT)
    except PolicyError as bad:
        said = f"{name} is ours, and cannot be read as a policy any more"
        first = Finding("remote-unreadable", "error", said, Origin(name), "look at it in the console")
        raise PolicyError([first, *bad.findings]) from None


def _side(label: str, pairs: Iterable[tuple[Document | None, Assignment | None, Use]]) -> Side:
    """Return the documents of one side, each for everyone or for nobody: for whom else, `reach` compares by itself."""
    documents, scopes, apart = [], {}, {}
    for document, who, use in pairs:
        if document is None:
            continue
        documents.append(document)
        if who is not None:
            scopes[document.name] = Scope("everyone" if who.everyone or who.groups else "nobody")
        if use.groups:
            apart[document.name] = ", ".join(use.groups)
    return Side(label, tuple(documents), scopes=scopes, apart=apart)


def _sides(drafts: Sequence[_Draft], *, assigns: bool) -> tuple[Side, Side]:
    kept = [(one.placed(assigns=assigns), one.action.use) for one in drafts]
    old = _side("now", ((one.old, one.before if assigns else None, use) for one, use in kept))
    new = _side("planned", ((one.new, one.after if assigns else None, use) for one, use in kept))
    return old, new


def _judge(draft: _Draft, question: Question, catalogue: Catalogue | None, *, assigns: bool) -> Action:
    """Say what an action does to the bans; a difference in effect alone makes an update too."""
    action = draft.action
    if draft.old is not None and draft.new is not None and draft.old.data == draft.new.data and action.op == "noop":
        return _bare(action)
    found = compare_policies(*_sides([draft], assigns=assigns), question, catalogue)
    told = effects_of(found)
    if assigns and action.op == "update" and draft.old is not None:
        known = {(one.direction, one.app, one.platform) for one in told}
        moves = changes([draft.placed(assigns=assigns)], question, catalogue)
        told += tuple(one for one in moves if (one.direction, one.app, one.platform) not in known)
        if not any(one.direction in WEAKENING for one in told) and _narrows(action):
            told += (_blind(action),)
    direction = _worst(one.direction for one in told)
    if action.op == "noop" and direction:
        action = msgspec.structs.replace(action, op="update", reasons=("what it does",))
    judged = msgspec.structs.replace(action, direction=direction, effects=told)
    return _bare(judged) if judged.op == "noop" else judged


def _narrows(action: Action) -> bool:
    return action.assignment is not None and narrows(action.assigned_before, action.assignment)


def _blind(action: Action) -> ActionEffect:
    """Say that an object whose effects no reader finds is for fewer than before."""
    return ActionEffect(
        "NARROWED", "", "", words(action.assigned_before), words(action.assignment), "", "whom it is for"
    )


def _bare(action: Action) -> Action:
    """Leave out of a plan what nothing is done with."""
    return msgspec.structs.replace(action, body="", before="")


def _whole(drafts: Sequence[_Draft], question: Question, catalogue: Catalogue | None, *, assigns: bool) -> Comparison:
    busy = [one for one in drafts if one.action.op != "noop" or one.action.effects]
    if not busy:
        return Comparison(())
    return compare_policies(
        *_sides(drafts, assigns=assigns), msgspec.structs.replace(question, devices_move=False), catalogue
    )


def _worst(found: Iterable[Direction | Literal[""]]) -> Direction | Literal[""]:
    """Return the worst direction that is not harmless."""
    kept = {one for one in found if one and one not in HARMLESS}
    return next((one for one in DIRECTIONS if one in kept), "")


def effects_of(found: Comparison) -> tuple[ActionEffect, ...]:
    """Return the changes of a comparison that matter, as a plan holds them."""
    return tuple(
        ActionEffect(one.direction, one.name, one.platform, one.before, one.after, one.who, one.why)
        for one in found.changes
        if one.direction not in HARMLESS
    )


def same_assignment(wanted: Mapping[str, object] | object, found: object) -> bool:
    """Tell whether two assignments reach the same, the order of groups aside."""
    return _plain(wanted) == _plain(found)


def _plain(one: object) -> tuple[object, ...] | None:
    if one is None:
        return None
    everyone, groups, excluded = (getattr(one, name) for name in ("everyone", "groups", "excluded"))
    return (everyone, frozenset(groups), frozenset(excluded))


def in_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions in the order in which an interruption at any point leaves no fewer bans than before."""
    return tuple(sorted(actions, key=_order))


def _order(action: Action) -> tuple[int, str, str, str]:
    """Tighten first, loosen last: new objects, updates that only tighten, the rest, what weakens, what goes."""
    weakens = action.direction in WEAKENING
    mixed = weakens and any(one.direction == "TIGHTENED" for one in action.effects)
    if action.op == "delete":
        rank = 5
    elif action.op == "noop":
        rank = 6
    elif weakens:
        rank = 3 if mixed else 4
    else:
        rank = 0 if action.op == "create" and action.use.groups else 1 if action.op == "create" else 2
    return (rank, action.kind, action.name.casefold(), action.key)

"""Say which objects that a plan would create others hold already, and whether they hold them still: pure.

An object of ours that is not made leaves its bans to somebody who may lift them any day. So nothing is taken for held by its
name: one or more objects of others have to block, by the verifier's word, all that ours would, on every device that ours would
reach, and everything that is there has to block no less without ours than with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003 - the fields' types are read at run time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy.decide.reach import EVERYONE
from mdm_policy.diff import WEAKENING, Question, Side, compare_policies
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document
from mdm_policy.push.model import Holder, LeftToOthers
from mdm_policy.push.planning import MAX_DOCUMENT, digest_of
from mdm_policy.push.proving import pieces_of
from mdm_policy.reading import Scope
from mdm_policy.verify import Piece, Rules, allowances, piece, verdicts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import DestinationSpec, Resolution
    from mdm_policy.push.model import Assignment, Item, Use
    from mdm_policy.push.planning import Seen, Wanted
    from mdm_policy.push.protocol import Destination
    from mdm_policy.reading import Reading

Pair = tuple[str, str]
"""A device class and an app, by name and key."""
_NOBODY = Scope("nobody", why="is not known to be in use")


class Others(NamedTuple):
    """Hold what others have at a destination, and what was not read there, as the verifier takes it.

    `holder` gives the record of an object by its document's name, None for what is no object; `idle` are the names of those
    that no device is known to have; `names` are the names by the server's ids.
    """

    pieces: tuple[Piece, ...]
    holder: Callable[[str], Holder | None]
    idle: frozenset[str] = frozenset()
    names: Mapping[str, str] = {}


class Judged(NamedTuple):
    """Hold what is not made, and which documents hold some of the bans of what is made: the pairs, by document."""

    held: tuple[LeftToOthers, ...] = ()
    in_part: Mapping[str, frozenset[Pair]] = {}


class Tenant(NamedTuple):
    """Hold one destination with all that is known of it, and what it is judged by."""

    destination: Destination
    spec: DestinationSpec
    wanted: Wanted
    seen: Seen
    others: Others
    resolution: Resolution
    catalogue: Catalogue | None


class _Candidate(NamedTuple):
    item: Item
    mine: Piece
    """What would be made, as if for everyone."""
    holders: tuple[str, ...]


def judge(tenant: Tenant, *, every: bool = False) -> Judged:
    """Say which of the objects that would be created others hold already, whole or in part; with `every` also of those there.

    Without declared classes nobody knows on which devices, and nothing is taken for held.
    """
    return _Judging(tenant).result(every=every)


def scope_of(assignment: Assignment | None, spec: DestinationSpec) -> Scope:
    """Return whom an object is for in the words in which a snapshot says it of others; for more, where those may mislead.

    An object that is for nobody yet is meant for whomever a person will choose. Jamf's groups bear their own names in a
    snapshot, which may be another group's in the deployment.
    """
    if assignment is None or (assignment.everyone and spec.type == "jamf"):
        return EVERYONE
    names = {id_: name for name, id_ in sorted(spec.groups.items(), reverse=True)}
    groups, excluded = ([names.get(one, one) for one in each] for each in (assignment.groups, assignment.excluded))
    if assignment.everyone or spec.settings.get("set") in assignment.groups:
        return Scope("everyone", excluded=tuple(excluded))
    return EVERYONE if spec.type == "jamf" or not groups else Scope("groups", tuple(groups), tuple(excluded))


def covers(scope: Scope, wanted: Scope) -> bool:
    """Tell whether a scope reaches, for certain, everybody whom another one reaches."""
    if scope.filtered or not set(scope.excluded) <= set(wanted.excluded):
        return False
    if scope.state == "groups":
        return wanted.state == "groups" and set(wanted.groups) <= set(scope.groups)
    return scope.state == "everyone"


class _Judging:
    """Judge one destination."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        # What an object blocks weakly counts too: another has to block it no more weakly.
        self._strict = Rules(tenant.resolution.as_of, "weak", require_scope=True)
        self._leave = allowances(tenant.resolution)
        self._theirs: dict[Scope, tuple[dict[str, Piece], dict[Pair, str]]] = {}

    def result(self, *, every: bool) -> Judged:
        there = self._tenant.seen.by_key()
        items = self._tenant.wanted.items
        new = [item for item in items if item.key not in there]
        if not (new or every) or not self._tenant.resolution.devices or not self._tenant.others.pieces:
            return Judged()
        mine = {item.key: self._piece(item, EVERYONE) for item in (items if every else new)}
        found: dict[str, _Candidate] = {}
        for item in new:
            candidate = self._candidate(item, mine[item.key])
            if candidate is not None and self._tenant.spec.rely_on_others:
                found[item.key] = candidate
        kept = mine.keys() - found.keys()
        found |= self._activations(new, mine, found, kept)
        if found and not self._no_less(found.values()):
            found = {}
        held = tuple(self._record(one) for one in found.values())
        return Judged(held, self._in_part([one for key, one in mine.items() if key not in found]))

    def _candidate(self, item: Item, mine: Piece) -> _Candidate | None:
        """Return an object with what holds all of its bans, where something does."""
        wanted = self._held([mine], self._strict)
        if not wanted or mine.unjudged:
            return None
        pieces, theirs = self._theirs_for(scope_of(item.assignment, self._tenant.spec))
        if not wanted.keys() <= theirs.keys():
            return None
        paths = {theirs[pair] for pair in wanted}
        if self._tenant.spec.type == "amapi":
            # A device has one policy: all those that devices have hold the ban together.
            paths = {name for name in pieces if self._is_in_use(name)}
        holders = sorted({*paths, *_turning_on(paths, pieces)} & pieces.keys())
        if not holders or any(self._tenant.others.holder(name) is None for name in holders):
            return None
        return _Candidate(item, mine, tuple(holders)) if self._as_much(mine, [pieces[one] for one in holders]) else None

    def _theirs_for(self, wanted: Scope) -> tuple[dict[str, Piece], dict[Pair, str]]:
        """Return the documents of others as those see them who are in a scope, and what they hold there."""
        if wanted not in self._theirs:
            made = {one.name: self._seen_from(one, wanted) for one in self._tenant.others.pieces}
            self._theirs[wanted] = (made, self._held(list(made.values()), self._strict))
        return self._theirs[wanted]

    def _seen_from(self, one: Piece, wanted: Scope) -> Piece:
        if one.name in self._tenant.others.idle:
            return _scoped(one, _NOBODY, one.readings)
        sure = [reading for reading in one.readings if self._covers(reading, wanted)]
        return _scoped(one, EVERYONE, sure)

    def _covers(self, reading: Reading, wanted: Scope) -> bool:
        one_each = self._tenant.spec.type == "amapi" and reading.scope.state == "not-stated"
        return one_each or covers(reading.scope, wanted)

    def _is_in_use(self, name: str) -> bool:
        return self._tenant.others.holder(name) is not None and name not in self._tenant.others.idle

    def _as_much(self, mine: Piece, holders: Sequence[Piece]) -> bool:
        """Tell whether what others have in the place of ours blocks no less, and no more weakly, for anybody."""
        one = self._tenant.resolution
        question = Question(one.as_of, one.apps, one.statuses, one.devices)
        try:
            found = compare_policies(_side([mine]), _side(holders), question, self._tenant.catalogue)
        except PolicyError:
            return False
        return not any(change.direction in WEAKENING for change in found.changes)

    def _activations(
        self, new: Sequence[Item], mine: Mapping[str, Piece], found: Mapping[str, _Candidate], kept: Collection[str]
    ) -> dict[str, _Candidate]:
        """Return what does nothing but turn on objects that are all held."""
        holders = {name: one.holders for one in found.values() for name in _declared(one.mine)}
        made = {name for key in kept for name in _declared(mine[key])}
        named: dict[str, _Candidate] = {}
        for item in new:
            turned = {name for reading in mine[item.key].readings for name in reading.activates}
            if item.key in kept and turned and turned <= holders.keys() and not turned & made:
                whose = sorted({holder for name in turned for holder in holders[name]})
                named[item.key] = _Candidate(item, mine[item.key], tuple(whose))
        return named

    def _no_less(self, found: Iterable[_Candidate]) -> bool:
        """Tell whether all that is there blocks no less without what is held, and all of what is held."""
        wanted, destination = self._tenant.wanted, self._tenant.destination
        gone = {one.item.key: one for one in found}
        rest = [self._planned(item) for item in wanted.items if item.key not in gone]
        stood = {item.key for item in wanted.items} | wanted.remove
        left = [one for one in self._tenant.seen.remotes if one.key not in stood]
        beside = [*rest, *pieces_of(left, destination.name, wanted.uses), *self._tenant.others.pieces]
        ours = [self._piece(one.item, scope_of(one.item.assignment, self._tenant.spec)) for one in gone.values()]
        for rules in (Rules(self._tenant.resolution.as_of), Rules(self._tenant.resolution.as_of, "weak")):
            without = self._held(beside, rules)
            if not {*self._held([*beside, *ours], rules), *self._held(ours, rules)} <= without.keys():
                return False
        return True

    def _planned(self, item: Item) -> Piece:
        remote = self._tenant.seen.by_key().get(item.key)
        kept = item.assignment if item.assignment is not None or remote is None else remote.assignment
        none = kept is not None and not (kept.everyone or kept.groups)
        scope = _NOBODY if none else scope_of(kept, self._tenant.spec)
        name = f"{self._tenant.destination.name}:{item.kind}/{item.name}"
        return self._read(name, self._tenant.destination.merged(item, remote), item, scope)

    def _piece(self, item: Item, scope: Scope) -> Piece:
        name = f"{self._tenant.destination.name}:{item.kind}/{item.name}"
        return self._read(name, self._tenant.destination.merged(item, None), item, scope)

    def _read(self, name: str, body: bytes, item: Item, scope: Scope) -> Piece:
        use: Use = self._tenant.wanted.uses[item.key]
        slot = use.slot and f"{self._tenant.destination.name}|{use.slot}"
        return piece(
            open_document(name, body, max_size=MAX_DOCUMENT),
            scope=scope,
            managed_by=use.managed_by,
            modes=use.modes,
            groups=use.groups,
            slot=slot,
        )

    def _held(self, pieces: Sequence[Piece], rules: Rules) -> dict[Pair, str]:
        """Return every ban that documents hold, with the document that decides."""
        one = self._tenant.resolution
        found: dict[Pair, str] = {}
        for verdict in verdicts_of(one.apps, one.devices, pieces, rules, self._leave).verdicts:
            for alike in verdict.groups:
                cell = alike.cell
                if not cell.held or cell.row != "blocked":
                    continue
                for app in alike.apps:
                    decision = verdict.decide(app, cell.state) if cell.state is not None else cell.decision
                    found[verdict.cls.name, app.key] = decision.path
        return found

    def _in_part(self, mine: Sequence[Piece]) -> dict[str, frozenset[Pair]]:
        """Return which bans of what is made others hold as well, by their documents."""
        rules = Rules(self._tenant.resolution.as_of, require_scope=True)
        pieces, _ = self._theirs_for(EVERYONE)
        theirs = self._held(list(pieces.values()), rules) if mine else {}
        found: dict[str, set[Pair]] = {}
        for pair in {pair for one in mine for pair in self._held([one], rules)} & theirs.keys():
            found.setdefault(theirs[pair], set()).add(pair)
        return {path: frozenset(pairs) for path, pairs in sorted(found.items())}

    def _record(self, one: _Candidate) -> LeftToOthers:
        known = (self._tenant.others.holder(name) for name in one.holders)
        holders = tuple(found for found in known if found is not None)
        return LeftToOthers(one.item.key, one.item.kind, one.item.name, digest_of(one.item), holders)


def _scoped(one: Piece, scope: Scope, chosen: Sequence[Reading]) -> Piece:
    """Let some readings of a document reach whom a scope says."""
    readings = tuple(
        msgspec.structs.replace(reading, scope=scope) if any(reading is each for each in chosen) else reading
        for reading in one.readings
    )
    return msgspec.structs.replace(one, readings=readings)


def _declared(one: Piece) -> Iterator[str]:
    return (reading.declares for reading in one.readings if reading.declares)


def _turning_on(paths: Iterable[str], pieces: Mapping[str, Piece]) -> Iterator[str]:
    """Yield the documents that turn on what some others declare."""
    declared = {name for path in paths if path in pieces for name in _declared(pieces[path])}
    for name, one in pieces.items():
        if any(declared & set(reading.activates) for reading in one.readings):
            yield name


def _side(pieces: Sequence[Piece]) -> Side:
    return Side("", tuple(one.document for one in pieces), pieces=tuple(pieces))

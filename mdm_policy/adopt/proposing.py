"""Turn what documents block into bans that hold: proven one by one, then put together by app and proven again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.adopt.classes import classes
from mdm_policy.adopt.finding import blocked
from mdm_policy.adopt.model import Left, Proposal, ProposedBan
from mdm_policy.catalogue import folded_key
from mdm_policy.derived import derive
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.identifiers import slug
from mdm_policy.model import Authority, Ban, BanList, CatalogueApp, Identifier
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.adopt.model import BlockedIdentifier
    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import BannedApp, DeviceClass, Resolution
    from mdm_policy.verify import Cell, ClassVerdict, Piece
    from mdm_policy.vocabulary import Strength

_FILE = "proposal"
_LACKING = frozenset({"no-identifier", "no-comparable-identifier", "only-parts"})
"""Why nothing is judged on a platform: nothing is known of the app there that a document could block it by."""


class _Group(msgspec.Struct):
    """Gather the targets of one app; `app` is its key in the catalogue, empty for an entry with identifiers of its own."""

    name: str
    app: str
    targets: list[BlockedIdentifier]


class _Verdict(msgspec.Struct, frozen=True):
    """Say what becomes of a ban on a class: whether it holds, and by a block, else why not."""

    cls: str
    held: bool = False
    blocked: bool = False
    why: str = ""


def propose(pieces: Sequence[Piece], catalogue: Catalogue, as_of: str) -> Proposal:
    """Propose a ban list and classes from what documents block on a day.

    Weak blocks count here; where an entry does not hold as `verify` judges by itself is said beside it. A site is no app, so
    it is proposed as it stands, and nothing on a device proves it.
    """
    targets, left = blocked(pieces)
    groups = [_Group(str(number), "", [one]) for number, one in enumerate(targets)]
    groups, resolution, refused = _resolved(groups, catalogue, as_of)
    if resolution is None:
        return Proposal((), (), (*left, *refused))
    places = [place for group in groups for one in group.targets for place in one.places]
    devices = classes(pieces, resolution.apps, places, as_of)
    if not devices:
        return Proposal((), (), (*left, *refused, *(_left(group, "no class of devices obeys it") for group in groups)))
    judge = _Court(devices, pieces, catalogue)
    good, doubted = judge.sorted(groups, resolution)
    by_app = _grouped([group.targets[0] for group, _ in doubted], catalogue)
    by_app, resolution, _ = _resolved([group for group in by_app if group.app], catalogue, as_of)
    if resolution is not None:
        good += judge.sorted(by_app, resolution)[0]
    refused += [_left(group, why) for group, why in doubted if group.targets[0] not in good]
    groups, resolution, more = _resolved(_grouped(good, catalogue), catalogue, as_of)
    if resolution is None:
        return Proposal((), (), (*left, *refused, *more))
    cells = judge(resolution, "partial")
    entries = [_entry(group, _sentences(cells.get(number, ()))) for number, group in enumerate(groups)]
    return Proposal(tuple(entries), devices, (*left, *refused, *more))


def _grouped(good: Iterable[BlockedIdentifier], catalogue: Catalogue) -> list[_Group]:
    """Put targets together: those of one app of the catalogue, else those with the same text on several platforms."""
    found: dict[tuple[str, str], _Group] = {}
    derived = _derived(catalogue)
    for one in good:
        key = folded_key(one.family, one.kind, one.value)
        apps = {owner.key: owner for owner in catalogue.owners.get(key, ()) if isinstance(owner, CatalogueApp)}
        apps = apps or {owner.key: owner for owner in derived.get(key, ())}
        if len(apps) == 1:
            app = next(iter(apps.values()))
            group = found.setdefault(("app", app.key), _Group(app.name, app.key, []))
        else:
            group = found.setdefault(("", one.value), _Group(one.value, "", []))
        group.targets.append(one)
    names: set[str] = set()
    for group in found.values():
        if not group.app and slug(group.name) in names:
            group.name = f"{group.name} ({group.targets[0].family} {group.targets[0].kind})"
        names.add(slug(group.name))
    return sorted(found.values(), key=lambda group: (not group.app, group.app or group.name))


def _derived(catalogue: Catalogue) -> dict[tuple[str, str, str], list[CatalogueApp]]:
    """Map what is worked out from the catalogue's identifiers (signing ids, package names) to the apps they are of."""
    found: defaultdict[tuple[str, str, str], list[CatalogueApp]] = defaultdict(list)
    for key in sorted(catalogue.apps):
        app = catalogue.apps[key]
        for one in derive(app.identifiers):
            found[folded_key(*one.key)].append(app)
    return found


def _resolved(
    groups: list[_Group], catalogue: Catalogue, as_of: str
) -> tuple[list[_Group], Resolution | None, list[Left]]:
    """Resolve groups as a ban list; what a list may not ban is taken out, with the reason."""
    refused: list[Left] = []
    while groups:
        bans = tuple(_ban(group, Origin(_FILE, number + 1)) for number, group in enumerate(groups))
        origin = Origin(_FILE)
        order = BanList(_FILE, _FILE, Authority("", origin), bans, (), origin, "")
        try:
            return groups, resolve([order], None, catalogue, as_of, enforce=False), refused
        except PolicyError as bad:
            wrong = {f.origin.line - 1: f.message for f in reversed(bad.findings) if f.severity == "error" and f.origin}
            wrong = {number: said for number, said in wrong.items() if 0 <= number < len(groups)}
            if not wrong:
                raise
        refused += [_left(groups[number], wrong[number]) for number in sorted(wrong)]
        groups = [group for number, group in enumerate(groups) if number not in wrong]
    return [], None, refused


def _ban(group: _Group, origin: Origin) -> Ban:
    if group.app:
        return Ban(origin, app=group.app)
    identifiers = tuple(Identifier(one.family, one.kind, one.value, origin) for one in group.targets)
    return Ban(origin, name=group.name, identifiers=identifiers)


class _Court:
    """Judge bans by the documents, on the proposed classes."""

    def __init__(self, devices: Sequence[DeviceClass], pieces: Sequence[Piece], catalogue: Catalogue) -> None:
        self._devices, self._pieces, self._catalogue = tuple(devices), pieces, catalogue

    def __call__(self, resolution: Resolution, strength: Strength) -> Mapping[int, Sequence[_Verdict]]:
        """Return the cells of every ban with the names of their classes, by the ban's number."""
        asked = msgspec.structs.replace(resolution, devices=self._devices)
        found = verify(asked, self._pieces, self._catalogue, Rules(resolution.as_of, strength))
        cells: defaultdict[int, list[_Verdict]] = defaultdict(list)
        for verdict in found.classes:
            for alike in verdict.groups:
                for app in alike.apps:
                    for number in dict.fromkeys(reason.origin.line - 1 for reason in app.reasons):
                        cells[number].append(_verdict(verdict, app, alike.cell))
        return cells

    def sorted(
        self, groups: Sequence[_Group], resolution: Resolution
    ) -> tuple[list[BlockedIdentifier], list[tuple[_Group, str]]]:
        """Return the targets of the groups that hold on some class, and the other groups with the reason."""
        cells = self(resolution, "weak")
        good: list[BlockedIdentifier] = []
        doubted: list[tuple[_Group, str]] = []
        for number, group in enumerate(groups):
            mine = cells.get(number, ())
            if any(one.blocked for one in mine) or group.targets[0].family == "web":
                good += group.targets
            else:
                doubted.append((group, "; ".join(_sentences(mine)) or "no class of devices obeys it"))
        return good, doubted


def _verdict(verdict: ClassVerdict, app: BannedApp, cell: Cell) -> _Verdict:
    """Return what becomes of an app on a class, in words of its own: those of a cell are of the first app that fares alike."""
    if cell.held:
        return _Verdict(verdict.cls.name, held=True, blocked=cell.row == "blocked")
    state = cell.gaps[0].state if cell.gaps else None
    decision = cell.decision if state is None else verdict.decide(app, state)
    if decision.cause in _LACKING:
        return _Verdict(verdict.cls.name, why="nothing is known of it there")
    weak = decision.strength == "weak" and decision.verdict not in ("allowed", "unknown")
    return _Verdict(verdict.cls.name, why=f"{decision.sentence}; the block is weak" if weak else decision.sentence)


def _sentences(verdicts: Iterable[_Verdict]) -> tuple[str, ...]:
    """Say on which classes a ban does not hold, and why; classes with the same reason stand together."""
    why: dict[str, list[str]] = {}
    for one in verdicts:
        if not one.held:
            why.setdefault(one.why, []).append(one.cls)
    return tuple(f"{', '.join(names)}: {said}" for said, names in why.items())


def _entry(group: _Group, open_: tuple[str, ...]) -> ProposedBan:
    every = {(place.document, place.pointer): place for one in group.targets for place in one.places}
    return ProposedBan(_ban(group, Origin(_FILE)), tuple(every[at] for at in sorted(every)), open_)


def _left(group: _Group, why: str) -> Left:
    what = ", ".join(f"{one.family} {one.kind} {one.value}" for one in group.targets)
    return Left(what, why, group.targets[0].places[0])

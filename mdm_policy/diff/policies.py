"""Compare two sets of documents by what they do: one line for each app and platform, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.columns import Sets
from mdm_policy.diff.directions import Comparer, Verdicts, before_after
from mdm_policy.diff.grid import Grid
from mdm_policy.diff.mentions import Mentions
from mdm_policy.diff.model import DIRECTIONS, Change, Comparison, Other, ordered, standing
from mdm_policy.diff.pairing import Pair, pair
from mdm_policy.diff.parts import Coded, Codes, Named, parts
from mdm_policy.diff.residue import kinds_of, leaves, others
from mdm_policy.diff.units import ANYTHING, Apps, Unit, anything, units
from mdm_policy.diff.who import who
from mdm_policy.documents import places
from mdm_policy.effects import read_each
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.model import FAMILIES, Frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.decide import Decision
    from mdm_policy.decide.builds import Key
    from mdm_policy.diff.model import Side
    from mdm_policy.diff.parts import Part
    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, Column, DeviceClass, Effect, ListStatus

_SILENT = frozenset({"apple-declaration-activation"})
"""Kinds that do nothing themselves and are judged through others."""


class _Result(Frozen, frozen=True):
    """Hold the outcome for one build in one part."""

    unit: Unit
    verdicts: Verdicts
    part: Part
    old: tuple[str, str]
    new: tuple[str, str]


class Question(Frozen, frozen=True):
    """Hold what a comparison is asked with: the lists' apps, the classes that exist, the catalogue, and the day."""

    as_of: str
    apps: tuple[BannedApp, ...] = ()
    statuses: tuple[ListStatus, ...] = ()
    classes: tuple[DeviceClass, ...] = ()


def compare_policies(old: Side, new: Side, question: Question, catalogue: Catalogue | None) -> Comparison:
    """Compare what two sets of documents do.

    The catalogue gives apps their names, and says which identifiers are builds of one program.
    """
    pairs = pair(old, new)
    left, right = _named(old, pairs, old=True), _named(new, pairs, old=False)
    mentions = (Mentions(old.documents), Mentions(new.documents))
    apps = Apps(question.apps, catalogue)
    found = parts(left, right)
    findings: list[Finding] = []
    acting: set[str] = set()
    results = [one for part in found for one in _compare(part, question, apps, mentions, (findings, acting))]
    differing = _differing(pairs, acting, left, right)
    rest = _others(pairs, differing, left, right)
    changes = _with_places(_lines(results, question, many=len(found) > 1), old, new)
    changes += _cosmetic(pairs, differing, rest)
    return Comparison(ordered(changes), rest, question.statuses, tuple(dict.fromkeys(findings)))


def _named(side: Side, pairs: Iterable[Pair], *, old: bool) -> tuple[Named, ...]:
    """Read the documents of a side."""
    made = []
    for one in pairs:
        document = one.old if old else one.new
        if document is None:
            continue
        for reading in read_each(document):
            stated = side.scopes.get(document.name)
            kept = reading if stated is None else msgspec.structs.replace(reading, scope=stated)
            made.append(Named(one.name, kept, side.apart.get(document.name, "")))
    return tuple(made)


def _compare(
    part: Part,
    question: Question,
    apps: Apps,
    mentions: tuple[Mentions, Mentions],
    told: tuple[list[Finding], set[str]],
) -> Iterator[_Result]:
    """Compare all that the two sides of a part name differently.

    Findings, and the names of documents whose entries differ, are added to what is `told`.
    """
    findings, acting = told
    codes, sets = Codes(), Sets()
    old, new = Coded(part.old, codes, sets), Coded(part.new, codes, sets)
    whole = old.lists != new.lists
    differ = old.acts.differing(new.acts)
    acting |= codes.names(old.lists ^ new.lists)
    acting |= codes.names(code for both in {_both(old, new, key) for key in differ} for code in both)
    every = old.acts.keys() | new.acts.keys() if whole else differ
    asked: list[Key] = sorted(every)
    if whole:
        asked += sorted({i.key for app in question.apps for i in app.identifiers} - every)
    chosen = list(units(asked, apps))
    if whole:
        chosen += [unit for family in FAMILIES for unit in anything(family)]
    if not chosen:
        return
    touched = {key for unit in chosen for key in unit.keys}
    old.gather(touched)
    new.gather(touched)
    grid = Grid(old, new, question.classes, question.as_of)
    if grid.left_out:
        message = f"only one of the sides reaches {', '.join(sorted(grid.left_out))}, which are left out"
        findings.append(
            warning("platform-left-out", message, None, "declare such devices with --devices to judge them")
        )
    comparer = Comparer(old, new, grid.judge, mentions)
    made = [(unit, comparer.compare(unit)) for unit in chosen]
    kept = {
        (unit.key, unit.family, unit.shown)
        for unit, verdicts in made
        if verdicts.held and verdicts.direction == "EQUIVALENT" and not unit.part_of
    }
    for unit, verdicts in made:
        leaks = verdicts.direction == "NARROWED" and all(point.leak > 0 for point in verdicts.points)
        helped = not leaks and any((unit.key, unit.family, (name,)) in kept for name in unit.part_of)
        same = all(old.acts.on(key) == new.acts.on(key) for key in unit.keys)
        if helped or (verdicts.direction == "EQUIVALENT" and (same or not verdicts.every)):
            continue
        point = verdicts.points[0]
        yield _Result(unit, verdicts, part, _place(old, unit, point.old), _place(new, unit, point.new))


def _both(old: Coded, new: Coded, key: Key) -> frozenset[int]:
    """Return the rules that act on an identifier on one side alone."""
    return frozenset(old.acts.on(key)) ^ frozenset(new.acts.on(key))


def _place(side: Coded, unit: Unit, decision: Decision) -> tuple[str, str]:
    """Return the document and pointer of the entry that decides for a build on one side, or nothing."""
    found: list[tuple[Named, Effect]] = [one for key in sorted(unit.keys) for one in side.effects.get(key, ())]
    same = [one for one in found if one[0].reading.path == decision.path and one[1].rule == decision.rule]
    for one, effect in same or found:
        return one.reading.path, effect.pointer
    return decision.path, ""


class _Line(Frozen, frozen=True):
    """Hold a change with the entries that decide it, until their lines are looked up."""

    change: Change
    old: tuple[str, str]
    new: tuple[str, str]


def _lines(results: Iterable[_Result], question: Question, *, many: bool) -> list[_Line]:
    """Make one line of all the builds of an app on a platform."""
    grouped: dict[tuple[str, str], list[_Result]] = {}
    words: dict[int, str] = {}
    for one in results:
        grouped.setdefault((one.unit.key or one.unit.shown[0], one.unit.family), []).append(one)
    authorities = _authorities(question)
    worst = {direction: place for place, direction in enumerate(DIRECTIONS)}
    made = []
    for (key, family), alike in grouped.items():
        alike.sort(key=lambda one: (worst[one.verdicts.direction], one.unit.shown))
        first = alike[0]
        point = first.verdicts.points[0]
        mine = [one for one in alike if one.verdicts.direction == first.verdicts.direction]
        shown = tuple(dict.fromkeys(value for one in mine for value in one.unit.shown if value != ANYTHING))
        change = Change(
            first.verdicts.direction,
            key,
            first.unit.name,
            family,
            shown,
            _who(mine, words, many=many),
            *before_after(point),
            first.verdicts.why,
            banned_by=authorities.get(key, ()),
        )
        made.append(_Line(change, first.old, first.new))
    return made


def _who(results: Sequence[_Result], known: dict[int, str], *, many: bool) -> str:
    """Say which devices are affected, for all parts; an equivalent change affects none.

    `known` holds what has been worked out for the points that many apps share; the results keep them alive.
    """
    if results[0].verdicts.direction == "EQUIVALENT":
        return ""
    said: dict[str, None] = {}
    for one in results:
        place = id(one.verdicts.points)
        if place not in known:
            known[place] = who(one.verdicts.points, one.verdicts.every)
        words = known[place]
        said[f"{words}; {one.part.label}" if many and one.part.label else words] = None
    return " | ".join(said)


def _authorities(question: Question) -> dict[str, tuple[str, ...]]:
    """Say by which authority each app is banned, and whether it is in force."""
    states = {status.list: status for status in question.statuses}
    return {
        app.key: tuple(dict.fromkeys(standing(states[reason.list]) for reason in app.reasons)) for app in question.apps
    }


def _with_places(lines: Sequence[_Line], old: Side, new: Side) -> list[Change]:
    """Look up the lines of all entries that decide, reading each document once."""
    told = [line for line in lines if line.change.direction != "EQUIVALENT"]
    before, after = _origins((line.old for line in told), old), _origins((line.new for line in told), new)
    return [msgspec.structs.replace(line.change, old=before.get(line.old), new=after.get(line.new)) for line in lines]


def _origins(wanted: Iterable[tuple[str, str]], side: Side) -> dict[tuple[str, str], Origin]:
    asked: dict[str, list[str]] = {}
    for name, pointer in wanted:
        if name:
            asked.setdefault(name, []).append(pointer)
    found = {}
    for document in side.documents:
        if document.name in asked:
            for pointer, origin in places(document, asked[document.name]).items():
                found[document.name, pointer] = origin
    return found


def _differing(
    pairs: Sequence[Pair], acting: Collection[str], left: Sequence[Named], right: Sequence[Named]
) -> dict[str, bool]:
    """Say of each pair whose bytes differ whether what they do differs too; `acting` are those whose entries do."""
    said = [_said(named) for named in (left, right)]
    return {
        one.name: one.name in acting or said[0].get(one.name) != said[1].get(one.name)
        for one in pairs
        if one.old is not None and one.new is not None and one.old.data != one.new.data
    }


def _said(named: Iterable[Named]) -> dict[str, set[object]]:
    """Return whom each document reaches and what it turns on."""
    found: dict[str, set[object]] = {}
    for one in named:
        found.setdefault(one.name, set()).add((one.reading.scope, one.reading.activates))
    return found


def _others(
    pairs: Sequence[Pair], differing: Mapping[str, bool], left: Sequence[Named], right: Sequence[Named]
) -> tuple[Other, ...]:
    """Return the keys that no reader judges and that changed, and documents without effect that came or went."""
    changed = [one for one in pairs if one.name in differing or one.old is None or one.new is None]
    old = [one.old for one in changed if one.old is not None]
    new = [one.new for one in changed if one.new is not None]
    acting = [_acting(named) for named in (left, right)]
    kinds = kinds_of(old) & kinds_of(new)
    made = list(others(leaves(old, acting[0], kinds), leaves(new, acting[1], kinds)))
    for one in changed:
        document = one.old or one.new
        idle = document is not None and document.kind not in _SILENT and document.kind not in kinds
        if idle and document is not None and not any(found.get(document.name) for found in acting):
            made.append(Other(document.kind, "", one.name if one.old else "", one.name if one.new else ""))
    return tuple(made)


def _acting(named: Iterable[Named]) -> dict[str, list[Column]]:
    """Return the effects of each document, by its name."""
    found: dict[str, list[Column]] = {}
    for one in named:
        found.setdefault(one.reading.path, []).extend(one.reading.columns)
    return found


def _cosmetic(pairs: Sequence[Pair], differing: Mapping[str, bool], rest: Sequence[Other]) -> Iterator[Change]:
    """Name each document that was rewritten without any difference that matters."""
    for one in pairs:
        if differing.get(one.name, True) or one.old is None or one.new is None:
            continue
        if any(other.kind in kinds_of([one.old, one.new]) for other in rest):
            continue
        why = _rewritten(one.old, one.new)
        yield Change("COSMETIC", "", one.name, "", (), "", "", "", why, Origin(one.old.name), Origin(one.new.name))


def _rewritten(old: Document, new: Document) -> str:
    if old.format == new.format != "xml" and old.value == new.value:
        return "white space, the order of keys, or the encoding"
    return "names, ids, descriptions, the order of lists, or duplicates"

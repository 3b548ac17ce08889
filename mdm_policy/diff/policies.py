"""Compare two sets of documents by what they do: one line for each app and platform, worst first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mdm_policy.decide.columns import Sets
from mdm_policy.decide.filerules import book
from mdm_policy.decide.gathering import signatures
from mdm_policy.diff.collateral import added_collateral
from mdm_policy.diff.directions import Comparer
from mdm_policy.diff.grid import EFFORT, Effort, Grid
from mdm_policy.diff.lines import UnitResult, lines
from mdm_policy.diff.mentions import Mentions
from mdm_policy.diff.model import Change, Comparison, Other, ordered
from mdm_policy.diff.other_keys import changed_between, kinds_of, leaves, others, unjudged
from mdm_policy.diff.pairing import Pair, pair
from mdm_policy.diff.parts import Coded, Codes, parts
from mdm_policy.diff.proofs import lost_proofs
from mdm_policy.diff.readings import read_sides
from mdm_policy.diff.reassigned import reassigned
from mdm_policy.diff.switched import switched
from mdm_policy.diff.units import Apps, anything, lone, units
from mdm_policy.diff.unread_rules import unread_rules
from mdm_policy.diff.witnesses import witnesses
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.kinds import MATCHING_NOTHING
from mdm_policy.model import Frozen
from mdm_policy.verify.judging import Allowances
from mdm_policy.vocabulary import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.decide import Decision
    from mdm_policy.decide.columns import Acts, KindOf
    from mdm_policy.diff.lines import Entry
    from mdm_policy.diff.model import Side
    from mdm_policy.diff.parts import ComparedPart, Named
    from mdm_policy.diff.units import IsNamed, Unit
    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass, ListStatus
    from mdm_policy.reading import Column, Effect
    from mdm_policy.vocabulary import Family


_NO_LEAVE = Allowances()


class Question(Frozen, frozen=True):
    """Hold what a comparison is asked with: the day, the lists' apps, the classes that exist, and the most it may cost.

    `accept_unjudged` are patterns of `name#pointer` of changes that somebody takes though nobody can judge them.
    """

    as_of: str
    apps: tuple[BannedApp, ...] = ()
    statuses: tuple[ListStatus, ...] = ()
    classes: tuple[DeviceClass, ...] = ()
    effort: int = EFFORT
    accept_unjudged: tuple[str, ...] = ()
    leave: Allowances = _NO_LEAVE
    """What the organization has decided by itself: exceptions, and gaps that it accepts."""
    devices_move: bool = True
    """Whether devices may come under an Android policy that is added: a push that makes one moves none."""


def compare_policies(old: Side, new: Side, question: Question, catalogue: Catalogue | None) -> Comparison:
    """Compare what two sets of documents do.

    The catalogue gives apps their names, and says which identifiers are builds of one program.

    Raises:
        PolicyError: `diff-too-many-cases`.

    """
    pairs = pair(old, new)
    left, right = read_sides(old, new, pairs)
    mentions = (
        Mentions(old.documents, (one.reading for one in left)),
        Mentions(new.documents, (one.reading for one in right)),
    )
    apps = Apps(question.apps, catalogue)
    found = parts(left, right, devices_move=question.devices_move)
    findings = list(added_collateral(left, right, question.classes))
    acting: set[str] = set()
    told = (findings, acting, Effort(question.effort))
    results = [one for part in found for one in _compare(part, question, apps, mentions, told)]
    differing = _differing(pairs, acting, left, right)
    rest, strange = _residue(pairs, differing, (left, right), question.accept_unjudged)
    changes = lines(results, (old, new), question.apps, question.statuses, many=len(found) > 1)
    if old.pieces or new.pieces:
        changes += list(lost_proofs(old.pieces, new.pieces, question, changes))
    findings += _new_idle(left, right)
    strange += unread_rules(left, right, question.accept_unjudged)
    strange += reassigned(pairs, left, right, question.accept_unjudged)
    strange += switched(left, right, (old.documents, new.documents))
    changes += strange
    changes += _cosmetic(pairs, differing, rest, {change.name for change in strange})
    return Comparison(ordered(changes), rest, question.statuses, tuple(dict.fromkeys(findings)))


def _new_idle(old: Iterable[Named], new: Iterable[Named]) -> list[Finding]:
    """Return what is said of entries of the new side that can match nothing: they look like a ban, and are none."""
    before = {(one.id, one.message) for named in old for one in named.reading.findings if one.id in MATCHING_NOTHING}
    found = (one for named in new for one in named.reading.findings if one.id in MATCHING_NOTHING)
    return [one for one in found if (one.id, one.message) not in before]


def _compare(
    part: ComparedPart,
    question: Question,
    apps: Apps,
    mentions: tuple[Mentions, Mentions],
    told: tuple[list[Finding], set[str], Effort],
) -> Iterator[UnitResult]:
    """Compare all that the two sides of a part name differently.

    Findings, the names of documents whose entries differ, and the effort are added to what is `told`.
    """
    findings, acting, effort = told
    codes, sets = Codes(), Sets()
    old, new = Coded(part.old, codes, sets), Coded(part.new, codes, sets)
    acting |= codes.names(old.lists ^ new.lists)
    # Where a document may take another's place, what the other blocks is not the same any more, by name or by absence.
    rivals = old.rivals != new.rivals
    whole = old.lists != new.lists or (rivals and bool(old.lists))
    # A rule for files that one side alone has may act on whatever the others name.
    files = old.sets != new.sets or (rivals and bool(old.sets))
    acting |= {one[0] for one in old.sets ^ new.sets}
    beside = old.acts.beside(new.acts, every=whole or rivals or files)
    if files and not (whole or rivals):
        beside = {key: values for key, values in beside.items() if key[0][0] == "windows" or key[1] != key[2]}
    for before, after in {(before, after) for _, before, after in beside}:
        acting |= codes.names(frozenset(sets[before]) ^ frozenset(sets[after]))
    alike: list[tuple[KindOf, Sequence[str]]] = [(kind, values) for (kind, _, _), values in beside.items()]
    if files:
        alike = list(_apart(alike, old, new))
    families: tuple[Family, ...] = FAMILIES if whole else ("windows",) if files else ()
    chosen = _units(alike, question, apps, partial(_is_named, old.acts, new.acts), families)
    if whole:
        chosen = (*chosen, *(unit for family in FAMILIES for unit in anything(family)))
    if files:
        named = {id(column.rule) for side in (old, new) for one in side.readings for column in one.columns}
        chosen = (*chosen, *witnesses(old.rule_sets, new.rule_sets, named))
    if not chosen:
        return
    touched = {key for unit in chosen for key in unit.keys}
    old.gather(touched)
    new.gather(touched)
    grid = Grid(old, new, question.classes, question.as_of, effort)
    if grid.left_out:
        message = f"only one of the sides reaches {', '.join(sorted(grid.left_out))}, which are left out"
        findings.append(
            warning("platform-left-out", message, None, "declare such devices with --devices to judge them")
        )
    comparer = Comparer(old, new, grid, mentions)
    made = [(unit, *one) for unit in chosen for one in comparer.compare(unit)]
    kept = {
        (unit.key, unit.family, unit.shown)
        for unit, verdicts, _ in made
        if verdicts.held and verdicts.direction == "EQUIVALENT" and not unit.part_of
    }
    for unit, verdicts, members in made:
        leaks = verdicts.direction == "NARROWED" and all(point.leak > 0 for point in verdicts.points)
        helped = not leaks and any((unit.key, unit.family, (name,)) in kept for name in unit.part_of)
        same = all(old.acts.on(key) == new.acts.on(key) for key in unit.keys)
        if helped or (verdicts.direction == "EQUIVALENT" and (same or part.added or not verdicts.every)):
            continue
        point = verdicts.points[0]
        yield UnitResult(
            unit, verdicts, part.label, _deciding(old, unit, point.old), _deciding(new, unit, point.new), members
        )


def _is_named(old: Acts, new: Acts, kind: KindOf, value: str) -> bool:
    return value in old.codes.get(kind, ()) or value in new.codes.get(kind, ())


def _units(
    alike: list[tuple[KindOf, Sequence[str]]],
    question: Question,
    apps: Apps,
    named: IsNamed,
    families: Collection[Family],
) -> tuple[Unit, ...]:
    """Return what has to be judged: what is named differently, and all else in `families` in which absence decides."""
    if not families:
        return units(alike, apps, named)
    listed = {i.key for app in question.apps for i in app.identifiers if i.family in families}
    rest = [((family, kind), [value]) for family, kind, value in sorted(listed) if not named((family, kind), value)]
    return units([*alike, *rest], apps, named)


def _apart(
    alike: Iterable[tuple[KindOf, Sequence[str]]], old: Coded, new: Coded
) -> Iterator[tuple[KindOf, Sequence[str]]]:
    """Take apart the identifiers of Windows of which rules for files make different things, on either side."""
    plain = all(book(one).plain for one in (*old.rule_sets, *new.rule_sets))
    for kind, values in alike:
        if plain or kind[0] != "windows" or len(values) < 2:
            yield kind, values
            continue
        found: dict[object, list[str]] = {}
        for value in values:
            app = lone(("windows", kind[1], value))
            found.setdefault(signatures((old.rule_sets, new.rule_sets), app), []).append(value)
        yield from ((kind, members) for members in found.values())


def _deciding(side: Coded, unit: Unit, decision: Decision) -> Entry:
    """Return the entry that decides for a build on one side, or nothing; for a unit with members, how to find each."""
    found: list[tuple[Named, Effect]] = [one for key in sorted(unit.keys) for one in side.effects.get(key, ())]
    same = [one for one in found if one[0].reading.path == decision.path and one[1].rule == decision.rule]
    for one, effect in same or found:
        if unit.members:
            return partial(side.where, one, effect.rule, (effect.family, effect.kind))
        return one.reading.path, effect.pointer
    return decision.path, decision.pointer


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


def _residue(
    pairs: Sequence[Pair],
    differing: Mapping[str, bool],
    sides: tuple[Sequence[Named], Sequence[Named]],
    accepted: Sequence[str],
) -> tuple[tuple[Other, ...], list[Change]]:
    """Return the keys that concern no app and changed, and the changes of what no reader judges."""
    changed = [one for one in pairs if one.name in differing or one.old is None or one.new is None]
    documents = [
        [one.old for one in changed if one.old is not None],
        [one.new for one in changed if one.new is not None],
    ]
    old, new = (leaves(one, _acting(named)) for one, named in zip(documents, sides, strict=True))
    different = changed_between(old, new)
    names = {one.name: pair.name for pair in changed for one in (pair.old, pair.new) if one is not None}
    kinds = kinds_of(documents[0]) & kinds_of(documents[1])
    told = list(others(different, kinds))
    strange = list(unjudged(different, names, accepted))
    acting = set[str]().union(
        *({one.name for one in named if one.reading.effects or one.reading.rule_sets} for named in sides)
    )
    acting |= {change.name for change in strange}
    for one in changed:
        document = one.old or one.new
        if document is not None and document.kind not in kinds and one.name not in acting:
            told.append(Other(document.kind, "", one.name if one.old else "", one.name if one.new else ""))
    return tuple(told), strange


def _acting(named: Iterable[Named]) -> dict[str, list[Column]]:
    """Return the effects of each document, by its name."""
    found: dict[str, list[Column]] = {}
    for one in named:
        found.setdefault(one.reading.path, []).extend(one.reading.columns)
    return found


def _cosmetic(
    pairs: Sequence[Pair], differing: Mapping[str, bool], rest: Sequence[Other], strange: Collection[str]
) -> Iterator[Change]:
    """Name each document that was rewritten without any difference that matters."""
    for one in pairs:
        if differing.get(one.name, True) or one.name in strange or one.old is None or one.new is None:
            continue
        if any(other.kind in kinds_of([one.old, one.new]) for other in rest):
            continue
        why = _rewritten(one.old, one.new)
        yield Change("COSMETIC", "", one.name, "", (), "", "", "", why, Origin(one.old.name), Origin(one.new.name))


def _rewritten(old: Document, new: Document) -> str:
    if old.format == new.format != "xml" and old.value == new.value:
        return "white space, the order of keys, or the encoding"
    return "names, ids, descriptions, the order of lists, or duplicates"

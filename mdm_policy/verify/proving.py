"""Put the verification together: classes, groups, verdicts, gaps with their lines, and what else there is to say."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import compress, repeat
from operator import contains
from typing import TYPE_CHECKING

from mdm_policy.decide import law_against
from mdm_policy.errors import Finding, finding_order, warning
from mdm_policy.kinds import UNKNOWN
from mdm_policy.kinds.snapshot import INDEX
from mdm_policy.verify import queries
from mdm_policy.verify.counts import Absence, count, weak
from mdm_policy.verify.hints import for_duty, hint
from mdm_policy.verify.judging import UNMET, Rules, allowances
from mdm_policy.verify.likely import misspelt
from mdm_policy.verify.model import Cell, ClassVerdict, DocumentUse, GapReport, Line, Verification
from mdm_policy.verify.pieces import Places
from mdm_policy.verify.verdicts import verdicts_of
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.decide import Decision, DeviceState, Gap
    from mdm_policy.model import BannedApp, CatalogueApp, DeviceClass, Identifier, Resolution
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.vocabulary import Platform


def verify(
    resolution: Resolution,
    pieces: Sequence[Piece],
    catalogue: Catalogue,
    rules: Rules,
    protected: Collection[Identifier] = (),
    places: Places | None = None,
) -> Verification:
    """Judge every banned app on every declared class; without any, on the strongest class of each platform addressed."""
    leave = allowances(resolution)
    found = verdicts_of(resolution.apps, resolution.devices, pieces, rules, leave)
    courts, verdicts, declared = found.courts, found.verdicts, bool(resolution.devices)
    places = places or Places({one.name: one.document for one in pieces})
    reports = [report for verdict in verdicts for report in _reports(verdict, places, misspelt(pieces, verdict.cls))]
    failures, remarks = (
        queries.failures(pieces, places),
        queries.remarks(found.table, pieces, courts if declared else (), catalogue, protected, places),
    )
    remarks += _stale(resolution, verdicts)
    judged = sorted({verdict.cls.platform for verdict in verdicts})
    absent = _absent(resolution.apps, judged, catalogue, rules.as_of)
    return Verification(
        rules.as_of,
        resolution.statuses,
        resolution.apps,
        declared,
        verdicts,
        found.weaker,
        tuple(report for report in reports if report.accepted is None),
        tuple(report for report in reports if report.accepted is not None),
        tuple(sorted(failures, key=finding_order)),
        tuple(sorted(dict.fromkeys(remarks), key=finding_order)),
        tuple(_notes(verdicts)),
        tuple(_use(one, verdicts) for one in pieces),
        sum(group.cell.states for verdict in verdicts for group in verdict.groups),
        count(verdicts, absent),
        absent,
        sum(one.declared for one in pieces),
        sum(len(one.unjudged) for one in pieces),
        sum(one.document.kind == UNKNOWN and not one.declared for one in pieces),
        tuple(one for one in resolution.variants if one.waivers),
    )


def _absent(
    apps: Sequence[BannedApp], judged: Sequence[Platform], catalogue: Catalogue, day: str
) -> dict[tuple[str, str], Absence]:
    found: dict[tuple[str, str], Absence] = {}
    stated = map(dict.values, [one.platforms for one in apps])
    for app in compress(apps, map(contains, stated, repeat("none"))):
        known = catalogue.apps.get(app.known_as)
        for platform in judged:
            if "none" in (app.platforms.get(platform), app.platforms.get(FAMILY_OF[platform])):
                found[app.key, platform] = _absence(app, known, platform, day)
    return found


def _absence(app: BannedApp, known: CatalogueApp | None, platform: Platform, day: str) -> Absence:
    if app.is_vendor:
        return Absence(
            "catalogue", "the vendor's software as a whole has no identifier there; its apps stand for themselves"
        )
    said = known.platforms.get(FAMILY_OF[platform]) if known is not None else None
    if said is not None and said.on(day) == "none":
        return Absence("catalogue", said.source or "the catalogue, without a source")
    return Absence("list", "the ban list's own statement")


def _reports(verdict: ClassVerdict, places: Places, likely: str) -> list[GapReport]:
    """Report the gaps of a class: apps that fail for the same reason in the same state stand together.

    `likely` names a key that was meant to block, for gaps where nothing does.
    """
    together: dict[object, list[tuple[BannedApp, Cell, Gap]]] = defaultdict(list)
    members: dict[object, list[BannedApp]] = defaultdict(list)
    for group in verdict.groups:
        cell = group.cell
        for gap in cell.gaps[:1]:
            key = (cell.word, str(gap.state), _told(gap.decision), cell.accepted)
            together[key].append((group.apps[0], cell, gap))
            members[key] += group.apps
    asked = [(gap.decision.path, gap.decision.pointer) for found in together.values() for _, _, gap in found[:1]]
    places.want(asked)
    return [_report(verdict.cls, members[key], *found[0], places, likely) for key, found in together.items()]


def _told(decision: Decision) -> object:
    """Return what decides a gap without naming what escapes, so that apps with the same reason stand together."""
    if decision.rule is not None:
        return decision.rule.id, decision.path, decision.rule.cause, decision.rule.why
    return (decision.verdict, decision.path, decision.pointer, decision.cause if decision.build else "")


def _report(
    cls: DeviceClass, apps: Iterable[BannedApp], app: BannedApp, cell: Cell, gap: Gap, places: Places, likely: str
) -> GapReport:
    decision = gap.decision
    unmet = cell.word == UNMET
    advice = for_duty(cell.duties) if unmet else hint(decision, app, cls, weak=weak(gap))
    if likely and decision.rule is None and decision.verdict == "allowed":
        advice = f"{likely}. Else {advice}"
    return GapReport(
        tuple(apps),
        cls,
        cell.word,
        str(gap.state or ""),
        sum(one.states for one in cell.gaps),
        f"{gap.reason}; {decision.sentence}" if unmet else decision.sentence,
        decision.escapes,
        line(decision, gap.state, places),
        advice,
        cell.accepted,
        cell.identifiers,
    )


def line(decision: Decision, state: DeviceState | None, places: Places) -> Line | None:
    """Return what decided: the line of a document, or the fact that no setting could; None where nothing did."""
    if decision.rule is not None:
        fact = decision.rule.fact
        return Line(decision.path, places(decision.path, decision.pointer), decision.pointer, fact.text, fact.source)
    if decision.path:  # nothing there names the app: this is where it would have to stand
        return Line(decision.path, places(decision.path, decision.pointer), decision.pointer, "", "")
    against = law_against(state) if state is not None and decision.verdict == "unenforceable" else None
    return Line("", None, "", against.fact, against.source) if against is not None else None


def _notes(verdicts: Sequence[ClassVerdict]) -> Iterable[str]:
    """Say what is true but no gap: notes of the decisions, duties that stay unmet, what escapes a block that counts."""
    seen: dict[str, list[str]] = defaultdict(list)
    silent: dict[str, None] = {}
    for verdict in verdicts:
        name = verdict.cls.name
        unmet: dict[tuple[str, str], list[str]] = defaultdict(list)
        escapes: dict[tuple[str, str], int] = defaultdict(int)
        for group in verdict.groups:
            cell = group.cell
            for one in cell.notes:
                if one.cause == "not-stated":
                    silent.setdefault(one.path)
                else:
                    seen[one.text].append(name)
            for duty in cell.duties:
                unmet[duty, cell.word] += [app.name for app in group.apps]
            if cell.held and cell.decision.escapes:
                escapes[cell.decision.strength or "", cell.decision.escapes] += len(group.apps)
        for (duty, word), names in unmet.items():
            seen[f"duty-unmet: {duty}, for {_names(names)} ({word})"].append(name)
        for (strength, what), number in escapes.items():
            seen[f"{strength} for {number} app{'s' * (number != 1)}: {what} escape"].append(name)
    if silent:
        many = len(silent) != 1
        said = f"{len(silent)} document{'s' * many} {'do' if many else 'does'} not state whom {'they reach' if many else 'it reaches'}"
        yield f"{said}, so nothing here proves it: {', '.join(silent)}"
    for text, names in seen.items():
        yield f"{', '.join(dict.fromkeys(names))}: {text}"


_MOST_NAMES = 8


def _names(names: Sequence[str]) -> str:
    ordered = sorted(names, key=lambda name: (name.casefold(), name))
    rest = f" and {len(ordered) - _MOST_NAMES} more" if len(ordered) > _MOST_NAMES else ""
    return ", ".join(ordered[:_MOST_NAMES]) + rest


def _stale(resolution: Resolution, verdicts: Sequence[ClassVerdict]) -> list[Finding]:
    """Find acceptances of gaps that are none any more."""
    if not resolution.accepted_gaps:
        return []
    held = {
        (app.key, verdict.cls.name)
        for verdict in verdicts
        for group in verdict.groups
        if group.cell.held
        for app in group.apps
    }
    return [
        warning(
            "accepted-gap-closed",
            f"the gap accepted for {gap.app!r} on {gap.device!r} is none: the ban holds there",
            gap.origin,
            "remove the acceptance",
        )
        for gap in resolution.accepted_gaps
        if (gap.app, gap.device) in held
    ]


def _use(one: Piece, verdicts: Sequence[ClassVerdict]) -> DocumentUse:
    classes = tuple(verdict.cls.name for verdict in verdicts if one.name in verdict.documents)
    scopes = ", ".join(dict.fromkeys(reading.scope.state for reading in one.readings))
    effects = sum(len(reading.effects) for reading in one.readings)
    note = ""
    if one.audit and not one.leads:
        note = "for a trial: it only logs what another document of the build blocks"
    elif not one.leads:
        note = "another way to send a document that is judged"
    elif one.document.kind == INDEX.name:
        note = "says what was read, and what was not"
    elif not one.acts:
        note = "without effect"
    elif not classes:
        note = "acts on no class that is judged"
    digest = hashlib.sha256(one.document.data).hexdigest() if one.document.data else ""
    return DocumentUse(one.name, one.document.kind, effects, classes, scopes, note, digest)

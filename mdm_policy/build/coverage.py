"""Work out, from what the built documents were read to do, how each app fares on each platform and device class.

Read-back has proven that every document blocks every ordered identifier of the kinds it claims. So two apps with the
same kinds of identifiers fare alike, and one of them is judged for both: 100,000 apps cost as much as a dozen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import decide
from mdm_policy.decide.builds import keys
from mdm_policy.decide.columns import by_kind, select
from mdm_policy.model import BannedApp, DeviceClass, Frozen, Resolution
from mdm_policy.reading import Reading  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.vocabulary import FAMILY_OF, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Alike = tuple[BannedApp, ...]

COLUMNS: tuple[tuple[Platform, str], ...] = (
    ("ios", "iPhone, iPad"),
    ("macos", "Mac"),
    ("android", "Android"),
    ("windows", "Windows"),
)
"""The platforms of the summary, each judged on its strongest device class, with the heading a person reads."""


class Row(Frozen, frozen=True):
    """Say how one banned thing fares, platform by platform.

    `through` is the app that a row for a feature stands in for, or empty; `groups` are those an exception frees, or none.
    """

    app: str
    name: str
    through: str
    cells: dict[str, str]
    groups: tuple[str, ...] = ()


class Gap(Frozen, frozen=True):
    """Name apps a device class does not hold back, the smallest state that shows it, and why.

    `accepted` is the document that accepts the gap, or empty.
    """

    apps: tuple[str, ...]
    verdict: str
    state: str
    sentence: str
    accepted: str = ""


class ClassCoverage(Frozen, frozen=True):
    """Say how a declared device class fares: how many apps are held back, and every gap."""

    name: str
    platform: str
    held: int
    not_applicable: int
    gaps: tuple[Gap, ...]
    documents: tuple[str, ...]


class Coverage(Frozen, frozen=True):
    """Hold the matrix and the device classes."""

    rows: tuple[Row, ...]
    classes: tuple[ClassCoverage, ...]


class Acting(Frozen, frozen=True):
    """Pair what a document does with the devices its target is for: those of an MDM, in some Android modes."""

    managed_by: str
    modes: tuple[str, ...]
    reading: Reading

    def on(self, cls: DeviceClass) -> bool:
        """Tell whether the document may act on a class; what a class leaves open excludes nothing."""
        if self.managed_by and cls.managed_by and self.managed_by != cls.managed_by:
            return False
        return not (self.modes and cls.mode and cls.mode not in self.modes)


def cover(resolution: Resolution, groups: Sequence[Alike], documents: Sequence[Acting]) -> Coverage:
    """Judge every app on every platform's strongest class, and on every declared class."""
    rows = _rows(resolution, groups, _by_mdm(documents))
    classes = tuple(_class(resolution, groups, cls, documents) for cls in resolution.devices)
    return Coverage(rows, classes)


def _by_mdm(documents: Sequence[Acting]) -> list[decide.Index]:
    """Index the documents of each MDM by itself, with those any MDM may carry: a device has one MDM, never all."""
    owners = sorted({acting.managed_by for acting in documents} - {""}) or [""]
    return [decide.Index([a.reading for a in documents if a.managed_by in ("", owner)]) for owner in owners]


def alike(apps: Iterable[BannedApp]) -> list[Alike]:
    """Group the apps that fare alike."""
    made: dict[object, list[BannedApp]] = defaultdict(list)
    known: dict[object, frozenset[tuple[str, str]]] = {}
    for app in apps:
        listed = (tuple([i.family for i in app.identifiers]), tuple([i.kind for i in app.identifiers]))
        kinds = known.get(listed)
        if kinds is None:
            kinds = known[listed] = frozenset(zip(*listed, strict=True))
        shape = (kinds, tuple(sorted(app.platforms.items())), bool(app.preinstalled), app.is_vendor)
        made[shape].append(app)
    return [tuple(group) for group in made.values()]


class Watched:
    """Cut readings down to what decides about the judged apps, one of each group."""

    def __init__(self, groups: Iterable[Alike]) -> None:
        """Find the keys that could match those apps."""
        self.keys = by_kind(key for group in groups for key in keys(group[0]))

    def part(self, reading: Reading) -> Reading:
        """Return a reading without findings, with the effects on those keys alone."""
        return msgspec.structs.replace(select(reading, self.keys), findings=())


def _rows(
    resolution: Resolution, groups: Iterable[tuple[BannedApp, ...]], indexes: Sequence[decide.Index]
) -> tuple[Row, ...]:
    cells_of: dict[str, dict[str, str]] = {}
    for group in groups:
        cells: dict[str, str] = {p: _best_cell(indexes, p, group[0], resolution.as_of) for p, _ in COLUMNS}
        cells_of.update((app.key, cells) for app in group)
    rows = []
    for app in resolution.apps:
        cells = cells_of[app.key]
        if not any(reason.through for reason in app.reasons):
            rows.append(Row(app.key, app.name, "", cells))
            continue
        features = {reason.feature for reason in app.reasons if reason.feature}
        if any(not reason.feature for reason in app.reasons):
            rows.append(Row(app.key, app.name, "", cells))
        rows += [Row(app.key, feature, app.name, cells) for feature in sorted(features)]
    rows += list(_excepted_rows(resolution, rows))
    return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.name, row.app, row.groups)))


def _excepted_rows(resolution: Resolution, rows: Sequence[Row]) -> Iterable[Row]:
    """Make a row for each exception in force: what the groups it names see in place of a block."""
    for variant in resolution.variants:
        for row in rows:
            if row.app in variant.excepted:
                cells = {p: "excepted" if word in _HELD_WORDS else word for p, word in row.cells.items()}
                yield Row(row.app, row.name, row.through, cells, variant.groups)


_HELD_WORDS = ("blocked", "weak")
_WORDS = {"unenforceable": "unenforceable", "unknown": "unknown"}


def _best_cell(indexes: Sequence[decide.Index], platform: Platform, app: BannedApp, as_of: str) -> str:
    """Return the word of the MDM whose documents do best on the platform."""
    family = FAMILY_OF[platform]
    if not any(identifier.family == family for identifier in app.identifiers):
        return "no such app" if app.platforms.get(family) == "none" else "no identifier"
    return min((_cell(index, platform, app, as_of) for index in indexes), key=_BEST_FIRST.index)


_BEST_FIRST = ("blocked", "weak", "unenforceable", "unknown", "NOT BLOCKED")


def _cell(index: decide.Index, platform: Platform, app: BannedApp, as_of: str) -> str:
    judged = decide.best_case(index, platform, app, as_of, "weak")
    if judged.proven:
        return "weak" if judged.worst.strength == "weak" else "blocked"
    return _WORDS.get(judged.worst.verdict, "NOT BLOCKED")


def _class(
    resolution: Resolution, groups: Iterable[tuple[BannedApp, ...]], cls: DeviceClass, documents: Sequence[Acting]
) -> ClassCoverage:
    acting = [one.reading for one in documents if one.on(cls)]
    index = decide.Index(acting, cls)
    held = absent = 0
    gaps: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for group in groups:
        judged = decide.judge(index, cls, group[0], resolution.as_of)
        if judged.worst.verdict == "not-applicable":
            absent += len(group)
        elif judged.proven:
            held += len(group)
        else:
            gaps[_told(judged.gaps[0])] += [app.key for app in group]
    made = []
    for (verdict, state, sentence), apps in gaps.items():
        for document, part in _accepted(resolution, cls, sorted(apps)):
            made.append(Gap(tuple(part), verdict, state, sentence, document))
    paths = tuple(r.path for r in acting if _addresses(r, cls))
    return ClassCoverage(cls.name, cls.platform, held, absent, tuple(made), paths)


def _told(gap: decide.Gap) -> tuple[str, str, str]:
    """Return verdict, state and reason without naming an identifier, so that apps with the same gap stand together."""
    decision = gap.decision
    held = decision.verdict in ("blocked", "hidden", "removed") and decision.strength == "weak"
    if decision.rule is not None:
        reason = decision.rule.fact.text
    elif decision.build:
        reason = decision.sentence.replace(decision.build, "it")
    else:
        reason = decision.sentence or "no identifier of it is known there"
    return ("weak" if held else decision.verdict, str(gap.state or ""), reason)


def _addresses(reading: Reading, cls: DeviceClass) -> bool:
    return any(cls.platform in rule.introduced for rule in reading.rules)


def _accepted(resolution: Resolution, cls: DeviceClass, apps: Sequence[str]) -> Iterable[tuple[str, list[str]]]:
    by_document: dict[str, list[str]] = defaultdict(list)
    for app in apps:
        live = [
            gap
            for gap in resolution.accepted_gaps
            if gap.app == app and gap.device == cls.name and resolution.as_of <= gap.until
        ]
        by_document[live[0].document if live else ""].append(app)
    return sorted(by_document.items())

"""Ask what a verdict does not say: documents that do nothing, rules that are dead, blocks that hurt, bans undone.

`failures` alone keep a ban from being proven. `remarks` are said aloud and change nothing by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import compress, count, islice, repeat
from operator import itemgetter, or_
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.catalogue import folded_key
from mdm_policy.decide.builds import compared
from mdm_policy.decide.columns import places_in, values_of
from mdm_policy.decide.web import above
from mdm_policy.errors import Finding, Origin, error, note, warning
from mdm_policy.identifiers import quoted
from mdm_policy.kinds import LOGS_ONLY, UNKNOWN
from mdm_policy.kinds.strangers import tool_of
from mdm_policy.kinds.web import address
from mdm_policy.model import Frozen
from mdm_policy.verify import dead, together
from mdm_policy.verify.table import NAMING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.columns import KindOf
    from mdm_policy.model import BannedApp, Identifier
    from mdm_policy.reading import Column, Effect, Reading
    from mdm_policy.verify.judging import ClassJudge
    from mdm_policy.verify.pieces import Piece, Places
    from mdm_policy.verify.table import AppTable

_SHOWN = 20
_MOST_UNJUDGED = 20
"""How many parts of one document that no reader judges are named one by one."""
"""How many identifiers of one document and one kind of remark are named; the rest are counted."""
_SILENT = ("document-unknown", "no-effect")
"""What readers say of a document without effect; here `failures` and the list of documents say it."""
_DANGER = {
    "brick": "that breaks the device or its management",
    "unmanage": "that makes the MDM lose control of the device",
    "vital": "safety and calls depend on it",
    "function": "that has a side effect",
}


_BUNDLE = itemgetter(2)
"""The part of a divided signing id that is the bundle id."""


class Said(Frozen, frozen=True):
    """Hold a remark whose place is not looked up yet."""

    finding: Finding
    document: str
    pointer: str


def failures(pieces: Sequence[Piece], places: Places) -> list[Finding]:
    """Return why nothing can be proven: what was named and does nothing, and ways that block less than another."""
    acting = any(one.acts for one in pieces)
    idle = (one for one in pieces if one.named and not one.acts)
    found = [_without_effect(one) for one in idle if not (acting and _beside_the_ban(one))]
    if pieces and not any(one.acts for one in pieces) and not found:
        said = f"none of the {len(pieces)} documents allows, blocks or reports an app, so nothing was checked"
        found.append(error("nothing-to-check", said, None, "name the documents that carry the ban"))
    return [*found, *_located(_weaker_ways(pieces), places)]


def _beside_the_ban(one: Piece) -> bool:
    """Tell whether a document has nothing to do with apps, by its vendor's own table: it is no ban that went wrong."""
    known = one.document.kind != UNKNOWN and not one.unjudged
    return known and not any(reading.concerns_apps for reading in one.readings)


def _without_effect(one: Piece) -> Finding:
    unknown = one.document.kind == UNKNOWN
    why = "no reader knows what it is" if unknown else "nothing in it allows, blocks or reports an app"
    if tool := tool_of(one.document.value) if unknown else "":
        why = f"it is {tool}; mdm-policy does not read it"
    hint = "give the file the console exported; see `mdm-policy targets` for what is read"
    return error("document-without-effect", f"the document blocks nothing: {why}", Origin(one.name), hint)


def _weaker_ways(pieces: Iterable[Piece]) -> Iterator[Said]:
    ways: dict[str, list[Piece]] = defaultdict(list)
    for one in pieces:
        if one.way:
            ways[one.way].append(one)
    for members in ways.values():
        leaders = [one for one in members if one.leads]
        others = [one for one in members if not one.leads and not one.audit]
        wanted = _blocked(leaders) if others else {}
        for other in others:
            mine = _blocked([other])
            kinds = [kind for kind in wanted if not other.kinds or kind in other.kinds]
            missing = {(*kind, value) for kind in kinds for value in wanted[kind].difference(mine.get(kind, ()))}
            if missing:
                shown = ", ".join(quoted(value) for _, _, value in sorted(missing)[:_SHOWN])
                rest = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
                said = f"it is another way to send {leaders[0].name}, and does not block {shown}{rest}"
                yield Said(error("other-way-weaker", said, None, "build it again, or remove it"), other.name, "")


def _blocked(pieces: Iterable[Piece]) -> dict[KindOf, set[str]]:
    """Return what documents block for good; what lifts itself, or is assigned to nobody, is not blocked."""
    found: dict[KindOf, set[str]] = defaultdict(set)
    for reading in [reading for one in pieces for reading in one.readings if reading.scope.state != "nobody"]:
        for column in reading.columns:
            if column.rule.sense in ("block", "remove") and not column.rule.expires:
                found[column.family, column.kind].update(column.values)
    return found


def remarks(
    table: AppTable,
    pieces: Sequence[Piece],
    courts: Sequence[ClassJudge],
    catalogue: Catalogue,
    protected: Collection[Identifier],
    places: Places,
) -> list[Finding]:
    """Return what should be said beside the verdicts."""
    banned = _Banned(table)
    guarded = _Guarded(catalogue, protected)
    found: list[Said] = []
    for one in pieces:
        for reading in one.readings:
            found += _of_reading(reading, banned, guarded)
            found += islice(_of_links(reading, banned), _SHOWN)
    found += [Said(*told) for told in dead.out_of_force(courts)]
    found += [Said(*told) for told in dead.shadowed(courts)]
    found += [
        Said(*told)
        for told in (
            *together.several(pieces),
            *together.conflicts(pieces),
            *together.replaced(pieces),
            *together.side_effects(pieces, courts),
        )
    ]
    own = [
        f
        for one in pieces
        for reading in one.readings
        for f in reading.findings
        if f.id not in _SILENT and not (one.audit and not one.leads and f.id in LOGS_ONLY)
    ]
    own += declared_notes(pieces)
    found += _unjudged_notes(pieces)
    return [*own, *_located(found, places)]


def _unjudged_notes(pieces: Iterable[Piece]) -> Iterator[Said]:
    """Name what no reader judges, as much of it in each document as anybody reads."""
    for one in pieces:
        for part in one.unjudged[:_MOST_UNJUDGED]:
            said = f"no reader judges {part.unit or 'it'} ({part.kind}), so what it does to apps is not known"
            finding = note(
                "part-not-judged", said, Origin(one.name), "look at it, unless you know that no app is meant"
            )
            yield Said(finding, one.name, part.pointer)
        if len(one.unjudged) > _MOST_UNJUDGED:
            said = f"no reader judges {len(one.unjudged) - _MOST_UNJUDGED} more parts of it"
            yield Said(note("part-not-judged", said, Origin(one.name)), one.name, "")


def declared_notes(pieces: Iterable[Piece]) -> list[Finding]:
    """Say of each document that only its target's own manifest says what it does."""
    said = "what this document does is declared by its target's own manifest, not modelled: no reader knows its kind"
    hint = "try it on a device before you trust it"
    return [note("read-back-declared", said, Origin(one.name), hint) for one in pieces if one.declared]


class _Banned:
    """Hold what is banned by everything that could be compared with it; what few ask for is made when they do."""

    def __init__(self, table: AppTable) -> None:
        self._table = table
        self._clear: dict[KindOf, Sequence[str]] = {}

    def is_clear(self, column: Column) -> bool:
        """Tell whether a column is equal to the last of its kind that was `clear`."""
        return self._clear.get((column.family, column.kind)) == column.values

    def clear(self, column: Column) -> None:
        """Remember a column of which nothing is to be said: the same list often stands in several documents."""
        self._clear[column.family, column.kind] = column.values

    def app(self, key: Key) -> BannedApp | None:
        """Return the app that bears an identifier."""
        return self._table.owners.get(compared(key))

    def places(self, column: Column) -> list[int]:
        """Return where a column holds banned identifiers."""
        known = self._table.values((column.family, column.kind))
        return [] if known.isdisjoint(values_of(column)) else places_in(column, known)

    def near(self, column: Column) -> list[int]:
        """Return where it holds others that may be meant for a banned one; nearly all of the others are not."""
        kind = (column.family, column.kind)
        known = self._table.values(kind)
        values = values_of(column)
        if column.family == "web" or known.issuperset(values):
            return []
        folded = self._table.folded(kind)
        names = self._table.names if column.kind in NAMING else ()
        alike = map(or_, map(folded.__contains__, map(str.casefold, values)), map(names.__contains__, values))
        return [place for place in compress(count(), alike) if values[place] not in known]

    @cached_property
    def folded(self) -> dict[Key, str]:
        """Map each key without regard to case to how it is written."""
        return {(family, kind, value.casefold()): value for family, kind, value in self._table.owners}

    @cached_property
    def values(self) -> dict[str, tuple[str, BannedApp]]:
        """Map each bundle id and package to its platform and app."""
        return {value: (family, app) for (family, kind, value), app in self._table.owners.items() if kind in NAMING}


class _Guarded:
    """Hold what must not be blocked: by the catalogue, by the deployment."""

    def __init__(self, catalogue: Catalogue, protected: Iterable[Identifier]) -> None:
        self.never = catalogue.never_block
        self.protected = {folded_key(*identifier.key) for identifier in protected}
        self._values = {value for _, _, value in (*self.never, *self.protected)}

    def places(self, column: Column) -> list[int]:
        """Return where a column holds what may hurt: nearly all is no concern, which one pass tells."""
        known = self._values
        wider: Sequence[str] = ()
        values: Sequence[str] = column.values
        if column.family == "windows":
            values = list(map(str.casefold, values))
        elif column.kind == "signing_id":
            wider = list(map(_BUNDLE, map(str.partition, values, repeat(":"))))
        if known.isdisjoint(values) and known.isdisjoint(wider):
            return []
        return [p for p, value in enumerate(values) if value in known or (wider and wider[p] in known)]

    def finding(self, effect: Effect) -> Finding | None:
        """Return why an effect hurts."""
        family, kind, value = effect.family, effect.kind, effect.value
        candidates = [folded_key(family, kind, value)]
        if kind == "signing_id":
            candidates.append(("macos", "bundle_id", value.partition(":")[2]))
        for key in candidates:
            entry = self.never.get(key)
            if entry is not None:
                why = _DANGER[entry.level] + (f" ({entry.note})" if entry.note else "")
                make = note if entry.level == "function" else warning
                return make("never-block", f"{quoted(value)} must not be blocked: {why}", None, "remove it")
            if key in self.protected:
                said = f"{quoted(value)} is blocked, and the deployment protects it"
                return warning("protected-app", said, None, "remove it")
        return None


def _of_reading(reading: Reading, banned: _Banned, guarded: _Guarded) -> Iterator[Said]:
    counts: dict[str, int] = defaultdict(int)
    idle: dict[int, list[Column]] = defaultdict(list)
    for column in reading.columns:
        if column.rule.sense == "none":
            idle[id(column.rule)].append(column)
        for effect, finding in _of_column(column, banned, guarded):
            counts[finding.id] += 1
            if counts[finding.id] <= _SHOWN:
                yield Said(finding, reading.path, effect.pointer)
    for id_, many in counts.items():
        if many > _SHOWN:
            yield Said(note(id_, f"{many - _SHOWN} more identifiers of the document, the same"), reading.path, "")
    if not any(finding.severity == "error" for finding in reading.findings):
        for columns in idle.values():
            rule = columns[0].rule
            many = sum(len(column.values) for column in columns)
            said = f"{many} identifier{'s' * (many != 1)} stand here without effect: {rule.why or rule.fact.text}"
            yield Said(
                warning("rule-ineffective", said, None, "remove them, or put them where they count"),
                reading.path,
                columns[0].pointers[0],
            )


def _of_links(reading: Reading, banned: _Banned) -> Iterator[Said]:
    """Say which links lead to the site of a banned app: they are no hole in a ban, and undo it in spirit."""
    for one in reading.links:
        keys = above(("web", *address(one.address)))
        app = next((app for app in map(banned.app, keys) if app is not None), None)
        if app is not None:
            said = f"{app.name} is banned, and {one.by} leads to its site {quoted(one.address[:120])}: it opens the site, not the app"
            hint = "remove it; it opens nothing where the site itself is closed"
            yield Said(warning("banned-site-linked", said, None, hint), reading.path, one.pointer)


def _of_column(column: Column, banned: _Banned, guarded: _Guarded) -> Iterator[tuple[Effect, Finding]]:
    """Look only at the entries that one pass over the column could not clear."""
    sense = column.rule.sense
    if sense in ("allow", "allow-only"):
        for place in banned.places(column):
            effect = column.effect(place)
            finding = _allowed(effect, banned)
            if finding is not None:
                yield effect, finding
    elif sense in ("block", "remove") and not banned.is_clear(column):
        asked = sorted({*guarded.places(column), *banned.near(column)})
        if not asked:
            banned.clear(column)
        for place in asked:
            effect = column.effect(place)
            finding = guarded.finding(effect) or _mistaken(effect, banned)
            if finding is not None:
                yield effect, finding


def _allowed(effect: Effect, banned: _Banned) -> Finding | None:
    app = banned.app(effect.key)
    if app is None:
        return None
    said = f"{app.name} is banned, and {quoted(effect.value)} is installed, allowed or made a default here: {effect.rule.fact.text}"
    return warning("banned-app-allowed", said, None, "remove it from this list")


def _mistaken(effect: Effect, banned: _Banned) -> Finding | None:
    """Find an identifier that no device knows, though a banned app's is near: another case, another platform."""
    family, kind, value = compared(effect.key)
    if family == "web" or banned.app(effect.key) is not None:
        return None
    right = banned.folded.get((family, kind, value.casefold()))
    if right is not None:
        said = f"{quoted(effect.value)} differs from the banned {quoted(right)} in case alone, so it matches no app"
        return warning("rule-wrong-case", said, None, f"write {quoted(right)}")
    other = banned.values.get(value) if kind in NAMING else None
    if other is not None and other[0] != family:
        said = f"{quoted(value)} is {other[1].name} on {other[0]}, not on {family}, so it matches no app here"
        return warning("rule-wrong-platform", said, None, "write the app's identifier of this platform")
    return None


def _located(found: Iterable[Said], places: Places) -> list[Finding]:
    """Give each remark its line, looking all of a document's up together."""
    listed = list(found)
    places.want([(one.document, one.pointer) for one in listed])
    return [
        msgspec.structs.replace(one.finding, origin=places(one.document, one.pointer) or Origin(one.document))
        for one in listed
    ]

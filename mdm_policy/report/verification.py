"""Write what a verification found: the sentence, then lists, matrix, gaps, accepted gaps and notes, and the sentence again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.errors import error, note
from mdm_policy.report import junit as junits
from mdm_policy.report import machine, markdown, summary
from mdm_policy.report import stamp as stamps
from mdm_policy.report.text import cells, columns, fill, pad, plain
from mdm_policy.verify import line_of, rows, sentence, with_cells
from mdm_policy.verify.counts import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.model import BannedApp, Reason, Variant
    from mdm_policy.report.stamp import Stamp
    from mdm_policy.verify import Cell, ClassVerdict, GapReport, Line, Places, Verification

VERSION = 1
"""The version of the JSON; it grows when a key is added, and the format's name changes when one goes."""
FORMAT = "mdm-policy-verification"
_WORDS = {
    "removed": "cannot be installed; a copy is deleted",
    "blocked": "cannot be installed or launched",
    "hidden": "cannot launch; a copy may stay",
    "declared": "held, but only its target's own manifest says so: not modelled",
    "no such app": "as far as is known, it does not exist there",
    "excepted": "an approved exception lets these groups have it",
    "accepted": "a gap the organization has accepted in writing",
    "PARTLY ALLOWED": "held under some of its identifiers, and not under others",
    "ALLOWED": "nothing that acts there holds it back",
    "NOT-INSTALLABLE": "a new install is refused, a copy already there still runs",
    "REPORTED-ONLY": "it is seen and reported, not stopped",
    "UNENFORCEABLE": "no setting could",
    "UNKNOWN": "nothing proves that it is blocked",
    "WEAK": "held by process name, path or address only; a changed copy escapes",
    "UNMET-DUTY": "blocked, but a duty beyond that is not met",
    "PARTIAL": "held for some copies of the app only",
}
_CELL = 16
_NARROWEST_NAME = 24
_MOST_ROWS = 200
_MOST_NAMES = 12
_MOST_NOTES = 40


def text(found: Verification, width: int = 80, unread: int = 0, stamp: Stamp | None = None) -> str:
    """Write everything for a person; the sentence stands first and last, and before it what was judged by what."""
    said = fill(sentence(found, unread), width)
    judged = [fill(stamps.as_text(stamp), width)] if stamp is not None else []
    return "\n\n".join([said, *parts(found, width), *judged, said])


def parts(found: Verification, width: int) -> list[str]:
    """Return what stands between the sentences: the lists, and the parts that say why."""
    return [f"Lists\n{summary.lists(found.statuses, width)}", *body(found, width)]


def body(found: Verification, width: int) -> list[str]:
    """Return the parts that say why: the matrix with its words, gaps, failures, accepted gaps, exceptions and notes."""
    parts = [matrix(found, width), _legend(found, width)] if found.classes else []
    if found.gaps:
        parts.append("\n".join(["Gaps", *(line for report in found.gaps for line in _gap(report, width))]))
    if found.failures:
        lines = [fill(f"{f.id}: {f.origin}: {f.message}", width, "  ", "    ") for f in found.failures]
        parts.append("\n".join(["Documents that prove nothing", *lines]))
    if found.accepted:
        parts.append("\n".join(["Accepted gaps", *(line for report in found.accepted for line in _gap(report, width))]))
    if found.variants:
        parts.append("\n".join(["Exceptions", *(fill(one, width, "  ", "    ") for one in _exceptions(found))]))
    notes = _notes(found)
    if notes:
        shown = [fill(one, width, "  - ", "    ") for one in notes[:_MOST_NOTES]]
        rest = len(notes) - _MOST_NOTES
        more = [f"  ... and {rest} more; --format json has them all"] if rest > 0 else []
        parts.append("\n".join(["Notes", *shown, *more]))
    return parts


def _exceptions(found: Verification) -> Iterator[str]:
    """Say whom an approved exception frees from which ban, and until when."""
    names = {app.key: app.name for app in found.apps}
    for variant in found.variants:
        for waiver in variant.waivers:
            name = names.get(waiver.app, waiver.app)
            said = f"{waiver.document}, approved by {waiver.approved_by}, until {waiver.until}"
            yield f"{', '.join(variant.groups)}: {name} ({said})"


def matrix(found: Verification, width: int = 80) -> str:
    """Write a word for each app and class, as many classes beside each other as fit."""
    fit = max(1, (width - _NARROWEST_NAME) // _CELL)
    rows = _rows(found)
    blocks = [
        "\n".join(_block(found.classes[start : start + fit], rows, start, width, fit))
        for start in range(0, len(found.classes), fit)
    ]
    return "\n\n".join(blocks)


def _rows(found: Verification) -> list[tuple[str, tuple[str, ...]]]:
    """Return each name with its words; of very many, how many share each row."""
    every = rows(found)
    if len(every) > _MOST_ROWS:
        counts = Counter(row.words for row in every)
        return [(many(count, "app"), words) for words, count in counts.most_common(_MOST_ROWS)]
    return [(f"{row.name} (in {row.through})" if row.through else row.name, row.words) for row in every]


def _block(
    classes: Sequence[ClassVerdict], rows: Iterable[tuple[str, tuple[str, ...]]], start: int, width: int, fit: int
) -> Iterator[str]:
    room = width - _CELL * min(fit, len(classes)) - 1
    heads = [cells(verdict.cls.name, _CELL - 1) for verdict in classes]
    for place in range(max(len(head) for head in heads)):
        shown = "".join(pad(head[place] if place < len(head) else "", _CELL) for head in heads)
        yield f"{'':<{room}} {shown}".rstrip()
    for name, row in rows:
        shown_name = plain(name)
        first, *more = [shown_name] if columns(shown_name) <= room else cells(name, room - 2)
        shown = "".join(f"{one:<{_CELL}}" for one in row[start : start + len(classes)])
        yield f"{pad(first, room)} {shown}".rstrip()
        yield from (f"  {line}" for line in more)


def _legend(found: Verification, width: int) -> str:
    used = {group.cell.label for verdict in found.classes for group in verdict.groups}
    return "\n".join(fill(f"{one}: {meaning}", width, "  ", "    ") for one, meaning in _WORDS.items() if one in used)


def _gap(report: GapReport, width: int) -> Iterator[str]:
    part = " IN PART" if any(one.held for one in report.identifiers) else ""
    yield fill(f"{report.cls.name}: {report.verdict.upper()}{part}: {_names(report.apps)}", width, "  ", "    ")
    if report.accepted is not None:
        accepted = report.accepted
        said = f"accepted until {accepted.until} by {accepted.approved_by}: {accepted.document} ({accepted.reason})"
        yield fill(said, width, "    ", "      ")
    if report.state:
        more = f" (and {report.states - 1} more state{'s' * (report.states > 2)})" if report.states > 1 else ""
        yield fill(f"for example: {report.state}{more}", width, "    ", "      ")
    yield fill(f"because: {report.sentence}", width, "    ", "      ")
    if report.identifiers:
        yield fill(f"identifiers: {identifiers(report)}", width, "    ", "      ")
    if report.escapes:
        yield fill(f"what escapes: {report.escapes}", width, "    ", "      ")
    if report.line is not None:
        if report.line.document:
            yield fill(f"decided at: {_place(report.line)}", width, "    ", "      ")
        if report.line.source:
            yield fill(f"source: {report.line.source}", width, "    ", "      ")
    if report.accepted is None:
        yield fill(f"to do: {report.hint}", width, "    ", "      ")


def identifiers(report: GapReport) -> str:
    """Say what becomes of an app under each of its identifiers; the worst first, and no more than anybody reads."""
    each = sorted(report.identifiers, key=lambda one: one.held)
    more = f" and {len(each) - _MOST_NAMES} more" if len(each) > _MOST_NAMES else ""
    name = f"{report.apps[0].name}: " if len(report.apps) > 1 else ""
    return f"{name}{'; '.join(map(str, each[:_MOST_NAMES]))}{more}"


def _place(line: Line) -> str:
    origin = str(line.origin) if line.origin is not None else line.document
    return f"{origin} {line.pointer}".rstrip()


def _names(apps: Sequence[BannedApp]) -> str:
    shown = sorted((app.name for app in apps), key=lambda name: (name.casefold(), name))
    rest = f" and {len(shown) - _MOST_NAMES:,} more" if len(shown) > _MOST_NAMES else ""
    return f"{', '.join(shown[:_MOST_NAMES])}{rest}"


def _notes(found: Verification) -> list[str]:
    notes = list(found.notes)
    if found.weaker:
        notes.insert(0, f"not judged, for no device classes are declared: {'; '.join(found.weaker)}")
    for why in dict.fromkeys(use.note for use in found.documents if use.note):
        names = [use.name for use in found.documents if use.note == why]
        shown = ", ".join(names[:_MOST_NAMES]) + (
            f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        )
        notes.append(f"{many(len(names), 'document')}: {why}: {shown}")
    return [*notes, *(f"{f.id}: {f.origin or ''}: {f.message}" for f in found.findings if f.severity == "note")]


def data(
    found: Verification,
    places: Places,
    unread: Sequence[Finding] = (),
    more: Mapping[str, object] | None = None,
    stamp: Stamp | None = None,
) -> str:
    """Write everything as JSON, a verdict for each app and class with the line it rests on; `more` at the end."""
    value = {
        "format": FORMAT,
        "version": VERSION,
        "as_of": found.as_of,
        **(stamps.plain(stamp) if stamp is not None else {}),
        "proven": found.proven and not unread,
        "outcome": "NOT PROVEN" if unread else found.outcome,
        "sentence": sentence(found, len(unread)),
        "counts": found.counts.plain,
        "unjudged_parts": found.unjudged,
        "unknown_documents": found.unknown_documents,
        "declared": found.declared,
        "lists": [machine.status(status) for status in found.statuses],
        "apps": [{"key": app.key, "name": app.name, "duties": app.duties} for app in found.apps],
        "classes": [_class(verdict, found) for verdict in found.classes],
        "exceptions": [_variant(one) for one in found.variants],
        "not_judged": found.weaker,
        "verdicts": list(_verdicts(found, places)),
        "gaps": [_gap_data(report) for report in found.gaps],
        "accepted_gaps": [_gap_data(report) for report in found.accepted],
        "failures": [machine.finding(one) for one in found.failures],
        "findings": [machine.finding(one) for one in (*unread, *found.findings)],
        "notes": found.notes,
        "documents": [msgspec.to_builtins(use) for use in found.documents],
        "decisions": found.decisions,
        **(more or {}),
    }
    return machine.dump(value)


def properties(found: Verification, unread: int = 0) -> dict[str, str | int]:
    """Return what SARIF and JUnit carry beside their results: the sentence, and the count of each row."""
    return {"sentence": sentence(found, unread), **found.counts.plain}


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "groups": variant.groups,
        "apps": variant.excepted,
        "waivers": [msgspec.structs.asdict(one) | {"origin": str(one.origin)} for one in variant.waivers],
    }


def _class(verdict: ClassVerdict, found: Verification) -> dict[str, Any]:
    cls = verdict.cls
    return {
        "name": cls.name,
        "platform": cls.platform,
        "os": ", ".join(f"{bound.op}{'.'.join(map(str, bound.version))}" for bound in cls.os),
        "supervised": cls.supervised,
        "enrollment": cls.enrollment,
        "mode": cls.mode,
        "managed_by": cls.managed_by,
        "groups": cls.groups,
        "origins": cls.origins,
        "documents": verdict.documents,
        "proven": verdict.proven,
        "counts": found.counted(verdict).plain,
    }


def _verdicts(found: Verification, places: Places) -> Iterator[dict[str, Any]]:
    for cell, record in with_cells(found, places):
        deciding, origin = record.deciding, record.deciding.origin
        absent = found.absent.get((record.app, record.platform))
        yield {
            "app": record.app,
            "class": record.device_class,
            "identifier": f"{record.identifier.kind}:{record.identifier.value}" if record.identifier else "",
            "ordered_by": [_ordered_by(reason) for reason in record.ordered_by],
            "verdict": record.verdict,
            "word": cell.label,
            "row": cell.row,
            "held": record.held,
            "gap": record.gap,
            "accepted_by": record.accepted_by,
            "strength": record.strength or "",
            "proof": record.proof,
            "state": record.state,
            "because": record.because,
            "escapes": record.escapes,
            "rule": deciding.rule,
            "fact": deciding.fact,
            "source": deciding.source or (absent.source if absent and record.verdict == "not-applicable" else ""),
            "document": deciding.document,
            "sha256": deciding.sha256,
            "pointer": deciding.pointer,
            "file": origin.file if origin else "",
            "line": origin.line if origin else 0,
            "column": origin.column if origin else 0,
            "scope": deciding.scope,
            "unmet_duties": record.unmet_duties,
            "states": record.states,
        }


def _ordered_by(reason: Reason) -> dict[str, Any]:
    return {
        "list": reason.list,
        "citation": reason.citation,
        "through": reason.through,
        "file": reason.origin.file,
        "line": reason.origin.line,
    }


def _gap_data(report: GapReport) -> dict[str, Any]:
    line = report.line
    origin = line.origin if line else None
    return {
        "apps": [app.key for app in report.apps],
        "class": report.cls.name,
        "verdict": report.verdict,
        "counterexample": report.state,
        "states": report.states,
        "because": report.sentence,
        "escapes": report.escapes,
        "hint": report.hint,
        "identifiers": [msgspec.structs.asdict(one) for one in report.identifiers],
        "fact": line.fact if line else "",
        "source": line.source if line else "",
        "document": line.document if line else "",
        "pointer": line.pointer if line else "",
        "file": origin.file if origin else "",
        "line": origin.line if origin else 0,
        "column": origin.column if origin else 0,
        "accepted": msgspec.structs.asdict(report.accepted) | {"origin": str(report.accepted.origin)}
        if report.accepted
        else None,
    }


def as_findings(found: Verification, unread: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """Return gaps and remarks as findings, for SARIF: a gap stands at the line that decides, else where it is ordered."""
    made = []
    for report in found.gaps:
        said = f"{report.cls.name}: {_names(report.apps)}: {report.verdict} ({report.state}): {report.sentence}"
        said += f" [{identifiers(report)}]" if report.identifiers else ""
        origin = report.line.origin if report.line else None
        if origin is None and report.apps[0].reasons:
            origin = report.apps[0].reasons[0].origin
        made.append(error("ban-gap", said, origin, report.hint))
    for report in found.accepted:
        said = f"{report.cls.name}: {_names(report.apps)}: {report.verdict}, accepted"
        made.append(note("gap-accepted", said, report.accepted.origin if report.accepted else None))
    return (*unread, *made, *found.failures, *found.findings)


def junit(found: Verification, places: Places, unread: Sequence[Finding] = (), stamp: Stamp | None = None) -> str:
    """Write a test for each app and class, one for each file that could not be read, one for each that proves nothing."""
    cases = [
        junits.Case("documents", f.origin.file if f.origin else f.id, f"{f.id}: {f.message}")
        for f in (*unread, *found.failures)
    ]
    for verdict in found.classes:
        for group in verdict.groups:
            cases += [_case(app, verdict, group.cell, places) for app in group.apps]
    if not found.classes:
        cases.append(junits.Case("documents", "anything to check", "no document says anything about a banned app"))
    ordered = sorted(cases, key=lambda case: (case.group, case.name))
    said = {**properties(found, len(unread)), **(stamps.with_digests(stamp) if stamp is not None else {})}
    return junits.junit("mdm-policy verify", ordered, said)


_PROOF = {"proof": "declared, not modelled"}


def _case(app: BannedApp, verdict: ClassVerdict, cell: Cell, places: Places) -> junits.Case:
    group, name = verdict.cls.name, f"{app.name} ({app.key})"
    if cell.gap:
        own = verdict.decide(app, cell.state) if cell.state is not None else cell.decision
        line = line_of(own, cell.state, places)
        details = [f"for example: {cell.state}", f"because: {own.sentence}"] if cell.state is not None else []
        if line is not None:
            details += [f"decided at: {_place(line)}"] if line.document else []
            details.append(f"source: {line.source}")
        failure = f"{cell.word}: {own.sentence}"
        return junits.Case(group, name, failure, "\n".join(details), file=line.document if line else "")
    if cell.accepted is not None:
        return junits.Case(group, name, skipped=f"accepted gap: {cell.accepted.document}")
    skipped = cell.word if cell.row in ("does-not-exist", "excepted") else ""
    return junits.Case(group, name, skipped=skipped, properties=_PROOF if cell.declared else {})


def for_pull_request(found: Verification, unread: Sequence[Finding] = (), stamp: Stamp | None = None) -> str:
    """Write Markdown: the sentence, the matrix as a table, the gaps, the rest folded away, and the sentence again."""
    parts = [markdown.heading(sentence(found, len(unread)), 3)]
    if unread:
        parts.append(
            markdown.items(f"{markdown.code(str(f.origin or ''))} {markdown.escape(f.message)}" for f in unread)
        )
    if found.classes:
        heads = ["App", *(verdict.cls.name for verdict in found.classes)]
        rows = [
            [markdown.escape(name), *(f"**{one}**" if one.isupper() else one for one in row)]
            for name, row in _rows(found)
        ]
        parts.append(markdown.table(heads, rows))
    if found.gaps:
        parts += [markdown.heading("Gaps", 4), markdown.items(_gap_line(report) for report in found.gaps)]
    if found.failures:
        parts.append(
            markdown.items(f"{markdown.code(str(f.origin))} {markdown.escape(f.message)}" for f in found.failures)
        )
    if found.accepted:
        parts += [markdown.heading("Accepted gaps", 4), markdown.items(_gap_line(report) for report in found.accepted)]
    if found.variants:
        listed = markdown.items(markdown.escape(one) for one in _exceptions(found))
        parts += [markdown.heading("Exceptions", 4), listed]
    lists = [f"{s.list}, {s.state}: {s.citation}" for s in found.statuses]
    folded = [*lists, *_notes(found)]
    parts.append(markdown.details("Lists and notes", markdown.items(markdown.escape(one) for one in folded)))
    parts += [stamps.as_markdown(stamp)] if stamp is not None else []
    parts.append(f"**{markdown.escape(sentence(found, len(unread)))}**")
    return "\n\n".join(parts) + "\n"


def _gap_line(report: GapReport) -> str:
    place = f" at {markdown.code(_place(report.line))}" if report.line and report.line.document else ""
    said = f"{report.cls.name}: {report.verdict.upper()}: {_names(report.apps)}. {report.state}: {report.sentence}"
    said += f" ({identifiers(report)})" if report.identifiers else ""
    hint = report.hint if report.accepted is None else f"accepted: {report.accepted.document}"
    return f"{markdown.escape(said)}{place}. {markdown.escape(hint)}"

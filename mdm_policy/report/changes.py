"""Write what changed between two sides: a sentence first, then one line for each app and platform, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.diff import DIRECTIONS, HARMLESS, MEANING, WEAKENING
from mdm_policy.errors import Finding, Origin
from mdm_policy.model import Frozen
from mdm_policy.report import html, markdown
from mdm_policy.report import stamp as stamps
from mdm_policy.report.machine import dump, finding, status
from mdm_policy.report.reference import standing
from mdm_policy.report.stamp import Stamp  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.diff import Change, Comparison, Other

VERSION = 2
"""The version of the JSON; it grows when a key is added, and the format's name changes when one goes."""
_MOST_OTHERS = 10
_MOST_STRANGE = 20
_CANNOT_TELL = "Changed, and this program cannot say in which direction"
_NO_APP = "Other keys that changed; by the vendor's own description they concern no app"
_MOST_IDENTIFIERS = 6
_TITLES = {
    "ios": "iPhone, iPad",
    "macos": "Mac",
    "android": "Android",
    "windows": "Windows",
    "web": "web",
}
_COLUMNS = ("Direction", "App", "Platform", "Before", "After", "Devices", "Why", "Banned by")


class ChangesReport(Frozen, frozen=True):
    """Hold what is written: the comparison, the names of its sides, the day, and whether all changes are listed."""

    comparison: Comparison
    old: str
    new: str
    as_of: str
    everything: bool = False
    stamp: Stamp | None = None
    """What was judged, and by what."""

    @property
    def shown(self) -> tuple[Change, ...]:
        """Return the changes that are listed, but for those that nobody can judge."""
        changes = tuple(c for c in self.comparison.changes if c.direction != "UNJUDGED")
        return changes if self.everything else tuple(c for c in changes if c.direction not in HARMLESS)

    @property
    def unjudged(self) -> tuple[Change, ...]:
        """Return the changes of which nobody can say the direction, those that were accepted too."""
        return tuple(c for c in self.comparison.changes if c.direction == "UNJUDGED")


def sentence(report: ChangesReport) -> str:
    """Say in one sentence what changed."""
    comparison = report.comparison
    counts = comparison.counts
    weak = [f"{counts[one]} {one}" for one in DIRECTIONS if one in WEAKENING and counts[one]]
    quiet = [f"{counts[one]} {one}" for one in DIRECTIONS if one in HARMLESS and counts[one]]
    parts = []
    if weak:
        parts.append(f"weaker than before: {', '.join(weak)}")
    if counts["TIGHTENED"]:
        parts.append(f"{counts['TIGHTENED']} TIGHTENED")
    if counts["UNJUDGED"]:
        accepted = counts["UNJUDGED"] - len(comparison.unjudged)
        beside = f" ({accepted} of them accepted)" if accepted else ""
        parts.append(f"{counts['UNJUDGED']} changed, and this program cannot say in which direction{beside}")
    if not parts:
        parts.append("no ban changed" if comparison.others or quiet else "no difference")
    if quiet:
        parts.append(f"{', '.join(quiet)}{'' if report.everything else ' (--all lists them)'}")
    if comparison.others:
        parts.append(f"{len(comparison.others)} key{'s' * (len(comparison.others) != 1)} changed that concern no app")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def text(report: ChangesReport, width: int = 80) -> str:
    """Write the comparison for people."""
    lines = [fill(sentence(report), width), fill(f"From {report.old} to {report.new}, as of {report.as_of}.", width)]
    lines += [fill(line, width, "  ", "    ") for line in _standings(report)]
    for change in report.shown:
        lines += ["", *_change(change, width)]
    if report.unjudged:
        lines += ["", fill(f"{_CANNOT_TELL}:", width)]
        lines += [fill(line, width, "  ", "    ") for line in _strange(report.unjudged)]
    if report.comparison.others:
        lines += ["", fill(f"{_NO_APP}:", width)]
        lines += [fill(line, width, "  ", "    ") for line in _others(report.comparison.others)]
    if report.stamp is not None:
        lines += ["", fill(stamps.as_text(report.stamp), width)]
    words = [one for one in DIRECTIONS if any(change.direction == one for change in report.shown)]
    if words:
        lines += ["", *(fill(f"{word}: {MEANING[word]}", width, "  ", "    ") for word in words)]
    return "\n".join(lines)


def _standings(report: ChangesReport) -> Iterator[str]:
    for one in report.comparison.statuses:
        yield f"{one.list}: {standing(one)}"


def _change(change: Change, width: int) -> Iterator[str]:
    verdicts = f": {change.before} -> {change.after}" if change.before or change.after else ""
    where = f", {_TITLES.get(change.platform, change.platform)}" if change.platform else ""
    yield fill(f"{change.direction} {change.name}{where}{verdicts}", width, "", "    ")
    for label, value in (
        ("identifiers", _identifiers(change)),
        ("devices", change.who),
        ("why", change.why),
        ("was at", str(change.old or "")),
        ("is at", str(change.new or "")),
        *(("banned by", one) for one in change.banned_by),
    ):
        if value:
            yield fill(f"{label}: {value}", width, "    ", "      ")


def _identifiers(change: Change) -> str:
    if change.identifiers == (change.name,):
        return ""
    most = _MOST_IDENTIFIERS
    rest = f" and {len(change.identifiers) - most} more" if len(change.identifiers) > most else ""
    return f"{', '.join(change.identifiers[:most])}{rest}"


def _strange(changes: Sequence[Change]) -> Iterator[str]:
    for one in changes[:_MOST_STRANGE]:
        place = one.new or one.old
        taken = "; accepted" if one.accepted else ""
        yield f"{place or one.name} {one.pointer or 'the whole document'}: {_was_is(one.before, one.after)}{taken}"
    if len(changes) > _MOST_STRANGE:
        yield f"and {len(changes) - _MOST_STRANGE} more; --format json has them all"


def _was_is(before: str, after: str) -> str:
    return f"{before or 'nothing'} -> {after or 'nothing'}"


def _others(others: Sequence[Other]) -> Iterator[str]:
    for one in others[:_MOST_OTHERS]:
        where = one.pointer or "a whole document"
        yield f"{one.kind} {where}: {_was_is(one.before, one.after)}"
    if len(others) > _MOST_OTHERS:
        yield f"and {len(others) - _MOST_OTHERS} more; --format json has them all"


def as_json(report: ChangesReport) -> str:
    """Write the comparison for programs: every change, whatever is listed for people; docs/diff.md has the keys."""
    comparison = report.comparison
    return dump(
        {
            "format": "mdm-policy-diff",
            "version": VERSION,
            "old": report.old,
            "new": report.new,
            "as_of": report.as_of,
            **(stamps.plain(report.stamp) if report.stamp is not None else {}),
            "exit_code": comparison.exit_code,
            "summary": sentence(report),
            "counts": comparison.counts,
            "changes": [_plain(change) for change in comparison.changes],
            "other_keys": [msgspec.to_builtins(one) for one in comparison.others],
            "lists": [status(one) for one in comparison.statuses],
            "findings": [finding(one) for one in comparison.findings],
        }
    )


def _plain(change: Change) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(change)
    for side in ("old", "new"):
        origin = made.pop(side)
        made[side] = origin or {"file": "", "line": 0, "column": 0}
    return made


def as_findings(report: ChangesReport) -> tuple[Finding, ...]:
    """Return the listed changes as findings, for SARIF: at the new place, or where the entry was."""
    made = []
    for change in (*report.shown, *report.unjudged):
        weak = change.direction in WEAKENING or (change.direction == "UNJUDGED" and not change.accepted)
        severity = "error" if weak else "note"
        verdicts = f": {change.before} -> {change.after}" if change.before or change.after else ""
        who = f" ({change.who})" if change.who else ""
        by = f"; banned by {'; '.join(change.banned_by)}" if change.banned_by else ""
        message = f"{change.name}{f' on {change.platform}' if change.platform else ''}{verdicts}{who}, {change.why}{by}"
        place = change.new or change.old or Origin(report.new)
        made.append(
            Finding(f"diff-{change.direction.lower()}", "error" if severity == "error" else "note", message, place)
        )
    return (*made, *report.comparison.findings)


def as_markdown(report: ChangesReport) -> str:
    """Write the comparison for a pull request."""
    parts = [
        markdown.heading("Policy changes"),
        f"{markdown.code(report.old)} → {markdown.code(report.new)}, as of {report.as_of}",
        f"**{markdown.escape(sentence(report))}**",
    ]
    standings = list(_standings(report))
    if standings:
        parts.append(markdown.items(map(markdown.escape, standings)))
    if report.shown:
        parts.append(markdown.table(_COLUMNS, (_cells(change) for change in report.shown)))
    if report.unjudged:
        parts += [markdown.heading(_CANNOT_TELL, 3), markdown.items(map(markdown.escape, _strange(report.unjudged)))]
    if report.comparison.others:
        body = markdown.items(map(markdown.escape, _others(report.comparison.others)))
        parts.append(markdown.details(_NO_APP, body))
    if report.stamp is not None:
        parts.append(stamps.as_markdown(report.stamp))
    return "\n\n".join(parts) + "\n"


def _cells(change: Change) -> tuple[str, ...]:
    ids = " ".join(markdown.code(one) for one in change.identifiers[:_MOST_IDENTIFIERS] if one != change.name)
    return (
        f"**{change.direction}**" if change.direction in WEAKENING else change.direction,
        f"{markdown.escape(change.name)} {ids}".rstrip(),
        markdown.escape(_TITLES.get(change.platform, change.platform)),
        markdown.escape(change.before),
        markdown.escape(change.after),
        markdown.escape(change.who),
        markdown.escape(change.why),
        markdown.escape("; ".join(change.banned_by)),
    )


def as_html(report: ChangesReport) -> str:
    """Write the comparison as a fragment to put into a page of one's own."""
    parts = [
        html.element("h2", "Policy changes"),
        html.element("p", f"{html.code(report.old)} → {html.code(report.new)}, as of {html.escape(report.as_of)}"),
        html.element("p", html.element("strong", html.escape(sentence(report)))),
    ]
    parts += [html.element("p", html.escape(line)) for line in _standings(report)]
    if report.shown:
        rows = ((f"mdm-policy-{change.direction.lower()}", _html_cells(change)) for change in report.shown)
        parts.append(html.table("Changes, worst first", _COLUMNS, rows))
    for told, lines in ((_CANNOT_TELL, _strange(report.unjudged)), (_NO_APP, _others(report.comparison.others))):
        items = "".join(html.element("li", html.escape(line)) for line in lines)
        if items:
            parts += [html.element("p", f"{told}:"), html.element("ul", items)]
    if report.stamp is not None:
        parts.append(stamps.as_html(report.stamp))
    return html.element("section", *(f"\n{part}" for part in parts), "\n", class_="mdm-policy-diff") + "\n"


def _html_cells(change: Change) -> tuple[str, ...]:
    ids = " ".join(html.code(one) for one in change.identifiers[:_MOST_IDENTIFIERS] if one != change.name)
    texts: Iterable[str] = (change.before, change.after, change.who, change.why, "; ".join(change.banned_by))
    return (
        html.escape(change.direction),
        f"{html.name(change.name)} {ids}".rstrip(),
        html.escape(_TITLES.get(change.platform, change.platform)),
        *map(html.escape, texts),
    )

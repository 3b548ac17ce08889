"""Write what the program knows: shipped lists, catalogue hits, targets, and why and how an app is blocked."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue, Hit
    from mdm_policy.model import BannedApp, Identifier, ListStatus, Resolution
    from mdm_policy.targets import Claim, Target


class Way(Frozen, frozen=True):
    """Say which identifiers of an app a target blocks, and how."""

    target: str
    title: str
    claim: Claim
    values: tuple[str, ...]


def _wrap(text: str, width: int, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def shipped(found: Sequence[tuple[ListStatus, int]], width: int) -> str:
    """Write each shipped list: id, state, number of entries, title and citation."""
    lines = []
    for status, count in found:
        lines.append(_wrap(f"{status.list}: {status.title}", width))
        lines.append(_wrap(f"{count} entries. {status.citation}", width, "    ", "    "))
        lines.append(_wrap(f"{status.state}: {status.sentence}", width, "    ", "    "))
    return "\n".join(lines)


def hits(query: str, found: Sequence[Hit], catalogue: Catalogue, width: int) -> str:
    """Write what a search of the catalogue found, identifiers with their confidence and sources."""
    if not found:
        return f"nothing in the catalogue matches {query!r}"
    blocks = []
    for hit in found:
        if hit.app is not None:
            app = hit.app
            maker = catalogue.vendors[app.vendor].name if app.vendor in catalogue.vendors else app.vendor
            lines = [f"{app.key}: {app.name} ({maker})"]
            if app.note:
                lines.append(_wrap(app.note, width, "    ", "    "))
            lines += _identifiers(app.identifiers, catalogue, width)
            absent = [family for family, state in sorted(app.platforms.items()) if state == "none"]
            unknown = [family for family, state in sorted(app.platforms.items()) if state == "unknown"]
            if absent:
                lines.append(f"    does not exist on: {', '.join(absent)} (as far as is known)")
            if unknown:
                lines.append(f"    not known whether it exists on: {', '.join(unknown)}")
            lines += [f"    preinstalled by {p.maker} ({p.source})" for p in app.preinstalled]
        else:
            vendor = hit.vendor
            lines = [f"vendor {vendor.key}: {vendor.name}"] if vendor else []
            if vendor:
                apps = ", ".join(app.key for app in catalogue.apps_of(vendor.key))
                lines.append(_wrap(f"apps: {apps or 'none known'}", width, "    ", "    "))
                lines += _identifiers(vendor.identifiers, catalogue, width)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _identifiers(identifiers: Iterable[Identifier], catalogue: Catalogue, width: int) -> Iterator[str]:
    for identifier in identifiers:
        yield f"    {identifier.family:<8} {identifier.kind:<20} {identifier.value}"
        evidence = catalogue.evidence.get(identifier.key)
        parts: list[str] = [identifier.confidence]
        if identifier.sources:
            parts.append("; ".join(identifier.sources))
        if evidence and evidence.note:
            parts.append(evidence.note)
        yield _wrap(
            ": ".join(parts[:2]) + (f". {parts[2]}" if len(parts) > len("ab") else ""), width, " " * 13, " " * 13
        )


def targets(found: Iterable[Target], width: int) -> str:
    """Write one line a target, with what it is for."""
    lines = []
    for target in found:
        manifest = target.manifest
        extra = "" if manifest.default else " (built on request)"
        lines.append(f"{manifest.target}{extra}")
        lines.append(_wrap(manifest.title, width, "    ", "    "))
    return "\n".join(lines)


def target(found: Target, width: int) -> str:
    """Write one target in full."""
    manifest = found.manifest
    lines = [manifest.target, _wrap(manifest.title, width), "", _wrap(manifest.summary, width), "", "Blocks"]
    lines += [_wrap(claim_sentence(claim), width, "  - ", "    ") for claim in manifest.blocks]
    for title, sentences in (("Needs", manifest.needs), ("Cannot", manifest.cannot)):
        if sentences:
            lines += ["", title, *(_wrap(sentence, width, "  - ", "    ") for sentence in sentences)]
    if manifest.options:
        lines += ["", "Options"]
        for name, option in sorted(manifest.options.items()):
            choices = f" ({' | '.join(option.choices)})" if option.choices else ""
            lines.append(
                _wrap(f"{name}: {option.help} Default: {_plain(option.default)}{choices}.", width, "  - ", "    ")
            )
    lines += [
        "",
        "Documents",
        *(f"  - {spec.output} ({spec.format}, schema {spec.schema})" for spec in manifest.documents),
    ]
    if manifest.alternative_group:
        lines += ["", f"One of the alternatives {manifest.alternative_group!r}: assign exactly one to a device."]
    lines += ["", _wrap(f"Source: {manifest.source}", width)]
    return "\n".join(lines)


def _plain(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def claim_sentence(claim: Claim) -> str:
    """Say in one sentence what a claim promises, and under which conditions."""
    where = ", ".join(
        f"{platform} {version} and later" if version != "0" else platform
        for platform, version in sorted(claim.platforms.items())
    )
    conditions = []
    if claim.supervised:
        conditions.append("supervised")
    if claim.enrollments:
        conditions.append(f"{' or '.join(claim.enrollments)} enrollment")
    if claim.modes:
        conditions.append(f"mode {' or '.join(claim.modes)}")
    if claim.sides:
        conditions.append(f"side {' or '.join(claim.sides)}")
    if claim.origins:
        conditions.append(f"apps from: {', '.join(claim.origins)}")
    if claim.option:
        conditions.append(f"with option {claim.option}")
    only = f"; only {', '.join(conditions)}" if conditions else ""
    limit = f"; at most {claim.capacity} entries" if claim.capacity is not None else ""
    return f"{claim.family} {claim.kind}: {claim.verdict} ({claim.strength}) on {where}{only}{limit}"


def ways(identifiers: Sequence[Identifier], found: Iterable[Target]) -> tuple[Way, ...]:
    """Return how each target blocks the identifiers, by the claims of its manifest."""
    made = []
    for each in found:
        for claim in each.manifest.blocks:
            values = tuple(i.value for i in identifiers if (i.family, i.kind) == (claim.family, claim.kind))
            if values:
                made.append(Way(each.name, each.manifest.title, claim, values))
    return tuple(made)


def explanation(app: BannedApp, found: Sequence[Way], resolution: Resolution, width: int) -> str:
    """Say why an app is banned, by whom and since when, and how each target blocks it."""
    states = {status.list: status for status in resolution.statuses}
    lines = [f"{app.name} ({app.key})", "Banned by"]
    for reason in app.reasons:
        through = f" through {reason.through}" if reason.through else ""
        state = states[reason.list]
        lines.append(_wrap(f"{reason.list}{through}: {reason.citation}", width, "  - ", "    "))
        lines.append(_wrap(f"{state.state}: {state.sentence}", width, "    ", "    "))
        lines.append(f"    at {reason.origin}")
    excepted = [v for v in resolution.variants if app.key in v.excepted]
    for variant in excepted:
        waiver = next(w for w in variant.waivers if w.app == app.key)
        text = f"except for {', '.join(variant.groups)} until {waiver.until}: {waiver.document}, {waiver.approved_by}"
        lines.append(_wrap(text, width, "  - ", "    "))
    lines.append("Blocked as")
    for way in found:
        shown = ", ".join(way.values[:4]) + (
            f" and {len(way.values) - 4} more" if len(way.values) > len(way.values[:4]) else ""
        )
        lines.append(_wrap(f"{way.target}: {shown}", width, "  - ", "    "))
        lines.append(_wrap(claim_sentence(way.claim), width, "    ", "    "))
    if not found:
        lines.append("  - nothing: no identifier any target can block is known")
    missing = [f for f, s in app.platforms.items() if s != "none" and not any(i.family == f for i in app.identifiers)]
    absent = [f for f, s in app.platforms.items() if s == "none"]
    if missing:
        lines.append(_wrap(f"Not blocked on {', '.join(missing)}: no identifier is known there.", width))
    if absent:
        lines.append(_wrap(f"Does not exist on {', '.join(absent)}, as far as is known.", width))
    return "\n".join(lines)

"""Write what the program knows: shipped lists, targets, and why and how an app is blocked."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mdm_policy.collateral import sentence
from mdm_policy.model import Frozen
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.model import BannedApp, GrantedException, Identifier, ListStatus, Resolution
    from mdm_policy.target_model import StatedCollateral
    from mdm_policy.targets import Claim, Target


_MOST_VALUES = 4


class Way(Frozen, frozen=True):
    """Say which identifiers of an app a target blocks, and how."""

    target: str
    title: str
    claim: Claim
    values: tuple[str, ...]


def standing(status: ListStatus) -> str:
    """Say whether a list is in force, and why: the state's word first, unless the sentence begins with it."""
    word = status.state.replace("-", " ")
    return status.sentence if status.sentence.startswith(word) else f"{word}: {status.sentence}"


def shipped(found: Sequence[tuple[ListStatus, int]], width: int) -> str:
    """Write each shipped list: id, title, number of entries, citation, and whether it is in force."""
    lines = []
    for status, count in found:
        entries = f"{count} entr{'y' if count == 1 else 'ies'}"
        lines.append(fill(f"{status.list}: {status.title}", width, "", "    "))
        lines.append(fill(f"{entries}. {status.citation}", width, "    ", "    "))
        lines.append(fill(standing(status), width, "    ", "    "))
    return "\n".join(lines)


def targets(found: Iterable[Target], width: int) -> str:
    """Write one line a target, with what it is for."""
    lines = []
    for target in found:
        manifest = target.manifest
        extra = "" if manifest.default else " (built on request)"
        lines.append(f"{manifest.target}{extra}")
        lines.append(fill(manifest.title, width, "    ", "    "))
    return "\n".join(lines)


def target(found: Target, width: int) -> str:
    """Write one target in full."""
    manifest = found.manifest
    lines = [manifest.target, fill(manifest.title, width), "", fill(manifest.summary, width)]
    if manifest.blocks:
        lines += ["", "Blocks", *(fill(claim_sentence(claim), width, "  - ", "    ") for claim in manifest.blocks)]
    if manifest.handed_over:
        handed = [f"{one.output}: {one.says}" for one in manifest.handed_over]
        lines += ["", "Handed over, not proven", *(fill(one, width, "  - ", "    ") for one in handed)]
    if manifest.collateral:
        lines += ["", "Beside the ban", *(fill(_collateral(one), width, "  - ", "    ") for one in manifest.collateral)]
    for title, sentences in (("Needs", manifest.needs), ("Cannot", manifest.cannot)):
        if sentences:
            lines += ["", title, *(fill(sentence, width, "  - ", "    ") for sentence in sentences)]
    if manifest.options:
        lines += ["", "Options"]
        for name, option in sorted(manifest.options.items()):
            choices = f" ({' | '.join(option.choices)})" if option.choices else ""
            lines.append(
                fill(f"{name}: {option.help} Default: {_plain(option.default)}{choices}.", width, "  - ", "    ")
            )
    files = [f"{spec.output} ({spec.format}, schema {spec.schema})" for spec in manifest.documents]
    if files:
        lines += ["", "Documents", *(fill(one, width, "  - ", "    ") for one in files)]
    if manifest.alternative_group:
        said = f"One of the alternatives {manifest.alternative_group!r}: assign exactly one to a device."
        lines += ["", fill(said, width)]
    lines += ["", fill(f"Source: {manifest.source}", width)]
    return "\n".join(lines)


def _collateral(one: StatedCollateral) -> str:
    """Say what documents do beside the ban, and with which option."""
    only = [f"of {' and '.join(one.documents)}"] if one.documents else []
    only += [f"with option {one.option}"] if one.option else []
    only += [f"without option {one.unless}"] if one.unless else []
    said = sentence(one.what, one.when)
    return f"{said[0].upper()}{said[1:]}" + (f"; only: {', '.join(only)}" if only else "")


def _plain(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def claim_sentence(claim: Claim) -> str:
    """Say in one sentence what a claim promises, and under which conditions."""
    return f"{claim.family} {subject(claim)}: {terms(claim)}"


def subject(claim: Claim) -> str:
    """Name the kind of identifier that a claim is about, with those that it asks for at once."""
    return " with ".join((claim.kind, " and ".join(claim.joined_with))) if claim.joined_with else claim.kind


def terms(claim: Claim) -> str:
    """Say what becomes of an app, how surely, where, and under which conditions."""
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
        conditions.append(f"{' or '.join(claim.modes)} mode")
    if claim.sides:
        conditions.append(f"{' or '.join(claim.sides)} side")
    if claim.origins:
        conditions.append(f"{' or '.join(claim.origins)} apps")
    if claim.option:
        conditions.append(f"with option {claim.option}")
    if claim.unless:
        conditions.append(f"without option {claim.unless}")
    only = f"; only: {', '.join(conditions)}" if conditions else ""
    limit = f"; at most {claim.capacity} entries" if claim.capacity is not None else ""
    never = f"; none that holds {' or '.join(claim.cannot_hold)}" if claim.cannot_hold else ""
    return f"{claim.verdict} ({claim.strength}) on {where}{only}{limit}{never}"


def ways(
    identifiers: Sequence[Identifier], found: Iterable[Target], signers: Sequence[Identifier] = ()
) -> tuple[Way, ...]:
    """Return how each target blocks the identifiers, by the claims of its manifest; `signers` may be joined with them."""
    made = []
    held = {(i.family, i.kind) for i in (*identifiers, *signers)}
    for each in found:
        for claim in each.manifest.blocks:
            if any((claim.family, kind) not in held for kind in claim.joined_with):
                continue
            values = tuple(i.value for i in identifiers if (i.family, i.kind) == (claim.family, claim.kind))
            if values:
                made.append(Way(each.name, each.manifest.title, claim, values))
    return tuple(made)


def explanation(app: BannedApp, found: Sequence[Way], resolution: Resolution, width: int) -> str:
    """Say why an app is banned, by whom and since when, for whom not, and how each target blocks it."""
    states = {status.list: status for status in resolution.statuses}
    lines = [fill(f"{app.name} ({app.key})", width), "Banned by"]
    for reason in app.reasons:
        through = f", through {reason.through}" if reason.through else ""
        lines.append(fill(f"{reason.list}{through}: {reason.citation}", width, "  - ", "    "))
        lines.append(fill(standing(states[reason.list]), width, "    ", "    "))
        lines.append(f"    at {reason.origin}")
    for groups, waiver in exceptions(app, resolution):
        text = f"except for {', '.join(groups)} until {waiver.until}: {waiver.document}, {waiver.approved_by}"
        lines.append(fill(text, width, "  - ", "    "))
    lines.append("Blocked by")
    lines += _ways(found, width)
    if not found:
        lines.append("  - nothing: no identifier any target can block is known")
    missing = [f for f, s in app.platforms.items() if s != "none" and not any(i.family == f for i in app.identifiers)]
    absent = [f for f, s in app.platforms.items() if s == "none"]
    if missing:
        lines.append(fill(f"Not blocked on {', '.join(missing)}: no identifier is known there.", width))
    if absent:
        lines.append(fill(f"Does not exist on {', '.join(absent)}, as far as is known.", width))
    return "\n".join(lines)


def exceptions(app: BannedApp, resolution: Resolution) -> tuple[tuple[tuple[str, ...], GrantedException], ...]:
    """Return the exceptions in force for an app, each with the groups it frees."""
    return tuple(
        (variant.groups, next(waiver for waiver in variant.waivers if waiver.app == app.key))
        for variant in resolution.variants
        if app.key in variant.excepted
    )


def _ways(found: Sequence[Way], width: int) -> Iterator[str]:
    """Write the ways of a target under its name, so that a name is read once."""
    for target, ways_of in itertools.groupby(found, key=lambda way: way.target):
        yield f"  - {target}"
        for way in ways_of:
            most = _MOST_VALUES if len(way.values) > _MOST_VALUES + 1 else len(way.values)
            shown = ", ".join(way.values[:most])
            rest = f" and {len(way.values) - most} more" if len(way.values) > most else ""
            yield fill(
                f"{way.claim.family} {subject(way.claim)} {shown}{rest}: {terms(way.claim)}", width, "    ", "      "
            )

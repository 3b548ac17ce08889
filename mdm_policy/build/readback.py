"""Hold what rendered documents do, as independent readers find it, against what was ordered.

The law: for each document, the identifiers it blocks are exactly those ordered of the kinds its manifest claims, under
exactly the claimed conditions; nothing less, nothing more. `ordered` comes from resolve, the claims from the manifest,
the effects from the bytes; the render context has no part in it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mdm_policy import kinds
from mdm_policy.errors import Finding, Origin, error
from mdm_policy.kinds.declared import declared_rule
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdm_policy.kinds.declared import Place
    from mdm_policy.reading import Reading, Rule
    from mdm_policy.resolve import Entry
    from mdm_policy.targets import Claim, DocumentSpec
    from mdm_policy.vocabulary import CollateralThing

_SHOWN = 5
"""How many counterexamples of one kind are named; the rest are counted."""

_ACTS = {"block": "blocks", "remove": "removes", "report": "only reports", "none": "holds, without effect,"}
"""What a document does to an identifier nothing orders; what it allows is no ban, unless it allows nothing else."""


class Kept(Frozen, frozen=True):
    """Record that a document keeps a claim: the claim and the reader's rule that carries it out."""

    claim: Claim
    rule: str
    count: int


def declared_places(spec: DocumentSpec, claims: Iterable[Claim]) -> tuple[Place, ...]:
    """Return where a target's manifest says that identifiers stand, for a document whose kind no reader knows."""
    return tuple(
        (spec.read_back[claim.name], claim.family, claim.kind, declared_rule(claim.name, claim))
        for claim in claims
        if claim.name in spec.read_back
    )


def _versions(claim: Claim) -> dict[str, tuple[int, ...]]:
    return {platform: tuple(map(int, version.split("."))) for platform, version in claim.platforms.items()}


def compare(
    target: str,
    spec: DocumentSpec,
    readings: Sequence[Reading],
    claimed: Sequence[tuple[Claim, Sequence[Entry]]],
    tolerated: Mapping[tuple[str, str], Collection[str]] = MappingProxyType({}),
    stated: Collection[CollateralThing] = (),
) -> tuple[tuple[Kept, ...], list[Finding]]:
    """Compare the documents made from one spec with what they must block, both ways.

    `tolerated` are identifiers, by family and kind, that they may block beside that; `stated` is what the manifest states
    that they hit beside the ban. A document for a trial must log
    exactly what the one it stands for blocks, and keeps no claim.

    Returns the claims that are kept, and `read-back-missing`, `read-back-extra`, `read-back-conditions` or
    `read-back-unread` findings, each with a counterexample.
    """
    found = _unread(target, spec, readings, claimed)
    got = _by_rule(readings)
    kept = []
    beside = {kind: frozenset(values) for kind, values in tolerated.items()}
    used: set[tuple[int, tuple[str, str]]] = set()
    for claim, entries in claimed:
        if not entries:
            continue
        matching = [i for i, (rule, values) in enumerate(got) if _keeps(rule, claim, spec) and values.get(_kind(claim))]
        found_by = [got[i][1][_kind(claim)] for i in matching]
        used.update((i, _kind(claim)) for i in matching)
        listed = [entry.value for entry in entries]
        if found_by == [listed]:
            # The usual case: one list, the ordered values, in their order. No set of them is needed.
            kept.append(Kept(claim, got[matching[0]][0].id, len(listed)))
            continue
        wanted, blocked = set(listed), set().union(*found_by)
        surplus = blocked - wanted - beside.get(_kind(claim), frozenset())
        found += _missing(target, readings, claim, wanted - blocked, got)
        found += _extra(target, readings, claim.kind, surplus)
        if wanted <= blocked and not surplus:
            kept.append(Kept(claim, got[matching[0]][0].id, len(wanted)))
    for i, (rule, values) in enumerate(got):
        for (family, kind), extra in sorted(values.items()):
            if (i, (family, kind)) not in used and rule.sense in _ACTS:
                found += _extra(target, readings, kind, set(extra) - beside.get((family, kind), frozenset()), rule)
    found += _allow_only(target, readings, stated)
    return () if spec.audit else tuple(kept), found


def _allow_only(target: str, readings: Sequence[Reading], stated: Collection[CollateralThing]) -> Iterable[Finding]:
    """Find what refuses every store app it does not name, even if it names none: closing sideloading does not count.

    Neither is what the vendor's own default refuses, since it does so without the document too, nor what the manifest states.
    """
    for reading in readings if not {"unlisted-apps", "unlisted-programs"} & set(stated) else ():
        for rule in reading.rules:
            if rule.sense == "allow-only" and rule.cause != "default" and (not rule.origins or "store" in rule.origins):
                message = f"{target}: the document refuses whatever it does not allow, which nothing orders"
                yield error("read-back-extra", message, Origin(reading.path), rule.fact.text)


def _kind(claim: Claim) -> tuple[str, str]:
    return (claim.family, claim.kind)


def _unread(
    target: str, spec: DocumentSpec, readings: Sequence[Reading], claimed: Sequence[tuple[Claim, Sequence[Entry]]]
) -> list[Finding]:
    found: list[Finding] = []
    for reading in readings:
        found += [f for f in reading.findings if f.severity == "error" and not (spec.audit and f.id in kinds.LOGS_ONLY)]
        if reading.kind == kinds.UNKNOWN and not spec.read_back and any(entries for _, entries in claimed):
            message = f"{target}: no reader knows this document, so nothing proves what it blocks"
            hint = "give the document a `read_back:` path in target.yaml"
            found.append(error("read-back-unread", message, Origin(reading.path), hint))
    return found


def _by_rule(readings: Iterable[Reading]) -> list[tuple[Rule, dict[tuple[str, str], list[str]]]]:
    made: dict[int, tuple[Rule, dict[tuple[str, str], list[str]]]] = {}
    for reading in readings:
        for column in reading.columns:
            slot = made.setdefault(id(column.rule), (column.rule, {}))
            slot[1].setdefault((column.family, column.kind), []).extend(column.values)
    return list(made.values())


def _keeps(rule: Rule, claim: Claim, spec: DocumentSpec) -> bool:
    if spec.audit:
        return rule.sense == "report" and not _differences(rule, claim, "reported-only")
    return rule.sense in ("block", "remove") and not _differences(rule, claim)


def _differences(rule: Rule, claim: Claim, verdict: str = "") -> list[str]:
    pairs = (
        ("verdict", verdict or claim.verdict, rule.verdict),
        ("strength", claim.strength, rule.strength),
        ("platforms", _versions(claim), rule.introduced),
        ("supervised", claim.supervised, rule.supervised),
        ("enrollments", set(claim.enrollments), set(rule.enrollments)),
        ("modes", set(claim.modes), set(rule.modes)),
        ("sides", set(claim.sides), set(rule.sides)),
        ("origins", set(claim.origins), set(rule.origins)),
        ("end", "", str(rule.expires or "")),
    )
    return [f"{what}: claimed {ours!r}, read {theirs!r}" for what, ours, theirs in pairs if ours != theirs]


def _missing(
    target: str,
    readings: Sequence[Reading],
    claim: Claim,
    missing: set[str],
    got: Sequence[tuple[Rule, dict[tuple[str, str], list[str]]]],
) -> Iterable[Finding]:
    for value in sorted(missing)[:_SHOWN]:
        place = Origin(readings[0].path)
        holders = [rule for rule, values in got if value in values.get(_kind(claim), ())]
        if holders:
            rule = holders[0]
            told = rule.why or "; ".join(_differences(rule, claim)) or "it allows only what it lists"
            message = f"{target}: {value!r} stands in the document, but not as claimed ({told})"
            yield error("read-back-conditions", message, place, rule.fact.text)
        else:
            message = f"{target}: {value!r} is ordered, and the document does not block it"
            yield error("read-back-missing", message, place, "the template drops it, or puts it where nothing reads it")
    if len(missing) > _SHOWN:
        yield error(
            "read-back-missing", f"{target}: {len(missing) - _SHOWN} more are not blocked", Origin(readings[0].path)
        )


def _extra(
    target: str, readings: Sequence[Reading], kind: str, extra: set[str], rule: Rule | None = None
) -> Iterable[Finding]:
    how = _ACTS[rule.sense] if rule else "blocks"
    for value in sorted(extra)[:_SHOWN]:
        message = f"{target}: the document {how} {kind} {value!r}, which nothing orders or the manifest does not claim"
        yield error(
            "read-back-extra", message, Origin(readings[0].path), "remove it from the template, or ban it in the list"
        )
    if len(extra) > _SHOWN:
        yield error(
            "read-back-extra", f"{target}: {len(extra) - _SHOWN} more are not ordered", Origin(readings[0].path)
        )

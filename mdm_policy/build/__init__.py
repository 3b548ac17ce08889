"""Turn a resolution into the files an admin imports, each read back and held to its claims before it is handed over.

Pure but for the `sink` it is given: the sink receives every file as it is made, so that 100,000 apps never sit in
memory for all targets at once. Nothing is handed over as finished until every document has kept its claims. What they
all come to on the organization's devices is for the verifier to say, which is given what was read.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy import kinds, render, templating
from mdm_policy.build import collateral, handing, importing, naming, readback
from mdm_policy.build.record import Signing  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.documents import MAX_SIZE
from mdm_policy.errors import Finding, NotProvenError, Origin, PolicyError, error, note, warning
from mdm_policy.model import Frozen, Resolution
from mdm_policy.reading import Column, Effects, Reading
from mdm_policy.resolve import OrderedIds, ordered
from mdm_policy.validate import SchemaChecker, validate
from mdm_policy.verify.pieces import BuildPart, Piece, piece, placed
from mdm_policy.verify.queries import declared_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mdm_policy.resolve import Entry
    from mdm_policy.targets import Claim, DocumentSpec, Target
    from mdm_policy.templating import TemplateRunner

    Sink = Callable[[str, bytes], None]
    Seal = Callable[[str, str, bytes], bytes | None]
    """Sign a document (its target, its path, its bytes), or return None to leave it unsigned."""


class Written(Frozen, frozen=True):
    """Record one document that was made: where, what it is, and which claims its reader confirmed.

    `sha256` and `size` are those of what was read back; a signed file has these bytes inside. `signing` says whether the
    document is one to sign: `no`, `possible`, or `signed`. `declared` tells whether only the target's own manifest says
    what the document does. `totals` counts what it blocks, by kind of identifier.
    """

    path: str
    sha256: str
    size: int
    target: str
    document: str
    variant: str
    kind: str
    schema: str
    kept: tuple[readback.Kept, ...]
    signing: Signing = "no"
    declared: bool = False
    totals: dict[str, int] = {}


class Built(Frozen, frozen=True):
    """Hold what a build made; `texts` are (path, sha256) of IMPORT.md files, `pieces` the documents for the verifier."""

    documents: tuple[Written, ...]
    texts: tuple[tuple[str, str], ...]
    targets: tuple[Target, ...]
    options: dict[str, dict[str, Any]]
    pieces: tuple[Piece, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = ()
    """Those of the findings that the organization has accepted, as notes that say by whom and why."""
    handed: tuple[handing.Handed, ...] = ()


class _Proven(Frozen, frozen=True):
    """Keep of a document that was proven what the verifier needs; its bytes and values are gone by then."""

    written: Written
    piece: Piece
    part: BuildPart
    findings: tuple[Finding, ...]


class _Out(Frozen, frozen=True):
    """Hold the way out of the build, and what holds documents against their schemas on it."""

    sink: Sink
    seal: Seal | None
    checker: SchemaChecker


class _Made(Frozen, frozen=True):
    """Pair a rendered artifact with what validation and reading found."""

    artifact: render.Artifact
    spec: DocumentSpec
    piece: Piece


def check_options(
    targets: Mapping[str, Target], options: Mapping[str, Mapping[str, Any]], place: Origin | None
) -> list[Finding]:
    """Check a deployment's options against the manifests: names, types and choices."""
    found = []
    for name, chosen in sorted(options.items()):
        target = targets.get(name)
        if target is None:
            found.append(error("unknown-target", f"options name {name!r}, which is not a target", place))
            continue
        known = target.manifest.options
        for key, value in sorted(chosen.items()):
            option = known.get(key)
            if option is None:
                hint = f"options: {', '.join(sorted(known)) or 'none'}"
                found.append(error("unknown-option", f"target {name!r} has no option {key!r}", place, hint))
            elif type(value) is not type(option.default) or (option.choices and value not in option.choices):
                wants = " or ".join(option.choices) or type(option.default).__name__
                found.append(error("option-value", f"option {name}.{key} is {value!r}, not {wants}", place))
    return found


def build(
    resolution: Resolution,
    chosen: Sequence[Target],
    targets: dict[str, Target],
    options: Mapping[str, dict[str, Any]],
    stem: str,
    sink: Sink,
    seal: Seal | None = None,
    *,
    printer: TemplateRunner = templating.render_template,
    checker: SchemaChecker = validate,
) -> Built:
    """Render, validate and read back every chosen target for every variant, handing each file to the sink.

    Documents that are worth signing go through `seal` on their way out, after they have been proven.
    `printer` prints the templates and `checker` holds documents against schemas; whoever lets a user's own in passes ones
    that keep them within limits.

    Raises:
        PolicyError: a template, schema or capacity defect; `output-name`, `output-duplicate`.
        NotProvenError: a document does not block exactly what is ordered (exit code 11).

    """
    used_kinds = render.kinds(chosen, targets)
    ids = {variant.name: ordered(resolution, variant, used_kinds) for variant in resolution.variants}
    found: list[Finding] = []
    texts: list[tuple[str, str]] = []
    proven: list[_Proven] = []
    beside: list[collateral.FoundCollateral] = []
    used = {target.name: target.options(options.get(target.name, {})) for target in chosen}
    handed: list[handing.Handed] = []
    built_targets = []
    memo = render.memo(chosen)
    sink = naming.guarded(sink)
    banned = importing.layouts(resolution.apps)
    lists = _Lists(ids.values())
    for target in chosen:
        jobs = [
            render.Job(target, resolution, variant, ids[variant.name], used[target.name], targets, stem, memo, printer)
            for variant in resolution.variants
        ]
        if not render.can_block(jobs[0]) and not handing.can_hand_over(jobs[0]):
            known = [f"{c.family} {c.kind}" for c in target.manifest.blocks]
            uses = [use.replace(".", " ") for one in target.manifest.handed_over for use in one.uses]
            kinds = ", ".join(dict.fromkeys([*known, *uses]))
            found.append(note("nothing-to-block", f"{target.name} is not built: no banned app has a {kinds}"))
            continue
        _refuse_over_capacity(jobs[0])
        found += render.left_out(jobs[0])
        mine: list[_Proven] = []
        given: list[handing.Handed] = []
        for job in jobs:
            if not job.variant.name or not _same_ids(job, ids[""]):
                made = list(_prove(job, _Out(sink, seal, checker), lists)) if render.can_block(job) else []
                mine += made
                beside += _beside(job, made, found)
                given += _hand_over_unread(job, sink)
        text = importing.import_text(target, jobs, [one.written for one in mine], banned, chosen, given)
        path = f"{target.name}/IMPORT.md"
        sink(path, text)
        texts.append((path, hashlib.sha256(text).hexdigest()))
        texts += [(one.path, one.sha256) for one in given]
        handed += given
        proven += mine
        built_targets.append(target)
    found += [finding for one in proven for finding in one.findings]
    written = tuple(one.written for one in proven)
    pieces = _pieces(proven)
    found += declared_notes(pieces)
    found += collateral.findings(beside, pieces)
    return Built(written, tuple(texts), tuple(built_targets), used, pieces, _unique(found), handed=tuple(handed))


def _beside(job: render.Job, made: Sequence[_Proven], found: list[Finding]) -> tuple[collateral.FoundCollateral, ...]:
    """Find what one set of documents does beside the ban, and hold it against what the manifest states."""
    documents = [(one.written.document, one.written.path, one.piece.readings) for one in made]
    beside = collateral.found(job.target, documents)
    wrong = list(collateral.defects(job.target, job.options, beside))
    if any(one.severity == "error" for one in wrong):
        raise NotProvenError([one for one in wrong if one.severity == "error"])
    found += wrong
    return beside


def _pieces(proven: Sequence[_Proven]) -> tuple[Piece, ...]:
    """Return the documents as the verifier finds them in the folder: in order of their paths, each with its part."""
    found = sorted(proven, key=lambda one: one.written.path.split("/"))
    return placed((one.piece for one in found), (one.part for one in found))


class _Lists:
    """Let a list of identifiers that a document holds be the one that was ordered: 100,000 of them are held once."""

    def __init__(self, ordered_ids: Iterable[OrderedIds]) -> None:
        self._known: dict[tuple[str, str], list[Sequence[str]]] = {}
        self._nowhere: dict[int, tuple[str, ...]] = {}
        for ids in ordered_ids:
            for (family, kind, *_), entries in ids.items():
                self._known.setdefault((family, kind), []).append([entry.value for entry in entries])

    def shared(self, reading: Reading) -> Reading:
        """Return a reading with lists shared where they are equal, and without pointers: a build shows no lines."""
        return msgspec.structs.replace(reading, effects=Effects([self._one(column) for column in reading.columns]))

    def _one(self, column: Column) -> Column:
        known = self._known.get((column.family, column.kind), [])
        values = next((values for values in known if values == column.values), column.values)
        pointers = self._nowhere.setdefault(len(values), ("",) * len(values))
        return msgspec.structs.replace(column, values=values, pointers=pointers)


def _unique(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(found))


def _refuse_over_capacity(job: render.Job) -> None:
    found = list(render.over_capacity(job))
    if found:
        raise PolicyError(found)


def _same_ids(job: render.Job, base: OrderedIds) -> bool:
    kinds: set[tuple[str, ...]] = {claim.asked for claim in job.target.manifest.blocks}
    kinds |= {tuple(use.split(".")) for one in job.target.manifest.handed_over for use in one.uses}
    return all(job.ids.get(kind) == base.get(kind) for kind in kinds)


def _hand_over_unread(job: render.Job, sink: Sink) -> Iterator[handing.Handed]:
    for handed, data in handing.hand_over(job):
        sink(handed.path, data)
        yield handed


def _prove(job: render.Job, out: _Out, lists: _Lists) -> Iterator[_Proven]:
    """Render a job's documents spec by spec, and let each spec's documents out only when they keep their claims."""
    for spec in job.target.manifest.documents:
        claimed = render.claimed(job, spec)
        claims = [claim for claim, _ in claimed]
        batch = [
            _examine(job.target, artifact, spec, claims, out.checker) for artifact in render.render_document(job, spec)
        ]
        if not batch:
            continue
        readings = [reading for made in batch for reading in made.piece.readings]
        stated = {one.what for one in collateral.stated(job.target, job.options, spec.name)}
        tolerated = render.tolerated(job, spec)
        kept, defects = readback.compare(job.target.name, spec, readings, claimed, tolerated, stated)
        if defects:
            raise NotProvenError(defects)
        del readings
        several = len(batch) > 1
        batch.reverse()
        while batch:
            made = batch.pop()
            own = _own(kept, made.piece.readings) if several else kept
            totals = _totals(own, claimed, made.piece.readings if several else ())
            yield _hand_over(job, made, own, totals, out, lists)


def _own(kept: tuple[readback.Kept, ...], readings: Sequence[Reading]) -> tuple[readback.Kept, ...]:
    """Return what one of several documents keeps of the claims they keep together: a count belongs to its file."""
    values: dict[tuple[str, str], set[str]] = {}
    for column in (column for reading in readings for column in reading.columns):
        if column.rule.sense in ("block", "remove"):
            values.setdefault((column.family, column.kind), set()).update(column.values)
    counts = [len(values.get((one.claim.family, one.claim.kind), ())) for one in kept]
    counted = zip(kept, counts, strict=True)
    return tuple(msgspec.structs.replace(one, count=count) for one, count in counted if count)


def _totals(
    kept: Iterable[readback.Kept], claimed: Iterable[tuple[Claim, Sequence[Entry]]], readings: Sequence[Reading]
) -> dict[str, int]:
    """Count what a document blocks, by kind: a value under two claims is one value.

    `readings` are those of one of several documents, which holds a part of what is claimed for all.
    """
    names = {one.claim.name for one in kept}
    values: dict[str, set[str]] = {}
    for claim, entries in claimed:
        if claim.name in names:
            values.setdefault(claim.kind, set()).update([entry.value for entry in entries])
    if readings:
        held = {effect.key[1:] for reading in readings for effect in reading.effects}
        values = {kind: {one for one in found if (kind, one) in held} for kind, found in values.items()}
    return {kind: len(found) for kind, found in values.items() if found}


def _over_size(path: str, size: int) -> tuple[Finding, ...]:
    """Warn of a file that `verify` and `diff` read only when they are told to: a file that is built is one that is read."""
    if size <= MAX_SIZE:
        return ()
    said = f"the file has {size:,} bytes, and readers take at most {MAX_SIZE:,} unless --max-size says otherwise"
    return (
        warning("file-over-read-size", said, Origin(path), "split the list, or give --max-size when you verify it"),
    )


def _hand_over(
    job: render.Job,
    made: _Made,
    kept: tuple[readback.Kept, ...],
    totals: dict[str, int],
    out: _Out,
    lists: _Lists,
) -> _Proven:
    artifact, spec = made.artifact, made.spec
    signed = out.seal(artifact.target, artifact.path, artifact.data) if out.seal and spec.sign else None
    out.sink(artifact.path, signed or artifact.data)
    written = Written(
        artifact.path,
        hashlib.sha256(artifact.data).hexdigest(),
        len(artifact.data),
        artifact.target,
        artifact.document,
        artifact.variant,
        made.piece.document.kind,
        artifact.schema,
        kept,
        "signed" if signed else "possible" if spec.sign else "no",
        made.piece.declared,
        totals,
    )
    manifest = job.target.manifest
    part = BuildPart(
        "",
        artifact.target,
        artifact.document,
        artifact.variant,
        spec.instead_of,
        manifest.managed_by,
        manifest.modes,
        manifest.alternative_group,
        job.variant.groups,
        tuple(dict.fromkeys((one.claim.family, one.claim.kind) for one in kept)),
        spec.audit,
    )
    findings = tuple(f for reading in made.piece.readings for f in reading.findings if f.severity != "error")
    findings += _over_size(artifact.path, len(signed or artifact.data))
    readings = tuple(lists.shared(reading) for reading in made.piece.readings)
    document = msgspec.structs.replace(made.piece.document, value=None, data=b"", inner=())
    return _Proven(written, msgspec.structs.replace(made.piece, document=document, readings=readings), part, findings)


def _schema(target: Target, name: str) -> str | Path:
    """Return a packaged schema's name, or the path of one that stands beside the user's template."""
    return target.folder / name if name.endswith((".json", ".rng")) else name


def _examine(
    target: Target, artifact: render.Artifact, spec: DocumentSpec, claims: Sequence[Claim], checker: SchemaChecker
) -> _Made:
    size = render.max_size(spec.format)
    document = kinds.open_document(artifact.path, artifact.data, spec.format, max_size=size)
    problems = [f for f in checker(document, _schema(target, artifact.schema)) if f.severity == "error"]
    if problems:
        raise PolicyError(problems)
    read_back = readback.declared_places(spec, claims)
    return _Made(artifact, spec, piece(document, read_back=read_back, named=False))

"""Turn a resolution into the files an admin imports, each read back and proven before it is handed over.

Pure but for the `sink` it is given: the sink receives every file as it is made, so that 100,000 apps never sit in
memory for all targets at once. Nothing is handed over as finished until every document has kept its claims.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mdm_policy import kinds, render, templating
from mdm_policy.build import importing, naming, readback
from mdm_policy.build.coverage import Acting, Coverage, Watched, alike, cover
from mdm_policy.errors import Finding, NotProvenError, Origin, PolicyError, error, note
from mdm_policy.model import Frozen, Resolution
from mdm_policy.reading import Reading  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.resolve import OrderedIds, ordered
from mdm_policy.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mdm_policy.targets import Claim, DocumentSpec, Target
    from mdm_policy.templating import Printer

    Sink = Callable[[str, bytes], None]
    Seal = Callable[[str, str, bytes], bytes | None]
    """Sign a document (its target, its path, its bytes), or return None to leave it unsigned."""


class Written(Frozen, frozen=True):
    """Record one document that was made: where, what it is, and which claims its reader confirmed.

    `sha256` and `size` are those of what was read back; a signed file has these bytes inside. `signing` says whether the
    document is one to sign: `no`, `possible`, or `signed`.
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
    signing: str = "no"


class Built(Frozen, frozen=True):
    """Hold what a build made, for the manifest and the summary; `texts` are (path, sha256) of IMPORT.md files."""

    documents: tuple[Written, ...]
    texts: tuple[tuple[str, str], ...]
    targets: tuple[Target, ...]
    options: dict[str, dict[str, Any]]
    coverage: Coverage
    findings: tuple[Finding, ...]


class _Proven(Frozen, frozen=True):
    """Keep of a document that was proven what the summary needs; its bytes and most effects are gone by then."""

    spec: DocumentSpec
    reading: Reading
    findings: tuple[Finding, ...]


class _Out(Frozen, frozen=True):
    """Hold the way out of the build."""

    sink: Sink
    seal: Seal | None


class _Made(Frozen, frozen=True):
    """Pair a rendered artifact with what validation and reading found."""

    artifact: render.Artifact
    spec: DocumentSpec
    kind: str
    reading: Reading
    findings: tuple[Finding, ...]


def check_options(
    targets: Mapping[str, Target], options: Mapping[str, Mapping[str, Any]], place: Origin | None
) -> list[Finding]:
    """Check a deployment's options against the manifests: names, types and choices."""
    found = []
    for name, chosen in sorted(options.items()):
        target = targets.get(name)
        if target is None:
            found.append(error("unknown-target", f"options name {name!r}, which is no target", place))
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
    printer: Printer = templating.print_page,
) -> Built:
    """Render, validate and read back every chosen target for every variant, handing each file to the sink.

    Documents that are worth signing go through `seal` on their way out, after they have been proven.
    `printer` prints the templates; whoever lets a user's own in passes one that keeps them within limits.

    Raises:
        PolicyError: a template, schema or capacity defect; `output-name`, `output-duplicate`.
        NotProvenError: a document does not block exactly what is ordered (exit code 11).

    """
    used_kinds = render.kinds(chosen, targets)
    ids = {variant.name: ordered(resolution, variant, used_kinds) for variant in resolution.variants}
    found: list[Finding] = []
    written: list[Written] = []
    texts: list[tuple[str, str]] = []
    acting: list[Acting] = []
    used = {target.name: target.options(options.get(target.name, {})) for target in chosen}
    built_targets = []
    memo = render.memo(chosen)
    sink = naming.guarded(sink)
    groups = alike(resolution.apps)
    watched = Watched(groups)
    for target in chosen:
        jobs = [
            render.Job(target, resolution, variant, ids[variant.name], used[target.name], targets, stem, memo, printer)
            for variant in resolution.variants
        ]
        if not render.can_block(jobs[0]):
            kinds = ", ".join(sorted({f"{c.family} {c.kind}" for c in target.manifest.blocks}))
            found.append(note("nothing-to-block", f"{target.name} is not built: no banned app has a {kinds}"))
            continue
        _refuse_over_capacity(jobs[0])
        mine: list[Written] = []
        for job in jobs:
            if job.variant.name and _same_ids(job, ids[""]):
                continue
            for proven, record in _prove(job, _Out(sink, seal), watched):
                mine.append(record)
                found += proven.findings
                if not job.variant.name and not proven.spec.instead_of:
                    manifest = target.manifest
                    acting.append(Acting(manifest.managed_by, manifest.modes, proven.reading))
        text = importing.import_text(target, jobs, mine, groups)
        path = f"{target.name}/IMPORT.md"
        sink(path, text)
        texts.append((path, hashlib.sha256(text).hexdigest()))
        written += mine
        built_targets.append(target)
    coverage = cover(resolution, groups, acting)
    return Built(tuple(written), tuple(texts), tuple(built_targets), used, coverage, _unique(found))


def _unique(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(found))


def _refuse_over_capacity(job: render.Job) -> None:
    found = list(render.over_capacity(job))
    if found:
        raise PolicyError(found)


def _same_ids(job: render.Job, base: OrderedIds) -> bool:
    kinds = {(claim.family, claim.kind) for claim in job.target.manifest.blocks}
    return all(job.ids.get(kind) == base.get(kind) for kind in kinds)


def _prove(job: render.Job, out: _Out, watched: Watched) -> Iterator[tuple[_Proven, Written]]:
    """Render a job's documents spec by spec, and let each spec's documents out only when they keep their claims."""
    for spec in job.target.manifest.documents:
        claimed = render.claimed(job, spec)
        claims = [claim for claim, _ in claimed]
        batch = [_examine(job.target, artifact, spec, claims) for artifact in render.render_document(job, spec)]
        if not batch:
            continue
        kept, defects = readback.compare(job.target.name, spec, [made.reading for made in batch], claimed)
        if defects:
            raise NotProvenError(defects)
        batch.reverse()
        while batch:
            yield _hand_over(batch.pop(), kept, out, watched)


def _hand_over(made: _Made, kept: tuple[readback.Kept, ...], out: _Out, watched: Watched) -> tuple[_Proven, Written]:
    artifact = made.artifact
    signed = out.seal(artifact.target, artifact.path, artifact.data) if out.seal and made.spec.sign else None
    out.sink(artifact.path, signed or artifact.data)
    written = Written(
        artifact.path,
        hashlib.sha256(artifact.data).hexdigest(),
        len(artifact.data),
        artifact.target,
        artifact.document,
        artifact.variant,
        made.kind,
        artifact.schema,
        kept,
        "signed" if signed else "possible" if made.spec.sign else "no",
    )
    return _Proven(made.spec, watched.part(made.reading), made.findings), written


def _schema(target: Target, name: str) -> str | Path:
    """Return a packaged schema's name, or the path of one that stands beside the user's template."""
    return target.folder / name if name.endswith((".json", ".rng")) else name


def _examine(target: Target, artifact: render.Artifact, spec: DocumentSpec, claims: Sequence[Claim]) -> _Made:
    size = render.max_size(spec.format)
    document = kinds.open_document(artifact.path, artifact.data, spec.format, max_size=size)
    problems = [f for f in validate(document, _schema(target, artifact.schema)) if f.severity == "error"]
    if problems:
        raise PolicyError(problems)
    reading = readback.read(document, spec, claims)
    return _Made(artifact, spec, document.kind, reading, tuple(f for f in reading.findings if f.severity != "error"))

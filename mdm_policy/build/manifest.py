"""Write manifest.json: what was built from what, what each file blocks and who says so, and what nothing can block."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mdm_policy import regular
from mdm_policy.build import collateral
from mdm_policy.build.record import (
    AppRecord,
    BlockRecord,
    BuildCommand,
    BuildRecord,
    ClassRecord,
    CollateralRecord,
    CoverageRecord,
    DocumentRecord,
    ExceptionRecord,
    FileRecord,
    FindingRecord,
    GapRecord,
    HandedRecord,
    IdentifierRecord,
    Input,
    ListRecord,
    OrganizationRecord,
    ReasonRecord,
    SignerRecord,
    TargetRecord,
    VariantRecord,
)
from mdm_policy.listing import walk
from mdm_policy.verify import rows, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mdm_policy.build import Built, Written
    from mdm_policy.build.readback import Kept
    from mdm_policy.errors import Finding, Origin
    from mdm_policy.model import BannedApp, GrantedException, Resolution
    from mdm_policy.targets import Target
    from mdm_policy.verify import ClassVerdict, GapReport, Verification


_MOST_FILE = 4 * 1024 * 1024
"""Bytes of a file of a target; `targets.discover` refuses larger ones."""


def record_of(
    resolution: Resolution,
    built: Built,
    found: Verification,
    inputs: Sequence[Input],
    names: Mapping[str, str],
    program: str,
    command: BuildCommand,
    signer: SignerRecord | None = None,
) -> BuildRecord:
    """Return what a build's manifest records; what `found` says of the whole is what `verify` says of the build.

    A signed file's entry has the SHA-256 of the content inside: the signature has a time in it, the content has none.

    `names` maps a file name as the user gave it to the one recorded, so that the same inputs give the same bytes
    wherever the build is run. Paths are relative to the build.
    """
    place = _Places(names)
    files = sorted([*((d.path, d.sha256) for d in built.documents), *built.texts])
    return BuildRecord(
        program=program,
        as_of=resolution.as_of,
        command=command,
        organization=OrganizationRecord(resolution.organization_name, resolution.organization_id),
        inputs=tuple(sorted(inputs, key=lambda one: (one.role, one.name))),
        lists=tuple(ListRecord(s.list, s.title, s.citation, s.state, s.sentence) for s in resolution.statuses),
        variants=tuple(
            VariantRecord(v.name, v.groups, v.excepted, tuple(_exception(w, place) for w in v.waivers))
            for v in resolution.variants
        ),
        apps=tuple(_app(app, place) for app in resolution.apps),
        outcome=found.outcome,
        sentence=sentence(found),
        counts=found.counts.plain,
        coverage=tuple(_coverage(found)),
        classes_declared=found.declared,
        device_classes=tuple(_class(verdict, found) for verdict in found.classes),
        targets=tuple(_target(target, built) for target in built.targets),
        signing=signer or SignerRecord(),
        documents=tuple(_document(written, built, found) for written in built.documents),
        handed_over=tuple(HandedRecord(h.path, h.target, h.sha256, h.variant, h.says) for h in built.handed),
        files=tuple(FileRecord(path, digest) for path, digest in files),
        findings=tuple(_finding(f, place) for f in (*resolution.findings, *built.findings)),
    )


class _Places:
    """Write origins with the recorded names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __call__(self, origin: Origin | None) -> str:
        if origin is None:
            return ""
        name = self._names.get(origin.file, origin.file)
        return f"{name}:{origin.line}:{origin.column}" if origin.line else name


def _exception(waiver: GrantedException, place: _Places) -> ExceptionRecord:
    return ExceptionRecord(
        waiver.app,
        waiver.category,
        waiver.approved_by,
        waiver.document,
        waiver.groups,
        waiver.until,
        place(waiver.origin),
    )


def _app(app: BannedApp, place: _Places) -> AppRecord:
    return AppRecord(
        app.key,
        app.name,
        app.duties,
        tuple(ReasonRecord(r.list, r.citation, place(r.origin), r.through) for r in app.reasons),
        tuple(IdentifierRecord(i.family, i.kind, i.value, i.confidence, i.derived_from) for i in app.identifiers),
        app.platforms,
    )


def _coverage(found: Verification) -> Iterator[CoverageRecord]:
    names = [verdict.cls.name for verdict in found.classes]
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows(found):
        words = known.setdefault(row.words, dict(zip(names, row.words, strict=True)))
        yield CoverageRecord(row.app, row.name, row.through, words)


def _class(verdict: ClassVerdict, found: Verification) -> ClassRecord:
    counts = found.counted(verdict)
    return ClassRecord(
        verdict.cls.name,
        verdict.cls.platform,
        counts.blocked,
        counts.absent_by_list + counts.absent_by_catalogue,
        verdict.documents,
        tuple(_gap(report) for report in (*found.gaps, *found.accepted) if report.cls is verdict.cls),
        counts.plain,
    )


def _gap(report: GapReport) -> GapRecord:
    accepted_by = report.accepted.document if report.accepted is not None else ""
    keys = tuple(app.key for app in report.apps)
    return GapRecord(keys, report.verdict, report.state, report.sentence, accepted_by)


def _target(target: Target, built: Built) -> TargetRecord:
    manifest = target.manifest
    return TargetRecord(
        manifest.target,
        manifest.title,
        manifest.source,
        manifest.managed_by,
        manifest.modes,
        manifest.alternative_group,
        built.options[target.name],
        manifest.needs,
        manifest.cannot,
        digest_of(target),
        tuple(_collateral(target, built)),
    )


def _files(folder: Path) -> Iterator[Path]:
    """Yield the regular files of a target's folder in the order of their names; what else is there was refused before."""
    yield from (met.path for met in walk(folder, hidden=True) if regular.type_of(met.path) == "file")


def _collateral(target: Target, built: Built) -> Iterator[CollateralRecord]:
    """Record what the target's documents that were written do beside the ban."""
    written = [(one.document, one.path) for one in built.documents if one.target == target.name]
    for one in collateral.told(target, built.options[target.name], written):
        yield CollateralRecord(one.effect, one.what, one.when, one.files)


def digest_of(target: Target) -> str:
    """Return one SHA-256 (hex) over the target's folder and the shared templates: what it was rendered with."""
    sums = hashlib.sha256()
    for folder in (target.folder, *(root / "_shared" for root in target.search[1:])):
        for path in _files(folder) if folder.is_dir() else ():
            name, data = (
                path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape"),
                regular.read_file(path, _MOST_FILE),
            )
            sums.update(b"%d %s %d " % (len(name), name, len(data)))
            sums.update(data)
    return sums.hexdigest()


def _document(written: Written, built: Built, found: Verification) -> DocumentRecord:
    target = next(target for target in built.targets if target.name == written.target)
    spec = target.document(written.document)
    return DocumentRecord(
        written.path,
        written.target,
        written.document,
        written.sha256,
        written.size,
        written.variant,
        written.kind,
        written.schema,
        spec.instead_of if spec else "",
        spec.read_back if spec else {},
        written.signing,
        tuple(_block(kept) for kept in written.kept),
        tuple(verdict.cls.name for verdict in found.classes if written.path in verdict.documents),
        "declared" if written.declared else "modelled",
        spec is not None and spec.audit,
    )


def _block(kept: Kept) -> BlockRecord:
    claim = kept.claim
    return BlockRecord(
        claim.family,
        claim.kind,
        claim.verdict,
        claim.strength,
        claim.name,
        kept.count,
        kept.rule,
        claim.platforms,
        claim.supervised,
        claim.enrollments,
        claim.modes,
        claim.sides,
        claim.origins,
        claim.source,
    )


def _finding(finding: Finding, place: _Places) -> FindingRecord:
    return FindingRecord(finding.id, finding.severity, finding.message, place(finding.origin), finding.hint)

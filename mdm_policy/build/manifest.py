"""Write manifest.json: what was built from what, what each file blocks and who says so, and what nothing can block."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy import documents
from mdm_policy.model import BannedApp, Frozen, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdm_policy.build import Built, Written
    from mdm_policy.build.coverage import ClassCoverage
    from mdm_policy.build.readback import Kept
    from mdm_policy.errors import Finding, Origin
    from mdm_policy.targets import Target

FORMAT, VERSION = "mdm-policy-build", 1


class Input(Frozen, frozen=True):
    """Name one file the build was made from: its role, its name as recorded, and the SHA-256 (hex) of its bytes."""

    role: str
    name: str
    sha256: str


class Command(Frozen, frozen=True):
    """Say what the build was asked for that its inputs do not say, so that it can be rendered again.

    `lists` are the recorded names of the lists, in order; `adopt` the lists adopted by option; `targets` the names of
    those chosen, built or not.
    """

    lists: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def manifest(
    resolution: Resolution,
    built: Built,
    inputs: Sequence[Input],
    names: Mapping[str, str],
    program: str,
    command: Command,
    signer: Mapping[str, Any] | None = None,
) -> bytes:
    """Write the manifest as canonical JSON.

    A signed file's entry has the SHA-256 of the content inside: the signature has a time in it, the content has none.

    `names` maps a file name as the user gave it to the one recorded, so that the same inputs give the same bytes
    wherever the build is run. Paths are relative to the build.
    """
    place = _Places(names)
    value = {
        "format": FORMAT,
        "version": VERSION,
        "program": program,
        "as_of": resolution.as_of,
        "command": msgspec.to_builtins(command),
        "organization": {"name": resolution.organization_name, "identifier": resolution.organization_id},
        "inputs": [msgspec.to_builtins(i) for i in sorted(inputs, key=lambda i: (i.role, i.name))],
        "lists": [
            {"id": s.list, "title": s.title, "citation": s.citation, "state": s.state, "because": s.sentence}
            for s in resolution.statuses
        ],
        "variants": [
            {
                "name": v.name,
                "groups": v.groups,
                "excepted": v.excepted,
                "exceptions": [_waiver(w, place) for w in v.waivers],
            }
            for v in resolution.variants
        ],
        "apps": [_app(app, place) for app in resolution.apps],
        "coverage": _matrix(built),
        "device_classes": [_class(cls) for cls in built.coverage.classes],
        "targets": [_target(target, built) for target in built.targets],
        "signing": dict(signer or {}),
        "documents": [_document(record, built) for record in built.documents],
        "files": [
            {"path": path, "sha256": digest}
            for path, digest in sorted([*((d.path, d.sha256) for d in built.documents), *built.texts])
        ],
        "findings": [_finding(f, place) for f in (*resolution.findings, *built.findings)],
    }
    return documents.dump(msgspec.to_builtins(value), "json")


class _Places:
    """Write origins with the recorded names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __call__(self, origin: Origin | None) -> str:
        if origin is None:
            return ""
        name = self._names.get(origin.file, origin.file)
        return f"{name}:{origin.line}:{origin.column}" if origin.line else name


def _waiver(waiver: Any, place: _Places) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(waiver)
    made["origin"] = place(waiver.origin)
    return made


def _app(app: BannedApp, place: _Places) -> dict[str, Any]:
    return {
        "key": app.key,
        "name": app.name,
        "duties": app.duties,
        "banned_by": [
            {"list": r.list, "citation": r.citation, "at": place(r.origin), "through": r.through} for r in app.reasons
        ],
        "identifiers": [
            {
                "family": i.family,
                "kind": i.kind,
                "value": i.value,
                "confidence": i.confidence,
                "derived_from": i.derived_from,
            }
            for i in app.identifiers
        ],
        "platforms": app.platforms,
    }


def _matrix(built: Built) -> list[dict[str, Any]]:
    return [
        {"app": row.app, "name": row.name, "through": row.through, "groups": row.groups, "platforms": row.cells}
        for row in built.coverage.rows
    ]


def _class(cls: ClassCoverage) -> dict[str, Any]:
    return {
        "name": cls.name,
        "platform": cls.platform,
        "held_back": cls.held,
        "not_applicable": cls.not_applicable,
        "documents": cls.documents,
        "gaps": [
            {"apps": g.apps, "verdict": g.verdict, "state": g.state, "because": g.sentence, "accepted_by": g.accepted}
            for g in cls.gaps
        ],
    }


def _target(target: Target, built: Built) -> dict[str, Any]:
    manifest = target.manifest
    return {
        "name": manifest.target,
        "title": manifest.title,
        "source": manifest.source,
        "managed_by": manifest.managed_by,
        "modes": manifest.modes,
        "alternative_group": manifest.alternative_group,
        "options": built.options[target.name],
        "needs": manifest.needs,
        "cannot": manifest.cannot,
        "digest": digest_of(target),
    }


def digest_of(target: Target) -> str:
    """Return one SHA-256 (hex) over the target's folder and the shared templates: what it was rendered with."""
    sums = hashlib.sha256()
    for folder in (target.folder, *(root / "_shared" for root in target.search[1:])):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name, data = path.relative_to(folder).as_posix().encode(), path.read_bytes()
            sums.update(b"%d %s %d " % (len(name), name, len(data)))
            sums.update(data)
    return sums.hexdigest()


def _document(record: Written, built: Built) -> dict[str, Any]:
    target = next(target for target in built.targets if target.name == record.target)
    spec = target.document(record.document)
    return {
        "path": record.path,
        "sha256": record.sha256,
        "bytes": record.size,
        "target": record.target,
        "document": record.document,
        "instead_of": spec.instead_of if spec else "",
        "read_back": spec.read_back if spec else {},
        "variant": record.variant,
        "kind": record.kind,
        "schema": record.schema,
        "signing": record.signing,
        "blocks": [_kept(kept) for kept in record.kept],
        "addresses": [cls.name for cls in built.coverage.classes if record.path in cls.documents],
    }


def _kept(kept: Kept) -> dict[str, Any]:
    claim = kept.claim
    return {
        "claim": claim.name,
        "family": claim.family,
        "kind": claim.kind,
        "count": kept.count,
        "verdict": claim.verdict,
        "strength": claim.strength,
        "rule": kept.rule,
        "platforms": claim.platforms,
        "supervised": claim.supervised,
        "enrollments": claim.enrollments,
        "modes": claim.modes,
        "sides": claim.sides,
        "origins": claim.origins,
        "source": claim.source,
    }


def _finding(finding: Finding, place: _Places) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity,
        "message": finding.message,
        "at": place(finding.origin),
        "hint": finding.hint,
    }

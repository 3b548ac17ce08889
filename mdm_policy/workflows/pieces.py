"""Put beside each document that was read what is known of its use, so that the verifier can judge it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy.verify import BuildPart, Piece, piece, placed
from mdm_policy.workflows.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.sources.builds import RecordedDocument
    from mdm_policy.sources.files import Policies

_NOBODY = Trust()


def pieces_of(
    policies: Policies, assigned: Sequence[tuple[str, str]] = (), trust: Trust = _NOBODY
) -> tuple[Piece, ...]:
    """Read every document, and put beside it what a manifest, a GitOps file and the request say of its use.

    `trust` says whose word counts for documents no reader knows; nobody's does without it.
    """
    records = policies.records
    folders = {name: build.folder for build in policies.builds for name in build.records}
    made = []
    parts = []
    for document in policies.documents:
        source = policies.sources[document.name]
        record = records.get(document.name)
        made.append(
            piece(
                document,
                scope=policies.scopes.get(document.name),
                read_back=trust.places(record),
                named=document.name in policies.named,
                classes=tuple(dict.fromkeys(cls for cls, path in assigned if str(Path(path)) in source)),
            )
        )
        parts.append(_part(record, folders[document.name]) if record is not None else None)
    return placed(made, parts)


def _part(record: RecordedDocument, folder: str) -> BuildPart:
    return BuildPart(
        folder,
        record.target,
        record.document,
        record.variant,
        record.instead_of,
        record.managed_by,
        record.modes,
        record.alternative_group,
        record.groups,
        record.kinds,
        record.audit,
    )

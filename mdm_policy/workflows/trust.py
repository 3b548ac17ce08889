"""Say whose word counts for documents no reader knows: that of targets that were given, or a manifest's where it is trusted.

Whoever can put a file into a folder can put a manifest beside it. So a manifest's word on where blocked identifiers
stand counts only when somebody asks for that, and what rests on it is called declared in every output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import kinds, resources
from mdm_policy.build.readback import declared_places
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.targets import Target, discover

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.kinds.declared import Place
    from mdm_policy.sources.builds import RecordedDocument
    from mdm_policy.sources.files import Policies
    from mdm_policy.verify import Piece


class Trust(msgspec.Struct, frozen=True):
    """Hold the targets whose manifests count, by name, and whether the manifests beside documents do."""

    targets: dict[str, Target] = {}
    manifests: bool = False

    def places(self, record: RecordedDocument | None) -> tuple[Place, ...]:
        """Return where a document of a build holds what it blocks, as far as somebody's word counts for it."""
        if record is None:
            return ()
        target = self.targets.get(record.target)
        spec = target.document(record.document) if target is not None else None
        if target is not None and spec is not None and spec.read_back:
            claims = [one for one in target.manifest.blocks if (one.family, one.kind) in record.kinds]
            return declared_places(spec, [one for one in claims if one.name in spec.carries])
        return record.read_back if self.manifests else ()


def trust_in(folders: Sequence[Path], *, manifests: bool) -> Trust:
    """Return the trust in the targets below some folders.

    Raises:
        PolicyError: what is wrong with a target.

    """
    if not folders:
        return Trust({}, manifests)
    own = {name: target for name, target in discover(resources.templates(), folders).items() if not target.packaged}
    return Trust(own, manifests)


def not_trusted(policies: Policies, pieces: Sequence[Piece]) -> tuple[Finding, ...]:
    """Say of documents that only a manifest nobody vouches for says what they block."""
    records = policies.records
    unread = [one.name for one in pieces if not one.declared and one.document.kind == kinds.UNKNOWN]
    said = (
        "no reader knows this document; a manifest beside it says what it blocks, and nobody vouches for that manifest"
    )
    hint = "give the target with --templates DIR, or take the manifest's word with --trust-manifest"
    return tuple(
        warning("manifest-not-trusted", said, Origin(name), hint)
        for name in unread
        if name in records and records[name].read_back
    )

"""Put beside each document that was read what is known of its use, so that the verifier can judge it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.verify import Piece, piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.sources.builds import Record
    from mdm_policy.sources.files import Policies


def pieces_of(policies: Policies, assigned: Sequence[tuple[str, str]] = ()) -> tuple[Piece, ...]:
    """Read every document, and put beside it what a manifest, a GitOps file and the request say of its use."""
    records = policies.records
    folders = {name: build.folder for build in policies.builds for name in build.records}
    first: dict[str, str] = {}
    made = []
    for document in policies.documents:
        source = policies.sources[document.name]
        known: dict[str, object] = {
            "named": document.name in policies.named,
            "classes": tuple(dict.fromkeys(cls for cls, path in assigned if str(Path(path)) in source)),
        }
        record = records.get(document.name)
        if record is not None:
            folder = folders[document.name]
            known |= {
                "managed_by": record.managed_by,
                "modes": record.modes,
                "groups": record.groups,
                "slot": f"{folder}|{record.target}|{record.document}",
                "kinds": record.kinds,
            }
            known |= _way(record, folder, first)
        read_back = record.read_back if record is not None else ()
        made.append(piece(document, scope=policies.scopes.get(document.name), read_back=read_back, **known))
    return _led(made)


def _way(record: Record, folder: str, first: dict[str, str]) -> dict[str, object]:
    """Say which documents of a build are ways to one effect: a device gets one, and the first is judged."""
    if record.alternative_group:
        way = f"{folder}|{record.alternative_group}|{record.variant}"
        return {"way": way, "leads": first.setdefault(way, record.target) == record.target}
    primary = record.instead_of or record.document
    return {"way": f"{folder}|{record.target}|{record.variant}|{primary}", "leads": not record.instead_of}


def _led(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Let every document of a way act when the one it stands for is not there."""
    led = {one.way for one in pieces if one.leads}
    return tuple(one if one.leads or one.way in led else msgspec.structs.replace(one, leads=True) for one in pieces)

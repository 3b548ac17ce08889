"""Read a build's manifest as a claim about files, without trusting a word of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import msgspec

from mdm_policy import documents
from mdm_policy.build.manifest import FORMAT, VERSION, Command, Input
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen

MAX_MANIFEST = 256 * 1024 * 1024
"""The largest manifest read; 100,000 apps make one of about a third of that."""
_HINT = "name the folder that `mdm-policy build` wrote"


class File(Frozen, frozen=True):
    """Name one file of a build with the SHA-256 (hex) of what was built; a signed file has that content inside."""

    path: str
    sha256: str


class TargetRecord(Frozen, frozen=True):
    """Name one target that was rendered, with the digest of its files."""

    name: str
    digest: str


class Record(Frozen, frozen=True):
    """Hold what a manifest claims; `value` is the whole of it, `data` its bytes, `canonical` whether a build wrote them so.

    `documents` are those of `files` that MDMs take.
    """

    name: str
    data: bytes
    value: dict[str, Any]
    canonical: bool
    program: str
    as_of: str
    inputs: tuple[Input, ...]
    targets: tuple[TargetRecord, ...]
    documents: tuple[File, ...]
    files: tuple[File, ...]
    command: Command

    @property
    def sha256(self) -> str:
        """Return the digest of the manifest itself."""
        return hashlib.sha256(self.data).hexdigest()


class _Shape(msgspec.Struct):
    format: str
    version: int
    program: str
    as_of: str
    inputs: tuple[Input, ...]
    targets: tuple[TargetRecord, ...]
    documents: tuple[File, ...]
    files: tuple[File, ...]
    command: Command


def read_record(name: str, data: bytes) -> Record:
    """Read a manifest's bytes; `name` is for the errors.

    Raises:
        PolicyError: `build-manifest`, when it is no build's manifest of a version this program knows.

    """
    place = Origin(name)
    if len(data) > MAX_MANIFEST:
        raise PolicyError([error("build-manifest", f"it has more than {MAX_MANIFEST} bytes", place, _HINT)])
    try:
        # A key that stands twice is lost here, and then the bytes are not canonical.
        value = msgspec.json.decode(data)
        shape = msgspec.convert(value, _Shape)
        if (shape.format, shape.version) != (FORMAT, VERSION):
            said = f"it is {shape.format!r} of version {shape.version}, not {FORMAT!r} of version {VERSION}"
            raise PolicyError([error("build-manifest", said, place, _HINT)])
        if dt.date.fromisoformat(shape.as_of).isoformat() != shape.as_of:
            raise ValueError(f"{shape.as_of!r} is not a date as a build writes it")  # noqa: TRY301 - told with the others
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        said = f"it is not the manifest of a build: {' '.join(str(bad).split())}"
        raise PolicyError([error("build-manifest", said, place, _HINT)]) from None
    return Record(
        name,
        data,
        value,
        documents.dump(value, "json") == data,
        shape.program,
        shape.as_of,
        shape.inputs,
        shape.targets,
        shape.documents,
        shape.files,
        shape.command,
    )

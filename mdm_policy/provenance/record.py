"""Read a build's manifest as a claim about files, without trusting a word of it."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec

from mdm_policy import documents
from mdm_policy.build.record import BuildRecord, decode, encode, unknown_keys
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen


class RecordedBuild(Frozen, frozen=True):
    """Hold what a manifest claims; `data` are its bytes, `canonical` tells whether a build writes them in that form.

    `unknown` are keys that this version of the program does not know, so that nothing here is said of them.
    """

    name: str
    data: bytes
    build: BuildRecord
    canonical: bool
    unknown: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Return the digest of the manifest itself."""
        return hashlib.sha256(self.data).hexdigest()


def read_record(name: str, data: bytes) -> RecordedBuild:
    """Read a manifest's bytes; `name` is for the errors.

    Raises:
        PolicyError: `build-manifest`, when it is no build's manifest of a version this program knows.

    """
    build = decode(name, data)
    try:
        dated = dt.date.fromisoformat(build.as_of).isoformat() == build.as_of
    except ValueError:
        dated = False
    if not dated:
        said = f"it is not the manifest of a build: {build.as_of!r} is not a date as a build writes it"
        raise PolicyError(
            [error("build-manifest", said, Origin(name), "name the folder that `mdm-policy build` wrote")]
        )
    return RecordedBuild(name, data, build, _canonical(build, data), unknown_keys(build, data))


def _canonical(build: BuildRecord, data: bytes) -> bool:
    """Tell whether bytes are in canonical form; those of a newer program may hold more keys, and those of an older fewer."""
    if encode(build) == data:
        return True
    # A key that stands twice is lost here, and then the bytes are not canonical.
    return documents.dump(msgspec.json.decode(data), "json") == data

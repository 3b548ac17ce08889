"""Hold what was read of a destination, and what could not be."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from mdm_policy.model import Frozen
from mdm_policy.reading import Scope  # noqa: TC001 - msgspec reads the fields' types at run time

Collection = Literal[
    "amapi-policies",
    "apple-declarations",
    "intune-apps",
    "intune-policies",
    "jamf-macos-profiles",
    "jamf-mobile-profiles",
    "jamf-software",
    "web-indicators",
]
"""What a destination keeps, by what it can do to a ban: a snapshot's index names what was not read of it."""

NEVER_ASKED: frozenset[Collection] = frozenset({"web-indicators"})
"""What is never read of a destination: a snapshot without them is as whole as it can be."""
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


class Asked(Frozen, frozen=True):
    """Say what was asked, when (ISO 8601, UTC), and what came back: its SHA-256."""

    query: str
    time: str
    sha256: str


class FoundObject(Frozen, frozen=True):
    """Hold one object as a document that readers know: a path below the snapshot, the bytes, and whom it reaches.

    `id` is the server's own, beside its kind where ids of several kinds meet (Jamf). `scope` is None where the document
    itself says whom it reaches.
    """

    path: str
    data: bytes
    id: str = ""
    scope: Scope | None = None


class Missing(Frozen, frozen=True):
    """Say what was not read, by which query, and why; `path` is that of the object where only one is missing."""

    collection: Collection
    query: str
    why: str
    path: str = ""


def file_name(name: object, id_: str = "") -> str:
    """Return a file name for an object: its name for people, and what no other has; no path, and no device's name.

    Without an `id_` that may stand in a file's name, the hash of the name does.
    """
    text = name if isinstance(name, str) else ""
    mark = id_ or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_OTHER.sub('_', text)[:60] or 'unnamed'}-{mark}"


class Snapshot(Frozen, frozen=True):
    """Hold all that a destination has, in order of the paths; the same answers give the same bytes."""

    name: str
    type: str
    where: str
    objects: tuple[FoundObject, ...]
    missing: tuple[Missing, ...]
    answers: tuple[Asked, ...]

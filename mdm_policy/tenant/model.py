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
    "jamf-restricted-software",
    "web-indicators",
]
"""What a destination keeps, by what it can do to a ban: a snapshot's index names what was not read of it."""


_OTHER = re.compile(r"[^A-Za-z0-9_-]")


class Answer(Frozen, frozen=True):
    """Say what was asked, when (ISO 8601, UTC), and what came back: its SHA-256."""

    query: str
    time: str
    sha256: str


class Held(Frozen, frozen=True):
    """Hold one object as a document that readers know: a path below the snapshot, the bytes, and whom it reaches.

    `scope` is None where the document itself says whom it reaches.
    """

    path: str
    data: bytes
    scope: Scope | None = None


class Missing(Frozen, frozen=True):
    """Say what was not read, by which query, and why; `path` is that of the object where only one is missing."""

    collection: Collection
    query: str
    why: str
    path: str = ""


def file_name(name: str) -> str:
    """Return a file name for somebody's name: no path, no device, and never that of another name."""
    return f"{_OTHER.sub('_', name)[:60]}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


class Snapshot(Frozen, frozen=True):
    """Hold all that a destination has, in order of the paths; the same answers give the same bytes."""

    name: str
    type: str
    where: str
    objects: tuple[Held, ...]
    missing: tuple[Missing, ...]
    answers: tuple[Answer, ...]

"""Hold what was read of a destination, and what could not be."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from mdm_policy.model import Frozen
from mdm_policy.reading import Scope  # noqa: TC001 - msgspec reads the fields' types at run time

Collection = Literal[
    "amapi-policies",
    "apple-declarations",
    "intune-app-configurations",
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
_BY_THE_SERVER = frozenset(
    {"createdDateTime", "lastModifiedDateTime", "ServerToken", "settingCount", "supportsScopeTags", "version"}
)
"""Keys that a server writes by itself: Graph (deviceConfiguration, deviceManagementConfigurationPolicy), the Android Management
API (Policy: `version`), KMFDDM."""
_REFERENCE = "secretReferenceValueId"
"""Where Intune keeps a masked value: another reference after each write (Graph, omaSetting)."""
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


class Asked(Frozen, frozen=True):
    """Say what was asked, when (ISO 8601, UTC), and what came back: its SHA-256."""

    query: str
    time: str
    sha256: str


class FoundObject(Frozen, frozen=True):
    """Hold one object as a document that readers know: a path below the snapshot, the bytes, and whom it reaches.

    `id` is the server's own, beside its kind where ids of several kinds meet (Jamf). `scope` is None where the document
    itself says whom it reaches. `in_use` is False where the server knows of no device that has it.
    """

    path: str
    data: bytes
    id: str = ""
    scope: Scope | None = None
    in_use: bool = True

    @property
    def sha256(self) -> str:
        """Return the SHA-256 (hex) of what a person can change of it: what it holds, and whom it reaches.

        What a server counts, dates and orders by itself is left out.
        """
        reach = "\0".join((self.scope.state, *map(str, self.scope.groups))) if self.scope is not None else ""
        return hashlib.sha256(_content(self.data) + b"\0" + reach.encode("utf-8", "surrogatepass")).hexdigest()


def _content(data: bytes) -> bytes:
    """Return the content of a document of JSON in one order; any other as it is."""
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"))
    except ValueError:
        return data
    if isinstance(value, dict):
        value = {key: one for key, one in value.items() if key not in _BY_THE_SERVER}
    return _text(_sorted(value)).encode("utf-8", "surrogatepass")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items() if key != _REFERENCE}
    return sorted(map(_sorted, value), key=_text) if isinstance(value, list) else value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


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

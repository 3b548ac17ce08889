"""Put the assignments that a backup keeps in files of their own back into the policies that they are of.

IntuneBackupAndRestore (jseerden/IntuneBackupAndRestore@b493d63) writes the assignments of `FOLDER/NAME.json` into
`FOLDER/Assignments/NAME.json`, or `ID - NAME.json`: an array, one bare object where there is one, the server's whole answer
for app protection, and no file at all where there is none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents.texts import decode_leniently
from mdm_policy.errors import Finding, Origin, note, warning
from mdm_policy.kinds.intune.documents import DEVICE_CONFIGURATION, MOBILE_APP, SETTINGS_CATALOG
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.documents import Document

_FOLDER = "assignments"
_ASSIGNED = frozenset({DEVICE_CONFIGURATION.name, MOBILE_APP.name, SETTINGS_CATALOG.name})
_UNKNOWN = Scope(
    "groups", why="has no file among the assignments of its backup, so whom it reaches was not backed up, or is nobody"
)


class Attached(msgspec.Struct, frozen=True):
    """Hold what the files of assignments in a backup say.

    `bodies` are the new texts of policies, by name; `read` are the files of assignments, which are no documents by
    themselves; `scopes` say of policies without such a file that nobody knows whom they reach.
    """

    bodies: dict[str, bytes]
    read: tuple[str, ...]
    scopes: dict[str, Scope]
    findings: tuple[Finding, ...]


def attached(documents: Mapping[str, Document]) -> Attached:
    """Find the policy of each file of assignments among some documents."""
    folders: dict[Path, list[str]] = {}
    for name, document in documents.items():
        path = Path(name)
        if (
            path.parent.name.casefold() == _FOLDER
            and document.format == "json"
            and _entries(document.value) is not None
        ):
            folders.setdefault(path.parent.parent, []).append(name)
    bodies: dict[str, bytes] = {}
    scopes: dict[str, Scope] = {}
    findings: list[Finding] = []
    for folder, files in folders.items():
        policies = [one for name, one in documents.items() if Path(name).parent == folder and one.kind in _ASSIGNED]
        for name in files:
            found = _policies_of(Path(name).stem, policies)
            if len(found) == 1 and found[0].name not in bodies:
                bodies[found[0].name] = _with(found[0], _entries(documents[name].value) or [])
                findings.append(note("assignments-of", f"they are those of {found[0].name}", Origin(name)))
            else:
                said = f"{len(found) or 'no'} policies beside it bear the name, so whose assignments these are is not known"
                hint = "back the tenant up again"
                findings.append(warning("assignments-of-nothing", said, Origin(name), hint))
        scopes |= {one.name: _UNKNOWN for one in policies if one.name not in bodies and "assignments" not in one.value}
    return Attached(bodies, tuple(name for files in folders.values() for name in files), scopes, tuple(findings))


def _entries(value: Any) -> list[Any] | None:
    """Return the assignments that a file holds, or None when it holds something else."""
    listed = value.get("value", [value]) if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return None
    return listed if all(isinstance(one, dict) and isinstance(one.get("target"), dict) for one in listed) else None


def _policies_of(stem: str, policies: Iterable[Document]) -> list[Document]:
    """Return the policies of a file's name: by the id before it, else by the name, of which an app's has its type in front."""
    id_, dash, name = stem.partition(" - ")
    by_id = [one for one in policies if dash and one.value.get("id") == id_]
    if by_id:
        return by_id
    same = [one for one in policies if Path(one.name).stem in (stem, name if dash else stem)]
    return same or [one for one in policies if dash and Path(one.name).stem.endswith(f"_{name}")]


def _with(policy: Document, entries: list[Any]) -> bytes:
    """Return a policy's text with its assignments behind all else, so that every line keeps its number."""
    text = decode_leniently(policy.data)
    end = text.rindex("}")
    if policy.value.get("assignments") is not None:
        return text.encode()
    comma = "," if policy.value else ""
    key = "" if "assignments" in policy.value else f'{comma} "assignments": {json.dumps(entries)}'
    return f"{text[:end].rstrip()}{key}{text[len(text[:end].rstrip()) : end]}{text[end:]}".encode()

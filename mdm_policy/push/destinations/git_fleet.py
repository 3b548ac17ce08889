"""Lay files out as Fleet's GitOps reads them, and see which of them a GitOps file names.

fleetdm/fleet docs/Configuration/yaml-files.md: profiles and declarations stand in files of their own, unsigned, and count
only where a file under `fleets/` (or `teams/`, or `default.yml`) names them. Those files are never written here.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mdm_policy import fleet, regular
from mdm_policy.documents.jsons import parse_json
from mdm_policy.documents.yamls import as_json
from mdm_policy.errors import Finding, Origin, PolicyError, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.push.model import MadeDocument

TAKES = "Apple profiles and configurations of declarative management"
_FOLDERS = {
    "apple-profile": "configuration-profiles",
    "apple-declaration-configuration": "declaration-profiles",
}
"""Where each kind of document goes below its platform; Fleet makes the activation of a declaration itself."""
REFUSED = {
    "amapi-policy": "Fleet's Android profiles must not hold lists of apps (server/fleet/android.go, "
    "AndroidForbiddenJSONKeys)"
}
"""Why Fleet takes none of a kind that is for devices it manages."""
_MOST_FILES = 5000
_MOST_BYTES = 1024 * 1024
_GROWN = 8
"""How many times as large as the file its JSON may be."""


def place(made: MadeDocument) -> str:
    """Return the path of a document, or nothing when Fleet takes no such document."""
    folder = _FOLDERS.get(made.kind)
    platform = "macos" if {*made.families} - {"web"} == {"macos"} else "ios"
    return f"lib/{platform}/{folder}/{PurePosixPath(made.path).name}" if folder else ""


def unused(root: Path, names: Sequence[str]) -> Iterator[Finding]:
    """Return a finding for each of our files that no GitOps file names: no device gets it."""
    named: set[str] = set()
    first = ""
    for path in _gitops(root):
        here = path.relative_to(root).as_posix()
        entries = list(_entries(_controls(path)))
        first = first or here
        for entry in entries:
            named |= _named(root, path, entry)
    place_ = first or "fleets/NAME.yml"
    for name in names:
        if name not in named:
            beside = os.path.relpath(name, PurePosixPath(place_).parent.as_posix()).replace(os.sep, "/")
            line = f"- path: {beside if beside.startswith('.') else f'./{beside}'}"
            hint = f"under controls: apple_settings: configuration_profiles: of {place_}, add `{line}`, with its labels"
            yield warning("gitops-unused", "no GitOps file names it, so no device gets it", Origin(name), hint)


def _gitops(root: Path) -> Iterator[Path]:
    """Yield the files with `controls` below a folder, in order; links and hidden folders are not followed."""
    seen = 0
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix.lower() not in (".yml", ".yaml") or path.is_symlink():
                continue
            seen += 1
            if seen > _MOST_FILES:
                return
            if _controls(path):
                yield path


def _controls(path: Path) -> dict[str, Any]:
    try:
        data = as_json(str(path), regular.read_file(path, _MOST_BYTES), _MOST_BYTES)
        value = parse_json(str(path), data, "keep", _GROWN * _MOST_BYTES, [])
    except (OSError, ValueError, PolicyError):
        return {}
    controls = value.get("controls") if isinstance(value, dict) else None
    return controls if isinstance(controls, dict) else {}


def _entries(controls: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for platform in fleet.APPLE_SETTINGS:
        settings = controls.get(platform)
        for key in fleet.PROFILE_LISTS:
            listed = settings.get(key) if isinstance(settings, dict) else None
            yield from (entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict))


def _named(root: Path, gitops: Path, entry: dict[str, Any]) -> set[str]:
    """Return the paths from the root that an entry names: one file, or what a pattern matches."""
    found: set[str] = set()
    for key in ("path", "paths"):
        pattern = entry.get(key)
        if isinstance(pattern, str) and pattern and not pattern.startswith(("/", "~")):
            from_root = os.path.normpath(os.path.join(gitops.parent.relative_to(root), pattern))  # noqa: PTH118
            matches = root.glob(from_root) if key == "paths" and not from_root.startswith("..") else ()
            found |= {from_root.replace(os.sep, "/"), *(one.relative_to(root).as_posix() for one in matches)}
    return found

"""Read and write the index of a folder: it names our files, and no others are ever touched."""

from __future__ import annotations

import msgspec

from mdm_policy.push.answers import LocalFailure

INDEX = ".mdm-policy.json"
FORMAT = "mdm-policy-folder-1"


class FolderEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Name one of our files; `former` is where it was until it moved, as long as that copy may still be there."""

    path: str
    key: str
    owner: str
    sha256: str
    former: str = ""


class FolderIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold the entries of all owners, in the order of their paths."""

    format: str = FORMAT
    files: tuple[FolderEntry, ...] = ()


def parsed(data: bytes) -> FolderIndex:
    """Read an index; a path in it that leads out of the folder makes all of it worthless."""
    try:
        index = msgspec.json.decode(data, type=FolderIndex)
    except (msgspec.MsgspecError, UnicodeDecodeError) as bad:
        marked = any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in data.splitlines())
        why = "it holds conflict markers: a merge was not ended" if marked else str(bad)
        hint = "bring it back from git: without it nobody knows which files are ours"
        raise LocalFailure("answer", f"{INDEX} cannot be read: {why}", "index-damaged", hint) from None
    paths = [path for one in index.files for path in (one.path, one.former) if path]
    if index.format != FORMAT or not all(_is_inside(path) for path in paths):
        hint = "bring it back from git: without it nobody knows which files are ours"
        raise LocalFailure("answer", f"{INDEX} is not as mdm-policy writes it", "index-damaged", hint)
    return index


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return not (set(parts) & {"", ".", ".."} or "\\" in path or ":" in path or "\0" in path or parts[0] == ".git")

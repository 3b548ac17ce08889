"""Look at the files of a folder that anybody may have put there: no link is followed, nothing is held in memory."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from mdm_policy.documents.signed import looks_signed, signed_content
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.listing import below
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_SIGNED = 80 * 1024 * 1024
"""The largest signed file whose content is looked for: a document of 64 MiB, and its signature."""
_CHUNK = 1024 * 1024


class FoundFiles(Frozen, frozen=True):
    """Say what stands at a path: a plain file with its SHA-256, and that of the content if it is signed; or no file."""

    kind: Literal["file", "link", "other"]
    sha256: str = ""
    content_sha256: str = ""


def look(folder: Path, except_for: str) -> dict[str, FoundFiles]:
    """Return everything in a folder that is no folder, by path relative to it, with forward slashes.

    Raises:
        PolicyError: `file-unreadable`.

    """
    found: dict[str, FoundFiles] = {}
    for path in _entries(folder):
        name = path.relative_to(folder).as_posix()
        if name != except_for:
            found[name] = _look_at(path)
    return found


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from below(folder)
    except OSError as bad:
        raise _unreadable(Path(bad.filename or folder), bad) from None


def _look_at(path: Path) -> FoundFiles:
    if path.is_symlink():
        return FoundFiles("link")
    # A name may have become a link, or a pipe that never ends, since it was listed.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return FoundFiles("other")
        with os.fdopen(os.open(path, flags), "rb") as file:
            sums = hashlib.sha256()
            start = file.read(_CHUNK)
            rest = start
            while rest:
                sums.update(rest)
                rest = file.read(_CHUNK)
            return FoundFiles("file", sums.hexdigest(), _content(file) if looks_signed(start) else "")
    except OSError as bad:
        raise _unreadable(path, bad) from None


def _content(file: IO[bytes]) -> str:
    """Return the SHA-256 of what a signed file carries; empty when it carries nothing, or too much."""
    file.seek(0)
    data = file.read(_MAX_SIGNED + 1)
    content = signed_content(data) if len(data) <= _MAX_SIGNED else None
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def _unreadable(path: Path, bad: OSError) -> PolicyError:
    return PolicyError([error("file-unreadable", f"cannot read it: {bad.strerror or bad}", Origin(str(path)))])

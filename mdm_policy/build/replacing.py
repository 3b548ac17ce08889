"""Write one file whole or not at all: it is made beside its place, flushed, and put there in one step."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mdm_policy.errors import Origin, PolicyError, error

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

_NEW = ".new"


def replace(path: Path, data: bytes) -> None:
    """Put a file in place, or a new one in the place of an old one, which gives it its permissions.

    What a killed run left beside it is cleared away; what a living one is writing is let be.

    Raises:
        PolicyError: `output-unwritable`, `output-not-a-file`.

    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}{_NEW}")
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            hint = "name a plain file with -o"
            raise PolicyError([error("output-not-a-file", "the output is not a plain file", Origin(str(path)), hint)])
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        try:
            _write(fresh, data, mode)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except OSError as bad:
        said = f"cannot write it: {bad.strerror or bad}"
        raise PolicyError([error("output-unwritable", said, Origin(str(path)), "name another place with -o")]) from None


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(handle, "wb") as file:
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a lock that dies with its process
            os.fchmod(handle, mode)
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sweep(path: Path) -> None:
    """Remove what killed runs left of this file; a file that another run is writing is locked."""
    for left in path.parent.iterdir():
        name = left.name
        pid = name.removeprefix(f".{path.name}.").removesuffix(_NEW)
        if name != f".{path.name}.{pid}{_NEW}" or not pid.isdecimal() or left.is_symlink():
            continue
        with suppress(OSError):
            if sys.platform != "win32":
                handle = os.open(left, os.O_RDONLY)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                finally:
                    os.close(handle)
            left.unlink()


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # Windows cannot open a folder to flush it; renames there are journalled by the file system
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

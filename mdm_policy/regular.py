"""Read regular files and nothing else: a pipe may wait for ever, a device has no end, and some names lead to another machine.

Every file that somebody else may have put where it is, is read through here, and asked about here before.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from typing import TYPE_CHECKING, Literal

from mdm_policy import filenames

if TYPE_CHECKING:
    from pathlib import Path

FileType = Literal["file", "folder", "other", ""]
"""What stands at a path: `other` is a pipe, a device or a socket; nothing is empty."""

_TYPES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_HANDED_OVER = re.compile(r"/dev/(?:stdin|fd/[0-9]+)\Z")
"""What a shell writes in place of `<(command)`: a stream that whoever started the program has opened for it."""


def read_file(path: Path, most: int, *, handed_over: bool = False) -> bytes:
    """Return the bytes of a regular file: at most one more than `most`, which shows that there are too many.

    With `handed_over` a path such as `/dev/fd/63` may be a pipe, as a person's shell makes it of `<(command)`.

    Raises:
        OSError: the file cannot be read, or is none; `strerror` says why in plain words.
        ValueError: the path holds a character that no path can hold.

    """
    _check_name(path)
    if handed_over and sys.platform != "win32" and _HANDED_OVER.match(str(path)):
        with path.open("rb") as file:
            return file.read(most + 1)
    # Looked at before it is opened, since opening alone makes some devices act; and after, since it may have been replaced.
    _check_type(path, path.stat().st_mode)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as file:
        _check_type(path, os.fstat(handle).st_mode)
        return file.read(most + 1)


def type_of(path: Path) -> FileType:
    """Say what stands at a path, following links; what cannot even be asked for is nothing."""
    try:
        _check_name(path)
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


def refused_on_windows(path: str) -> str:
    """Say why Windows must not be asked for a path; empty when it may.

    Opening a name of another machine hands it the account's proof of identity (NTLM), and a device's name is the device in
    any folder and with any extension (learn.microsoft.com, Naming Files, Paths, and Namespaces).
    """
    plain = path.replace("/", "\\")
    if plain.startswith("\\\\"):
        return "it is a name of another machine or of a device, which is not opened; copy the file to this machine"
    parts = re.split(r"[\\:]", plain)
    device = next((part for part in parts if filenames.is_device(part)), "")
    return f"{device!r} is a device on Windows, not a file" if device else ""


def _check_name(path: Path) -> None:
    why = refused_on_windows(str(path)) if sys.platform == "win32" else ""
    if why:
        raise OSError(errno.EINVAL, why, str(path))


def _check_type(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # the system has its own word for a folder
        return
    name = next((name for is_type, name in _TYPES if is_type(mode)), "no regular file")
    raise OSError(errno.EINVAL, f"it is {name}, not a file", str(path))

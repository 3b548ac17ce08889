"""Let one process at a time write to a place: a lock that dies with the process that holds it, however it dies.

The lock is the system's own on an open file (flock(2), LockFile on Windows), not the file's being there: what a killed
run leaves behind binds nobody. The file stands beside the place, since a folder that is exchanged for another one
cannot carry a lock through the exchange, and is removed by whoever held it.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_TRIES = 100


class BusyError(Exception):
    """Say that another process holds the lock."""


class Lock:
    """Hold the lock of one place until `release`, or until the process ends.

    Raises:
        BusyError: another process holds it.
        OSError: the lock's file cannot be made, or the file system knows no locks.

    """

    def __init__(self, path: Path) -> None:
        """Take the lock, or raise at once: nobody is waited for."""
        self._path = path
        self._handle = _take(path)

    def release(self) -> None:
        """Remove the lock's file, and let go of it."""
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        with suppress(OSError):
            if sys.platform == "win32":
                os.close(handle)  # an open file cannot be removed there; one that another run has opened by now stays
            self._path.unlink()
        if sys.platform != "win32":
            with suppress(OSError):  # the work is done by now, and the lock goes with the process at the latest
                os.close(handle)


def _take(path: Path) -> int:
    for _ in range(_TRIES):
        handle = os.open(
            path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600
        )
        try:
            _lock(handle)
            if _is_still(path, handle):
                return handle
        except OSError as bad:
            os.close(handle)
            if bad.errno in _TAKEN:
                raise BusyError from None
            raise
        # Whoever held it before removed the file after it was opened here: this lock is on a file without a name.
        os.close(handle)
    raise BusyError


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))  # noqa: PTH116 - Path.stat's twin for a handle
    except FileNotFoundError:
        return False

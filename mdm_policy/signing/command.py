"""Let another program sign: an HSM's, a smart card's or a cloud key store's, which never gives its key away.

It gets the profile on standard input and writes a CMS SignedData in DER on standard output. No shell is involved. Its
arguments may hold a PIN, so no message repeats them; what it says on standard error goes where ours goes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING

from mdm_policy.errors import Origin, PolicyError, error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_POLL = 0.02
"""Seconds between two looks at a program that is running."""
_ROOM = 1024 * 1024
"""How many bytes a signature and its certificates may add to the content."""


def signer(command: Sequence[str], timeout: float) -> Callable[[bytes], bytes]:
    """Return what signs by running a command, killed after `timeout` seconds."""

    def sign(content: bytes) -> bytes:
        # Files in place of pipes: a grandchild that holds a pipe open could stall us for ever.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
            given.write(content)
            given.seek(0)
            _run(command, given, taken, timeout, len(content) + _ROOM)
            taken.seek(0)
            return taken.read()

    return sign


def _run(command: Sequence[str], given: IO[bytes], taken: IO[bytes], timeout: float, most: int) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise _failed(command, "there is no such program, or it may not be run", "write its whole path")
    try:
        running = subprocess.Popen([program, *command[1:]], stdin=given, stdout=taken)  # noqa: S603 - the user's own choice
    except (OSError, ValueError) as bad:
        said = f"it cannot be started: {getattr(bad, 'strerror', None) or 'its arguments are not possible'}"
        raise _failed(command, said, "check the command") from None
    deadline = time.monotonic() + timeout
    try:
        while running.poll() is None:
            if time.monotonic() >= deadline:
                raise _failed(command, f"it had not finished after {timeout:g} seconds", "see --signer-timeout")
            if _size(taken) > most:
                raise _failed(command, "it writes far more than a signature", "it has to write the signed file alone")
            try:
                running.wait(_POLL)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if running.returncode is None:
            running.kill()
            running.wait()
    if running.returncode:
        raise _failed(command, f"it ended with exit code {running.returncode}", "run it by hand to see why")
    if not 0 < _size(taken) <= most:
        said = "it wrote nothing" if not _size(taken) else "it writes far more than a signature"
        raise _failed(command, said, "it has to write the signed file, in DER, to standard output")


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _failed(command: Sequence[str], said: str, hint: str) -> PolicyError:
    return PolicyError(
        [error("signer-command-failed", f"the signing program failed: {said}", Origin(command[0]), hint)]
    )

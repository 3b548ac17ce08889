"""Keep a journal of every write to an MDM, on disk before the write and after it, so that an interrupted run can go on.

A journal is a file of JSON lines beside the plan, named by the plan's digest. It is held by one process at a time: the
lock dies with the process that has it. A line that a crash cut off is the last, and is taken for not written.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from mdm_policy.errors import Origin, PolicyError, error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_FORMAT = "mdm-policy-journal"


class Journal:
    """Hold one plan's journal open and locked; use it as a context manager.

    `now` gives the time as text, for a person who reads the journal; nothing depends on it.
    """

    def __init__(self, path: Path, digest: str, now: Callable[[], str]) -> None:
        """Know where it is; nothing is opened yet."""
        self._path = path
        self._digest = digest
        self._now = now
        self._file: BinaryIO | None = None
        self.entries: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Open and lock the journal, and read what an earlier run wrote.

        Raises:
            PolicyError: `journal-locked`, `journal-damaged`, `journal-unwritable`.

        """
        place = Origin(str(self._path))
        try:
            self._file = self._path.open("a+b")
        except OSError as bad:
            said = f"cannot write the journal: {bad.strerror or bad}"
            raise PolicyError([error("journal-unwritable", said, place, "nothing was changed")]) from None
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            said = "another run of this plan is under way"
            raise PolicyError([error("journal-locked", said, place, "wait until it has ended")]) from None
        try:
            self._file.seek(0)
            self.entries = self._read(self._file.read(), place)
            if not self.entries:
                self.write(format=_FORMAT, version=1, plan=self._digest)
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, which gives up the lock."""
        if self._file is not None:
            self._file.close()

    def _read(self, data: bytes, place: Origin) -> list[dict[str, Any]]:
        whole, _, torn = data.rpartition(b"\n")
        try:
            entries = [json.loads(line) for line in whole.splitlines()]
            good = not entries or (entries[0]["format"], entries[0]["plan"]) == (_FORMAT, self._digest)
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            said = "this is not the journal of this plan, or it is damaged"
            raise PolicyError([error("journal-damaged", said, place, "move it away; the MDM itself is read anew")])
        if torn and self._file is not None:
            self._file.truncate(len(whole) + 1 if whole else 0)
        return entries

    def write(self, **entry: Any) -> None:
        """Add an entry, and return when it is on the disk.

        Raises:
            PolicyError: `journal-unwritable`: what cannot be recorded must not be done.

        """
        entry["time"] = self._now()
        line = json.dumps(entry, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        try:
            self._put(line)
        except (OSError, ValueError) as bad:
            reason = bad.strerror if isinstance(bad, OSError) and bad.strerror else str(bad)
            said = f"cannot write the journal: {reason}"
            raise PolicyError(
                [
                    error(
                        "journal-unwritable",
                        said,
                        Origin(str(self._path)),
                        "nothing more was changed; make room, run again",
                    )
                ]
            ) from None
        self.entries.append(entry)

    def _put(self, line: bytes) -> None:
        if self._file is None:
            raise ValueError("it is not open")
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())

    def wrote(self, key: str) -> bool:
        """Tell whether a write to an object was begun by this plan, in this run or an earlier one."""
        return any(entry.get("key") == key and entry.get("at") == "intent" for entry in self.entries)


def _lock(file: BinaryIO) -> None:
    """Take the lock, or fail at once."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - it exists there alone

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - as above, for the others

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

"""Keep a journal of every write to an MDM, on disk before the write and after it, so that an interrupted run can go on.

A journal is a file of JSON lines beside the plan, named by the plan's digest. It is held by one process at a time: the
lock dies with the process that has it. A line that a crash cut off is the last, and is taken for not written. Each line
carries the hash of all lines before it, so that an edited journal is found out; with a key, the hash cannot be made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import msgspec

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.model import Done, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_FORMAT = "mdm-policy-journal"
_VERSION = 3
_MAX = 256 * 1024 * 1024
_TEXTS = ("id", "after", "step", "said", "code", "note")
_STEPS = ("begin", "intent", "done", "unknown", "refused", "waiting", "closed", "end")
Entry = dict[str, Any]
"""One line: `at` is begin, intent, done, unknown, refused, waiting, closed or end; docs/push.md says what each means."""


class JournalError(PolicyError):
    """Stop a run that cannot record what it does any more."""


class Journal:
    """Hold one plan's journal open and locked; use it as a context manager.

    `now` gives the time as text, for a person who reads the journal; nothing depends on it. `key` makes the hashes, where
    the plan is sealed.
    """

    def __init__(self, path: Path, digest: str, now: Callable[[], str], key: bytes = b"") -> None:
        """Know where it is; nothing is opened yet."""
        self.path = path
        self.digest = digest
        self.now = now
        self._key = key
        self._file: BinaryIO | None = None
        self._fresh = False
        self._chain = ""
        self._former = 0
        self.broken = False
        """Whether a line could not be written whole: what the file holds is then known to the next run alone."""
        self.entries: list[Entry] = []

    def __enter__(self) -> Self:
        """Open and lock the journal, and read what an earlier run wrote.

        Raises:
            PolicyError: `journal-locked`, `journal-damaged`, `journal-unwritable`.

        """
        place = Origin(str(self.path))
        try:
            self._fresh = not self.path.exists()
            self._file = _opened(self.path)
        except OSError as bad:
            said = f"cannot write the journal: {bad.strerror or bad}"
            raise JournalError([error("journal-unwritable", said, place, "nothing was changed")]) from None
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            said = "another run of this plan is under way"
            raise PolicyError([error("journal-locked", said, place, "wait until it has ended")]) from None
        try:
            self._start(place)
        except BaseException:
            self._file.close()
            raise
        return self

    def _start(self, place: Origin) -> None:
        assert self._file is not None  # noqa: S101 - it was opened a line ago
        try:
            self._file.seek(0)
            data = self._file.read(_MAX)
        except OSError as bad:
            said = f"cannot read the journal: {bad.strerror or bad}"
            raise JournalError([error("journal-unwritable", said, place, "nothing was changed")]) from None
        self.entries, self._chain, whole = _read(data, self.digest, self._key, place)
        if whole != len(data):
            try:
                self._file.truncate(whole)
            except OSError as bad:
                said = f"cannot mend the journal's last line: {bad.strerror or bad}"
                raise JournalError([error("journal-unwritable", said, place, "nothing was changed")]) from None
        if not self.entries:
            self.write(format=_FORMAT, version=_VERSION, plan=self.digest)
        self._former = len(self.entries)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, which gives up the lock; one that records nothing is removed again."""
        if self._file is None:
            return
        if self._fresh and len(self.entries) <= 1:
            with contextlib.suppress(OSError):  # an empty journal does no harm
                self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # each line was flushed when it was written
            self._file.close()

    def write(self, **entry: Any) -> None:
        """Add an entry, and return when it is on the disk.

        Raises:
            JournalError: `journal-unwritable`: what cannot be recorded must not be done.

        """
        entry["time"] = self.now()
        chain = _hash(self._chain, entry, self._key)
        line = _line({**entry, "chain": chain}) + b"\n"
        try:
            self._put(line)
        except (OSError, ValueError) as bad:
            self.broken = True
            reason = bad.strerror if isinstance(bad, OSError) and bad.strerror else str(bad)
            said = f"cannot write the journal: {reason}"
            hint = "nothing more was changed; make room, run again"
            raise JournalError([error("journal-unwritable", said, Origin(str(self.path)), hint)]) from None
        self._chain = chain
        self.entries.append({**entry, "chain": chain})

    def _put(self, line: bytes) -> None:
        if self._file is None:
            raise ValueError("it is not open")
        if self.broken:
            raise ValueError("a line before this one could not be written")
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())

    def begun(self, key: str) -> bool:
        """Tell whether a write to an object may have been made by this plan, in this run or an earlier one."""
        return written(self.entries, key)

    def wrote_now(self, key: str) -> bool:
        """Tell whether a write to an object may have been made in this run."""
        return written(self.entries[self._former :], key)

    @property
    def writes(self) -> int:
        """Count the objects that this run wrote, or may have written."""
        mine = self.entries[self._former :]
        return sum(written(mine, key) for key in {one["key"] for one in mine if "key" in one})

    @property
    def resumed(self) -> bool:
        """Tell whether an earlier run of the same plan wrote anything."""
        return any(one.get("at") == "intent" for one in self.entries[: self._former])


def written(entries: list[Entry], key: str) -> bool:
    """Tell whether some entries say that an object was written, or cannot exclude it: no refusal followed the intent."""
    open_ = False
    for one in entries:
        if one.get("key") != key:
            continue
        if one.get("at") == "intent":
            open_ = True
        elif one.get("at") in ("done", "unknown"):
            return True
        elif one.get("at") in ("refused", "waiting"):
            open_ = False
    return open_


def waiting_of(entries: list[Entry]) -> tuple[Waiting, ...]:
    """Return the writes that wait for a second person, in the order in which that was asked for."""
    found: dict[tuple[str, str], Waiting] = {}
    for one in entries:
        at, slot = one.get("at"), (one.get("key", ""), one.get("step", ""))
        if at == "waiting":
            found[slot] = msgspec.convert({name: one[name] for name in Waiting.__struct_fields__}, Waiting)
        elif at in ("done", "closed"):
            found.pop(slot, None)
        elif at == "end" and one.get("whole"):
            found = {other: kept for other, kept in found.items() if other[0] != slot[0]}
    return tuple(found.values())


def read_journal(path: Path, digest: str, key: bytes = b"") -> list[Entry]:
    """Return the entries of a journal that no run holds open; none where there is no journal.

    Raises:
        PolicyError: `journal-damaged`.

    """
    place = Origin(str(path))
    try:
        if path.is_symlink() or not path.is_file():
            return []
        data = path.read_bytes()
    except OSError as bad:
        said = f"cannot read the journal: {bad.strerror or bad}"
        raise PolicyError([error("journal-damaged", said, place, "bring it back")]) from None
    return _read(data, digest, key, place)[0]


def _opened(path: Path) -> BinaryIO:
    """Open a plain file for reading and adding, or make it; through no link."""
    if path.is_symlink():
        raise OSError("it is a link")
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    handle = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("it is not a plain file")
    return os.fdopen(handle, "r+b")


def _read(data: bytes, digest: str, key: bytes, place: Origin) -> tuple[list[Entry], str, int]:
    """Return the entries, the last hash, and how many bytes are whole lines."""
    whole, _, torn = data.rpartition(b"\n")
    chain = ""
    try:
        entries: list[Entry] = [json.loads(line) for line in whole.splitlines()]
        good = not entries or _is_head(entries[0], digest)
        for entry, line in zip(entries, whole.splitlines(), strict=True):
            bare = {name: value for name, value in entry.items() if name != "chain"}
            good = (
                good
                and _is_shaped(entry)
                and _line(entry) == line
                and hmac.compare_digest(_hash(chain, bare, key), entry["chain"])
            )
            chain = entry["chain"]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # a ValidationError of msgspec is the first
        good = False
    if not good:
        said = "this is not the journal of this plan, or it was changed, or it is damaged"
        raise PolicyError([error("journal-damaged", said, place, "move it away; the MDM itself is read anew")])
    return entries, chain, len(data) - len(torn)


def _is_head(entry: Entry, digest: str) -> bool:
    return (entry["format"], entry["version"], entry["plan"]) == (_FORMAT, _VERSION, digest)


def _is_shaped(entry: Entry) -> bool:
    """Tell whether an entry has the parts that are read of it.

    Raises:
        ValueError: of what it says was done, a part is missing or of another type.

    """
    if "format" in entry:
        return True
    texts = all(isinstance(entry.get(name, ""), str) for name in _TEXTS)
    known = entry["at"] in _STEPS and isinstance(entry["key"], str)
    good = texts and known and isinstance(entry.get("whole", True), bool)
    if entry["at"] == "begin":
        return good and msgspec.convert(entry["did"], Done).key == entry["key"]
    if entry["at"] == "waiting":
        return good and bool(waiting_of([entry]))
    return good


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _hash(before: str, entry: Entry, key: bytes) -> str:
    data = before.encode() + b"\n" + _line(entry)
    return hmac.new(key, data, hashlib.sha256).hexdigest() if key else hashlib.sha256(data).hexdigest()


def _lock(file: BinaryIO) -> None:
    """Take the lock, or fail at once."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - it exists there alone

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - as above, for the others

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

"""Put a finished build in place, whole or not at all, touching nothing that a build did not write.

Files are made in a folder beside the output and flushed to disk; then the two folders change places in one step
where the system can do that (Linux, macOS), else by two renames. A crash leaves the old output or the new one; where
two renames were needed, and it came between them, the next run puts the old output back.

Beside the output `out` stand, while a build runs, `.out.mdm-policy.new` (what is being made), `.old` (the old output,
between two renames) and `.lock`. The names are always the same and only the holder of the lock touches them, so what a
killed run left behind is cleared by the next one, and never belongs to a living one (docs/adr/0020).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mdm_policy import filenames, regular
from mdm_policy.build.locking import BusyError, Lock
from mdm_policy.build.record import MANIFEST, MAX_MANIFEST, decode
from mdm_policy.documents.signed import looks_signed, signed_content
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.listing import below

if TYPE_CHECKING:
    from types import TracebackType

_AT_FDCWD_LINUX, _AT_FDCWD_MAC = -100, -2
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2) and RENAME_SWAP of renameatx_np(2) have the same value
_MOST_FORMER = 1024 * 1024 * 1024
"""Bytes of a file that a former build wrote."""
_MOST_FOREIGN = 1000
"""Nobody's whole home is searched: after so many files that no build wrote, the answer is known."""


class Staging:
    """Collect a build's files beside its output folder; `commit` puts them in place, leaving without it removes them.

    Raises:
        PolicyError: `output-foreign` when the output holds anything a build did not write, `output-changed` when it
            was changed since, `output-not-a-folder`,
            `output-busy` when another build is writing to it, `output-unwritable` for what the file system refuses.

    """

    def __init__(self, output: Path) -> None:
        """Check the output folder, lock it against other builds, and make the staging folder beside it."""
        self._output = Path(os.path.abspath(output))  # noqa: PTH100 - `..` goes, symbolic links stay
        self._place = Origin(str(output))
        self._files: list[Path] = []
        try:
            check_replaceable(output)
            self._stage, self._aside = _beside(self._output, "new"), _beside(self._output, "old")
            self._output.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(_beside(self._output, "lock"))
        except BusyError:
            hint = "wait until it is done, and build again"
            said = "another build is writing to this folder"
            raise PolicyError([error("output-busy", said, self._place, hint)]) from None
        except OSError as bad:
            raise self._unwritable(bad) from None
        try:
            self._clear()
            self._stage.mkdir(mode=0o755)
        except BaseException as bad:
            self._lock.release()
            if isinstance(bad, OSError):
                raise self._unwritable(bad) from None
            raise

    def _clear(self) -> None:
        """Clear what a killed run left beside the output; what it had put aside without a successor is put back."""
        if self._aside.is_dir() and not os.path.lexists(self._output):
            self._aside.rename(self._output)
        for left in (self._stage, self._aside):
            if os.path.lexists(left):
                shutil.rmtree(left)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what is left of the staging folder, and let the next build in, which removes what cannot be now."""
        _remove(self._stage)
        self._lock.release()

    def write(self, path: str, data: bytes) -> None:
        """Write one file of the build; `path` is relative, with forward slashes, and safe on every system.

        Raises:
            PolicyError: `output-name` when it is not; `output-unwritable`.

        """
        trouble = filenames.problem(path)
        if trouble:
            raise PolicyError([error("output-name", f"{path!r} cannot be written: {trouble}", self._place)])
        target = self._stage.joinpath(*path.split("/"))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)
        except OSError as bad:
            raise self._unwritable(bad) from None
        self._files.append(target)

    def commit(self) -> None:
        """Flush every file and put the new folder where the output is to be."""
        try:
            for path in self._files:
                _flush(path)
            for folder in sorted({path.parent for path in self._files} | {self._stage}):
                _flush(folder)
            if self._output.exists():
                # The check is made again: what the output holds may have changed while the build ran.
                check_replaceable(self._output)
                _exchange(self._stage, self._output, self._aside)
            else:
                self._stage.rename(self._output)
            _flush(self._output.parent)
        except OSError as bad:
            raise self._unwritable(bad) from None

    def _unwritable(self, bad: OSError) -> PolicyError:
        message = f"cannot write the build: {bad.strerror or bad}"
        return PolicyError([error("output-unwritable", message, self._place, "choose another folder with -o")])


def check_replaceable(output: Path) -> None:
    """Refuse an output that is neither absent, nor empty, nor a former build with nothing foreign in it.

    Raises:
        PolicyError: `output-not-a-folder`, `output-foreign`, `output-changed`, `output-unwritable`.

    """
    place = Origin(str(output))
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise PolicyError([error("output-not-a-folder", "the output is not a plain folder", place)])
    if not output.is_dir():
        return
    try:
        written = _written_before(output)
    except OSError as bad:
        raise _unwritable(output, bad) from None
    ours: list[str] = []
    others: list[str] = []
    try:
        for path in below(output):
            name = path.relative_to(output).as_posix()
            (ours if name in written else others).append(name)
            if len(others) == _MOST_FOREIGN:
                break
    except OSError as bad:
        if not others:
            said = f"a folder in it cannot be listed, so nobody knows what it holds: {bad.strerror or bad}"
            where = Origin(str(bad.filename or output))
            raise PolicyError([error("output-unwritable", said, where, "choose another folder with -o")]) from None
    if others:
        hint = "choose another folder with -o, or move those files away"
        said = f"the folder holds files no build wrote: {_some(others)}"
        raise PolicyError([error("output-foreign", said, place, hint)])
    try:
        changed = [name for name in ours if name != MANIFEST and not _as_written(output / name, written[name])]
    except OSError as bad:
        raise _unwritable(output, bad) from None
    if changed:
        hint = "choose another folder with -o, or move those files away: what was done by hand belongs into a template"
        said = f"the folder holds files that are not as the build wrote them: {_some(changed)}"
        raise PolicyError([error("output-changed", said, place, hint)])


def _unwritable(output: Path, bad: OSError) -> PolicyError:
    """Refuse an output whose former build cannot be read: nobody knows what of it may go."""
    said = f"cannot write the build: {bad.strerror or bad}"
    return PolicyError([error("output-unwritable", said, Origin(str(output)), "choose another folder with -o")])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) < _MOST_FOREIGN else " and many more"
    return ", ".join(sorted(names)[:3]) + (more if len(names) > 3 else "")


def _as_written(path: Path, digest: str) -> bool:
    """Tell whether a file holds the bytes a manifest records, or would, had they not been signed since."""
    data = b"" if path.is_symlink() or regular.type_of(path) != "file" else regular.read_file(path, _MOST_FORMER)
    content = signed_content(data) if looks_signed(data) else None
    return digest in {hashlib.sha256(one).hexdigest() for one in (data, content) if one is not None}


def _written_before(output: Path) -> dict[str, str]:
    """Return the files that a former build wrote, by name, with the digests of their bytes."""
    try:
        former = decode(MANIFEST, regular.read_file(output / MANIFEST, MAX_MANIFEST))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PolicyError):
        return {}
    return {MANIFEST: "", **{file.path: file.sha256 for file in former.files}}


def _flush(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return  # Windows cannot open a folder to flush it; renames there are journalled by the file system
    handle = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(output: Path, ending: str) -> Path:
    return output.with_name(f".{output.name}.mdm-policy.{ending}")


def _exchange(new: Path, old: Path, aside: Path) -> None:
    """Let two folders change places; what was the output is then the staging folder, and is removed with it."""
    if _swapped(new, old):
        return
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
    _remove(aside)


def _remove(folder: Path) -> None:
    with suppress(OSError):  # `ignore_errors` lets some through: CPython 3.11 looks at a folder it has opened unguarded
        shutil.rmtree(folder, ignore_errors=True)


def _swapped(new: Path, old: Path) -> bool:
    name, here = ("renameat2", _AT_FDCWD_LINUX) if sys.platform == "linux" else ("renameatx_np", _AT_FDCWD_MAC)
    swap = getattr(ctypes.CDLL(None), name, None) if sys.platform in ("linux", "darwin") else None
    if swap is None:
        return False
    return bool(swap(here, os.fsencode(new), here, os.fsencode(old), _EXCHANGE) == 0)

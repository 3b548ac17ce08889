"""Read files from where they are: the disk, or a revision of a git repository that stays in memory.

Whoever reads what people have asks one of these, so that a name in a repository never becomes a path on this machine.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Protocol

from mdm_policy import listing, regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from mdm_policy.listing import Met
    from mdm_policy.regular import FileType


class FileTree(Protocol):
    """Hold files by their paths."""

    def read(self, path: Path, most: int, *, handed_over: bool = False) -> bytes:
        """Return a file's bytes, at most one more than `most`.

        Raises:
            OSError, ValueError: as `regular.read_file`.

        """

    def type_of(self, path: Path) -> FileType:
        """Say what stands at a path."""

    def walk(self, folder: Path, *, hidden: bool = False) -> Iterator[Met]:
        """Yield what is below a folder, as `listing.walk`."""

    def real(self, path: Path) -> str:
        """Return what a path leads to, links followed."""


class DiskTree:
    """Read the files of this machine."""

    def read(self, path: Path, most: int, *, handed_over: bool = False) -> bytes:
        """Return a file's bytes, as `regular.read_file`."""
        return regular.read_file(path, most, handed_over=handed_over)

    def type_of(self, path: Path) -> FileType:
        """Say what stands at a path."""
        return regular.type_of(path)

    def walk(self, folder: Path, *, hidden: bool = False) -> Iterator[Met]:
        """Yield what is below a folder, as `listing.walk`."""
        return listing.walk(folder, hidden=hidden)

    def real(self, path: Path) -> str:
        """Return what a path leads to; one that cannot be a path on this system leads to itself."""
        try:
            return os.path.realpath(path)
        except (OSError, ValueError):
            return str(path)


class MemoryTree:
    """Hold files by names with forward slashes, below a root that is nowhere on the disk."""

    def __init__(self, root: PurePosixPath, files: Mapping[str, bytes]) -> None:
        """Keep the files; each folder is one that a name passes through."""
        self._files = {f"{root}/{name}": data for name, data in files.items()}
        self._folders = {str(root)}
        for name in self._files:
            above = name.rpartition("/")[0]
            while above not in self._folders:
                self._folders.add(above)
                above = above.rpartition("/")[0]

    def read(self, path: Path, most: int, *, handed_over: bool = False) -> bytes:
        """Return a file's bytes; nothing here is a pipe."""
        del handed_over
        name = self.real(path)
        if name not in self._files:
            number = errno.EISDIR if name in self._folders else errno.ENOENT
            raise OSError(number, os.strerror(number), str(path))
        return self._files[name][: most + 1]

    def type_of(self, path: Path) -> FileType:
        """Say what stands at a path."""
        name = self.real(path)
        return "file" if name in self._files else "folder" if name in self._folders else ""

    def walk(self, folder: Path, *, hidden: bool = False) -> Iterator[Met]:
        """Yield what is below a folder in the order of names; their number was bounded when they were taken."""
        base = f"{self.real(folder)}/"
        below = sorted(name.removeprefix(base).split("/") for name in self._files if name.startswith(base))
        for parts in below:
            if hidden or not any(part.startswith(".") for part in parts):
                yield listing.Met(folder.joinpath(*parts))

    def real(self, path: Path) -> str:
        """Return the name of a path; there are no links."""
        return os.path.normpath(path).replace(os.sep, "/")


DISK = DiskTree()

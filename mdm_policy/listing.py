"""List a folder to its end, or say what was not listed: what cannot be listed must not count as empty."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ENTRIES = 100_000
"""Files and folders listed below one folder; the largest backup of a tenant known has a tenth of that."""
MOST_DEPTH = 100
"""How deep folders are followed; a system takes no path much deeper."""

Trouble = Literal["", "loop", "outside", "too-deep", "too-many", "unlistable"]


class Met(NamedTuple):
    """Hold what was met below a folder: a path that is no folder, or with `trouble` one that was not followed, and why."""

    path: Path
    trouble: Trouble = ""
    why: str = ""


def below(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder that is no folder, in a fixed order: files, and links whatever they lead to.

    `Path.rglob` passes over a folder that it may not list, without a word.

    Raises:
        OSError: for a folder that cannot be listed; `filename` says which.

    """
    left = MOST_ENTRIES
    waiting = [(folder, 0)]
    while waiting:
        where, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise OSError(errno.ELOOP, f"it is more than {MOST_DEPTH} folders deep", str(where))
        names = _names(where, left, hidden=True)
        if len(names) > left:
            raise OSError(errno.E2BIG, f"it holds more than {MOST_ENTRIES:,} files and folders", str(folder))
        left -= len(names)
        paths = [where / name for name in names]
        folders = [path for path in paths if not path.is_symlink() and path.is_dir()]
        inner = set(folders)
        yield from (path for path in paths if path not in inner)
        waiting += [(path, depth + 1) for path in reversed(folders)]


def walk(folder: Path, *, hidden: bool = False) -> Iterator[Met]:
    """Yield what is below a folder in the order of names, each real folder once, and what is not followed.

    Links are followed within the folder, and never out of it. What begins with a dot is passed over unless `hidden`. The
    walk is one loop, and ends after `MOST_ENTRIES` with a word.
    """
    root = os.path.realpath(folder)
    left = MOST_ENTRIES
    seen: set[tuple[int, int]] = set()
    waiting = [(folder, 0)]
    while waiting:
        path, depth = waiting.pop()
        met = _met(path, root, depth, seen)
        if met is not None:
            yield from met
            continue
        try:
            names = _names(path, left, hidden=hidden)
        except OSError as bad:
            yield Met(path, "unlistable", bad.strerror or str(bad))
            continue
        if len(names) > left:
            yield Met(path, "too-many", f"it holds more than {MOST_ENTRIES:,} files and folders")
            return
        left -= len(names)
        waiting += [(path / name, depth + 1) for name in reversed(names)]


def _met(path: Path, root: str, depth: int, seen: set[tuple[int, int]]) -> tuple[Met, ...] | None:
    """Return what is to be said of a path, which may be nothing; None for a folder to go into."""
    try:
        if depth and path.is_symlink() and not is_inside(os.path.realpath(path), root):
            return (Met(path, "outside", "it is a link that leads out of the folder"),)
        if depth and not path.is_dir():
            return (Met(path),)
        stat = path.stat()
    except (OSError, ValueError) as bad:
        return (Met(path, "unlistable", getattr(bad, "strerror", None) or str(bad)),)
    if (stat.st_dev, stat.st_ino) in seen:
        above = is_inside(os.path.realpath(path.parent), os.path.realpath(path))
        return (Met(path, "loop", "the folder leads back to one above it"),) if above else ()
    seen.add((stat.st_dev, stat.st_ino))
    if depth > MOST_DEPTH:
        return (Met(path, "too-deep", f"it is more than {MOST_DEPTH} folders deep"),)
    return None


def is_inside(path: str, folder: str) -> bool:
    """Tell whether an absolute path is a folder's own or below it, by names alone."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _names(folder: Path, most: int, *, hidden: bool) -> list[str]:
    """Return the sorted names in a folder; one more than `most` shows that there are too many."""
    names: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if hidden or not entry.name.startswith("."):
                names.append(entry.name)
                if len(names) > most:
                    break
    return sorted(names)

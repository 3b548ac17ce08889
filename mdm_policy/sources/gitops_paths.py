"""Find the files that Fleet's GitOps files name: below the folder that was given, and nowhere else.

Fleet resolves a path, and a pattern with `*`, `?`, `[...]` and `**`, from the folder of the file that names it
(fleetdm/fleet docs/Configuration/yaml-files.md). Whoever writes such a file must not make the program read others.
"""

from __future__ import annotations

import fnmatch
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.listing import is_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mdm_policy.sources.trees import FileTree

_MAGIC = re.compile(r"[*?\[]")
_ANY_DEPTH = "**"
_LONGEST_PATTERN = 512
_MOST_COMPARISONS = 500_000
"""How often a file is held against a pattern in one folder; 500 patterns over 1,000 files are as many."""


class GitopsPaths:
    """Resolve what the GitOps files of one folder name."""

    def __init__(self, root: Path, tree: FileTree) -> None:
        """Know the folder; it is listed when the first pattern comes."""
        self._root = root
        self._tree = tree
        self._real_root = tree.real(root)
        self._listed: list[tuple[str, ...]] | None = None
        self._known: dict[tuple[str, ...], tuple[Path, ...]] = {}
        self._left = _MOST_COMPARISONS

    def one(self, gitops: Path, written: str) -> Path:
        """Return the file that a path in a GitOps file names.

        Raises:
            PolicyError: `gitops-path`, when it leads out of the folder.

        """
        path = gitops.parent / written
        plain = written.replace("\\", "/")
        if plain.startswith(("/", "~")) or ":" in plain.partition("/")[0]:
            raise self._outside(gitops, written)
        if not is_inside(self._tree.real(path), self._real_root):
            raise self._outside(gitops, written)
        return path

    def several(self, gitops: Path, pattern: str) -> tuple[Path, ...]:
        """Return the files that a pattern in a GitOps file matches, in the order of their names; maybe none.

        Raises:
            PolicyError: `gitops-path`, when it leads out of the folder, or there are too many to look for.

        """
        if len(pattern) > _LONGEST_PATTERN:
            return ()
        base, wanted = self._split(self.one(gitops, pattern))
        if base[:1] == ("..",):
            raise self._outside(gitops, pattern)
        key = (*base, "/", *wanted)
        if key not in self._known:
            self._left -= len(self._names())
            if self._left < 0:
                said = "its patterns, over the files of the folder, are more than are looked for"
                hint = "give a smaller folder, or name the files"
                raise PolicyError([error("gitops-path", said, Origin(str(gitops)), hint)])
            found = (one for one in self._names() if one[: len(base)] == base and _matches(one[len(base) :], wanted))
            self._known[key] = tuple(self._root.joinpath(*one) for one in found)
        return self._known[key]

    def _split(self, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names below the root up to the first pattern, and the patterns."""
        parts = path.relative_to(self._root).parts
        first = next((place for place, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
        base = os.path.normpath("/".join(parts[:first]) or ".").replace(os.sep, "/")
        return () if base == "." else tuple(base.split("/")), parts[first:]

    def _names(self) -> list[tuple[str, ...]]:
        if self._listed is None:
            walked = self._tree.walk(self._root, hidden=True)
            self._listed = [met.path.relative_to(self._root).parts for met in walked if not met.trouble]
        return self._listed

    def _outside(self, gitops: Path, written: str) -> PolicyError:
        said = f"{written[:80]!r} leads out of {self._root}, and is not read"
        hint = "give the folder that holds both; paths count from the file that names them"
        return PolicyError([error("gitops-path", said, Origin(str(gitops)), hint)])


def _matches(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Hold a path against a pattern, part by part; `**` is any number of parts. Takes time in proportion to both."""
    places = {0}
    for name in names:
        places = _closed(places, wanted)
        stay = {place for place in places if place < len(wanted) and wanted[place] == _ANY_DEPTH}
        step = {place + 1 for place in places - stay if place < len(wanted) and _pattern(wanted[place])(name)}
        places = stay | step
        if not places:
            return False
    return len(wanted) in _closed(places, wanted)


def _closed(places: set[int], wanted: Sequence[str]) -> set[int]:
    """Return places in a pattern with those that come after a `**`, which may be nothing."""
    found = set(places)
    for place in sorted(places):
        at = place
        while at < len(wanted) and wanted[at] == _ANY_DEPTH:
            at += 1
            found.add(at)
    return found


@lru_cache(maxsize=1024)
def _pattern(part: str) -> Callable[[str], object]:
    return re.compile(fnmatch.translate(part)).match

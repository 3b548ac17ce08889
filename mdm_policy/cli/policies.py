"""Read policies as people have them: files, folders, backups, builds, standard input; every problem at once.

What a file is, its content says; its name only tells, within a folder, whether a file that is no document was meant to
be one. `verify` and `diff` read through here, so that both see the same documents under the same names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents import MAX_SIZE, Document, open_document
from mdm_policy.errors import Finding, Origin, PolicyError, error, finding_order, note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.model import Scope

STANDARD_INPUT = "-"
MANIFEST = "manifest.json"
_BUILD_FORMAT = "mdm-policy-build"
_YAML = (".yaml", ".yml")
_MEANT = frozenset({".json", ".xml", ".plist", ".mobileconfig", ".der", ".p7m", ".signed", *_YAML})
"""Suffixes of files that a folder holds as documents: one that cannot be read is an error, not a stranger."""
_TEXTS = frozenset({".md", ".txt", ".csv", ".rst", ".log", ".html"})
"""Suffixes of files that only people read."""


class Record(msgspec.Struct, frozen=True):
    """Say what a build's manifest knows of one of its documents.

    `instead_of` names the document of the same target that this one is another way to send; `variant` is empty for the
    base, else the document is for `groups`, which may have the apps in `excepted`.
    """

    target: str
    document: str
    variant: str
    instead_of: str
    managed_by: str
    modes: tuple[str, ...]
    alternative_group: str
    groups: tuple[str, ...]
    excepted: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    """The (family, kind) of identifiers that the manifest says the document blocks."""


class BuildFolder(msgspec.Struct, frozen=True):
    """Hold a build's manifest: its folder, the manifest as parsed, and what it says of each document, by document name."""

    folder: str
    manifest: dict[str, Any]
    records: dict[str, Record]


class Policies(msgspec.Struct, frozen=True):
    """Hold every document that could be read, every problem with those that could not, and the builds among them.

    `named` are the documents that were given by name, not found in a folder; `sources` maps each document to the PATH
    it came by. `scopes` says whom a document reaches where another file says so (labels in a GitOps file).
    """

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]
    builds: tuple[BuildFolder, ...]
    named: frozenset[str]
    sources: dict[str, tuple[str, ...]]
    scopes: dict[str, Scope]

    @property
    def records(self) -> dict[str, Record]:
        """Return what the manifests say, by document name."""
        return {name: record for build in self.builds for name, record in build.records.items()}


def read_policies(paths: Iterable[Path], *, max_size: int = MAX_SIZE) -> Policies:
    """Read files and folders (recursively, in order of names); `-` is standard input.

    A file that cannot be read or parsed gives findings naming it, and the rest is read all the same. A folder with the
    manifest of a build is read as that build; in a folder with Fleet GitOps files, profiles count where one names them.
    """
    reading = _Reading(max_size)
    for path in paths:
        reading.take(path)
    return reading.done()


class _Reading:
    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._documents: dict[str, Document] = {}
        self._findings: list[Finding] = []
        self._builds: list[BuildFolder] = []
        self._named: set[str] = set()
        self._sources: dict[str, list[str]] = {}
        self._scopes: dict[str, Scope] = {}
        self._seen: dict[str, str] = {}
        """The name under which each file, by its real path, was read."""

    def done(self) -> Policies:
        found = sorted(dict.fromkeys(self._findings), key=finding_order)
        return Policies(
            tuple(self._documents.values()),
            tuple(found),
            tuple(self._builds),
            frozenset(self._named),
            {name: tuple(paths) for name, paths in self._sources.items()},
            self._scopes,
        )

    def take(self, path: Path) -> None:
        """Read what a person named."""
        source = str(path)
        if source != STANDARD_INPUT and path.name == MANIFEST and _manifest_of(path.parent):
            path = path.parent
        if source != STANDARD_INPUT and path.is_dir():
            self._folder(path, source)
            return
        name = self._file(path, source, meant=True)
        if name:
            self._named.add(name)

    def _folder(self, folder: Path, source: str) -> None:
        files = list(self._walk(folder, ()))
        built = [found for found in (_read_build(path.parent) for path in files if path.name == MANIFEST) if found]
        self._builds += built
        manifests = {os.path.realpath(Path(build.folder) / MANIFEST) for build in built}
        gitops = []
        before = len(self._documents)
        for path in files:
            if os.path.realpath(path) in manifests:
                continue
            if path.suffix.lower() in _YAML and _is_gitops(path, self._max_size):
                gitops.append(path)
            else:
                self._file(path, source, meant=path.suffix.lower() in _MEANT)
        for path in gitops:
            self._gitops(path, source)
        if gitops:
            self._drop_unused([*self._documents][before:])

    def _walk(self, folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
        """Yield the files below a folder in order; a link that leads back up is followed once and no further."""
        real = os.path.realpath(folder)
        if real in above:
            self._findings.append(note("folder-loop", "the folder holds itself; it is read once", Origin(str(folder))))
            return
        try:
            entries = sorted(folder.iterdir())
        except OSError as bad:
            self._unreadable(folder, bad)
            return
        for entry in entries:
            if entry.name.startswith(".") or entry.suffix.lower() in _TEXTS:
                continue
            if entry.is_dir():
                yield from self._walk(entry, (*above, real))
            elif entry.is_file() or entry.is_symlink():
                yield entry

"""Read policies as people have them: files, folders, backups, builds, standard input; every problem at once.

What a file is, its content says; its name only tells, within a folder, whether a file that is no document was meant to
be one. `verify` and `diff` read through here, so that both see the same documents under the same names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy.build.record import MANIFEST
from mdm_policy.documents import MAX_SIZE, Document
from mdm_policy.documents.texts import check_size
from mdm_policy.errors import Finding, Origin, PolicyError, error, finding_order, note, warning
from mdm_policy.kinds import UNKNOWN, kind_named, open_document, text_forms
from mdm_policy.reading import Scope
from mdm_policy.sources import fleet_gitops, sdk_objects, snapshots
from mdm_policy.sources.archives import files_in, is_archive
from mdm_policy.sources.assignments import attached
from mdm_policy.sources.builds import BuildFolder, RecordedDocument, read_build
from mdm_policy.sources.copies import decoded_copies
from mdm_policy.sources.gitops_paths import GitopsPaths
from mdm_policy.sources.inputs import STANDARD_INPUT, no_standard_input
from mdm_policy.sources.jamf_json import as_xml, is_jamf
from mdm_policy.sources.trees import DISK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.sources.inputs import StandardInput
    from mdm_policy.sources.trees import FileTree

_YAML = frozenset({".yaml", ".yml"})
MEANT = frozenset({".json", ".zip", ".xml", ".plist", ".mobileconfig", ".der", ".p7m", ".signed"}) | _YAML
"""Suffixes of files that a folder holds as documents: one that cannot be read is an error, not a stranger."""
_TEXTS = frozenset({".md", ".txt", ".csv", ".rst", ".log", ".html"})
"""Suffixes of files that only people read."""
MOST_FOLDER = 16
"""How many times as much as the largest document all documents of a run may hold together."""
_GROWN = 8
"""How many times as large as the file it came from a translation may be."""


def is_table(path: Path, tree: FileTree) -> bool:
    """Tell whether a file that would be prose by its suffix is a document by what it holds; one that can't be read is none."""
    if path.suffix.lower() not in text_forms.SUFFIXES:
        return False
    try:
        return text_forms.is_table(path.suffix, tree.read(path, text_forms.HEAD))
    except (OSError, ValueError):
        return False


class Policies(msgspec.Struct, frozen=True):
    """Hold every document that could be read, every problem with those that could not, and the builds among them.

    `named` are the documents that were given by name, not found in a folder; `sources` maps each document to the PATHs
    it came by. `scopes` says whom a document reaches where another file says so (labels in a GitOps file).
    """

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()
    builds: tuple[BuildFolder, ...] = ()
    named: frozenset[str] = frozenset()
    sources: dict[str, tuple[str, ...]] = {}
    scopes: dict[str, Scope] = {}

    @property
    def records(self) -> dict[str, RecordedDocument]:
        """Return what the manifests say, by document name."""
        return {name: record for build in self.builds for name, record in build.records.items()}

    @property
    def unreadable(self) -> bool:
        """Tell whether something could not be read."""
        return any(finding.severity == "error" for finding in self.findings)


def read_policies(
    paths: Iterable[Path],
    *,
    max_size: int = MAX_SIZE,
    stdin: StandardInput = no_standard_input,
    tree: FileTree = DISK,
) -> Policies:
    """Read files and folders (recursively, in order of names) of a tree; `-` is standard input.

    A file that cannot be read or parsed gives findings naming it, and the rest is read all the same. A folder with the
    manifest of a build is read as that build; in a folder with Fleet GitOps files, profiles count where one names them.
    """
    reading = _Reading(max_size, stdin, tree)
    for path in paths:
        reading.take(path)
    return reading.done()


class _Reading:
    """Read one path after the other; each file once, however many paths lead to it."""

    def __init__(self, max_size: int, stdin: StandardInput, tree: FileTree) -> None:
        self._stdin = stdin
        self._tree = tree
        self._max_size = max_size
        self._left = MOST_FOLDER * max_size
        self._documents: dict[str, Document] = {}
        self._findings: list[Finding] = []
        self._builds: dict[str, BuildFolder] = {}
        self._named: set[str] = set()
        self._sources: dict[str, dict[str, None]] = {}
        self._scopes: dict[str, list[Scope]] = {}
        self._merged: set[str] = set()
        """Android profiles that stand in a merged policy."""
        self._seen: dict[str, str] = {}
        """The name under which each file, by its real path, was read; empty when it holds no document."""

    def done(self) -> Policies:
        return Policies(
            tuple(self._documents.values()),
            tuple(sorted(dict.fromkeys(self._findings), key=finding_order)),
            tuple(self._builds.values()),
            frozenset(self._named),
            {name: tuple(paths) for name, paths in self._sources.items()},
            {name: fleet_gitops.together(scopes) for name, scopes in self._scopes.items()},
        )

    def take(self, path: Path) -> None:
        """Read what a person named."""
        source = str(path)
        if path.name == MANIFEST and self._built(path.parent) is not None:
            path = path.parent
        if source != STANDARD_INPUT and self._tree.type_of(path) == "folder":
            self._folder(path, source)
            return
        name = self._file(path, source, meant=True, named=True)
        if name:
            self._named.add(name)

    def _folder(self, folder: Path, source: str) -> None:
        gitops: list[tuple[Path, dict[str, Any]]] = []
        profiles: list[str] = []
        for path in list(self._walk(folder)):
            built = self._built(path.parent) if path.name == MANIFEST else None
            if built is not None:
                self._builds[self._tree.real(path)] = built
                continue
            name = self._file(path, source, meant=path.suffix.lower() in MEANT)
            if not name:
                continue
            controls = fleet_gitops.controls(self._documents[name])
            if controls is not None:
                gitops.append((path, controls))
                del self._documents[name]
            elif kind_named(self._documents[name].kind).is_gitops_profile:
                profiles.append(name)
        self._settle()
        paths = GitopsPaths(folder, self._tree)
        for path, controls in gitops:
            try:
                self._apply(path, controls, source, paths)
            except PolicyError as bad:
                self._findings += bad.findings
        if gitops:
            self._leave_out(profiles)

    def _settle(self) -> None:
        """Leave out what only repeats another file, and put assignments that stand in files of their own where they belong.

        So is left out what a build hands over without a proof.
        """
        for name in [one for build in self._builds.values() for one in build.handed if one not in self._named]:
            self._documents.pop(name, None)
        for name, finding in list(decoded_copies(self._documents)):
            if name not in self._named:
                del self._documents[name]
                self._findings.append(finding)
        found = attached(self._documents)
        self._findings += found.findings
        for name, body in found.bodies.items():
            self._documents[name] = self._translated(name, body, "json", self._documents[name].handed_over)
        for name in found.read:
            del self._documents[name]
        for name, scope in (*found.scopes.items(), *snapshots.scopes(self._documents.values())):
            self._scopes.setdefault(name, []).append(scope)

    def _unpack(self, name: str, data: bytes, source: str) -> None:
        """Read the files in an archive as those of a folder."""
        check_size(name, data, self._max_size)
        for one in files_in(name, data, self._max_size):
            if isinstance(one, Finding):
                self._findings.append(one)
                continue
            inner, held = one
            suffix = Path(inner).suffix.lower()
            if suffix not in _TEXTS and self._document(inner, held, suffix, meant=suffix in MEANT, named=False):
                self._sources.setdefault(inner, {})[source] = None

    def _leave_out(self, profiles: list[str]) -> None:
        """Leave out the profiles that no GitOps file names, and those that stand in a merged policy alone."""
        for name in [*self._merged, *profiles]:
            if name in self._scopes:
                continue
            self._documents.pop(name, None)  # one that a GitOps file names as its controls is gone already
            if name not in self._merged:
                said = "no GitOps file names it, so no device gets it; it does not count"
                self._findings.append(warning("gitops-unused", said, Origin(name), "name it under `controls`"))

    def _built(self, folder: Path) -> BuildFolder | None:
        """Return the build in a folder; a file that cannot be read is told when it is read as any other file.

        A manifest that is damaged, or of a later version, is an error: it would say which device gets which document.
        """
        try:
            return read_build(folder, self._tree)
        except PolicyError as bad:
            self._findings += bad.findings
        except OSError:
            pass
        return None

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Yield the files below a folder in order of their names, and say what is not followed."""
        for path, trouble, why in self._tree.walk(folder):
            if not trouble:
                if not self._is_prose(path):
                    yield path
                continue
            place = Origin(str(path))
            if trouble == "loop":
                self._findings.append(note("folder-loop", why, place))
            elif trouble == "unlistable":
                self._findings.append(error("file-unreadable", f"cannot read it: {why}", place))
            elif trouble == "outside":
                if not self._is_prose(path):
                    self._outside(path, why)
            else:
                hint = "give the folders that hold policies, each by its name"
                self._findings.append(error("folder-too-large", why, place, hint))

    def _outside(self, path: Path, why: str) -> None:
        """Say that a link is not followed: an error for one that is meant to be a document, or leads to a folder."""
        grave = path.suffix.lower() in MEANT or self._tree.type_of(path) == "folder"
        hint = "give what it leads to by its own name"
        place = Origin(str(path))
        self._findings.append(
            error("link-outside", why, place, hint) if grave else note("link-outside", why, place, hint)
        )

    def _is_prose(self, path: Path) -> bool:
        """Tell whether only people read a file; a table is a document where its first line says so."""
        suffix = path.suffix.lower()
        return suffix in _TEXTS and not is_table(path, self._tree)

    def _file(self, path: Path, source: str, *, meant: bool, named: bool = False) -> str:
        """Read one file and return the name of its document, or nothing when it holds none."""
        real = STANDARD_INPUT if str(path) == STANDARD_INPUT else self._tree.real(path)
        if real not in self._seen:
            self._seen[real] = self._open(path, source, meant, named)
        name = self._seen[real]
        if name:
            self._sources.setdefault(name, {})[source] = None
        return name if name in self._documents else ""

    def _open(self, path: Path, source: str, meant: bool, named: bool) -> str:
        name = "(standard input)" if str(path) == STANDARD_INPUT else str(path)
        try:
            data = self._bytes(path, named=named)
        except (OSError, ValueError) as bad:
            self._cannot(name, bad)
            return ""
        if not is_archive(data):
            return self._document(name, data, path.suffix.lower(), meant=meant, named=named)
        try:
            self._unpack(name, data, source)
        except PolicyError as bad:
            skipped = note("file-skipped", f"no document: {bad.findings[0].message}", Origin(name))
            self._findings += bad.findings if meant else [skipped]
        if named:
            self._settle()
        return ""

    def _document(self, name: str, data: bytes, suffix: str, *, meant: bool, named: bool) -> str:
        """Open a document, and return its name, or nothing when it is none."""
        try:
            document = self._parse(name, data, suffix in _YAML)
        except PolicyError as bad:
            if meant:
                self._findings += bad.findings
            else:
                said = f"no document: {bad.findings[0].message}"
                self._findings.append(note("file-skipped", said, Origin(name)))
            return ""
        # A backup holds much that is none of our business: what cannot be opened inside it must not stop the rest.
        self._findings += [f if named or f.severity != "error" else _milder(f) for f in document.findings]
        self._left -= len(data)
        if self._left < 0:
            self._findings.append(self._too_much(name))
            return ""
        self._documents[name] = document
        return name

    def _too_much(self, name: str) -> Finding:
        most = MOST_FOLDER * self._max_size
        said = f"with it, the documents have more than {most:,} bytes together; it is not read"
        return error("folder-too-large", said, Origin(name), "give a part of them, or raise --max-size")

    def _bytes(self, path: Path, *, named: bool) -> bytes:
        """Read no more than it takes to see that a file is too large."""
        if str(path) == STANDARD_INPUT:
            return self._stdin(self._max_size + 1)
        return self._tree.read(path, self._max_size, handed_over=named)

    def _parse(self, name: str, data: bytes, yaml: bool) -> Document:
        if not yaml:
            document = open_document(name, data, max_size=self._max_size)
            if sdk_objects.is_sdk(document):
                return self._translated(name, sdk_objects.as_graph(document), "json", data)
            jamf = document.kind == UNKNOWN and document.format == "json" and is_jamf(document.value)
            return self._translated(name, as_xml(document.value, data), "xml", data) if jamf else document
        from mdm_policy.documents.yamls import as_json  # noqa: PLC0415 - most policies are no YAML

        return self._translated(name, as_json(name, data, self._max_size), "json", data)

    def _translated(self, name: str, body: bytes, form: Literal["json", "xml"], written: bytes) -> Document:
        """Open a document in the form in which it is read, and remember the bytes that were handed over."""
        opened = open_document(name, body, form, max_size=_GROWN * self._max_size)
        return msgspec.structs.replace(opened, written=written)

    def _cannot(self, name: str, bad: Exception) -> None:
        said = f"cannot read it: {getattr(bad, 'strerror', None) or bad}"
        self._findings.append(error("file-unreadable", said, Origin(name)))

    def _apply(self, path: Path, controls: dict[str, Any], source: str, paths: GitopsPaths) -> None:
        """Read the profiles a GitOps file names, and whom it sends them to.

        Raises:
            PolicyError: `gitops-path`, for a path that leads out of the folder; what the file names after it is not read.

        """
        elsewhere = controls.get("path")
        if isinstance(elsewhere, str):
            path = paths.one(path, elsewhere)
            name = self._file(path, source, meant=True)
            held = self._documents.pop(name).value if name else None
            controls = held if isinstance(held, dict) else {}
        android: list[fleet_gitops.Profile] = []
        for platform, entry in fleet_gitops.entries(controls):
            if fleet_gitops.contradictory(entry):
                said = "an entry has labels_include_all and labels_include_any; Fleet takes one of them, so no device gets it"
                hint = "keep one of the two; labels_exclude_any may stand beside it"
                self._findings.append(warning("fleet-labels-twice", said, Origin(str(path)), hint))
            pattern = entry.get("path", entry.get("paths"))
            if not isinstance(pattern, str):
                continue
            for profile in (paths.several(path, pattern) if "paths" in entry else ()) or (paths.one(path, pattern),):
                activation = entry.get("activation")
                files = [profile, *([paths.one(path, activation)] if isinstance(activation, str) else [])]
                for name in filter(None, [self._file(one, source, meant=True) for one in files]):
                    refused = fleet_gitops.refused(self._documents[name]) if platform == "android_settings" else None
                    if refused is not None:
                        self._findings.append(refused)
                    scope = fleet_gitops.labels(entry) if refused is None else Scope("nobody")
                    value = self._documents[name].value
                    if platform == "android_settings" and refused is None and isinstance(value, dict):
                        shown = os.path.relpath(name, path.parent)
                        android.append(fleet_gitops.Profile(name, shown.replace(os.sep, "/"), value, scope))
                    else:
                        self._scopes.setdefault(name, []).append(scope)
        self._merge(path, android, source)

    def _merge(self, path: Path, profiles: list[fleet_gitops.Profile], source: str) -> None:
        """Put the Android profiles of a GitOps file together as Fleet does; a single one stays as it is."""
        if len({one.document for one in profiles}) < 2:
            for profile in profiles:
                self._scopes.setdefault(profile.document, []).append(profile.scope)
                whole = fleet_gitops.delivered(profile.fields)
                self._documents[profile.document] = msgspec.structs.replace(
                    self._documents[profile.document], value=whole
                )
            return
        for key, names in fleet_gitops.contested(profiles).items():
            said = f"{' and '.join(dict.fromkeys(names))} set {key} to different values; the one delivered last counts, and"
            said += " nothing here says which that is, so each is judged"
            self._findings.append(warning("fleet-field-twice", said, Origin(str(path)), "set it in one profile alone"))
        for one in fleet_gitops.merge(profiles):
            last = f"; last: {', '.join(one.last)}" if one.last else ""
            name = f"{path} (Android profiles {', '.join(dict.fromkeys(one.parts))}{last})"
            data = msgspec.json.encode(fleet_gitops.delivered(one.fields))
            self._documents[name] = open_document(name, data, "json", max_size=_GROWN * self._max_size)
            self._sources[name] = {source: None}
            self._scopes.setdefault(name, []).append(one.scope)
        self._merged.update(one.document for one in profiles)


def _milder(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, severity="warning")

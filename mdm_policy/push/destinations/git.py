"""Push to a folder, most often a git repository that an MDM pulls: each document is a file there.

Ours are the files that the index in the folder names, and no others: a file that is not in it is never overwritten. The
index is written before the file it names, so that a run that was cut off leaves nothing that nobody knows.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import regular
from mdm_policy.errors import Finding, Origin, PolicyError, error, warning
from mdm_policy.push.answers import Failure, LocalFailure
from mdm_policy.push.destinations import git_fleet
from mdm_policy.push.destinations.git_commits import Repository, lines
from mdm_policy.push.destinations.git_index import INDEX, FolderEntry, FolderIndex, parsed
from mdm_policy.push.model import DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.normal import fingerprint
from mdm_policy.push.protocol import is_chosen, marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import Assignment, MadeDocument
    from mdm_policy.push.protocol import Edge

_KIND = "file"
_SOURCE = "a folder holds no device's answer"
_MAX = 64 * 1024 * 1024
_UNCOMMITTED = "uncommitted:"
"""Begins the version of a file that the last commit has otherwise; no path of ours holds a colon."""


class GitDestination:
    """Keep files in one folder."""

    type = "git"
    concurrency = 1
    finds_by_marker = True

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Know the folder; nothing is read yet.

        Raises:
            PolicyError: `destination-assign`, since a folder cannot say whom a file is for.

        """
        said = spec.settings
        self.name = spec.name
        self._fleet = said.get("layout") == "fleet"
        self.takes = git_fleet.TAKES if self._fleet else "every document"
        # The path as it is written: a plan that one machine makes is carried out on another.
        self.where = f"folder {said['path']} ({'fleet' if self._fleet else 'plain'} layout)"
        self._root = Path(edge.base, said["path"])
        self._commits = bool(said.get("commit"))
        self._spec = spec
        self._owner = owner
        self._repository = Repository(self._root, edge.withheld)
        self._writing = False
        """Whether this run has written and not committed yet: until then the files are what counts, not the last commit."""
        self.sent = 0
        """How many files were put in place or removed."""
        if spec.assign != "unchanged":
            text = f"{spec.name!r} is a folder: it cannot say whom a file is for"
            hint = "take `assign` out, and assign the files where the MDM reads them"
            raise PolicyError([error("destination-assign", text, spec.origin, hint)])

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return a file for each document that belongs there.

        Raises:
            PolicyError: `fleet-dollar`, since Fleet puts something else in the place of a dollar sign; `fleet-same-file`,
                when two documents have one place.

        """
        found = []
        problems = []
        taken: dict[str, str] = {}
        for one in made:
            path = self._place(one)
            if not path:
                continue
            if self._fleet:
                problems += _dollars(one)
                problems += _shared(one, path, taken)
            key = marker(self._owner, one.target, one.document, one.variant)
            found.append(Item(key, _KIND, path, one.data, one.path))
        if problems:
            raise PolicyError(problems)
        return tuple(found)

    def _place(self, made: MadeDocument) -> str:
        """Return the path of a document in the folder, or nothing when it does not go there."""
        if not is_chosen(self._spec, made):
            return ""
        return git_fleet.place(made) if self._fleet else made.path

    def findings(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        """Say which documents cannot go through Fleet, and which of our files no GitOps file names."""
        if not self._fleet:
            return ()
        items = self.items(made)
        hint = "push it by another destination; docs/push/git.md says what Fleet takes"
        said = [
            warning("target-not-pushed", f"{one.target}: {git_fleet.REFUSED[one.kind]}", Origin(one.path), hint)
            for one in made
            if one.kind in git_fleet.REFUSED and is_chosen(self._spec, one)
        ]
        return (*said, *git_fleet.unused(self._root, [item.name for item in items]))

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the file as it will be."""
        del remote
        return item.body

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Say whether the content or the place differs; git may turn line ends around."""
        found = [("its content", lines(item.body) != lines(remote.body)), ("its path", item.name != remote.id)]
        found.append(("its former copy", bool(_former(remote))))
        found.append(("its last commit", _UNCOMMITTED in remote.version))
        return tuple(word for word, differs in found if differs)

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the file as it is."""
        del item
        return remote.body

    def list(self) -> Iterator[Summary]:
        """Return the files that the index names and that are there; where commits are made, that are committed."""
        if self._commits:
            self._repository.check()
        elif not self._root.parent.is_dir():
            said = f"the folder {self._root.parent.name} above {self._root.name} does not exist"
            raise LocalFailure("refused", said, "folder-missing", "make it, or mend `path` of the destination")
        for entry in self._index().files:
            place = self._present(entry)
            if place and (not self._asks_head or self._repository.head(place) is not None):
                yield Summary(_KIND, place, place, entry.key, entry.owner)

    def get(self, summary: Summary) -> Remote | None:
        """Return one file, wherever it has moved; where commits are made, as it is committed unless somebody edited it.

        What the MDM pulls is the last commit. A file that is as we wrote it and that the last commit has otherwise is one
        whose commit failed; one that a person edited counts as it is, since their next commit takes it along.
        """
        entry = self._entry(summary.key)
        place = self._present(entry) if entry is not None else ""
        data = self._read(place) if place else None
        if entry is None or data is None:
            return None
        former = entry.former if place != entry.former and entry.former and self._read(entry.former) is not None else ""
        version = former
        if self._asks_head:
            committed = self._repository.head(place)
            if committed is None:
                return None
            if lines(committed) != lines(data):
                version = f"{_UNCOMMITTED}{former}"
                data = committed if entry.sha256 == _digest(lines(data)) else data
        mark = fingerprint([place, lines(data).decode(errors="surrogateescape")])
        return Remote(_KIND, place, place, entry.key, data, mark, version=version)

    def notes(self, item: Item, remote: Remote | None) -> tuple[Finding, ...]:
        """Say what is damaged in a file of ours, which a plan writes anew."""
        if remote is None:
            return ()
        hint = "the plan writes it anew; find out who damaged it"
        place = Origin(item.name)
        if any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in remote.body.splitlines()):
            said = "a file of ours holds conflict markers: a merge was not ended"
            return (warning("git-conflict-marker", said, place, hint),)
        try:
            remote.body.decode()
        except UnicodeDecodeError as bad:
            said = f"a file of ours is not text any more: byte {bad.start} is {remote.body[bad.start]:#04x}"
            return (warning("git-file-damaged", said, place, hint),)
        return ()

    def ready(self) -> None:
        """Look, before the first file is written, whether what is written can be committed."""
        if self._commits:
            self._repository.ready()

    @property
    def _asks_head(self) -> bool:
        """Whether the last commit decides what is there of a file."""
        return self._commits and not self._writing

    def _present(self, entry: FolderEntry) -> str:
        """Return where a file of ours is: at its place, or still at the former one; nothing when it is gone."""
        places = (place for place in (entry.path, entry.former) if place)
        return next((place for place in places if self._read(place) is not None), "")

    def create(self, item: Item) -> Summary:
        """Write a new file; one that is there already is never overwritten."""
        path = self._inside(item.name)
        try:
            entry = self._entry(item.key)
            mine = entry is not None and entry.path == item.name and self._commits
            if path.exists() and not mine:
                said = f"{item.name} is there already, and {INDEX} does not name it: it is somebody else's"
                raise Failure("conflict", said)
            self._writing = True
            self._keep(FolderEntry(item.name, item.key, self._owner, _digest(item.body)))
            self._write(path, item.body, new=not mine)
        except OSError as bad:
            raise _trouble(item.name, bad) from None
        return Summary(_KIND, item.name, item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Replace a file in one step; where its place has changed, the old copy goes last."""
        path = self._inside(item.name)
        moves = item.name != remote.id
        former = remote.id if moves else _former(remote)
        self._writing = True
        try:
            if moves and path.exists():
                said = f"{item.name} is there already, and {INDEX} does not name it: it is somebody else's"
                raise Failure("conflict", said)
            self._keep(FolderEntry(item.name, item.key, self._owner, _digest(item.body), former))
            self._write(path, item.body, new=moves)
            if former:
                self._inside(former).unlink(missing_ok=True)
                self.sent += 1
                self._keep(FolderEntry(item.name, item.key, self._owner, _digest(item.body)))
        except OSError as bad:
            raise _trouble(item.name, bad) from None

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Refuse: `items` gives no file an assignment.

        Raises:
            Failure: always.

        """
        raise Failure("refused", f"{summary.name}: a folder cannot say whom a file is for ({assignment})")

    def delete(self, remote: Remote) -> None:
        """Remove a file of ours, then its entry."""
        self._writing = True
        try:
            self._inside(remote.id).unlink(missing_ok=True)
            self.sent += 1
            index = self._index()
            kept = tuple(one for one in index.files if one.key != remote.key or one.owner != self._owner)
            self._store(FolderIndex(files=kept))
        except OSError as bad:
            raise _trouble(remote.id, bad) from None

    def evidence(self, remotes: Sequence[Remote]) -> Iterator[DeviceEvidence]:
        """Return that nothing is known: no device answers to a folder."""
        said = "the MDM that reads the folder knows; ask it"
        for one in remotes:
            yield DeviceEvidence(_KIND, one.id, one.name, "unknown", 0, said, _SOURCE)

    def finish(self) -> None:
        """Remove what a run that was cut off left half made; commit what differs among our files, and nothing else.

        Raises:
            Failure: git refuses, or leaves a file of ours out.

        """
        paths = [one.path for one in self._index().files]
        try:
            for path in (INDEX, *paths):
                _beside(self._inside(path)).unlink(missing_ok=True)
        except OSError as bad:
            raise _trouble(self._root.name, bad) from None
        self._writing = False
        if self._commits:
            self._repository.commit(INDEX, {path: self._read(path) for path in paths}, self._former_paths)

    def _former_paths(self, old: bytes) -> Sequence[str]:
        """Return the paths that an older index names, as far as it can be read."""
        try:
            return [one.path for one in parsed(old).files]
        except Failure:
            return []

    def _index(self) -> FolderIndex:
        data = self._read(INDEX)
        return parsed(data) if data is not None else FolderIndex()

    def _entry(self, key: str) -> FolderEntry | None:
        return next((one for one in self._index().files if one.key == key and one.owner == self._owner), None)

    def _keep(self, entry: FolderEntry) -> None:
        others = [one for one in self._index().files if (one.key, one.owner) != (entry.key, entry.owner)]
        self._store(FolderIndex(files=tuple(sorted([*others, entry], key=lambda one: (one.path, one.owner)))))

    def _store(self, index: FolderIndex) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        data = msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n"
        self._write(self._inside(INDEX), data, new=False)

    def _inside(self, name: str) -> Path:
        """Return a path in the folder, following no link on the way.

        Raises:
            Failure: `refused`, a link, or something else than a folder, stands on the way.

        """
        path = self._root
        parts = PurePosixPath(name).parts
        for place, part in enumerate(parts):
            path /= part
            last = place == len(parts) - 1
            if path.is_symlink() or (path.exists() and path.is_dir() == last):
                raise Failure(
                    "refused", f"{name}: {path.name} is a link or stands in the way; nothing is written there"
                )
        return path

    def _read(self, name: str) -> bytes | None:
        try:
            data = regular.read_file(self._inside(name), _MAX)
        except FileNotFoundError:
            return None
        except OSError as bad:
            raise _trouble(name, bad) from None
        if len(data) > _MAX:
            raise Failure("answer", f"{name} is larger than {_MAX // (1024 * 1024)} MiB; look at it")
        return data

    def _write(self, path: Path, data: bytes, *, new: bool) -> None:
        """Put a file in place in one step; a new one only where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = _beside(path)
        beside.unlink(missing_ok=True)
        try:
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if new:
                os.link(beside, path)
            else:
                os.replace(beside, path)  # noqa: PTH105 - as the line above
            self.sent += 1
        finally:
            beside.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """Return where a file is made before it is put in place: a run that was cut off leaves at most that one."""
    return path.with_name(f".{path.name}.mdm-policy-new")


def _shared(made: MadeDocument, path: str, taken: dict[str, str]) -> list[Finding]:
    """Return a finding for a document whose file another one has already; `taken` is added to."""
    former = taken.setdefault(path.casefold(), made.path)
    if former == made.path:
        return []
    said = f"{former} and {made.path} would be one file there: {path}"
    hint = "name the targets of each destination, or give the document of your target another `output`"
    return [error("fleet-same-file", said, Origin(made.path), hint)]


def _dollars(made: MadeDocument) -> list[Finding]:
    """Return a finding for each line with a dollar sign: Fleet reads `$NAME` as one of its variables."""
    hint = "take the dollar sign out of the text that it comes from; how Fleet lets it be written is not known"
    return [
        error(
            "fleet-dollar",
            f"Fleet would replace what follows the dollar sign: {line.strip()!r}",
            Origin(made.path, at),
            hint,
        )
        for at, line in enumerate(made.data.decode().splitlines(), 1)
        if "$" in line
    ]


def _former(remote: Remote) -> str:
    """Return where an old copy of a file still is."""
    return remote.version.removeprefix(_UNCOMMITTED)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _trouble(name: str, bad: OSError) -> Failure:
    if isinstance(bad, FileExistsError):
        return Failure("conflict", f"{name} is there already: somebody else made it meanwhile")
    hint = "give the folder room and rights, and run it again: it goes on where it stopped"
    return LocalFailure("unavailable", f"{name}: {bad.strerror or bad}", "file-unwritable", hint, ambiguous=True)


DESTINATION = GitDestination
"""What `protocol.connect` makes for a deployment that names this kind."""

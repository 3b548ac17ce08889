"""Take files out of a git repository: those of a revision, or those of the working tree, into memory.

The repository may be somebody else's: nothing of it is written to the disk, its names are judged before they name anything,
and no program that its configuration names is started.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy import filenames, regular
from mdm_policy.errors import Finding, Origin, PolicyError, error, note
from mdm_policy.listing import MOST_ENTRIES, is_inside
from mdm_policy.sources.files import MEANT, MOST_FOLDER
from mdm_policy.sources.trees import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FILES = ("100644", "100755")
"""Modes of plain files; links and submodules are not read."""
_MOST_LISTED = 16 * 1024 * 1024
"""Bytes of a listing; ten small objects can make a tree of ten thousand million names."""
_MOST_COMPLAINT = 64 * 1024
_PATIENCE = 300.0
"""Seconds for one call of git."""
_NULL = "NUL" if os.name == "nt" else "/dev/null"
_HARMLESS = (
    *("-c", "core.fsmonitor=false"),  # a program that `ls-files` starts
    *("-c", f"core.hooksPath={_NULL}"),
    *("-c", f"core.attributesFile={_NULL}"),
    *("-c", "protocol.allow=never"),  # a partial clone fetches what it lacks, by a program that the repository names
    *("-c", "safe.bareRepository=explicit"),  # a folder of a checkout may pose as a repository
    "--no-pager",
    "--literal-pathspecs",
)
"""What switches off the programs that a repository's own configuration can name (git-config(1)).

Filters and attributes act when files are written to or compared with the working tree, which no call here does; objects are
asked for by their ids, without `--filters`.
"""
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Revisions(msgspec.Struct, frozen=True):
    """Name the two sides of `--git`: full commit ids, the newer one None for the working tree."""

    old: str
    new: str | None
    old_label: str
    new_label: str


class TakenFiles(NamedTuple):
    """Hold the files of one side in memory, the paths to read, and what was not taken."""

    tree: MemoryTree
    paths: tuple[Path, ...]
    findings: tuple[Finding, ...]


class _Blob(NamedTuple):
    """Name a file of a commit: its object, its size in bytes, and its name in the repository."""

    id: str
    size: int
    name: str


def revisions(text: str) -> Revisions:
    """Read `REV`, `REV..REV` or `REV...REV` (from where the two parted) as git does.

    Raises:
        PolicyError: `git-failed`, when git is missing, this is no repository, or there is no such revision.

    """
    if "..." in text:
        left, _, right = text.partition("...")
        ends = (_commit(left or "HEAD"), _commit(right or "HEAD"))
        base = _git("merge-base", *ends).decode().strip()
        return Revisions(base, ends[1], f"{left or 'HEAD'} (where they parted)", right or "HEAD")
    left, dots, right = text.partition("..")
    if not dots:
        return Revisions(_commit(left), None, left, "working tree")
    return Revisions(_commit(left or "HEAD"), _commit(right or "HEAD"), left or "HEAD", right or "HEAD")


def take_out(commit: str | None, paths: Sequence[str], root: PurePosixPath, max_size: int) -> TakenFiles:
    """Read the files under some paths into memory, by their names in the repository; None is the working tree.

    `root` is what their names begin with from here on. A name that is not safe everywhere, or a file of more than
    `max_size` bytes, is not taken, which a finding says.

    Raises:
        PolicyError: `git-failed`, also for more files than any repository of policies has.

    """
    top = Path(os.fsdecode(_git("rev-parse", "--show-toplevel").rstrip(b"\n")))
    if not is_inside(os.path.realpath(Path.cwd()), os.path.realpath(top)):
        message = f"the repository says that its files stand in {top}, which is not where the program runs"
        raise PolicyError([error("git-failed", message, None, "look at core.worktree in its configuration")])
    taking = _Taking(root, max_size)
    if commit:
        taking.commit(list(_committed(commit, paths)))
    else:
        taking.present(top, _present(paths))
    prefix = os.fsdecode(_git("rev-parse", "--show-prefix").rstrip(b"\n"))
    wanted = [Path(root, _clean(prefix, path, top)) for path in paths]
    tree = MemoryTree(root, taking.files)
    there = tuple(dict.fromkeys(path for path in wanted if tree.type_of(path)))
    return TakenFiles(tree, there, tuple(taking.findings))


class _Taking:
    """Gather files and what is to be said of those that are not taken."""

    def __init__(self, root: PurePosixPath, max_size: int) -> None:
        self.files: dict[str, bytes] = {}
        self.findings: list[Finding] = []
        self._root = root
        self._max_size = max_size
        self._left = MOST_FOLDER * max_size

    def commit(self, blobs: Iterable[_Blob]) -> None:
        """Read the objects of a commit with one git process: it answers each id with a header and the bytes."""
        wanted = [one for one in blobs if self._is_wanted(one.name) and self._has_room(one.name, one.size)]
        asked = b"".join(f"{one.id}\n".encode() for one in wanted)
        most = sum(one.size + 128 for one in wanted)
        answer = _git("cat-file", "--batch", feed=asked, most=most) if wanted else b""
        place = 0
        for one in wanted:
            end = answer.find(b"\n", place)
            head = answer[place:end].split(b" ")
            if end < 0 or head[1:] != [b"blob", str(one.size).encode()]:
                message = f"the repository lacks the content of {one.name!r}, or it is damaged"
                hint = "run `git fsck`; of a partial clone, fetch what is missing"
                raise PolicyError([error("git-failed", message, None, hint)])
            self.files[one.name] = answer[end + 1 : end + 1 + one.size]
            place = end + 1 + one.size + 1

    def present(self, top: Path, names: Iterable[str]) -> None:
        """Read files of the working tree, but none behind a link."""
        real_top = os.path.realpath(top)
        for name in names:
            path = top / name
            if path.is_symlink() or regular.type_of(path) != "file" or not self._is_wanted(name):
                continue
            if not is_inside(os.path.realpath(path), real_top):
                self._leave(name, "a link on the way to it leads out of the repository")
                continue
            try:
                data = regular.read_file(path, self._max_size)
            except OSError as bad:
                self._leave(name, f"cannot read it: {bad.strerror or bad}")
                continue
            if self._has_room(name, len(data)):
                self.files[name] = data

    def _is_wanted(self, name: str) -> bool:
        wrong = filenames.problem(name)
        if wrong:
            self._leave(name, f"the name is not safe on every system: {wrong}")
        return not wrong

    def _has_room(self, name: str, size: int) -> bool:
        if size > self._max_size:
            self._leave(name, f"it has {size:,} bytes; at most {self._max_size:,} are read")
            return False
        self._left -= size
        if self._left < 0:
            message = f"the files have more than {MOST_FOLDER * self._max_size:,} bytes together"
            raise PolicyError([error("git-failed", message, None, "name the PATHs that hold policies")])
        return True

    def _leave(self, name: str, why: str) -> None:
        """Say that a file is not taken: an error for one that is meant to be a document."""
        place = Origin(str(self._root))
        meant = PurePosixPath(name).suffix.lower() in MEANT
        said = f"{name[:80]!r} in the repository is not read: {why}"
        hint = "rename it, or name the PATHs that hold policies"
        self.findings.append(error("git-file", said, place, hint) if meant else note("file-skipped", said, place, hint))


def _clean(prefix: str, path: str, top: Path) -> str:
    """Return a path as it is named from the top of the repository."""
    parts: list[str] = []
    given = Path(path)
    real, real_top = os.path.realpath(given), os.path.realpath(top)
    if given.is_absolute() and not is_inside(real, real_top):
        message = f"{path} is outside of the repository"
        raise PolicyError([error("git-failed", message, None, "name PATHs of the repository")])
    inside = Path(real).relative_to(real_top) if given.is_absolute() else Path(prefix, path)
    for part in inside.parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def _committed(commit: str, paths: Sequence[str]) -> Iterator[_Blob]:
    """Yield the plain files of a commit with their sizes, which git knows without reading them."""
    entries = _git("ls-tree", "-r", "-z", "--full-name", commit, "--", *paths).split(b"\0")
    _check_number(len(entries))
    named: list[tuple[str, str]] = []
    for entry in filter(None, entries):
        facts, _, name = entry.partition(b"\t")
        mode, _, id_ = facts.decode().split()
        if mode in _FILES:
            named.append((id_, name.decode(errors="surrogateescape")))
    asked = b"".join(f"{id_}\n".encode() for id_, _ in named)
    told = _git("cat-file", "--batch-check=%(objectsize)", feed=asked) if named else b""
    for (id_, name_), size in zip(named, told.splitlines(), strict=True):
        yield _Blob(id_, int(size) if size.isdigit() else 0, name_)


def _present(paths: Sequence[str]) -> Iterator[str]:
    """Yield the tracked and the new files of the working tree, but not the ignored ones."""
    listed = _git("ls-files", "-z", "--full-name", "-c", "-o", "--exclude-standard", "--", *paths)
    entries = dict.fromkeys(filter(None, listed.split(b"\0")))
    _check_number(len(entries))
    for entry in entries:
        yield entry.decode(errors="surrogateescape")


def _check_number(found: int) -> None:
    if found > MOST_ENTRIES:
        message = f"the PATHs hold more than {MOST_ENTRIES:,} files"
        raise PolicyError([error("git-failed", message, None, "name the PATHs that hold policies")])


def _commit(name: str) -> str:
    return (
        _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", about=name).decode().strip()
    )


def _git(*arguments: str, feed: bytes = b"", about: str = "", most: int = _MOST_LISTED) -> bytes:
    """Run git, and return at most so many bytes of what it prints.

    Raises:
        PolicyError: `git-failed`.

    """
    hint = "run it inside the repository, with a revision it has"
    try:
        code, out, told = _bounded(["git", *_HARMLESS, *arguments], feed, most)
    except OSError as bad:
        message = f"git cannot be run: {bad.strerror}"
        raise PolicyError([error("git-failed", message, None, "install git, or compare files")]) from None
    if len(out) > most:
        message = f"git {arguments[0]} answers with more than {most:,} bytes"
        raise PolicyError([error("git-failed", message, None, "name the PATHs that hold policies")])
    if code:
        said = told.decode(errors="replace").strip() or f"there is no revision {about!r}"
        raise PolicyError([error("git-failed", said, None, hint)])
    return out


def _bounded(command: Sequence[str], feed: bytes, most: int) -> tuple[int, bytes, bytes]:
    """Run a command for a bounded time, and return its code, at most one byte more than `most`, and its complaint."""
    pipe = subprocess.PIPE
    environment = {**os.environ, **_ENVIRONMENT}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as running:  # noqa: S603
        assert running.stdin is not None  # noqa: S101 - they are pipes
        assert running.stdout is not None  # noqa: S101
        assert running.stderr is not None  # noqa: S101
        told: list[bytes] = []
        watch = threading.Timer(_PATIENCE, running.kill)
        threads = [
            threading.Thread(target=_feed, args=(running.stdin, feed), daemon=True),
            threading.Thread(target=_hear, args=(running.stderr, told), daemon=True),
        ]
        for one in (watch, *threads):
            one.start()
        try:
            out = running.stdout.read(most + 1)
            if len(out) > most:
                running.kill()
            running.wait()
        finally:
            watch.cancel()
        for one in threads:
            one.join()
        return running.returncode, out, b"".join(told)


def _feed(stream: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError), stream:
        stream.write(data)


def _hear(stream: IO[bytes], told: list[bytes]) -> None:
    told.append(stream.read(_MOST_COMPLAINT))
    while stream.read(_MOST_COMPLAINT):
        pass

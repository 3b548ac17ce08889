"""Take files out of a git repository: those of a revision, and those of the working tree, side by side in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import PolicyError, error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILES = ("100644", "100755")
"""Modes of plain files; links and submodules are not read."""


class Revisions(msgspec.Struct, frozen=True):
    """Name the two sides of `--git`: full commit ids, the newer one None for the working tree."""

    old: str
    new: str | None
    old_label: str
    new_label: str


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


def take_out(commit: str | None, paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Write the files under some paths into a folder, by their names in the repository; None is the working tree.

    Returns the paths to read: what the given paths have become, as far as they exist on this side.
    """
    top = Path(_git("rev-parse", "--show-toplevel").decode().rstrip("\n"))
    names = list(_committed(commit, paths) if commit else _present(top, paths))
    if commit:
        _write(commit, names, folder)
    else:
        for name in names:
            _put(folder / name, (top / name).read_bytes())
    prefix = _git("rev-parse", "--show-prefix").decode().rstrip("\n")
    wanted = [folder / _clean(prefix, path, top) for path in paths]
    return tuple(dict.fromkeys(path for path in wanted if path.exists()))


def _clean(prefix: str, path: str, top: Path) -> str:
    """Return a path as it is named from the top of the repository."""
    parts: list[str] = []
    given = Path(path)
    inside = given.resolve().relative_to(top.resolve()) if given.is_absolute() else Path(prefix, path)
    for part in inside.parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def _committed(commit: str, paths: Sequence[str]) -> Iterator[str]:
    listed = _git("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-name", commit, "--", *paths)
    for entry in filter(None, listed.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        if facts.split(b" ")[0].decode() in _FILES:
            yield name.decode(errors="surrogateescape")


def _present(top: Path, paths: Sequence[str]) -> Iterator[str]:
    """Yield the tracked and the new files of the working tree, but not the ignored ones."""
    listed = _git(
        "--literal-pathspecs", "ls-files", "-z", "--full-name", "-c", "-o", "--exclude-standard", "--", *paths
    )
    for entry in dict.fromkeys(filter(None, listed.split(b"\0"))):
        name = entry.decode(errors="surrogateescape")
        if (top / name).is_file() and not (top / name).is_symlink():
            yield name


def _write(commit: str, names: Sequence[str], folder: Path) -> None:
    """Write all files of a commit with one git process: it answers each name with a header and the bytes."""
    if not names:
        return
    asked = b"".join(f"{commit}:{name}\n".encode(errors="surrogateescape") for name in names if "\n" not in name)
    answer = _git("cat-file", "--batch", feed=asked)
    place = 0
    for name in (name for name in names if "\n" not in name):
        end = answer.index(b"\n", place)
        size = int(answer[place:end].rsplit(b" ", 1)[1])
        _put(folder / name, answer[end + 1 : end + 1 + size])
        place = end + 1 + size + 1


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _commit(name: str) -> str:
    return (
        _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", about=name).decode().strip()
    )


def _git(*arguments: str, feed: bytes = b"", about: str = "") -> bytes:
    try:
        done = subprocess.run(["git", *arguments], input=feed, capture_output=True, check=False)  # noqa: S603, S607
    except OSError as bad:
        message = f"git cannot be run: {bad.strerror}"
        raise PolicyError([error("git-failed", message, None, "install git, or compare files")]) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"there is no revision {about!r}"
        raise PolicyError([error("git-failed", said, None, "run it inside the repository, with a revision it has")])
    return done.stdout

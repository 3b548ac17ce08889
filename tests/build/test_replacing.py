"""One file, whole or not at all: what is there before, what a failure leaves, what a killed run left."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

from mdm_policy.build import replacing
from mdm_policy.errors import PolicyError


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_writes_a_new_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "p"
    replacing.replace(path, b"content")
    assert (path.read_bytes(), names(path.parent)) == (b"content", ["p"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_keeps_the_permissions_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_bytes(b"old")
    path.chmod(0o600)
    replacing.replace(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


@pytest.mark.parametrize("kind", ["folder", "link", "dangling link"])
def test_replaces_plain_files_alone(kind: str, tmp_path: Path) -> None:
    path, other = tmp_path / "p", tmp_path / "other"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(other)
    if kind == "link":
        other.write_bytes(b"old")
    with pytest.raises(PolicyError, match="output-not-a-file"):
        replacing.replace(path, b"new")
    assert not other.exists() or other.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["open", "fsync", "write", "replace", "fchmod", "mkdir"])
def test_a_failure_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if call in ("replace", "mkdir"):
            patched.setattr(Path, call, fail)
        elif call == "write":
            patched.setattr(os, "fdopen", fail)
        else:
            patched.setattr(os, call, fail)
        with pytest.raises(PolicyError) as caught:
            replacing.replace(path, b"new")
    [finding] = caught.value.findings
    assert (finding.id, finding.message) == ("output-unwritable", "cannot write it: No space left on device")
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["p"])


def test_clears_what_a_killed_run_left_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "p"
    (tmp_path / ".p.4711.new").write_bytes(b"half")
    (tmp_path / f".p.{os.getpid()}.new").write_bytes(b"half")
    kept = {".p.x.new", ".pp.4711.new", ".p.4711.new.txt", "p.4711.new"}
    for name in kept:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / ".p.12.new").symlink_to(path)
    replacing.replace(path, b"new")
    assert set(names(tmp_path)) == {"p", ".p.12.new"} | kept


def test_lets_be_what_a_living_run_is_writing(tmp_path: Path) -> None:
    other = tmp_path / ".p.4711.new"
    with other.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        replacing.replace(tmp_path / "p", b"new")
        assert names(tmp_path) == [".p.4711.new", "p"]

"""One process at a time: a lock that another process holds refuses, and dies with it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import a_list, process, write

from mdm_policy.build import locking
from mdm_policy.build.locking import BusyError, Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HOLDER = """\
import sys
from pathlib import Path
from mdm_policy.build.writing import Staging
with Staging(Path(sys.argv[1])) as staging:
    staging.write("half", b"half")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that is in the middle of a build into `out`."""
    command = [sys.executable, "-c", _HOLDER, str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def _build(folder: Path) -> tuple[int, str]:
    path = write(folder, "ours.yaml", a_list())
    done = process(
        "build",
        path,
        "--target",
        "apple-ios-restrictions",
        "--as-of",
        "2026-11-24",
        "-o",
        folder / "out",
        COLUMNS="200",
    )
    return done.code, done.err


def test_of_two_builds_into_one_folder_the_second_is_refused(tmp_path: Path, held: subprocess.Popen[str]) -> None:
    code, said = _build(tmp_path)
    assert code == 1
    assert said.startswith("error[output-busy]: another build is writing to this folder")
    assert held.poll() is None


def test_the_lock_of_a_killed_build_binds_nobody(tmp_path: Path, held: subprocess.Popen[str]) -> None:
    held.kill()
    held.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.mdm-policy.lock", ".out.mdm-policy.new"]
    code, _ = _build(tmp_path)
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours.yaml", "out"]


def test_a_lock_leaves_nothing(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    with pytest.raises(BusyError):
        Lock(tmp_path / "lock")
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real, opened = tmp_path / "lock", os.open, []

    def meanwhile(*arguments: Any, **more: Any) -> int:
        handle = real(*arguments, **more)
        opened.append(handle)
        if len(opened) == 1:
            path.unlink()
        if len(opened) == 2:
            path.unlink()
            path.write_bytes(b"another's")
        return handle

    monkeypatch.setattr(os, "open", meanwhile)
    Lock(path).release()
    assert len(opened) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_never_still_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "_is_still", lambda _path, _handle: False)
    with pytest.raises(BusyError):
        Lock(tmp_path / "lock")


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locking, "_lock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        Lock(tmp_path / "lock")


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Lock(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_windows_closes_before_it_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Lock(tmp_path / "lock")
    monkeypatch.setattr("sys.platform", "win32")
    lock.release()
    assert list(tmp_path.iterdir()) == []

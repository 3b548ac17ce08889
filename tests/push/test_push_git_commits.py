"""A folder in git of which each run is committed: what the last commit has counts, and what keeps one from being made is found first."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from push.kits.git import INDEX, IOS, git
from push.stage import APPS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="hooks are shell scripts")


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    with stage("git", tmp_path) as made:
        yield made


def hook(one: Stage, text: str, name: str = "pre-commit") -> Path:
    path: Path = one.emulator.root / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def head(one: Stage) -> str:
    return git(one.emulator.root, "rev-parse", "HEAD")


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_failed_commit_is_not_forgotten(one: Stage) -> None:
    one.order(APPS[:2])
    assert (one.plan().code, one.apply().code) == (10, 0)
    one.order(APPS)
    refusing = hook(one, "echo no policies on Friday >&2; exit 1")
    assert one.plan().code == 10
    first = head(one)
    ran = one.apply()
    assert ran.code == 12
    assert "git-commit-refused" in ran.err
    assert "no policies on Friday" in flat(ran.err)
    assert head(one) == first
    refusing.unlink()
    again = one.plan("--format", "json")
    assert again.code == 10, "the files are as they should be, and the MDM pulls the last commit"
    assert {a["direction"] for d in again.json["destinations"] for a in d["actions"] if a["op"] == "update"} == {
        "TIGHTENED"
    }
    assert one.drift().code == 11
    assert one.apply().code == 0, one.printed[-1]
    assert head(one) != first
    assert git(one.emulator.root, "status", "--porcelain") == ""
    assert (one.plan().code, one.drift().code) == (0, 0)


def test_a_first_commit_that_failed_is_made_by_a_new_plan(one: Stage) -> None:
    refusing = hook(one, "exit 1")
    assert (one.plan().code, one.apply().code) == (10, 12)
    refusing.unlink()
    one.plan_file.unlink()
    assert one.plan().code == 10
    assert one.apply().code == 0, one.printed[-1]
    assert git(one.emulator.root, "status", "--porcelain") == ""


def test_what_a_person_has_not_committed_counts_as_it_is(one: Stage) -> None:
    assert (one.plan().code, one.apply().code) == (10, 0)
    one.kit.meddle(one.emulator)
    assert one.drift().code == 11
    assert (one.plan().code, one.apply().code) == (10, 0)
    assert git(one.emulator.root, "status", "--porcelain") == ""


def _lock(one: Stage) -> None:
    (one.emulator.root / ".git" / "index.lock").touch()


def _merge(one: Stage) -> None:
    (one.emulator.root / ".git" / "MERGE_HEAD").write_text(head(one))


def _rebase(one: Stage) -> None:
    (one.emulator.root / ".git" / "rebase-merge").mkdir()


def _nobody(one: Stage) -> None:
    git(one.emulator.root, "config", "user.useConfigOnly", "true")
    git(one.emulator.root, "config", "--unset", "user.email")


def _unsigned(one: Stage) -> None:
    git(one.emulator.root, "config", "commit.gpgsign", "true")
    git(one.emulator.root, "config", "gpg.program", "/no/such/program")


_BLOCKED: dict[str, tuple[Callable[[Stage], None], str]] = {
    "a lock": (_lock, "git-locked"),
    "a merge": (_merge, "git-under-way"),
    "a rebase": (_rebase, "git-under-way"),
    "nobody who commits": (_nobody, "git-no-identity"),
    "no key to sign with": (_unsigned, "git-cannot-sign"),
}


@pytest.mark.parametrize(("block", "id_"), _BLOCKED.values(), ids=_BLOCKED)
def test_what_keeps_a_commit_from_being_made_is_found_first(
    block: Callable[[Stage], None], id_: str, one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert one.plan().code == 10
    before = one.emulator.files()
    block(one)
    ran = one.apply()
    assert ran.code == 1, ran.err
    assert id_ in ran.err
    assert one.emulator.files() == before
    assert not one.receipts()


def test_a_hook_that_changes_our_files_is_found(one: Stage) -> None:
    hook(one, f"cd {one.emulator.root} && for f in {IOS}/*; do echo '<!-- tidy -->' >> $f; done && git add -u")
    assert one.plan().code == 10
    ran = one.apply()
    assert ran.code == 12
    assert "git-changed-by-hook" in ran.err


def ours(one: Stage) -> Path:
    name = next(name for name in one.emulator.ours() if name.startswith(IOS))
    path: Path = one.emulator.root / name
    return path


_DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "conflict markers": (
        lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n" + data + b">>>>>>> other\n",
        "git-conflict-marker",
    ),
    "a stray byte": (lambda data: data[:200] + b"\xff" + data[200:], "git-file-damaged"),
    "cut off": (lambda data: data[:300], "remote-unreadable"),
    "emptied": (lambda _: b"", "remote-unreadable"),
}


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(("damage", "id_"), _DAMAGE.values(), ids=_DAMAGE)
def test_a_plan_mends_a_damaged_file_of_ours(
    damage: Callable[[bytes], bytes], id_: str, committed: bool, one: Stage
) -> None:
    assert (one.plan().code, one.apply().code) == (10, 0)
    whole = one.bans()
    path = ours(one)
    good = path.read_bytes()
    path.write_bytes(damage(good))
    if committed:
        git(one.emulator.root, "commit", "--quiet", "--all", "--message", "Damage it")
    assert one.drift().code == 11
    ran = one.plan()
    assert ran.code == 10
    assert id_ in ran.err
    assert one.apply().code == 0, one.printed[-1]
    assert path.read_bytes() == good
    assert one.bans() == whole
    assert one.run("rollback", one.receipts()[-1], "--yes").code in (0, 1, 12)
    assert one.bans() == whole


def test_an_index_with_conflict_markers_is_said(one: Stage) -> None:
    path = one.emulator.root / INDEX
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}\n=======\n{{}}\n>>>>>>> other\n")
    ran = one.plan()
    assert ran.code == 1
    assert "git-index-damaged" in ran.err
    assert "conflict markers" in ran.err


@pytest.mark.parametrize("commit", [True, False])
def test_a_missing_folder_is_said(commit: bool, one: Stage) -> None:
    text = one.deployment.read_text().replace(str(one.emulator.root), str(one.folder / "none" / "below"))
    one.deployment.write_text(text.replace("commit: true", f"commit: {json.dumps(commit)}"))
    ran = one.plan()
    assert ran.code == 1
    assert "git-folder-missing" in ran.err

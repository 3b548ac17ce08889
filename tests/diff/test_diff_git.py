"""Work with a real git: as its diff program, between revisions, and before a commit."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from cli_kit import run
from diff_files import LIST, profile, text

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "mdm_policy"]


def git(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    isolated = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **isolated, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x", "--allow-empty")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with two commits: the second drops WeChat; a third state waits in the working tree."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    profile(folder / "policies/p.mobileconfig", "com.tencent.xin", "com.tencent.mqq", "a.b")
    text(folder / ".gitattributes", "policies/** diff=mdm-policy\n")
    text(folder / "README.md", "x\n")
    commit(folder)
    profile(folder / "policies/p.mobileconfig", "com.tencent.mqq", "a.b")
    commit(folder)
    profile(folder / "policies/p.mobileconfig", "com.tencent.mqq")
    git(folder, "config", "diff.mdm-policy.command", f"{shlex.join(PROGRAM)} diff")
    monkeypatch.chdir(folder)
    return folder


def test_git_calls_it_as_a_driver(repository: Path) -> None:
    done = git(repository, "diff")
    assert "mdm-policy diff a/policies/p.mobileconfig b/policies/p.mobileconfig" in done.stdout
    assert "LOOSENED a.b, iPhone, iPad: hidden -> allowed" in done.stdout
    assert "was at: a/policies/p.mobileconfig:" in done.stdout
    assert "WeChat" not in done.stdout
    shown = git(repository, "show", "--ext-diff", "HEAD").stdout
    assert "LOOSENED WeChat" in shown


def test_git_calls_it_for_all_files(repository: Path) -> None:
    profile(repository / "policies/q.mobileconfig", "x.y")
    (repository / "policies/p.mobileconfig").unlink()
    text(repository / "README.md", "y\n")
    git(repository, "add", "-A")
    done = git(repository, "diff", "--cached", "--no-renames", GIT_EXTERNAL_DIFF=f"{shlex.join(PROGRAM)} diff")
    assert "no document for these devices is left" in done.stdout
    assert "TIGHTENED x.y" in done.stdout
    assert "/dev/null" in done.stdout
    assert "--> a/README.md" in done.stderr


def test_git_passes_a_renamed_file_on(repository: Path) -> None:
    commit(repository)
    git(repository, "mv", "policies/p.mobileconfig", "policies/q.mobileconfig")
    done = git(repository, "diff", "--cached", "-M")
    assert "mdm-policy diff a/policies/p.mobileconfig b/policies/q.mobileconfig" in done.stdout
    assert "No difference." in done.stdout


def test_an_unmerged_file_has_no_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIFF_PATH_COUNTER", "1")
    done = run("diff", "policies/p.mobileconfig")
    assert (done.code, done.out) == (0, "mdm-policy diff policies/p.mobileconfig: unmerged\n")


ROWS = [
    pytest.param("HEAD", "a.b", id="the working tree"),
    pytest.param("HEAD~1..HEAD", "WeChat", id="two revisions"),
    pytest.param("HEAD~1..", "WeChat", id="up to here"),
    pytest.param("main~1...main", "WeChat", id="since they parted"),
    pytest.param("main~1...", "WeChat", id="since they parted, up to here"),
]


@pytest.mark.parametrize(("revisions", "name"), ROWS)
@pytest.mark.usefixtures("repository")
def test_revisions_are_compared(revisions: str, name: str) -> None:
    done = run("diff", "--git", revisions, "policies")
    assert done.code == 11
    assert done.out.count("\nLOOSENED ") == 1
    assert f"LOOSENED {name}, iPhone, iPad" in done.out
    assert "policies/p.mobileconfig:" in done.out
    assert "mdm-policy-" not in done.out


def test_links_are_not_followed(repository: Path) -> None:
    (repository / "policies/link.mobileconfig").symlink_to("p.mobileconfig")
    commit(repository)
    assert run("diff", "--git", "HEAD", "policies").code == 0


@pytest.mark.usefixtures("repository")
def test_the_way_back_tightens() -> None:
    assert run("diff", "--git", "HEAD..HEAD~1", "policies/p.mobileconfig").code == 10


def test_paths_are_those_of_where_one_stands(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "policies")
    for path in (".", "p.mobileconfig", "../policies/p.mobileconfig", repository / "policies", "./p.mobileconfig"):
        assert run("diff", "--git", "HEAD", path).code == 11, path


def test_new_and_deleted_files_count_and_ignored_ones_do_not(repository: Path) -> None:
    text(repository / ".gitignore", "ignored*\n")
    profile(repository / "policies/new.mobileconfig", "x.y")
    profile(repository / "policies/ignored.mobileconfig", "i.j")
    (repository / "policies/p.mobileconfig").unlink()
    (repository / "policies/link.mobileconfig").symlink_to("new.mobileconfig")
    done = run("diff", "--git", "HEAD")
    assert done.code == 11
    assert "TIGHTENED x.y" in done.out
    assert "LOOSENED QQ" in done.out
    assert "i.j" not in done.out


def test_lists_are_compared_between_revisions(repository: Path) -> None:
    text(repository / "lists/ours.yaml", LIST + "  - app: qq\n")
    commit(repository)
    text(repository / "lists/ours.yaml", LIST)
    done = run("diff", "--git", "HEAD", "lists")
    assert done.code == 11
    assert "was at: HEAD:lists/ours.yaml:6:5" in done.out


FAULTS = [
    pytest.param(["--git", "no-such-revision", "policies"], 1, "no-such-revision", id="no such revision"),
    pytest.param(["--git", "--output=x", "policies"], 1, "--output=x", id="an option in place of a revision"),
    pytest.param(["--git", "HEAD", "nowhere"], 2, "nowhere", id="no such path"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), FAULTS)
@pytest.mark.usefixtures("repository")
def test_a_wrong_revision_is_said(arguments: list[str], code: int, says: str) -> None:
    done = run("diff", *arguments)
    assert done.code == code
    assert says in done.err


def test_a_broken_file_is_named_as_the_person_knows_it(repository: Path) -> None:
    text(repository / "policies/broken.json", "{")
    done = run("diff", "--git", "HEAD", "policies")
    assert done.code == 1
    assert "--> policies/broken.json" in done.err
    commit(repository)
    assert "--> HEAD:policies/broken.json" in run("diff", "--git", "HEAD", "policies").err


def test_outside_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "git-failed" in run("diff", "--git", "HEAD", ".").err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git cannot be run" in run("diff", "--git", "HEAD", ".").err


def _hook() -> list[str]:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    hook = next(one for one in hooks if one["id"] == "mdm-policy-diff")
    assert hook["pass_filenames"] is False
    assert hook["always_run"] is True
    entry: list[str] = shlex.split(hook["entry"])
    return [*entry[1:], *hook["args"]]


EDITS: list[object] = [
    pytest.param(lambda path: profile(path, "com.tencent.mqq"), 11, id="weaker"),
    pytest.param(lambda path: path.unlink(), 11, id="deleted"),
    pytest.param(lambda path: profile(path, "com.tencent.mqq", "a.b", "x.y"), 0, id="tighter"),
    pytest.param(lambda path: profile(path, "a.b", "com.tencent.mqq"), 0, id="another order"),
]


@pytest.mark.parametrize(("edit", "code"), EDITS)
def test_the_hook_stops_what_weakens(repository: Path, edit: Callable[[Path], object], code: int) -> None:
    edit(repository / "policies/p.mobileconfig")
    git(repository, "add", "-A")
    assert run(*_hook()).code == code


def test_every_hook_is_a_command() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "mdm-policy"
        assert run(command, "--help").code == 0


ARGUMENTS = [
    pytest.param(["policies/p.mobileconfig", "OLD", "abc1234", "100644", "NEW", "0" * 40, "100644"], id="changed"),
    pytest.param(
        ["p", "OLD", "abc1234", "100644", "NEW", "0" * 40, "100644", "q", "similarity index 90%"], id="renamed"
    ),
    pytest.param(["p", "OLD", "abc1234", "100644", "/dev/null", ".", "."], id="deleted"),
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_what_git_passes_is_understood(tmp_path: Path, arguments: list[str]) -> None:
    files = {
        "OLD": profile(tmp_path / "git-blob/p.mobileconfig", "a.b", "c.d"),
        "NEW": profile(tmp_path / "p.mobileconfig", "a.b"),
    }
    done = run("diff", *(files.get(one, one) for one in arguments))
    assert done.code == 0
    assert done.out.startswith(f"mdm-policy diff a/{arguments[0]} b/")
    assert f"was at: a/{arguments[0]}:" in done.out
    assert str(tmp_path) not in done.out


def test_git_is_told_of_what_cannot_be_read(tmp_path: Path) -> None:
    old = text(tmp_path / "git-blob/p.json", "{")
    done = run("diff", "p.json", old, "abc1234", "100644", "/dev/null", ".", ".")
    assert done.code == 0
    assert "--> a/p.json" in done.err


def test_seven_paths_are_no_call_of_git() -> None:
    assert run("diff", *"abcdefg").code == 2

"""Names that others have made never become paths: in repositories, archives, manifests and GitOps files."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from attacks_kit import GOOD, Attacks, blob, committed, compared, faults, git, seen, verified
from cli_kit import AS_OF, run

from mdm_policy.regular import refused_on_windows
from mdm_policy.sources.files import read_policies
from mdm_policy.sources.git_revisions import take_out

NAMES = (
    *(
        "..",
        ".",
        "../a.json",
        "../../a.json",
        "/a.json",
        "//a.json",
        "a/../../b.json",
        "a/..",
        "a//b.json",
        "a/./b.json",
    ),
    *("..\\a.json", "a\\..\\..\\b.json", "\\\\host\\share\\a.json", "C:a.json", "C:\\a.json", "a.json:stream"),
    *("con.json", "NUL", "com1.mobileconfig", "lpt9.json", "a.json ", "a.json.", " a.json", "a\x1b[2J.json"),
    *(
        "a\nb.json",
        "a\rb.json",
        "a\x00b.json",
        "e\u0301.json",
        "a\u202ejson.xml",
        f"{'a' * 300}.json",
        "?.json",
        "*.json",
    ),
)
"""What a name must not be, with forward slashes where it stands for folders."""
GRAVE = {"git-file", "archive-unreadable", "build-manifest", "gitops-path", "file-unreadable", "git-failed"}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "outer" / "repo"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "outer"))
    return folder


def _commit_of(folder: Path, name: str) -> str:
    """Commit one profile under a name; slashes make trees inside trees."""
    mode, id_ = "100644", blob(folder, GOOD)
    parts = name.encode("utf-8", "surrogateescape").split(b"/")
    for part in reversed(parts[1:]):
        raw = b"%s %s\0%s" % (mode.encode(), part, bytes.fromhex(id_))
        id_ = git(folder, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", feed=raw)
        mode = "40000"
    return committed(folder, [(parts[0], mode, id_)])


def test_no_name_in_a_repository_becomes_a_path(repository: Path, tmp_path: Path) -> None:
    empty = committed(repository, [])
    outcomes = []
    for name in NAMES:
        if "\0" in name:
            continue  # a tree ends its names with it
        commit = _commit_of(repository, name)
        before = seen(tmp_path) | {"x"}
        done = run("diff", "--git", f"{empty}..{commit}", *AS_OF)
        after = seen(tmp_path) | {"x"}
        wrote = {one for one in after - before if not one.startswith("outer/repo/.git/")}
        silent = "" if done.code in (1, 2) or "file-skipped" in done.err else f"it was read: {done.out[:60]}"
        if name == "a\u202ejson.xml":
            silent = ""  # shown escaped, and harmless in memory
        outcomes.append((name, faults(done) if done.code != 2 else "" or silent or ", ".join(wrote)))
    Attacks("names in git trees, diff").tell(outcomes)


def _archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, GOOD)
    return held.getvalue()


def test_no_name_in_an_archive_becomes_a_path(tmp_path: Path) -> None:
    outcomes = []
    (tmp_path / "empty.json").write_bytes(b"{}")
    for place, name in enumerate(NAMES):
        folder = tmp_path / f"in{place}"
        folder.mkdir()
        (folder / "export.zip").write_bytes(_archive(name))
        before = seen(tmp_path)
        runs = [verified(folder / "export.zip"), compared(tmp_path / "empty.json", folder / "export.zip")]
        wrote = ", ".join(seen(tmp_path) - before)
        for done in runs:
            # zipfile itself cuts a name at a NUL, and what is hidden is no document: then nothing is there to be read.
            bad = "" if done.code == 1 or "nothing-to-check" in done.err else f"exit code {done.code}"
            clean = name in ("a\u202ejson.xml", "e\u0301.json", "a\x00b.json")
            backslash = "\\" in name and ".." not in name and ":" not in name and not name.startswith("\\")
            outcomes.append((name, faults(done) or wrote or ("" if clean or backslash else bad)))
    Attacks("names in archives, verify and diff").tell(outcomes)


def _gitops(entry: str) -> str:
    return f"team_settings: {{}}\ncontrols:\n  macos_settings:\n    custom_settings:\n    - {entry}\n"


PATHS = (
    *("../a.mobileconfig", "../../a.mobileconfig", "lib/../../a.mobileconfig", "lib/../../lib/../../a.mobileconfig"),
    *(
        "/etc/passwd",
        "//etc/passwd",
        "~/a.mobileconfig",
        "~root/a.mobileconfig",
        "C:/a.mobileconfig",
        "file:///etc/passwd",
    ),
    *("\\\\host\\share\\a.mobileconfig", "//host/share/a.mobileconfig", "link/a.mobileconfig", "link.mobileconfig"),
    *(
        "./link/../a.mobileconfig",
        "lib/link/a.mobileconfig",
        "/dev/stdin",
        "/dev/zero",
        "/proc/self/environ",
        ".././a.mobileconfig",
    ),
)


@pytest.mark.parametrize("key", ["path", "paths", "activation", "controls"])
def test_no_path_in_a_gitops_file_leaves_its_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "a.mobileconfig").write_bytes(GOOD)
    outcomes = []
    for place, path in enumerate(PATHS):
        root = tmp_path / f"r{place}" / "repo"
        (root / "lib").mkdir(parents=True)
        (root / "other.mobileconfig").write_bytes(GOOD.replace(b"com.tencent.xin", b"org.example.other"))
        (root / "link").symlink_to(tmp_path)
        (root / "lib" / "link").symlink_to(tmp_path)
        (root / "link.mobileconfig").symlink_to(tmp_path / "a.mobileconfig")
        (root / "f.yml").write_text(_entry(key, path), encoding="utf-8")
        read = read_policies([root])
        inside = {"lib", "other.mobileconfig"}
        strange = [
            one.name
            for one in read.documents
            if str(tmp_path / "a.mobileconfig") in (one.name, str(Path(one.name).resolve()))
        ]
        told = {finding.id for finding in read.findings if finding.severity == "error"} & {*GRAVE, "link-outside"}
        outcomes.append((f"{key}: {path}", ", ".join(strange) or ("" if told else f"nothing is said, {inside}")))
    Attacks(f"paths in GitOps files ({key})").tell(outcomes)


def _entry(key: str, path: str) -> str:
    said = json.dumps(path)
    if key == "controls":
        return f"team_settings: {{}}\ncontrols: {{path: {said}}}\n"
    if key == "activation":
        return _gitops(f"{{path: other.mobileconfig, activation: {said}}}")
    return _gitops(f"{{{key}: {said}}}")


def test_a_gitops_file_still_names_what_is_in_its_folder(tmp_path: Path) -> None:
    for name in ("lib/a.mobileconfig", "lib/deep/er/b.mobileconfig", "fleets/c.mobileconfig"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GOOD.replace(b"com.tencent.xin", path.stem.encode() + b".example.app"))
    rows = {
        "{path: ../lib/a.mobileconfig}": ["a"],
        "{paths: ../lib/*.mobileconfig}": ["a"],
        '{paths: "../lib/**/*.mobileconfig"}': ["a", "b"],
        '{paths: "../lib/**/er/?.mobileconfig"}': ["b"],
        '{paths: "../**/[bc].mobileconfig"}': ["b", "c"],
        "{paths: ./*.mobileconfig}": ["c"],
        '{paths: "../lib/**"}': ["a", "b"],
    }
    for entry, wanted in rows.items():
        (tmp_path / "fleets" / "f.yml").write_text(_gitops(entry), encoding="utf-8")
        read = read_policies([tmp_path])
        assert sorted(Path(one.name).stem for one in read.documents) == wanted, entry


def test_patterns_over_many_files_end(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"{'a' * 60}{number}.mobileconfig").write_bytes(b"")
    entries = "\n    - ".join(f'{{paths: "{"*a" * 30}{number}"}}' for number in range(4000))
    (tmp_path / "f.yml").write_text(_gitops(entries), encoding="utf-8")
    read = read_policies([tmp_path])
    assert "gitops-path" in {finding.id for finding in read.findings}


def test_no_name_in_a_manifest_is_anothers_file(tmp_path: Path) -> None:
    seed = Path(__file__).parent.parent / "fuzz" / "corpus" / "build-manifest" / "manifest"
    manifest = json.loads(seed.read_bytes())
    outcomes = []
    for place, name in enumerate((*NAMES, *PATHS)):
        folder = tmp_path / f"b{place}"
        folder.mkdir()
        (folder / "a.mobileconfig").write_bytes(GOOD)
        manifest["documents"][0]["path"] = name
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        done = verified(folder)
        plain = (
            PurePosixPath(name).name in ("a.mobileconfig", "link.mobileconfig", "a\u202ejson.xml") and ".." not in name
        )
        outcomes.append((name, faults(done) or ("" if "build-manifest" in done.err or plain else "it was taken")))
    Attacks("names in manifests, verify").tell(outcomes)


REMOTE = (
    *(
        "\\\\host\\share\\a.json",
        "//host/share/a.json",
        "\\\\?\\C:\\a.json",
        "\\\\.\\pipe\\a",
        "//./COM1",
        "\\/host/share",
    ),
    *(
        "NUL",
        "nul.json",
        "a/con",
        "C:\\x\\aux.mobileconfig",
        "com1",
        "COM\u00b9.json",
        "lpt3.txt",
        "x/prn.yaml",
        "CONIN$",
        "conout$",
    ),
    *("C:con", "a:b/NUL.tar.gz", "aux .json", "./lpt1"),
)


def test_windows_is_not_asked_for_names_of_others() -> None:
    Attacks("names of other machines and devices on Windows").tell(
        (name, "" if refused_on_windows(name) else "it would be opened") for name in REMOTE
    )
    for name in ("a.json", "C:\\policies\\a.json", "console.json", "nullable", "a/b/c.yaml", "comma.json", "/a/b"):
        assert refused_on_windows(name) == "", name


# A repository's configuration must start nothing: each program here would leave a mark.
_PROGRAMS = (
    *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "diff.external", "pager.diff"),
    *("pager.ls-tree", "pager.ls-files", "pager.rev-parse", "filter.x.clean", "filter.x.smudge", "filter.x.process"),
    *(
        "diff.x.textconv",
        "diff.x.command",
        "merge.x.driver",
        "credential.helper",
        "core.askPass",
        "uploadpack.packObjectsHook",
    ),
    *("gpg.program", "alias.ls-files", "alias.cat-file", "alias.rev-parse"),
)


def test_no_program_of_a_repository_is_started(repository: Path) -> None:
    (repository / ".gitattributes").write_text("* filter=x diff=x merge=x\n", encoding="utf-8")
    (repository / "p.mobileconfig").write_bytes(GOOD)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    (repository / "p.mobileconfig").write_bytes(GOOD.replace(b"com.tencent.xin", b"a.b"))
    mark = repository.parent / "mark"
    hooks = repository / ".git" / "hooks"
    program = repository.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    program.chmod(0o755)
    hooks.mkdir(exist_ok=True)
    for hook in ("fsmonitor-watchman", "post-index-change", "post-checkout", "reference-transaction"):
        (hooks / hook).write_bytes(program.read_bytes())
        (hooks / hook).chmod(0o755)
    outcomes = []
    for key in _PROGRAMS:
        git(repository, "config", key, f"!{program}" if key.startswith("alias.") else str(program))
        done = run("diff", "--git", "HEAD", *AS_OF)
        started = "it was started" if mark.exists() else ""
        mark.unlink(missing_ok=True)
        git(repository, "config", "--unset", key)
        outcomes.append((key, faults(done) or started or ("" if done.code == 11 else f"exit code {done.code}")))
    Attacks("programs that a repository names, diff").tell(outcomes)


def test_blobs_and_trees_without_end_are_refused(repository: Path) -> None:
    empty = committed(repository, [])
    large = committed(repository, [(b"large.json", "100644", blob(repository, b" " * (17 << 20)))])
    done = run("diff", "--git", f"{empty}..{large}", *AS_OF)
    assert (done.code, "git-file" in done.err) == (1, True)
    tree = blob(repository, b"{}")
    mode = "100644"
    for _ in range(8):  # ten names of one object on each of eight levels are a hundred million files
        raw = b"".join(b"%s %d\0%s" % (mode.encode(), name, bytes.fromhex(tree)) for name in range(10))
        tree, mode = git(repository, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", feed=raw), "40000"
    bomb = git(repository, "commit-tree", tree, "-m", "x")
    done = run("diff", "--git", f"{empty}..{bomb}", *AS_OF)
    assert (done.code, "git-failed" in done.err) == (1, True)


def test_a_work_tree_that_is_elsewhere_is_not_read(repository: Path, tmp_path: Path) -> None:
    git(repository, "commit", "-q", "-m", "x", "--allow-empty")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.mobileconfig").write_bytes(GOOD)
    git(repository, "config", "core.worktree", str(tmp_path / "home"))
    done = run("diff", "--git", "HEAD", *AS_OF)
    assert done.code == 1
    assert "git-failed" in done.err


def test_a_file_behind_a_link_of_the_working_tree_is_not_read(repository: Path, tmp_path: Path) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / "a.mobileconfig").write_bytes(GOOD)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    (repository / "sub" / "a.mobileconfig").unlink()
    (repository / "sub").rmdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.mobileconfig").write_bytes(GOOD)
    (repository / "sub").symlink_to(tmp_path / "home")
    taken = take_out(None, ["."], PurePosixPath("/x"), 1 << 20)
    assert not [name for name in taken.tree._files if name.endswith("a.mobileconfig")]

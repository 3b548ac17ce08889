"""A folder in git: what is written and what never, crashes at every step, commits, and Fleet's layout."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mdm_policy import regular
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import git as module
from mdm_policy.push.destinations import git_commits, git_fleet
from mdm_policy.push.destinations.git import GitDestination
from mdm_policy.push.destinations.git_index import INDEX
from mdm_policy.push.model import Assignment, Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge, finish, remarks, untaken
from push.kits.git import Folder, git
from push.stage import APPS, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OWNER = "gov.example.agency"
IOS = "apple-ios-restrictions"


def made(path: str = f"{IOS}/order.mobileconfig", data: bytes = b"one\n", **known: Any) -> MadeDocument:
    target, document = known.pop("target", IOS), known.pop("document", "profile")
    return MadeDocument(path, target, document, "", known.pop("kind", "apple-profile"), data, **known)


def there(root: Path, **known: Any) -> GitDestination:
    settings = {"path": root.name, **known.pop("settings", {})}
    spec = DestinationSpec("folder", "git", settings, Origin("d.yaml", 9, 3), **known)
    return GitDestination(spec, OWNER, Edge(lambda _: "", lambda _: None, base=str(root.parent)))


@pytest.fixture
def folder() -> Iterator[Folder]:
    with Folder() as one:
        yield one


def pushed(destination: GitDestination, one: MadeDocument) -> tuple[Item, Remote]:
    (item,) = destination.items([one])
    remote = destination.get(destination.create(item))
    assert remote is not None
    return item, remote


def failing(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Failure) as caught:
        call()
    return caught.value.fault, caught.value.said


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_file_is_written_found_changed_and_removed(tmp_path: Path) -> None:
    root = tmp_path / "policies"
    one = there(root)
    assert list(one.list()) == []
    item, remote = pushed(one, made())
    assert (root / item.name).read_bytes() == b"one\n"
    assert [(s.id, s.key, s.owner) for s in one.list()] == [(item.name, item.key, OWNER)]
    assert one.differs(item, remote) == ()
    assert one.restoring(item, remote) == b"one\n" == one.merged(item, remote)
    (other,) = one.items([made(data=b"two\n")])
    assert one.differs(other, remote) == ("its content",)
    one.update(other, remote)
    assert (root / item.name).read_bytes() == b"two\n"
    one.delete(remote)
    one.delete(remote)
    assert list(one.list()) == []
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == [INDEX]
    assert one.get(next(iter([*one.list()]), Summary("file", item.name, item.name, item.key))) is None


def test_the_index_says_what_is_ours(tmp_path: Path) -> None:
    item, _ = pushed(there(tmp_path), made())
    (entry,) = json.loads((tmp_path / INDEX).read_text())["files"]
    assert entry == {"path": item.name, "key": item.key, "owner": OWNER, "sha256": module._digest(b"one\n")}


def test_a_file_that_is_not_ours_is_never_overwritten(folder: Folder) -> None:
    one = there(folder.root)
    before = folder.files()
    (item,) = one.items([made(f"{IOS}/by-hand.mobileconfig")])
    fault, said = failing(lambda: one.create(item))
    assert (fault, "somebody else's" in said) == ("conflict", True)
    _, remote = pushed(one, made(document="other"))
    assert failing(lambda: one.update(item, remote))[0] == "conflict"
    assert {name: folder.files()[name] for name in before if name != INDEX} == {
        name: data for name, data in before.items() if name != INDEX
    }


def test_a_file_that_appears_in_the_last_moment_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = there(tmp_path)
    (item,) = one.items([made()])
    link = os.link

    def late(source: str, target: Path) -> None:
        target.write_text("theirs")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert failing(lambda: one.create(item))[0] == "conflict"
    assert (tmp_path / item.name).read_text() == "theirs"


LINKS: dict[str, tuple[str, str]] = {
    "a folder on the way": (IOS, "outside"),
    "the file itself": (f"{IOS}/order.mobileconfig", "outside/victim"),
    "the index": (INDEX, "outside/victim"),
}


@pytest.mark.parametrize(("link", "target"), LINKS.values(), ids=LINKS)
def test_a_link_is_never_followed(tmp_path: Path, link: str, target: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/victim").write_text("theirs")
    root = tmp_path / "policies"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(tmp_path / target)
    one = there(root)
    (item,) = one.items([made()])
    assert failing(lambda: one.create(item))[0] in ("refused", "conflict")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["victim"]
    assert (tmp_path / "outside/victim").read_text() == "theirs"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / INDEX).mkdir()
    assert failing(lambda: list(there(tmp_path).list()))[0] == "refused"


BAD_INDEXES: dict[str, str] = {
    "no JSON": "{",
    "another format": '{"format": "x", "files": []}',
    "an unknown key": '{"format": "mdm-policy-folder-1", "files": [], "more": 1}',
    **{
        f"the path {path!r}": json.dumps(
            {"format": "mdm-policy-folder-1", "files": [{"path": path, "key": "k", "owner": OWNER, "sha256": ""}]}
        )
        for path in ("../x", "/etc/x", "a//b", "a\\b", "C:x", ".git/hooks/x", "a/./b")
    },
}


@pytest.mark.parametrize("text", BAD_INDEXES.values(), ids=BAD_INDEXES)
def test_an_index_that_cannot_be_trusted_stops_everything(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX).write_text(text)
    assert failing(lambda: list(there(tmp_path).list()))[0] == "answer"


def test_a_file_that_is_no_text_or_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = there(tmp_path)
    item, _ = pushed(one, made())
    (tmp_path / item.name).write_bytes(b"ban\xff\xfe")
    (summary,) = one.list()
    remote = one.get(summary)
    assert remote is not None
    assert [(said.id, said.message) for said in one.notes(item, remote)] == [
        ("git-file-damaged", "a file of ours is not text any more: byte 3 is 0xff")
    ]
    assert one.differs(item, remote) == ("its content",)
    (tmp_path / item.name).write_bytes(b"x" * 2000)
    monkeypatch.setattr(module, "_MAX", 1000)
    assert failing(lambda: list(one.list()))[0] == "answer"


def test_what_the_file_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = there(tmp_path)
    unlink = type(tmp_path).unlink
    item, remote = pushed(one, made())
    (other,) = one.items([made("x/y.json", document="other")])

    def full(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for call in (lambda: one.create(other), lambda: one.update(item, remote), lambda: one.delete(remote)):
        fault, said = failing(call)
        assert (fault, "No space left" in said) == ("unavailable", True)
    assert not [path for path in tmp_path.rglob(".*") if path.name != INDEX]
    monkeypatch.undo()
    monkeypatch.setattr(type(tmp_path), "unlink", full)
    assert failing(lambda: finish(one))[0] == "unavailable"
    monkeypatch.setattr(type(tmp_path), "unlink", unlink)
    monkeypatch.setattr(regular, "read_file", full)
    assert failing(lambda: list(one.list()))[0] == "unavailable"


def test_a_document_that_got_another_path_moves(tmp_path: Path) -> None:
    one = there(tmp_path)
    _, remote = pushed(one, made())
    (item,) = one.items([made(f"{IOS}/new.mobileconfig")])
    assert one.differs(item, remote) == ("its path",)
    one.update(item, remote)
    (summary,) = one.list()
    assert summary.id == item.name
    now = one.get(Summary("file", remote.id, remote.name, item.key, OWNER))
    assert now is not None
    assert one.differs(item, now) == ()
    assert not (tmp_path / remote.id).exists()


def test_only_what_belongs_there_is_taken(tmp_path: Path) -> None:
    one = there(tmp_path, targets=(IOS,))
    documents = [made(), made("x/modify.json", instead_of="policy"), made("y/z.json", target="macos-santa")]
    assert [item.path for item in one.items(documents)] == [f"{IOS}/order.mobileconfig"]
    assert remarks(one, documents) == ()


def test_a_folder_assigns_nothing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="destination-assign: 'folder' is a folder"):
        there(tmp_path, assign="everyone")
    one = there(tmp_path)
    item, remote = pushed(one, made())
    assert item.assignment is remote.assignment is None
    summary = next(iter(one.list()))
    assert failing(lambda: one.assign(summary, Assignment()))[0] == "refused"
    (evidence,) = one.evidence([remote])
    assert (evidence.state, evidence.count) == ("unknown", 0)


# --- crashes -------------------------------------------------------------------------------------------------------


class CutOffError(BaseException):
    """Stand for the end of the process: nothing in the program catches it."""


def carry(one: GitDestination, wanted: dict[str, MadeDocument]) -> None:
    """Bring documents there as the engine would: what is there is changed, the rest made, what is left removed."""
    items = one.items(list(wanted.values()))
    found = {summary.key: one.get(summary) for summary in one.list() if summary.owner == OWNER}
    for item in items:
        remote = found.pop(item.key, None)
        if remote is None:
            one.create(item)
        elif one.differs(item, remote):
            one.update(item, remote)
    for remote in found.values():
        assert remote is not None
        one.delete(remote)
    finish(one)


BEFORE = {"a": made("a/1.txt", document="a"), "b": made("b/1.txt", document="b"), "c": made("c/1.txt", document="c")}
AFTER = {
    "a": made("a/1.txt", b"changed\n", document="a"),
    "b": made("b/2.txt", b"moved\n", document="b"),
    "d": made("d/1.txt", document="d"),
}


def test_a_run_that_is_cut_off_at_any_step_converges(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {name: data for name, data in folder.files().items() if name != INDEX}
    steps = 0
    for cut in range(200):
        one = there(folder.root)
        carry(one, BEFORE)
        counted = Counter(cut, folder.root)
        with monkeypatch.context() as patch:
            for name in ("replace", "link"):
                patch.setattr(os, name, counted.wrap(getattr(os, name)))
            patch.setattr(type(folder.root), "unlink", counted.wrap(type(folder.root).unlink))
            try:
                carry(one, AFTER)
            except CutOffError:
                steps += 1
            else:
                break
        assert {b"one\n", b"changed\n"} & set(folder.ours().values())
        carry(one, AFTER)
        assert folder.ours() == {"a/1.txt": b"changed\n", "b/2.txt": b"moved\n", "d/1.txt": b"one\n"}
        assert {name: data for name, data in folder.files().items() if name not in (INDEX, *folder.ours())} == foreign
    assert steps >= 20
    print(f"trust: push: git: cut off at {steps} steps, 0 lost")


@pytest.mark.parametrize("cut", [1, 6, 11])
def test_a_run_of_the_program_that_is_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    with stage("git", tmp_path) as one, monkeypatch.context() as patch:
        one.order(APPS[:2])
        assert (one.plan().code, one.apply().code) == (10, 0)
        one.order(APPS)
        before = one.bans()
        assert one.plan().code == 10
        counted = Counter(cut, one.emulator.root)
        patch.setattr(os, "replace", counted.wrap(os.replace))
        patch.setattr(type(tmp_path), "unlink", counted.wrap(type(tmp_path).unlink))
        with pytest.raises(CutOffError):
            one.apply()
        patch.undo()
        assert before <= one.bans()
        assert one.apply().code == 0, one.printed[-2:]
        assert one.plan().code == 0
        assert one.kit.twins(one.emulator) == []
        assert git(one.emulator.root, "status", "--porcelain") == ""


class Counter:
    """End the process before a certain step inside a folder."""

    def __init__(self, cut: int, root: Path) -> None:
        self.cut, self.root, self.steps = cut, str(root), 0

    def wrap(self, function: Any) -> Any:
        def step(*arguments: Any, **known: Any) -> Any:
            inside = str(arguments[-1] if len(arguments) > 1 else arguments[0]).startswith(self.root)
            if inside:
                if self.steps == self.cut:
                    raise CutOffError
                self.steps += 1
            return function(*arguments, **known)

        return step


# --- commits -------------------------------------------------------------------------------------------------------


def committing(root: Path) -> GitDestination:
    return there(root, settings={"commit": True})


def test_one_commit_holds_our_files_and_nothing_else(folder: Folder) -> None:
    root = folder.root
    (root / "README.md").write_text("changed, and staged\n")
    git(root, "add", "README.md")
    (root / "notes.txt").write_text("new, and not staged\n")
    one = committing(root)
    item, remote = pushed(one, made())
    finish(one)
    assert git(root, "show", "--name-status", "--format=%an%n%B", "HEAD").split("\n") == [
        "Example Pipeline",
        "Update 1 device policy by mdm-policy",
        "",
        f"add {item.name}",
        "",
        "",
        f"M\t{INDEX}",
        f"A\t{item.name}",
        "",
    ]
    assert git(root, "status", "--porcelain").split("\n") == ["M  README.md", "?? notes.txt", ""]
    head = git(root, "rev-parse", "HEAD")
    finish(one)
    assert git(root, "rev-parse", "HEAD") == head
    (other,) = one.items([made(data=b"two\n")])
    one.update(other, remote)
    pushed(one, made("b/c.json", document="more"))
    finish(one)
    assert f"change {item.name}" in git(root, "log", "-1", "--format=%B")
    assert git(root, "log", "-1", "--format=%s").strip() == "Update 2 device policies by mdm-policy"


def test_a_removed_file_is_committed_and_subfolders_are_no_obstacle(folder: Folder) -> None:
    root = folder.root / "deep" / "er"
    root.mkdir(parents=True)
    one = committing(root)
    item, remote = pushed(one, made())
    finish(one)
    one.delete(remote)
    finish(one)
    assert f"remove {item.name}" in git(root, "log", "-1", "--format=%B")
    assert git(root, "status", "--porcelain") == ""


def test_a_commit_that_only_touches_the_index_names_it(folder: Folder) -> None:
    one = committing(folder.root)
    pushed(one, made())
    finish(one)
    (folder.root / INDEX).write_text((folder.root / INDEX).read_text() + "\n")
    finish(one)
    assert git(folder.root, "log", "-1", "--format=%b").strip() == INDEX


def test_without_commit_git_is_left_alone(folder: Folder) -> None:
    head = git(folder.root, "rev-parse", "HEAD")
    one = there(folder.root)
    pushed(one, made())
    finish(one)
    assert git(folder.root, "rev-parse", "HEAD") == head


def test_a_file_that_git_ignores_is_said(folder: Folder) -> None:
    (folder.root / ".gitignore").write_text("*.mobileconfig\n")
    one = committing(folder.root)
    pushed(one, made())
    fault, said = failing(lambda: finish(one))
    assert (fault, "git ignores" in said) == ("refused", True)


def test_what_a_hook_says_is_shown(folder: Folder) -> None:
    hook = folder.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no policies on Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    one = committing(folder.root)
    pushed(one, made())
    assert failing(lambda: finish(one)) == ("refused", "git commit: no policies on Friday")


def test_a_folder_that_git_does_not_keep_is_refused_at_once(tmp_path: Path) -> None:
    assert failing(lambda: list(committing(tmp_path / "none").list()))[0] == "refused"
    assert failing(lambda: list(committing(tmp_path).list()))[0] == "refused"


def test_git_that_cannot_be_run_is_said(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> NoReturn:
        raise FileNotFoundError(errno.ENOENT, "No such file", "git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert failing(lambda: git_commits.Repository(folder.root).check())[0] == "refused"


def test_an_older_index_that_cannot_be_read_names_nothing(folder: Folder) -> None:
    (folder.root / INDEX).write_text("{")
    git(folder.root, "commit", "--quiet", "--all", "--message", "Break the index")
    (folder.root / INDEX).unlink()
    one = committing(folder.root)
    item, _ = pushed(one, made())
    finish(one)
    assert f"add {item.name}" in git(folder.root, "log", "-1", "--format=%B")


def test_a_commit_that_git_refuses_makes_the_run_partial(tmp_path: Path) -> None:
    with stage("git", tmp_path) as one:
        (one.emulator.root / ".gitignore").write_text("*.mobileconfig\n")
        assert one.plan().code == 10
        refused = one.apply()
        assert refused.code == 12
        assert "git ignores" in refused.err
        (one.emulator.root / ".gitignore").unlink()
        assert one.apply().code == 0
        assert git(one.emulator.root, "status", "--porcelain") == ""


# --- Fleet ---------------------------------------------------------------------------------------------------------


FLEET = {"settings": {"layout": "fleet"}}
_CONFIGURATION = "apple-declaration-configuration"


def test_fleet_finds_files_where_it_looks(tmp_path: Path) -> None:
    one = there(tmp_path, **FLEET)
    documents = [
        made(),
        made("macos-santa/order.mobileconfig", target="macos-santa", families=("macos", "web")),
        made("apple-ddm-apps/order.configuration.json", kind=_CONFIGURATION, families=("ios",)),
        made("apple-ddm-apps/order.activation.json", kind="apple-declaration-activation", families=("ios",)),
        made("apple-ddm-binaries/order.configuration.json", kind=_CONFIGURATION, families=("macos",)),
        made("windows-applocker-exe/order.xml", kind="applocker-rules", families=("windows",)),
    ]
    assert [item.name for item in one.items(documents)] == [
        "lib/ios/configuration-profiles/order.mobileconfig",
        "lib/macos/configuration-profiles/order.mobileconfig",
        "lib/ios/declaration-profiles/order.configuration.json",
        "lib/macos/declaration-profiles/order.configuration.json",
    ]
    assert {said.id for said in remarks(one, documents)} == {"gitops-unused"}


def test_a_dollar_sign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        there(tmp_path, **FLEET).items([made(data=b"a\n<string>$HOME</string>\n")])
    (said,) = caught.value.findings
    assert (said.id, str(said.origin)) == ("fleet-dollar", f"{IOS}/order.mobileconfig:2")
    assert there(tmp_path).items([made(data=b"$HOME")])


def test_what_fleet_does_not_take_is_said(tmp_path: Path) -> None:
    documents = [
        made("a/x.json", target="amapi-fully-managed", kind="amapi-policy"),
        made("a/y.json", target="amapi-fully-managed", kind="amapi-modify-applications", instead_of="policy"),
        made("w/x.xml", target="windows-applocker-exe", kind="applocker-rules"),
    ]
    one = there(tmp_path, **FLEET)
    (said,) = remarks(one, documents)
    assert (said.id, said.origin, "AndroidForbiddenJSONKeys" in said.message) == (
        "target-not-pushed",
        Origin("a/x.json"),
        True,
    )
    spec = DestinationSpec(
        "folder", "git", {}, Origin("d.yaml", 9, 3), targets=("amapi-fully-managed", "windows-applocker-exe")
    )
    (left,) = untaken(one, spec, documents, (), (said,))
    assert left.message.startswith("`targets` of folder names windows-applocker-exe, and nothing of it is pushed")


PROFILE = "lib/ios/configuration-profiles/order.mobileconfig"
GITOPS: dict[str, tuple[str, str, bool]] = {
    "by its path": ("fleets/phones.yml", f"- path: ../{PROFILE}", True),
    "by its path from the top": ("default.yml", f"- path: ./{PROFILE}", True),
    "by a pattern": ("fleets/phones.yml", "- paths: ../lib/ios/configuration-profiles/*.mobileconfig", True),
    "another file": ("fleets/phones.yml", "- path: ../lib/ios/configuration-profiles/other.mobileconfig", False),
    "a pattern that leads out": ("fleets/phones.yml", "- paths: ../../*.mobileconfig", False),
    "an absolute path": ("fleets/phones.yml", "- path: /etc/x", False),
    "an entry of another kind": ("fleets/phones.yml", "- name: x", False),
    "in a hidden folder": (".old/phones.yml", f"- path: ../{PROFILE}", False),
    "in a file that is not a YAML": ("fleets/phones.yml", f"- path: ../{PROFILE}\n  ]", False),
    "in a text file": ("fleets/phones.txt", f"- path: ../{PROFILE}", False),
}


@pytest.mark.parametrize(("file", "entry", "named"), GITOPS.values(), ids=GITOPS)
@pytest.mark.parametrize("key", ["apple_settings:\n    configuration_profiles", "macos_settings:\n    custom_settings"])
def test_a_profile_counts_where_a_gitops_file_names_it(
    tmp_path: Path, file: str, entry: str, named: bool, key: str
) -> None:
    one = there(tmp_path, **FLEET)
    pushed(one, made())
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"controls:\n  {key}:\n      {entry}\n")
    said = remarks(one, [made()])
    assert [finding.id for finding in said] == [] if named else ["gitops-unused"]
    if not named:
        assert f"/{PROFILE}`" in said[0].hint


def test_labels_and_gitops_files_are_never_written(tmp_path: Path) -> None:
    (tmp_path / "default.yml").write_text("controls: x\n")
    (tmp_path / "link.yml").symlink_to(tmp_path / "default.yml")
    one = there(tmp_path, **FLEET)
    pushed(one, made())
    (said,) = remarks(one, [made()])
    assert "fleets/NAME.yml, add `- path: ../lib/ios" in said.hint
    assert (tmp_path / "default.yml").read_text() == "controls: x\n"


def test_the_search_for_gitops_files_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_fleet, "_MOST_FILES", 1)
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(
            f"controls:\n  apple_settings:\n    configuration_profiles: [{{path: {name}.x}}]\n"
        )
    assert [said.origin for said in git_fleet.unused(tmp_path, ["a.yml.x", "b.yml.x"])] == [Origin("b.yml.x")]

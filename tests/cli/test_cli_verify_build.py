"""Verify a build as an auditor and a pipeline do: what was done stands in the first line, what is wrong in the findings."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import signing_kit
from build_kit import copy_target, edit
from cli_kit import AS_OF, Ran, a_deployment, a_list, ids, process, run, write
from policy_mutants import signed

from mdm_policy import documents, regular
from mdm_policy.documents.signed import signed_content
from mdm_policy.provenance import folder as looking
from mdm_policy.provenance.statement import PREDICATE, STATEMENT
from mdm_policy.workflows import build, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

_BESIDE = (
    "ANY-EMM.md", "START-HERE.md", "banned-android.csv", "banned-ios.csv", "banned-macos.csv", "banned-web.csv",
    "banned-windows.csv",
)  # fmt: skip
"""What stands beside the targets."""
_PROFILE = "apple-ios-restrictions/banned-apps.mobileconfig"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build one target of a list of our own and a shipped one; return the folder that holds deployment and build."""
    folder = tmp_path_factory.mktemp("made")
    write(folder, "ours.yaml", a_list())
    write(folder, "deployment.yaml", a_deployment("ours.yaml", "us-omb-m-23-13"))
    built = run(
        "build", "--deployment", folder / "deployment.yaml", *AS_OF, "--target", "apple-ios-restrictions", "-o", folder / "out",
    )  # fmt: skip
    assert built.code == 0, built.err
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def _ids(err: str) -> list[str]:
    return sorted(ids(err))


def _deployed(folder: Path, *more: object) -> Ran:
    return run("verify-build", folder / "out", "--deployment", folder / "deployment.yaml", *more)


def _manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "out" / "manifest.json"
    value = json.loads(path.read_bytes())
    change(value)
    path.write_bytes(documents.dump(value, "json"))


def test_hashes_alone_say_so(made: Path) -> None:
    done = run("verify-build", made / "out")
    assert (done.code, _ids(done.err)) == (0, ["warning[build-not-rendered]"])
    assert done.out.splitlines()[0] == "Hashes agree; not rendered again: inputs not given."
    assert done.out.splitlines()[-1] == "Result: warned"
    assert run("verify-build", made / "out", "--strict").code == 11


def test_with_its_deployment_a_build_is_rendered_again(made: Path) -> None:
    done = _deployed(made, "--strict")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Hashes agree; rendered again from its inputs to the same bytes.",
        f"The build: {2 + len(_BESIDE)} files, of {AS_OF[1]}, by {build.PROGRAM}.",
        "Result: passed",
    ]


def test_shipped_lists_are_inputs_that_are_there(tmp_path: Path) -> None:
    options = ("--adopt", "us-eo-13971", "--target", "apple-ios-restrictions", "--target", "macos-santa")
    assert run("build", "us-eo-13971", "us-omb-m-23-13", *AS_OF, *options, "-o", tmp_path / "out").code == 0
    done = run("verify-build", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert "rendered again from its inputs to the same bytes" in done.out


def test_lists_that_were_named_are_named_again(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    built = run(
        "build",
        "ours.yaml",
        *AS_OF,
        "--target",
        "macos-santa",
        "--target",
        "apple-ios-restrictions",
        "-o",
        tmp_path / "out",
    )
    assert built.code == 0
    assert run("verify-build", tmp_path / "out").out.startswith("Hashes agree; not rendered again: inputs not given.")
    assert run("verify-build", tmp_path / "out", "ours.yaml", "--strict").code == 0
    assert _ids(run("verify-build", tmp_path / "out", "us-omb-m-23-13").err) == [
        "error[build-input-differs]",
        "error[build-input-differs]",
        "error[build-not-rendered]",
    ]


def test_lists_that_replaced_the_deployments_are_found_by_their_recorded_names(made: Path, tmp_path: Path) -> None:
    options = (
        "--deployment",
        made / "deployment.yaml",
        *AS_OF,
        "--target",
        "apple-ios-restrictions",
        "-o",
        tmp_path / "out",
    )
    assert run("build", made / "ours.yaml", *options).code == 0
    shutil.copytree(tmp_path / "out", tmp_path / "again" / "out")
    done = run("verify-build", tmp_path / "out", "--deployment", made / "deployment.yaml")
    assert (done.code, done.err) == (0, "")


def _changed(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    path.write_bytes(path.read_bytes() + b"\n")


def _missing(copy: Path) -> None:
    (copy / "out" / _PROFILE).unlink()


def _foreign(copy: Path) -> None:
    write(copy / "out", "extra.mobileconfig", "x")


def _many_foreign(copy: Path) -> None:
    for number in range(25):
        write(copy / "out", f"extra{number:02}", "x")


def _link(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    path.rename(copy / "elsewhere")
    path.symlink_to(copy / "elsewhere")


def _folder_link(copy: Path) -> None:
    path = copy / "out" / "apple-ios-restrictions"
    path.rename(copy / "elsewhere")
    path.symlink_to(copy / "elsewhere")


def _pipe(copy: Path) -> None:
    (copy / "out" / _PROFILE).unlink()
    os.mkfifo(copy / "out" / _PROFILE)


def _unsorted(copy: Path) -> None:
    path = copy / "out" / "manifest.json"
    path.write_bytes(json.dumps(json.loads(path.read_bytes())).encode())


def _key_twice(copy: Path) -> None:
    path = copy / "out" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 1,\n  "version": 1'))


def _contradiction(copy: Path) -> None:
    _manifest(copy, lambda value: value["documents"][0].update(sha256="0" * 64))


def _signed_other(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    path.write_bytes(signed(path.read_bytes().replace(b"com.tencent.xin", b"com.tencent.xxx")))


def _damaged_signed(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    path.write_bytes(signed(path.read_bytes())[:-200])


def _twice(copy: Path) -> None:
    _manifest(copy, lambda value: value["files"].append(value["files"][0]))


def _above(copy: Path) -> None:
    _manifest(copy, lambda value: value["files"].append({"path": "../deployment.yaml", "sha256": "0" * 64}))


_WRONG = [
    pytest.param(_changed, ["build-file-changed"], id="a changed file"),
    pytest.param(_missing, ["build-file-missing"], id="a missing file"),
    pytest.param(_foreign, ["build-file-foreign"], id="a foreign file"),
    pytest.param(_many_foreign, ["build-file-foreign"] * 21, id="many foreign files"),
    pytest.param(_link, ["build-file-link"], id="a link to a file"),
    pytest.param(_folder_link, ["build-file-foreign", "build-file-missing", "build-file-missing"], id="a link to a folder"),
    pytest.param(_pipe, ["build-file-link"], id="a pipe"),
    pytest.param(_unsorted, ["build-manifest-edited"], id="a manifest in other words"),
    pytest.param(_key_twice, ["build-manifest-edited"], id="a manifest with a key twice"),
    pytest.param(_contradiction, ["build-manifest-edited"], id="a manifest that contradicts itself"),
    pytest.param(_signed_other, ["build-file-changed"], id="a signed file with other content"),
    pytest.param(_damaged_signed, ["build-file-changed"], id="a damaged signed file"),
    pytest.param(_twice, ["build-path"], id="a path twice"),
    pytest.param(_above, ["build-file-missing", "build-path"], id="a path above"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "expected"), _WRONG)
def test_what_is_not_what_was_built_is_told(spoil: Callable[[Path], None], expected: list[str], copy: Path) -> None:
    spoil(copy)
    done = run("verify-build", copy / "out", "--format", "json")
    found = done.json
    assert (done.code, found["result"]) == (11, "failed")
    assert sorted(one["id"] for one in found["findings"] if one["severity"] == "error") == expected
    told = run("verify-build", copy / "out", "--attest", copy / "statement.json")
    assert told.code == 11
    assert told.out.startswith("Hashes differ; not rendered again: inputs not given.")
    statement = json.loads((copy / "statement.json").read_bytes())
    assert statement["predicate"]["result"] == "FAILED"
    assert statement["predicate"]["failedTests"]


def test_a_signed_file_with_the_built_content_is_what_was_built(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    path.write_bytes(signed(path.read_bytes()))
    done = _deployed(copy, "--attest", copy / "statement.json")
    assert (done.code, done.err) == (0, "")
    assert "Signed: 1. Their content is what was built" in done.out
    states = {one["path"]: one["state"] for one in _deployed(copy, "--format", "json").json["files"]}
    assert states == {_PROFILE: "signed", **dict.fromkeys(["apple-ios-restrictions/IMPORT.md", *_BESIDE], "same")}
    subjects = {one["name"]: one for one in json.loads((copy / "statement.json").read_bytes())["subject"]}
    assert subjects[_PROFILE]["annotations"]["signedContentSha256"] != subjects[_PROFILE]["digest"]["sha256"]


def test_a_manifest_that_says_who_signed_is_rendered_again_all_the_same(copy: Path) -> None:
    def sign(value: dict[str, Any]) -> None:
        value["signing"] = {"subject": "CN=Example"}
        value["documents"][0]["signing"] = "signed"

    _manifest(copy, sign)
    assert _deployed(copy).code == 0


def test_a_huge_signed_file_is_not_held_in_memory(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copy / "out" / _PROFILE
    path.write_bytes(signed(path.read_bytes()))
    monkeypatch.setattr(looking, "_MAX_SIGNED", 100)
    assert _ids(run("verify-build", copy / "out").err) == ["error[build-file-changed]", "warning[build-not-rendered]"]


def _other_deployment(copy: Path) -> None:
    edit(copy / "deployment.yaml", "Example Agency", "Another Agency")


def _other_list(copy: Path) -> None:
    write(copy, "ours.yaml", a_list(bans="- app: tiktok"))


_OTHER_INPUTS = [
    pytest.param(_other_deployment, "the deployment deployment.yaml has the SHA-256", id="the deployment"),
    pytest.param(_other_list, "the list ours.yaml has the SHA-256", id="a list"),
]


@pytest.mark.parametrize(("change", "told"), _OTHER_INPUTS)
def test_inputs_that_are_not_those_of_the_build_are_told(change: Callable[[Path], None], told: str, copy: Path) -> None:
    change(copy)
    done = _deployed(copy)
    assert done.code == 11
    assert _ids(done.err) == ["error[build-input-differs]", "error[build-not-rendered]"]
    assert told in " ".join(done.err.split())
    assert done.out.startswith("Hashes agree; not rendered again: the inputs are not those of the build.")


def test_a_deployment_that_was_no_input_is_told(made: Path, tmp_path: Path) -> None:
    assert (
        run(
            "build",
            "us-omb-m-23-13",
            *AS_OF,
            "--target",
            "macos-santa",
            "--target",
            "apple-ios-restrictions",
            "-o",
            tmp_path / "out",
        ).code
        == 0
    )
    done = run("verify-build", tmp_path / "out", "--deployment", made / "deployment.yaml")
    assert done.code == 11
    assert "the deployment deployment.yaml was no input of the build" in " ".join(done.err.split())


def test_an_input_that_cannot_be_read_ends_it_and_loses_no_finding(copy: Path) -> None:
    _changed(copy)
    (copy / "ours.yaml").unlink()
    done = _deployed(copy)
    assert (done.code, done.out) == (1, "")
    assert {"error[build-file-changed]", "error[file-unreadable]"} <= set(_ids(done.err))


def test_another_program_is_told_and_what_it_explains_is_a_warning_for_who_did_not_ask(
    tmp_path: Path, copy: Path
) -> None:
    _manifest(copy, lambda value: value.update(program="mdm-policy 0.0.1"))
    done = _deployed(copy)
    assert (done.code, _ids(done.err)) == (0, ["warning[build-other-program]"])
    _manifest(copy, lambda value: value["targets"][0].update(digest="0" * 64, title="Other"))
    done = _deployed(copy)
    assert done.code == 11
    assert _ids(done.err) == [
        "error[build-differs]",
        "warning[build-other-program]",
        "warning[build-other-target]",
    ]
    assert "another manifest: targets; another version" in " ".join(done.err.split())
    assert (
        run(
            "build",
            "us-omb-m-23-13",
            *AS_OF,
            "--target",
            "macos-santa",
            "--target",
            "apple-ios-restrictions",
            "-o",
            tmp_path / "x" / "out",
        ).code
        == 0
    )
    _manifest(tmp_path / "x", lambda value: value.update(program="mdm-policy 0.0.1", variants=[]))
    done = run("verify-build", tmp_path / "x" / "out")
    assert (done.code, _ids(done.err)) == (0, ["warning[build-differs]", "warning[build-other-program]"])


def test_a_shipped_list_of_another_version_is_a_warning(tmp_path: Path) -> None:
    assert (
        run("build", "us-omb-m-23-13", *AS_OF, "--target", "apple-ios-restrictions", "-o", tmp_path / "out").code == 0
    )
    _manifest(tmp_path, lambda value: value["inputs"][0].update(sha256="0" * 64))
    done = run("verify-build", tmp_path / "out")
    assert (done.code, _ids(done.err)) == (0, ["warning[build-input-differs]", "warning[build-not-rendered]"])
    _manifest(tmp_path, lambda value: value.update(inputs=[], command={"lists": [], "adopt": [], "targets": []}))
    assert run("verify-build", tmp_path / "out").out.startswith(
        "Hashes agree; not rendered again: no input is recorded."
    )


def test_files_that_are_added_to_or_taken_from_the_record_are_told(copy: Path) -> None:
    def take(value: dict[str, Any]) -> None:
        value["files"] = [one for one in value["files"] if not one["path"].endswith("IMPORT.md")]

    (copy / "out" / "apple-ios-restrictions" / "IMPORT.md").unlink()
    _manifest(copy, take)
    done = _deployed(copy)
    assert (done.code, _ids(done.err)) == (11, ["error[build-differs]"])
    assert "is not part of the build" in " ".join(done.err.split())
    write(copy / "out", "more.md", "x")
    _manifest(
        copy,
        lambda value: value["files"].append(
            {"path": "more.md", "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
        ),
    )
    assert "it is not built from the recorded inputs" in " ".join(_deployed(copy).err.split())


def test_a_build_with_a_target_of_ones_own(made: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    folder = copy_target("apple-ios-restrictions", mine, replaces=False)
    edit(folder / "target.yaml", "target: apple-ios-restrictions", "target: our-restrictions")
    options = ("--deployment", made / "deployment.yaml", *AS_OF, "--templates", mine, "--target", "our-restrictions")
    built = run("build", *options, "-o", tmp_path / "out")
    assert built.code == 0, built.err
    with_templates = ("--deployment", made / "deployment.yaml", "--templates", mine)
    assert run("verify-build", tmp_path / "out", *with_templates, "--strict").code == 0
    unknown = run("verify-build", tmp_path / "out", "--deployment", made / "deployment.yaml")
    assert (unknown.code, _ids(unknown.err)) == (11, ["error[build-not-rendered]", "error[build-other-target]"])
    (folder / "note.txt").write_text("a new file", encoding="utf-8")
    other = run("verify-build", tmp_path / "out", *with_templates)
    assert (other.code, _ids(other.err)) == (0, ["warning[build-other-target]"])
    [template] = folder.glob("*.mobileconfig.j2")
    template.write_text("{{ 1 / 0 }}", encoding="utf-8")
    failing = run("verify-build", tmp_path / "out", *with_templates, "--format", "json")
    assert failing.code == 11
    assert failing.json["rendered_again"]["because"] == "it cannot be built from its inputs any more"
    assert [one["id"] for one in failing.json["findings"]] == ["template-failed"]


def test_a_file_that_is_changed_with_its_digest_is_found_by_rendering_alone(copy: Path) -> None:
    path = copy / "out" / _PROFILE
    old, new = path.read_bytes(), path.read_bytes() + b"\n"
    path.write_bytes(new)
    manifest = copy / "out" / "manifest.json"
    was, is_ = (sha256(data).hexdigest().encode() for data in (old, new))
    manifest.write_bytes(manifest.read_bytes().replace(was, is_))
    assert run("verify-build", copy / "out").code == 0
    done = _deployed(copy, "--attest", copy / "statement.json")
    assert (done.code, _ids(done.err)) == (11, ["error[build-differs]"])
    assert done.out.startswith("Hashes agree; rendered again from its inputs to other bytes.")
    predicate = json.loads((copy / "statement.json").read_bytes())["predicate"]
    assert predicate["failedTests"] == ["rendered-again-to-the-same-bytes"]
    assert "blocks-exactly-what-is-ordered" not in predicate["passedTests"]


def test_a_recorded_list_that_may_not_be_followed_is_left_out(copy: Path) -> None:
    _manifest(copy, lambda value: value["command"].update(lists=["../ours.yaml"]))
    done = _deployed(copy)
    assert (done.code, _ids(done.err)) == (11, ["error[build-differs]"])


_NO_MANIFEST = [
    pytest.param(None, "there is no manifest", id="none"),
    pytest.param(b"{", "", id="not JSON"),
    pytest.param(b"[]", "not the manifest of a build", id="no object"),
    pytest.param(b'{"format": "npm", "version": 1}', "not the manifest of a build", id="another program's"),
    pytest.param({"version": 2}, "of version 2, not 'mdm-policy-build' of version 1", id="a later version"),
    pytest.param({"format": "npm"}, "it is 'npm'", id="another format"),
    pytest.param({"as_of": "yesterday"}, "not the manifest of a build", id="no date"),
    pytest.param({"files": "all"}, "not the manifest of a build", id="a wrong type"),
    pytest.param({"command": None}, "not the manifest of a build", id="without its command"),
    pytest.param({"as_of": "20261124"}, "not a date as a build writes it", id="a date in other words"),
    pytest.param(b'{"a": 1, "a": 2}', "", id="a key twice"),
    pytest.param(b"[" * 100_000, "", id="too deep"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), _NO_MANIFEST)
def test_a_folder_without_a_builds_manifest_is_no_build(content: Any, told: str, copy: Path) -> None:
    path = copy / "out" / "manifest.json"
    if isinstance(content, dict):
        _manifest(copy, lambda value: value.update(content))
    else:
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    done = run("verify-build", copy / "out")
    assert (done.code, done.out) == (1, "")
    assert told in " ".join(done.err.split())
    assert "internal-error" not in done.err


def test_a_manifest_that_is_a_link_is_none(copy: Path) -> None:
    path = copy / "out" / "manifest.json"
    path.rename(copy / "elsewhere.json")
    path.symlink_to(copy / "elsewhere.json")
    assert _ids(run("verify-build", copy / "out").err) == ["error[build-manifest]"]


def test_a_key_of_a_newer_program_is_named_and_not_compared(copy: Path) -> None:
    newer = {"colour": "red", "program": "mdm-policy 99.0.0"}
    path = copy / "out" / "manifest.json"
    path.write_bytes(documents.dump(json.loads(path.read_bytes()) | newer, "json"))
    done = run("verify-build", copy / "out")
    assert (done.code, _ids(done.err)) == (0, ["warning[build-manifest-unknown-key]", "warning[build-not-rendered]"])
    assert "colour" in done.err
    assert run("verify-build", copy / "out", "--strict").code == 11


def test_a_key_that_this_program_never_wrote_is_no_part_of_its_build(copy: Path) -> None:
    path = copy / "out" / "manifest.json"
    path.write_bytes(documents.dump(json.loads(path.read_bytes()) | {"approved": True}, "json"))
    done = _deployed(copy)
    assert (done.code, _ids(done.err)) == (11, ["error[build-differs]", "warning[build-manifest-unknown-key]"])


def test_what_cannot_be_read_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_more: Any) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as locked:
        locked.setattr(os, "open", refuse)
        assert _ids(run("verify-build", copy / "out").err) == ["error[file-unreadable]"]
    with monkeypatch.context() as locked:
        locked.setattr(os, "scandir", refuse)
        assert _ids(run("verify-build", copy / "out").err) == ["error[file-unreadable]"]
    monkeypatch.setattr(regular, "read_file", refuse)
    assert _ids(run("verify-build", copy / "out").err) == ["error[file-unreadable]"]


def test_too_large_a_manifest_is_not_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdm_policy.build.record.MAX_MANIFEST", 100)
    monkeypatch.setattr(rebuild, "MAX_MANIFEST", 100)
    done = run("verify-build", copy / "out")
    assert (done.code, _ids(done.err)) == (1, ["error[build-manifest]"])


def test_the_statement_is_an_in_toto_test_result(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "statement.json"
    assert _deployed(made, "--attest", path).code == 0
    value = json.loads(path.read_bytes())
    assert path.read_bytes() == documents.dump(value, "json")
    assert (value["_type"], value["predicateType"]) == (STATEMENT, PREDICATE)
    assert [one["name"] for one in value["subject"]] == [
        "manifest.json",
        *sorted(["apple-ios-restrictions/IMPORT.md", _PROFILE, *_BESIDE]),
    ]
    assert all(len(one["digest"]["sha256"]) == 64 for one in value["subject"])
    predicate = value["predicate"]
    assert (predicate["result"], predicate["failedTests"], predicate["warnedTests"]) == ("PASSED", [], [])
    assert predicate["passedTests"] == [
        "manifest-is-as-built",
        "files-have-their-recorded-digests",
        "no-foreign-files",
        "inputs-have-their-recorded-digests",
        "rendered-again-to-the-same-bytes",
        "blocks-exactly-what-is-ordered",
    ]
    assert [one["name"] for one in predicate["configuration"]] == [
        "mdm-policy",
        "deployment.yaml",
        "ours.yaml",
        "mdm-policy/us-omb-m-23-13.yaml",
    ]
    assert predicate["configuration"][0]["uri"].startswith("pkg:pypi/mdm-policy@")


_RESULTS = [
    pytest.param(lambda _copy: None, False, "WARNED", ["manifest-is-as-built", "files-have-their-recorded-digests", "no-foreign-files"], [], id="hashes alone"),
    pytest.param(lambda copy: _manifest(copy, lambda value: value.update(program="mdm-policy 0.0.1")), True, "WARNED", None, ["rendered-again-to-the-same-bytes"], id="another program"),
    pytest.param(_other_list, True, "FAILED", ["manifest-is-as-built", "files-have-their-recorded-digests", "no-foreign-files"], [], id="other inputs"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "asked", "result", "passed", "warned"), _RESULTS)
def test_the_statement_says_what_was_done(
    change: Callable[[Path], None], asked: bool, result: str, passed: list[str] | None, warned: list[str], copy: Path
) -> None:
    change(copy)
    path = copy / "statement.json"
    if asked:
        _deployed(copy, "--attest", path)
    else:
        run("verify-build", copy / "out", "--attest", path)
    predicate = json.loads(path.read_bytes())["predicate"]
    assert (predicate["result"], predicate["warnedTests"]) == (result, warned)
    assert passed is None or predicate["passedTests"] == passed


def test_a_statement_replaces_a_statement_alone_signed_or_not(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "statement.json"
    assert _deployed(made, "--attest", path).code == 0
    first = path.read_bytes()
    assert _deployed(made, "--attest", path).code == 0
    path.write_bytes(signed(first))
    assert _deployed(made, "--attest", path).code == 0
    assert path.read_bytes() == first
    assert sorted(one.name for one in tmp_path.iterdir()) == ["statement.json"]


_TAKEN: list[Any] = [
    pytest.param(lambda path: path.write_text("mine", encoding="utf-8"), id="another file"),
    pytest.param(lambda path: path.write_text('{"_type": "mine"}', encoding="utf-8"), id="other JSON"),
    pytest.param(lambda path: path.write_text("[1]", encoding="utf-8"), id="a list"),
    pytest.param(lambda path: path.write_text("[" * 100_000, encoding="utf-8"), id="deep JSON"),
    pytest.param(lambda path: path.write_bytes(b"0\x10" + bytes.fromhex("06092a864886f70d010702")), id="a damaged signature"),
    pytest.param(lambda path: path.symlink_to("nowhere"), id="a link"),
    pytest.param(os.mkfifo, id="a pipe"),
]  # fmt: skip


@pytest.mark.parametrize("take", _TAKEN)
def test_nothing_but_a_statement_is_replaced(take: Callable[[Path], Any], made: Path, tmp_path: Path) -> None:
    path = tmp_path / "statement.json"
    take(path)
    done = _deployed(made, "--attest", path)
    assert (done.code, _ids(done.err), done.out) == (1, ["error[file-exists]"], "")


def test_a_statement_does_not_go_into_the_build(made: Path) -> None:
    done = _deployed(made, "--attest", made / "out" / "statement.json")
    assert done.code == 2
    assert not (made / "out" / "statement.json").exists()


def test_a_statement_that_cannot_be_written_is_told_and_leaves_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fail)
        done = _deployed(made, "--attest", tmp_path / "statement.json")
    assert (done.code, _ids(done.err)) == (1, ["error[output-unwritable]"])
    assert list(tmp_path.iterdir()) == []
    write(tmp_path, "file", "")
    assert _ids(_deployed(made, "--attest", tmp_path / "file" / "statement.json").err) == ["error[output-unwritable]"]


def test_it_runs_in_a_process_of_its_own(made: Path) -> None:
    done = process("verify-build", made / "out", "--deployment", made / "deployment.yaml")
    assert (done.code, done.err) == (0, "")


def test_a_statement_is_signed_like_a_profile_and_replaced_like_one(made: Path, tmp_path: Path) -> None:
    named = signing_kit.files(tmp_path, signing_kit.line(depth=1))
    path, plain = tmp_path / "statement.p7m", tmp_path / "statement.json"
    signer = ("--key", named["key"], "--cert", named["cert"])
    assert _deployed(made, "--attest", plain).code == 0
    for _ in range(2):
        done = _deployed(made, "--attest", path, *signer)
        assert done.code == 0, done.err
    assert signed_content(path.read_bytes()) == plain.read_bytes()
    assert _deployed(made, *signer).code == 2

"""Put a build in place whole or not at all: whatever fails, the old output or the new one stands, and nothing else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import signing_kit
from build_kit import ids_of

from mdm_policy.build import writing
from mdm_policy.build.writing import Staging, check_replaceable
from mdm_policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

_OLD = {"a/x.json": b"old", "a/gone.json": b"old too"}
_NEW = {"a/x.json": b"new", "b/y.json": b"new too"}


def _manifest(files: dict[str, bytes], **changes: Any) -> bytes:
    listed = [{"path": path, "sha256": hashlib.sha256(data).hexdigest()} for path, data in files.items()]
    value = {"format": "mdm-policy-build", "files": listed, "more": 1} | changes
    return msgspec.json.encode(value)


def _build(output: Path, files: dict[str, bytes], meanwhile: Callable[[], None] = lambda: None) -> None:
    with Staging(output) as staging:
        for path, data in files.items():
            staging.write(path, data)
        staging.write("manifest.json", _manifest(files))
        meanwhile()
        staging.commit()


def _held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _absent(_output: Path) -> None:
    pass


def _empty(output: Path) -> None:
    output.mkdir()


def _empty_folders(output: Path) -> None:
    (output / "a" / "b").mkdir(parents=True)


def _former(output: Path) -> None:
    _build(output, _OLD)


def _shrunken(output: Path) -> None:
    _build(output, _OLD)
    (output / "a" / "gone.json").unlink()


_TAKEN = [
    pytest.param(_absent, id="absent"),
    pytest.param(_empty, id="empty"),
    pytest.param(_empty_folders, id="empty folders"),
    pytest.param(_former, id="a former build"),
    pytest.param(_shrunken, id="a former build that lost a file"),
]


@pytest.mark.parametrize("exchange", [pytest.param(True, id="exchanged"), pytest.param(False, id="renamed")])
@pytest.mark.parametrize("before", _TAKEN)
def test_a_build_takes_the_place(
    before: Callable[[Path], None], exchange: bool, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(writing, "_swapped", lambda _new, _old: False)
    before(output)
    _build(output, _NEW)
    assert _held(output) == _NEW
    assert list(output.parent.iterdir()) == [output]


def test_a_signed_profile_is_as_it_was_built(output: Path) -> None:
    _build(output, {"p.mobileconfig": signing_kit.PROFILE})
    signer = signing_kit.line("p-256", 2)
    (output / "p.mobileconfig").write_bytes(signing_kit.signed(signer))
    _build(output, _NEW)
    assert _held(output) == _NEW


def test_missing_folders_above_are_made(tmp_path: Path) -> None:
    _build(tmp_path / "a" / "b" / "out", _NEW)
    assert _held(tmp_path / "a" / "b" / "out") == _NEW


def test_the_way_to_the_output_may_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    _build(Path("../out"), _NEW)
    assert _held(tmp_path / "out") == _NEW
    _build(tmp_path / "here" / ".." / "out", _OLD)
    assert _held(tmp_path / "out") == _OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "out"]


def _file(output: Path) -> None:
    output.write_bytes(b"mine")


def _link(output: Path) -> None:
    (output.parent / "elsewhere").mkdir()
    output.symlink_to(output.parent / "elsewhere")


def _dangling(output: Path) -> None:
    output.symlink_to(output.parent / "nowhere")


def _foreign(output: Path) -> None:
    _former(output)
    (output / "a" / "mine.txt").write_bytes(b"mine")


def _foreign_link(output: Path) -> None:
    _former(output)
    (output / "a" / "link").symlink_to(output.parent)


def _edited(output: Path) -> None:
    _former(output)
    (output / "a" / "x.json").write_bytes(b"mine")


def _forged_manifest(output: Path) -> None:
    output.mkdir()
    (output / "mine").write_bytes(b"mine")
    (output / "manifest.json").write_bytes(
        msgspec.json.encode({"format": "mdm-policy-build", "files": [{"path": "mine"}]})
    )


def _link_for_a_file(output: Path) -> None:
    _former(output)
    (output / "a" / "x.json").unlink()
    (output / "a" / "x.json").symlink_to(output.parent / "nowhere")


def _no_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").unlink()


def _others_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").write_bytes(_manifest(_OLD, format="npm"))


def _broken_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").write_bytes(b"{")


def _undecodable_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").write_bytes(b'{"format": "mdm-policy-build", "files": [{"path": "\xff"}]}')


def _deep_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").write_bytes(b'{"more": ' + b"[" * 100_000)


def _wrong_manifest(output: Path) -> None:
    _former(output)
    (output / "manifest.json").write_bytes(b'{"format": "mdm-policy-build", "files": "all"}')


def _folder_for_manifest(output: Path) -> None:
    (output / "manifest.json").mkdir(parents=True)
    (output / "mine").write_bytes(b"")


def _many_foreign(output: Path) -> None:
    output.mkdir()
    for number in range(5):
        (output / f"mine{number}").write_bytes(b"")


_KEPT = [
    pytest.param(_file, "output-not-a-folder", "not a plain folder", id="a file"),
    pytest.param(_link, "output-not-a-folder", "not a plain folder", id="a link to a folder"),
    pytest.param(_dangling, "output-not-a-folder", "not a plain folder", id="a link to nowhere"),
    pytest.param(_foreign, "output-foreign", ": a/mine.txt", id="a foreign file"),
    pytest.param(_foreign_link, "output-foreign", ": a/link", id="a foreign link"),
    pytest.param(_edited, "output-changed", ": a/x.json", id="a built file that was edited"),
    pytest.param(_forged_manifest, "output-changed", ": mine", id="a forged manifest"),
    pytest.param(_link_for_a_file, "output-changed", ": a/x.json", id="a link in a built file's place"),
    pytest.param(_no_manifest, "output-foreign", ": a/gone.json, a/x.json", id="a build without its manifest"),
    pytest.param(_others_manifest, "output-foreign", "manifest.json", id="another program's manifest"),
    pytest.param(_broken_manifest, "output-foreign", "manifest.json", id="a broken manifest"),
    pytest.param(_undecodable_manifest, "output-foreign", "manifest.json", id="a manifest that is not an UTF-8"),
    pytest.param(_deep_manifest, "output-foreign", "manifest.json", id="a manifest nested without end"),
    pytest.param(_wrong_manifest, "output-foreign", "manifest.json", id="a manifest of wrong types"),
    pytest.param(_folder_for_manifest, "output-foreign", ": mine", id="a folder for a manifest"),
    pytest.param(_many_foreign, "output-foreign", ": mine0, mine1, mine2 and 2 more", id="many foreign files"),
]


@pytest.mark.parametrize(("before", "finding", "told"), _KEPT)
def test_what_no_build_wrote_is_never_touched(
    before: Callable[[Path], None], finding: str, told: str, output: Path
) -> None:
    before(output)
    kept = _all(output.parent)
    with pytest.raises(PolicyError) as failed:
        _build(output, _NEW)
    assert ids_of(failed.value) == [finding]
    assert told in failed.value.findings[0].message
    assert failed.value.findings[0].origin is not None
    assert failed.value.findings[0].origin.file == str(output)
    assert _all(output.parent) == kept


def _all(folder: Path) -> dict[str, Any]:
    """Return everything in a folder, links as links."""
    return {
        path.relative_to(folder).as_posix(): path.readlink()
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def test_a_large_folder_is_not_searched_to_its_end(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MOST_FOREIGN", 4)
    _many_foreign(output)
    with pytest.raises(PolicyError) as failed:
        check_replaceable(output)
    assert failed.value.findings[0].message.endswith(" and many more")


def test_the_root_of_the_file_system_is_no_output() -> None:
    with pytest.raises(PolicyError) as failed:
        Staging(Path("/"))
    assert ids_of(failed.value) == ["output-foreign"]


@pytest.mark.parametrize("before", _TAKEN)
@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, PolicyError])
def test_an_interrupted_build_changes_nothing(
    before: Callable[[Path], None], failure: type[BaseException], output: Path
) -> None:
    before(output)
    kept = _all(output.parent)

    def fail() -> None:
        raise failure([]) if failure is PolicyError else failure

    with pytest.raises(failure):
        _build(output, _NEW, fail)
    assert _all(output.parent) == kept


def test_a_build_that_does_not_commit_changes_nothing(output: Path) -> None:
    _former(output)
    kept = _all(output.parent)
    with Staging(output) as staging:
        staging.write("a/x.json", b"new")
    assert _all(output.parent) == kept


def test_a_file_that_comes_while_the_build_runs_is_never_touched(output: Path) -> None:
    _former(output)
    with pytest.raises(PolicyError) as failed:
        _build(output, _NEW, lambda: _mine(output))
    assert ids_of(failed.value) == ["output-foreign"]
    assert _held(output) == {**_OLD, "mine": b"mine"}
    assert list(output.parent.iterdir()) == [output]


def test_an_output_that_comes_while_the_build_runs_is_never_touched(output: Path) -> None:
    with pytest.raises(PolicyError):
        _build(output, _NEW, lambda: _mine(output))
    assert _held(output) == {"mine": b"mine"}


def _mine(output: Path) -> None:
    output.mkdir(exist_ok=True)
    (output / "mine").write_bytes(b"mine")


def _failing(real: Callable[..., Any], at: int, calls: list[int]) -> Callable[..., Any]:
    def fail(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return real(*arguments, **more)

    return fail


def _told(output: Path) -> str:
    try:
        _build(output, _NEW)
    except PolicyError as refused:
        return str(refused)
    return ""


_CALLS = ["fsync", "open", "rename", "mkdir"]


@pytest.mark.parametrize("exchange", [pytest.param(True, id="exchanged"), pytest.param(False, id="renamed")])
@pytest.mark.parametrize("former", [pytest.param(True, id="over a former build"), pytest.param(False, id="anew")])
@pytest.mark.parametrize("name", _CALLS)
def test_the_old_output_or_the_new_one_stands_whichever_call_fails(
    name: str, former: bool, exchange: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(writing, "_swapped", lambda _new, _old: False)
    real = getattr(os, name)
    for at in range(1, 40):
        output = tmp_path / f"{at}" / "out"
        output.parent.mkdir()
        if former:
            _build(output, _OLD)
        calls: list[int] = []
        monkeypatch.setattr(os, name, _failing(real, at, calls))
        told = _told(output)
        monkeypatch.setattr(os, name, real)
        failed = told != ""
        assert told in ("", "output-unwritable: cannot write the build: No space left on device")
        held = _held(output) if output.exists() else {}
        assert held in ((_OLD if former else {}, _NEW) if failed else (_NEW,))
        left = [path for path in output.parent.iterdir() if path != output]
        assert left == [] or name == "open"  # `rmtree` opens folders too: what cannot be cleared stays, hidden
        if len(calls) < at:
            return
    pytest.fail("the call never stopped failing")


_UNWRITABLE = [
    pytest.param(lambda path: path.write_bytes(b""), id="below a file"),
]


@pytest.mark.parametrize("spoil", _UNWRITABLE)
def test_a_folder_that_cannot_be_made_is_told(spoil: Callable[[Path], Any], tmp_path: Path) -> None:
    spoil(tmp_path / "above")
    with pytest.raises(PolicyError) as failed:
        _build(tmp_path / "above" / "out", _NEW)
    assert ids_of(failed.value) == ["output-unwritable"]
    assert failed.value.findings[0].hint == "choose another folder with -o"


def test_a_read_only_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_more: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PolicyError) as failed:
        _build(tmp_path / "out", _NEW)
    assert "Permission denied" in failed.value.findings[0].message


def test_a_file_that_is_written_twice_is_told(output: Path) -> None:
    with Staging(output) as staging:
        staging.write("a", b"1")
        with pytest.raises(PolicyError) as failed:
            staging.write("a", b"2")
    assert ids_of(failed.value) == ["output-unwritable"]
    assert not output.exists()


_BESIDE = ".out.mdm-policy."


@pytest.mark.parametrize("ending", ["new", "old"])
def test_what_a_killed_run_left_behind_is_cleared(ending: str, output: Path) -> None:
    _former(output)
    left = output.with_name(f"{_BESIDE}{ending}")
    left.mkdir()
    (left / "half").write_bytes(b"")
    output.with_name(f"{_BESIDE}lock").write_bytes(b"")
    _build(output, _NEW)
    assert _held(output) == _NEW
    assert list(output.parent.iterdir()) == [output]


def test_an_output_that_was_put_aside_is_put_back(output: Path) -> None:
    _former(output)
    kept = _all(output)
    output.rename(output.with_name(f"{_BESIDE}old"))
    with Staging(output):
        assert _all(output) == kept
    assert _all(output) == kept
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize("ending", ["new", "old"])
def test_a_file_where_only_a_folder_of_ours_could_be_is_refused(ending: str, output: Path) -> None:
    mine = output.with_name(f"{_BESIDE}{ending}")
    mine.write_bytes(b"mine")
    with pytest.raises(PolicyError) as failed:
        _build(output, _NEW)
    assert ids_of(failed.value) == ["output-unwritable"]
    assert _all(output.parent) == {mine.name: b"mine"}


def test_an_interrupted_start_lets_go_of_the_lock(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_staging: Staging) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "_clear", interrupt)
        with pytest.raises(KeyboardInterrupt):
            Staging(output)
    assert list(output.parent.iterdir()) == []
    _build(output, _NEW)


def test_a_second_build_into_one_folder_is_refused(output: Path) -> None:
    with Staging(output) as first:
        first.write("a", b"1")
        with pytest.raises(PolicyError) as refused:
            Staging(output)
        assert ids_of(refused.value) == ["output-busy"]
        Staging(output.with_name("beside")).__exit__(None, None, None)
        first.commit()
    assert _all(output) == {"a": b"1"}
    assert list(output.parent.iterdir()) == [output]


def test_a_system_that_cannot_exchange_renames(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "freebsd14")
    _former(output)
    _build(output, _NEW)
    assert _held(output) == _NEW


def test_windows_cannot_flush_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Any] = []
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(os, "fsync", flushed.append)
    (tmp_path / "a").write_bytes(b"")
    writing._flush(tmp_path)
    assert flushed == []
    writing._flush(tmp_path / "a")
    assert len(flushed) == 1


def test_a_mac_exchanges_by_its_own_name(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Library:
        def renameatx_np(self, *arguments: Any) -> int:
            asked.append(arguments)
            return -1

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", lambda _name: Library())
    _former(output)
    _build(output, _NEW)
    assert _held(output) == _NEW
    [(first, new, second, old, how)] = asked
    assert (first, second, how) == (-2, -2, 2)
    assert old == os.fsencode(output)
    assert new.endswith(b".mdm-policy.new")


def test_an_absent_or_empty_folder_is_replaceable(tmp_path: Path) -> None:
    check_replaceable(tmp_path)
    check_replaceable(tmp_path / "absent")

"""Hold a verified build to its word: whatever is changed in it is found, and nothing in a manifest is followed outside."""

from __future__ import annotations

import json
import os
import random
import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import AS_OF, Ran, a_deployment, a_list, ids, run, write

from mdm_policy import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TAMPERS = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build two targets of a list of our own and one shipped list; return the folder that holds deployment and build."""
    folder = tmp_path_factory.mktemp("made")
    write(folder, "ours.yaml", a_list())
    deployment = write(folder, "deployment.yaml", a_deployment("ours.yaml", "us-omb-m-23-13"))
    options = ("--target", "apple-ddm-apps", "--target", "jamf-mobile-profile", "--target", "macos-santa")
    built = run("build", "--deployment", deployment, *AS_OF, *options, "-o", folder / "out")
    assert built.code == 0, built.err
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def _verify(folder: Path, *more: object) -> Ran:
    return run("verify-build", folder / "out", "--deployment", folder / "deployment.yaml", "--format", "json", *more)


def _paths(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_build_itself_is_proven(made: Path) -> None:
    done = _verify(made)
    assert (done.code, done.json["result"], done.json["rendered_again"]["state"]) == (0, "passed", "agrees")


def test_every_changed_byte_is_found(made: Path, tmp_path: Path) -> None:
    dice = random.Random("provenance")  # noqa: S311 - the same bytes in each run
    names = _paths(made / "out")
    originals = {name: (made / "out" / name).read_bytes() for name in names}
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    unseen = []
    for _ in range(_TAMPERS):
        name = dice.choice(names)
        data = bytearray(originals[name])
        at = dice.randrange(len(data))
        data[at] ^= dice.randrange(1, 256)
        (folder / "out" / name).write_bytes(data)
        done = run("verify-build", folder / "out")
        # The manifest vouches for the others; what vouches for the manifest is rendering again.
        if done.code == 0 and (name != "manifest.json" or _verify(folder).code == 0):
            unseen.append((name, at))
        (folder / "out" / name).write_bytes(originals[name])
    print(f"trust: provenance: {_TAMPERS} single bytes changed in {len(names)} files, {len(unseen)} unseen")
    assert unseen == []


def _leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], (*way, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _leaves(one, (*way, index))
    else:
        yield way


def test_every_changed_word_of_a_manifest_is_found_when_it_is_rendered_again(copy: Path) -> None:
    dice = random.Random("manifest")  # noqa: S311 - the same places in each run
    path = copy / "out" / "manifest.json"
    original = path.read_bytes()
    ways = list(_leaves(json.loads(original)))
    chosen = dice.sample(ways, 100)
    loud, unseen = 0, []
    for way in chosen:
        value = json.loads(original)
        inner = value
        for step in way[:-1]:
            inner = inner[step]
        old = inner[way[-1]]
        inner[way[-1]] = f"{old}x" if isinstance(old, str) else old + 1 if isinstance(old, int) else "x"
        path.write_bytes(documents.dump(value, "json"))
        done = _verify(copy)
        loud += done.code != 0
        # Who made it, and with which templates, is told without changing what is proven.
        if done.code == 0 and not (way[0] in ("program", "targets") and "warning[build-other" in done.err):
            unseen.append(way)
    print(f"trust: provenance: {len(chosen)} of {len(ways)} words of a manifest changed, {len(unseen)} unseen")
    assert unseen == []
    assert loud > 90


def _with_files(copy: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = copy / "out" / "manifest.json"
    value = json.loads(path.read_bytes())
    change(value)
    path.write_bytes(documents.dump(value, "json"))


_TRICKS = [
    "../deployment.yaml", "../../deployment.yaml", "/etc/passwd", "//etc/passwd", "..", ".", "", "macos-santa/../../deployment.yaml", "..\\deployment.yaml", "C:\\Windows\\win.ini",
    "C:x", "con", "macos-santa/NUL.xml", "manifest.json", "MANIFEST.JSON", "a\0b", "a\nb", "~/x", "x.", "\\\\server\\share", "file:///etc/passwd", "a//b", "e\u0301",
]  # fmt: skip


def test_no_name_in_a_manifest_is_followed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = os.open

    def watch(path: Any, *arguments: Any, **more: Any) -> int:
        opened.append(str(path))
        return real(path, *arguments, **more)

    original = (copy / "out" / "manifest.json").read_bytes()
    followed = []
    monkeypatch.setattr(os, "open", watch)
    for trick in _TRICKS:
        (copy / "out" / "manifest.json").write_bytes(original)
        _with_files(copy, lambda value, trick=trick: value["files"].append({"path": trick, "sha256": "0" * 64}))  # type: ignore[misc]
        done = run("verify-build", copy / "out")
        outside = [path for path in opened if not Path(path).resolve().is_relative_to(copy / "out")]
        if done.code == 0 or outside or "root:" in done.out + done.err:
            followed.append((trick, done.code, outside))
    print(f"trust: provenance: {len(_TRICKS)} names with tricks in a manifest, {len(followed)} followed")
    assert followed == []


@pytest.mark.parametrize(
    "name", ["../secret.yaml", "/etc/passwd", "mdm-policy/../../secret.yaml", "mdm-policy//etc/passwd.yaml"]
)
def test_no_list_outside_the_deployments_folder_is_read_because_a_manifest_says_so(name: str, copy: Path) -> None:
    write(copy.parent, "secret.yaml", "canary: 7f3a91")
    _with_files(copy, lambda value: value["command"].update(lists=[name]))
    done = _verify(copy)
    assert done.code in (1, 11)
    assert "canary" not in done.out + done.err
    assert "secret.yaml:" not in done.err


def test_an_accomplice_who_changes_file_and_manifest_is_found_by_rendering_again_alone(copy: Path) -> None:
    victim = copy / "out" / "jamf-mobile-profile"
    [profile] = victim.glob("*.xml")
    old = profile.read_bytes()
    new = old.replace(b"com.tencent.xin", b"com.tencent.xxx")
    assert new != old
    profile.write_bytes(new)
    data = (copy / "out" / "manifest.json").read_bytes()
    (copy / "out" / "manifest.json").write_bytes(
        data.replace(sha256(old).hexdigest().encode(), sha256(new).hexdigest().encode())
    )
    alone = run("verify-build", copy / "out")
    assert (alone.code, ids(alone.err)) == (0, ["warning[build-not-rendered]"])
    assert "Whoever can change a file can change the manifest" in alone.out
    again = _verify(copy)
    assert (again.code, again.json["rendered_again"]["state"]) == (11, "differs")
    assert [one["file"] for one in again.json["findings"]] == [f"jamf-mobile-profile/{profile.name}"]


def test_a_statement_has_the_same_bytes_on_every_run_and_place(made: Path, copy: Path, tmp_path: Path) -> None:
    statements = []
    for number, folder in enumerate((made, copy, made)):
        path = tmp_path / f"statement{number}.json"
        assert _verify(folder, "--attest", path).code == 0
        statements.append(path.read_bytes())
    print(f"trust: provenance: {len(statements)} statements on one build, {len(set(statements))} different")
    assert len(set(statements)) == 1
    assert str(made).encode() not in statements[0]

"""Build the wheel and look inside: the code, the data, and the templates exactly as they stand in the repository."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def _wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def held(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(REPOSITORY).as_posix(): path.read_bytes() for path in found}


def test_the_templates_are_those_of_the_repository(held: dict[str, bytes]) -> None:
    packed = {
        name.removeprefix("mdm_policy/"): data
        for name, data in held.items()
        if name.startswith("mdm_policy/templates/")
    }
    assert packed == _files(REPOSITORY / "templates")
    assert len(packed) > 40


def test_the_package_is_whole(held: dict[str, bytes]) -> None:
    package = _files(REPOSITORY / "mdm_policy")
    assert {name: held.get(name) == data for name, data in package.items()} == dict.fromkeys(package, True)
    page = REPOSITORY / "docs" / "findings.md"
    assert held["mdm_policy/docs/findings.md"] == page.read_bytes(), "reports have no help of their rules"
    for part in (
        "build/__init__.py",
        "data/catalogue.json",
        "data/lists/us-eo-13971.yaml",
        "data/init/deployment.yaml",
    ):
        assert f"mdm_policy/{part}" in held


def test_nothing_else_is_packed(held: dict[str, bytes]) -> None:
    strangers = [name for name in held if not name.startswith("mdm_policy/") and ".dist-info/" not in name]
    assert strangers == []
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in held)


def test_the_same_sources_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = _wheel(tmp_path)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="a source package has no commits")
def test_the_same_commit_makes_the_same_wheel_wherever_it_is_checked_out(tmp_path: Path) -> None:
    made: list[Path] = []
    for name, mask, zone in (("a", 0o022, "UTC"), ("another/deeper", 0o077, "Asia/Tokyo")):
        clone = tmp_path / name
        clone.parent.mkdir(parents=True, exist_ok=True)
        script = (
            f"umask {mask:o} && git clone -q --no-hardlinks {shlex.quote(str(REPOSITORY))} {shlex.quote(str(clone))}"
        )
        subprocess.run(["sh", "-c", script], check=True, capture_output=True)
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(clone / "dist")]
        subprocess.run(command, cwd=clone, check=True, capture_output=True, env=os.environ | {"TZ": zone})
        made += (clone / "dist").glob("*.whl")
    first, second = made
    print(
        f"trust: wheel: built from 2 clones of one commit, {len({first.read_bytes(), second.read_bytes()})} different"
    )
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("spoilt", [False, True])
def test_pip_installs_the_wheel_by_its_hash_and_no_other(wheel: Path, spoilt: bool, tmp_path: Path) -> None:
    """As `mdm-policy.lock` names it (tools/lock.py): a file beside the lock, with its extras and its hash."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    here = tmp_path / wheel.name
    here.write_bytes(wheel.read_bytes() + b"x" * spoilt)
    (tmp_path / "mdm-policy.lock").write_text(f"./{wheel.name}[push,sign] --hash=sha256:{digest}\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command = [*pip, "--target", "there", "--require-hashes", "-r", "mdm-policy.lock"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is (tmp_path / "there" / "mdm_policy").is_dir() is not spoilt, done.stderr
    assert ("DO NOT MATCH THE HASHES" in done.stderr) is spoilt


def test_a_program_from_the_wheel_finds_its_targets(wheel: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from mdm_policy import resources\n"
        "from mdm_policy.targets import discover\n"
        "print(resources.templates(), *discover(resources.templates()))\n"
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"{tmp_path}/mdm_policy/templates amapi-byod ")

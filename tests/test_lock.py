"""The lock that `make wheel` writes, and that nothing tells anyone to install the program by a name that nobody owns."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
LOCK = runpy.run_path(str(ROOT / "tools" / "lock.py"))["lock"]
ENVIRONMENT = {"python_version": "3.12", "platform_system": "Linux", "platform_machine": "x86_64"}


def taken(name: str, version: str, *, direct: bool = False, **info: Any) -> dict[str, Any]:
    """Return one entry of pip's report."""
    hashed = {"archive_info": {"hashes": {"sha256": f"digest-of-{name}"}}}
    return {"metadata": {"name": name, "version": version}, "is_direct": direct, "download_info": info or hashed}


def test_every_package_is_pinned_to_its_hash_and_the_wheel_is_a_file() -> None:
    wheel = taken("mdm-policy", "1.2.0", direct=True)
    report = {"environment": ENVIRONMENT, "install": [wheel, taken("Ju_ly", "2.0"), taken("april", "1.0")]}
    lines = LOCK("mdm_policy-1.2.0-py3-none-any.whl", report, []).splitlines()
    assert "Python 3.12, Linux x86_64" in lines[0]
    assert [line for line in lines if not line.startswith("#")] == [
        "./mdm_policy-1.2.0-py3-none-any.whl[push,sign] --hash=sha256:digest-of-mdm-policy",
        "april==1.0 --hash=sha256:digest-of-april",
        "ju-ly==2.0 --hash=sha256:digest-of-Ju_ly",
    ]
    assert "--platform x" in LOCK("w.whl", report, ["--platform", "x"]).splitlines()[0]


def test_what_has_no_hash_makes_no_lock() -> None:
    report = {"environment": ENVIRONMENT, "install": [taken("april", "1.0", vcs_info={"commit_id": "1"})]}
    with pytest.raises(KeyError):
        LOCK("w.whl", report, [])


BY_NAME = re.compile(r"(?:pipx?|uv) (?:tool )?(?:install|run|add)\b[^`\n]*?(?<![/\w])mdm-policy(?!\.lock)\b")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("python -m pip install --quiet 'mdm-policy[push]'", True, id="with an extra"),
        pytest.param("pip install mdm-policy==1.0", True, id="pinned"),
        pytest.param("uv tool install mdm-policy", True, id="uv"),
        pytest.param("pip install --require-hashes -r mdm-policy.lock", False, id="a lock"),
        pytest.param("pip install 'FILE.whl[push]'", False, id="a file"),
    ],
)
def test_an_install_by_name_is_recognised(line: str, found: bool) -> None:
    assert bool(BY_NAME.search(line)) is found


def test_nothing_says_to_install_by_name() -> None:
    folders = ("docs", "examples", "mdm_policy", "templates", "tools", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in {".md", ".toml", ""}]
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in files if "__pycache__" not in path.parts}
    assert len(texts) > 200
    assert [path.relative_to(ROOT).as_posix() for path, text in texts.items() if BY_NAME.search(text)] == []

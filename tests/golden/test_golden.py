"""Compare the whole example build, byte for byte, with what was reviewed and committed.

`pytest tests/golden --golden-update` rewrites the reviewed files; read what it prints before you commit them.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from build_kit import DAY
from cli_kit import run

HERE = Path(__file__).resolve().parent
REVIEWED = HERE / "federal"
EXAMPLE = HERE.parents[1] / "examples" / "federal" / "deployment.yaml"
STDOUT = "stdout.txt"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Build the example and return its files by path, and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    outcome = run("build", "--deployment", EXAMPLE, "--as-of", DAY, "-o", "build/example")
    assert outcome.code == 0, outcome.err
    return {**_files(tmp_path / "build" / "example"), STDOUT: outcome.out.encode()}


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _difference(path: str, old: bytes | None, new: bytes | None) -> str:
    before, after = ((data or b"").decode(errors="replace").splitlines(keepends=True) for data in (old, new))
    shown = list(difflib.unified_diff(before, after, f"reviewed/{path}", f"built/{path}"))
    rest = [f"... and {len(shown) - 60} more lines\n"] if len(shown) > 60 else []
    return "".join([*shown[:60], *rest]) or f"{path}: the line endings differ\n"


def test_the_example_is_built_as_reviewed(
    example: dict[str, bytes], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    reviewed = _files(REVIEWED)
    paths = sorted(example.keys() | reviewed.keys())
    changed = [path for path in paths if example.get(path) != reviewed.get(path)]
    difference = "".join(_difference(path, reviewed.get(path), example.get(path)) for path in changed)
    if request.config.getoption("--golden-update"):
        _update(example, reviewed, changed)
        with capsys.disabled():
            print(f"\n{difference}{len(changed)} golden files rewritten")
        return
    assert not changed, f"\n{difference}\nif this is meant, run: pytest tests/golden --golden-update"


def _update(example: dict[str, bytes], reviewed: dict[str, bytes], changed: list[str]) -> None:
    for path in changed:
        if path in example:
            (REVIEWED / path).parent.mkdir(parents=True, exist_ok=True)
            (REVIEWED / path).write_bytes(example[path])
        elif path in reviewed:
            (REVIEWED / path).unlink()

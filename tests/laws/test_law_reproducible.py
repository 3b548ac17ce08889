"""Run the program under other hash seeds, locales, time zones and folders: not one byte may change."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from build_kit import DAY

REPOSITORY = Path(__file__).resolve().parents[2]
LOCALES = ("C", "C.UTF-8", "tr_TR.ISO-8859-9")
ZONES = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles")
DEPLOYMENT = REPOSITORY / "examples" / "federal" / "deployment.yaml"


def _build(folder: Path, seed: int, locale: str, zone: str, here: Path) -> tuple[str, dict[str, str]]:
    """Build the example as another machine would; return what was printed, and the digest of each file."""
    chosen = {key: value for key, value in os.environ.items() if key.startswith(("COVERAGE", "SYSTEMROOT", "PATH"))}
    environment = chosen | {"PYTHONHASHSEED": str(seed), "LC_ALL": locale, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
    named = os.path.relpath(DEPLOYMENT, here)
    command = [sys.executable, "-m", "mdm_policy", "build", "--deployment", named, "--as-of", DAY, "-o", str(folder)]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    return done.stdout.decode("utf-8", "replace").replace(str(folder), "OUT"), digests


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return _build(tmp_path_factory.mktemp("usual") / "out", 0, "C.UTF-8", "UTC", REPOSITORY)[1]


@pytest.mark.parametrize("seed", range(1, 21))
def test_every_surrounding_gives_the_same_bytes(seed: int, usual: dict[str, str], tmp_path: Path) -> None:
    here = [REPOSITORY, DEPLOYMENT.parent, tmp_path][(seed + seed // 9) % 3]
    _, digests = _build(tmp_path / f"out {seed} é", seed, LOCALES[seed % 3], ZONES[seed // 3 % 3], here)
    assert digests == usual
    assert len(digests) > 30

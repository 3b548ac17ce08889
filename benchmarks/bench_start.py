"""Measure cold starts: whole processes, ours against a bare import of the libraries they stand on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figure, pairs, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_PROGRAM = Path(sys.executable).with_name("mdm-policy.exe" if sys.platform == "win32" else "mdm-policy")
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The warm-up must be able to leave compiled modules, as an installation has them."""
_LIBRARIES = "import click, jinja2, lxml.etree, yaml"


def figures(runs: int) -> Iterator[Figure]:
    """Measure `--version` and the example build."""
    version = pairs(lambda: _process(_PROGRAM, "--version"), lambda: _python("import click"), 3 * runs)
    yield ratio("cold start, --version / import click", version, 1.3)
    yield ratio(
        "cold start, example build / import the libraries", pairs(_example, lambda: _python(_LIBRARIES), 3 * runs), 2.5
    )


def _example() -> float:
    folder = Path(tempfile.mkdtemp())
    deployment = _ROOT / "examples" / "federal" / "deployment.yaml"
    try:
        return _process(_PROGRAM, "build", "--deployment", deployment, "--as-of", "2026-11-24", "-o", folder / "out")
    finally:
        shutil.rmtree(folder)


def _python(code: str) -> float:
    return _process(Path(sys.executable), "-c", code)


def _process(program: Path, *arguments: str | Path) -> float:
    start = time.perf_counter()
    quiet = subprocess.DEVNULL
    subprocess.run([program, *arguments], check=True, stdout=quiet, stderr=quiet, env=_ENVIRONMENT)
    return time.perf_counter() - start

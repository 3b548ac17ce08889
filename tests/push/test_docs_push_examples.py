"""Check the deployments that docs/push shows for these destinations: what a reader copies has to pass."""

from __future__ import annotations

import re
from pathlib import Path

import cli_kit
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "push"


@pytest.mark.parametrize("name", ["amapi", "kmfddm", "nanomdm"])
def test_the_example_passes_check(name: str, tmp_path: Path) -> None:
    text = (DOCS / f"{name}.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "deployment.yaml"
    path.write_text(example, "utf-8")
    ran = cli_kit.run("check", path)
    assert ran.code == 0, ran.err
    assert "error[" not in ran.err

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


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_each_page_says_what_was_tried_on_a_real_server_and_how_to_repeat_it(page: Path) -> None:
    (section,) = re.findall(r"\n## Against a real [a-z]+\n(.*?)(?=\n## |\Z)", page.read_text("utf-8"), re.DOTALL)
    assert re.search(r"\bTried with\b|\bNothing was tried\b|\bThe tests run\b", section)
    assert "mdm-policy plan" in section or "pytest" in section

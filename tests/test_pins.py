"""What is installed is bounded below where holes are known, and pinned where a pipeline installs it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
_SOUND = {"urllib3": (2, 6, 3), "pyyaml": (6, 0, 3), "lxml": (6, 1, 0), "jinja2": (3, 1, 6)}
"""The first versions without a known hole: GHSA-38jv-5279-wg99 (urllib3), GHSA-vfmq-68hx-4jfw (lxml), GHSA-cpwx-vrp4-4pq7 (Jinja)."""


@pytest.mark.parametrize("name", _SOUND)
def test_no_lower_bound_has_a_known_hole(name: str) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    wanted = [
        *project["project"]["dependencies"],
        *(one for extra in project["project"]["optional-dependencies"].values() for one in extra),
        *(one for group in project["dependency-groups"].values() for one in group if isinstance(one, str)),
    ]
    bounds = [one.partition(">=")[2] for one in wanted if one.partition(">=")[0] == name]
    assert bounds
    assert all(tuple(map(int, bound.split("."))) >= _SOUND[name] for bound in bounds)


def test_every_action_of_the_example_is_pinned_to_a_commit() -> None:
    text = (ROOT / "examples" / "pipelines" / "github-actions.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (\S+)(.*)", text)
    assert uses
    assert [
        one for one, rest in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) or not re.match(r" # v\d", rest)
    ] == []
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    kept = [step for step in steps if "checkout" in step.get("uses", "") and step["with"]["persist-credentials"]]
    assert kept == []


def test_every_install_of_the_pipelines_and_of_development_asks_for_hashes() -> None:
    for path in sorted((ROOT / "examples" / "pipelines").glob("*.yml")):
        installs = [line for line in path.read_text(encoding="utf-8").splitlines() if "pip install" in line]
        assert installs
        assert [line for line in installs if "--require-hashes" not in line] == []
    lines = [one for one in (ROOT / "dev.lock").read_text(encoding="utf-8").splitlines() if not one.startswith("#")]
    assert [one for one in lines if not re.fullmatch(r"[a-z0-9.-]+==\S+ --hash=sha256:[0-9a-f]{64}", one)] == []
    assert "LOCKED=1" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_lock_of_development_holds_what_the_program_itself_needs() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = [*wanted["dependencies"], *(one for extra in wanted["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[^A-Za-z0-9._-]", one)[0].lower().replace("_", "-") for one in every}
    lines = (ROOT / "dev.lock").read_text(encoding="utf-8").splitlines()
    assert names - {one.partition("==")[0] for one in lines} == set()

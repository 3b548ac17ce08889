"""Build every shipped list for every target: adopted where it is not in force, valid, and read back."""

from __future__ import annotations

import msgspec
import pytest
from build_kit import DAY, TARGETS, assert_law, choices
from cli_kit import run

from mdm_policy import catalogue
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import Adoption
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs

IN_FORCE = [
    *("au-deepseek", "au-kaspersky", "cz-deepseek", "ia-2025-02", "in-59", "oh-eo-2023-03d", "sd-eo-2023-06"),
    *("tx-prohibited-tech", "us-deepseek", "us-house-cao-bytedance", "us-kaspersky", "us-omb-m-23-13", "wi-eo-184"),
]
NOT_IN_FORCE = ["bytedance-family", "us-eo-13971"]
LISTS = sorted([*IN_FORCE, *NOT_IN_FORCE])


def test_every_shipped_list_is_tried() -> None:
    assert sorted(inputs.shipped()) == LISTS


@pytest.mark.parametrize("on", [pytest.param(False, id="as it is"), pytest.param(True, id="every option on")])
@pytest.mark.parametrize("name", LISTS)
def test_a_shipped_list_is_blocked_by_every_target(name: str, on: bool) -> None:
    read = inputs.gather(None, [name])
    adoption = Adoption(name, "the test", DAY, ("no-install", "no-launch"), Origin("--adopt"))
    resolution = resolve(read.lists, None, catalogue.load(), DAY, adopt=[adoption])
    families = {identifier.family for app in resolution.apps for identifier in app.identifiers}
    files: dict[str, bytes] = {}
    for target in TARGETS:
        for options in choices(target) if on else ({},):
            files |= assert_law(target, TARGETS, resolution, options)
    assert {"ios", "android"} <= families
    assert len(files) > 20


@pytest.mark.parametrize("name", NOT_IN_FORCE)
def test_a_list_that_is_not_in_force_is_built_only_when_it_is_adopted(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    refused = run("build", name, "--as-of", DAY, "-o", folder / "refused")
    assert refused.code == 1
    assert f"--adopt {name}" in " ".join(refused.err.split())
    assert not (folder / "refused").exists()
    adopted = run("build", name, "--as-of", DAY, "--adopt", name, "-o", folder / "adopted")
    assert adopted.code == 0
    manifest = msgspec.json.decode((folder / "adopted" / "manifest.json").read_bytes())
    assert [one["state"] for one in manifest["lists"]] == ["adopted"]


@pytest.mark.parametrize("name", IN_FORCE)
def test_a_list_in_force_needs_no_adoption(name: str) -> None:
    resolution = resolve(inputs.gather(None, [name]).lists, None, catalogue.load(), DAY)
    assert [status.state for status in resolution.statuses] == ["in-force"]


def test_the_revoked_order_names_its_end() -> None:
    with pytest.raises(PolicyError) as failed:
        resolve(inputs.gather(None, ["us-eo-13971"]).lists, None, catalogue.load(), DAY)
    [refusal] = [finding for finding in failed.value.findings if finding.severity == "error"]
    assert refusal.id == "list-revoked"
    assert "revoked on 2021-06-09 by E.O. 14034" in refusal.message

"""Refuse a file that would leave the build's folder, or take another file's place on some system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from build_kit import TARGETS, built, copy_target, edit, identifier, ids_of, inline, resolved

from mdm_policy import resources
from mdm_policy.build.naming import guarded
from mdm_policy.build.writing import Staging
from mdm_policy.errors import PolicyError
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

_REFUSED = [
    pytest.param(["../a"], "output-name", "leaves its folder", id="above"),
    pytest.param(["/a"], "output-name", "leaves its folder", id="absolute"),
    pytest.param(["t/con.xml"], "output-name", "a device on Windows", id="a device"),
    pytest.param(["t/a", "t/a"], "output-duplicate", "two files would be written to t/a", id="the same"),
    pytest.param(["t/a", "t/A"], "output-duplicate", "t/A and t/a, one place on some systems", id="another case"),
    pytest.param(["t/a", "T/b"], "", "", id="a folder in another case"),
    pytest.param(["t/a", "t/a/b"], "output-duplicate", "t/a/b and t/a", id="below a file"),
    pytest.param(["t/a/b", "t/a"], "output-duplicate", "t/a and t/a/b", id="a file for a folder"),
    pytest.param(["t/a/b", "t/a/c", "u/a"], "", "", id="others"),
]


@pytest.mark.parametrize(("paths", "finding", "message"), _REFUSED)
def test_a_name_is_judged_before_it_is_written(paths: list[str], finding: str, message: str) -> None:
    taken: list[str] = []
    write = guarded(lambda path, _data: taken.append(path))
    for path in paths[:-1]:
        write(path, b"")
    if not finding:
        write(paths[-1], b"")
        assert taken == paths
        return
    with pytest.raises(PolicyError) as failed:
        write(paths[-1], b"")
    assert ids_of(failed.value) == [finding]
    assert message in failed.value.findings[0].message
    assert taken == paths[:-1]


@pytest.mark.parametrize(
    "path", ["../outside", "a/../../outside", "/outside", "a\\..\\..\\outside", "con", "C:outside"]
)
def test_nothing_is_written_outside_the_staging_folder(path: str, tmp_path: Path) -> None:
    with Staging(tmp_path / "out") as staging:
        with pytest.raises(PolicyError) as failed:
            staging.write(path, b"")
        assert ids_of(failed.value) == ["output-name"]
        assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [".out.mdm-policy.lock"]


def test_two_documents_of_a_target_in_one_place_are_refused(tmp_path: Path) -> None:
    folder = copy_target("apple-ddm-apps", tmp_path)
    edit(folder / "target.yaml", '"{slug}.activation.json"', '"our-list.CONFIGURATION.json"')
    targets = discover(resources.templates(), [tmp_path])
    bans = resolved(inline("a", identifier("ios", "bundle_id", "com.example.a")))
    with pytest.raises(PolicyError) as failed:
        built(bans, ["apple-ddm-apps"], targets)
    assert ids_of(failed.value) == ["output-duplicate"]


def test_a_name_that_only_the_list_makes_bad_is_refused() -> None:
    target = TARGETS["apple-ios-restrictions"]
    spec = target.manifest.documents[0]
    bad = msgspec.structs.replace(spec, output="{slug}.")
    manifest = msgspec.structs.replace(target.manifest, documents=(bad, *target.manifest.documents[1:]))
    targets = TARGETS | {target.name: msgspec.structs.replace(target, manifest=manifest)}
    bans = resolved(inline("a", identifier("ios", "bundle_id", "com.example.a")))
    with pytest.raises(PolicyError) as failed:
        built(bans, [target.name], targets)
    assert ids_of(failed.value) == ["output-name"]

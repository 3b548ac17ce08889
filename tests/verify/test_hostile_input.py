"""Give the program what fuzzing found, and what is like it: each input ends in a finding or in nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import ids, run

from mdm_policy.errors import PolicyError
from mdm_policy.sources.builds import read_build
from mdm_policy.sources.files import read_policies
from mdm_policy.targets import discover

CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"
_GITOPS = "team_settings: {}\ncontrols:\n  macos_settings:\n    custom_settings:\n    - "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.mobileconfig").write_bytes((CORPUS / "plist-xml" / "restrictions").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("entry", "scope"),
    [
        pytest.param("labels_include_any: 5", ("5",), id="a number for labels"),
        pytest.param("labels_include_any: Lab", ("Lab",), id="one label without its list"),
        pytest.param("labels_include_all: true", ("True",), id="a flag for labels"),
        pytest.param("labels_include_all: {a: 1}", ("{'a': 1}",), id="a mapping for labels"),
    ],
)
def test_labels_that_are_no_list_still_bind(entry: str, scope: tuple[str, ...], folder: Path) -> None:
    (folder / "f.yml").write_text(f"{_GITOPS}{{path: a.mobileconfig, {entry}}}\n", encoding="utf-8")
    read = read_policies([folder])
    assert [one.groups for one in read.scopes.values()] == [scope]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param('{paths: "**a"}', id="a pattern that is none"),
        pytest.param('{paths: ""}', id="an empty pattern"),
        pytest.param('{paths: "."}', id="a pattern without a name"),
        pytest.param('{paths: "a\\0b"}', id="a pattern with a NUL"),
        pytest.param('{path: "a\\0b"}', id="a path with a NUL"),
        pytest.param('{path: a.mobileconfig, activation: "\\0"}', id="an activation with a NUL"),
        pytest.param('{path: "' + "a" * 5000 + '"}', id="a path too long"),
    ],
)
def test_a_gitops_file_that_names_no_file_is_told(entry: str, folder: Path) -> None:
    (folder / "f.yml").write_text(f"{_GITOPS}{entry}\n", encoding="utf-8")
    found = {finding.id for finding in read_policies([folder]).findings if finding.severity == "error"}
    assert found == {"file-unreadable"}


def test_controls_that_lead_to_a_profile_are_no_controls(folder: Path) -> None:
    (folder / "f.yml").write_text("team_settings: {}\ncontrols: {path: a.mobileconfig}\n", encoding="utf-8")
    read = read_policies([folder])
    assert read.documents == ()
    assert [finding.id for finding in read.findings] == ["gitops-unused"]


def test_a_version_of_thousands_of_digits_in_a_manifest_is_read_in_part(folder: Path) -> None:
    manifest = json.loads((CORPUS / "build-manifest" / "manifest").read_bytes())
    (document,) = manifest["documents"]
    block = document["blocks"][0] | {"platforms": {"ios": "9" * 5000}}
    document |= {"blocks": [block], "read_back": {block["claim"]: "/PayloadContent/*"}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    built = read_build(folder)
    assert built is not None
    ((_, _, _, rule),) = next(iter(built.records.values())).read_back
    assert rule.introduced == {"ios": (999999999,)}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param("apple-ios-restrictions", "2021-13-45", "unquoted-text", id="a date that is none"),
        pytest.param("apple-ios-restrictions", "!!int x", "yaml-tag", id="an int that is none"),
        pytest.param("apple-ios-restrictions", "!!float x", "yaml-tag", id="a float that is none"),
        pytest.param("apple-ios-restrictions", "!!timestamp x", "yaml-tag", id="a timestamp that is none"),
        pytest.param('ios: "15"', f'ios: "{"9" * 5000}"', "os-version", id="a version without end"),
        pytest.param("t.j2", "a" * 5000, "target-manifest", id="a template's name without end"),
        pytest.param("t.j2", '"\\0"', "text-character", id="a template's name with a NUL"),
    ],
)
def test_a_hostile_target_manifest_is_told(old: str, new: str, found: str, tmp_path: Path) -> None:
    text = (CORPUS / "target-manifest" / "target").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "target.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "t.j2").write_bytes(b"")
    with pytest.raises(PolicyError) as failed:
        discover(tmp_path)
    assert {finding.id for finding in failed.value.findings} == {found}


@pytest.mark.parametrize("name", sorted(path.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*")))
def test_every_seed_of_the_corpus_ends_in_a_finding_or_a_verdict(name: str) -> None:
    done: Any = run("verify", CORPUS / name, "--list", "us-omb-m-23-13", "--as-of", "2026-11-24")
    assert done.code in (0, 1, 11)
    assert "internal-error" not in ids(done.err)
    assert "Traceback" not in done.err

"""Render documents: paths, records, embedded and copied documents, labels, and what is refused on the way."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import (
    NOTHING_KNOWN,
    TARGETS,
    ban_list,
    built,
    copy_target,
    deployment,
    edit,
    identifier,
    ids_of,
    inline,
    resolved,
    waiver,
)

from mdm_policy import render, resources
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import ordered, resolve
from mdm_policy.targets import Copy, Embed, discover

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.model import Resolution

_IOS = identifier("ios", "bundle_id", "com.example.a")
_ANDROID = identifier("android", "package_name", "com.example.a")
_EXE, _APPX = identifier("windows", "executable", "a.exe"), identifier("windows", "appx_name", "Example.A")


def _job(resolution: Resolution, name: str, **more: Any) -> render.Job:
    target = TARGETS[name]
    variant = resolution.variants[-1]
    ids = ordered(resolution, variant)
    made = render.Job(target, resolution, variant, ids, target.options({}), TARGETS, "our-list")
    return msgspec.structs.replace(made, **more)


def test_one_document_for_each_value_with_a_safe_name() -> None:
    names = ["tool", "Tool", "a/b".replace("/", "-"), "漢字", "con"]
    bans = [inline("App", *(identifier("macos", "process_name", name) for name in names))]
    made, files = built(resolved(*bans), ["jamf-restricted-software"])
    paths = [record.path for record in made.documents]
    assert len(paths) == len(set(map(str.casefold, paths))) == len(names)
    assert all(path.isascii() for path in paths)
    assert {path for path in paths if path.split("/")[1] in ("tool.xml", "a-b.xml")} <= set(files)
    assert not any(path.endswith("/con.xml") for path in paths)


def test_two_records_in_one_place_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "slug", lambda _text: "same")
    bans = [inline("App", identifier("macos", "process_name", "a"), identifier("macos", "process_name", "b"))]
    with pytest.raises(PolicyError) as failed:
        built(resolved(*bans), ["jamf-restricted-software"])
    assert ids_of(failed.value) == ["output-duplicate"]


def test_a_variants_files_bear_its_name() -> None:
    bans = [
        inline("a", identifier("macos", "process_name", "a"), _IOS),
        inline("b", identifier("macos", "process_name", "b"), identifier("ios", "bundle_id", "com.example.b")),
    ]
    resolution = resolve(
        [ban_list(*bans, exceptions=[waiver("inline:b", "lab")])], deployment(), NOTHING_KNOWN, "2026-06-01"
    )
    _, files = built(resolution, ["jamf-restricted-software", "apple-ddm-apps"])
    assert sorted(path for path in files if not path.endswith(".md")) == [
        "apple-ddm-apps/our-list--lab.activation.json",
        "apple-ddm-apps/our-list--lab.configuration.json",
        "apple-ddm-apps/our-list.activation.json",
        "apple-ddm-apps/our-list.configuration.json",
        "jamf-restricted-software/a--lab.xml",
        "jamf-restricted-software/a.xml",
        "jamf-restricted-software/b.xml",
    ]
    base, lab = (json.loads(files[f"apple-ddm-apps/our-list{name}.configuration.json"]) for name in ("", "--lab"))
    assert lab["Identifier"] == base["Identifier"] + ".lab"
    assert lab["ServerToken"] != base["ServerToken"]


def test_the_server_token_changes_exactly_when_the_target_says_something_else() -> None:
    def token(*bans: Any, **more: Any) -> str:
        _, files = built(resolved(*bans, **more), ["apple-ddm-apps"])
        made: str = json.loads(files["apple-ddm-apps/our-list.configuration.json"])["ServerToken"]
        return made

    first = token(inline("A", _IOS))
    assert token(inline("A", _IOS, _ANDROID)) == first
    assert token(inline("A", _IOS, identifier("ios", "bundle_id", "com.example.b"))) != first


def test_an_embedded_document_is_the_other_targets_own_bytes() -> None:
    _, files = built(
        resolved(inline("App & <Co>", _IOS)), ["intune-ios-custom", "apple-ios-restrictions", "jamf-mobile-profile"]
    )
    profile = files["apple-ios-restrictions/our-list.mobileconfig"]
    assert base64.b64decode(json.loads(files["intune-ios-custom/our-list.json"])["payload"]) == profile
    assert files["jamf-mobile-profile/our-list.mobileconfig"] == profile


def test_a_document_that_is_not_asked_for_is_embedded_all_the_same() -> None:
    alone = built(resolved(inline("App", _IOS)), ["intune-ios-custom"])[1]
    beside = built(resolved(inline("App", _IOS)), ["apple-ios-restrictions", "intune-ios-custom"])[1]
    assert alone["intune-ios-custom/our-list.json"] == beside["intune-ios-custom/our-list.json"]


_WINDOWS = [
    pytest.param((_EXE,), ["EXE", "StoreApps"], id="programs alone"),
    pytest.param((_APPX,), ["StoreApps"], id="packaged apps alone"),
    pytest.param((_EXE, _APPX), ["EXE", "StoreApps"], id="both"),
]


@pytest.mark.parametrize(("identifiers", "kinds"), _WINDOWS)
def test_what_would_block_nothing_is_embedded_only_where_it_is_always_wanted(
    identifiers: Any, kinds: list[str]
) -> None:
    _, files = built(resolved(inline("App", *identifiers)), ["intune-windows-applocker"])
    settings = json.loads(files["intune-windows-applocker/our-list.json"])["omaSettings"]
    assert [one["omaUri"].split("/")[-2] for one in settings] == kinds
    assert all(one["value"].startswith("<RuleCollection ") for one in settings)


def test_many_embedded_bytes_are_made_again_instead_of_kept() -> None:
    resolution = resolved(inline("App", _IOS))
    job = _job(resolution, "jamf-mobile-profile", memo=render.memo(TARGETS.values()))
    job.memo.room = 0
    [spec, _] = job.target.manifest.documents
    first = [artifact.data for artifact in render.render_document(job, spec)]
    assert job.memo.data == {}
    again = [artifact.data for artifact in render.render_document(_job(resolution, "jamf-mobile-profile"), spec)]
    assert first == again


@pytest.mark.parametrize("wanted", [Embed("x", "macos-santa", "absent"), Copy("macos-santa", "absent")])
def test_an_embedded_document_must_exist(wanted: Embed | Copy) -> None:
    with pytest.raises(PolicyError) as failed:
        render._inner(_job(resolved(inline("App", _IOS)), "jamf-mobile-profile"), wanted)
    assert ids_of(failed.value) == ["target-manifest"]


_PRINTED = [
    pytest.param("<string>Configuration</string>", "<string>Configuration", "document-syntax", id="broken XML"),
    pytest.param("<key>PayloadType</key>", "<key>PayloadType</key><string>a</string><key>PayloadType</key>", "duplicate-key", id="a key twice"),
    pytest.param("<key>PayloadVersion</key>", "<key>Payload</key><string> a</string><key>PayloadVersion</key>", "white-space", id="stray white space"),
    pytest.param("<dict>\n\t<key>PayloadType", "<!DOCTYPE a><dict>\n\t<key>PayloadType", "document-syntax", id="a document type"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "finding"), _PRINTED)
def test_what_a_template_prints_is_parsed_strictly(old: str, new: str, finding: str, tmp_path: Path) -> None:
    folder = copy_target("apple-ios-restrictions", tmp_path)
    edit(folder / "profile.mobileconfig.j2", old, new)
    targets = discover(resources.templates(), [tmp_path])
    with pytest.raises(PolicyError) as failed:
        built(resolved(inline("App", _IOS)), ["apple-ios-restrictions"], targets)
    assert any(finding in one for one in ids_of(failed.value)), str(failed.value)
    assert "(as printed)" in str(failed.value.findings[0].origin)


def test_nothing_is_rendered_where_nothing_is_ordered() -> None:
    job = _job(resolved(inline("App", _IOS)), "amapi-byod")
    assert not render.can_block(job)
    assert [list(render.render_document(job, spec)) for spec in job.target.manifest.documents] == [[], []]
    assert all(render.nothing_claimed(job, spec) for spec in job.target.manifest.documents)


def test_a_target_with_nothing_to_do_is_told() -> None:
    made, files = built(resolved(inline("App", _IOS)), ["amapi-byod", "apple-ios-restrictions"])
    assert [found.message for found in made.findings if found.id == "nothing-to-block"] == [
        "amapi-byod is not built: no banned app has a android package_name, web domain"
    ]
    assert not any(path.startswith("amapi-byod") for path in files)
    assert [target.name for target in made.targets] == ["apple-ios-restrictions"]


def test_labels_name_the_organization_and_the_lists() -> None:
    lists = [ban_list(inline("App", _IOS), name=name) for name in ("b-list", "a-list")]
    _, files = built(resolve(lists, deployment(), NOTHING_KNOWN, "2026-06-01"), ["intune-ios-settings-catalog"])
    policy = json.loads(files["intune-ios-settings-catalog/our-list.json"])
    assert policy["name"] == "Banned apps: a-list, b-list"
    assert "Example Agency" in policy["description"]

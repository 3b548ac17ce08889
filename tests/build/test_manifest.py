"""Write manifest.json: what was built from what, the same bytes wherever it is built."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from build_kit import (
    DAY,
    NOTHING_KNOWN,
    PLACE,
    TARGETS,
    ban_list,
    built,
    copy_target,
    deployment,
    identifier,
    inline,
    judged,
    waiver,
)

from mdm_policy import resources
from mdm_policy.build.manifest import digest_of, record_of
from mdm_policy.build.record import BuildCommand, Input, encode
from mdm_policy.errors import note
from mdm_policy.model import AcceptedGap, DeviceClass, OsBound, Resolution
from mdm_policy.resolve import resolve
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

_PHONES = DeviceClass(
    "phones", "ios", PLACE, (OsBound(">=", (17,)),), supervised=True, enrollment="automated", groups=("lab",)
)
_OWN = DeviceClass("own phones", "ios", PLACE, (OsBound(">=", (17,)),), supervised=False, enrollment="user")
_NAMES = ["apple-ios-restrictions", "jamf-mobile-profile", "intune-ios-settings-catalog"]


_COMMAND = BuildCommand(("our-list.yaml",), (), ("jamf-restricted-software",))


def _resolution() -> Resolution:
    bans = [
        inline("a", identifier("ios", "bundle_id", "com.example.a", 7)),
        inline("b", identifier("ios", "bundle_id", "com.example.b", 8)),
    ]
    gap = AcceptedGap("inline:a", "own phones", "no control", "CISO (example)", "MEMO-2 (example)", "2027-01-01", PLACE)
    made = deployment(devices=(_PHONES, _OWN), accepted_gaps=(gap,))
    return resolve([ban_list(*bans, exceptions=[waiver("inline:b", "lab")])], made, NOTHING_KNOWN, DAY)


def _written(names: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, bytes]]:
    resolution = _resolution()
    made, files = built(resolution, _NAMES)
    inputs = [Input("list", "our-list.yaml", "2" * 64), Input("deployment", "deployment.yaml", "1" * 64)]
    data = encode(
        record_of(resolution, made, judged(resolution, made), inputs, names or {}, "mdm-policy 0.0.0", _COMMAND)
    )
    assert data == encode(
        record_of(resolution, made, judged(resolution, made), inputs[::-1], names or {}, "mdm-policy 0.0.0", _COMMAND)
    )
    read: dict[str, Any] = json.loads(data)
    return read, files


def test_every_file_is_recorded_with_its_digest() -> None:
    read, files = _written()
    assert (read["format"], read["version"], read["program"], read["as_of"]) == (
        "mdm-policy-build",
        1,
        "mdm-policy 0.0.0",
        DAY,
    )
    assert {one["path"]: one["sha256"] for one in read["files"]} == {
        path: hashlib.sha256(data).hexdigest() for path, data in files.items()
    }
    for one in read["documents"]:
        assert (one["sha256"], one["bytes"]) == (
            hashlib.sha256(files[one["path"]]).hexdigest(),
            len(files[one["path"]]),
        )
    assert [one["path"] for one in read["files"]] == sorted(files)


def test_inputs_lists_and_organization_are_recorded() -> None:
    read, _ = _written()
    assert [one["role"] for one in read["inputs"]] == ["deployment", "list"]
    assert read["organization"] == {"name": "Example Agency", "identifier": "gov.example.agency"}
    assert [(one["id"], one["state"], one["because"]) for one in read["lists"]] == [
        ("our-list", "in-force", "in force since 2026-01-01")
    ]


def test_each_document_says_what_it_blocks_and_whom_it_addresses() -> None:
    read, _ = _written()
    profile = next(one for one in read["documents"] if one["target"] == "apple-ios-restrictions" and not one["variant"])
    [block] = profile["blocks"]
    assert (block["family"], block["kind"], block["count"], block["verdict"]) == ("ios", "bundle_id", 2, "hidden")
    assert block["platforms"]["ios"] == "15"
    assert profile["kind"] == "apple-profile"
    assert profile["schema"] == "apple-ios-restrictions"
    assert profile["addresses"] == [
        "own phones"
    ]  # every phone of the other class is in the lab, which gets the variant
    assert {one["proof"] for one in read["documents"]} == {"modelled"}


def test_apps_stand_with_the_place_that_bans_them() -> None:
    read, _ = _written({"our-list.yaml": "lists/ours.yaml"})
    [first, _] = read["apps"]
    assert first["banned_by"] == [
        {"list": "our-list", "citation": "Order our-list", "at": "lists/ours.yaml:5:5", "through": ""}
    ]
    assert [one["value"] for one in first["identifiers"]] == ["com.example.a"]


def test_exceptions_are_recorded_with_their_approval() -> None:
    read, _ = _written({"our-list.yaml": "lists/ours.yaml"})
    [base, lab] = read["variants"]
    assert (base["name"], base["groups"], base["exceptions"]) == ("", [], [])
    assert (lab["name"], lab["groups"], lab["excepted"]) == ("lab", ["lab"], ["inline:b"])
    [exception] = lab["exceptions"]
    assert exception["origin"] == "lists/ours.yaml:1:1"
    assert exception["document"] == "MEMO-1 (example)"


def test_gaps_are_recorded_with_who_accepts_them() -> None:
    read, _ = _written()
    phones, own = read["device_classes"]
    assert (phones["held_back"], phones["counts"]["excepted"], phones["gaps"]) == (1, 1, [])
    assert (own["held_back"], own["counts"]["accepted"], own["counts"]["unenforceable"]) == (0, 1, 1)
    assert (read["outcome"], read["counts"]["pairs"]) == ("NOT PROVEN", 4)
    assert read["sentence"].startswith(
        "NOT PROVEN: 2 banned apps on 2 device classes: blocked 1 (strong 1), excepted 1,"
    )
    assert [row["classes"] for row in read["coverage"]] == [
        {"phones": "hidden", "own phones": "accepted"},
        {"phones": "excepted", "own phones": "UNENFORCEABLE"},
    ]
    assert [(gap["apps"], gap["accepted_by"]) for gap in own["gaps"]] == [
        (["inline:b"], ""),
        (["inline:a"], "MEMO-2 (example)"),
    ]


def test_a_finding_without_a_place_is_recorded_without_one() -> None:
    resolution = _resolution()
    made, _ = built(resolution, ["apple-ios-restrictions", "amapi-byod"])
    read = json.loads(encode(record_of(resolution, made, judged(resolution, made), [], {}, "p", _COMMAND)))
    told = [one for one in read["findings"] if one["id"] == "nothing-to-block"]
    assert [one["at"] for one in told] == [""]
    assert note("x", "y").origin is None


def test_a_target_is_recorded_by_the_digest_of_its_templates(tmp_path: Path) -> None:
    read, _ = _written()
    recorded = {one["name"]: one["digest"] for one in read["targets"]}
    assert recorded == {name: digest_of(TARGETS[name]) for name in sorted(_NAMES)}
    folder = copy_target("macos-santa", tmp_path)
    target = discover(resources.templates(), [tmp_path])["macos-santa"]
    before = digest_of(target)
    assert before != digest_of(TARGETS["macos-santa"])  # the manifest says that it replaces one
    for changed in (folder / "import.md.j2", tmp_path / "_shared" / "import.md.j2"):
        changed.write_text("changed", encoding="utf-8")
        assert digest_of(target) != before
        before = digest_of(target)
    (folder / "import.md.j2").rename(folder / "other.md.j2")
    assert digest_of(target) != before

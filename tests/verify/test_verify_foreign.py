"""Verify policies in the shapes people have them: exports, backups, answers of servers, signed and binary files."""

from __future__ import annotations

import base64
import json
import plistlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_kit import AS_OF, run
from kind_documents import REQUIRED

from mdm_policy.documents.yamls import as_json
from mdm_policy.sources.files import read_policies
from mdm_policy.sources.jamf_json import as_xml, is_jamf

LIST = """\
ban_list: ours
title: Ours
authority: {citation: "Order 1 (example)", issued: 2026-01-01, effective: 2026-01-01}
bans:
  - name: Chat
    ios: {bundle_id: [com.chat.app]}
    android: {package_name: [com.chat.app]}
    macos: {team_id: [ABCDEFGHIJ], bundle_id: [com.chat.mac], process_name: [Chat]}
    windows: {publisher: ["O=CHAT"], executable: [chat.exe]}
"""
APPLE: dict[str, Any] = {
    "PayloadType": "Configuration",
    "PayloadContent": [
        {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": ["com.chat.app"], **REQUIRED}
    ],
    **REQUIRED,
}
OTHER = {"PayloadType": "x.unknown", "PayloadIdentifier": "x.z", "PayloadUUID": "1", "PayloadVersion": 1}
VISIBLE = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"@odata.type": "#microsoft.graph.appListItem", "appId": "com.chat.app", "name": "Chat"}],
}
CUSTOM = {
    "@odata.type": "#microsoft.graph.iosCustomConfiguration",
    "payloadFileName": "x.mobileconfig",
    "payload": base64.b64encode(plistlib.dumps(APPLE)).decode(),
}
DEFINITION = "com.apple.applicationaccess_"
CATALOG = {
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#deviceManagement/configurationPolicies/$entity",
    "name": "Ban",
    "platforms": "iOS",
    "technologies": "mdm,appleRemoteManagement",
    "settingCount": 1,
    "settings": [
        {
            "id": "0",
            "settingInstance": {
                "@odata.type": "#microsoft.graph.deviceManagementConfigurationGroupSettingCollectionInstance",
                "settingDefinitionId": "com.apple.applicationaccess_com.apple.applicationaccess",
                "groupSettingCollectionValue": [
                    {
                        "children": [
                            {
                                "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingCollectionInstance",
                                "settingDefinitionId": DEFINITION + "blockedappbundleids",
                                "simpleSettingCollectionValue": [
                                    {
                                        "@odata.type": "#microsoft.graph.deviceManagementConfigurationStringSettingValue",
                                        "value": "com.chat.app",
                                    }
                                ],
                            }
                        ]
                    }
                ],
            },
        }
    ],
}
BLOCK = {"packageName": "com.chat.app", "installType": "BLOCKED"}
AMAPI = {"name": "enterprises/LC1/policies/a", "version": "3", "playStoreMode": "BLACKLIST", "applications": [BLOCK]}
YAML = """\
'@odata.type': '#microsoft.graph.iosGeneralDeviceConfiguration'
appsVisibilityList:
- appId: com.chat.app
  appStoreUrl: null
  name: Chat
appsVisibilityListType: appsNotInListCompliant
assignments:
- target:
    '@odata.type': '#microsoft.graph.allDevicesAssignmentTarget'
createdOn: 2026-01-01
"""
JAMF_PROFILE = (
    "<configuration_profile><general><id>12</id><name>Ban</name><level>System</level><payloads>{}</payloads></general>"
    "<scope><all_mobile_devices>true</all_mobile_devices></scope></configuration_profile>"
)
RESTRICTED = {
    "restricted_software": {
        "general": {
            "id": 4,
            "name": "Chat",
            "process_name": "Chat",
            "match_exact_process_name": True,
            "kill_process": True,
        },
        "scope": {"all_computers": False, "computers": [], "computer_groups": [{"id": 1, "name": "field"}]},
    }
}


def js(value: Any, encoding: str = "utf-8") -> bytes:
    return json.dumps(value, indent=2).encode(encoding)


def escaped() -> bytes:
    text = plistlib.dumps(APPLE).decode().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return JAMF_PROFILE.format(text).encode()


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.yaml"
    path.write_text(LIST, encoding="utf-8")
    return path


def devices(folder: Path, *lines: str) -> Path:
    path = folder / "devices.yaml"
    path.write_text("devices:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return path


IPHONES = "{name: iPhones, platform: ios, os: '>=17', supervised: true, enrollment: automated}"
PHONES = "{name: phones, platform: android, mode: fully-managed}"
MACS = "{name: Macs, platform: macos, supervised: true, enrollment: automated, groups: [field]}"

_SHAPES = [
    pytest.param("p.mobileconfig", plistlib.dumps(APPLE), IPHONES, id="a profile"),
    pytest.param(
        "p.txt.bin", plistlib.dumps(APPLE, fmt=plistlib.FMT_BINARY), IPHONES, id="a binary profile, oddly named"
    ),
    pytest.param(
        "p",
        plistlib.dumps({**APPLE, "PayloadContent": [OTHER, *APPLE["PayloadContent"]]}),
        IPHONES,
        id="several payloads",
    ),
    pytest.param("v.json", js(VISIBLE), IPHONES, id="one Graph object"),
    pytest.param(
        "v.json",
        js(
            {
                "@odata.context": "x#deviceManagement/deviceConfigurations",
                "value": [{"@odata.type": "#microsoft.graph.iosUpdateConfiguration"}, VISIBLE],
            }
        ),
        IPHONES,
        id="a value page",
    ),
    pytest.param("v.json", js([VISIBLE]), IPHONES, id="an array"),
    pytest.param("v.json", b"\xef\xbb\xbf" + js(CATALOG), IPHONES, id="a portal export with a byte order mark"),
    pytest.param("v.json", b"\xff\xfe" + js(VISIBLE, "utf-16-le"), IPHONES, id="IntuneManagement in UTF-16LE"),
    pytest.param("v.json", js(CUSTOM), IPHONES, id="a base64 payload"),
    pytest.param("v.yaml", YAML.encode(), IPHONES, id="IntuneCD in YAML"),
    pytest.param("j.xml", escaped(), IPHONES, id="a Jamf profile from a server"),
    pytest.param(
        "j.json",
        js(
            {
                "configuration_profile": {
                    "general": {"id": 12, "name": "Ban", "payloads": plistlib.dumps(APPLE).decode()},
                    "scope": {"all_mobile_devices": True},
                }
            }
        ),
        IPHONES,
        id="a Jamf profile in JSON",
    ),
    pytest.param("a.json", js(AMAPI), PHONES, id="an AMAPI policy"),
    pytest.param(
        "a.json",
        js({"policies": [AMAPI, {**AMAPI, "name": "enterprises/LC1/policies/b"}]}),
        PHONES,
        id="a policies.list answer",
    ),
]


@pytest.mark.parametrize(("name", "data", "cls"), _SHAPES)
def test_a_policy_is_read_as_people_have_it(name: str, data: bytes, cls: str, ours: Path, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    done = run("verify", file, "--list", ours, "--devices", devices(tmp_path, cls), *AS_OF)
    assert (done.code, done.out.partition(":")[0]) == (0, "PROVEN"), done.out
    spoilt = data.replace("com.chat.app".encode("utf-16-le"), "com.chat.apq".encode("utf-16-le"))
    spoilt = spoilt.replace(b"com.chat.app", b"com.chat.apq")
    if spoilt == data:
        inner = base64.b64encode(plistlib.dumps(APPLE).replace(b"com.chat.app", b"com.chat.apq"))
        spoilt = js({**CUSTOM, "payload": inner.decode()})
    file.write_bytes(spoilt)
    done = run("verify", file, "--list", ours, "--devices", devices(tmp_path, cls), *AS_OF)
    assert (done.code, done.out.partition(":")[0]) == (11, "NOT PROVEN")


def test_one_policy_of_a_list_that_lacks_the_app_is_the_worst(ours: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(js({"policies": [AMAPI, {**AMAPI, "name": "enterprises/LC1/policies/b", "applications": []}]}))
    done = run("verify", file, "--list", ours, "--devices", devices(tmp_path, PHONES), *AS_OF)
    assert done.code == 11


def test_a_jamf_object_in_json_keeps_its_lines(ours: Path, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(js(RESTRICTED))
    taken = run("verify", file, "--list", ours, "--devices", devices(tmp_path, MACS), "--min-strength", "weak", *AS_OF)
    assert taken.code == 0, taken.out
    done = run("verify", file, "--list", ours, "--devices", devices(tmp_path, MACS), "--format", "json", *AS_OF)
    assert done.code == 11
    [gap] = done.json["gaps"]
    assert (gap["verdict"], gap["line"]) == (
        "weak",
        1 + js(RESTRICTED).decode().split("\n").index('      "process_name": "Chat",'),
    )


@pytest.mark.live("openssl")
def test_a_signed_profile_is_read_and_said_to_be(ours: Path, tmp_path: Path) -> None:
    signed = tmp_path / "signed.mobileconfig"
    signed.write_bytes(_signed(tmp_path))
    done = run("verify", signed, "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF)
    assert done.code == 0
    assert "signed-by" in done.out


def _signed(folder: Path) -> bytes:
    """Sign with openssl, which these tests need."""
    plain = plistlib.dumps(APPLE)
    openssl = shutil.which("openssl")
    assert openssl is not None, "this test needs openssl"
    (folder / "plain").write_bytes(plain)
    key, cert, out = folder / "k.pem", folder / "c.pem", folder / "s.der"
    make = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        "/CN=Example",
        "-days",
        "2",
    ]
    sign = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-outform",
        "DER",
        "-in",
        folder / "plain",
        "-signer",
        cert,
        "-inkey",
        key,
        "-out",
        out,
    ]
    for arguments in (make, sign):
        subprocess.run([openssl, *map(str, arguments)], check=True, capture_output=True)
    return out.read_bytes()


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _wrapped(plain: bytes) -> bytes:
    signed_data, data = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
    content = _der(0x30, data + _der(0xA0, _der(0x04, plain)))
    inner = _der(0x30, bytes.fromhex("020101") + _der(0x31, b"") + content + _der(0x31, b""))
    return _der(0x30, signed_data + _der(0xA0, inner))


def test_signed_data_without_any_signature_proves_nothing(ours: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.mobileconfig"
    file.write_bytes(_wrapped(plistlib.dumps(APPLE)))
    done = run("verify", file, "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF)
    assert done.code == 11
    assert "it carries no signature" in " ".join(done.err.split())


def test_a_mixture_of_files_and_folders(ours: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    for name, data in {
        "Device Configurations/a.json": js(VISIBLE),
        "Scripts/x.ps1": b"Write-Host hello",
        "Scripts/y.sh": b"<#broken",
        "Settings Catalog/other.json": js({"name": "x", "platforms": "iOS", "technologies": "mdm", "settings": []}),
        "README.md": b"# read me",
        ".git/config": b"[core]",
    }.items():
        path = backup / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    policy = tmp_path / "policy.json"
    policy.write_bytes(js(AMAPI))
    classes = devices(tmp_path, IPHONES, PHONES)
    done = run("verify", backup, policy, "--list", ours, "--devices", classes, "--format", "json", *AS_OF)
    assert done.code == 0, done.out
    uses = {use["name"].rpartition("/")[2]: use["note"] for use in done.json["documents"]}
    assert uses == {"a.json": "", "other.json": "without effect", "policy.json": ""}
    skipped = [f["file"].rpartition("/")[2] for f in done.json["findings"] if f["id"] == "file-skipped"]
    assert skipped == ["x.ps1", "y.sh"]


def test_standard_input(ours: Path, tmp_path: Path) -> None:
    text = plistlib.dumps(APPLE).decode()
    done = run("verify", "-", "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF, stdin=text)
    assert done.code == 0, done.out
    assert "(standard input)" in done.out


GITOPS = """\
controls:
  apple_settings:
    configuration_profiles:
      - path: ../lib/ban.mobileconfig
{labels}
  windows_settings:
    custom_settings: []
policies: []
"""


def _gitops(folder: Path, labels: str = "", name: str = "../lib/ban.mobileconfig") -> Path:
    (folder / "repo" / "fleets").mkdir(parents=True, exist_ok=True)
    (folder / "repo" / "lib").mkdir(exist_ok=True)
    (folder / "repo" / "lib" / "ban.mobileconfig").write_bytes(plistlib.dumps(APPLE))
    text = GITOPS.format(labels=labels).replace("../lib/ban.mobileconfig", name)
    (folder / "repo" / "fleets" / "phones.yml").write_text(text, encoding="utf-8")
    return folder / "repo"


@pytest.mark.parametrize(
    ("labels", "groups", "code"),
    [
        pytest.param("", "", 0, id="no labels"),
        pytest.param("        labels_include_any: [field]", "groups: [field]", 0, id="a label that covers the class"),
        pytest.param("        labels_include_any: [field]", "groups: [lab]", 11, id="another label"),
        pytest.param("        labels_include_all: [field, lab]", "groups: [field, lab]", 11, id="all labels at once"),
        pytest.param("        labels_include_all: [field]", "groups: [field]", 0, id="the one label"),
        pytest.param("        labels_exclude_any: [field]", "groups: [field]", 11, id="an excluded label"),
        pytest.param("        labels_exclude_any: [lab]", "groups: [field]", 0, id="another excluded label"),
        pytest.param(
            "        labels_include_any: [field]\n        labels_include_all: [field]",
            "groups: [field]",
            11,
            id="two ways to include",
        ),
        pytest.param("        labels: [field]", "groups: [field]", 11, id="a key about labels that is not known"),
        pytest.param(
            "        labels_include_any: [field]\n        labels_exclude_any: [lab]",
            "groups: [field, lab]",
            11,
            id="an excluded label",
        ),
    ],
)
def test_fleet_gitops_says_whom_a_profile_reaches(
    labels: str, groups: str, code: int, ours: Path, tmp_path: Path
) -> None:
    cls = IPHONES.replace("}", f", {groups}}}") if groups else IPHONES
    repo = _gitops(tmp_path, labels)
    done = run("verify", repo, "--list", ours, "--devices", devices(tmp_path, cls), *AS_OF)
    assert done.code == code, done.out + done.err


def test_a_profile_no_gitops_file_names_does_not_count(ours: Path, tmp_path: Path) -> None:
    repo = _gitops(tmp_path, name="../lib/gone.mobileconfig")
    done = run("verify", repo, "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF)
    assert done.code == 1
    assert "gone.mobileconfig" in done.err
    repo = _gitops(tmp_path, name="../lib/*.json")
    done = run("verify", repo, "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF)
    assert done.code == 1


def test_gitops_controls_may_stand_in_a_file_of_their_own(ours: Path, tmp_path: Path) -> None:
    repo = _gitops(tmp_path)
    team = repo / "fleets" / "phones.yml"
    held = {"apple_settings": {"custom_settings": [{"path": "ban.mobileconfig"}, "text"]}}
    (repo / "lib" / "controls.yml").write_text(json.dumps(held), encoding="utf-8")
    team.write_text("controls: {path: ../lib/controls.yml}\npolicies: []\n", encoding="utf-8")
    classes = devices(tmp_path, IPHONES)
    assert run("verify", repo, "--list", ours, "--devices", classes, *AS_OF).code == 0
    team.write_text("controls: {path: ../lib/nowhere.yml}\n", encoding="utf-8")
    assert run("verify", repo, "--list", ours, "--devices", classes, *AS_OF).code == 1


def test_gitops_files_without_controls_send_nothing(ours: Path, tmp_path: Path) -> None:
    repo = _gitops(tmp_path)
    (repo / "fleets" / "phones.yml").write_text("policies: []\nqueries: []\n", encoding="utf-8")
    done = run("verify", repo, "--list", ours, "--devices", devices(tmp_path, IPHONES), *AS_OF)
    assert done.code == 1
    assert "gitops-unused" in done.err


@pytest.mark.parametrize(
    ("first", "second", "scope"),
    [
        pytest.param("", "labels_include_any: [a]", "not-stated", id="one without labels"),
        pytest.param("labels_include_any: [a]", "labels_include_any: [b]", "groups", id="two labels"),
        pytest.param("labels_exclude_any: [a]", "labels_exclude_any: [b]", "not-stated", id="two exclusions"),
    ],
)
def test_several_gitops_entries_reach_what_each_does(first: str, second: str, scope: str, tmp_path: Path) -> None:
    repo = _gitops(tmp_path)
    for name, labels in (("a.yml", first), ("b.yml", second)):
        entry = f"{{path: ../lib/ban.mobileconfig{', ' if labels else ''}{labels}}}"
        text = f"controls:\n  macos_settings:\n    custom_settings:\n      - {entry}\n      - {{paths: ../lib/*.mobileconfig{', ' if labels else ''}{labels}}}\n      - {{note: none}}\n"
        (repo / "fleets" / name).write_text(text, encoding="utf-8")
    (repo / "fleets" / "phones.yml").unlink()
    found = read_policies([repo])
    assert [one.state for one in found.scopes.values()] == [scope]


def test_an_activation_goes_with_its_declaration(tmp_path: Path) -> None:
    repo = _gitops(tmp_path)
    for name in ("c.json", "a.json"):
        (repo / "lib" / name).write_text(
            '{"Type": "com.apple.configuration.app.settings", "Identifier": "x"}', encoding="utf-8"
        )
    text = "controls:\n  apple_settings:\n    configuration_profiles:\n      - {path: ../lib/c.json, activation: ../lib/a.json}\n"
    (repo / "fleets" / "phones.yml").write_text(text, encoding="utf-8")
    assert sorted(Path(name).name for name in read_policies([repo]).scopes) == ["a.json", "c.json"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: !!str 1", "1", id="said to be text"),
        pytest.param("a: ! 1", "1", id="not specific"),
        pytest.param("a: 2026-01-01", "2026-01-01", id="a date"),
        pytest.param("a: 0x10", 16, id="a number in another base"),
        pytest.param("a: ~", None, id="nothing"),
        pytest.param("a: 'NO'", "NO", id="quoted"),
        pytest.param("a: {b: [1, {c: d}]}", {"b": [1, {"c": "d"}]}, id="on one line"),
        pytest.param("a: |\n  one\n  two\n", "one\ntwo\n", id="several lines"),
        pytest.param("%YAML 1.1\n---\na: 1", 1, id="a directive"),
    ],
)
def test_yaml_is_read_as_its_console_wrote_it(text: str, value: Any) -> None:
    assert json.loads(as_json("x.yaml", text.encode(), 1000))["a"] == value


def test_an_odd_key_of_a_jamf_object_is_kept_harmless() -> None:
    value = {"restricted_software": {"general": {"a<b": 1, "c": None}, "s": [True]}}
    assert is_jamf(value)
    assert b"<item>1</item><c></c>" in as_xml(value, json.dumps(value).encode())
    assert not is_jamf({"restricted_software": {}})
    assert not is_jamf([])


@pytest.mark.parametrize(
    ("assignments", "copy", "code", "said"),
    [
        pytest.param([], APPLE, 11, "it is the payload of", id="assigned to nobody"),
        pytest.param(None, APPLE, 0, "it is the payload of", id="not stated"),
        pytest.param(
            None, {**APPLE, "PayloadDescription": "edited"}, 0, "it is not the payload that", id="they differ"
        ),
    ],
)
def test_a_decoded_payload_in_a_backup_is_no_profile_of_its_own(
    assignments: list[Any] | None, copy: dict[str, Any], code: int, said: str, ours: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backup" / "Device Configurations"
    (folder / "mobileconfig").mkdir(parents=True)
    value = CUSTOM if assignments is None else {**CUSTOM, "assignments": assignments}
    (folder / "Ban_iosCustomConfiguration.json").write_text(json.dumps(value), encoding="utf-8")
    (folder / "mobileconfig" / "x.mobileconfig").write_bytes(plistlib.dumps(copy))
    done = run("verify", tmp_path / "backup", "--list", ours, *AS_OF, "--format", "json")
    assert done.code == code
    assert [
        one["message"].startswith(said) for one in json.loads(done.out)["findings"] if one["id"] == "decoded-copy"
    ] == [True]


def test_a_profile_beside_an_object_of_another_name_counts(ours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup" / "Device Configurations"
    (folder / "mobileconfig").mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps({**CUSTOM, "assignments": []}), encoding="utf-8")
    (folder / "mobileconfig" / "y.mobileconfig").write_bytes(plistlib.dumps(APPLE))
    assert run("verify", tmp_path / "backup", "--list", ours, *AS_OF).code == 0


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        pytest.param(
            {"applications": [{"packageName": "com.chat.app", "installType": "BLOCKED"}]}, True, id="what Fleet refuses"
        ),
        pytest.param({"advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"}}, False, id="a part"),
    ],
)
def test_an_android_profile_of_fleet_blocks_no_work_app(
    profile: dict[str, Any], said: bool, ours: Path, tmp_path: Path
) -> None:
    repo = _gitops(tmp_path, name="../lib/android.json")
    team = repo / "fleets" / "phones.yml"
    team.write_text(team.read_text(encoding="utf-8").replace("apple_settings", "android_settings"), encoding="utf-8")
    (repo / "lib" / "android.json").write_text(json.dumps(profile), encoding="utf-8")
    done = run("verify", repo, "--list", ours, *AS_OF)
    assert done.code == 11
    assert ("fleet-refuses-key" in done.err) is said

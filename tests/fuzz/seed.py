"""Make the seed corpus from the golden build and the example, small: run it when a format changes, and commit the result."""

from __future__ import annotations

import base64
import json
import plistlib
import shutil
from pathlib import Path

import seeds_newer

from mdm_policy.kinds import KINDS

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden" / "federal"
EXAMPLES = HERE.parent / "validate" / "examples"
ROOT = HERE.parent.parent
CORPUS = HERE / "corpus"

_PROFILE = {
    "PayloadType": "Configuration",
    "PayloadIdentifier": "a.b",
    "PayloadUUID": "6F7B1F8A-0000-4000-8000-000000000001",
    "PayloadVersion": 1,
    "PayloadContent": [
        {
            "PayloadType": "com.apple.applicationaccess",
            "blockedAppBundleIDs": ["com.tencent.xin", "com.a.b"],
            "allowListedAppBundleIDs": ["com.apple.mobilesafari"],
        },
        {"PayloadType": "com.northpolesec.santa", "StaticRules": [{"rule_type": "TEAMID", "identifier": "5A4RE8SF68"}]},
        {"PayloadType": "com.apple.webcontent-filter", "DenyListURLs": ["https://wechat.com"], "FilterType": "BuiltIn"},
    ],
}
_DEPLOYMENT = """\
organization: {name: Example, identifier: gov.example.agency}
lists: [us-eo-13971, ours.yaml]
adopt: {us-eo-13971: {by: memo, since: 2026-05-01, duties: [no-install, no-launch]}}
devices:
- {name: a, platform: ios, os: ">=12, <17", supervised: true, enrollment: automated, managed_by: intune, groups: [lab]}
- {name: b, platform: android, os: ">=12", mode: cope, origins: [store, sideloaded]}
accepted_gaps:
- {app: wechat, device: a, reason: b, approved_by: c, document: d, until: 2027-01-01}
targets: [apple-ios-restrictions]
options: {amapi-cope: {block_sideloading: true}}
protected: {domains: [a.de]}
"""
_DEVICES = """\
devices:
- {name: a, platform: ios, os: ">=12, <17", supervised: true, enrollment: user}
- {name: b, platform: windows, os: ">=10"}
"""
_LIST = """\
ban_list: us-eo-13971
title: Chinese connected software applications
authority: {citation: "E.O. 13971", issued: 2021-01-05, effective: 2021-02-19, revoked: {on: 2021-06-09, by: "E.O. 14034"}, duties: []}
include: [other.yaml, table.csv]
bans:
  - app: alipay
  - {feature: QQ Wallet, implemented_by: qq}
  - vendor: kaspersky
  - name: "WeChat \\u5fae"
    ios: {bundle_id: [com.tencent.xin], app_store_id: ["414478124"]}
    android: {package_name: [com.tencent.mm]}
    macos: {bundle_id: [com.tencent.xinWeChat], team_id: [5A4RE8SF68]}
    windows: {package_family_name: [TencentWeChatLimited.forWindows10_sdtnhv12zgd7a], publisher: ["O=T"], executable: [WeChat.exe]}
    domains: [wechat.com]
    note: |
      several
      lines
exceptions:
  - {app: alipay, category: security-research, approved_by: B, document: D, groups: [lab], until: 2021-05-01}
"""
_TABLE = 'app,platform,kind,identifier\nQQ,ios,bundle_id,com.tencent.mqq\n"W, X",web,domain,wechat.com\n'
_REGISTRY = """\
Windows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Edge\\URLBlocklist]\r
"1"="a.example"\r
"2"=hex(1):61,00,\\\r
  00,00\r
"""
_INDICATORS = """\
IndicatorType,IndicatorValue,ExpirationTime,Action,Title,RbacGroups
DomainName,a.example,2030-01-01T00:00:00.0Z,Block,"a, b","c, d"
"""
_GITOPS = """\
team_settings: {}
policies: []
controls:
  macos_settings:
    custom_settings:
    - {path: a.mobileconfig, labels_include_any: [Lab], labels_exclude_any: [Own]}
  apple_settings:
    configuration_profiles:
    - {paths: "*.mobileconfig", labels_include_all: [A, B], activation: b.json}
"""
_BACKUP = """\
"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration"
appsVisibilityListType: appsNotInListCompliant
appsVisibilityList:
- {appId: com.tencent.xin, name: 'WeChat'}
assignments:
- target: {'@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId: x}
"""


def _signed(content: bytes, *, pieces: bool) -> bytes:
    """Wrap bytes as a CMS SignedData does, in DER, or in BER with indefinite lengths and the content in pieces."""

    def tlv(tag: int, held: bytes) -> bytes:
        size = len(held)
        width = (size.bit_length() + 7) // 8
        return (
            bytes((tag,))
            + (bytes((size,)) if size < 128 else bytes((0x80 | width,)) + size.to_bytes(width, "big"))
            + held
        )

    def open_(tag: int, held: bytes) -> bytes:
        return bytes((tag, 0x80)) + held + b"\0\0"

    data_id, signed_id = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    if pieces:
        halves = tlv(4, content[:90]) + tlv(4, content[90:])
        held = open_(0x30, data_id + open_(0xA0, open_(0x24, halves)))
        return open_(0x30, signed_id + open_(0xA0, open_(0x30, b"\2\1\1" + tlv(0x31, b"") + held + tlv(0x31, b""))))
    held = tlv(0x30, data_id + tlv(0xA0, tlv(4, content)))
    return tlv(0x30, signed_id + tlv(0xA0, tlv(0x30, b"\2\1\1" + tlv(0x31, b"") + held + tlv(0x31, b""))))


def _manifest() -> bytes:
    whole = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))
    whole["documents"] = [one for one in whole["documents"] if one["target"] == "apple-ios-restrictions"]
    whole["documents"][0]["path"] = "ios/b.mobileconfig"
    whole["documents"][0]["read_back"] = {"ban": "/PayloadContent/*/blockedAppBundleIDs/*"}
    whole["targets"] = [one for one in whole["targets"] if one["name"] == "apple-ios-restrictions"]
    whole["files"] = [{"path": "ios/b.mobileconfig", "sha256": "0" * 64}]
    kept = ("format", "version", "program", "as_of", "inputs", "lists", "variants", "targets", "documents", "files")
    return json.dumps({key: whole[key] for key in kept}, indent=1).encode()


def _target_manifest() -> str:
    text = (ROOT / "templates" / "apple" / "ios-restrictions" / "target.yaml").read_text(encoding="utf-8")
    return text.replace("profile.mobileconfig.j2", "t.j2").replace("banned-apps.mobileconfig.j2", "t.j2")


def _wrapped(kind: str, value: object) -> bytes:
    return json.dumps({"value": [{"@odata.type": f"#microsoft.graph.{kind}", **dict(value)}]}).encode()  # type: ignore[call-overload]


def _short(value: object) -> object:
    """Keep three of each list: a parser that breaks breaks on the third as well as on the hundredth."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    return [_short(one) for one in value[:3]] if isinstance(value, list) else value


def main() -> None:
    """Write every seed."""
    profile = plistlib.dumps(_PROFILE)
    binary = plistlib.dumps(_PROFILE, fmt=plistlib.FMT_BINARY)
    golden = {path.relative_to(GOLDEN).as_posix(): path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()}
    for name, data in golden.items():
        if name.endswith(".json"):
            golden[name] = json.dumps(_short(json.loads(data)), indent=1).encode()
    restrictions = golden["apple-ios-restrictions/banned-apps.mobileconfig"]
    jamf_json = {
        "restricted_software": {
            "id": 1,
            "general": {"name": "W", "process_name": "WeChat", "kill_process": True, "match_exact_process_name": False},
            "scope": {"all_computers": False, "computer_groups": [{"id": 1, "name": "A"}], "exclusions": {"users": []}},
        }
    }
    applocker = json.loads((EXAMPLES / "intune-windows-applocker.json").read_bytes())
    rules = [one["value"].encode() for one in applocker["omaSettings"]]
    custom = {"payloadFileName": "a.mobileconfig", "payload": base64.b64encode(profile).decode()}
    seeds: dict[str, dict[str, bytes]] = {
        "ban-list": {"list": _LIST.encode(), "crlf": _LIST.replace("\n", "\r\n").encode()},
        "deployment": {"deployment": _DEPLOYMENT.encode()},
        "devices": {"devices": _DEVICES.encode(), "list": _DEVICES.partition("\n")[2].encode()},
        "bans-csv": {"table": _TABLE.encode(), "bom": b"\xef\xbb\xbf" + _TABLE.replace(",", ";").encode()},
        "json-amapi": {
            "policy": golden["amapi-cope/banned-apps.policy.json"],
            "patch": golden["amapi-cope/banned-apps.patch-personal.json"],
            "modify": golden["amapi-byod/banned-apps.modify-applications.json"],
        },
        "json-graph": {
            "catalog": golden["intune-ios-settings-catalog/banned-apps.json"],
            "corporate": golden["intune-android-corporate/banned-apps.device-restrictions.json"],
            "applocker": golden["intune-applocker-appx/banned-apps.json"],
            "app-control": golden["intune-app-control/banned-apps.json"],
            "custom": _wrapped("iosCustomConfiguration", custom),
        },
        "json-declaration": {
            "activation": golden["apple-ddm-apps/banned-apps.activation.json"],
            "apps": golden["apple-ddm-apps/banned-apps.configuration.json"],
            "binaries": golden["apple-ddm-binaries/banned-apps.configuration.json"],
        },
        "plist-xml": {"restrictions": restrictions, "many": profile, "utf16": profile.decode().encode("utf-16")},
        "plist-binary": {"many": binary},
        "cms": {
            "der": _signed(restrictions, pieces=False),
            "ber": _signed(profile, pieces=True),
            "binary": _signed(binary, pieces=False),
        },
        "xml-jamf": {
            "mobile": golden["jamf-mobile-profile/banned-apps.xml"],
            "macos": golden["jamf-macos-profile/banned-apps.xml"],
            "software": golden["jamf-restricted-software/wechat-b583907a.xml"],
        },
        "xml-applocker": {f"rules{number}": data for number, data in enumerate(rules)},
        "schema": {
            "policy": golden["amapi-fully-managed/banned-apps.policy.json"],
            "restrictions": restrictions,
            "rules": rules[0],
        },
        "yaml-backup": {"ios": _BACKUP.encode()},
        "yaml-gitops": {"gitops": _GITOPS.encode()},
        "json-jamf": {"software": json.dumps(jamf_json).encode()},
        "build-manifest": {"manifest": _manifest()},
        "target-manifest": {"target": _target_manifest().encode()},
        "verify": {
            "policy": golden["amapi-byod/banned-apps.policy.json"],
            "restrictions": restrictions,
            "custom": _wrapped("iosCustomConfiguration", custom),
        },
        "diff": {"policy": golden["amapi-cope/banned-apps.policy.json"], "restrictions": restrictions},
    }
    for kind in KINDS.values():
        seeds.setdefault(f"kinds-{kind.formats[0]}", {})[kind.name] = kind.sample
    seeds |= seeds_newer.seeds(golden)
    seeds["text-forms"] |= {"registry": _REGISTRY.encode("utf-16"), "few-columns": _INDICATORS.encode()}
    shutil.rmtree(CORPUS, ignore_errors=True)
    for parser, files in seeds.items():
        for name, data in files.items():
            path = CORPUS / parser / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


if __name__ == "__main__":
    main()

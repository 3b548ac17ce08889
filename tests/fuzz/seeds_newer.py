"""Make seeds for what consoles, browsers, networks and tools write: the corpus of the newer parsers."""

from __future__ import annotations

import io
import json
import plistlib
import zipfile
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping

_HIDDEN = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "id": "a",
    "displayName": "b",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"appId": "com.tencent.xin", "name": "WeChat"}],
    "assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}],
}
_APPS = {
    "applications": [
        {"packageName": "com.tencent.mm", "installType": "BLOCKED"},
        {
            "packageName": "com.android.chrome",
            "installType": "AVAILABLE",
            "managedConfiguration": {"URLBlocklist": ["a"]},
        },
        {"packageName": "a.b", "installType": "FORCE_INSTALLED", "defaultPermissionPolicy": "GRANT"},
    ],
    "playStoreMode": "BLACKLIST",
}
_CHROMEOS = {
    "ArcEnabled": True,
    "ArcPolicy": json.dumps(_APPS),
    "DeviceCrostiniArcAdbSideloadingAllowed": 0,
    "URLBlocklist": ["wechat.com", "https://a.example/path?x=1", "*", "chrome://*"],
    "URLAllowlist": ["b.wechat.com", ".c.example:8443"],
    "ExtensionInstallForcelist": ["a;https://a.example/crx"],
}
_CHROME_POLICY = {
    "resolvedPolicies": [
        {
            "targetKey": {"targetResource": "orgunits/a", "additionalTargetKeys": {"app_id": "android:com.tencent.mm"}},
            "value": {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": "BLOCKED"}},
            "sourceKey": {"targetResource": "orgunits/b"},
        }
    ],
    "nextPageToken": "x",
}
_BROWSERS = {
    "URLBlocklist": ["wechat.com", "https://*.a.example:8080/b", "file:///*", "", "*"],
    "URLAllowlist": ["b.wechat.com"],
    "InPrivateModeUrlAllowlist": ["c.example"],
    "ProxySettings": {"ProxyMode": "pac_script", "ProxyPacUrl": "https://a.example/p.pac"},
    "ManagedBookmarks": [{"name": "a", "url": "https://a.example"}],
}
_INDICATORS = [
    {
        "id": "1", "indicatorValue": "wechat.com", "indicatorType": "DomainName", "action": "Block", "title": "a",
        "severity": "High", "expirationTime": "2030-01-01T00:00:00Z", "rbacGroupNames": ["lab"], "rbacGroupIds": ["7"],
        "generateAlert": False, "createdBy": "b",
    },
    {"indicatorValue": "https://a.example/b", "indicatorType": "Url", "action": "Warn", "rbacGroupNames": []},
    {"indicatorValue": "10.0.0.1", "indicatorType": "IpAddress", "action": "Allowed"},
    {"indicatorValue": "ab" * 32, "indicatorType": "FileSha256", "action": "BlockAndRemediate", "educateUrl": None},
    {"indicatorValue": "ab" * 20, "indicatorType": "CertificateThumbprint", "action": "Audit", "historicalDetection": 1},
]  # fmt: skip
_CSV = """\
IndicatorType,IndicatorValue,ExpirationTime,Action,Severity,Title,Description,RecommendedActions,RbacGroups,Category,GenerateAlert
Url,https://a.example/b,2030-01-01T00:00:00.0Z,Warn,High,"a, b","several
lines",,"c, d",1,TRUE
FileSha256,%s,,BlockAndRemediate,Low,a,b,,,2,FALSE
IpAddress,10.0.0.1,,Allowed,,a,b,,,,
""" % ("ab" * 32)
_ZONE = """\
$TTL 2h
$ORIGIN rpz.example.
@ IN SOA localhost. root.localhost. ( 2026112401 1h 15m 30d 2h ) ; a comment
  IN NS localhost.
wechat.com CNAME .
*.wechat.com 300 IN CNAME .
allowed.wechat.com CNAME rpz-passthru.
a.example CNAME rpz-drop.
b.example A 127.0.0.1
32.1.0.0.10.rpz-ip CNAME *.
c.example.rpz-nsdname CNAME .
d.example TXT "a; b" "\\"c"
$INCLUDE other.zone
$GENERATE 1-3 h$ CNAME .
"""
_DOMAINS = "# what is banned\nwechat.com\n\nWeixin.QQ.com   # here too\nxn--a-ecp.example\n"
_CODESIGN = """\
Executable=/Applications/WeChat.app/Contents/MacOS/WeChat
Identifier=com.tencent.xinWeChat
Authority=Developer ID Application: A (5A4RE8SF68)
TeamIdentifier=5A4RE8SF68
"""
_APPX = "Name : A.B\nPublisher : CN=A, O=B\nPackageFullName : A.B_1_x64__abcdefghjkmnp\nPackageFamilyName : A.B_abcdefghjkmnp\n"
_LOCKER = "Path : %OSDRIVE%\\A.EXE\nPublisher : O=TENCENT, L=A, C=CN\\WECHAT\\WECHAT.EXE,3.9.0.0\nHash : SHA256 0xAB\n"
_WINGET = (
    "PackageIdentifier: Tencent.WeChat\nInstallers:\n- ProductCode: WeChat\n  PackageFamilyName: A.B_abcdefghjkmnp\n"
)
_OSQUERY = [
    {"name": "WeChat.app", "bundle_identifier": "com.tencent.xinWeChat", "path": "/Applications/WeChat.app"},
    {"path": "/Applications/WeChat.app", "identifier": "com.tencent.xinWeChat", "team_identifier": "5A4RE8SF68"},
]


def _sdk(value: Mapping[str, Any]) -> dict[str, Any]:
    """Write an object as the Graph PowerShell SDK does."""
    own = {"id": "Id", "displayName": "DisplayName", "assignments": "Assignments"}
    made = {own[key]: held for key, held in value.items() if key in own}
    return {**made, "Version": None, "AdditionalProperties": {key: one for key, one in value.items() if key not in own}}


def _template(inner: Any) -> dict[str, Any]:
    return {"Displayname": "x", "Type": "Device", "GUID": "g", "RAWJson": json.dumps(inner)}


def _packed(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()


def _few(data: bytes) -> bytes:
    """Keep three of the elements of each name below each other: a parser that breaks breaks on the third as well."""
    root = etree.fromstring(data)
    for parent in list(root.iter()):
        seen: dict[Any, int] = {}
        for child in list(parent):
            seen[child.tag] = seen.get(child.tag, 0) + 1
            if seen[child.tag] > 3:
                parent.remove(child)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _answer(**parts: Any) -> bytes:
    return plistlib.dumps({"Status": "Acknowledged", "GlobalRestrictions": parts, "ProfileRestrictions": {"a": parts}})


def seeds(golden: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Return the seeds by parser and name; `golden` holds the files of the golden build, their JSON shortened."""
    page = {"@odata.context": "x", "value": [_HIDDEN], "@odata.nextLink": "https://graph.microsoft.com/x"}
    profile = golden["apple-web-filter/banned-apps.mobileconfig"]
    content = {"blockedAppBundleIDs": ["com.a.b"], "allowAppInstallation": False}
    items = [{"PayloadType": "com.apple.applicationaccess", "PayloadContent": content}]
    listing = {"_computerlevel": [{"ProfileIdentifier": "a.b", "ProfileItems": items}]}
    command = {"CommandUUID": "a", "Command": {"RequestType": "InstallProfile", "Payload": profile}}
    row = {"PartitionKey": "IntuneTemplate", "RowKey": "r", "JSON": json.dumps(_template(_template(_HIDDEN)))}
    return {
        "json-browsers": {
            "chrome": golden["intune-windows-browsers/banned-apps.chrome.json"],
            "edge": golden["intune-windows-browsers/banned-apps.edge.json"],
            "android": golden["intune-android-chrome/banned-apps.chrome.json"],
            "file": _json(_BROWSERS),
            "chromeos": _json(_CHROMEOS),
            "arc": _json({"ArcPolicy": _APPS}),
            "chrome-policy": _json(_CHROME_POLICY),
        },
        "json-defender": {
            "import": golden["defender-indicators/banned-apps.indicators.json"],
            "list": _json({"@odata.context": "x", "value": _INDICATORS}),
        },
        "text-forms": {
            "zone": _ZONE.encode(),
            "golden-zone": golden["dns-response-policy-zone/banned-apps.rpz.zone"],
            "domains": _DOMAINS.encode(),
            "chrome": golden["windows-browsers/banned-apps.chrome.reg"],
            "edge": golden["windows-browsers/banned-apps.edge.reg"],
            "indicators": golden["defender-indicators/banned-apps.indicators.csv"][:600],
            "all-columns": _CSV.encode("utf-8-sig"),
        },
        "xml-app-control": {
            "policy": _few(golden["windows-app-control/banned-apps.xml"]),
            "audit": _few(golden["windows-app-control/banned-apps.audit.xml"]),
        },
        "plist-newer": {
            "chrome": golden["macos-browsers/banned-apps.chrome.mobileconfig"],
            "edge": golden["macos-browsers/banned-apps.edge.mobileconfig"],
            "web-filter": profile,
            "santa": golden["macos-santa/banned-apps.mobileconfig"],
            "payload": plistlib.dumps({"PayloadType": "com.apple.applicationaccess", **content}),
            "command": plistlib.dumps(command),
            "answer": _answer(
                union={"blockedAppBundleIDs": {"values": ["com.a.b"]}},
                intersection={"allowListedAppBundleIDs": {"values": ["com.a.b"]}},
                restrictedBool={"allowAppInstallation": {"value": False}},
                restrictedValue={"ratingApps": {"value": 200}},
            ),
            "listing": plistlib.dumps(listing),
        },
        "intune-shapes": {
            "sdk": _json(_sdk(_HIDDEN)),
            "sdk-page": _json({"value": [_sdk({**_HIDDEN, "assignments": [_sdk({"id": "a", "target": {}})]})]}),
            "cipp": _json(_template(_HIDDEN)),
            "cipp-nested": _json(row),
            "page": _json(page),
        },
        "archive": {"export": _packed({"a/b.json": _json(page), "c.mobileconfig": profile, "d.txt": b"x"})},
        "learning": {
            "codesign": _CODESIGN.encode(),
            "appx": _APPX.encode(),
            "applocker": _LOCKER.encode(),
            "winget": _WINGET.encode(),
            "osquery": _json(_OSQUERY),
        },
    }

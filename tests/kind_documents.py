"""Build small documents, apps and classes for the tests of effects and decide."""

from __future__ import annotations

import json
import plistlib
import uuid
from typing import TYPE_CHECKING, Any
from zlib import crc32

from mdm_policy.documents import Document
from mdm_policy.errors import Origin
from mdm_policy.kinds import open_document, read
from mdm_policy.model import BannedApp, DeviceClass, Identifier, OsBound, Preinstall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Family, Kind, Platform

HERE = Origin("list.yaml", 1, 1)
REQUIRED = {"PayloadIdentifier": "x.y", "PayloadUUID": "0", "PayloadVersion": 1}
"""What every profile and payload has."""
GRAPH = "#microsoft.graph."


def plist(*payloads: Mapping[str, Any], name: str = "p.mobileconfig", **top: Any) -> Document:
    content = [
        {**REQUIRED, "PayloadIdentifier": f"x.y.{place}", "PayloadUUID": str(place), **each}
        for place, each in enumerate(payloads)
    ]
    named = {**REQUIRED, "PayloadIdentifier": f"x.{crc32(plistlib.dumps(content))}"}  # a profile of its own
    value = {"PayloadType": "Configuration", "PayloadContent": content, **named, **top}
    return open_document(name, plistlib.dumps(value))


def restrictions(**keys: Any) -> dict[str, Any]:
    return {"PayloadType": "com.apple.applicationaccess", **keys}


def blocking(*bundles: str, name: str = "p.mobileconfig", **top: Any) -> Document:
    return plist(restrictions(blockedAppBundleIDs=list(bundles)), name=name, **top)


def as_json(value: Any, name: str = "d.json") -> Document:
    return open_document(name, json.dumps(value).encode())


def graph(kind: str, name: str = "g.json", **keys: Any) -> Document:
    return as_json({"@odata.type": GRAPH + kind, **keys}, name)


def xml(text: str, name: str = "d.xml") -> Document:
    return open_document(name, text.encode())


def loose(kind: str, value: Any) -> Document:
    """Make a document of a kind without asking whether it is one."""
    return Document("loose", kind, "json", value, b"")


def does(document: Document) -> list[tuple[str, str, str, str]]:
    return [(e.rule.id, e.rule.sense, e.kind, e.value) for e in read(document).effects]


def says(document: Document) -> list[str]:
    return sorted(finding.id for finding in read(document).findings)


def target(kind: str, **keys: Any) -> dict[str, Any]:
    return {"target": {"@odata.type": GRAPH + kind, **keys}}


def rules_xml(*rules: str, kind: str = "Exe", mode: str = "Enabled") -> str:
    return f'<RuleCollection Type="{kind}" EnforcementMode="{mode}">{"".join(rules)}</RuleCollection>'


def guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(parts)))


def publisher_rule(
    publisher: str,
    product: str = "*",
    binary: str = "*",
    *,
    action: str = "Deny",
    sid: str = "S-1-1-0",
    extra: str = "",
    versions: str = '<BinaryVersionRange LowSection="*" HighSection="*"/>',
) -> str:
    return (
        f'<FilePublisherRule Id="{guid(action, sid, publisher, product, binary, extra, versions)}" Name="n" Description="" UserOrGroupSid="{sid}" Action="{action}"><Conditions>'
        f'<FilePublisherCondition PublisherName="{publisher}" ProductName="{product}" BinaryName="{binary}">'
        f"{versions}</FilePublisherCondition></Conditions>{extra}</FilePublisherRule>"
    )


def path_rule(path: str, *, action: str = "Deny", sid: str = "S-1-1-0") -> str:
    return (
        f'<FilePathRule Id="{guid(action, sid, path)}" Name="n" Description="" UserOrGroupSid="{sid}" Action="{action}"><Conditions>'
        f'<FilePathCondition Path="{path}"/></Conditions></FilePathRule>'
    )


DEFAULT_EXE = path_rule("%PROGRAMFILES%\\*", action="Allow") + path_rule("%WINDIR%\\*", action="Allow")
DEFAULT_APPX = publisher_rule("*", action="Allow")


def identifier(family: Family, kind: Kind, value: str) -> Identifier:
    return Identifier(family, kind, value, HERE)


def app(*identifiers: tuple[Family, Kind, str], makers: tuple[str, ...] = (), **platforms: str) -> BannedApp:
    ids = tuple(identifier(*one) for one in identifiers)
    return BannedApp(
        "wechat", "WeChat", "tencent", ids, (), (), platforms, tuple(Preinstall(one, "s") for one in makers)
    )


WECHAT = app(
    ("ios", "bundle_id", "com.tencent.xin"),
    ("android", "package_name", "com.tencent.mm"),
    ("macos", "signing_id", "5A4RE8SF68:com.tencent.xinWeChat"),
    ("macos", "team_id", "5A4RE8SF68"),
    ("macos", "bundle_id", "com.tencent.xinWeChat"),
    ("macos", "process_name", "WeChat"),
    ("windows", "appx_name", "Tencent.WeChat"),
    ("windows", "publisher", "O=TENCENT"),
)


def device(platform: Platform, os: str = "", name: str = "class", **keys: Any) -> DeviceClass:
    bounds = []
    for part in filter(None, os.split(",")):
        op = part.rstrip("0123456789.")
        bounds.append(OsBound(op, tuple(int(number) for number in part[len(op) :].split("."))))
    return DeviceClass(name, platform, HERE, tuple(bounds), **keys)


def readings(*documents: Document) -> tuple[Reading, ...]:
    return tuple(read(document) for document in documents)

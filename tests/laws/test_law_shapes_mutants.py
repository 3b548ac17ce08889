"""Spoil the shapes in which people have policies beside the ones we build: every edit that may free the app is seen.

Apple's other forms, browsers' files, ChromeOS, and what Intune's tools export. Each edit takes something away, writes
another word or type, or moves it, in the document or in what is packed inside it, and follows from the document alone. An
app that stands nowhere in it any more is proven by nothing; what proves nothing any more, `diff` tells.
"""

from __future__ import annotations

import copy
import json
import plistlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from build_kit import DAY
from kind_documents import GRAPH, app, blocking, device

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.documents import MAX_SIZE
from mdm_policy.documents.yamls import as_json
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document, read_each
from mdm_policy.model import Resolution
from mdm_policy.sources.sdk_objects import as_graph, is_sdk
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass

NAME, OTHER = "com.example.tool", "com.example.other"
SITE, SECOND = "tool.example", "second.example"
IPHONE = device("ios", ">=17", supervised=True)
MAC = device("macos", ">=14", supervised=True)
ANDROID = device("android", ">=13", mode="fully-managed", origins=("store",))
CHROMEBOOK = device("chromeos", origins=("store",))
BUNDLE, PACKAGE, PLACE = (
    app(("ios", "bundle_id", NAME), ("macos", "bundle_id", NAME)),
    app(("android", "package_name", NAME)),
    app(("web", "domain", SITE)),
)
RESTRICTIONS = {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": [NAME, OTHER]}
HIDDEN = {
    "@odata.type": f"{GRAPH}iosGeneralDeviceConfiguration",
    "id": "a",
    "displayName": "b",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"appId": one, "name": "n"} for one in (NAME, OTHER)],
    "assignments": [{"target": {"@odata.type": f"{GRAPH}allDevicesAssignmentTarget"}}],
}
ARC = {"applications": [{"packageName": one, "installType": "BLOCKED"} for one in (NAME, OTHER)]}
MANAGED = {"key": "URLBlocklist", "valueStringArray": [SITE, SECOND]}


class Row(NamedTuple):
    """Hold a policy as plain data, how it is written, for which devices and app, and how many edits must tell something."""

    value: Any
    cls: DeviceClass
    banned: BannedApp
    least: int
    proves: bool = True
    """Whether the shape proves anything at all: some are never more than a hint."""

    def written(self, value: Any) -> bytes:
        """Write plain data in the shape's format."""
        return (
            plistlib.dumps(value) if self.cls.platform in ("ios", "macos") and "@" not in str(value) else _json(value)
        )


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


ROWS = {
    "a payload": Row(RESTRICTIONS, IPHONE, BUNDLE, 10),
    "a command": Row(
        {"CommandUUID": "a", "Command": {"RequestType": "InstallProfile", "Payload": blocking(NAME, OTHER).data}},
        IPHONE, BUNDLE, 30,
    ),
    "a device's answer": Row(
        {"Status": "Acknowledged", "GlobalRestrictions": {"union": {"blockedAppBundleIDs": {"values": [NAME, OTHER]}}}},
        IPHONE, BUNDLE, 10,
    ),
    "a listing of profiles": Row(
        {"_computerlevel": [{"ProfileIdentifier": "a", "ProfileItems": [{"PayloadContent": RESTRICTIONS, "PayloadType": "a"}]}]},
        MAC, BUNDLE, 10, proves=False,
    ),
    "CIPP's template": Row({"Displayname": "x", "Type": "Device", "GUID": "g", "RAWJson": json.dumps(HIDDEN)}, IPHONE, BUNDLE, 25),
    "CIPP's row": Row(
        {"PartitionKey": "IntuneTemplate", "RowKey": "r", "JSON": json.dumps({"Displayname": "x", "RAWJson": json.dumps(HIDDEN)})},
        IPHONE, BUNDLE, 25,
    ),
    "a page of Graph's": Row({"value": [HIDDEN]}, IPHONE, BUNDLE, 20),
    "ChromeOS": Row({"ArcEnabled": True, "ArcPolicy": json.dumps(ARC)}, CHROMEBOOK, PACKAGE, 15),
    "ArcPolicy by itself": Row({"ArcPolicy as it is handed over": ARC}, CHROMEBOOK, PACKAGE, 15),
    "the Chrome Policy API": Row(
        {
            "policyTargetKey": {"targetResource": "orgunits/a", "additionalTargetKeys": {"app_id": f"android:{NAME}"}},
            "policyValue": {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": "BLOCKED"}},
            "updateMask": "appInstallType",
        },
        CHROMEBOOK, PACKAGE, 10, proves=False,
    ),
    "Chrome on Android": Row(
        {"kind": "androidenterprise#managedConfiguration", "productId": "app:com.android.chrome", "managedProperty": [MANAGED]},
        ANDROID, PLACE, 10,
    ),
}  # fmt: skip
"""Shapes of one document; what stands in tables and registration files is spoilt by test_law_web_mutants."""


def _edits(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield plain data with one edit each: something gone, of another type, of another word, twice, or under another name."""
    for key, held in list(value.items() if isinstance(value, dict) else enumerate(value)):
        where = f"{'/'.join(map(str, (*at, key)))}"
        yield f"{where} gone", _without(value, key)
        if isinstance(value, dict):
            for name in (f"{key}x", str(key).swapcase()):
                yield f"{where} -> {name}", {name if one == key else one: held_ for one, held_ in value.items()}
        for strange in (7, True, "strange", "", [], {}, [held], {"value": held}):
            if strange != held or type(strange) is not type(held):
                yield f"{where} = {str(strange)[:40]}", _with(value, key, strange)
        for label, changed in _inside(held, (*at, key)):
            yield label, _with(value, key, changed)


def _inside(held: Any, at: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield a value with one edit inside it, also where it packs a document."""
    if isinstance(held, dict | list):
        yield from _edits(held, at)
    elif isinstance(held, bytes):
        yield from ((label, plistlib.dumps(changed)) for label, changed in _edits(plistlib.loads(held), (*at, "plist")))
    elif isinstance(held, str) and held.startswith("{"):
        yield from ((label, json.dumps(changed)) for label, changed in _edits(json.loads(held), (*at, "json")))
    elif isinstance(held, str) and held:
        yield f"{'/'.join(map(str, at))} cut short", held[:-1]
        yield f"{'/'.join(map(str, at))} in another case", held.swapcase()


def _without(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return {one: held for one, held in value.items() if one != key}
    return [held for place, held in enumerate(value) if place != key]


def _with(value: Any, key: Any, new: Any) -> Any:
    made = copy.copy(value)
    made[key] = new
    return made


def _said(value: Any, any_case: bool) -> str:
    """Return all that a document says, what is packed inside it too; sites are the same in any case."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return " ".join(f"{key} {_said(held, any_case)}" for key, held in value.items())
    if isinstance(value, list):
        return " ".join(_said(held, any_case) for held in value)
    return str(value).casefold() if any_case else str(value)


def _proven(row: Row, document: Document) -> bool:
    if row.banned is PLACE:
        every = states(row.cls, row.cls.platform, False)
        return Addresses(read_each(document), row.cls, every, DAY).verdict([SITE]).word in ("browser", "network")
    ordered = Resolution("Example Agency", "gov.example.agency", DAY, (row.banned,), (), (), (row.cls,), (), ())
    return verify(ordered, [piece(document)], catalogue.load(), Rules(DAY, min_strength="weak")).passes


def _code(row: Row, old: Document, new: Document) -> int:
    question = Question(DAY, (row.banned,), (), (row.cls,))
    sides = [Side(name, (one,), pieces=(piece(one),)) for name, one in (("old", old), ("new", new))]
    return compare_policies(sides[0], sides[1], question, None).exit_code


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_edit_that_frees_the_app_is_seen(row: Row) -> None:
    old = open_document("f", row.written(row.value))
    assert _proven(row, old) is row.proves
    wanted = SITE if row.banned is PLACE else NAME
    told, missed = 0, []
    for label, value in _edits(row.value):
        try:
            new = open_document("f", row.written(value))
        except PolicyError:
            continue  # either command ends with 1
        proven, gone = _proven(row, new), wanted not in _said(value, row.banned is PLACE)
        if proven and gone:
            missed.append(f"verify: {label}")
        if gone or (row.proves and not proven):
            told += 1
            if _code(row, old, new) != 11:
                missed.append(f"diff: {label}")
    assert missed == []
    assert told >= row.least


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_no_rewriting_is_an_alarm(row: Row) -> None:
    data = row.written(row.value)
    old = open_document("f", data)
    turned = _turned(row.value)
    ways = {"keys and lists turned round": row.written(turned), "CRLF": data.replace(b"\n", b"\r\n")}
    if data.startswith(b"<"):
        ways |= {
            "binary": plistlib.dumps(row.value, fmt=plistlib.FMT_BINARY),
            "unsorted": plistlib.dumps(turned, sort_keys=False),
        }
    else:
        ways |= {
            "indented": json.dumps(row.value, indent=8).encode(),
            "a byte order mark": b"\xef\xbb\xbf" + data,
            "UTF-16": data.decode().encode("utf-16"),
        }
    for label, written in ways.items():
        new = open_document("f", written)
        assert _code(row, old, new) == 0, label
        assert _proven(row, new) is row.proves, label


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(list(value))}
    if isinstance(value, list):
        return [_turned(one) for one in reversed(value)]
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(_turned(json.loads(value)))
    return value


def _sdk(value: dict[str, Any]) -> dict[str, Any]:
    """Write an object as the Graph PowerShell SDK does."""
    own = {"id": "Id", "displayName": "DisplayName", "assignments": "Assignments"}
    made = {own[key]: held for key, held in value.items() if key in own}
    return {**made, "AdditionalProperties": {key: held for key, held in value.items() if key not in own}}


def _of_the_sdk(value: Any) -> Any:
    document = open_document("f", _json(_sdk(value)))
    assert is_sdk(document)
    return json.loads(as_graph(document))


def _of_a_backup(value: Any) -> Any:
    return json.loads(as_json("f", yaml.safe_dump(value).encode(), MAX_SIZE))


@pytest.mark.parametrize("through", [_of_the_sdk, _of_a_backup], ids=["the PowerShell SDK", "IntuneCD's YAML"])
def test_what_a_tool_writes_is_what_graph_would_have_said(through: Callable[[Any], Any]) -> None:
    """So that every edit of Graph's own objects, which other laws spoil, is seen there as well."""
    tried = 0
    for label, value in _edits(HIDDEN):
        # The SDK writes {} for what is not there, and capitalizes every key: neither can be told from what Graph may have said.
        if "{}" not in json.dumps(value) and not label.rpartition("-> ")[2][:1].isupper():
            tried += 1
            assert through(value) == value, label
    assert tried >= 100

"""Make the worst inputs we know of that are just small enough to be read: none may cost much time or memory.

Each is a file that some parser, somewhere, has been busy with for minutes, or a variation of one: as large as a file may
be, or with as many values as one may hold, whichever comes first. More than that is refused before it is parsed.
"""

from __future__ import annotations

import base64
import datetime as dt
import plistlib
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

from mdm_policy.documents.texts import BYTES_PER_VALUE, VALUE_MARKS

SIZE = 16 * 1024 * 1024
_KINDS = ((b"{", "json"), (b"[", "json"), (b"<plist", "plist"), (b"<?xml", "plist"), (b"<", "xml"))
"""What a file begins with, and what it is then; everything else is YAML."""
_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_PLIST = (
    _HEAD
    + b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    + b'<plist version="1.0">'
)
_NAMED = (
    b"<key>PayloadIdentifier</key><string>x.y</string><key>PayloadUUID</key><string>0</string>"
    b"<key>PayloadVersion</key><integer>1</integer>"
)
_PROFILE = (
    _PLIST
    + b"<dict><key>PayloadType</key><string>Configuration</string>"
    + _NAMED
    + b"<key>PayloadContent</key><array><dict>"
    b"<key>PayloadType</key><string>com.apple.applicationaccess</string>"
    + _NAMED
    + b"<key>blockedAppBundleIDs</key><array>"
)
_PROFILE_END = b"</array></dict></array></dict></plist>"
_POLICY = b'{"playStoreMode":"BLACKLIST","applications":['
_CATALOG = (
    b'{"platforms":"iOS","technologies":"mdm","settings":[{"settingInstance":{"settingDefinitionId":'
    b'"com.apple.applicationaccess_blockedappbundleids","simpleSettingCollectionValue":['
)
_GROUP = (
    b'{"@odata.type":"#microsoft.graph.iosGeneralDeviceConfiguration","appsVisibilityListType":"appsNotInListCompliant",'
    b'"appsVisibilityList":[{"name":"x","appId":"com.a%d"}],"assignments":[{"target":{"@odata.type":'
    b'"#microsoft.graph.groupAssignmentTarget","groupId":"g%d"}}]}'
)
_ALONE = (
    b'{"name":"enterprises/e/policies/p%d","playStoreMode":"BLACKLIST",'
    b'"applications":[{"packageName":"com.a%d","installType":"BLOCKED"}]}'
)


def _dated(number: int) -> bytes:
    """Return an Intune object with a profile that removes itself on a day of its own."""
    named = {"PayloadIdentifier": "x.y", "PayloadUUID": "0", "PayloadVersion": 1}
    payload = {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": [f"com.a{number}"], **named}
    day = dt.datetime(2030, 1, 1) + dt.timedelta(days=number)  # noqa: DTZ001 - a property list knows no time zone
    profile = plistlib.dumps({"PayloadType": "Configuration", "RemovalDate": day, "PayloadContent": [payload], **named})
    made = b'{"@odata.type":"#microsoft.graph.iosCustomConfiguration","payload":"%s"}'
    return made % base64.b64encode(profile)


def names() -> tuple[str, ...]:
    """Return the file names, which say what each input is."""
    return tuple(_MADE)


def main() -> None:
    """Write one input: `bad_inputs.py FOLDER NAME`; a process of its own, so that whoever measures stays small."""
    folder, name = sys.argv[1:]
    data = _MADE[name]()
    assert len(data) <= SIZE, (name, len(data))
    Path(folder, name).write_bytes(data)


def _room(start: bytes, piece: bytes, end: bytes) -> int:
    """Return how often a piece fits into a file."""
    kind = next((kind for mark, kind in _KINDS if start.lstrip().startswith(mark)), "yaml")
    marks = [mark.encode() for mark in VALUE_MARKS[kind]]
    spent, each = (sum(map(text.count, marks)) for text in (start + end, piece))
    fitting = (SIZE - len(start) - len(end) - 64) // len(piece)
    return min(fitting, (SIZE // BYTES_PER_VALUE[kind] - spent) // each) if each else fitting


def _filled(start: bytes, piece: bytes, end: bytes = b"") -> bytes:
    """Repeat a piece between a start and an end until the file is full."""
    return start + piece * _room(start or piece, piece, end) + end


def _numbered(start: bytes, piece: bytes, between: bytes, end: bytes) -> bytes:
    """Repeat a piece with a number in it, nothing twice."""
    count = _room(start or piece, piece % 10_000_000 + between, end)
    return start + between.join([piece % number for number in range(10_000_000, 10_000_000 + count)]) + end


_JSON: dict[str, Callable[[], bytes]] = {
    "open brackets.json": lambda: b"[" * SIZE,
    "open objects.json": lambda: _filled(b"", b'{"a":'),
    "open objects in a line each.json": lambda: _filled(b"", b'{"a":\n'),
    "closing brackets.json": lambda: _filled(b"[", b"]"),
    "commas.json": lambda: _filled(b"[", b","),
    "colons.json": lambda: _filled(b"{", b":"),
    "one string.json": lambda: _filled(b'{"a":"', b"x", b'"}'),
    "one string, unclosed.json": lambda: _filled(b'{"a":"', b"x"),
    "one string of escapes.json": lambda: _filled(b'{"a":"', b"\\u0041", b'"}'),
    "one string of surrogates.json": lambda: _filled(b'{"a":"', b"\\ud800", b'"}'),
    "one string of bad escapes.json": lambda: _filled(b'{"a":"', b"\\q", b'"}'),
    "one string of backslashes.json": lambda: _filled(b'{"a":"', b"\\"),
    "one string of line feeds.json": lambda: _filled(b'{"a":"', b"\n", b'"}'),
    "quotation marks.json": lambda: _filled(b"[", b'"'),
    "empty strings.json": lambda: _filled(b"[", b'"",', b'""]'),
    "empty objects.json": lambda: _filled(b"[", b"{},", b"{}]"),
    "empty lists.json": lambda: _filled(b"[", b"[],", b"[]]"),
    "small numbers.json": lambda: _filled(b"[", b"1,", b"1]"),
    "one number.json": lambda: _filled(b'{"a":', b"9", b"}"),
    "one real number.json": lambda: _filled(b'{"a":0.', b"9", b"}"),
    "large numbers.json": lambda: _filled(b"[", b"9" * 4000 + b",", b"1]"),
    "numbers out of range.json": lambda: _filled(b"[", b"99999999999999999999,", b"1]"),
    "infinite numbers.json": lambda: _filled(b"[", b"1e999,", b"1]"),
    "NaN.json": lambda: _filled(b"[", b"NaN,", b"NaN]"),
    "duplicate keys.json": lambda: _filled(b"{", b'"a":1,', b'"a":1}'),
    "one duplicate key, last.json": lambda: _numbered(b"{", b'"k%d":1', b",", b',"k10000000":1}'),
    "different keys.json": lambda: _numbered(b"{", b'"k%d":1', b",", b"}"),
    "escaped keys.json": lambda: _numbered(b"{", b'"\\u003a%d":1', b",", b"}"),
    "white space.json": lambda: _filled(b"{", b" ", b"}"),
    "white space, unclosed.json": lambda: _filled(b"{", b"\n"),
    "a policy, then garbage.json": lambda: _numbered(_POLICY, b'{"packageName":"com.a%d"}', b",", b"]} garbage"),
    "a policy, cut off.json": lambda: _numbered(_POLICY, b'{"packageName":"com.a%d"}', b",", b""),
    "a policy of one letter each.json": lambda: _filled(_POLICY, b"{},", b"{}]}"),
    "a policy of numbers.json": lambda: _filled(_POLICY, b"1,", b"1]}"),
    "a policy of blocked apps.json": lambda: _numbered(
        _POLICY, b'{"packageName":"com.a%d","installType":"BLOCKED"}', b",", b"]}"
    ),
    "a policy of one app again and again.json": lambda: _filled(
        _POLICY, b'{"packageName":"com.a","installType":"BLOCKED"},', b"{}]}"
    ),
    "a policy with wrong keys.json": lambda: _numbered(_POLICY + b'],"b":{', b'"playStoreMod%d":1', b",", b"}}"),
    "wrong keys at the top of a policy.json": lambda: _numbered(
        b'{"playStoreMode":"BLACKLIST",', b'"playStoreMod%d":1', b",", b"}"
    ),
    "a catalog of wrong values.json": lambda: _filled(_CATALOG, b"1,", b"1]}}]}"),
    "a catalog of blocked apps.json": lambda: _numbered(_CATALOG, b'{"value":"com.a%d"}', b",", b"]}}]}"),
    "a catalog of many settings.json": lambda: _filled(
        b'{"platforms":"iOS","technologies":"mdm","settings":[', b'{"settingInstance":{}},', b"{}]}"
    ),
    "a page of empty objects.json": lambda: _filled(b'{"value":[', b"{},", b"{}]}"),
    "a page of as many objects as are read.json": lambda: b"[" + b"{}," * 2_000 + b"{}]",
    "a page of as many apps as are read.json": lambda: (
        b"["
        + b",".join(b'{"@odata.type":"#m.androidManagedStoreApp","packageId":"c.a%d"}' % n for n in range(2_000))
        + b"]"
    ),
    "a page of lists for a group each.json": lambda: (
        b'{"value":[' + b",".join(_GROUP % (number, number) for number in range(2_000)) + b"]}"
    ),
    "a page of profiles that end on a day each.json": lambda: (
        b'{"value":[' + b",".join(_dated(number) for number in range(2_000)) + b"]}"
    ),
    "a page of policies with an app each.json": lambda: (
        b'{"policies":[' + b",".join(_ALONE % (number, number) for number in range(2_000)) + b"]}"
    ),
    "a page of pages.json": lambda: _filled(b'{"value":[', b'{"value":[{"value":[{}]}]},', b"{}]}"),
    "a deep page of pages.json": lambda: _filled(
        b'{"value":[', b'{"value":[' * 12 + b'{"a":1}' + b"]}" * 12 + b",", b"{}]}"
    ),
    "a page of policies.json": lambda: _numbered(
        b'{"policies":[', b'{"name":"enterprises/e/policies/p%d","applications":[{}]}', b",", b"]}"
    ),
    "a page of apps.json": lambda: _numbered(
        b'{"value":[', b'{"@odata.type":"#microsoft.graph.androidManagedStoreApp","packageId":"c.a%d"}', b",", b"]}"
    ),
    "a list of objects.json": lambda: _filled(
        b"[", b'{"@odata.type":"#m.iosCustomConfiguration","payload":"!"},', b"{}]"
    ),
    "settings of Windows.json": lambda: _filled(
        b'{"@odata.type":"#microsoft.graph.windows10CustomConfiguration","omaSettings":[', b'{"value":"<"},', b"{}]}"
    ),
    "changes to a policy.json": lambda: _filled(b'{"changes":[', b'{"application":{}},', b'{"application":{}}]}'),
    "a declaration of wrong values.json": lambda: _filled(
        b'{"Type":"com.apple.configuration.app.settings","Payload":{"Allowed":{"DeniedBinaries":[', b"{},", b"{}]}}}"
    ),
    "a page in UTF-16.json": lambda: b"\xff\xfe" + ('{"value":[' + "{}," * 260_000 + "{}]}").encode("utf-16-le"),
    "duplicate keys in UTF-16.json": lambda: b"\xff\xfe" + ("{" + '"a":1,' * 520_000 + '"a":1}').encode("utf-16-le"),
}
_XML: dict[str, Callable[[], bytes]] = {
    "open elements.xml": lambda: _filled(b"", b"<a>"),
    "open elements in a line each.xml": lambda: _filled(b"", b"<a>\n"),
    "angle brackets.xml": lambda: _filled(b"", b"<"),
    "empty elements.xml": lambda: _filled(b"<a>", b"<b/>", b"</a>"),
    "different elements.xml": lambda: _numbered(b"<a>", b"<b%d/>", b"", b"</a>"),
    "text between elements.xml": lambda: _filled(b"<a>", b"<b/>x", b"</a>"),
    "one attribute.xml": lambda: _filled(b'<a b="', b"x", b'"/>'),
    "attributes.xml": lambda: _numbered(b"<a ", b'b%d=""', b" ", b"/>"),
    "attributes of elements.xml": lambda: _filled(b"<a>", b'<b c="" d=""/>', b"</a>"),
    "duplicate attributes.xml": lambda: _filled(b"<a ", b'b="" ', b"/>"),
    "one text.xml": lambda: _filled(b"<a>", b"x", b"</a>"),
    "one text, unclosed.xml": lambda: _filled(b"<a>", b"x"),
    "character references.xml": lambda: _filled(b"<a>", b"&#65;", b"</a>"),
    "named references.xml": lambda: _filled(b"<a>", b"&lt;", b"</a>"),
    "entities.xml": lambda: _filled(b"<a>", b"&b;", b"</a>"),
    "comments.xml": lambda: _filled(b"<a>", b"<!---->", b"</a>"),
    "comments before the root.xml": lambda: _filled(b"", b"<!---->", b"<a/>"),
    "an open comment.xml": lambda: _filled(b"<!--", b"x"),
    "instructions.xml": lambda: _filled(b"<a>", b"<?b?>", b"</a>"),
    "instructions before the root.xml": lambda: _filled(b"", b"<?b?>", b"<a/>"),
    "data sections.xml": lambda: _filled(b"<a>", b"<![CDATA[]]>", b"</a>"),
    "namespaces.xml": lambda: _numbered(b"<a ", b'xmlns:b%d="c"', b" ", b"/>"),
    "an open document type.xml": lambda: _filled(b"<!DOCTYPE a [", b"<!ENTITY b 'c'>"),
    "control characters.xml": lambda: _filled(b"<a>", b"\x01", b"</a>"),
    "control characters in lines.xml": lambda: _filled(b"<a>", b"\x01\n", b"</a>"),
    "line feeds.xml": lambda: _filled(b"<a>", b"\n", b"</a>"),
    "line feeds before the root.xml": lambda: _filled(_HEAD, b"\n", b"<a/>"),
    "rules.xml": lambda: _filled(
        b'<RuleCollection Type="Exe" EnforcementMode="Enabled">', b"<FilePublisherRule/>", b"</RuleCollection>"
    ),
    "rules with a version each.xml": lambda: _numbered(
        b'<RuleCollection Type="Exe" EnforcementMode="Enabled">',
        b'<FilePublisherRule Action="Deny" UserOrGroupSid="S-1-1-0"><Conditions><FilePublisherCondition PublisherName="O=V"'
        b' ProductName="*" BinaryName="a.exe"><BinaryVersionRange LowSection="*" HighSection="1.0.%d.0"/>'
        b"</FilePublisherCondition></Conditions></FilePublisherRule>",
        b"",
        b"</RuleCollection>",
    ),
    "rules for a user each.xml": lambda: _numbered(
        b'<RuleCollection Type="Exe" EnforcementMode="Enabled">',
        b'<FilePublisherRule Action="Deny" UserOrGroupSid="S-1-5-%d"><Conditions><FilePublisherCondition PublisherName="O=V"'
        b' ProductName="*" BinaryName="WeChat.exe"/></Conditions></FilePublisherRule>',
        b"",
        b"</RuleCollection>",
    ),
    "rules with paths.xml": lambda: _numbered(
        b'<RuleCollection Type="Exe" EnforcementMode="Enabled">',
        b'<FilePathRule Action="Deny" Name="%d"><Conditions><FilePathCondition Path="*\\a"/></Conditions></FilePathRule>',
        b"",
        b"</RuleCollection>",
    ),
    "a Jamf scope.xml": lambda: _filled(
        b"<configuration_profile><general><id>1</id></general><scope>",
        b"<mobile_devices><mobile_device><id>1</id></mobile_device></mobile_devices>",
        b"</scope></configuration_profile>",
    ),
    "a Jamf payload, escaped.xml": lambda: _filled(
        b"<configuration_profile><general><payloads>", b"&amp;amp;lt;", b"</payloads></general></configuration_profile>"
    ),
    "a Jamf payload of references.xml": lambda: _filled(
        b"<configuration_profile><general><payloads>&lt;a&gt;",
        b"&amp;",
        b"</payloads></general></configuration_profile>",
    ),
    "open arrays.plist": lambda: _filled(_PLIST, b"<array>"),
    "open dictionaries.plist": lambda: _filled(_PLIST, b"<dict><key>a</key>"),
    "empty arrays.plist": lambda: _filled(_PLIST + b"<array>", b"<array/>", b"</array></plist>"),
    "empty strings.plist": lambda: _filled(_PLIST + b"<array>", b"<string/>", b"</array></plist>"),
    "uneven strings.plist": lambda: _filled(_PLIST + b"<array>", b"<string></string> <string/>", b"</array></plist>"),
    "true.plist": lambda: _filled(_PLIST + b"<array>", b"<true/>", b"</array></plist>"),
    "integers.plist": lambda: _filled(_PLIST + b"<array>", b"<integer>1</integer>", b"</array></plist>"),
    "hexadecimal integers.plist": lambda: _filled(_PLIST + b"<array>", b"<integer>0x1</integer>", b"</array></plist>"),
    "one integer.plist": lambda: _filled(_PLIST + b"<integer>", b"9", b"</integer></plist>"),
    "one real number.plist": lambda: _filled(_PLIST + b"<real>1.", b"9", b"</real></plist>"),
    "dates.plist": lambda: _filled(_PLIST + b"<array>", b"<date>2026-11-24T00:00:00Z</date>", b"</array></plist>"),
    "wrong dates.plist": lambda: _filled(_PLIST + b"<array>", b"<date></date>", b"</array></plist>"),
    "data.plist": lambda: _filled(_PLIST + b"<array>", b"<data/>", b"</array></plist>"),
    "wrong data.plist": lambda: _filled(_PLIST + b"<array>", b"<data>!</data>", b"</array></plist>"),
    "one piece of data.plist": lambda: _filled(_PLIST + b"<data>", b"QUJD\n", b"</data></plist>"),
    "comments.plist": lambda: _filled(_PLIST + b"<array>", b"<!-- --><true/>", b"</array></plist>"),
    "duplicate keys.plist": lambda: _filled(_PLIST + b"<dict>", b"<key>a</key><true/>", b"</dict></plist>"),
    "different keys.plist": lambda: _numbered(_PLIST + b"<dict>", b"<key>%d</key><true/>", b"", b"</dict></plist>"),
    "different keys, then garbage.plist": lambda: _numbered(_PLIST + b"<dict>", b"<key>%d</key><true/>", b"", b"<x/>"),
    "references.plist": lambda: _filled(_PLIST + b"<string>", b"&amp;", b"</string></plist>"),
    "numeric references.plist": lambda: _filled(_PLIST + b"<string>", b"&#65;", b"</string></plist>"),
    "a profile.plist": lambda: _numbered(_PROFILE, b"<string>com.a%d</string>", b"", _PROFILE_END),
    "a profile, cut off.plist": lambda: _numbered(_PROFILE, b"<string>com.a%d</string>", b"", b""),
    "a profile, then garbage.plist": lambda: _numbered(_PROFILE, b"<string>com.a%d</string>", b"", _PROFILE_END + b"x"),
    "a profile with a comment.plist": lambda: _numbered(
        _PROFILE + b"<!-- -->", b"<string>com.a%d</string>", b"", _PROFILE_END
    ),
    "a profile of short strings.plist": lambda: _filled(_PROFILE, b"<string>a</string>", _PROFILE_END),
    "a profile of empty strings.plist": lambda: _filled(_PROFILE, b"<string></string>", _PROFILE_END),
    "a profile of wrong values.plist": lambda: _filled(_PROFILE, b"<true/>", _PROFILE_END),
    "a profile of wildcards.plist": lambda: _filled(_PROFILE, b"<string>*</string>", _PROFILE_END),
    "many payloads.plist": lambda: _filled(
        _PLIST
        + b"<dict><key>PayloadType</key><string>Configuration</string>"
        + _NAMED
        + b"<key>PayloadContent</key><array>",
        b"<dict><key>PayloadType</key><string>com.apple.applicationaccess</string>" + _NAMED + b"</dict>",
        b"</array></dict></plist>",
    ),
    "wrong keys of a payload.plist": lambda: _numbered(
        _PLIST
        + b"<dict><key>PayloadType</key><string>Configuration</string>"
        + _NAMED
        + b"<key>PayloadContent</key><array><dict>"
        b"<key>PayloadType</key><string>com.apple.applicationaccess</string>" + _NAMED,
        b"<key>blockedAppBundle%d</key><true/>",
        b"",
        b"</dict></array></dict></plist>",
    ),
    "Santa's rules.plist": lambda: _filled(
        _PLIST
        + b"<dict><key>PayloadType</key><string>Configuration</string>"
        + _NAMED
        + b"<key>PayloadContent</key><array><dict>"
        b"<key>PayloadType</key><string>com.northpolesec.santa</string>" + _NAMED + b"<key>StaticRules</key><array>",
        b"<dict/>",
        _PROFILE_END,
    ),
    "Santa's rules with a signing id each.plist": lambda: _numbered(
        _PLIST
        + b"<dict><key>PayloadType</key><string>Configuration</string>"
        + _NAMED
        + b"<key>PayloadContent</key><array><dict>"
        b"<key>PayloadType</key><string>com.northpolesec.santa</string>" + _NAMED + b"<key>StaticRules</key><array>",
        b"<dict><key>identifier</key><string>ABCDEFGHIJ:com.a%d</string><key>policy</key><string>BLOCKLIST</string>"
        b"<key>rule_type</key><string>SIGNINGID</string></dict>",
        b"",
        _PROFILE_END,
    ),
}


def _binary(objects: list[bytes], offsets: list[int], *, ref_size: int, top: int = 0) -> bytes:
    """Put a binary property list together."""
    body = b"bplist00" + b"".join(objects)
    table = struct.pack(f">{len(offsets)}I", *offsets)
    return body + table + struct.pack(">6xBBQQQ", 4, ref_size, len(offsets), top, len(body))


def _large_offset_table() -> bytes:
    count = SIZE // BYTES_PER_VALUE["plist"]
    return _binary([b"\x08"], [8] * count, ref_size=4)


def _all_one_array() -> bytes:
    """Return objects that are all the same array, of references to all of them."""
    count = SIZE // BYTES_PER_VALUE["plist"]
    return _binary([b"\xaf\x12" + struct.pack(">I", count) + struct.pack(">I", 0) * count], [8] * count, ref_size=4)


def _binary_of_strings() -> bytes:
    named = {"PayloadIdentifier": "x.y", "PayloadUUID": "0", "PayloadVersion": 1}
    listed = [f"com.a{n}" for n in range(600_000)]
    payload = {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": listed, **named}
    value = {"PayloadType": "Configuration", "PayloadContent": [payload], **named}
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY)


def _binary_of_integers() -> bytes:
    return plistlib.dumps(list(range(1_000_000)), fmt=plistlib.FMT_BINARY)


_SIGNED = bytes.fromhex("30800609 2a864886f70d010702 a0803080 020101 3100 3080 0609 2a864886f70d010701 a080 2480")
_OTHERS: dict[str, Callable[[], bytes]] = {
    "a large table of offsets.plist": _large_offset_table,
    "all one array.plist": _all_one_array,
    "binary strings.plist": _binary_of_strings,
    "binary integers.plist": _binary_of_integers,
    "binary garbage.plist": lambda: b"bplist00" + bytes(range(256)) * ((SIZE - 8) // 256),
    "zeros.bin": lambda: bytes(SIZE),
    "garbage.bin": lambda: bytes(range(1, 256)) * (SIZE // 255),
    "white space.txt": lambda: b" " * SIZE,
    "wrong UTF-8 at the end.json": lambda: _filled(b"[", b"\n", b"\xff"),
    "signed, in empty pieces.der": lambda: _filled(_SIGNED, b"\x04\x00"),
    "signed, in small pieces.der": lambda: _filled(_SIGNED, b"\x04\x01[", b"\x00\x00" * 7),
    "signed, nested.der": lambda: _filled(_SIGNED, b"\x24\x80"),
    "open lists.yaml": lambda: _filled(b"a: ", b"["),
    "closed lists.yaml": lambda: _filled(b"a: [", b"[],", b"[]]"),
    "small lists in lines.yaml": lambda: _filled(b"a:\n", b"- 1\n"),
    "deep lists.yaml": lambda: _filled(b"", b"- "),
    "keys.yaml": lambda: _numbered(b"", b"k%d: 1", b"\n", b"\n"),
    "duplicate keys.yaml": lambda: _filled(b"", b"k: 1\n"),
    "documents.yaml": lambda: _filled(b"", b"---\n"),
    "aliases.yaml": lambda: _filled(b"a: &a [x]\nb: [", b"*a,", b"*a]\n"),
    "anchors.yaml": lambda: _numbered(b"a: [", b"&a%d x", b",", b"]\n"),
    "tags.yaml": lambda: _filled(b"a: [", b"!x y,", b"y]\n"),
    "one text.yaml": lambda: _filled(b'a: "', b"x", b'"\n'),
    "one folded text.yaml": lambda: _filled(b"a: >\n", b"  x\n"),
    "escapes.yaml": lambda: _filled(b'a: "', b"\\x41", b'"\n'),
    "comments.yaml": lambda: _filled(b"", b"#\n", b"a: 1\n"),
    "directives.yaml": lambda: _filled(b"", b"%A\n", b"---\na: 1\n"),
    "tabs.yaml": lambda: _filled(b"a:", b"\t", b"1\n"),
    "a list of bans.yaml": lambda: _numbered(
        b'ban_list: x\ntitle: x\nauthority: {citation: "x"}\nbans:\n', b"- {name: n%d, domains: [d.test]}", b"\n", b"\n"
    ),
    "a list of numbers.yaml": lambda: _filled(b"ban_list: x\nbans:\n", b"- 1\n"),
    "rows.csv": lambda: _numbered(b"name,ios_bundle_id\n", b"n%d,com.a", b"\n", b"\n"),
}
_MADE = {**_JSON, **_XML, **_OTHERS}

if __name__ == "__main__":
    main()

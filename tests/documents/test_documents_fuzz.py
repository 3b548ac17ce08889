from __future__ import annotations

import base64
import contextlib
import json
import plistlib
from typing import Any

from documents_strategies import mutations
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_policy.documents import dump, locate_all, parse
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document

PROFILE = {
    "PayloadType": "Configuration",
    "PayloadContent": [{"a": ["b", "c"], "d": b"\1\2", "e": 1, "f": 1.5, "g": True}],
}
XML_PLIST = plistlib.dumps(PROFILE)
BINARY_PLIST = plistlib.dumps(PROFILE, fmt=plistlib.FMT_BINARY)
GRAPH = json.dumps(
    {
        "value": [
            {
                "@odata.type": "#microsoft.graph.iosCustomConfiguration",
                "payload": base64.b64encode(XML_PLIST).decode(),
            },
            {
                "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
                "omaSettings": [{"value": "<RuleCollection/>"}],
            },
        ]
    }
).encode()
JAMF = b"<configuration_profile><general><payloads>&lt;plist&gt;&lt;dict/&gt;&lt;/plist&gt;</payloads></general></configuration_profile>"
SIGNED = (
    bytes.fromhex("3020")
    + bytes.fromhex("06092a864886f70d010702")
    + b"\xa0\x13\x30\x11"
    + b"\x02\x01\x01\x31\0\x30\x0a\x06\x01\x01\xa0\x05\x04\x03[1]"
)
ORIGINALS = [XML_PLIST, BINARY_PLIST, GRAPH, JAMF, SIGNED, XML_PLIST.decode().encode("utf-16")]
SPLICES = [
    b"<dict>", b"</dict>", b"<array>", b"<key>a</key>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&lt;", b"&x;", b"&#0;", b"<!DOCTYPE a [",
    b"<!ENTITY a 'b'>", b"<?xml version='1.1'?>", b"<integer>-0x1</integer>", b"<real>nan</real>", b"<date>0000-00-00T00:00:00Z</date>",
    b"[", b"{", b"}", b"]", b'"', b"\\", b":", b"NaN", b"1e999", b"9" * 30, b"\\ud800", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"bplist00",
]  # fmt: skip
FORMATS: Any = st.sampled_from(["plist", "json", "xml"])


def survives(data: bytes, format_: Any) -> None:
    for given_format in (None, format_):
        with contextlib.suppress(PolicyError):
            document = open_document("f", data, given_format)
            locate_all(document.data, document.format, ["", "/value/0", "/PayloadContent/0/a"])
            dump(document.value, document.format)
    with contextlib.suppress(PolicyError):
        parse("f", data, format_)


@given(st.binary(max_size=200), FORMATS)
@settings(max_examples=400, deadline=None)
def test_random_bytes_raise_nothing_else(data: bytes, format_: Any) -> None:
    survives(data, format_)


@given(
    st.sampled_from(
        [b"bplist00", b"<plist>", b"<a>", b"{", b"[", b"\xff\xfe", b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02"]
    ),
    st.binary(max_size=100),
    FORMATS,
)
@settings(max_examples=400, deadline=None)
def test_random_bytes_behind_a_good_start_raise_nothing_else(start: bytes, data: bytes, format_: Any) -> None:
    survives(start + data, format_)


@given(mutations(ORIGINALS, SPLICES), FORMATS)
@settings(max_examples=800, deadline=None)
def test_damaged_documents_raise_nothing_else(data: bytes, format_: Any) -> None:
    survives(data, format_)


@given(mutations([XML_PLIST], SPLICES))
@settings(max_examples=600, deadline=None)
def test_what_we_accept_of_damaged_plists_plistlib_reads_alike(data: bytes) -> None:
    try:
        mine = parse("f", data, "plist", white_space="keep")
    except PolicyError:
        return
    if data.startswith((b"<?xml", b"<plist", b"\xef\xbb\xbf<")) and b"bplist" not in data[:8]:
        assert mine == plistlib.loads(data)


@given(mutations([GRAPH, b'{"a": [1, -2.5e3, "x\\n", true, null, {}], "b": {"c": "d:e"}}'], SPLICES))
@settings(max_examples=600, deadline=None)
def test_what_we_accept_of_damaged_json_json_reads_alike(data: bytes) -> None:
    with contextlib.suppress(PolicyError):
        mine = parse("f", data, "json", white_space="keep")
        assert mine == json.loads(data)

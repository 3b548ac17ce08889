from __future__ import annotations

import base64
import json
from typing import Any
from xml.sax.saxutils import escape

import pytest

from mdm_policy.documents import Document, dump, place, places, sniff
from mdm_policy.documents.signed import looks_signed, signed_content
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.kinds import open_document

PROFILE = {"PayloadType": "Configuration", "PayloadContent": [{"PayloadType": "com.apple.applicationaccess"}]}
PLIST = dump(PROFILE, "plist")
RULES = '<RuleCollection Type="Exe" EnforcementMode="Enabled"/>'
IOS = {"@odata.type": "#microsoft.graph.iosCustomConfiguration", "payload": base64.b64encode(PLIST).decode()}


def armoured(data: bytes, label: str) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n".encode()


def der(tag: int, *content: bytes) -> bytes:
    """Encode one element of DER."""
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes(3, "big")
    return bytes([tag, 0x83]) + length + body


def ber(tag: int, *content: bytes) -> bytes:
    """Encode one element of BER with an indefinite length."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


SIGNED_DATA = der(0x06, bytes.fromhex("2a864886f70d010702"))
DATA = der(0x06, bytes.fromhex("2a864886f70d010701"))
HEAD = der(0x02, b"\x01") + der(0x31)
CMS = der(0x30, SIGNED_DATA, der(0xA0, der(0x30, HEAD, der(0x30, DATA, der(0xA0, der(0x04, PLIST))), der(0x31))))
PIECES = ber(0x24, der(0x04, PLIST[:100]), ber(0x24, der(0x04, PLIST[100:])))
CMS_IN_PIECES = ber(0x30, SIGNED_DATA, ber(0xA0, ber(0x30, HEAD, ber(0x30, DATA, ber(0xA0, PIECES)), der(0x31))))


def oma(value: Any, **more: Any) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.omaSettingString", "omaUri": "./Vendor/MSFT/x", "value": value, **more}


def windows(*settings: Any) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "omaSettings": list(settings)}


def jamf(payloads: str, root: str = "configuration_profile") -> bytes:
    return f"<{root}><general><name>n</name><payloads>{payloads}</payloads></general></{root}>".encode()


def opened(value: Any) -> Document:
    return open_document("outer.json", json.dumps(value).encode())


def inner_kinds(document: Document) -> list[tuple[str, str]]:
    return [(pointer, inner.kind) for pointer, inner in document.inner]


@pytest.mark.parametrize(
    ("data", "format_", "kind"),
    [
        pytest.param(PLIST, "plist", "apple-profile", id="profile"),
        pytest.param(b"\xef\xbb\xbf" + PLIST, "plist", "apple-profile", id="profile with a mark"),
        pytest.param(b"<!-- c --><plist><dict/></plist>", "plist", "unknown", id="plist behind a comment"),
        pytest.param(b'\n {"applications": []}', "json", "amapi-policy", id="json"),
        pytest.param('{"playStoreMode": ""}'.encode("utf-16"), "json", "amapi-policy", id="json in utf-16"),
        pytest.param(b"[]", "json", "unknown", id="json array"),
        pytest.param(RULES.encode(), "xml", "applocker-rules", id="xml"),
        pytest.param(b"<plistx/>", "xml", "unknown", id="not quite a plist"),
    ],
)
def test_sniffs_and_recognises(data: bytes, format_: str, kind: str) -> None:
    document = open_document("a file", data)
    assert (document.format, document.kind, document.data, document.name) == (format_, kind, data, "a file")
    assert sniff("a file", data) == format_


def test_takes_the_format_it_is_given() -> None:
    with pytest.raises(PolicyError, match="document-syntax"):
        open_document("f", RULES.encode(), "json")


@pytest.mark.parametrize(
    ("data", "id_"),
    [
        pytest.param(b"", "document-empty", id="empty"),
        pytest.param(b"list: [a]", "document-format-unknown", id="yaml"),
        pytest.param(b"PK\x03\x04", "document-format-unknown", id="archive"),
        pytest.param(b"\x00\x01\x02\x03", "document-encoding", id="binary"),
        pytest.param(CMS[:60], "document-syntax", id="damaged signed file"),
        pytest.param(b'<!DOCTYPE plist SYSTEM "x"><plist/>', "dtd-forbidden", id="plist with a doctype of its own"),
    ],
)
def test_refuses_to_open(data: bytes, id_: str) -> None:
    with pytest.raises(PolicyError) as caught:
        open_document("f", data)
    assert [finding.id for finding in caught.value.findings] == [id_]


def test_limits_what_it_opens() -> None:
    with pytest.raises(PolicyError, match="document-too-large"):
        open_document("f", PLIST, max_size=10)


def test_keeps_white_space_a_device_would_compare() -> None:
    assert open_document("f", b'{"packageIds": ["app:a.b "]}').value == {"packageIds": ["app:a.b "]}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CMS, id="der"),
        pytest.param(CMS_IN_PIECES, id="ber with the content in pieces"),
        pytest.param(armoured(CMS, "CMS"), id="text, as openssl cms writes it"),
        pytest.param(armoured(CMS, "PKCS7").replace(b"\n", b"\r\n"), id="text, as openssl smime writes it, on Windows"),
        pytest.param(b"\xef\xbb\xbf\n" + armoured(CMS_IN_PIECES, "PKCS7"), id="text with a byte-order mark"),
    ],
)
def test_opens_what_a_signed_file_carries(data: bytes) -> None:
    document = open_document("f", data)
    assert document.value == PROFILE
    assert document.handed_over == data
    assert document.data == PLIST
    assert [(finding.id, finding.severity) for finding in document.findings] == [("signature-not-checked", "note")]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(der(0x31, SIGNED_DATA), id="no sequence"),
        pytest.param(der(0x30, SIGNED_DATA), id="no content"),
        pytest.param(der(0x30, DATA, der(0xA0)), id="empty content"),
        pytest.param(der(0x30, SIGNED_DATA, der(0xA0, der(0x30, HEAD, der(0x30, DATA)))), id="detached"),
        pytest.param(der(0x30, SIGNED_DATA, der(0xA0, der(0x30, HEAD))), id="nothing encapsulated"),
        pytest.param(CMS[:-200], id="cut"),
        pytest.param(b"\x24\x80" * 100_000, id="endless nesting"),
        pytest.param(b"\x30\x80" * 10, id="never closed"),
        pytest.param(CMS.replace(der(0x04, PLIST), der(0x05, PLIST)), id="content of another type"),
        pytest.param(
            ber(
                0x30, SIGNED_DATA, ber(0xA0, ber(0x30, HEAD, ber(0x30, DATA, ber(0xA0, ber(0x24, *[b"\x24\x80"] * 9)))))
            ),
            id="pieces in pieces",
        ),
        pytest.param(
            CMS.replace(der(0x04, PLIST), der(0x24, der(0x24, der(0x24, der(0x24, der(0x24, der(0x24))))))),
            id="too many layers of pieces",
        ),
        pytest.param(
            ber(
                0x30,
                SIGNED_DATA,
                ber(0xA0, ber(0x30, HEAD, ber(0x30, DATA, ber(0xA0, b"\x24\x80" + b"\x04\x00" * 600_000)))),
            ),
            id="more pieces than any signer writes",
        ),
    ],
)
def test_damaged_signed_data_has_no_content(data: bytes) -> None:
    assert signed_content(data) is None


def test_tells_signed_files_apart() -> None:
    assert looks_signed(CMS)
    assert looks_signed(CMS_IN_PIECES)
    assert not looks_signed(PLIST)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(IOS, [("/payload", "apple-profile")], id="custom profile"),
        pytest.param(
            IOS | {"@odata.type": "#microsoft.graph.macOSCustomConfiguration"},
            [("/payload", "apple-profile")],
            id="macos",
        ),
        pytest.param(
            {"payloadFileName": "a", "payload": IOS["payload"]}, [("/payload", "apple-profile")], id="no type"
        ),
        pytest.param(
            IOS | {"payload": base64.encodebytes(PLIST).decode()}, [("/payload", "apple-profile")], id="wrapped base64"
        ),
        pytest.param(IOS | {"payload": base64.b64encode(CMS).decode()}, [("/payload", "apple-profile")], id="signed"),
        pytest.param(IOS | {"payload": None}, [], id="no payload"),
        pytest.param(IOS | {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration"}, [], id="other type"),
        pytest.param(windows(oma(RULES)), [("/omaSettings/0/value", "applocker-rules")], id="oma text"),
        pytest.param(
            windows(oma("\ufeff\n" + RULES)), [("/omaSettings/0/value", "applocker-rules")], id="oma text with a mark"
        ),
        pytest.param(
            windows(oma(f'<?xml version="1.0" encoding="utf-16"?>{RULES}')),
            [("/omaSettings/0/value", "applocker-rules")],
            id="oma text that was a utf-16 file",
        ),
        pytest.param(
            windows(
                oma("enabled"),
                oma(
                    base64.b64encode(RULES.encode()).decode(),
                    **{"@odata.type": "#microsoft.graph.omaSettingStringXml"},
                ),
            ),
            [("/omaSettings/1/value", "applocker-rules")],
            id="oma base64",
        ),
        pytest.param(
            windows(oma("****", **{"@odata.type": "#microsoft.graph.omaSettingStringXml"}), oma(5), 5),
            [],
            id="masked, odd",
        ),
        pytest.param(
            windows(oma("c2VjcmV0", isEncrypted=True, **{"@odata.type": "#microsoft.graph.omaSettingStringXml"})),
            [],
            id="encrypted",
        ),
        pytest.param(
            {"value": [IOS, 5, {"a": 1}]},
            [("/value/0", "intune-device-configuration"), ("/value/2", "unknown")],
            id="page",
        ),
        pytest.param(
            {"method": "PATCH", "query": {"updateMask": "a"}, "body": {"applications": []}},
            [("/body", "amapi-policy")],
            id="patch",
        ),
    ],
)
def test_opens_what_is_inside_json(value: Any, expected: list[tuple[str, str]]) -> None:
    document = opened(value)
    assert inner_kinds(document) == expected
    assert not document.findings
    assert [inner.name for _, inner in document.inner] == [f"outer.json#{pointer}" for pointer, _ in expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(IOS | {"payload": "%"}, [("document-syntax", "outer.json#/payload")], id="no base64"),
        pytest.param(IOS | {"payload": "\u00e4"}, [("document-syntax", "outer.json#/payload")], id="no ascii"),
        pytest.param(IOS | {"payload": "PGE+"}, [("document-syntax", "outer.json#/payload:1:4")], id="cut xml"),
        pytest.param(windows(oma("<a>")), [("document-syntax", "outer.json#/omaSettings/0/value:1:4")], id="cut oma"),
        pytest.param(
            windows(oma(escape(RULES))),
            [("document-format-unknown", "outer.json#/omaSettings/0/value:1:1")],
            id="escaped oma",
        ),
    ],
)
def test_reports_what_cannot_be_opened_inside(value: Any, expected: list[tuple[str, str]]) -> None:
    document = opened(value)
    assert [(finding.id, str(finding.origin)) for finding in document.findings] == expected
    assert not document.inner


@pytest.mark.parametrize("times", [1, 2, 3, 4])
@pytest.mark.parametrize("root", ["configuration_profile", "os_x_configuration_profile"])
def test_unescapes_jamf_payloads_until_they_parse(times: int, root: str) -> None:
    payloads = dump(PROFILE, "plist", compact=True).decode()
    for _ in range(times):
        payloads = escape(payloads, {'"': "&quot;"})
    document = open_document("p.xml", jamf(payloads, root))
    ((pointer, inner),) = document.inner
    assert (pointer, inner.value, inner.kind) == (f"/{root}/general/payloads", PROFILE, "apple-profile")


def test_gives_up_on_jamf_payloads_and_says_why() -> None:
    document = open_document("p.xml", jamf("&lt;plist&gt;&lt;dict&gt;"))
    assert [(f.id, str(f.origin)) for f in document.findings] == [
        ("document-syntax", "p.xml#/configuration_profile/general/payloads:1:14")
    ]


@pytest.mark.parametrize("payloads", ["", " \n"])
def test_empty_jamf_payloads_are_nothing(payloads: str) -> None:
    document = open_document("p.xml", jamf(payloads))
    assert not document.inner
    assert not document.findings


def test_places_go_through_layers() -> None:
    page = {"value": [{"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration"}, IOS, windows(oma(RULES))]}
    document = open_document("page.json", json.dumps(page, indent=1).encode())
    assert document.inner[0][1].part
    found = places(
        document,
        [
            "/value/1/payload",
            "/value/1/payload/PayloadContent/0",
            "/value/2/omaSettings/0/value/RuleCollection",
            "/value/0/@odata.type",
            "/nowhere",
        ],
    )
    assert found == {
        "/value/1/payload": Origin("page.json", 8, 15),
        "/value/1/payload/PayloadContent/0": Origin("page.json#/value/1/payload", 7, 3),
        "/value/2/omaSettings/0/value/RuleCollection": Origin("page.json#/value/2/omaSettings/0/value", 1, 1),
        "/value/0/@odata.type": Origin("page.json", 4, 19),
        "/nowhere": Origin("page.json"),
    }
    assert place(document, "") == Origin("page.json", 1, 1)


def test_stops_at_pages_in_pages() -> None:
    value: Any = {"value": []}
    for _ in range(30):
        value = {"value": [value]}
    document = opened(value)
    depth = 0
    while document.inner:
        document = document.inner[0][1]
        depth += 1
    assert depth == 8

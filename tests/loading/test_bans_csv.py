"""Tables of bans: one ban an app, each defect with its line."""

from __future__ import annotations

import io
import sys
import zipfile

import pytest

from mdm_policy.errors import Origin
from mdm_policy.loading import Source, detect, load_ban_list, load_bans_csv, load_table
from mdm_policy.model import Ban, Identifier

AUDIT = "app,platform,kind,identifier\n"
STORE = "BundleId,TrackId,Name\n"


def places(data: str | bytes) -> list[str]:
    raw = data if isinstance(data, bytes) else data.encode()
    loaded = load_bans_csv(Source("x.csv", raw))
    assert (loaded.value is None) == any(one.severity == "error" for one in loaded.findings)
    return [f"{one.origin} {one.id}" for one in loaded.findings]


def test_rows_of_one_app_become_one_ban() -> None:
    data = AUDIT + "QQ,ios,bundle_id,com.tencent.mqq\n\nWPS,ipados,app_store_id,1491101673\nqq,web,domain,qq.com\n"
    one, two, four = (Origin("x.csv", line) for line in (2, 4, 5))
    assert load_bans_csv(Source("x.csv", data.encode())).value == (
        Ban(
            one,
            name="QQ",
            identifiers=(
                Identifier("ios", "bundle_id", "com.tencent.mqq", one),
                Identifier("web", "domain", "qq.com", four),
            ),
        ),
        Ban(two, name="WPS", identifiers=(Identifier("ios", "app_store_id", "1491101673", two),)),
    )


def test_what_the_app_store_lookup_exports() -> None:
    data = '\ufeffBundleId,TrackId,Name\r\ncom.a.b,414478124,"A, the ""first"""\r\n,414478125,B\r\ncom.c.d,,C\r\n'
    bans = load_bans_csv(Source("x.csv", data.encode())).value or ()
    assert [(one.name, [i.value for i in one.identifiers]) for one in bans] == [
        ('A, the "first"', ["com.a.b", "414478124"]),
        ("B", ["414478125"]),
        ("C", ["com.c.d"]),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(AUDIT.replace("\n", ",authority,source\n") + "A,ios,bundle_id,a.b,X,Y\n", [], id="all columns"),
        pytest.param(AUDIT.replace("\n", ",authority\n") + "A,ios,bundle_id,a.b,X\n", [], id="five columns"),
        pytest.param("App, Platform,KIND,Identifier\nA,ios,bundle_id,a.b\n", [], id="header in another case"),
        pytest.param('"app","platform","kind","identifier"\nA,ios,bundle_id,a.b\n', [], id="header in quotes"),
        pytest.param("", ["x.csv:1:1 empty-file"], id="empty"),
        pytest.param("\n\n", ["x.csv:1:1 empty-file"], id="blank lines"),
        pytest.param(AUDIT, ["x.csv:1:1 empty-ban-list"], id="header alone"),
        pytest.param("a,b\n", ["x.csv:1 csv-header"], id="unknown header"),
        pytest.param("\napp;platform;kind;name\n", ["x.csv:2 csv-header"], id="semicolons and an unknown header"),
        pytest.param("name,bundle_id\nA,a.b\n", ["x.csv:1 csv-header"], id="a bundle id of no platform"),
        pytest.param("name,os,bundle_id\nA,symbian,a.b\n", ["x.csv:2 unknown-word"], id="of an unknown platform"),
        pytest.param("name,os,bundle_id\nA,windows,a.b\n", ["x.csv:2 unknown-word"], id="a bundle id of Windows"),
        pytest.param(
            "name,path,bundle_identifier\nA,/A,\n", ["x.csv:2 identifier-empty"], id="no identifier in any column"
        ),
        pytest.param(
            "name,app_store_url\nA,https://example.org/a\n", ["x.csv:2 csv-address"], id="no address of a store"
        ),
        pytest.param(AUDIT + "A,ios,bundle_id\n", ["x.csv:2 csv-columns"], id="too few cells"),
        pytest.param(AUDIT + "A,B,ios,bundle_id,a.b\n", ["x.csv:2 csv-columns"], id="too many cells"),
        pytest.param(AUDIT + "=HYPERLINK(1),ios,bundle_id,a.b\n", ["x.csv:2 csv-formula"], id="formula"),
        pytest.param(AUDIT + "@A,ios,bundle_id,a.b\n", ["x.csv:2 csv-formula"], id="old formula"),
        pytest.param(AUDIT + "A,ios,bundle_id,+a.b\n", ["x.csv:2 csv-formula"], id="formula as an identifier"),
        pytest.param(AUDIT + "A,symbian,bundle_id,a.b\n", ["x.csv:2 unknown-word"], id="unknown platform"),
        pytest.param(AUDIT + "A,android,package,a.b\n", ["x.csv:2 unknown-word"], id="unknown kind"),
        pytest.param(AUDIT + "A,ios,bundle_id,a\n", ["x.csv:2 identifier-shape"], id="no identifier"),
        pytest.param(AUDIT + "A,ios,app_store_id,4.14478E+08\n", ["x.csv:2 csv-number-rounded"], id="rounded"),
        pytest.param(AUDIT + ",ios,bundle_id,a.b\n", ["x.csv:2 name-empty"], id="no name"),
        pytest.param(STORE + ",,A\n", ["x.csv:2 identifier-empty"], id="no identifier at all"),
        pytest.param(
            AUDIT + "A,ios,bundle_id,a.b\nA,ios,bundle_id,a.b\n", ["x.csv:3 duplicate-identifier"], id="row twice"
        ),
        pytest.param(
            AUDIT + '"A\nB",ios,bundle_id,a.b\nC,ios,bundle_id,c\n',
            ["x.csv:2 name-character", "x.csv:4 identifier-shape"],
            id="line end in a cell",
        ),
        pytest.param(AUDIT + '"A,ios,bundle_id,a.b\n', ["x.csv:2 csv-syntax"], id="open quote"),
        pytest.param(AUDIT + '"A"B,ios,bundle_id,a.b\n', ["x.csv:2 csv-syntax"], id="text after a quote"),
        pytest.param('"a', ["x.csv:1 csv-syntax"], id="open quote in the header"),
        pytest.param(AUDIT + "A" * 200_000 + ",ios,bundle_id,a.b\n", ["x.csv:2 csv-syntax"], id="endless cell"),
        pytest.param(AUDIT + "A,ios,bundle_id,a.b\0\n", ["x.csv:2:20 unwanted-character"], id="NUL"),
        pytest.param(AUDIT.encode() + b"\xe9,ios,bundle_id,a.b\n", ["x.csv:2:1 not-utf-8"], id="Latin-1"),
        pytest.param(AUDIT.encode("utf-16"), ["x.csv:1:1 not-utf-8"], id="UTF-16"),
    ],
)
def test_tables(data: str | bytes, expected: list[str]) -> None:
    assert places(data) == expected


def test_an_app_of_many_rows_takes_no_more_time_than_many_apps() -> None:
    rows = "".join(f"A,web,domain,a{number}.de\n" for number in range(50_000))
    (ban,) = load_bans_csv(Source("x.csv", (AUDIT + rows).encode())).value or ()
    assert len(ban.identifiers) == 50_000


_IN_USE = [
    pytest.param("app;platform;kind;identifier\nA;ios;bundle_id;a.b\n", [("A", "ios", "bundle_id", "a.b")], id="semicolons"),
    pytest.param("sep=;\r\napp;platform;kind;identifier\r\nA;ios;bundle_id;a.b\r\n", [("A", "ios", "bundle_id", "a.b")], id="Excel's first line"),
    pytest.param("\ufeffApp Name\tOS\tBundle ID\nA\tiPad\ta.b\n", [("A", "ios", "bundle_id", "a.b")], id="tabs and a byte-order mark"),
    pytest.param("name,path,bundle_identifier,bundle_short_version\nA.app,/Applications/A.app,a.b,-1\n", [("A", "macos", "bundle_id", "a.b")], id="osquery, apps"),
    pytest.param("name,version,publisher,identifying_number\nA,1,P,{90160000-008C-0000-0000-0000000FF1CE}\n", [("A", "windows", "product_code", "{90160000-008C-0000-0000-0000000FF1CE}")], id="osquery, programs"),
    pytest.param("name,source,bundle_identifier\nA,apps,a.b\nB,ios_apps,b.c\n", [("A", "macos", "bundle_id", "a.b"), ("B", "ios", "bundle_id", "b.c")], id="Fleet"),
    pytest.param("Name,Bundle ID,Version,Mac App Store\nA,a.b,1,false,,\n", [("A", "macos", "bundle_id", "a.b")], id="Jamf, with empty cells at the end"),
    pytest.param("identifier,rule_type,policy,custom_msg\nABCDE12345:a.b,SIGNINGID,BLOCKLIST,A\nABCDE12345,TEAMID,silent_blocklist,\n", [("A", "macos", "signing_id", "ABCDE12345:a.b"), ("ABCDE12345", "macos", "team_id", "ABCDE12345")], id="Santa"),
    pytest.param("https://apps.apple.com/us/app/a/id414478124,A,P\nhttps://play.google.com/store/apps/details?id=a.b,B,P\n", [("A", "ios", "app_store_id", "414478124"), ("B", "android", "package_name", "a.b")], id="Intune's three columns, without a header"),
    pytest.param("a.b.c,A,P\n", [("A", "macos", "bundle_id", "a.b.c")], id="Intune's three columns for Macs"),
    pytest.param("App store URL,App name,Publisher\nhttps://itunes.apple.com/app/id414478124?mt=8,A,P\n", [("A", "ios", "app_store_id", "414478124")], id="Intune's three columns, with a header"),
    pytest.param("Name,Package Family Name,Winget ID,Package Name\nA,A.B_8wekyb3d8bbwe,A.B,a.b\n", [("A", "windows", "package_family_name", "A.B_8wekyb3d8bbwe"), ("A", "windows", "winget_id", "A.B"), ("A", "android", "package_name", "a.b")], id="a column for each platform"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), _IN_USE)
def test_tables_that_people_have(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    loaded = load_bans_csv(Source("x.csv", text.encode()))
    assert loaded.findings == ()
    found = [(ban.name, i.family, i.kind, i.value) for ban in loaded.value or () for i in ban.identifiers]
    assert found == expected


_LEFT_OUT = [
    pytest.param("ABCDE12345:a.b,SIGNINGID,ALLOWLIST", "it bans nothing", id="an allowed app"),
    pytest.param("0" * 64 + ",BINARY,BLOCKLIST", "one file or one certificate", id="one file"),
]


@pytest.mark.parametrize(("row", "said"), _LEFT_OUT)
def test_rules_that_are_no_bans_of_apps_are_left_out_aloud(row: str, said: str) -> None:
    other = "ABCDE12345,TEAMID,BLOCKLIST"
    loaded = load_bans_csv(Source("x.csv", f"identifier,rule_type,policy\n{row}\n{other}\n".encode()))
    assert [(str(one.origin), one.id) for one in loaded.findings] == [("x.csv:2", "csv-row-left-out")]
    assert said in loaded.findings[0].message
    assert len(loaded.value or ()) == 1


def test_a_table_may_be_a_list_of_its_own() -> None:
    made = load_table(Source("lists/Our Apps.csv", (AUDIT + "A,ios,bundle_id,a.b\n").encode())).value
    assert made is not None
    assert (made.id, made.title, made.authority.citation) == ("our-apps", "Our Apps", "the table Our Apps.csv")
    assert [ban.name for ban in made.bans] == ["A"]


def _workbook(rows: list[list[str]]) -> bytes:
    """Write a workbook of one sheet, as ECMA-376 asks for at least."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    lines = "".join(f"<row>{''.join(_cell(cell) for cell in row)}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Apps" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


def _cell(text: str) -> str:
    return f"<c><v>{text}</v></c>" if text.isdigit() else f'<c t="inlineStr"><is><t>{text}</t></is></c>'


ROWS = [["BundleId", "TrackId", "Name"], ["a.b", "414478124", "A"]]


def test_a_workbook_is_read_as_a_table() -> None:
    source = Source("order.xlsx", _workbook(ROWS))
    assert detect(source) == "csv"
    loaded = load_bans_csv(source)
    assert loaded.findings == ()
    assert [(ban.name, [i.value for i in ban.identifiers]) for ban in loaded.value or ()] == [
        ("A", ["a.b", "414478124"])
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(_workbook(ROWS)[:200], "cannot be read", id="half a workbook"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be read", id="an old one that is broken"
        ),
        pytest.param(_workbook([["a" * 1000] * 1000] * 110), "too large", id="one that unpacks to far too much"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_one_finding(data: bytes, said: str) -> None:
    if not data.startswith(b"\xd0"):
        data = data if b"xl/workbook." in data else data + b"xl/workbook.xml"
    (found,) = load_bans_csv(Source("order.xlsx", data)).findings
    assert said in found.message
    assert "CSV UTF-8" in found.hint


def test_without_its_reader_a_workbook_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (found,) = load_bans_csv(Source("order.xlsx", _workbook(ROWS))).findings
    assert (found.id, "Excel workbook" in found.message) == ("workbook", True)
    assert "CSV UTF-8" in found.hint
    assert "[excel]" in found.hint


def test_a_table_is_no_list() -> None:
    (found,) = load_ban_list(Source("x.csv", AUDIT.encode())).findings
    assert (found.id, found.message) == ("file-kind", "`x.csv` is a table of bans, not a ban list")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        pytest.param("x", b"ban_list: a", "ban-list", id="ban list"),
        pytest.param("x", b"title: b\nbans: []", "ban-list", id="ban list without its id"),
        pytest.param("x", b"{lists: [a], devices: []}", "deployment", id="deployment"),
        pytest.param("x", b"devices: []\norganization: {}", "deployment", id="deployment that begins with devices"),
        pytest.param("x", b"devices: []", "devices", id="device classes"),
        pytest.param("x", b"devices: [\n", "devices", id="broken device classes"),
        pytest.param("x", b"ban_list: a\n\tb: [", "ban-list", id="broken ban list"),
        pytest.param("x", b"ban_list: \xe9", "ban-list", id="ban list in Latin-1"),
        pytest.param("x", "ban_list: a".encode("utf-16"), "ban-list", id="ban list in UTF-16"),
        pytest.param("x", b"\xef\xbb\xbfban_list: a\0", "ban-list", id="ban list with NUL"),
        pytest.param("x", AUDIT.encode(), "csv", id="audit table"),
        pytest.param("x", b"\xef\xbb\xbfBundleId,TrackId,Name\r\n", "csv", id="store table"),
        pytest.param("X.CSV", b"a,b", "csv", id="table by its name"),
        pytest.param("x", b"documents: {}\nas_of: 2026-01-01", "target-test", id="test of a target"),
        pytest.param("x", b"name: b", "unknown", id="other YAML"),
        pytest.param("x", b"", "unknown", id="empty"),
        pytest.param("x", b"\x89PNG\r\n\x1a\n", "unknown", id="binary"),
    ],
)
def test_detect(name: str, data: bytes, kind: str) -> None:
    assert detect(Source(name, data)) == kind

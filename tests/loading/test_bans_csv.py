"""Tables of bans: one ban an app, each defect with its line."""

from __future__ import annotations

import pytest

from mdm_policy.errors import Origin
from mdm_policy.loading import Source, detect, load_ban_list, load_bans_csv
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
        pytest.param("\napp;platform;kind;identifier\n", ["x.csv:2 csv-header"], id="semicolons"),
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


def test_semicolons_are_answered_with_what_to_do() -> None:
    (found,) = load_bans_csv(Source("x.csv", b"app;platform;kind;identifier\n")).findings
    assert "commas" in found.hint


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
        pytest.param("x", b"name: b", "unknown", id="other YAML"),
        pytest.param("x", b"", "unknown", id="empty"),
        pytest.param("x", b"\x89PNG\r\n\x1a\n", "unknown", id="binary"),
    ],
)
def test_detect(name: str, data: bytes, kind: str) -> None:
    assert detect(Source(name, data)) == kind

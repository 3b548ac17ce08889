"""What a ban list says becomes typed values with places; what it must not say is found from the text alone."""

from __future__ import annotations

import hashlib

import pytest

from mdm_policy.errors import Origin
from mdm_policy.loading import Source, language, load_ban_list
from mdm_policy.model import Authority, Ban, BanList, GrantedException, Identifier, Override, Revocation
from mdm_policy.vocabulary import KINDS_BY_FAMILY

EO_13971 = """\
ban_list: us-eo-13971
title: Chinese connected software applications
note: Commerce never identified a transaction.
authority:
  citation: "E.O. 13971, 86 FR 1249"
  title: Addressing the Threat Posed by Applications
  source: https://www.govinfo.gov/content/pkg/FR-2021-01-08/pdf/2021-00305.pdf
  issued: 2021-01-05
  effective: "2021-02-19"
  revoked: {on: 2021-06-09, by: "E.O. 14034"}
  duties: []
bans:
  - app: alipay                                            # a catalogue key
  - {feature: QQ Wallet, implemented_by: qq}
  - {vendor: kaspersky, not_on: chromeos, note: all of it}
  - name: WeChat
    ios: {bundle_id: com.tencent.xin, app_store_id: ["414478124", 414478125]}
    android: {package_name: [com.tencent.mm]}
    macos: {bundle_id: [com.tencent.xinWeChat], team_id: [5A4RE8SF68]}
    windows: {publisher: ["O=Tencent, C=CN"], executable: [WeChat.exe]}
    domains: [wechat.com]
    allow_dangerous: [{id: com.tencent.mm, reason: shared with no other app}]
exceptions:
  - {app: alipay, category: security-research, approved_by: "CISO (example)", document: "MEMO-17 (example)",
     groups: [lab], until: 2021-05-01, note: once}
"""
HEAD = "ban_list: a\nauthority: {citation: X}\n"


def at(line: int, column: int) -> Origin:
    return Origin("eo.yaml", line, column)


def places(data: str) -> list[str]:
    loaded = load_ban_list(Source("x.yaml", data.encode()))
    return [f"{one.origin} {one.id}" for one in loaded.findings]


def value(data: str) -> BanList:
    loaded = load_ban_list(Source("x.yaml", data.encode()))
    assert loaded.value is not None, loaded.findings
    return loaded.value


def test_every_key_is_loaded_with_its_place() -> None:
    loaded = load_ban_list(Source("eo.yaml", EO_13971.encode()))
    assert loaded.findings == ()
    assert loaded.value == BanList(
        id="us-eo-13971",
        title="Chinese connected software applications",
        authority=Authority(
            "E.O. 13971, 86 FR 1249",
            at(5, 3),
            issued="2021-01-05",
            effective="2021-02-19",
            revoked=Revocation("2021-06-09", "E.O. 14034"),
            duties=(),
        ),
        bans=(
            Ban(at(13, 5), app="alipay"),
            Ban(at(14, 5), feature="QQ Wallet", implemented_by="qq"),
            Ban(at(15, 5), vendor="kaspersky", not_on=("chromeos",)),
            Ban(
                at(16, 5),
                name="WeChat",
                identifiers=(
                    Identifier("ios", "bundle_id", "com.tencent.xin", at(17, 22)),
                    Identifier("ios", "app_store_id", "414478124", at(17, 54)),
                    Identifier("ios", "app_store_id", "414478125", at(17, 67)),
                    Identifier("macos", "bundle_id", "com.tencent.xinWeChat", at(19, 25)),
                    Identifier("macos", "team_id", "5A4RE8SF68", at(19, 59)),
                    Identifier("android", "package_name", "com.tencent.mm", at(18, 30)),
                    Identifier("windows", "publisher", "O=Tencent, C=CN", at(20, 27)),
                    Identifier("windows", "executable", "WeChat.exe", at(20, 60)),
                    Identifier("web", "domain", "wechat.com", at(21, 15)),
                ),
                allow_dangerous=(Override("com.tencent.mm", "shared with no other app", at(22, 23)),),
            ),
        ),
        exceptions=(
            GrantedException(
                "alipay", "security-research", "CISO (example)", "MEMO-17 (example)", ("lab",), "2021-05-01", at(24, 5)
            ),
        ),
        origin=at(1, 1),
        digest=hashlib.sha256(EO_13971.encode()).hexdigest(),
    )


def test_what_is_left_out_has_its_default() -> None:
    loaded = value(HEAD + "bans: [{app: qq}]\n")
    assert loaded.title == "a"
    assert loaded.authority == Authority("X", Origin("x.yaml", 2, 12), duties=("no-install", "no-launch"))
    assert (loaded.exceptions, loaded.includes) == ((), ())


def test_block_and_flow_style_say_the_same() -> None:
    block = HEAD + "bans:\n- name: A\n  ios:\n    bundle_id:\n    - a.b\n    - c.d\n"
    flow = HEAD + "bans: [{name: A, ios: {bundle_id: [a.b, c.d]}}]\n"
    assert [i.key for i in value(block).bans[0].identifiers] == [i.key for i in value(flow).bans[0].identifiers]


def test_the_kinds_are_those_of_the_identifiers() -> None:
    for family, kinds in KINDS_BY_FAMILY.items():
        if family != "web":
            shape = language.BAN.fields[family].shape
            assert tuple(getattr(shape, "kinds")) == kinds  # noqa: B009 - the protocol hides it


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("NO", ["unquoted-text"], id="Norway"),
        pytest.param("on", ["unquoted-text"], id="on"),
        pytest.param("y", ["unquoted-text"], id="y"),
        pytest.param("1.10", ["unquoted-text"], id="version"),
        pytest.param("0123", ["unquoted-text"], id="octal"),
        pytest.param("0x1F", ["unquoted-text"], id="hexadecimal"),
        pytest.param("12:30:45", ["unquoted-text"], id="sexagesimal"),
        pytest.param("12345E6789", ["unquoted-text"], id="exponent"),
        pytest.param("2021-01-05", ["unquoted-text"], id="date"),
        pytest.param("2021-01-05T10:00:00Z", ["unquoted-text"], id="time stamp"),
        pytest.param(".inf", ["unquoted-text"], id="infinity"),
        pytest.param("=", ["unquoted-text"], id="value key"),
        pytest.param("", ["empty-value"], id="nothing"),
        pytest.param("~", ["empty-value"], id="tilde"),
        pytest.param("null", ["empty-value"], id="null"),
        pytest.param('""', ["empty-value"], id="empty"),
        pytest.param('"  "', ["empty-value"], id="blank"),
        pytest.param("[A]", ["wrong-type"], id="list"),
        pytest.param("{a: b}", ["wrong-type"], id="mapping"),
        pytest.param('" A"', ["name-white-space"], id="white space"),
        pytest.param('"A\\u202eB"', ["name-character"], id="bidi steering in an escape"),
        pytest.param('"A\\nB"', ["name-character"], id="line end in an escape"),
        pytest.param('"NO"', [], id="Norway in quotes"),
        pytest.param("'12:30:45'", [], id="sexagesimal in quotes"),
        pytest.param("微信", [], id="Chinese"),
        pytest.param("Nor", [], id="a word that begins like one"),
    ],
)
def test_a_name_is_text_to_every_reader(written: str, expected: list[str]) -> None:
    data = HEAD + f"bans:\n- name: {written}\n  ios: {{bundle_id: a.b}}\n"
    assert [one.partition(" ")[2] for one in places(data)] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("{app_store_id: 414478124}", [], id="store id without quotes"),
        pytest.param("{app_store_id: '414478124'}", [], id="store id in quotes"),
        pytest.param("{app_store_id: 0414478124}", ["identifier-shape", "unquoted-text"], id="store id that is octal"),
        pytest.param(
            "{app_store_id: 414_478_124}", ["identifier-shape", "unquoted-text"], id="store id with underscores"
        ),
        pytest.param("{app_store_id: '0414478124'}", ["identifier-shape"], id="store id that begins with 0"),
        pytest.param("{app_store_id: 4.14e+8}", ["identifier-shape", "unquoted-text"], id="store id rounded"),
        pytest.param("{bundle_id: 1.10}", ["unquoted-text"], id="bundle id that is a number"),
        pytest.param("{bundle_id: '1.10'}", [], id="bundle id that looks like a number"),
        pytest.param("{bundle_id: no}", ["identifier-shape", "unquoted-text"], id="bundle id that is false"),
        pytest.param("{bundle_id: }", ["empty-value"], id="bundle id that is nothing"),
        pytest.param("{bundle_id: ''}", ["identifier-empty"], id="bundle id that is empty"),
        pytest.param("{bundle_id: []}", ["empty-list"], id="no bundle ids"),
        pytest.param("{bundle_id: {a: b}}", ["wrong-type"], id="mapping"),
        pytest.param("{bundle_id: [[a.b]]}", ["wrong-type"], id="list in a list"),
        pytest.param("{bundle_id: ' a.b'}", ["identifier-white-space"], id="white space"),
        pytest.param("{package_name: a.b}", ["unknown-key"], id="kind of another family"),
        pytest.param("{[a]: b}", ["yaml-complex-key"], id="list as a kind"),
        pytest.param("{}", ["empty-value"], id="no kinds"),
        pytest.param("", ["empty-value"], id="nothing"),
        pytest.param("com.a.b", ["wrong-type"], id="no kind"),
    ],
)
def test_identifiers(written: str, expected: list[str]) -> None:
    found = places(HEAD + f"bans:\n- name: A\n  ios: {written}\n")
    assert [one.partition(" ")[2] for one in found] == expected


@pytest.mark.parametrize(
    ("ban", "expected"),
    [
        pytest.param("{app: a, vendor: b}", ["4:20 exclusive-keys"], id="app and vendor"),
        pytest.param(
            "{app: a, feature: b, implemented_by: c, name: d, vendor: e}",
            ["4:21 exclusive-keys", "4:49 no-identifier"],
            id="all four",
        ),
        pytest.param("{note: a}", ["4:3 missing-key"], id="nothing banned"),
        pytest.param("{feature: a}", ["4:13 key-needs-key"], id="feature of no app"),
        pytest.param("{app: a, implemented_by: b}", ["4:28 key-needs-key"], id="implemented_by without feature"),
        pytest.param("{app: a, domains: [a.de]}", [], id="identifiers beside a catalogue key"),
        pytest.param("{vendor: a, domains: [a.de]}", ["4:3 key-needs-key"], id="identifiers beside a vendor"),
        pytest.param("{name: a}", ["4:10 no-identifier"], id="a name alone"),
        pytest.param("alipay", ["4:3 wrong-type"], id="a bare word"),
        pytest.param("", ["4:2 empty-value"], id="nothing"),
        pytest.param("[a]", ["4:3 wrong-type"], id="a list"),
        pytest.param("{app: a, not_on: [iso]}", ["4:21 unknown-word"], id="misspelt platform"),
        pytest.param("{app: a, not_on: [NO]}", ["4:21 unquoted-text"], id="platform that is false"),
        pytest.param("{app: a, not_on: [ios, ios]}", ["4:26 duplicate-entry"], id="platform twice"),
        pytest.param(
            "{name: a, ios: {bundle_id: a.b}, not_on: [android, ios]}",
            ["4:54 not-on-contradicted"],
            id="not where it is",
        ),
        pytest.param(
            "{name: a, ios: {bundle_id: a.b}, allow_dangerous: [{id: c.d, reason: e}]}",
            ["4:54 override-unused"],
            id="permission for another",
        ),
        pytest.param("{app: a, allow_dangerous: [{id: c.d}]}", ["4:30 missing-key"], id="permission without a reason"),
        pytest.param("{name: a, ios: {bundle_id: [a.b, a.b]}}", ["4:36 duplicate-identifier"], id="identifier twice"),
        pytest.param("{name: a, domains: [a.de, a.de]}", ["4:29 duplicate-identifier"], id="domain twice"),
        pytest.param('{app: a, note: "b\\x07"}', ["4:18 text-character"], id="bell in a note"),
    ],
)
def test_bans(ban: str, expected: list[str]) -> None:
    assert places(HEAD + f"bans:\n- {ban}\n") == [f"x.yaml:{one}" for one in expected]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        pytest.param("|\n    a\n    b\n", [], id="several lines"),
        pytest.param('"a\u00a0b 👩\u200d💻"', [], id="no-break space and emoji"),
        pytest.param('"a\\u200bb"', ["text-character"], id="zero-width space"),
        pytest.param('"a\\x0bb"', ["text-character"], id="vertical tab"),
        pytest.param('"a\\u2028b"', ["text-character"], id="line separator"),
        pytest.param('"a\\tb"', ["text-character"], id="tab"),
    ],
)
def test_prose(note: str, expected: list[str]) -> None:
    assert [one.partition(" ")[2] for one in places(HEAD + f"bans:\n- app: qq\n  note: {note}\n")] == expected


def test_prose_loses_the_line_end_that_folding_leaves() -> None:
    data = "ban_list: a\nauthority:\n  citation: >\n    Order\n    1\nbans: [{app: qq}]\n"
    assert value(data).authority.citation == "Order 1"


def test_prose_of_one_line_has_one_line() -> None:
    data = "ban_list: a\nauthority:\n  citation: |\n    Order\n    1\nbans: [{app: qq}]\n"
    assert places(data) == ["x.yaml:3:13 text-lines"]


def test_a_bare_word_is_answered_with_what_to_write() -> None:
    (found,) = load_ban_list(Source("x.yaml", (HEAD + "bans: [alipay]").encode())).findings
    assert found.hint == "write `app: alipay`"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param("{app: qq}", ["5:3 duplicate-ban"], id="app"),
        pytest.param("{name: a, ios: {bundle_id: x.b}}", ["5:3 duplicate-ban"], id="name in another case"),
        pytest.param("{name: B, ios: {bundle_id: a.b}}", ["5:30 duplicate-identifier"], id="identifier of another app"),
        pytest.param("{name: B, macos: {bundle_id: a.b, team_id: ABCDE12345}}", [], id="team that makes two apps"),
        pytest.param("{name: B, android: {package_name: a.b}}", [], id="same text, other family"),
    ],
)
def test_what_stands_twice_is_warned_of(second: str, expected: list[str]) -> None:
    first = "{name: A, ios: {bundle_id: a.b}, macos: {team_id: ABCDE12345}}"
    data = HEAD + f"bans:\n- {first}\n- {second}\n- {{app: qq}}\n"
    swapped = [one.replace("5:3 duplicate-ban", "6:3 duplicate-ban") if "qq" in second else one for one in expected]
    assert places(data) == [f"x.yaml:{one}" for one in swapped]


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        pytest.param("{}", ["2:12 missing-key"], id="no citation"),
        pytest.param("", ["2:1 empty-value"], id="nothing"),
        pytest.param("E.O. 1", ["2:12 wrong-type"], id="only a citation"),
        pytest.param("{citation: X, issued: 2026-02-30}", ["2:34 date-impossible"], id="30 February"),
        pytest.param("{citation: X, issued: 20260203}", ["2:34 date-format"], id="no hyphens"),
        pytest.param("{citation: X, issued: 2026-2-3}", ["2:34 date-format"], id="short month"),
        pytest.param("{citation: X, issued: 2026-02-03T00:00:00}", ["2:34 date-format"], id="with a time"),
        pytest.param("{citation: X, issued: }", ["2:26 empty-value"], id="no day"),
        pytest.param("{citation: X, issued: [2026-02-03]}", ["2:34 wrong-type"], id="list of days"),
        pytest.param(
            "{citation: X, issued: 2021-01-02, effective: 2021-01-01}", ["2:57 date-order"], id="effective too early"
        ),
        pytest.param(
            "{citation: X, issued: 2021-01-02, revoked: {on: 2021-01-01, by: Z}}",
            ["2:60 date-order"],
            id="revoked too early",
        ),
        pytest.param(
            "{citation: X, effective: 2021-01-02, revoked: {on: 2021-01-01, by: Z}}",
            ["2:63 date-order"],
            id="never effective",
        ),
        pytest.param("{citation: X, revoked: {on: 2021-01-01, by: Z}}", [], id="revoked, beginning unknown"),
        pytest.param(
            "{citation: X, issued: 2021-01-01, effective: 2021-01-01, revoked: {on: 2021-01-01, by: Z}}",
            [],
            id="all on one day",
        ),
        pytest.param("{citation: X, revoked: {on: 2021-01-01}}", ["2:35 missing-key"], id="revoked by nothing"),
        pytest.param("{citation: X, duties: [no-instal]}", ["2:35 unknown-word"], id="misspelt duty"),
        pytest.param("{citation: X, duties: remove}", ["2:34 wrong-type"], id="duty outside a list"),
    ],
)
def test_authorities(authority: str, expected: list[str]) -> None:
    data = f"ban_list: a\nauthority: {authority}\nbans: [{{app: qq}}]\n"
    assert places(data) == [f"x.yaml:{one}" for one in expected]


EXCEPTION = "app: qq, category: other, approved_by: B, document: D, groups: [lab], until: 2021-05-01"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("app: qq, ", "", ["4:3 missing-key"], id="no app"),
        pytest.param("approved_by: B, ", "", ["4:3 missing-key"], id="no approver"),
        pytest.param("document: D, ", "", ["4:3 missing-key"], id="no document"),
        pytest.param(", until: 2021-05-01", "", ["4:3 missing-key"], id="no last day"),
        pytest.param("groups: [lab], ", "", ["4:3 missing-key"], id="no groups"),
        pytest.param("[lab]", "[]", ["4:67 empty-list"], id="empty groups"),
        pytest.param("[lab]", "lab", ["4:67 wrong-type"], id="group outside a list"),
        pytest.param("[lab]", "[lab, All]", ["4:73 exception-fleet-wide"], id="all"),
        pytest.param("[lab]", "[everyone]", ["4:68 exception-fleet-wide"], id="everyone"),
        pytest.param("[lab]", "['*']", ["4:68 exception-fleet-wide"], id="star"),
        pytest.param("[lab]", "[All Devices]", ["4:68 exception-fleet-wide"], id="All Devices"),
        pytest.param("[lab]", "[all-devices]", ["4:68 exception-fleet-wide"], id="all-devices"),
        pytest.param("[lab]", "[lab, lab]", ["4:73 duplicate-entry"], id="group twice"),
        pytest.param("other", "research", ["4:23 unknown-word"], id="unknown ground"),
        pytest.param("2021-05-01", "never", ["4:81 date-format"], id="no end"),
    ],
)
def test_exceptions(old: str, new: str, expected: list[str]) -> None:
    data = HEAD + f"exceptions:\n- {{{EXCEPTION.replace(old, new)}}}\nbans: [{{app: qq}}]\n"
    assert places(data) == [f"x.yaml:{one}" for one in expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(HEAD, ["1:1 empty-ban-list"], id="no bans"),
        pytest.param(HEAD + "bans: []\n", ["1:1 empty-ban-list"], id="empty bans"),
        pytest.param(HEAD + "bans:\n", ["3:1 empty-value"], id="bans that are nothing"),
        pytest.param(HEAD + "bans: {app: qq}\n", ["3:7 wrong-type"], id="bans that are a mapping"),
        pytest.param("bans: [{app: qq}]\n", ["1:1 missing-key", "1:1 missing-key"], id="no id, no authority"),
        pytest.param(
            HEAD.replace("a\n", "A b\n", 1) + "bans: [{app: qq}]\n", ["1:11 list-id"], id="id that is not a file name"
        ),
        pytest.param(
            HEAD.replace("a\n", "con\n", 1) + "bans: [{app: qq}]\n", ["1:11 list-id"], id="id that is a Windows device"
        ),
        pytest.param(
            HEAD.replace("a\n", "a\\n\n", 1) + "bans: [{app: qq}]\n", ["1:11 list-id"], id="id with a backslash"
        ),
        pytest.param(
            HEAD.replace("a\n", '"a\\n"\n', 1) + "bans: [{app: qq}]\n", ["1:11 list-id"], id="id with a line end"
        ),
        pytest.param(HEAD + "bans: [{app: qq}]\ntitle: 2021\n", ["4:8 unquoted-text"], id="title that is a number"),
    ],
)
def test_lists(data: str, expected: list[str]) -> None:
    assert places(data) == [f"x.yaml:{one}" for one in expected]

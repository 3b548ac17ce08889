"""What guards find, what they leave alone, and that any text may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy import catalogue as catalogues
from mdm_policy import guards
from mdm_policy.errors import Origin
from mdm_policy.model import Identifier, Override
from mdm_policy.vocabulary import KINDS_BY_FAMILY

if TYPE_CHECKING:
    from mdm_policy.catalogue import Catalogue
    from mdm_policy.errors import Finding

HERE = Origin("list.yaml", 4, 9)


def raw(family: str, kind: str, value: str) -> dict[str, Any]:
    return {"family": family, "kind": kind, "value": value, "confidence": "verified", "sources": ["a page"]}


FILE = {
    "version": "1",
    "vendors": {"tencent": {"name": "Tencent Holdings", "identifiers": [raw("macos", "team_id", "5A4RE8SF68")]}},
    "apps": {
        "wechat": {
            "name": "WeChat",
            "vendor": "tencent",
            "aliases": ["Weixin"],
            "identifiers": [
                raw("ios", "bundle_id", "com.tencent.xin"),
                raw("ios", "app_store_id", "414478124"),
                raw("android", "package_name", "com.tencent.mm"),
                raw("windows", "executable", "WeChat.exe"),
                raw("web", "domain", "wechat.com"),
            ],
        },
        "qq": {
            "name": "QQ",
            "vendor": "tencent",
            "identifiers": [raw("macos", "bundle_id", "com.tencent.qq"), raw("ios", "bundle_id", "com.tencent.mqq")],
        },
        "shareit": {
            "name": "SHAREit",
            "vendor": "smart",
            "identifiers": [
                raw("android", "package_name", "shareit.lite"),
                raw("android", "package_name", "com.lenovo.anyshare"),
                raw("ios", "bundle_id", "com.lenovo.anyshare"),
            ],
        },
    },
}
NEVER = {
    "ios": {
        "com.apple.Preferences": {"kind": "bundle_id", "level": "brick", "note": "never hidden"},
        "com.apple.webapp": {"kind": "bundle_id", "level": "function", "note": "blocks all web clips"},
    },
    "android": {
        "com.google.android.gms": {"kind": "package_name", "level": "unmanage"},
        "com.android.phone": {"kind": "package_name", "level": "vital", "note": "calls"},
    },
    "macos": {
        "com.microsoft.CompanyPortalMac": {"kind": "bundle_id", "level": "unmanage"},
        "UBF8T346G9": {"kind": "team_id", "level": "unmanage", "note": "all Microsoft signs"},
    },
    "windows": {"explorer.exe": {"kind": "executable", "level": "brick"}},
}
WRONG = [
    {"value": "com.vmate", "circulates_as": "VMate", "right": "com.uc.vmate"},
    {"value": "com.nebula.vigo", "circulates_as": "Vigo (inferred from the id)", "right": None, "note": "inferred"},
    {"value": "com.tencent.qq", "family": "ios", "circulates_as": "QQ", "right": "com.tencent.mqq"},
    {"value": "com.weixin.ios", "family": "android", "circulates_as": "WeChat", "right": "com.tencent.xin"},
    {"value": "com.nameless", "family": "android", "right": ""},
    {"value": "com.DU.*", "circulates_as": "DU apps", "pattern": True},
    {
        "value": "com.xiaomi.midrop",
        "family": "android",
        "circulates_as": "SHAREit",
        "right": "x.y",
        "pairing_only": True,
    },
    {"value": "414478124", "family": "ios", "circulates_as": "com.apple.mobilemail", "pairing_only": True},
]


@pytest.fixture(scope="module")
def book() -> Catalogue:
    return catalogues.parse(*(msgspec.json.encode(part) for part in (FILE, NEVER, WRONG)))


def one(family: Any, kind: Any, value: str) -> Identifier:
    return Identifier(family, kind, value, HERE)


def ios(value: str) -> Identifier:
    return one("ios", "bundle_id", value)


def android(value: str) -> Identifier:
    return one("android", "package_name", value)


def check(book: Catalogue, name: str, *given_: Identifier, vendor: str = "", **more: Any) -> list[Finding]:
    return guards.guard(name, vendor, given_, more.get("overrides", ()), book, more.get("protected", frozenset()))


@pytest.mark.parametrize(
    ("identifier", "severity", "said"),
    [
        pytest.param(
            ios("com.apple.Preferences"), "error", "never hides it, so the rule would be a no-op", id="settings"
        ),
        pytest.param(ios("com.apple.webapp"), "warning", "side effect (blocks all web clips)", id="function"),
        pytest.param(android("com.google.android.gms"), "error", "makes the MDM lose control", id="unmanage"),
        pytest.param(android("com.android.phone"), "error", "calls depend on it (calls)", id="vital"),
        pytest.param(one("windows", "executable", "EXPLORER.exe"), "error", "breaks the device", id="windows-case"),
        pytest.param(one("macos", "team_id", "UBF8T346G9"), "error", "all Microsoft signs", id="bare-team"),
        pytest.param(
            one("macos", "signing_id", "UBF8T346G9:com.microsoft.CompanyPortalMac"),
            "error",
            "lose control",
            id="signing",
        ),
    ],
)
def test_dangerous_identifiers_are_refused(book: Catalogue, identifier: Identifier, severity: str, said: str) -> None:
    (finding,) = check(book, "Some app", identifier)
    assert (finding.id, finding.severity, finding.origin) == ("never-block", severity, HERE)
    assert said in finding.message
    assert "allow_dangerous" in finding.hint


def test_a_team_beside_a_bundle_id_is_only_a_qualifier(book: Catalogue) -> None:
    assert (
        check(book, "Teams", one("macos", "team_id", "UBF8T346G9"), one("macos", "bundle_id", "com.microsoft.teams2"))
        == []
    )
    assert check(book, "Teams", one("macos", "signing_id", "UBF8T346G9:com.microsoft.teams2")) == []


def test_an_override_lets_it_pass_loudly_and_once(book: Catalogue) -> None:
    overrides = (
        Override("com.google.android.gms", "kiosk without Google", Origin("list.yaml", 8)),
        Override("com.example.app", "why", Origin("list.yaml", 9)),
        Override("com.absent.app", "why", Origin("list.yaml", 10)),
    )
    found = check(book, "Play", android("com.google.android.gms"), android("com.example.app"), overrides=overrides)
    assert [(f.id, f.severity, f.origin and f.origin.line) for f in found] == [
        ("never-block-overridden", "warning", 4),
        ("override-unused", "warning", 9),
        ("override-unused", "warning", 10),
    ]
    assert "kiosk without Google" in found[0].message


def test_the_organization_s_own_apps_are_protected(book: Catalogue) -> None:
    mine = frozenset({("ios", "bundle_id", "com.example.agent"), ("android", "package_name", "com.google.android.gms")})
    (finding,) = check(book, "Agent", ios("com.example.agent"), protected=mine)
    assert (finding.id, finding.severity) == ("protected-app", "error")
    both = check(book, "Play", android("com.google.android.gms"), protected=mine)
    assert [f.id for f in both] == ["never-block", "protected-app"]
    overrides = (Override("com.example.agent", "moving to another MDM", HERE),)
    (allowed,) = check(book, "Agent", ios("com.example.agent"), protected=mine, overrides=overrides)
    assert (allowed.id, allowed.severity) == ("never-block-overridden", "warning")


@pytest.mark.parametrize(
    ("name", "identifier", "expected", "hint"),
    [
        pytest.param("VMate", android("com.vmate"), "wrong-identifier", "write `com.uc.vmate`", id="any-family"),
        pytest.param("Any name", ios("com.nebula.vigo"), "wrong-identifier", "store record", id="no-right-one"),
        pytest.param("Any name", android("com.nameless"), "wrong-identifier", "store record", id="no-name"),
        pytest.param("QQ", ios("com.tencent.qq"), "wrong-identifier", "write `com.tencent.mqq`", id="one-family"),
        pytest.param(
            "x", android("com.weixin.ios"), "wrong-identifier", "`com.tencent.xin`, on ios", id="right-elsewhere"
        ),
        pytest.param("DU", android("com.DU.cleaner"), "wrong-identifier", "store record", id="pattern"),
        pytest.param("share-IT", android("com.xiaomi.midrop"), "wrong-pairing", "write `x.y`", id="pairing-by-name"),
        pytest.param("x", ios("com.Tencent.xin"), "identifier-case", "write `com.tencent.xin`", id="case"),
        pytest.param(
            "x", ios("com.apple.preferences"), "identifier-case", "com.apple.Preferences", id="case-of-dangerous"
        ),
        pytest.param(
            "x", android("com.tencent.xin"), "identifier-other-platform", "WeChat is `com.tencent.mm`", id="platform"
        ),
        pytest.param(
            "x", android("com.tencent.qq"), "identifier-other-platform", "does it exist on android", id="no-such-app"
        ),
        pytest.param("x", android("com.tencent.mn"), "near-miss", "did you mean `com.tencent.mm`?", id="same-maker"),
        pytest.param("WeChat", android("com.tecnent.mm"), "near-miss", "`com.tencent.mm`", id="same-name"),
        pytest.param("weixin", one("ios", "app_store_id", "414478142"), "near-miss", "`414478124`", id="alias"),
        pytest.param("wechat", one("web", "domain", "wechat.con"), "near-miss", "`wechat.com`", id="domain"),
        pytest.param("wechat", one("windows", "executable", "WECHATT.EXE"), "near-miss", "`WeChat.exe`", id="windows"),
        pytest.param(
            "Tencent Holdings", one("macos", "team_id", "5A4RE8SF86"), "near-miss", "5A4RE8SF68", id="vendor-name"
        ),
        pytest.param("SHAREit", android("shareit.lit"), "near-miss", "`shareit.lite`", id="two-labels"),
        pytest.param("x", android("com.lenovo.anysharee"), "near-miss", "`com.lenovo.anyshare`", id="in-both-families"),
        pytest.param("x", android("COM.tencent.qq"), None, "", id="case-of-another-family"),
        pytest.param("x", ios("com.tencent.xin"), None, "", id="known"),
        pytest.param("x", android("com.xiaomi.midrop"), None, "", id="real-id-of-another-app"),
        pytest.param("x", one("windows", "executable", "WECHAT.EXE"), None, "", id="windows-minds-no-case"),
        pytest.param("x", android("shareit.lit"), None, "", id="nobody-speaks-for-it"),
        pytest.param("x", android("com.tencent.news"), None, "", id="another-app-of-the-maker"),
        pytest.param("x", one("macos", "process_name", "wechat.com"), None, "", id="another-kind"),
        pytest.param("QQ", one("macos", "process_name", "QQ2"), None, "", id="too-short"),
        pytest.param("", ios(""), None, "", id="empty"),
    ],
)
def test_mistakes(book: Catalogue, name: str, identifier: Identifier, expected: str | None, hint: str) -> None:
    found = check(book, name, identifier)
    assert [finding.id for finding in found] == ([expected] if expected else [])
    assert all(hint in finding.hint and finding.origin == HERE for finding in found)


def test_severities(book: Catalogue) -> None:
    ids = ("com.vmate", "com.Tencent.xin", "com.tencent.xim")
    assert [f.severity for f in check(book, "x", *map(ios, ids), android("com.tencent.xin"))] == [
        "error",
        "error",
        "warning",
        "warning",
    ]


def test_a_pair_of_identifiers_can_be_wrong(book: Catalogue) -> None:
    store = one("ios", "app_store_id", "414478124")
    assert [f.id for f in check(book, "Mail", ios("com.apple.mobilemail"), store)] == ["wrong-pairing"]
    assert check(book, "WeChat", ios("com.tencent.xin"), store) == []


def test_the_ban_s_vendor_speaks_for_a_near_miss(book: Catalogue) -> None:
    team = one("macos", "team_id", "5A4RE8SF86")
    assert check(book, "x", team) == []
    assert [f.id for f in check(book, "x", team, vendor="tencent")] == ["near-miss"]


def test_messages_name_what_circulates_without_our_remarks(book: Catalogue) -> None:
    (finding,) = check(book, "x", ios("com.nebula.vigo"))
    assert finding.message == "`com.nebula.vigo` is not the identifier of Vigo: inferred"
    (nameless,) = check(book, "x", android("com.nameless"))
    assert "of any app" in nameless.message


LETTERS = st.text("ab.", max_size=9)


@given(LETTERS, LETTERS)
def test_one_edit_is_symmetrical_and_never_reflexive(left: str, right: str) -> None:
    assert guards.one_edit(left, right) == guards.one_edit(right, left)
    assert not guards.one_edit(left, left)


def edits(text: str) -> set[str]:
    places = range(len(text) + 1)
    deleted = {text[:i] + text[i + 1 :] for i in places}
    inserted = {text[:i] + c + text[i:] for i in places for c in "ab."}
    changed = {text[:i] + c + text[i + 1 :] for i in places[:-1] for c in "ab."}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in places[:-2]}
    return (deleted | inserted | changed | swapped) - {text}


@given(LETTERS)
def test_one_edit_is_exactly_the_four_edits(text: str) -> None:
    assert all(guards.one_edit(text, other) for other in edits(text))


@given(LETTERS, LETTERS)
def test_one_edit_is_no_more_than_the_four_edits(left: str, right: str) -> None:
    assert guards.one_edit(left, right) == (right in edits(left))


@given(st.text("ab.", min_size=2, max_size=8).filter(lambda rest: rest.strip(".") == rest), st.data())
def test_every_edit_behind_the_maker_s_part_is_found(rest: str, data: st.DataObject) -> None:
    known = f"com.maker.{rest}"
    app = {"name": "Known", "vendor": "v", "identifiers": [raw("android", "package_name", known)]}
    book = catalogues.parse(msgspec.json.encode({"version": "1", "vendors": {}, "apps": {"known": app}}))
    other = data.draw(st.sampled_from(sorted(edits(rest))))
    assert [f.id for f in check(book, "Other name", android(f"com.maker.{other}"))] == ["near-miss"]


PAIRS = [(family, kind) for family, kinds in KINDS_BY_FAMILY.items() for kind in kinds]


@given(st.text(), st.sampled_from(PAIRS), st.text() | st.text("com.tencent.xinmqDU", max_size=16))
def test_any_text_may_come(name: str, pair: tuple[Any, Any], value: str) -> None:
    found = check(catalogues.load(), name, one(*pair, value))
    assert all(finding.message.isprintable() for finding in found)


CONTOSO = "Contoso.Chat_tvqt2t7vp707e"


@pytest.mark.parametrize(
    ("identifiers", "expected"),
    [
        pytest.param([("macos", "bundle_id", "com.example.a_b")], ["bundle-id-underscore"], id="underscore"),
        pytest.param([("windows", "certificate", "ab" * 32)], ["certificate-alone"], id="certificate"),
        pytest.param(
            [("windows", "certificate", "ab" * 32), ("windows", "publisher_cn", "Example Inc.")],
            [],
            id="with-its-holder",
        ),
        pytest.param(
            [("windows", "publisher", "CN=Contoso"), ("windows", "package_family_name", CONTOSO)],
            ["publisher-not-of-package"],
            id="another-publisher",
        ),
        pytest.param(
            [("windows", "publisher", "O=CONTOSO, C=US"), ("windows", "package_family_name", CONTOSO)],
            [],
            id="publisher-of-programs",
        ),
        pytest.param([("windows", "publisher", "CN=Contoso")], [], id="no-package"),
        pytest.param(
            [
                ("windows", "publisher", "CN=536BC709-8EE1-4478-AF22-F0F0F26FF64A"),
                ("windows", "package_family_name", "Some.Name_t4vj0pshhgkwm"),
            ],
            [],
            id="its-own",
        ),
    ],
)
def test_signers_of_windows_and_the_mac(book: Catalogue, identifiers: list[Any], expected: list[str]) -> None:
    given_ = [one(*each) for each in identifiers]
    assert [finding.id for finding in guards.guard("An app", "", given_, (), book, ())] == expected


def test_packaged_catalogue_passes_its_own_guards() -> None:
    book = catalogues.load()
    found = [f for app in book.apps.values() for f in guards.guard(app.name, app.vendor, app.identifiers, (), book, ())]
    assert found == []


@pytest.mark.parametrize("row", catalogues.load().wrong_ids, ids=lambda row: row.value)
def test_every_packaged_wrong_identifier_is_caught(row: catalogues.WrongId) -> None:
    family: Any = "android" if row.family == "any" else row.family
    kind: Any = {"android": "package_name", "windows": "package_family_name"}.get(family, "bundle_id")
    if row.value.isdigit():
        kind = "app_store_id"
    name = row.circulates_as.partition(" (")[0]
    found = check(catalogues.load(), name, one(family, kind, row.value.replace("*", "x")))
    assert [f.id for f in found] == ["wrong-pairing" if row.pairing_only else "wrong-identifier"]

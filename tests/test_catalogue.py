"""The catalogue as code (on small fixtures) and the packaged catalogue as data that can be trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mdm_policy import catalogue as catalogues
from mdm_policy import identifiers, resources
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import CatalogueApp, Identifier, Presence

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.catalogue import Catalogue


def raw(family: str, kind: str, value: str, confidence: str = "verified", **more: Any) -> dict[str, Any]:
    return {"family": family, "kind": kind, "value": value, "confidence": confidence, "sources": ["a page"], **more}


TENCENT = raw("macos", "team_id", "5A4RE8SF68", "single-source")
FILE = {
    "version": "1",
    "vendors": {
        "tencent": {"name": "Tencent", "note": "of Shenzhen", "identifiers": [TENCENT]},
        "smart": {"name": "Smart Media4U"},
    },
    "apps": {
        "wechat": {
            "name": "WeChat",
            "vendor": "tencent",
            "aliases": ["Weixin", "微信"],
            "platforms": {"ios": {"state": "exists", "source": "its identifiers"}, "web": {"state": "unknown"}},
            "preinstalled": [{"maker": "Xiaomi", "source": "a page"}],
            "identifiers": [
                raw("ios", "bundle_id", "com.tencent.xin", checked="2026-11-24", note="exact case"),
                raw("android", "package_name", "com.tencent.mm", checked=None),
                raw("windows", "executable", "WeChat.exe", "unsourced"),
                TENCENT,
            ],
        },
        "qq": {
            "name": "QQ",
            "vendor": "tencent",
            "identifiers": [raw("macos", "bundle_id", "com.tencent.qq"), TENCENT],
        },
        "shareit": {"name": "SHAREit", "vendor": "smart", "note": "two apps"},
        "orphan": {"name": "Orphan", "vendor": "gone"},
    },
}


@pytest.fixture
def small() -> Catalogue:
    never = {"ios": {"com.apple.Preferences": {"kind": "bundle_id", "level": "brick"}}}
    return catalogues.parse(msgspec.json.encode(FILE), msgspec.json.encode(never), b'[{"value": "com.vmate"}]')


def test_parse_keeps_everything(small: Catalogue) -> None:
    wechat = small.apps["wechat"]
    assert small.version == "1"
    assert (wechat.key, wechat.name, wechat.vendor, wechat.aliases) == (
        "wechat",
        "WeChat",
        "tencent",
        ("Weixin", "微信"),
    )
    assert wechat.platforms == {"ios": Presence("exists", "its identifiers"), "web": Presence("unknown")}
    assert wechat.preinstalled[0].maker == "Xiaomi"
    assert wechat.identifiers[0] == Identifier(
        "ios", "bundle_id", "com.tencent.xin", Origin("catalogue.json"), "verified", ("a page",)
    )
    assert small.evidence["ios", "bundle_id", "com.tencent.xin"].checked == "2026-11-24"
    assert small.evidence["ios", "bundle_id", "com.tencent.xin"].note == "exact case"
    assert small.evidence["android", "package_name", "com.tencent.mm"].checked == ""
    assert small.vendors["tencent"].note == "of Shenzhen"
    assert small.never_block["ios", "bundle_id", "com.apple.Preferences"].level == "brick"
    assert small.wrong_ids[0].family == "any"


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        pytest.param(("ios", "bundle_id", "com.tencent.xin"), "wechat", id="app"),
        pytest.param(("ios", "bundle_id", "com.tencent.Xin"), None, id="case-matters"),
        pytest.param(("windows", "executable", "WECHAT.EXE"), "wechat", id="not-on-windows"),
        pytest.param(("android", "package_name", "com.tencent.xin"), None, id="other-family"),
        pytest.param(("macos", "team_id", "5A4RE8SF68"), "qq", id="apps-first-by-key"),
    ],
)
def test_find(small: Catalogue, key: tuple[str, str, str], owner: str | None) -> None:
    found = small.find(*key)
    assert (found.key if found else None) == owner


def test_find_returns_the_vendor_when_no_app_has_it() -> None:
    only = {"version": "1", "vendors": FILE["vendors"], "apps": {}}
    found = catalogues.parse(msgspec.json.encode(only)).find("macos", "team_id", "5A4RE8SF68")
    assert found is not None
    assert found.key == "tencent"


def test_owners_are_all_who_bear_it(small: Catalogue) -> None:
    assert [owner.key for owner in small.owners["macos", "team_id", "5A4RE8SF68"]] == ["qq", "wechat", "tencent"]


def test_apps_of(small: Catalogue) -> None:
    assert [app.key for app in small.apps_of("tencent")] == ["qq", "wechat"]
    assert small.apps_of("nobody") == ()


@pytest.mark.parametrize(
    ("key", "among", "expected"),
    [
        pytest.param("WeChat", None, "wechat", id="case"),
        pytest.param("we-chat", None, "wechat", id="punctuation"),
        pytest.param("weixin", None, "wechat", id="alias"),
        pytest.param("微信", None, "wechat", id="alias-han"),
        pytest.param("wechta", None, "wechat", id="typo"),
        pytest.param("share it", None, "shareit", id="space"),
        pytest.param("tencnet", None, "tencent", id="vendor-typo"),
        pytest.param("smart media", None, "smart", id="vendor-name"),
        pytest.param("tencent", "apps", None, id="apps-only"),
        pytest.param("wechat", "vendors", None, id="vendors-only"),
        pytest.param("Smart Media4U", "vendors", "smart", id="vendor-exact-name"),
        pytest.param("facebook", None, None, id="nothing-near"),
        pytest.param("", None, None, id="empty"),
        pytest.param("++", None, None, id="only-punctuation"),
    ],
)
def test_suggest(small: Catalogue, key: str, among: Any, expected: str | None) -> None:
    assert small.suggest(key, among) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("WECHAT", [("wechat", "key", True)], id="exact-key"),
        pytest.param("weix", [("wechat", "alias", False)], id="part-of-alias"),
        pytest.param("COM.TENCENT.MM", [("wechat", "identifier", True)], id="exact-identifier"),
        pytest.param(
            "tencent", [("tencent", "key", True), ("qq", "vendor", True), ("wechat", "vendor", True)], id="vendor"
        ),
        pytest.param("media4u", [("smart", "name", False), ("shareit", "vendor", False)], id="vendor-name"),
        pytest.param("gone", [("orphan", "vendor", True)], id="unknown-vendor-key"),
        pytest.param("com.tencent", [("qq", "identifier", False), ("wechat", "identifier", False)], id="prefix"),
        pytest.param("  ", [], id="blank"),
        pytest.param("facebook", [], id="nothing"),
    ],
)
def test_lookup(small: Catalogue, query: str, expected: list[tuple[str, str, bool]]) -> None:
    hits = [(hit.app or hit.vendor, hit) for hit in small.lookup(query)]
    assert [(owner.key, hit.what, hit.exact) for owner, hit in hits if owner] == expected


def test_inherit_takes_facts_and_keeps_the_place(small: Catalogue) -> None:
    here = Origin("list.yaml", 9, 3)
    known = catalogues.inherit(Identifier("ios", "bundle_id", "com.tencent.xin", here), small)
    assert (known.confidence, known.sources, known.origin) == ("verified", ("a page",), here)
    folded = catalogues.inherit(Identifier("windows", "executable", "wechat.exe", here), small)
    assert (folded.confidence, folded.value) == ("unsourced", "wechat.exe")
    unknown = Identifier("ios", "bundle_id", "com.example.app", here)
    assert catalogues.inherit(unknown, small) is unknown
    sure = Identifier("ios", "bundle_id", "com.tencent.xin", here, "single-source")
    assert catalogues.inherit(sure, small) is sure


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param((b"{", b"{}", b"[]"), id="not-json"),
        pytest.param((b'{"version": 1, "vendors": {}, "apps": {}}', b"{}", b"[]"), id="wrong-type"),
        pytest.param((b'{"version": "1", "vendors": {}, "apps": {}, "x": 1}', b"{}", b"[]"), id="unknown-key"),
        pytest.param(
            (msgspec.json.encode(FILE), b'{"ios": {"a": {"kind": "bundle_id", "level": "sad"}}}', b"[]"), id="level"
        ),
        pytest.param((msgspec.json.encode(FILE), b"{}", b'[{"family": "ios"}]'), id="missing-key"),
    ],
)
def test_spoiled_data_are_one_finding(spoiled: tuple[bytes, bytes, bytes]) -> None:
    with pytest.raises(PolicyError) as caught:
        catalogues.parse(*spoiled)
    assert [finding.id for finding in caught.value.findings] == ["catalogue-unreadable"]


def test_missing_data_are_one_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resources, "data", lambda name: tmp_path / name)
    catalogues.authorities.cache_clear()
    with pytest.raises(PolicyError, match="catalogue-unreadable"):
        catalogues.authorities()


def test_authorities_parse() -> None:
    record = {
        "jurisdiction": "US",
        "title": "t",
        "citation": "c",
        "issued": "2021-01-05",
        "effective": None,
        "revoked": {"on": "2021-06-09", "by": "E.O. 14034"},
    }
    parsed = catalogues.parse_authorities(json.dumps({"us-eo-13971": record}).encode())["us-eo-13971"]
    assert parsed.revoked is not None
    assert parsed.revoked.on == "2021-06-09"
    assert parsed.effective is None


def packaged() -> list[tuple[str, Identifier]]:
    book = catalogues.load()
    apps = [(app.key, one) for app in book.apps.values() for one in app.identifiers]
    return apps + [(vendor.key, one) for vendor in book.vendors.values() for one in vendor.identifiers]


def test_packaged_catalogue_is_loaded_once() -> None:
    assert catalogues.load() is catalogues.load()
    assert catalogues.authorities()["us-eo-13971"].revoked is not None


def test_packaged_identifiers_have_their_kind_s_shape() -> None:
    assert [one.key for _, one in packaged() if not identifiers.is_valid(one.family, one.kind, one.value)] == []


def test_packaged_apps_are_consistent() -> None:
    book = catalogues.load()
    assert [app.key for app in book.apps.values() if app.vendor not in book.vendors] == []
    assert [
        app.key
        for app in book.apps.values()
        for one in app.identifiers
        if one.family in app.platforms and app.platforms[one.family].state == "none"
    ] == []
    assert [key for key in book.apps if identifiers.slug(key) != key] == []
    assert [
        app.key for app in book.apps.values() if identifiers.name_problems(app.name, Origin("catalogue.json"))
    ] == []
    assert [key for key, one in packaged() if one.confidence in ("verified", "single-source") and not one.sources] == []


def test_packaged_catalogue_bans_nothing_vital() -> None:
    book = catalogues.load()
    assert [one.key for _, one in packaged() if catalogues.folded_key(*one.key) in book.never_block] == []


def test_no_two_packaged_apps_share_an_app_s_own_identifier() -> None:
    book = catalogues.load()
    own = ("bundle_id", "package_name", "app_store_id", "package_family_name")
    shared = {
        key: [owner.key for owner in owners]
        for key, owners in book.owners.items()
        if key[1] in own and len([owner for owner in owners if isinstance(owner, CatalogueApp)]) > 1
    }
    assert shared == {}

"""Laws and tables of the identifier grammars, names, slugs and derived identifiers."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy import identifiers as ids
from mdm_policy.errors import Origin
from mdm_policy.vocabulary import FAMILIES, KINDS_BY_FAMILY

HERE = Origin("list.yaml", 3, 5)
PAIRS = [(family, kind) for family, kinds in KINDS_BY_FAMILY.items() for kind in kinds]
EDGES = " \t\n\u00a0\u200b\u202e\ufeff\ufe0f\u3164\u0430\uff31\u0301\ud800\U0001f600.*?:/\\-_<>$={}\"'aZ09,"


def found(family: Any, kind: Any, value: str) -> list[str]:
    return [finding.id for finding in ids.problems(family, kind, value, HERE)]


@pytest.mark.parametrize(
    ("family", "kind", "value"),
    [
        pytest.param("ios", "bundle_id", "com.tencent.xin", id="ios"),
        pytest.param("ios", "bundle_id", "zzkko.com.ZZKKO", id="ios-case"),
        pytest.param("ios", "bundle_id", "fr.ftw-and-co.whoozer", id="ios-hyphen"),
        pytest.param("ios", "app_store_id", "414478124", id="store"),
        pytest.param("macos", "bundle_id", "com.moomoo.mm-mac", id="macos"),
        pytest.param("macos", "team_id", "5A4RE8SF68", id="team"),
        pytest.param("macos", "signing_id", "5A4RE8SF68:com.tencent.xinWeChat", id="signing"),
        pytest.param("macos", "signing_id", "platform:com.apple.curl", id="platform"),
        pytest.param("macos", "cdhash", "0123456789abcdef0123456789abcdef01234567", id="cdhash"),
        pytest.param("macos", "process_name", "QQ音乐", id="process-cjk"),
        pytest.param("macos", "process_name", "Яндекс Music", id="process-two-scripts-two-words"),
        pytest.param("android", "package_name", "com.eg.android.AlipayGphone", id="android"),
        pytest.param("android", "package_name", "a." + "b" * 221, id="android-223"),
        pytest.param("windows", "package_family_name", "903DB504.QQ_a99ra4d2cbcxa", id="pfn"),
        pytest.param("windows", "appx_name", "TencentWeChatLimited.WeChatUWP", id="appx"),
        pytest.param(
            "windows", "publisher", "O=TENCENT TECHNOLOGY(SHENZHEN) COMPANY LIMITED, L=SHENZHEN, C=CN", id="dn"
        ),
        pytest.param("windows", "publisher", 'CN="Tencent, Inc.",O=深圳市腾讯', id="dn-quoted-cjk"),
        pytest.param("macos", "bundle_id", "com.kaspersky.kav_agent", id="macos-underscore"),
        pytest.param("macos", "app_store_id", "836500024", id="mac-store"),
        pytest.param("windows", "publisher", "O=ZOOM VIDEO COMMUNICATIONS, INC., L=SAN JOSE, C=US", id="dn-bare-comma"),
        pytest.param("windows", "publisher", "O=BAIDU (BEIJING)CO., LTD, L=BEIJING", id="dn-bare-comma-no-point"),
        pytest.param("windows", "publisher_cn", "Zhuhai Kingsoft Office Software Co.,Ltd", id="cn"),
        pytest.param("windows", "certificate", "47F4B9898631773231B32844EC0D49990AC4EB1E", id="tbs-sha1"),
        pytest.param("windows", "certificate", "ab" * 48, id="tbs-sha384"),
        pytest.param("windows", "product_name", "腾讯QQ", id="product"),
        pytest.param("windows", "original_file_name", "Zoom", id="original-without-exe"),
        pytest.param("windows", "executable", "WeChat.EXE", id="exe"),
        pytest.param("windows", "executable", "微信.exe", id="exe-cjk"),
        pytest.param("windows", "winget_id", "Notepad++.Notepad++", id="winget"),
        pytest.param("windows", "product_code", "{12345678-90AB-cdef-1234-567890abcdef}", id="guid"),
        pytest.param("windows", "product_code", "Kingsoft Office", id="uninstall-key"),
        pytest.param("windows", "product_code", "03fc796f-ccca-5cd2-9de8-e077585adf0b", id="uninstall-bare-guid"),
        pytest.param("windows", "product_code", "{87285ABF-B326-46A4-B8BD-FFDD150917DE}_is1", id="uninstall-is1"),
        pytest.param("windows", "product_code", "企业微信", id="uninstall-cjk"),
        pytest.param("windows", "product_code", "What's up? (1/2)", id="uninstall-marks"),
        pytest.param("web", "domain", "xn--fiq228c.com", id="domain"),
        pytest.param("web", "domain", "a." * 126 + "b", id="domain-253"),
        pytest.param("web", "url", "https://pay.weixin.qq.com:8443/index.php?core=a%20b#x", id="url"),
    ],
)
def test_right_identifiers_pass(family: Any, kind: Any, value: str) -> None:
    assert ids.is_valid(family, kind, value)
    assert found(family, kind, value) == []


@pytest.mark.parametrize(
    ("family", "kind", "value", "expected"),
    [
        pytest.param("ios", "bundle_id", "com.tencent.xin ", ["identifier-white-space"], id="trailing-space"),
        pytest.param("ios", "bundle_id", "com.tencent.xin\n", ["identifier-white-space"], id="trailing-newline"),
        pytest.param("ios", "bundle_id", "\u00a0com.tencent.xin", ["identifier-white-space"], id="leading-nbsp"),
        pytest.param("ios", "bundle_id", "com.tencent .xin", ["identifier-white-space"], id="inner-space"),
        pytest.param("ios", "bundle_id", "com.tencent\u200b.xin", ["identifier-invisible-character"], id="zero-width"),
        pytest.param("ios", "bundle_id", "com.tencent.\u202enix", ["identifier-invisible-character"], id="bidi"),
        pytest.param("ios", "bundle_id", "com.tencent.xin\ufe0f", ["identifier-invisible-character"], id="selector"),
        pytest.param("ios", "bundle_id", "com.tencent.xin\x00", ["identifier-invisible-character"], id="nul"),
        pytest.param("ios", "bundle_id", "c\u043em.tencent.xin", ["identifier-not-ascii"], id="cyrillic"),
        pytest.param("ios", "bundle_id", "com\uff0etencent.xin", ["identifier-not-ascii"], id="full-width-dot"),
        pytest.param("ios", "bundle_id", "com.tencent.*", ["identifier-wildcard"], id="wildcard"),
        pytest.param("ios", "bundle_id", "", ["identifier-empty"], id="empty"),
        pytest.param("ios", "bundle_id", " \t", ["identifier-empty"], id="blank"),
        pytest.param("ios", "bundle_id", "com.REPLACE.app", ["identifier-placeholder"], id="replace"),
        pytest.param("ios", "bundle_id", "bundleID1", ["identifier-placeholder"], id="mscp"),
        pytest.param("ios", "bundle_id", "<bundle id>", ["identifier-placeholder"], id="angle"),
        pytest.param("ios", "bundle_id", "${APP}.id", ["identifier-placeholder"], id="shell"),
        pytest.param("ios", "bundle_id", "{{ app }}", ["identifier-placeholder"], id="jinja"),
        pytest.param("ios", "bundle_id", "TODO", ["identifier-placeholder"], id="todo"),
        pytest.param("macos", "team_id", "XXXXXXXXXX", ["identifier-placeholder"], id="team-of-x"),
        pytest.param("macos", "process_name", "REPLACE-ME", ["identifier-placeholder"], id="process-replace"),
        pytest.param("ios", "bundle_id", "a." + "b" * 300, ["identifier-too-long"], id="too-long"),
        pytest.param("ios", "bundle_id", "tencent", ["identifier-shape"], id="one-label"),
        pytest.param("ios", "bundle_id", "com..xin", ["identifier-shape"], id="empty-label"),
        pytest.param("ios", "bundle_id", "com.tencent_x.a", ["identifier-shape"], id="underscore"),
        pytest.param("ios", "bundle_id", "414478124", ["identifier-shape"], id="store-id-as-bundle"),
        pytest.param("ios", "app_store_id", "id414478124", ["identifier-shape"], id="store-prefix"),
        pytest.param("ios", "app_store_id", "041447812", ["identifier-shape"], id="store-zero"),
        pytest.param(
            "ios", "app_store_id", "\u0664\u0664\u0664\u0664\u0664\u0664\u0661", ["identifier-not-ascii"], id="arabic"
        ),
        pytest.param("ios", "package_name", "com.tencent.mm", ["identifier-kind-unknown"], id="kind"),
        pytest.param("solaris", "bundle_id", "com.tencent.mm", ["identifier-kind-unknown"], id="family"),
        pytest.param("android", "package_name", "com.1tencent.mm", ["identifier-shape"], id="digit-first"),
        pytest.param("android", "package_name", "com.ten-cent.mm", ["identifier-shape"], id="android-hyphen"),
        pytest.param("android", "package_name", "a." + "b" * 222, ["identifier-too-long"], id="android-224"),
        pytest.param("macos", "team_id", "*APPLE*", ["identifier-wildcard"], id="all-of-apple"),
        pytest.param("macos", "team_id", "5a4re8sf68", ["identifier-case"], id="team-case"),
        pytest.param("macos", "cdhash", "A" * 20 + "0" * 20, ["identifier-case"], id="cdhash-case"),
        pytest.param("macos", "signing_id", "com.tencent.xinWeChat", ["identifier-shape"], id="signing-without-team"),
        pytest.param("macos", "bundle_id", "5A4RE8SF68:com.x.y", ["identifier-shape"], id="signing-as-bundle"),
        pytest.param("macos", "process_name", "/usr/bin/WeChat", ["identifier-shape"], id="path"),
        pytest.param("macos", "process_name", "WeCh\u0430t", ["identifier-confusable-character"], id="mixed-script"),
        pytest.param("macos", "process_name", "e\u0301cole", ["identifier-not-normalized"], id="decomposed"),
        pytest.param("macos", "process_name", "微信\u00a0x", ["identifier-white-space"], id="inner-nbsp"),
        pytest.param("macos", "process_name", "微信\ue000", ["identifier-invisible-character"], id="private-use"),
        pytest.param("windows", "executable", "WeChat", ["identifier-shape"], id="not-exe"),
        pytest.param("windows", "executable", "\uff31\uff31.exe", ["identifier-confusable-character"], id="full-width"),
        pytest.param("windows", "publisher", "AO Kaspersky Lab", ["identifier-shape"], id="publisher-name-only"),
        pytest.param("windows", "publisher", "*", ["identifier-wildcard"], id="any-publisher"),
        pytest.param(
            "windows", "package_family_name", "903DB504.QQ_A99RA4D2CBCXA", ["identifier-shape"], id="pfn-case"
        ),
        pytest.param("windows", "product_code", "Software\\Chat", ["identifier-shape"], id="backslash"),
        pytest.param("windows", "product_code", "Chat*", ["identifier-wildcard"], id="uninstall-key-wildcard"),
        pytest.param("windows", "product_code", "ab" * 128, ["identifier-too-long"], id="uninstall-key-256"),
        pytest.param("windows", "publisher", "O=CHAT, INC, ", ["identifier-white-space"], id="dn-comma-last"),
        pytest.param("windows", "publisher", "O=CHAT,, C=US", ["identifier-shape"], id="dn-two-commas"),
        pytest.param("windows", "publisher_cn", "CN=Chat Inc.", ["identifier-shape"], id="cn-with-its-attribute"),
        pytest.param("windows", "certificate", "0123456789abcdef", ["identifier-shape"], id="hash-cut-short"),
        pytest.param("windows", "product_name", "*", ["identifier-wildcard"], id="any-product"),
        pytest.param("windows", "original_file_name", "bin\\chat.exe", ["identifier-shape"], id="original-path"),
        pytest.param("macos", "app_store_id", "id836500024", ["identifier-shape"], id="mac-store-prefix"),
        pytest.param("web", "domain", "WeChat.com", ["identifier-case"], id="domain-case"),
        pytest.param("web", "domain", "*.wechat.com", ["identifier-wildcard"], id="domain-wildcard"),
        pytest.param("web", "domain", "https://wechat.com", ["identifier-shape"], id="domain-url"),
        pytest.param("web", "domain", "wechat.com.", ["identifier-shape"], id="domain-dot"),
        pytest.param("web", "domain", "10.0.0.1", ["identifier-shape"], id="address"),
        pytest.param("web", "domain", "微信.com", ["identifier-not-ascii"], id="domain-idn"),
        pytest.param("web", "url", "ftp://wechat.com", ["identifier-shape"], id="url-scheme"),
        pytest.param("web", "url", "https://wechat.com/*", ["identifier-wildcard"], id="url-wildcard"),
    ],
)
def test_wrong_identifiers_are_explained(family: Any, kind: Any, value: str, expected: list[str]) -> None:
    assert not ids.is_valid(family, kind, value)
    assert found(family, kind, value) == expected


@pytest.mark.parametrize(
    ("family", "kind", "value", "message", "hint"),
    [
        pytest.param(
            "ios",
            "bundle_id",
            "c\u043em.a\u200b",
            "contains U+200B ZERO WIDTH SPACE",
            "pasting",
            id="names-the-character",
        ),
        pytest.param("ios", "bundle_id", "com.a\t", "ends with U+0009 TAB", "remove", id="names-the-tab"),
        pytest.param("ios", "bundle_id", "com.a\x01", "U+0001 control character", "", id="names-the-control"),
        pytest.param("ios", "bundle_id", "com.äöüß", "LETTER U WITH DIAERESIS and 1 more", "Latin", id="first-three"),
        pytest.param("ios", "bundle_id", "com\uff0exin", "FULLWIDTH FULL STOP", "write `com.xin`", id="plain-twin"),
        pytest.param(
            "ios", "bundle_id", "414478124", "is not a valid bundle_id", "shape of app_store_id", id="other-kind"
        ),
        pytest.param("ios", "team_id", "x", "`team_id` is not a kind", "bundle_id, app_store_id", id="kinds"),
        pytest.param("beos", "team_id", "x", "of `beos`", "the families are ios", id="families"),
        pytest.param("macos", "team_id", "*APPLE*", "wildcard", "all of Apple's own", id="apple"),
        pytest.param("web", "domain", "*.a.com", "wildcard", "write `a.com`", id="subdomains"),
        pytest.param("web", "domain", "A.com", "wrong case", "write `a.com`", id="case"),
        pytest.param("ios", "bundle_id", "a" * 300, f"`{'a' * 77}...`", "", id="long-texts-are-cut"),
    ],
)
def test_messages_show_the_defect_and_the_way_out(family: Any, kind: Any, value: str, message: str, hint: str) -> None:
    finding = ids.problems(family, kind, value, HERE)[0]
    assert finding.severity == "error"
    assert finding.origin == HERE
    assert message in finding.message
    assert hint in finding.hint
    assert finding.message.isprintable()


def test_every_family_has_kinds() -> None:
    assert tuple(KINDS_BY_FAMILY) == FAMILIES


@given(st.sampled_from(PAIRS), st.text() | st.text(EDGES, max_size=12))
def test_valid_means_no_problem_for_any_text(pair: tuple[Any, Any], text: str) -> None:
    problems = ids.problems(*pair, text, HERE)
    assert ids.is_valid(*pair, text) == (not problems)
    assert all(finding.message.isprintable() and finding.hint for finding in problems)


@given(st.sampled_from(PAIRS), st.data())
def test_one_hidden_character_spoils_any_identifier(pair: tuple[Any, Any], data: st.DataObject) -> None:
    good = {"bundle_id": "com.tencent.xin", "publisher": "O=TENCENT", "process_name": "WeChat", "executable": "QQ.exe"}
    value = good.get(pair[1], "com.tencent.xin")
    place = data.draw(st.integers(0, len(value)))
    hidden = data.draw(st.sampled_from("\u200b\u200d\u202e\u2066\ufeff\ufe0f\u00ad\u034f\x00\n\u00a0"))
    assert not ids.is_valid(*pair, value[:place] + hidden + value[place:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("WeChat & <QQ> \"'", [], id="markup"),
        pytest.param("漢字 微信", [], id="han"),
        pytest.param("👨\u200d👩\u200d👧 ☎\ufe0f 👍🏽\u200d♂\ufe0f 1\ufe0f\u20e3", [], id="emoji"),
        pytest.param("❤\ufe0f\u200d🔥", [], id="emoji-joined-after-selector"),
        pytest.param("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", [], id="persian-non-joiner"),
        pytest.param("क\u094d\u200dष", [], id="joiner-after-virama"),
        pytest.param("שלום", [], id="hebrew"),
        pytest.param("x" * 300, [], id="longest"),
        pytest.param("", ["name-empty"], id="empty"),
        pytest.param(" \u3000", ["name-empty"], id="blank"),
        pytest.param(" WeChat", ["name-white-space"], id="leading-space"),
        pytest.param("We\nChat", ["name-character"], id="newline"),
        pytest.param("We\u202eChat", ["name-character"], id="bidi"),
        pytest.param("We\u200bChat", ["name-character"], id="zero-width"),
        pytest.param("We\u200dChat", ["name-character"], id="joiner-between-letters"),
        pytest.param("\u200dWeChat", ["name-character"], id="joiner-first"),
        pytest.param("We\u200cChat", ["name-character"], id="non-joiner-between-letters"),
        pytest.param("خ\u200c", ["name-character"], id="non-joiner-last"),
        pytest.param("👨\u200d", ["name-character"], id="joiner-last"),
        pytest.param("W\ufe0feChat", ["name-character"], id="selector-after-letter"),
        pytest.param("\ufe0fWeChat", ["name-character"], id="selector-first"),
        pytest.param("\u3164", ["name-character"], id="filler"),
        pytest.param("a\ud800", ["name-character"], id="surrogate"),
        pytest.param("a\ue000", ["name-character"], id="private-use"),
        pytest.param("a\uffff", ["name-character"], id="noncharacter"),
        pytest.param("a\ufdd0", ["name-character"], id="noncharacter-arabic"),
        pytest.param("a\u2028b", ["name-character"], id="line-separator"),
        pytest.param("e\u0301", ["name-not-normalized"], id="decomposed"),
        pytest.param("x" * 301, ["name-too-long"], id="too-long"),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    assert [finding.id for finding in ids.name_problems(text, HERE)] == expected


@given(st.text())
def test_names_never_crash_and_messages_stay_printable(text: str) -> None:
    assert all(finding.message.isprintable() and finding.origin == HERE for finding in ids.name_problems(text, HERE))


SAFE = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in string.digits)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("wechat", "wechat", id="safe-stays"),
        pytest.param("com.tencent.xin", "com.tencent.xin", id="dots-stay"),
        pytest.param("WeChat", "wechat-b583907a", id="case"),
        pytest.param("Crème brûlée", "creme-brulee-364046a7", id="accents"),
        pytest.param("微信", "name-81b430b6", id="nothing-left"),
        pytest.param("../../etc/passwd", "etc-passwd-3754d6cb", id="path"),
        pytest.param("con", "con-1143da2b", id="device"),
        pytest.param("com1.x", "com1-x-e872d775", id="device-with-extension"),
        pytest.param("a-12345678", "a-12345678-2e4b18ba", id="looks-hashed"),
        pytest.param("x" * 81, "x" * 71 + "-4d1f7bb8", id="long"),
        pytest.param("", "name-e3b0c442", id="empty"),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert ids.slug(text) == expected
    assert SAFE.fullmatch(ids.slug(text))


@given(st.text() | st.text("abc.-12", max_size=90) | st.sampled_from(sorted(DEVICES)))
def test_slugs_are_safe_file_names_everywhere(text: str) -> None:
    slug = ids.slug(text)
    assert SAFE.fullmatch(slug)
    assert slug[-1] not in ".-"
    assert slug.partition(".")[0] not in DEVICES


@given(st.lists(st.text() | st.text("aAbB.- 1", max_size=6), unique=True))
def test_different_names_have_different_slugs(texts: list[str]) -> None:
    assert len({ids.slug(text) for text in texts}) == len(texts)


@given(st.text())
def test_no_name_takes_the_slug_of_another(text: str) -> None:
    slug = ids.slug(text)
    assert slug == text or ids.slug(slug) != slug

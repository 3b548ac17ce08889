from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import DEFAULT_APPX, DEFAULT_EXE, does, guid, loose, path_rule, publisher_rule, rules_xml, says, xml

from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

SOME = "S-1-5-21-1-1-1-1001"
HASH = (
    f'<FileHashRule Id="{guid("hash")}" Name="n" Description="" UserOrGroupSid="S-1-1-0" Action="Deny"><Conditions>'
    f'<FileHashCondition><FileHash Type="SHA256" Data="0x{"5c" * 32}"/></FileHashCondition></Conditions></FileHashRule>'
)
EXCEPT = '<Exceptions><FilePathCondition Path="x"/></Exceptions>'


RULE = path_rule("*\\a.exe")


SERVICES = (
    '<RuleCollectionExtensions><ThresholdExtensions><Services EnforcementMode="Enabled"/></ThresholdExtensions>'
    '<RedstoneExtensions><SystemApps Allow="Enabled"/></RedstoneExtensions></RuleCollectionExtensions>'
)


def exe(*rules: str, mode: str = "Enabled") -> Document:
    return xml(rules_xml(DEFAULT_EXE, *rules, mode=mode))


def appx(*rules: str) -> Document:
    return xml(rules_xml(DEFAULT_APPX, *rules, kind="Appx"))


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            exe(publisher_rule("O=T")), [("applocker-exe-publisher", "block", "publisher", "O=T")], [], id="publisher"
        ),
        pytest.param(
            exe(path_rule("*\\WeChat.exe")),
            [("applocker-exe-path", "block", "executable", "WeChat.exe")],
            [],
            id="file",
        ),
        pytest.param(exe(path_rule("%PROGRAMFILES%\\Tencent\\*")), [], [], id="folder"),
        pytest.param(exe(path_rule("*\\We*.exe")), [], [], id="wildcard-file"),
        pytest.param(
            exe(publisher_rule("O=T", "P", "WECHAT.EXE")),
            [
                (
                    "applocker-exe-binary-name",
                    "block",
                    "product_name",
                    "p; original_file_name=wechat.exe; publisher=O=T",
                )
            ],
            [],
            id="binary-name",
        ),
        pytest.param(
            exe(publisher_rule("*", "*", "WECHAT.EXE")),
            [("applocker-exe-binary-name", "block", "original_file_name", "WECHAT.EXE")],
            [],
            id="binary-name-of-anybody",
        ),
        pytest.param(exe(publisher_rule("O=T", "*", "WE*.EXE")), [], [], id="binary-pattern"),
        pytest.param(
            exe(publisher_rule("O=T", "P")),
            [("applocker-exe-product", "block", "product_name", "p; publisher=O=T")],
            [],
            id="one-product",
        ),
        pytest.param(exe(publisher_rule("*")), [], [], id="every-publisher"),
        pytest.param(exe(HASH), [], ["no-identifier-kind"], id="hash"),
        pytest.param(
            appx(publisher_rule("*", "Tencent.WeChat")),
            [("applocker-appx-name", "block", "appx_name", "Tencent.WeChat")],
            [],
            id="package",
        ),
        pytest.param(
            appx(publisher_rule("CN=T")),
            [("applocker-appx-publisher", "block", "publisher", "CN=T")],
            [],
            id="package-publisher",
        ),
        pytest.param(appx(publisher_rule("*")), [], [], id="every-package"),
        pytest.param(
            xml(rules_xml(DEFAULT_APPX, publisher_rule("O=T"), kind="Msi")),
            [("applocker-msi-publisher", "block", "publisher", "O=T")],
            [],
            id="installers",
        ),
        pytest.param(
            xml(rules_xml(DEFAULT_APPX, publisher_rule("O=T"), kind="Dll")), [], ["no-effect"], id="libraries"
        ),
        pytest.param(
            xml(rules_xml(publisher_rule("O=T"))),
            [("applocker-exe-publisher", "block", "publisher", "O=T")],
            ["applocker-default-rules-missing"],
            id="no-default-rules",
        ),
        pytest.param(
            xml(rules_xml(path_rule("%PROGRAMFILES%\\*", action="Allow", sid="S-1-5-32-544"), publisher_rule("O=T"))),
            [("applocker-exe-publisher", "block", "publisher", "O=T")],
            ["applocker-default-rules-missing"],
            id="default-rules-for-administrators-only",
        ),
        pytest.param(
            exe(publisher_rule("O=T"), mode="AuditOnly"),
            [("applocker-exe-publisher", "report", "publisher", "O=T")],
            ["applocker-not-enforced"],
            id="audit-only",
        ),
        pytest.param(
            exe(publisher_rule("O=T"), mode="Audit"),
            [("applocker-exe-publisher", "none", "publisher", "O=T")],
            ["applocker-schema", "no-effect"],
            id="word-outside-the-schema",
        ),
        pytest.param(
            exe(publisher_rule("O=T", action="Allow", extra=EXCEPT)),
            [],
            ["applocker-exceptions-only"],
            id="exceptions-of-an-allow-rule",
        ),
        pytest.param(xml(rules_xml()), [], ["no-effect"], id="empty"),
        pytest.param(
            xml(
                f'<AppLockerPolicy Version="1">{rules_xml(DEFAULT_EXE, publisher_rule("O=T"))}{rules_xml(DEFAULT_APPX, kind="Appx")}</AppLockerPolicy>'
            ),
            [("applocker-exe-publisher", "block", "publisher", "O=T")],
            [],
            id="whole-policy-as-a-file",
        ),
    ],
)
def test_what_rules_do(document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings


@pytest.mark.parametrize(
    ("document", "strength"),
    [
        pytest.param(exe(publisher_rule("O=T")), "partial", id="publisher"),
        pytest.param(appx(publisher_rule("*", "T.W")), "strong", id="package"),
        pytest.param(appx(publisher_rule("CN=T", "T.W")), "strong", id="package-of-one-publisher"),
        pytest.param(exe(publisher_rule("O=T", "P")), "partial", id="product"),
        pytest.param(exe(publisher_rule("O=T", "*", "B.EXE")), "partial", id="original-file-name"),
        pytest.param(exe(path_rule("*\\b.exe")), "weak", id="path"),
    ],
)
def test_strength(document: Document, strength: str) -> None:
    assert read(document).effects[0].rule.strength == strength


@pytest.mark.parametrize(
    ("document", "conditions"),
    [
        pytest.param(exe(publisher_rule("O=T")), [], id="publisher"),
        pytest.param(exe(publisher_rule("O=T", sid=SOME)), [("users", SOME)], id="one-user"),
        pytest.param(exe(publisher_rule("O=T", sid="S-1-5-11")), [], id="authenticated-users"),
        pytest.param(exe(publisher_rule("O=T", extra=EXCEPT)), [("exceptions", "x")], id="exceptions"),
        pytest.param(
            exe(publisher_rule("O=T", versions='<BinaryVersionRange LowSection="0.0.0.0" HighSection="*"/>')),
            [],
            id="from-zero",
        ),
        pytest.param(
            exe(publisher_rule("O=T", versions='<BinaryVersionRange LowSection="*" HighSection="1.0.0.0"/>')),
            [("versions", "*..1.0.0.0")],
            id="old-versions",
        ),
        pytest.param(exe(path_rule("C:\\a\\b.exe")), [("folder", "C:\\a")], id="folder"),
        pytest.param(appx(publisher_rule("CN=T", "T.W")), [("publisher", "CN=T")], id="package-of-one-publisher"),
    ],
)
def test_what_narrows_a_rule_is_taken_down(document: Document, conditions: list[tuple[str, str]]) -> None:
    found = read(document).effects[0].rule.conditions
    assert [(one.kind, one.value) for one in found if one.kind != "user-processes"] == conditions


def test_services_obey_only_where_the_collection_says_so() -> None:
    (without,) = read(exe(RULE)).effects
    (with_,) = read(exe(RULE, SERVICES)).effects
    assert ([one.kind for one in without.rule.conditions], with_.rule.conditions) == (["user-processes"], ())
    assert "service" in without.rule.escapes
    assert "service" not in with_.rule.escapes


def test_pointer_of_a_rule() -> None:
    (effect,) = read(exe(publisher_rule("O=T"))).effects
    assert effect.pointer == "/RuleCollection/FilePublisherRule"


def test_a_comment_is_no_rule_and_a_dictionary_no_xml() -> None:
    assert does(xml(rules_xml("<!-- FilePathRule -->", publisher_rule("O=T"))))[0][1] == "block"
    assert says(loose("applocker-rules", {})) == ["no-effect"]
    assert says(loose("applocker-rules", 7)) == ["no-effect", "wrong-type"]


def test_a_policy_without_collections() -> None:
    assert says(xml('<AppLockerPolicy Version="1"/>')) == ["no-effect"]


def policy(*collections: str, version: str = ' Version="1"') -> str:
    return f"<AppLockerPolicy{version}>{''.join(collections)}</AppLockerPolicy>"


def changed(old: str, new: str, rule: str = RULE) -> str:
    assert old in rule
    return rules_xml(DEFAULT_EXE, rule.replace(old, new))


REFUSED = [
    pytest.param(changed(f'Id="{guid("Deny", "S-1-1-0", "*" + chr(92) + "a.exe")}" ', ""), id="rule-without-id"),
    pytest.param(changed('Id="', 'Id="{'), id="id-in-braces"),
    pytest.param(changed('Name="n" ', ""), id="rule-without-name"),
    pytest.param(changed('Name="n"', 'Name=""'), id="empty-name"),
    pytest.param(changed('Description="" ', ""), id="no-description"),
    pytest.param(changed('Description=""', f'Description="{"d" * 1025}"'), id="long-description"),
    pytest.param(changed("S-1-1-0", "Everyone"), id="group-in-words"),
    pytest.param(changed("S-1-1-0", "S-1-1"), id="short-sid"),
    pytest.param(changed('Action="Deny"', 'Action="Block"'), id="word-for-an-action"),
    pytest.param(changed(' Action="Deny"', ""), id="no-action"),
    pytest.param(changed(' Action="Deny"', ' Action="Deny" Enabled="1"'), id="unknown-attribute"),
    pytest.param(changed("</Conditions>", "</Conditions><Note/>"), id="unknown-element-in-a-rule"),
    pytest.param(changed("/></Conditions>", ">text</FilePathCondition></Conditions>"), id="text"),
    pytest.param(changed("<Conditions>", "<Conditions><FilePathCondition Path='x'/>"), id="two-conditions"),
    pytest.param(changed("FilePathCondition", "FilePublisherCondition"), id="condition-of-another-rule"),
    pytest.param(changed('Path="*\\a.exe"', 'Path=""'), id="empty-path"),
    pytest.param(
        changed('<BinaryVersionRange LowSection="*" HighSection="*"/>', "", publisher_rule("O=T")),
        id="no-version-range",
    ),
    pytest.param(changed('LowSection="*"', 'LowSection="1.0"', publisher_rule("O=T")), id="short-version"),
    pytest.param(changed(' BinaryName="*"', "", publisher_rule("O=T")), id="no-binary-name"),
    pytest.param(changed('PublisherName="O=T"', 'PublisherName=""', publisher_rule("O=T")), id="empty-publisher"),
    pytest.param(changed("</Conditions>", "</Conditions><Exceptions/>", HASH), id="hash-rule-with-exceptions"),
    pytest.param(changed('Data="0x', 'Data="', HASH), id="hash-without-0x"),
    pytest.param(changed('Type="SHA256"', 'Type="MD5"', HASH), id="another-hash"),
    pytest.param(rules_xml(DEFAULT_EXE, RULE, RULE), id="one-id-twice"),
    pytest.param(policy(rules_xml(RULE), rules_xml(RULE, kind="Dll")), id="one-id-in-two-collections"),
    pytest.param(policy(rules_xml(RULE), rules_xml(DEFAULT_EXE)), id="two-collections-of-a-type"),
    pytest.param(policy(rules_xml(RULE), version=""), id="no-version"),
    pytest.param(policy(rules_xml(RULE), version=' Version="one"'), id="version-in-words"),
    pytest.param(policy("<Other/>", rules_xml(RULE)), id="unknown-collection"),
    pytest.param(policy("<PolicyExtensions/>", rules_xml(RULE)), id="policy-extensions-first"),
    pytest.param(rules_xml(SERVICES, DEFAULT_EXE, RULE), id="extensions-first"),
    pytest.param(rules_xml(DEFAULT_EXE, RULE, SERVICES.replace('"Enabled"', '"On"')), id="word-for-services"),
    pytest.param(rules_xml(DEFAULT_EXE, RULE, SERVICES.replace("<Services", "<Service")), id="unknown-extension"),
    pytest.param(rules_xml(DEFAULT_EXE, RULE, "<RuleCollectionExtensions/>"), id="empty-extensions"),
    pytest.param(rules_xml(RULE).replace(' Type="Exe"', ""), id="no-type"),
]
SOUND = [
    pytest.param(rules_xml(DEFAULT_EXE, RULE, SERVICES), id="extensions-last"),
    pytest.param(
        rules_xml(
            DEFAULT_EXE, RULE.replace(guid("Deny", "S-1-1-0", "*\\a.exe"), "0" * 8 + "-AAAA-bbbb-CCCC-0123456789ab")
        ),
        id="capitals",
    ),
    pytest.param(rules_xml("<!-- a comment -->", DEFAULT_EXE, RULE, "\n  "), id="comment-and-white-space"),
    pytest.param(
        policy(rules_xml(DEFAULT_EXE, RULE), rules_xml(kind="Dll", mode="NotConfigured")), id="empty-collection"
    ),
    pytest.param(
        policy(rules_xml(DEFAULT_EXE, RULE), "<PolicyExtensions><X/></PolicyExtensions>"), id="policy-extensions"
    ),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_breaks_the_schema_is_refused_whole(text: str) -> None:
    reading = read(xml(text))
    assert "applocker-schema" in [one.id for one in reading.findings]
    assert {one.rule.sense for one in reading.effects} <= {"none"}
    assert {one.rule.cause for one in reading.effects} <= {"refused"}


@pytest.mark.parametrize("text", SOUND)
def test_what_the_schema_allows_is_taken(text: str) -> None:
    reading = read(xml(text))
    assert [one.id for one in reading.findings] == []
    assert [one.rule.sense for one in reading.effects] == ["block"]


def test_a_fault_is_told_at_its_place() -> None:
    (fault,) = [
        one for one in read(xml(changed('Action="Deny"', 'Action="Block"'))).findings if one.id == "applocker-schema"
    ]
    assert fault.message == "'Block' is not a valid Action of a FilePathRule: Windows refuses the policy"
    assert fault.origin is not None
    assert fault.origin.line == 1


def test_many_faults_are_told_once_each_and_not_all() -> None:
    rules = [path_rule(f"*\\{number}.exe", sid="all") for number in range(30)]
    assert says(xml(rules_xml(*rules))).count("applocker-schema") == 20


def test_rules_that_are_narrow_in_the_same_way_share_one_rule() -> None:
    reading = read(exe(publisher_rule("O=T", sid="S-1-5-32-545"), publisher_rule("O=U", sid="S-1-5-32-545")))
    assert reading.effects[0].rule is reading.effects[1].rule


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        pytest.param(exe(publisher_rule("O=T", sid=SOME)), ["applocker-some-users"], id="one-user"),
        pytest.param(exe(publisher_rule("O=Tencent")), ["applocker-publisher-case"], id="publisher-case"),
        pytest.param(appx(publisher_rule("CN=Tencent")), [], id="case-of-a-package-publisher"),
        pytest.param(
            exe(publisher_rule("O=T", "MICROSOFT\u00c2\u00ae X")),
            ["mojibake"],
            id="mojibake",
        ),
        pytest.param(exe(publisher_rule("O=CAF\u00c9")), [], id="accent"),
        pytest.param(exe(publisher_rule("O=\u5e7f")), [], id="chinese"),
    ],
)
def test_rules_that_match_less_than_they_seem_to(document: Document, findings: list[str]) -> None:
    assert says(document) == findings

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import DEFAULT_APPX, DEFAULT_EXE, does, loose, path_rule, publisher_rule, rules_xml, says, xml

from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

HASH = '<FileHashRule Id="1" Name="n" Description="" UserOrGroupSid="S-1-1-0" Action="Deny"><Conditions><FileHashCondition><FileHash/></FileHashCondition></Conditions></FileHashRule>'
EXCEPT = '<Exceptions><FilePathCondition Path="x"/></Exceptions>'


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
        pytest.param(exe(path_rule("%PROGRAMFILES%\\Tencent\\*")), [], ["no-effect"], id="folder"),
        pytest.param(exe(path_rule("*\\We*.exe")), [], ["no-effect"], id="wildcard-file"),
        pytest.param(
            exe(publisher_rule("O=T", "P", "WECHAT.EXE")),
            [("applocker-exe-binary-name", "block", "executable", "WECHAT.EXE")],
            [],
            id="binary-name",
        ),
        pytest.param(exe(publisher_rule("O=T", "P")), [], ["no-effect", "no-identifier-kind"], id="one-product"),
        pytest.param(exe(publisher_rule("*")), [], ["no-effect"], id="every-publisher"),
        pytest.param(exe(HASH), [], ["no-effect", "no-identifier-kind"], id="hash"),
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
        pytest.param(appx(publisher_rule("*")), [], ["no-effect"], id="every-package"),
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
            ["applocker-not-enforced", "no-effect"],
            id="word-outside-the-schema",
        ),
        pytest.param(
            exe(publisher_rule("O=T", action="Allow", extra=EXCEPT)),
            [],
            ["applocker-exceptions-only", "no-effect"],
            id="exceptions-of-an-allow-rule",
        ),
        pytest.param(
            exe(
                publisher_rule("O=T", action="Refuse"),
                '<FilePathRule Action="Deny"/>',
                '<FilePathRule Action="Allow"/>',
            ),
            [],
            ["applocker-rule-unreadable", "applocker-rule-unreadable", "no-effect"],
            id="unreadable",
        ),
        pytest.param(xml(rules_xml()), [], ["no-effect"], id="empty"),
        pytest.param(
            xml(
                f"<AppLockerPolicy>{rules_xml(DEFAULT_EXE, publisher_rule('O=T'))}{rules_xml(DEFAULT_APPX, kind='Appx')}</AppLockerPolicy>"
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
        pytest.param(appx(publisher_rule("CN=T", "T.W")), "partial", id="package-of-one-publisher"),
        pytest.param(appx(publisher_rule("CN=T", "T.W", sid="S-1-5-32-545")), "weak", id="package-for-some-users"),
        pytest.param(exe(publisher_rule("O=T", sid="")), "weak", id="for-nobody"),
        pytest.param(exe(publisher_rule("O=T", extra=EXCEPT)), "weak", id="exceptions"),
        pytest.param(exe(publisher_rule("O=T", versions="")), "weak", id="no-version-range"),
        pytest.param(
            exe(publisher_rule("O=T", versions='<BinaryVersionRange LowSection="0.0.0.0" HighSection="*"/>')),
            "partial",
            id="from-zero",
        ),
        pytest.param(
            exe(publisher_rule("O=T", versions='<BinaryVersionRange LowSection="*" HighSection="1.0"/>')),
            "weak",
            id="old-versions",
        ),
    ],
)
def test_strength(document: Document, strength: str) -> None:
    assert read(document).effects[0].rule.strength == strength


def test_pointer_of_a_rule() -> None:
    (effect,) = read(exe(publisher_rule("O=T"))).effects
    assert effect.pointer == "/RuleCollection/FilePublisherRule"


def test_a_comment_is_no_rule_and_a_dictionary_no_xml() -> None:
    assert does(xml(rules_xml("<!-- FilePathRule -->", publisher_rule("O=T"))))[0][1] == "block"
    assert says(loose("applocker-rules", {})) == ["no-effect"]
    assert says(loose("applocker-rules", 7)) == ["no-effect", "wrong-type"]


def test_a_policy_without_collections_and_a_condition_of_another_kind() -> None:
    assert says(xml("<AppLockerPolicy/>")) == ["no-effect"]
    odd = '<FilePathRule Action="Deny"><Conditions><Other/></Conditions></FilePathRule>'
    assert says(exe(odd)) == ["applocker-rule-unreadable", "no-effect"]


def test_other_elements_are_passed_over() -> None:
    text = f"<AppLockerPolicy><Other/>{rules_xml('<Other/>', DEFAULT_EXE, publisher_rule('O=T'))}</AppLockerPolicy>"
    assert [one[1] for one in does(xml(text))] == ["block"]


def test_rules_that_are_narrow_in_the_same_way_share_one_rule() -> None:
    reading = read(exe(publisher_rule("O=T", sid="S-1-5-32-545"), publisher_rule("O=U", sid="S-1-5-32-545")))
    assert reading.effects[0].rule is reading.effects[1].rule


SOME = "S-1-5-21-1-1-1-1001"


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        pytest.param(exe(publisher_rule("O=T", sid=SOME)), ["applocker-some-users"], id="one-user"),
        pytest.param(exe(publisher_rule("O=Tencent")), ["applocker-publisher-case"], id="publisher-case"),
        pytest.param(appx(publisher_rule("CN=Tencent")), [], id="case-of-a-package-publisher"),
        pytest.param(
            exe(publisher_rule("O=T", "MICROSOFT\u00c2\u00ae X")),
            ["mojibake", "no-effect", "no-identifier-kind"],
            id="mojibake",
        ),
        pytest.param(exe(publisher_rule("O=CAF\u00c9")), [], id="accent"),
        pytest.param(exe(publisher_rule("O=\u5e7f")), [], id="chinese"),
    ],
)
def test_rules_that_match_less_than_they_seem_to(document: Document, findings: list[str]) -> None:
    assert says(document) == findings

"""Hold what each form of an App Control policy does to a program, and what is refused or in doubt."""

from __future__ import annotations

from typing import Any

import pytest
from app_control_documents import (
    ALL_VERSIONS,
    CATALOG,
    ISSUER,
    OTHER,
    OWN,
    catalog,
    deny,
    one_denied,
    opened,
    policy,
    signer,
)
from build_kit import DAY
from kind_documents import app, as_json, device, graph, readings, says

from mdm_policy import catalogue
from mdm_policy.decide import judge
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import kind_named, read
from mdm_policy.reading import DeviceSlot

FILE: Any = ("windows", "original_file_name", "tool.exe")
PRODUCT: Any = ("windows", "product_name", "Example Tool")
DISK: Any = ("windows", "executable", "tool.exe")
NAME: Any = ("windows", "publisher_cn", "Example, Inc.")
ISSUED: Any = ("windows", "certificate", ISSUER.lower())
OTHER_ISSUER: Any = ("windows", "certificate", "cd" * 32)
PACKAGE: Any = ("windows", "package_family_name", "Example.Tool_8wekyb3d8bbwe")
LAPTOPS = device("windows", ">=10.0.18362")

ALL = '<Allow ID="ID_ALLOW_A_2" FileName="*"/>'
OTHERS = '<Allow ID="ID_ALLOW_A_2" {}/>'
ALLOWED = ("ID_ALLOW_A_2", "ID_ALLOW_P")
TOOL = deny('FileName="tool.exe"')
SIGNED: dict[str, Any] = {"signers": signer(), "denied": one_denied()}
ATTRIB = '<FileAttrib ID="ID_FILEATTRIB_F_1" {}/>'
ATTRIBUTED = signer('<CertPublisher Value="Example, Inc."/><FileAttribRef RuleID="ID_FILEATTRIB_F_1"/>')
STORE = ("Enabled:UMCI", "Required:Enforce Store Applications")


def verdict(text: str, *identifiers: Any, cls: Any = LAPTOPS) -> tuple[str, str | None]:
    decision = judge(readings(opened(text)), cls, app(*identifiers), DAY, "weak").worst
    return decision.verdict, decision.strength if decision.verdict == "blocked" else None


WEAK, PARTIAL, STRONG = ("blocked", "weak"), ("blocked", "partial"), ("blocked", "strong")
UNKNOWN, OPEN, REPORTED = ("unknown", None), ("allowed", None), ("reported-only", None)


@pytest.mark.parametrize(
    ("text", "identifiers", "expected"),
    [
        pytest.param(policy(TOOL), [FILE], WEAK, id="file-name"),
        pytest.param(policy(deny('FileName="TOOL.EXE"')), [FILE], WEAK, id="file-name-in-another-case"),
        pytest.param(policy(TOOL), [FILE, ("windows", "original_file_name", "x.exe")], OPEN, id="one-of-two-files"),
        pytest.param(policy(TOOL), [DISK], UNKNOWN, id="name-on-disk"),
        pytest.param(policy(TOOL), [FILE, DISK], WEAK, id="both-names"),
        pytest.param(policy(deny('ProductName="Example Tool"')), [PRODUCT], WEAK, id="product"),
        pytest.param(
            policy(deny('ProductName="Example Tool" FileName="tool.exe"')), [PRODUCT, FILE], WEAK, id="product-and-file"
        ),
        pytest.param(
            policy(deny('ProductName="Example Tool" FileName="tool.exe"')), [PRODUCT], OPEN, id="file-of-a-product"
        ),
        pytest.param(policy(deny(f'FileName="tool.exe" {ALL_VERSIONS}')), [FILE], WEAK, id="all-versions"),
        pytest.param(
            policy(deny('FileName="tool.exe" MinimumFileVersion="65535.65535.65535.65535"')),
            [FILE],
            WEAK,
            id="up-to-the-highest",
        ),
        pytest.param(
            policy(deny('FileName="tool.exe" MaximumFileVersion="0.0.0.0"')), [FILE], WEAK, id="from-the-lowest"
        ),
        pytest.param(
            policy(deny('FileName="tool.exe" MinimumFileVersion="0.0.0.0"')), [FILE], UNKNOWN, id="minimum-alone"
        ),
        pytest.param(
            policy(deny('FileName="tool.exe" MaximumFileVersion="65535.65535.65535.65535"')),
            [FILE],
            UNKNOWN,
            id="maximum-alone",
        ),
        pytest.param(
            policy(deny('FileName="tool.exe" MinimumFileVersion="0.0.0.0" MaximumFileVersion="2.0.0.0"')),
            [FILE],
            UNKNOWN,
            id="up-to-a-version",
        ),
        pytest.param(policy(deny('FileName="tool*"')), [FILE], OPEN, id="wildcard-names-nobody"),
        pytest.param(policy(deny('FileName="tool.exe" InternalName="t"')), [FILE], UNKNOWN, id="internal-name-too"),
        pytest.param(policy(deny('FileName="tool.exe" AppIDs="x"')), [FILE], UNKNOWN, id="of-some-apps"),
        pytest.param(policy(deny('FilePath="*\\tool.exe"')), [DISK], WEAK, id="path"),
        pytest.param(policy(deny('FilePath="%OSDRIVE%\\A\\tool.exe"')), [DISK], UNKNOWN, id="path-in-a-folder"),
        pytest.param(policy(deny('FilePath="%OSDRIVE%\\A\\*"')), [DISK], OPEN, id="folder"),
        pytest.param(policy(deny(f'Hash="{ISSUER}"')), [FILE], OPEN, id="hash"),
        pytest.param(policy(**SIGNED), [NAME, ISSUED], PARTIAL, id="signer"),
        pytest.param(policy(**SIGNED), [NAME, ISSUED, OTHER_ISSUER], UNKNOWN, id="one-issuer-of-two"),
        pytest.param(policy(**SIGNED), [NAME, OTHER_ISSUER], UNKNOWN, id="another-issuer"),
        pytest.param(policy(**SIGNED), [NAME], UNKNOWN, id="issuer-not-known"),
        pytest.param(policy(signers=signer(""), denied=one_denied()), [NAME, ISSUED], PARTIAL, id="all-of-an-issuer"),
        pytest.param(
            policy(**{**SIGNED, "denied": one_denied(inside='<ExceptAllowRule AllowRuleID="ID_ALLOW_A_1"/>')}),
            [NAME, ISSUED],
            UNKNOWN,
            id="signer-with-an-exception",
        ),
        pytest.param(
            policy(signers=signer(more=' SignTimeAfter="2020-01-01T00:00:00Z"'), denied=one_denied()),
            [NAME, ISSUED],
            UNKNOWN,
            id="signed-after-a-time",
        ),
        pytest.param(
            policy(
                signers=signer('<CertEKU ID="ID_EKU_E"/><CertPublisher Value="Example, Inc."/>'), denied=one_denied()
            ),
            [NAME, ISSUED],
            UNKNOWN,
            id="signer-for-a-use",
        ),
        pytest.param(
            policy(signers=signer(root="06"), denied=one_denied()), [NAME, ISSUED], OPEN, id="root-by-its-number"
        ),
        pytest.param(
            policy(signers=ATTRIBUTED, denied=one_denied(), attributes=ATTRIB.format('ProductName="Example Tool"')),
            [NAME, ISSUED, PRODUCT],
            PARTIAL,
            id="product-of-a-signer",
        ),
        pytest.param(
            policy(signers=ATTRIBUTED, denied=one_denied(), attributes=ATTRIB.format('ProductName="Example Tool"')),
            [NAME, ISSUED],
            OPEN,
            id="one-product-of-a-signer",
        ),
        pytest.param(
            policy(
                signers=ATTRIBUTED,
                denied=one_denied(),
                attributes=ATTRIB.format('FileName="*" MinimumFileVersion="0.0.0.0" MaximumFileVersion="9.0.0.0"'),
            ),
            [NAME, ISSUED],
            UNKNOWN,
            id="versions-of-a-signer",
        ),
        pytest.param(policy(signers=signer()), [NAME, ISSUED], OPEN, id="signer-nobody-denies"),
        pytest.param(policy(TOOL, refer=False), [FILE], OPEN, id="rule-nobody-refers-to"),
        pytest.param(policy(TOOL, options=("Enabled:UMCI", "Enabled:Audit Mode")), [FILE], REPORTED, id="audit"),
        pytest.param(policy(TOOL, options=()), [FILE], OPEN, id="drivers-alone"),
        pytest.param(policy(TOOL, kind="AppID Tagging Policy"), [FILE], OPEN, id="tags"),
        pytest.param(policy(TOOL, kind="Supplemental Policy", base=OTHER), [FILE], UNKNOWN, id="supplement"),
        pytest.param(policy(TOOL, base=OTHER), [FILE], UNKNOWN, id="supplement-by-its-base"),
        pytest.param(policy(deny(f'PackageFamilyName="{PACKAGE[2]}"'), options=STORE), [PACKAGE], STRONG, id="package"),
        pytest.param(
            policy(deny(f'PackageFamilyName="{PACKAGE[2]}"')), [PACKAGE], UNKNOWN, id="package-without-the-option"
        ),
        pytest.param(policy(deny('PackageFamilyName="Example.*"'), options=STORE), [PACKAGE], UNKNOWN, id="packages"),
        pytest.param(policy(deny('PackageFamilyName="A.B_8wekyb3d8bbwe"')), [PACKAGE], UNKNOWN, id="another-package"),
        pytest.param(
            policy(deny('PackageFamilyName="A.B_8wekyb3d8bbwe"'), refer=False),
            [PACKAGE],
            UNKNOWN,
            id="another-package-nobody-refers-to",
        ),
        pytest.param(policy(deny('PackageFamilyName="A.B_8wekyb3d8bbwe"')), [FILE], OPEN, id="no-package"),
        pytest.param(
            policy(allow=f'{ALL}<Allow ID="ID_ALLOW_P" PackageFamilyName="A.B_8wekyb3d8bbwe"/>', refer=ALLOWED),
            [PACKAGE],
            UNKNOWN,
            id="another-package-allowed",
        ),
        pytest.param(
            policy(allow=f'{ALL}<Allow ID="ID_ALLOW_P" PackageFamilyName="{PACKAGE[2]}"/>', refer=ALLOWED),
            [PACKAGE],
            OPEN,
            id="the-package-allowed",
        ),
        pytest.param(
            policy(
                deny('PackageFamilyName="A.B_8wekyb3d8bbwe"'),
                allow=f'{ALL}<Allow ID="ID_ALLOW_P" PackageFamilyName="*"/>',
                refer=(*ALLOWED, "ID_DENY_D_1"),
            ),
            [PACKAGE],
            OPEN,
            id="all-other-packages-allowed",
        ),
        pytest.param(policy(TOOL, allow=""), [FILE], STRONG, id="denied-and-allowed-by-nothing"),
        pytest.param(policy(TOOL, allow=OTHERS.format('FileName="x.exe"')), [FILE], WEAK, id="denied-in-an-allow-list"),
        pytest.param(policy(deny('FileName="*"')), [FILE], UNKNOWN, id="deny-everything"),
    ],
)
def test_what_a_rule_holds(text: str, identifiers: list[Any], expected: tuple[str, str | None]) -> None:
    assert verdict(text, *identifiers) == expected


def allowing(*attributes: str, options: tuple[str, ...] = ("Enabled:UMCI",)) -> str:
    """Write a policy that allows these programs and no others."""
    names = tuple(f"ID_ALLOW_X_{number}" for number, _ in enumerate(attributes))
    rules = "".join(f'<Allow ID="{name}" {one}/>' for name, one in zip(names, attributes, strict=True))
    return policy(allow=rules, refer=names, options=options)


def allowing_signer(text: str, **more: Any) -> str:
    return policy(allow="", signers=text, denied=one_denied(), **more).replace("DeniedSigner", "AllowedSigner")


@pytest.mark.parametrize(
    ("text", "identifiers", "expected"),
    [
        pytest.param(allowing(), [FILE], STRONG, id="nothing-is-allowed"),
        pytest.param(allowing(), [DISK], STRONG, id="nothing-is-allowed-whatever-is-known"),
        pytest.param(allowing(), [PACKAGE], UNKNOWN, id="a-package"),
        pytest.param(allowing(options=("Enabled:UMCI", "Disabled:Script Enforcement")), [FILE], STRONG, id="scripts"),
        pytest.param(allowing(options=("Enabled:UMCI", "Enabled:Managed Installer")), [FILE], UNKNOWN, id="installer"),
        pytest.param(
            allowing(options=("Enabled:UMCI", "Enabled:Intelligent Security Graph Authorization")),
            [FILE],
            UNKNOWN,
            id="reputation",
        ),
        pytest.param(
            allowing(options=("Enabled:UMCI", "Enabled:Allow Supplemental Policies")), [FILE], UNKNOWN, id="supplements"
        ),
        pytest.param(allowing(options=()), [FILE], OPEN, id="drivers-alone"),
        pytest.param(allowing('FileName="other.exe"'), [FILE], WEAK, id="another-file"),
        pytest.param(allowing('FileName="TOOL.exe"'), [FILE], UNKNOWN, id="the-file"),
        pytest.param(allowing('FileName="other.exe"'), [DISK], UNKNOWN, id="a-file-and-a-name-on-disk"),
        pytest.param(allowing('FileName="other.exe"'), [PRODUCT], UNKNOWN, id="a-file-and-a-product"),
        pytest.param(
            allowing('FileName="other.exe"', 'ProductName="Other"'), [FILE], UNKNOWN, id="a-product-besides-the-file"
        ),
        pytest.param(
            allowing('FileName="other.exe"', 'ProductName="Other"'),
            [FILE, PRODUCT],
            WEAK,
            id="another-file-and-product",
        ),
        pytest.param(
            allowing('FileName="other.exe" ProductName="Example Tool"'), [FILE, PRODUCT], UNKNOWN, id="the-product"
        ),
        pytest.param(allowing('FileName="t*"'), [FILE], UNKNOWN, id="a-pattern"),
        pytest.param(allowing('FilePath="%OSDRIVE%\\Tools\\*"'), [FILE], UNKNOWN, id="a-folder"),
        pytest.param(allowing(f'Hash="{"AB" * 32}"'), [FILE], UNKNOWN, id="a-hash"),
        pytest.param(allowing('InternalName="other"'), [FILE], UNKNOWN, id="an-internal-name"),
        pytest.param(allowing('PackageFamilyName="A.B_8wekyb3d8bbwe"'), [FILE], STRONG, id="a-package-alone"),
        pytest.param(
            allowing_signer(signer('<CertPublisher Value="Other Ltd"/>')), [NAME, ISSUED], STRONG, id="another-signer"
        ),
        pytest.param(allowing_signer(signer()), [NAME, ISSUED], UNKNOWN, id="the-signer"),
        pytest.param(allowing_signer(signer()), [NAME, OTHER_ISSUER], UNKNOWN, id="the-name-with-another-issuer"),
        pytest.param(allowing_signer(signer("")), [NAME, OTHER_ISSUER], STRONG, id="another-issuer"),
        pytest.param(allowing_signer(signer("")), [NAME], UNKNOWN, id="an-issuer-and-a-name"),
        pytest.param(allowing_signer(signer("", root="06")), [NAME, ISSUED], UNKNOWN, id="an-issuer-by-its-number"),
        pytest.param(allowing_signer(signer()), [FILE], UNKNOWN, id="a-signer-and-a-file"),
        pytest.param(
            allowing().replace('Value="12"', 'Value="12" InheritedScenarios="ID_SIGNINGSCENARIO_A"'),
            [FILE],
            UNKNOWN,
            id="what-another-scenario-allows",
        ),
        pytest.param(
            allowing().replace(
                "</SigningScenario>\n</SigningScenarios>", "<TestSigners/></SigningScenario>\n</SigningScenarios>"
            ),
            [FILE],
            UNKNOWN,
            id="signers-of-tests",
        ),
    ],
)
def test_what_no_rule_allows(text: str, identifiers: list[Any], expected: tuple[str, str | None]) -> None:
    assert verdict(text, *identifiers) == expected


def test_apps_of_which_other_things_are_known_fare_apart_in_an_allow_list() -> None:
    apps = [app(FILE), app(DISK), app(PRODUCT)]
    policies = readings(opened(allowing('FileName="other.exe"')))
    assert [judge(policies, LAPTOPS, one, DAY, "weak").worst.verdict for one in apps] == [
        "blocked",
        "unknown",
        "unknown",
    ]


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        pytest.param(allowing(), allowing('FileName="tool.exe"'), "NARROWED", id="the-file-is-allowed"),
        pytest.param(allowing('FileName="tool.exe"'), allowing(), "TIGHTENED", id="the-file-is-allowed-no-more"),
        pytest.param(allowing('FileName="x.exe"'), policy(), "LOOSENED", id="everything-is-allowed"),
        pytest.param(
            allowing(),
            allowing(options=("Enabled:UMCI", "Enabled:Managed Installer")),
            "NARROWED",
            id="an-installer-is-trusted",
        ),
        pytest.param(allowing(), allowing(options=("Enabled:UMCI", "Enabled:Audit Mode")), "LOOSENED", id="audited"),
    ],
)
def test_an_allow_list_that_changes(old: str, new: str, direction: str) -> None:
    sides = [Side(name, (opened(text),)) for name, text in (("old", old), ("new", new))]
    question = Question(DAY, apps=(app(FILE),))
    found = {one.direction for one in compare_policies(sides[0], sides[1], question, None).changes}
    assert found == {direction}


def test_an_older_windows_knows_no_such_policy() -> None:
    assert verdict(policy(TOOL), FILE, cls=device("windows", ">=10")) == OPEN
    single = policy(TOOL).replace(f"<PolicyID>{OWN}</PolicyID><BasePolicyID>{OWN}</BasePolicyID>", "")
    assert verdict(single, FILE, cls=device("windows", ">=10")) == WEAK


_REFUSED = [
    pytest.param("<VersionEx>1.0.0.1</VersionEx>", "", id="no-version"),
    pytest.param("<PlatformID>{2E07F7E4-194C-4D20-B7C9-6F44A6C5A234}</PlatformID>", "", id="no-platform"),
    pytest.param("1.0.0.1", "10", id="short-version"),
    pytest.param(f"<PolicyID>{OWN}", "<PolicyID>921cc481-6e17-4653-8f75-050b80acca20", id="guid-without-braces"),
    pytest.param("Base Policy", "Basis", id="no-policy-type"),
    pytest.param("Enabled:UMCI", "Enabled:Umci", id="no-option"),
    pytest.param("ID_DENY_D_1", "ID_DENY_d_1", id="small-letter-in-an-id"),
    pytest.param("ID_DENY_D_1", "ID_BAN_D_1", id="id-of-another-thing"),
    pytest.param('<Deny ID="ID_DENY_D_1"', '<Deny ID="ID_DENY_D_1" Path="x"', id="unknown-attribute"),
    pytest.param('<Deny ID="ID_DENY_D_1"', '<Ban ID="ID_DENY_D_1"', id="unknown-rule"),
    pytest.param("ID_ALLOW_A_2", "ID_ALLOW_A_1", id="an-id-twice"),
    pytest.param('Value="131"', 'Value="12"', id="a-scenario-twice"),
    pytest.param('Value="131"', 'Value="300"', id="no-scenario"),
    pytest.param("<EKUs/>", "<EKUs/><EKUs/>", id="an-element-twice"),
    pytest.param("<EKUs/>", "<EKU/>", id="unknown-element"),
    pytest.param("urn:schemas-microsoft-com:sipolicy", "urn:other", id="another-namespace"),
    pytest.param('<CertPublisher Value="Example, Inc."/>', "<CertPublisher/>", id="signer-without-a-name"),
    pytest.param(f'<CertRoot Type="TBS" Value="{ISSUER}"/>', "", id="signer-without-a-root"),
    pytest.param(f'Value="{ISSUER}"', 'Value="xyz"', id="no-hash"),
    pytest.param('Type="TBS"', 'Type="SHA"', id="no-type-of-root"),
    pytest.param(' Name="s"', "", id="signer-without-a-title"),
    pytest.param(
        f'<CertRoot Type="TBS" Value="{ISSUER}"/><CertPublisher Value="Example, Inc."/>',
        f'<CertPublisher Value="Example, Inc."/><CertRoot Type="TBS" Value="{ISSUER}"/>',
        id="signer-out-of-order",
    ),
    pytest.param("<DeniedSigners>" + one_denied() + "</DeniedSigners>", "<DeniedSigners/>", id="empty-list"),
]


@pytest.mark.parametrize(("old", "new"), _REFUSED)
def test_a_policy_that_cannot_be_made_denies_nothing(old: str, new: str) -> None:
    text = policy(TOOL, **SIGNED)
    changed = text.replace(old, new)
    assert changed != text
    assert "app-control-refused" in says(opened(changed))
    assert verdict(changed, FILE) == OPEN
    assert "app-control-refused" not in says(opened(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(policy(TOOL, options=("Enabled:UMCI", "Enabled:Audit Mode")), "app-control-audit", id="audit"),
        pytest.param(policy(TOOL, options=()), "app-control-drivers-only", id="drivers"),
        pytest.param(policy(TOOL, kind="AppID Tagging Policy"), "app-control-tags-only", id="tags"),
        pytest.param(policy(TOOL, base=OTHER), "app-control-undocumented", id="supplement"),
        pytest.param(policy(TOOL, refer=False), "app-control-unreferenced", id="unreferenced"),
        pytest.param(policy(TOOL, allow=""), "app-control-allow-list", id="allow-list"),
        pytest.param(policy(TOOL, denied=one_denied()), "app-control-undefined", id="undefined"),
        pytest.param(
            policy(deny('FileName="a.exe" MinimumFileVersion="1.0.0.0"')), "app-control-version-bound", id="versions"
        ),
        pytest.param(policy(deny('FileName="*"')), "app-control-denies-all", id="denies-all"),
        pytest.param(
            policy(deny('PackageFamilyName="Example.App_8wekyb3d8bbwe"')), "app-control-store-apps", id="store-apps"
        ),
        pytest.param(
            policy(deny('PackageFamilyName="Example.App_8wekyb3d8bbwe"')), "app-control-packages-refused", id="packages"
        ),
        pytest.param(policy(deny(f'Hash="{ISSUER}"')), "no-identifier-kind", id="hash"),
        pytest.param(policy(TOOL).replace('Value="12"', 'Value="13"'), "app-control-no-programs", id="no-programs"),
    ],
)
def test_what_is_said(text: str, said: str) -> None:
    assert said in says(opened(text))


def test_a_plain_ban_cries_no_wolf() -> None:
    assert says(opened(policy(TOOL, **SIGNED))) == []
    package = policy(
        deny('PackageFamilyName="Example.App_8wekyb3d8bbwe"', 2),
        allow='<Allow ID="ID_ALLOW_A_2" FileName="*"/>',
        options=STORE,
    ).replace(
        '<Allow ID="ID_ALLOW_A_2" FileName="*"/>',
        '<Allow ID="ID_ALLOW_A_2" FileName="*"/><Allow ID="ID_ALLOW_P" PackageFamilyName="*"/>',
    )
    package = package.replace(
        '<FileRuleRef RuleID="ID_ALLOW_A_2"/>', '<FileRuleRef RuleID="ID_ALLOW_A_2"/><FileRuleRef RuleID="ID_ALLOW_P"/>'
    )
    assert says(opened(package)) == []


def test_a_reference_to_nothing_puts_the_policy_in_doubt() -> None:
    assert verdict(policy(TOOL, denied=one_denied()), FILE) == UNKNOWN


def test_a_denial_holds_beside_whatever_allows() -> None:
    allowing = policy(allow='<Allow ID="ID_ALLOW_A_2" FileName="tool.exe"/>')
    found = readings(opened(policy(TOOL)), opened(allowing.replace(OWN, OTHER), "other.xml"))
    assert judge(found, LAPTOPS, app(FILE), DAY, "weak").proven


def test_a_device_has_one_policy_of_an_id() -> None:
    node = DeviceSlot("node", f"./vendor/msft/applicationcontrol/policies/{OWN.strip('{}')}")
    assert read(opened(policy(TOOL))).identities == (node,)
    assert read(as_json(catalog(policy(TOOL)))).identities == (node,)
    both = readings(opened(policy(TOOL)), opened(policy(deny('FileName="x.exe"')), "other.xml"))
    assert not judge(both, LAPTOPS, app(FILE), DAY, "weak").proven


@pytest.mark.parametrize(
    ("other", "proven"),
    [
        pytest.param(policy(deny('FileName="x.exe"')), False, id="another-policy"),
        pytest.param(policy(TOOL), True, id="the-same"),
        pytest.param(policy(deny('FileName="x.exe"')).replace(OWN, OTHER), True, id="of-another-id"),
        pytest.param(policy(deny('FileName="x.exe"')).replace(OWN, OWN.upper()), False, id="of-the-id-in-capitals"),
    ],
)
def test_a_device_has_one_policy_of_an_id_in_whatever_form_it_comes(other: str, proven: bool) -> None:
    both = readings(as_json(catalog(policy(TOOL)), "a.json"), opened(other, "b.xml"))
    assert judge(both, LAPTOPS, app(FILE), DAY, "weak").proven == proven
    both = readings(opened(policy(TOOL), "a.xml"), as_json(catalog(other), "b.json"))
    assert judge(both, LAPTOPS, app(FILE), DAY, "weak").proven == proven


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(catalog(policy(TOOL)), "blocked", id="xml"),
        pytest.param(catalog(""), "allowed", id="empty"),
        pytest.param(catalog("<Other/>"), "allowed", id="another-document"),
        pytest.param(catalog(policy(TOOL), templateReference=None), "unknown", id="no-template"),
        pytest.param(catalog(policy(TOOL), platforms="iOS"), "allowed", id="another-platform"),
        pytest.param(catalog(policy(TOOL).replace("<EKUs/>", f"<EKUs/>{' ' * 800_000}")), "allowed", id="too-long"),
        pytest.param(catalog(None), "unknown", id="built-in"),
    ],
)
def test_what_intune_carries(value: Any, expected: str) -> None:
    assert judge(readings(as_json(value)), LAPTOPS, app(FILE), DAY, "weak").worst.verdict == expected


@pytest.mark.parametrize(("digit", "expected"), [("0", "unknown"), ("1", "allowed")])
def test_the_built_in_controls_go_by_their_ids(digit: str, expected: str) -> None:
    value = catalog(None)
    control = {"settingDefinitionId": "x", "choiceSettingValue": {"value": f"{CATALOG}_enable_app_control_{digit}"}}
    group = {
        "settingDefinitionId": f"{CATALOG}_built_in_controls",
        "groupSettingCollectionValue": [{"children": [control]}],
    }
    value["settings"][0]["settingInstance"]["choiceSettingValue"]["children"] = [group]
    assert judge(readings(as_json(value)), LAPTOPS, app(FILE), DAY, "weak").worst.verdict == expected


@pytest.mark.parametrize("definition", [f"{CATALOG}v2_buildoptions", f"{CATALOG}_policies_{{policyguid}}_other"])
def test_another_setting_of_app_control_is_named_and_unknown(definition: str) -> None:
    value = catalog(None)
    value["settings"][0]["settingInstance"]["settingDefinitionId"] = definition
    assert "app-control-unread" in says(as_json(value))
    assert judge(readings(as_json(value)), LAPTOPS, app(FILE), DAY, "weak").worst.verdict == "unknown"


@pytest.mark.parametrize(
    "uri",
    [
        f"./Vendor/MSFT/ApplicationControl/Policies/{OWN.strip('{}')}/Policy",
        "./Device/Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/a/CodeIntegrity/Policy",
    ],
)
@pytest.mark.parametrize("value", ["AAAA", policy(TOOL)], ids=["binary", "xml"])
def test_the_binary_form_is_named_and_unknown(uri: str, value: str) -> None:
    document = graph("windows10CustomConfiguration", omaSettings=[{"omaUri": uri, "value": value}])
    assert "app-control-unread" in says(document)
    assert judge(readings(document), LAPTOPS, app(FILE), DAY, "weak").worst.verdict == "unknown"


def directions(old: str, new: str) -> set[str]:
    sides = [Side(name, (opened(text, "policy.xml"),)) for name, text in (("old", old), ("new", new))]
    found = compare_policies(sides[0], sides[1], Question(DAY), catalogue.load())
    return {str(change.direction) for change in found.changes} - {"COSMETIC", "EQUIVALENT"}


_UP_TO = deny('FileName="tool.exe" MinimumFileVersion="0.0.0.0" MaximumFileVersion="2.0.0.0"')


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(policy(TOOL), policy(), {"LOOSENED"}, id="gone"),
        pytest.param(policy(), policy(TOOL), {"TIGHTENED"}, id="added"),
        pytest.param(policy(TOOL), policy(TOOL, refer=False), {"INEFFECTIVE", "UNJUDGED"}, id="reference-lost"),
        pytest.param(policy(TOOL), policy(_UP_TO), {"NARROWED"}, id="versions"),
        pytest.param(policy(_UP_TO), policy(_UP_TO.replace("2.0.0.0", "1.0.0.0")), {"NARROWED"}, id="other-versions"),
        pytest.param(
            policy(TOOL), policy(TOOL, options=("Enabled:UMCI", "Enabled:Audit Mode")), {"INEFFECTIVE"}, id="audit"
        ),
        pytest.param(policy(**SIGNED), policy(), {"LOOSENED"}, id="signer-gone"),
        pytest.param(
            policy(**SIGNED), policy(**{**SIGNED, "signers": signer(root="CD" * 32)}), None, id="another-issuer"
        ),
        pytest.param(
            policy(allow=""),
            policy(allow='<Allow ID="ID_ALLOW_A_2" FileName="x.exe"/>'),
            {"NARROWED"},
            id="allows-more",
        ),
        pytest.param(policy(TOOL), policy(TOOL.replace("_D_1", "_E_7")), set(), id="another-id"),
        pytest.param(policy(TOOL), policy(TOOL).replace("1.0.0.1", "1.0.0.2"), set(), id="another-version"),
        pytest.param(
            policy(TOOL, kind="Supplemental Policy", base=OTHER),
            policy(TOOL, kind="Supplemental Policy", base=OTHER, allow='<Allow ID="ID_ALLOW_A_2" FileName="x"/>'),
            {"UNJUDGED"},
            id="supplement-allows-something-else",
        ),
        pytest.param(
            policy(deny(f'Hash="{ISSUER}"')), policy(deny(f'Hash="{"CD" * 32}"')), {"UNJUDGED"}, id="another-hash"
        ),
    ],
)
def test_a_change_has_its_direction(old: str, new: str, expected: set[str] | None) -> None:
    found = directions(old, new)
    if expected is None:
        assert found & {"LOOSENED", "NARROWED"}
    else:
        assert found == expected


def test_a_supplement_is_a_kind_of_its_own() -> None:
    assert opened(policy(TOOL, base=OTHER)).kind == "app-control-supplement"
    assert kind_named(opened(policy(TOOL)).kind).name == "app-control-policy"

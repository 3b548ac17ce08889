"""App Control for Business: policies as XML files and inside Intune's endpoint security policies, one or several together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from oracle.appcontrol_facts import AUDIT, HIGHEST, KERNEL, LOWEST, STORE, TRUSTED, UMCI, USER, policies_answer
from oracle.common import Document, Scenario, Settled, chosen

if TYPE_CHECKING:
    import random

NAMED, PRODUCT, DISK = "example.exe", "Example Messenger", "disk.exe"
MAKER, ISSUER, OTHER_ISSUER = "Example Software GmbH", "A1" * 32, "B2" * 48
FAMILY_NAME = "Example.Talk_jnsbww09sxsem"
APPS = (
    {"name": "named", "windows": {"original_file_name": [NAMED], "executable": ["Example.exe"]}},
    {"name": "product", "windows": {"product_name": [PRODUCT]}},
    {"name": "disk", "windows": {"executable": [DISK]}},
    {"name": "maker", "windows": {"publisher_cn": [MAKER], "certificate": [ISSUER]}},
    {"name": "pack", "windows": {"package_family_name": [FAMILY_NAME]}},
)
GUIDS = ["{" + f"{number:08X}-0000-4000-8000-000000000000" + "}" for number in (0xA1, 0xB2, 0xC3)]
PLATFORM = "{2E07F7E4-194C-4D20-B7C9-6F44A6C5A234}"
TEMPLATE = "4321b946-b76b-4450-8afd-769c08b16ffc_1"
SETTING = "device_vendor_msft_policy_config_applicationcontrol"


def _bounds(rng: random.Random) -> dict[str, str]:
    style = chosen(rng, {"none": 62, "all": 22, "min 0": 3, "max top": 2, "min top": 3, "max 0": 2, "some": 6})
    return {
        "none": {},
        "all": {"MinimumFileVersion": LOWEST, "MaximumFileVersion": HIGHEST},
        "min 0": {"MinimumFileVersion": LOWEST},
        "max top": {"MaximumFileVersion": HIGHEST},
        "min top": {"MinimumFileVersion": HIGHEST},
        "max 0": {"MaximumFileVersion": LOWEST},
        "some": {"MinimumFileVersion": "2.0.0.0", "MaximumFileVersion": "9.0.0.0"},
    }[style]


def _denied(rng: random.Random) -> list[dict[str, Any]]:
    rules = []
    for style, share in {
        "named": 0.85,
        "product": 0.85,
        "disk": 0.75,
        "pack": 0.6,
        "hash": 0.1,
        "folder": 0.08,
    }.items():
        if rng.random() >= share:
            continue
        rule: dict[str, Any] = {"tag": "Deny"}
        if style == "named":
            rule["FileName"] = chosen(rng, {NAMED: 90, "EXAMPLE.EXE": 4, "exam*": 3, "other.exe": 3})
            rule |= _bounds(rng)
            if rng.random() < 0.05:
                rule["ProductName"] = "Example"
        elif style == "product":
            rule["ProductName"] = chosen(rng, {PRODUCT: 93, "Example": 4, "Example *": 3})
            rule |= _bounds(rng)
        elif style == "disk":
            rule |= {"FilePath": f"*\\{DISK}"} if rng.random() < 0.75 else {"FileName": DISK}
        elif style == "pack":
            rule["PackageFamilyName"] = chosen(rng, {FAMILY_NAME: 92, "Example.Other_jnsbww09sxsem": 5, "Example.*": 3})
        elif style == "hash":
            rule["Hash"] = rng.randbytes(32).hex().upper()
        else:
            rule["FilePath"] = "%OSDRIVE%\\Tools\\*"
        rules.append(rule)
    return rules


def _policy(rng: random.Random, number: int, kind: str) -> dict[str, Any]:
    allow_list = kind == "allow list"
    rules = _denied(rng) if not allow_list or rng.random() < 0.3 else []
    if kind == "supplemental" and rng.random() < 0.7:
        rules = []
    signers, denied, allowed = [], [], []
    if rng.random() < 0.8 and kind != "supplemental":
        signer: dict[str, Any] = {"ID": "ID_SIGNER_A_1", "root": ISSUER if rng.random() < 0.88 else OTHER_ISSUER}
        if rng.random() < 0.9:
            signer["publisher"] = MAKER if rng.random() < 0.95 else "Other Works Ltd"
        if rng.random() < 0.1:
            rules.append({"tag": "FileAttrib", "ID": "ID_FILEATTRIB_A_1", "ProductName": "Example Suite"})
            signer["attributes"] = ["ID_FILEATTRIB_A_1"]
        signers.append(signer)
        denied.append({"signer": signer["ID"]})
    if allow_list:
        signers.append({"ID": "ID_SIGNER_W_1", "root": "C3" * 32, "publisher": "Microsoft Windows"})
        allowed.append({"signer": "ID_SIGNER_W_1"})
    everything = not allow_list and (kind != "supplemental") and rng.random() < 0.95
    if everything:
        rules += [{"tag": "Allow", "FileName": "*"}, {"tag": "Allow", "FileName": "*"}]
        if any("PackageFamilyName" in one for one in rules) and rng.random() < 0.85:
            rules.append({"tag": "Allow", "PackageFamilyName": "*"})
    if kind == "supplemental" or rng.random() < 0.05:
        rules.append(
            {
                "tag": "Allow",
                **rng.choice([{"FileName": NAMED}, {"ProductName": PRODUCT}, {"FilePath": "%OSDRIVE%\\In\\*"}]),
            }
        )
    _numbered(rules)
    ids = [one["ID"] for one in rules if one["tag"] != "FileAttrib"]
    if ids and rng.random() < 0.08:
        ids.remove(rng.choice(ids))
    if denied and rng.random() < 0.05:
        rules.append({"tag": "Allow", "ID": "ID_ALLOW_X_1", "ProductName": "Example Suite"})
        denied[0]["except"] = ["ID_ALLOW_X_1"]
    kernel = [one["ID"] for one in rules if one["tag"] == "Allow"][:1] if everything else []
    return {
        "PolicyType": "Supplemental Policy" if kind == "supplemental" else "Base Policy",
        "VersionEx": "10.0.0.1",
        "PolicyID": GUIDS[number],
        "BasePolicyID": GUIDS[0] if kind == "supplemental" else GUIDS[number],
        "options": _options(rng, kind),
        "rules": rules,
        "signers": signers,
        "scenarios": {
            KERNEL: {"refs": kernel, "denied": [], "allowed": []},
            USER: {"refs": ids, "denied": denied, "allowed": allowed},
        },
    }


def _numbered(rules: list[dict[str, Any]]) -> None:
    for number, rule in enumerate(rules):
        rule.setdefault("ID", f"ID_{rule['tag'].upper()}_R_{number}")


def _options(rng: random.Random, kind: str) -> list[str]:
    options = ["Enabled:Unsigned System Integrity Policy"]
    if kind == "supplemental":
        return options
    for option, share in {
        UMCI: 0.97,
        AUDIT: 0.1,
        STORE: 0.8,
        "Disabled:Script Enforcement": 0.6,
        "Enabled:Update Policy No Reboot": 0.5,
        "Enabled:Allow Supplemental Policies": 0.6,
        "Disabled:Runtime FilePath Rule Protection": 0.3,
        **dict.fromkeys(sorted(TRUSTED), 0.04),
    }.items():
        if rng.random() < share:
            options.append(option)
    return options


def _spoil(rng: random.Random, policy: dict[str, Any]) -> None:
    style = rng.choice(["id", "twice", "type", "version", "ref", "kernel alone"])
    user, rules = policy["scenarios"][USER], policy["rules"]
    if style == "id" and rules:
        rules[0]["ID"] = rules[0]["ID"].lower()
    elif style == "twice" and rules:
        rules.append(dict(rules[0]))
    elif style == "type":
        policy["PolicyType"] = "Base"
    elif style == "version":
        del policy["VersionEx"]
    elif style == "ref":
        user["refs"].append("ID_DENY_NOBODY_1")
    else:
        denied = {one["ID"] for one in rules if one["tag"] == "Deny"}
        policy["scenarios"][KERNEL] = {**user, "refs": list(user["refs"])}
        policy["scenarios"][USER] = {
            "refs": [one for one in user["refs"] if one not in denied],
            "denied": [],
            "allowed": [],
        }


class AppControl:
    """Policies of App Control for Business on Windows."""

    name = "appcontrol"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw a base policy, and sometimes another, or one that supplements it."""
        kinds = [chosen(rng, {"deny": 80, "allow list": 20})]
        more = chosen(rng, {"none": 66, "base": 16, "supplemental": 14, "same": 4})
        if more != "none":
            kinds.append("supplemental" if more == "supplemental" else chosen(rng, {"deny": 75, "allow list": 25}))
        documents = []
        for number, kind in enumerate(kinds):
            policy = _policy(rng, number if more != "same" else 0, kind)
            if rng.random() < 0.08:
                _spoil(rng, policy)
            suffix = "json" if rng.random() < 0.3 else "xml"
            documents.append(Document(f"{number}.{suffix}", policy))
        device = {"name": "class", "platform": "windows", "os": rng.choice([">=10.0.19045", ">=11"])}
        return Scenario(tuple(documents), device, APPS, "partial" if rng.random() < 0.25 else "weak")

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app by all policies of the device."""
        policies = [one.tree for one in scenario.documents]
        return {app["name"]: policies_answer(policies, app["windows"], scenario.min_strength) for app in scenario.apps}

    def encode(self, document: Document) -> bytes:
        """Write XML, or the object of Intune that carries it."""
        text = _written(document.tree)
        return text.encode() if document.path.endswith(".xml") else json.dumps(_carried(text), indent=1).encode()


def _carried(text: str) -> dict[str, Any]:
    xml = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance",
        "settingDefinitionId": f"{SETTING}_policies_{{policyguid}}_xml",
        "settingInstanceTemplateReference": {"settingInstanceTemplateId": "4d709667-63d7-42f2-8e1b-b780f6c3c9c7"},
        "simpleSettingValue": {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationStringSettingValue",
            "value": text,
        },
    }
    choice = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
        "settingDefinitionId": f"{SETTING}_policies_{{policyguid}}_policiesoptions",
        "settingInstanceTemplateReference": {"settingInstanceTemplateId": "1de98212-6949-42dc-a89c-e0ff6e5da04b"},
        "choiceSettingValue": {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingValue",
            "value": f"{SETTING}_configure_xml_selected",
            "children": [xml],
        },
    }
    return {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
        "name": "App Control",
        "platforms": "windows10",
        "technologies": "mdm",
        "templateReference": {"templateId": TEMPLATE, "templateFamily": "endpointSecurityApplicationControl"},
        "settings": [
            {"@odata.type": "#microsoft.graph.deviceManagementConfigurationSetting", "settingInstance": choice}
        ],
    }


def _written(policy: dict[str, Any]) -> str:
    options = "".join(f"<Rule><Option>{escape(one)}</Option></Rule>" for one in policy["options"])
    rules = "".join(
        f"<{one['tag']}" + "".join(f" {key}={quoteattr(value)}" for key, value in one.items() if key != "tag") + "/>"
        for one in policy["rules"]
    )
    signers = "".join(_written_signer(one) for one in policy["signers"])
    scenarios = "".join(_written_scenario(value, part) for value, part in policy["scenarios"].items())
    version = f"<VersionEx>{policy['VersionEx']}</VersionEx>" if "VersionEx" in policy else ""
    return (
        f'<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy" PolicyType={quoteattr(policy["PolicyType"])}>{version}'
        f"<PlatformID>{PLATFORM}</PlatformID><PolicyID>{policy['PolicyID']}</PolicyID>"
        f"<BasePolicyID>{policy['BasePolicyID']}</BasePolicyID><Rules>{options}</Rules><EKUs/><FileRules>{rules}</FileRules>"
        f"<Signers>{signers}</Signers><SigningScenarios>{scenarios}</SigningScenarios><UpdatePolicySigners/><CiSigners/>"
        "<HvciOptions>0</HvciOptions></SiPolicy>"
    )


def _written_signer(signer: dict[str, Any]) -> str:
    publisher = f"<CertPublisher Value={quoteattr(signer['publisher'])}/>" if "publisher" in signer else ""
    attributes = "".join(f'<FileAttribRef RuleID="{one}"/>' for one in signer.get("attributes", []))
    root = f'<CertRoot Type="TBS" Value="{signer["root"]}"/>'
    return f'<Signer ID="{signer["ID"]}" Name="Issuing CA">{root}{publisher}{attributes}</Signer>'


def _written_scenario(value: str, part: dict[str, Any]) -> str:
    allowed = "".join(f'<AllowedSigner SignerId="{one["signer"]}"/>' for one in part["allowed"])
    denied = "".join(
        f'<DeniedSigner SignerId="{one["signer"]}">'
        + "".join(f'<ExceptAllowRule AllowRuleID="{name}"/>' for name in one.get("except", []))
        + "</DeniedSigner>"
        for one in part["denied"]
    )
    refs = "".join(f'<FileRuleRef RuleID="{one}"/>' for one in part["refs"])
    inner = (f"<AllowedSigners>{allowed}</AllowedSigners>" if allowed else "") + (
        f"<DeniedSigners>{denied}</DeniedSigners>" if denied else ""
    )
    inner += f"<FileRulesRef>{refs}</FileRulesRef>" if refs else ""
    name = "WINDOWS" if value == USER else "DRIVERS_1"
    return f'<SigningScenario Value="{value}" ID="ID_SIGNINGSCENARIO_{name}"><ProductSigners>{inner}</ProductSigners></SigningScenario>'


FAMILY = AppControl()

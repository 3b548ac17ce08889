"""Write small App Control policies, and Intune's settings that carry them."""

from __future__ import annotations

from typing import Any

from mdm_policy.kinds import open_document

OWN, OTHER = "{921cc481-6e17-4653-8f75-050b80acca20}", "{921cc481-6e17-4653-8f75-050b80acca21}"
ISSUER = "AB" * 32
ALL_VERSIONS = 'MinimumFileVersion="0.0.0.0" MaximumFileVersion="65535.65535.65535.65535"'
CATALOG = "device_vendor_msft_policy_config_applicationcontrol"


def deny(attributes: str, number: int = 1) -> str:
    return f'<Deny ID="ID_DENY_D_{number}" {attributes}/>'


def signer(
    inside: str = '<CertPublisher Value="Example, Inc."/>', *, number: int = 1, root: str = ISSUER, more: str = ""
) -> str:
    kind = "TBS" if len(root) > 2 else "Wellknown"
    return f'<Signer ID="ID_SIGNER_S_{number}" Name="s"{more}><CertRoot Type="{kind}" Value="{root}"/>{inside}</Signer>'


def policy(
    *denials: str,
    signers: str = "",
    denied: str = "",
    options: tuple[str, ...] = ("Enabled:UMCI",),
    allow: str = '<Allow ID="ID_ALLOW_A_2" FileName="*"/>',
    base: str = OWN,
    kind: str = "Base Policy",
    attributes: str = "",
    refer: bool | tuple[str, ...] = True,
) -> str:
    """Write a policy that allows everything but what is denied; `denied` are the references to signers."""
    rules = "".join(f"<Rule><Option>{one}</Option></Rule>" for one in options)
    names = [one.partition('ID="')[2].partition('"')[0] for one in (allow, *denials) if one]
    refs = "".join(
        f'<FileRuleRef RuleID="{name}"/>'
        for name in (refer if isinstance(refer, tuple) else names if refer else names[:1])
    )
    refs = f"<FileRulesRef>{refs}</FileRulesRef>" if refs else ""
    denied = f"<DeniedSigners>{denied}</DeniedSigners>" if denied else ""
    return f"""\
<?xml version="1.0" encoding="utf-8"?>
<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy" PolicyType="{kind}">
<VersionEx>1.0.0.1</VersionEx><PlatformID>{{2E07F7E4-194C-4D20-B7C9-6F44A6C5A234}}</PlatformID>
<PolicyID>{OWN}</PolicyID><BasePolicyID>{base}</BasePolicyID><Rules>{rules}</Rules><EKUs/>
<FileRules><Allow ID="ID_ALLOW_A_1" FileName="*"/>{allow}{"".join(denials)}{attributes}</FileRules>
<Signers>{signers}</Signers>
<SigningScenarios>
<SigningScenario Value="131" ID="ID_SIGNINGSCENARIO_A"><ProductSigners><FileRulesRef>
<FileRuleRef RuleID="ID_ALLOW_A_1"/></FileRulesRef></ProductSigners></SigningScenario>
<SigningScenario Value="12" ID="ID_SIGNINGSCENARIO_B"><ProductSigners>{denied}{refs}</ProductSigners></SigningScenario>
</SigningScenarios><HvciOptions>0</HvciOptions></SiPolicy>
"""


def one_denied(number: int = 1, inside: str = "") -> str:
    return f'<DeniedSigner SignerId="ID_SIGNER_S_{number}">{inside}</DeniedSigner>'


def catalog(xml: str | None, **top: Any) -> dict[str, Any]:
    """Return an endpoint security policy that carries a policy as XML, or Intune's built-in controls."""
    named = f"{CATALOG}_policies_{{policyguid}}"
    if xml is not None:
        value, children = (
            f"{CATALOG}_configure_xml_selected",
            [{"settingDefinitionId": f"{named}_xml", "simpleSettingValue": {"value": xml}}],
        )
    else:
        value, children = f"{CATALOG}_built_in_controls_selected", []
    choice = {"value": value, "children": children}
    return {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
        "platforms": "windows10",
        "technologies": "mdm",
        "templateReference": {"templateFamily": "endpointSecurityApplicationControl"},
        "settings": [
            {"settingInstance": {"settingDefinitionId": f"{named}_policiesoptions", "choiceSettingValue": choice}}
        ],
        **top,
    }


def opened(text: str, name: str = "policy.xml") -> Any:
    return open_document(name, text.encode())

"""Describe the document kinds of Windows: AppLocker's rules, and App Control policies."""

from __future__ import annotations

from typing import Any

from mdm_policy.kinds import browsers
from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.kinds.windows import appcontrol, applocker, applocker_rules, defender, keys, registry

_ROOTS = ("RuleCollection", "AppLockerPolicy")


def _is_applocker(root: Any) -> bool:
    return root.tag in _ROOTS


APPLOCKER = DocumentKind(
    name="applocker-rules",
    title="AppLocker rules",
    formats=("xml",),
    recognise=_is_applocker,
    read=applocker.read_applocker,
    keys=keys.APPLOCKER,
    rules=applocker_rules.RULES,
    schemas=("applocker-exe", "applocker-appx"),
    is_gitops_profile=True,
    sample=b"""\
<RuleCollection Type="Exe" EnforcementMode="Enabled">
  <FilePathRule Id="921cc481-6e17-4653-8f75-050b80acca20" Name="a" Description="" UserOrGroupSid="S-1-1-0" Action="Allow">
    <Conditions><FilePathCondition Path="*"/></Conditions>
  </FilePathRule>
  <FilePathRule Id="921cc481-6e17-4653-8f75-050b80acca21" Name="b" Description="" UserOrGroupSid="S-1-1-0" Action="Deny">
    <Conditions><FilePathCondition Path="*\\a.exe"/></Conditions>
  </FilePathRule>
</RuleCollection>
""",
)
APP_CONTROL_SUPPLEMENT = DocumentKind(
    name="app-control-supplement",
    title="App Control for Business supplemental policy",
    formats=("xml",),
    recognise=appcontrol.is_supplement,
    read=appcontrol.read_app_control,
    keys=keys.APP_CONTROL_SUPPLEMENT,
    rules=appcontrol.RULES,
    identities=appcontrol.policy_of,
    is_gitops_profile=True,
    sample=b"""\
<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy" PolicyType="Supplemental Policy">
  <VersionEx>1.0.0.1</VersionEx>
  <PlatformID>{2E07F7E4-194C-4D20-B7C9-6F44A6C5A234}</PlatformID>
  <PolicyID>{921cc481-6e17-4653-8f75-050b80acca21}</PolicyID>
  <BasePolicyID>{921cc481-6e17-4653-8f75-050b80acca20}</BasePolicyID>
  <Rules><Rule><Option>Enabled:UMCI</Option></Rule></Rules>
  <FileRules><Allow ID="ID_ALLOW_A_1" FileName="a.exe"/><Deny ID="ID_DENY_D_1" FileName="b.exe"/></FileRules>
  <SigningScenarios>
    <SigningScenario Value="12" ID="ID_SIGNINGSCENARIO_B">
      <ProductSigners>
        <FileRulesRef><FileRuleRef RuleID="ID_ALLOW_A_1"/><FileRuleRef RuleID="ID_DENY_D_1"/></FileRulesRef>
      </ProductSigners>
    </SigningScenario>
  </SigningScenarios>
</SiPolicy>
""",
)
APP_CONTROL = DocumentKind(
    name="app-control-policy",
    title="App Control for Business policy",
    formats=("xml",),
    recognise=appcontrol.is_app_control,
    read=appcontrol.read_app_control,
    keys=keys.APP_CONTROL,
    rules=appcontrol.RULES,
    schemas=("windows-app-control",),
    identities=appcontrol.policy_of,
    is_gitops_profile=True,
    sample=b"""\
<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy" PolicyType="Base Policy">
  <VersionEx>1.0.0.1</VersionEx>
  <PlatformID>{2E07F7E4-194C-4D20-B7C9-6F44A6C5A234}</PlatformID>
  <PolicyID>{921cc481-6e17-4653-8f75-050b80acca20}</PolicyID>
  <BasePolicyID>{921cc481-6e17-4653-8f75-050b80acca20}</BasePolicyID>
  <Rules><Rule><Option>Enabled:UMCI</Option></Rule></Rules>
  <FileRules>
    <Allow ID="ID_ALLOW_A_1" FileName="*"/>
    <Allow ID="ID_ALLOW_A_2" FileName="*"/>
    <Deny ID="ID_DENY_D_1" ProductName="a"/>
    <FileAttrib ID="ID_FILEATTRIB_F_1" FileName="b.exe"/>
  </FileRules>
  <Signers>
    <Signer ID="ID_SIGNER_S_1" Name="c">
      <CertRoot Type="TBS" Value="921cc4816e1746538f75050b80acca20921cc481"/>
      <CertPublisher Value="d"/>
      <FileAttribRef RuleID="ID_FILEATTRIB_F_1"/>
    </Signer>
  </Signers>
  <SigningScenarios>
    <SigningScenario Value="131" ID="ID_SIGNINGSCENARIO_A">
      <ProductSigners><FileRulesRef><FileRuleRef RuleID="ID_ALLOW_A_1"/></FileRulesRef></ProductSigners>
    </SigningScenario>
    <SigningScenario Value="12" ID="ID_SIGNINGSCENARIO_B">
      <ProductSigners>
        <DeniedSigners><DeniedSigner SignerId="ID_SIGNER_S_1"/></DeniedSigners>
        <FileRulesRef><FileRuleRef RuleID="ID_ALLOW_A_2"/><FileRuleRef RuleID="ID_DENY_D_1"/></FileRulesRef>
      </ProductSigners>
    </SigningScenario>
  </SigningScenarios>
</SiPolicy>
""",
)
DEFENDER_INDICATORS = DocumentKind(
    name="defender-indicator-list",
    title="Defender for Endpoint indicators",
    formats=("json",),
    recognise=defender.is_indicators,
    read=defender.read_indicators,
    keys=keys.DEFENDER,
    rules=defender.RULES,
    schemas=("defender-indicators",),
    sample=b"""\
{
  "value": [
    {"indicatorValue": "a.example", "indicatorType": "DomainName", "action": "Block", "title": "a", "rbacGroupNames": []},
    {"indicatorValue": "https://b.example/c", "indicatorType": "Url", "action": "Allowed", "rbacGroupNames": []}
  ]
}
""",
)
REGISTRY = DocumentKind(
    name="windows-registry-file",
    title="Registration file of Windows",
    formats=("json",),
    recognise=registry.is_registry,
    read=registry.read_registry,
    keys=registry.KEYS,
    rules=browsers.RULES,
    schemas=("windows-browsers",),
    sample=b"""\
{
  "Windows Registry Editor Version 5.00": {
    "HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Policies\\\\Microsoft\\\\Edge\\\\URLBlocklist": {"1": "a.example", "2": "b.example"},
    "HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\Policies\\\\Google\\\\Chrome\\\\URLAllowlist": {"1": "c.example"}
  }
}
""",
)
BROWSER_POLICY = DocumentKind(
    name="browser-policy-file",
    title="Policy file of Chrome or Edge",
    formats=("json",),
    recognise=browsers.is_policy_file,
    read=browsers.read_policy_file,
    keys=browsers.POLICY_FILE,
    rules=browsers.RULES,
    sample=b"""\
{"URLBlocklist": ["a.example"], "URLAllowlist": ["b.a.example"]}
""",
)

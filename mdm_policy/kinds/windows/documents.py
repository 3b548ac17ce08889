"""Describe the document kinds of Windows: AppLocker's rules."""

from __future__ import annotations

from typing import Any

from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.kinds.windows import applocker, keys

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
    rules=applocker.RULES,
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

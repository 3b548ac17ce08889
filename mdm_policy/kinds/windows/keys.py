"""Say of each element of Windows' own rules what it has to do with apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.keys import Keys, roles

if TYPE_CHECKING:
    from mdm_policy.kinds.keys import Role

APPLOCKER = Keys(roles("name", ("@Id", "@Name", "@Description")), rest="carried")


def _elements(role: Role | Keys, *names: str) -> dict[str, Role | Keys]:
    """Give some elements one role, or what is below them the same keys."""
    return dict.fromkeys(names, role)


_TITLED = roles("name", ("@ID", "@FriendlyName", "@Name"))
_DENIED = Keys(_TITLED, rest="served")
APP_CONTROL = Keys(
    {
        **roles("name", ("@FriendlyName",)),
        **roles("carried", ("@PolicyType",)),
        **_elements("name", "VersionEx", "Settings"),
        **_elements("carried", "PlatformID", "PolicyTypeID", "PolicyID", "BasePolicyID", "Rules", "EKUs", "Signers"),
        # Who may replace the policy, how the kernel guards its own code: select-types-of-rules-to-create.md (2023-11).
        **_elements("harmless", "UpdatePolicySigners", "CiSigners", "HvciOptions"),
        **_elements(Keys({**_elements("carried", "Allow", "FileAttrib"), **_elements(_DENIED, "Deny")}), "FileRules"),
        **_elements(
            Keys(
                _elements(
                    Keys(
                        {
                            **_TITLED,
                            **roles("carried", ("@Value", "@MinimumHashAlgorithm")),
                            **_elements(
                                Keys(
                                    {
                                        **_elements("carried", "AllowedSigners", "FileRulesRef"),
                                        **_elements(Keys(_elements(_DENIED, "DeniedSigner")), "DeniedSigners"),
                                    }
                                ),
                                "ProductSigners",
                            ),
                        }
                    ),
                    "SigningScenario",
                )
            ),
            "SigningScenarios",
        ),
    }
)
"""An Allow lifts no Deny, and what it lets an allow list pass stands in the conditions of the implicit denial."""
APP_CONTROL_SUPPLEMENT = Keys(
    {
        **roles("name", ("@FriendlyName",)),
        **_elements("name", "VersionEx", "Settings"),
        **_elements("harmless", "UpdatePolicySigners", "CiSigners", "HvciOptions"),
    }
)
"""It widens the allow list of another document, by how much is not judged."""
_INDICATOR_NAMES = (
    *("id", "title", "description", "recommendedActions", "createdBy", "createdByDisplayName", "createdBySource"),
    *("creationTimeDateTimeUtc", "lastUpdateTime", "lastUpdatedBy", "category", "mitreTechniques", "application"),
    *("externalId", "sourceType", "version", "historicalDetection", "lookBackPeriod", "additionalInfo", "source"),
    *("rbacGroupIds", "educateUrl", "bypassDurationHours", "notificationId", "notificationBody", "severity"),
    *("generateAlert", "certificateInfo", "tenantId"),
)
"""What people and alerts read of an indicator (MicrosoftDocs/defender-docs@006b8a9 api/ti-indicator.md)."""
_SITE = Keys(
    {
        **roles("name", _INDICATOR_NAMES),
        **roles("carried", ("indicatorValue", "indicatorType", "action", "expirationTime", "rbacGroupNames")),
    }
)
_OTHER_INDICATOR = Keys(roles("name", _INDICATOR_NAMES))


def _of_indicator(row: dict[str, Any]) -> Keys:
    """Give the keys of an indicator: those of a site are read, those of a file or certificate are not."""
    if not row.keys() >= {"indicatorType", "indicatorValue"}:
        return _INDICATORS
    return _SITE if str(row["indicatorType"]).casefold() in ("domainname", "url") else _OTHER_INDICATOR


DEFENDER = Keys(choose=_of_indicator)
_INDICATORS = Keys(
    {**roles("name", ("@odata.context", "@odata.count", "@odata.nextLink")), "value": DEFENDER, "Indicators": DEFENDER}
)

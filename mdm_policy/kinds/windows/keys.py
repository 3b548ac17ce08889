"""Say of each element of Windows' own rules what it has to do with apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

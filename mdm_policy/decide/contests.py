"""Say which mechanisms decide between them what becomes of an app that one rule blocks and another allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mdm_policy.reading import Mechanism, Rule

Contest = Literal[
    "amapi",
    "app-control",
    "apple",
    "apple-path-lists",
    "applocker",
    "chrome",
    "chromeos",
    "declared",
    "defender",
    "edge",
    "intune",
    "jamf",
    "network",
    "santa",
]
"""What rules compete within: a block and an allow of one contest contradict each other."""

DENY_WINS: frozenset[Contest] = frozenset({"app-control", "apple"})
"""The contests in which an app that is denied stays denied, whatever allows it."""

ALLOW_WINS: frozenset[Mechanism] = frozenset({"intune-required-app"})
"""What lets an app in for certain, whatever blocks it: "Required always beats Uninstall" (MicrosoftDocs/memdocs apps-deploy.md)."""

CONTESTS: dict[Mechanism, Contest] = {
    "amapi-applications": "amapi",
    "amapi-install-apps": "amapi",
    "amapi-personal": "amapi",
    "amapi-untrusted-apps": "amapi",
    "managed-browser": "amapi",
    "app-control": "app-control",
    "apple-app-lock": "apple",
    "apple-app-settings": "apple",
    "apple-managed-app": "apple",
    "apple-profile": "apple",
    "apple-restrictions": "apple",
    "apple-web-filter": "apple",
    "apple-path-lists": "apple-path-lists",
    "applocker-appx": "applocker",
    "applocker-exe": "applocker",
    "applocker-msi": "applocker",
    "chrome-url-lists": "chrome",
    "chromeos-app-install": "chromeos",
    "chromeos-arc": "chromeos",
    "declared": "declared",
    "defender-indicators": "defender",
    "domain-blocking": "network",
    "edge-url-lists": "edge",
    "intune-app-assignment": "intune",
    "intune-compliance": "intune",
    "intune-custom-setting": "intune",
    "intune-device-administrator": "intune",
    "intune-device-restrictions": "intune",
    "intune-required-app": "intune",
    "intune-settings-catalog": "apple",
    "jamf-restricted-software": "jamf",
    "dns-policy-zone": "network",
    "santa": "santa",
}
"""The contest of each mechanism.

macOS's path lists yield to the list of apps beside them, so they are a contest of their own. Intune's settings catalog
hands Apple's own keys to the device, where they decide.
"""


def contest(rule: Rule) -> Contest:
    """Return what a rule competes within."""
    return CONTESTS[rule.mechanism]

"""Read what a policy does beside the ban: which stores it opens, what it closes, and what it takes away from a stored policy.

androidmanagement v1 discovery document, revision 20261104.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector

_UNSPECIFIED = "DEVELOPER_SETTINGS_UNSPECIFIED"


def say_beside(c: Collector, top: dict[str, Any], base: str, *, store: str) -> None:
    """Put down what the fields of a policy do to others than the banned apps; `store` is what playStoreMode means.

    On personally owned devices a set developerSettings reports a NonComplianceDetail MANAGEMENT_MODE
    (AdvancedSecurityOverrides). addUserDisabled is ignored on fully managed devices, where no users can be added.
    """
    if store == "BLACKLIST" and "playStoreMode" in top:
        c.beside("opens", "managed-store", "closed-before", f"{base}/playStoreMode")
    usage = top.get("personalUsagePolicies")
    if isinstance(usage, dict) and usage.get("personalPlayStoreMode") in ("BLOCKLIST", "BLACKLIST"):
        at = f"{base}/personalUsagePolicies/personalPlayStoreMode"
        c.beside("opens", "personal-store", "closed-before", at, modes=("cope",))
    overrides = top.get("advancedSecurityOverrides")
    if isinstance(overrides, dict) and overrides.get("developerSettings") not in (None, _UNSPECIFIED):
        at = f"{base}/advancedSecurityOverrides/developerSettings"
        c.beside("stops", "compliance", "always", at, modes=("byod",))
    if top.get("addUserDisabled") is True:
        c.beside("stops", "adding-users", "always", f"{base}/addUserDisabled", modes=("cope",))


def say_replaced(c: Collector, pointer: str) -> None:
    """Put down that what is sent takes the place of all that is stored: fields it does not name go back to their default."""
    c.beside("removes", "other-settings", "replaced", pointer)

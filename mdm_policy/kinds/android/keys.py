"""Say of each field of an Android policy what it has to do with apps, by Google's own description.

The table (data/vendor/amapi-policy.json) names every message and field; the short lists here name those that act on apps.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.keys import Keys, roles, vendor_table

if TYPE_CHECKING:
    from mdm_policy.kinds.keys import Role

_ACTING = frozenset(
    {
        "addUserDisabled",
        "advancedSecurityOverrides",
        "applications",
        "debuggingFeaturesAllowed",
        "ensureVerifyAppsEnabled",
        "installAppsDisabled",
        "installUnknownSourcesAllowed",
        "kioskCustomLauncherEnabled",
        "modifyAccountsDisabled",
        "personalUsagePolicies",
        "playStoreMode",
        "privateKeySelectionEnabled",
        "uninstallAppsDisabled",
    }
)
"""Fields of a policy that act on which apps may be installed or run."""
_APPLICATION = roles("carried", ("packageName", "installType", "disabled"))
_ACTING_IN_APPLICATION = frozenset({"managedConfiguration", "managedConfigurationTemplate", "extensionConfig"})


def _of_policy(_value: dict[str, Any]) -> Role | Keys:
    return _policy()


@functools.cache
def _policy() -> Keys:
    messages = vendor_table("amapi-policy")["messages"]
    harmless = roles("harmless", (key for key in messages["Policy"] if key not in _ACTING))
    fields = (key for key in messages["ApplicationPolicy"] if key not in _ACTING_IN_APPLICATION)
    application = Keys({**roles("harmless", fields), **_APPLICATION}, rest="served")
    carried = roles(
        "carried", ("playStoreMode", "installAppsDisabled", "personalUsagePolicies", "advancedSecurityOverrides")
    )
    return Keys({**harmless, **carried, **roles("name", ("name", "version")), "applications": application})


POLICY = Keys(choose=_of_policy)
PAGE = Keys(roles("name", ("nextPageToken",)))
CHANGES = Keys({"changes": Keys(roles("carried", ("application", "updateMask")))})
PATCH = Keys(roles("carried", ("method", "path", "query")))

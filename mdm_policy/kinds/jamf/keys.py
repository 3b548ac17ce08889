"""Say of each element of Jamf Pro's objects what it has to do with apps."""

from __future__ import annotations

from mdm_policy.kinds.keys import Keys, roles

_GENERAL = roles("name", ("id", "name", "uuid", "description", "category", "display_message"))
RESTRICTED_SOFTWARE = Keys({"general": Keys(_GENERAL, rest="carried"), "scope": "carried"})
PROFILE = Keys(
    {
        "general": Keys(
            {
                **_GENERAL,
                **roles("carried", ("payloads", "level", "distribution_method", "deployment_method", "user_removable")),
                **roles("harmless", ("redeploy_on_update", "redeploy_days_before_cert_expires")),
            }
        ),
        "scope": "carried",
        "self_service": "harmless",
    }
)

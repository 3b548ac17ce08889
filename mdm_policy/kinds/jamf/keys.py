"""Say of each element of Jamf Pro's objects what it has to do with apps."""

from __future__ import annotations

from mdm_policy.kinds.keys import Keys, roles

_GENERAL = roles("name", ("id", "name", "uuid", "description", "category", "display_message"))
_SITE = Keys(empty={"id": frozenset({"-1"}), "name": frozenset({"None"})})
"""A site that an object belongs to is a doubt, and one that changes is judged by nobody; these words name none."""
_SOFTWARE = ("process_name", "match_exact_process_name", "kill_process", "delete_executable")
RESTRICTED_SOFTWARE = Keys(
    {
        "general": Keys({**_GENERAL, **roles("carried", _SOFTWARE), "send_notification": "harmless", "site": _SITE}),
        "scope": "carried",
    }
)
PROFILE = Keys(
    {
        "general": Keys(
            {
                **_GENERAL,
                **roles("carried", ("payloads", "level", "distribution_method", "deployment_method", "user_removable")),
                **roles("harmless", ("redeploy_on_update", "redeploy_days_before_cert_expires")),
                "site": _SITE,
            }
        ),
        "scope": "carried",
        "self_service": "harmless",
    }
)

"""Read Intune's compliance policies: what they report, and what then happens to the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.intune.graph import app_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Rule
    from mdm_policy.vocabulary import Family


def read_compliance(base: Rule, family: Family) -> Callable[[Collector, dict[str, Any]], None]:
    """Return the reader of one platform's compliance policy."""

    def read(c: Collector, top: dict[str, Any]) -> None:
        if not app_list(c, c.rule(base), family, top, "restrictedApps"):
            return
        message = "restrictedApps marks a device noncompliant; it blocks nothing on the device"
        c.say("warning", "report-only-list", message, "/restrictedApps", "use a list that blocks")
        if "/v1.0/" in c.text(top, "@odata.context", ""):
            message = "restrictedApps exists in the beta version of Graph only; v1.0 refuses it"
            c.say("error", "beta-only-property", message, "/restrictedApps", "send it to /beta")
        _actions(c, top)

    return read


def _actions(c: Collector, top: dict[str, Any]) -> None:
    """Read what follows noncompliance: exactly one block action is required, and it may come late.

    MicrosoftDocs/memdocs compliance-policy-create-ios.md (2025-09). An export without the actions says nothing.
    """
    if top.get("scheduledActionsForRule") is None:
        return
    hours: list[int] = []
    for place, rule in c.mappings(top, "scheduledActionsForRule", ""):
        for at, action in c.mappings(rule, "scheduledActionConfigurations", place):
            if c.text(action, "actionType", at) == "block":
                period = action.get("gracePeriodHours")
                hours.append(period if isinstance(period, int) else 0)
    if not hours:
        message = "no action marks the device noncompliant, so the policy has no consequence"
        c.say("error", "compliance-without-block", message, "/scheduledActionsForRule", "add one action block")
    elif max(hours) > 0:
        message = f"a device with a banned app counts as compliant for {max(hours)} hours"
        c.say("warning", "compliance-grace-period", message, "/scheduledActionsForRule", "set gracePeriodHours to 0")

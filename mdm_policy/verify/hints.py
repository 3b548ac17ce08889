"""Say what to change so that a gap closes, in a sentence that names the identifier and the kind of setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.decide import Decision
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.reading import Rule

_ADD = {
    "ios": "add {build} to the deny list of a Restrictions profile (blockedAppBundleIDs) or of an app settings declaration (DeniedApps)",
    "macos": "deny {build} by its signing id, in Santa's static rules or, from macOS 27, in DeniedBinaries",
    "android": "block the package {build} in the policy of these devices, for the side and origin named here",
    "windows": "add an AppLocker Deny rule for the publisher or package of {build}",
}
_UNENFORCEABLE = (
    "no setting could: keep the data off these devices, or accept the gap in the deployment, with a document and an end"
)
_INSTALLED = "add a rule that removes, hides or blocks copies that are installed already"
_REPORTED = "put it on a list that blocks; this one only reports"
_UNKNOWN = "find the app's identifier and give it in the ban list; or say `not_on:` where it does not exist"
_DOUBT = "remove what the reason names: a filter, an exclusion, a missing assignment, or the entry that allows the app"
_FAULTY = "mend in the document what the reason and its findings name, and verify it again"
_IDLE = "move the entry to where the reason says that devices read it"
_LIFTED = "remove the day or the time after which the document lifts itself"
_DUTIES = {
    "remove": "have copies that are installed already deleted, and prove it from the inventory",
    "no-traffic": "refuse the app's addresses in the network or with a web filter",
}


def for_duty(duties: Sequence[str]) -> str:
    """Return what to do about duties that no document fulfils."""
    return "; ".join(_DUTIES[duty] for duty in duties)


def hint(decision: Decision, app: BannedApp, cls: DeviceClass, *, weak: bool) -> str:
    """Return what to do about a gap; `weak` when it holds, but not strongly enough."""
    family = FAMILY_OF[cls.platform]
    if decision.verdict == "unenforceable":
        return _UNENFORCEABLE
    if weak:
        return (
            f"{_ADD[family].format(build=decision.build)}: it is told by its own identity; or take --min-strength weak"
        )
    if decision.rule is not None and decision.rule.remedy:
        return decision.rule.remedy
    if decision.cause == "refused":
        return _FAULTY
    if decision.cause == "no-effect":
        return _IDLE
    if decision.verdict == "not-installable":
        return _add(decision, app, family) if family == "android" else _INSTALLED
    if decision.verdict == "reported-only":
        return _REPORTED
    if decision.cause == "no-comparable-identifier":
        return _UNKNOWN
    if decision.verdict == "unknown":
        known = any(identifier.family == family for identifier in app.identifiers)
        if decision.rule is not None:
            return _doubted(decision.rule)
        return _add(decision, app, family) if known else _UNKNOWN
    return _add(decision, app, family)


def _doubted(rule: Rule) -> str:
    """Return what to do about a rule that may not hold: the document itself is in doubt, or whether it reaches the device."""
    if rule.verdict == "unknown":
        return _FAULTY
    return _LIFTED if rule.expires else _DOUBT


def _add(decision: Decision, app: BannedApp, family: str) -> str:
    return _ADD[family].format(build=decision.build or app.name)

"""Stand for objects of Intune that were not read: those of a later page, and those that a snapshot could not have.

What is not here counts as what it may hold. A policy may give a setting another value, take the place of another under the same node or
PayloadIdentifier, and set keys of Santa too. An app may be assigned otherwise than another object of the same app: "Required always beats
Uninstall" (MicrosoftDocs/memdocs apps-deploy.md). The configuration of a browser may let sites past that another closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.kinds.android.rules import BROWSER_LISTS
from mdm_policy.kinds.apple import santa_rules
from mdm_policy.kinds.intune import rules
from mdm_policy.reading import DeviceSlot

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

_NOBODY_KNOWS = frozenset[object]()
_SETTINGS = sorted(
    name
    for name in {name for rule in rules.RULES if rule.setting is not None for name in rule.setting.names}
    if name != rules.INTENT
)


def unseen(
    c: Collector, kind: str, *, policies: bool = False, apps: bool = False, configurations: bool = False
) -> Reading:
    """Return what policies, apps and app configurations that were not read may do, as an object of a kind."""
    if policies:
        c.rule(santa_rules.CONFIGURED)
    made = c.reading(mdm="intune", silent=True)
    names = [*(_SETTINGS if policies else ()), *([rules.INTENT] if apps else ())]
    names += [BROWSER_LISTS] if configurations else []
    places = (DeviceSlot("node", ""), DeviceSlot("profile", "")) if policies else ()
    return msgspec.structs.replace(
        made, kind=kind, sets=tuple((name, _NOBODY_KNOWS) for name in names), identities=places
    )

"""Say what the store mode and the switches for side-loading in Intune's Android policies make of rules beside them.

A copy from outside the store can come where unknown sources and access to all apps are both allowed; an app that is to be
uninstalled is then kept away no longer (MicrosoftDocs/memdocs device-restrictions-android-for-work.md, 2025-06). Where unknown sources
are closed in the personal profile, what is listed or to be uninstalled cannot be used there, wherever it came from (the same,
manage-ai-android.md, 2025-11). A mode that one policy leaves not configured is what another sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.reach import may_reach
from mdm_policy.reading import Effects
from mdm_policy.vocabulary import INSTALLED_ORIGINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.decide.reach import Reach
    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import Reading, Rule

_STORE = "playStoreMode"
_SOURCES = "appsAllowInstallFromUnknownSources"
_PERSONAL_SOURCES = "personalProfileAppsAllowInstallFromUnknownSources"
_OPEN = frozenset({"none"})
_ALL_APPS = frozenset({"blockList"})
_BESIDES = "preinstalled apps on the personal side, and what comes by adb, while USB debugging is open"


def beside_switches(reached: Sequence[tuple[Reading, Reach]], cls: DeviceClass | None) -> list[tuple[Reading, Reach]]:
    """Return documents as they count beside what others of them say of the store and of apps from elsewhere."""
    made = list(reached)
    may = [one for one, to in reached if one.sets and to.alive and may_reach(one.scope, cls, despite_exclusions=True)]
    opening = next((one for one in may if dict(one.sets).get(_SOURCES) == _OPEN), None)
    if opening is not None and any(dict(one.sets).get(_STORE) == _ALL_APPS for one in may):
        made = [(_changed(one, lambda rule: _let_past(rule, opening.path)), to) for one, to in made]
    sure = [one for one, to in reached if to.alive and not to.doubt]
    if any(_closes(rule) for one in sure for rule in one.rules):
        made = [(_changed(one, _from_anywhere), to) for one, to in made]
    if any(_STORE in dict(one.sets) for one in sure):
        made = [(_changed(one, _without_default), to) for one, to in made]
    return made


def _let_past(rule: Rule, opening: str) -> tuple[Rule, ...] | None:
    """Return the removal of an app as it is where a copy can come from elsewhere."""
    origins: tuple[str, ...] = rule.origins or INSTALLED_ORIGINS
    if rule.mechanism != "intune-app-assignment" or rule.sense != "remove" or "sideloaded" not in origins:
        return None
    why = f"{opening} lets in apps from outside the store, past any list"
    kept = msgspec.structs.replace(rule, origins=tuple(one for one in origins if one != "sideloaded"))
    return kept, msgspec.structs.replace(rule, origins=("sideloaded",), verdict="unknown", why=why, cause="side-door")


def _closes(rule: Rule) -> bool:
    """Tell whether a rule closes the personal profile to apps from outside the store; in a conflict it is unknown."""
    return rule.setting is not None and rule.setting.name == _PERSONAL_SOURCES and rule.verdict == "not-installable"


def _from_anywhere(rule: Rule) -> tuple[Rule, ...] | None:
    """Return a ban in the personal profile as it is where no app comes in but by the store."""
    if rule.mechanism not in ("intune-app-assignment", "intune-device-restrictions") or rule.sense != "block":
        return None
    if rule.sides != ("personal",) or rule.origins != ("store",):
        return None
    return (msgspec.structs.replace(rule, origins=("store", "sideloaded"), escapes=_BESIDES),)


def _without_default(rule: Rule) -> tuple[Rule, ...] | None:
    return () if rule.mechanism == "intune-device-restrictions" and rule.cause == "default" else None


def _changed(reading: Reading, change: Callable[[Rule], tuple[Rule, ...] | None]) -> Reading:
    """Return a document with other rules in the place of some."""
    made = {id(rule): new for rule in reading.rules if (new := change(rule)) is not None}
    if not made:
        return reading
    rules = tuple(each for rule in reading.rules for each in made.get(id(rule), (rule,)))
    columns = [
        msgspec.structs.replace(one, rule=each)
        for one in reading.columns
        for each in made.get(id(one.rule), (one.rule,))
    ]
    return msgspec.structs.replace(reading, rules=rules, effects=Effects(columns))

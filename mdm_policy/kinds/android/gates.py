"""Read by which doors apps get past the lists of a policy: other sources than the store, and USB debugging.

The doors are closed by default. `debuggingFeaturesAllowed` is deprecated and still works (it says of itself what it does,
as fields without effect say that they have none); `developerSettings` replaces it, and no page says which of the two
counts where one opens what the other closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy.kinds.android import rules, words
from mdm_policy.reading import Condition

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector

Door = Literal["closed", "open", "unclear"]
_FROZEN: dict[str, Any] = {
    "verdict": "not-installable",
    "conditions": (Condition("installed-copies"),),
    "escapes": "a copy that is already installed",
}
"""What becomes of a rule that uninstalls where apps can't be uninstalled."""


class Gates(msgspec.Struct, frozen=True):
    """Hold what the rest of a policy does to its lists."""

    whole: bool
    """False for a change, whose surroundings stand in the stored policy."""
    open_sides: tuple[str, ...] = ()
    """The sides on which apps from outside the store are let in."""
    debugging: Door = "closed"
    stated: bool = False
    """Whether it says what it does to apps from outside the store, be it by leaving out what has a default."""
    frozen: dict[str, Any] = {}
    """What changes in a rule that uninstalls, where apps can be neither installed nor uninstalled any more."""

    @property
    def managed_open(self) -> bool:
        """Tell whether apps get past the list of the device or the work profile."""
        return self.debugging != "closed" or bool({"device", "work"} & set(self.open_sides))

    @property
    def personal_closed(self) -> bool:
        """Tell whether nothing but the store brings apps to the personal side."""
        return self.stated and self.debugging == "closed" and "personal" not in self.open_sides


def gates_of(c: Collector, top: dict[str, Any], base: str, *, whole: bool) -> Gates:
    """Read the doors of a policy, and record the rules that say who is let in by them."""
    overrides = c.optional(top, "advancedSecurityOverrides", base)
    at = f"{base}/advancedSecurityOverrides"
    word = c.text(overrides, "untrustedAppsPolicy", at)
    if word not in words.UNTRUSTED:
        said = f"{word!r} is not a valid value of untrustedAppsPolicy"
        c.say("error", "untrusted-apps-word", said, f"{at}/untrustedAppsPolicy")
    sides = words.UNTRUSTED.get(word, ("device", "work", "personal"))
    debugging, setting = _debugging(c, top, base)
    stated = whole or bool(word)
    _untrusted(c, sides, debugging, f"{at}/untrustedAppsPolicy", stated=stated)
    if debugging != "closed":
        base_rule = rules.DEBUGGING_OPEN if debugging == "open" else rules.DEBUGGING_UNCLEAR
        c.rule(base_rule)
        c.settings[base_rule.id] = setting
    if c.flag(top, "installAppsDisabled", base):
        c.rule(rules.INSTALL_DISABLED)
        c.settings[rules.INSTALL_DISABLED.id] = f"{base}/installAppsDisabled"
    no_removal = c.flag(top, "uninstallAppsDisabled", base) is True
    frozen: dict[str, Any] = {}
    if no_removal or top.get("installAppsDisabled") is True:
        key = "uninstallAppsDisabled" if no_removal else "installAppsDisabled"
        frozen = {**_FROZEN, "remedy": f"set {key} to false, so that the copy is uninstalled"}
    return Gates(whole, sides, debugging, stated, frozen)


def _debugging(c: Collector, top: dict[str, Any], base: str) -> tuple[Door, str]:
    """Return whether USB debugging is open, and the setting that says so."""
    overrides = top.get("advancedSecurityOverrides")
    new = overrides.get("developerSettings") if isinstance(overrides, dict) else None
    place = f"{base}/advancedSecurityOverrides/developerSettings"
    if new == "DEVELOPER_SETTINGS_ALLOWED":
        return "open", place
    old = f"{base}/debuggingFeaturesAllowed"
    if c.flag(top, "debuggingFeaturesAllowed", base) is not True:
        return "closed", place
    return ("unclear" if new == "DEVELOPER_SETTINGS_DISABLED" else "open"), old


def _untrusted(c: Collector, sides: tuple[str, ...], debugging: Door, at: str, *, stated: bool) -> None:
    """Record who is refused, and who let in, by the policy for untrusted apps."""
    if sides:
        c.rule(rules.UNTRUSTED_OPEN, sides=sides)
        c.settings[rules.UNTRUSTED_OPEN.id] = at
    if stated and debugging == "closed" and len(sides) < len(words.SIDES):
        c.rule(
            rules.NO_UNTRUSTED, **({"sides": tuple(one for one in words.SIDES if one not in sides)} if sides else {})
        )
        c.settings[rules.NO_UNTRUSTED.id] = at


def say_open(c: Collector, top: dict[str, Any], base: str, gates: Gates) -> None:
    """Say which doors stand open beside a ban."""
    overrides = top.get("advancedSecurityOverrides")
    at = f"{base}/advancedSecurityOverrides"
    if gates.open_sides:
        message = f"untrustedAppsPolicy lets sideloaded apps in ({', '.join(gates.open_sides)})"
        c.say("warning", "sideload-open", message, f"{at}/untrustedAppsPolicy", "write DISALLOW_INSTALL")
    if gates.debugging == "open":
        message = "with USB debugging apps can be installed past the store"
        c.say("warning", "adb-open", message, _debugging(c, top, base)[1], rules.DEBUGGING_OPEN.remedy)
    if gates.debugging == "unclear":
        place, hint = f"{base}/debuggingFeaturesAllowed", rules.DEBUGGING_UNCLEAR.remedy
        c.say("warning", "adb-open", rules.DEBUGGING_UNCLEAR.why, place, hint)
    if isinstance(overrides, dict) and overrides.get("googlePlayProtectVerifyApps") == "VERIFY_APPS_USER_CHOICE":
        _protect(c, f"{at}/googlePlayProtectVerifyApps", "write VERIFY_APPS_ENFORCED")
    elif top.get("ensureVerifyAppsEnabled") is False:
        _protect(c, f"{base}/ensureVerifyAppsEnabled", "write VERIFY_APPS_ENFORCED in googlePlayProtectVerifyApps")


def _protect(c: Collector, at: str, hint: str) -> None:
    message = "users may switch off Play Protect, which checks apps from outside the store"
    c.say("warning", "play-protect-open", message, at, hint)

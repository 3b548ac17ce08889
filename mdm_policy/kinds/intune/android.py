"""Read Intune's Android objects: restrictions of corporate devices, assigned store apps, device administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.android.configuration import read_lists
from mdm_policy.kinds.android.rules import BROWSER_LISTS
from mdm_policy.kinds.collector import NOT_STATED, Why
from mdm_policy.kinds.intune import rules
from mdm_policy.kinds.intune.graph import app_list, assignments, odata_type, only_these, say_nobody, scope, scope_of
from mdm_policy.reading import Link

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule, Scope

_OWNER_KEYS = (
    "playStoreMode",
    "personalProfilePlayStoreMode",
    "personalProfilePersonalApplications",
    "appsAllowInstallFromUnknownSources",
    "personalProfileAppsAllowInstallFromUnknownSources",
)
_SWITCHES = (
    ("appsAllowInstallFromUnknownSources", rules.NO_UNKNOWN_SOURCES),
    ("personalProfileAppsAllowInstallFromUnknownSources", rules.NO_PERSONAL_UNKNOWN_SOURCES),
)
_DEVELOPERS = "securityDeveloperSettingsEnabled"
_OVER_USB = "securityDeveloperSettingsEnabled lets the user open USB debugging, by which apps get in past the store"
"""npm @microsoft/microsoft-graph-types-beta 0.44.0-preview: whether the user may open developer settings; adb installs from there."""
_PERSONAL_MODES = frozenset({"", "notConfigured", "blockedApps", "allowedApps"})
_HINT = "write blockedApps"
_PERSONAL = "personalProfilePersonalApplications"
_IOS_APPS = frozenset({"iosStoreApp", "iosVppApp", "iosLobApp", "managedIOSStoreApp", "managedIOSLobApp"})
_WEB_APPS = frozenset({"iosiPadOSWebClip", "macOSWebClip", "webApp", "windowsWebApp"})
"""Types that put a link to `appUrl` on devices (microsoftgraph/microsoft-graph-docs-contrib@022b186 intune-apps-iosipadoswebclip.md)."""
_FOR_MODES: dict[str, tuple[str, ...] | None] = {
    "": None,
    "default": None,
    "androidWorkProfile": ("byod",),
    "androidDeviceOwner": ("fully-managed", "dedicated", "cope"),
}
"""The Android modes of each word of profileApplicability (graph.microsoft.com/beta androidProfileApplicability); None for all."""
_OFFERS = frozenset({"required", "available", "availableWithoutEnrollment"})


def read_app_configuration(c: Collector) -> Reading:
    """Read the managed configuration of an app: the lists of a browser, for the devices that it is assigned to."""
    top = c.mapping(c.document.value, "")
    word = c.text(top, "profileApplicability", "")
    if word not in _FOR_MODES:
        message = (
            f"{word[:80]!r} is not a valid value of profileApplicability, so nobody can tell for which devices it is"
        )
        c.uncertain_because = Why("undocumented", message)
        c.say("error", "profile-applicability", message, "/profileApplicability", "write default")
    found = dict(c.document.inner).get("/payloadJson")
    if found is None or not isinstance(found.value, dict):
        message = "payloadJson holds no configuration that can be read"
        c.say("error", "payload-unreadable", message, "/payloadJson" if "payloadJson" in top else "")
    else:
        c.sets[BROWSER_LISTS] = frozenset({"read"})
        read_lists(c, {"productId": top.get("packageId"), **found.value}, "/payloadJson", _FOR_MODES.get(word))
    return c.reading(scope(c, top), "intune")


def read_device_owner(c: Collector, top: dict[str, Any]) -> None:
    """Read the restrictions of fully managed, dedicated and corporate devices with a work profile."""
    for key, _ in _SWITCHES:
        if c.flag(top, key, "") is None and top.get(key) is not None:
            why = f"{key} is neither true nor false, which the server refuses"
            c.refuse(why, f"/{key}", "write true or false")
    if c.text(top, "personalProfilePlayStoreMode", "") not in _PERSONAL_MODES:
        c.refuse("personalProfilePlayStoreMode has a word the server refuses", "/personalProfilePlayStoreMode", _HINT)
    _store(c, top)
    _personal(c, top)
    for key, base in _SWITCHES:
        state = top.get(key)
        if state is False and top.get(_DEVELOPERS) is True:
            c.rule(base, verdict="unknown", why=_OVER_USB, cause="side-door", remedy=f"set {_DEVELOPERS} to false")
        elif state is False:
            c.rule(base)
        elif state is True:
            _opened(c, key)
    c.near_misses(top, _OWNER_KEYS, "")


def _store(c: Collector, top: dict[str, Any]) -> None:
    mode = c.text(top, "playStoreMode", "")
    if mode in ("", "notConfigured"):
        c.rule(rules.PLAY_DEFAULT)
    elif mode == "allowList":
        c.rule(rules.PLAY_ALLOW_LIST)
    elif mode == "blockList":
        message = "blockList blocks nothing by itself: each app needs an uninstall assignment"
        c.say("note", "play-store-mode-alone", message, "/playStoreMode")
        c.beside("opens", "managed-store", "closed-before", "/playStoreMode")
    else:
        message = f"{mode!r} is not a valid value of playStoreMode; the server refuses the whole configuration"
        c.say("error", "play-store-mode-word", message, "/playStoreMode", "write blockList or allowList")
        c.refuse("playStoreMode has a word the server refuses", "/playStoreMode", "write blockList or allowList")
    if mode in ("allowList", "blockList") and not c.rejected_because:
        c.sets["playStoreMode"] = frozenset({mode})


def _opened(c: Collector, key: str) -> None:
    """Record that apps from outside the store are let in."""
    if not c.rejected_because:
        c.sets[key] = frozenset({"none"})
    if key == "appsAllowInstallFromUnknownSources":
        c.rule(rules.UNKNOWN_SOURCES_OPEN)
    message = "apps from outside the store are let in, past any list"
    c.say("warning", "sideload-open", message, f"/{key}", f"set {key} to false")


def _personal(c: Collector, top: dict[str, Any]) -> None:
    mode = c.text(top, "personalProfilePlayStoreMode", "")
    if mode == "blockedApps":
        c.beside("opens", "personal-store", "closed-before", "/personalProfilePlayStoreMode", modes=("cope",))
        if not app_list(c, c.rule(rules.PERSONAL_BLOCKED), "android", top, _PERSONAL):
            message = "personalProfilePlayStoreMode is blockedApps, and the list is empty"
            c.say("warning", "personal-side-open", message, f"/{_PERSONAL}")
    elif mode == "allowedApps":
        only_these(c, rules.PERSONAL_ALLOWED, "android", top, _PERSONAL)
    elif mode in ("", "notConfigured"):
        if c.items(top, _PERSONAL, ""):
            message = f"{_PERSONAL} holds apps, but personalProfilePlayStoreMode is not set: the list has no effect"
            hint = "set personalProfilePlayStoreMode to blockedApps"
            c.say("error", "list-not-active", message, f"/{_PERSONAL}", hint)
        else:
            message = "on a corporate device with a work profile the personal side stays open"
            c.say("note", "personal-side-open", message)
    else:
        message = f"{mode!r} is not a valid value of personalProfilePlayStoreMode; the server refuses it"
        c.say("error", "play-store-mode-word", message, "/personalProfilePlayStoreMode", _HINT)


def read_device_administrator(c: Collector, top: dict[str, Any]) -> None:
    """Read the lists of device administrator: only Samsung Knox devices obeyed them, and support has ended."""
    found = 0
    for key, base in (
        ("appsHideList", rules.KNOX_HIDE),
        ("appsLaunchBlockList", rules.KNOX_LAUNCH),
        ("appsInstallAllowList", rules.KNOX_ALLOW),
    ):
        if not top.get(key):
            continue
        found += 1
        if base.sense == "allow-only":
            only_these(c, base, "android", top, key)
        else:
            app_list(c, c.rule(base), "android", top, key)
    if found:
        message = "the lists hold on Samsung Knox devices under device administrator only; support ended 2024-12-31"
        c.say("warning", "device-administrator", message, "", "manage the devices by Android Enterprise")


def read_mobile_app(c: Collector) -> Reading:
    """Read an app object: what its assignments do; only apps of the managed Google store can be banned so."""
    top = c.mapping(c.document.value, "")
    found = assignments(c, top)
    typed = odata_type(top)
    if typed not in ("", "androidManagedStoreApp", "androidForWorkApp"):
        scope = NOT_STATED if found is None else scope_of(c, found)
        message = "an assignment of this type of app removes only what Intune itself installed"
        c.say("note", "managed-app-only", message)
        site = top.get("appUrl") if typed in _WEB_APPS else None
        if isinstance(site, str) and any(_intent(one) in _OFFERS for one in found or ()):
            c.links.append(Link(site, "/appUrl", "a web app that Intune assigns"))
        bundle = c.text(top, "bundleId", "") if typed in _IOS_APPS else ""
        if bundle and any(_intent(one) in _OFFERS for one in found or ()):
            c.add(c.rule(rules.IOS_ASSIGNED), "ios", "bundle_id", bundle, "/bundleId")
        return c.reading(scope, "intune", silent=True)
    package, pointer = _package(c, top)
    if found is None:
        c.say("note", "assignments-missing", "the app carries no assignments, so it blocks and allows nothing")
        return c.reading(NOT_STATED, "intune", silent=True)
    _say_intents(c, found)
    uninstall = [one for one in found if _intent(one) == "uninstall"]
    offers = [one for one in found if _intent(one) in _OFFERS]
    unread = [one for one in found if one not in uninstall and one not in offers]
    required = [one for one in offers if _intent(one) == "required"]
    scope = scope_of(c, uninstall or required or offers or unread)
    if package and uninstall:
        say_nobody(c, scope)
    if package and uninstall and scope.state != "nobody":
        system = c.flag(top, "isSystemApp", "") is True
        c.add(
            c.rule(rules.UNINSTALL, **({"origins": ()} if system else {})), "android", "package_name", package, pointer
        )
        c.add(c.rule(rules.UNINSTALL_PERSONAL), "android", "package_name", package, pointer)
        c.sets[rules.INTENT] = frozenset({"uninstall"})
    offered = [one for one in offers if one not in required]
    if package and not _waived(c, offers, scope, banned=bool(uninstall)):
        _let(c, rules.ASSIGNED if unread else rules.REQUIRED, required, scope, (package, pointer))
        _let(c, rules.ASSIGNED, offered, scope, (package, pointer))
    for each in (uninstall, required, offered, unread) if package and unread else ():
        # Graph takes no object with such a word, so whether the others' assignments are there is not known either.
        _let(c, rules.INTENT_UNREAD, each, scope, (package, pointer))
    return c.reading(scope, "intune")


def _let(
    c: Collector, base: Rule, found: list[tuple[str, dict[str, Any]]], scope: Scope, named: tuple[str, str]
) -> None:
    """Record what some assignments of an app do, for those whom they reach: the intents of one app may be for different groups."""
    mine = scope_of(c, found)
    if mine.state != "nobody":
        rule = c.rule(base, **({} if mine == scope else {"scope": mine}))
        c.add(rule, "android", "package_name", *named)


def _intent(found: tuple[str, dict[str, Any]]) -> str:
    """Return what an assignment wants; nothing for a value that is no text, of which `_say_intents` speaks."""
    word = found[1].get("intent")
    return word if isinstance(word, str) else ""


def _say_intents(c: Collector, found: list[tuple[str, dict[str, Any]]]) -> None:
    """Say which assignments have an intent that Graph does not know, be it `Uninstall`: nobody can tell what it does."""
    for at, assignment in found:
        word = c.text(assignment, "intent", at)
        if word != "uninstall" and word not in _OFFERS:
            message = f"{word!r} is not an intent of an assignment: Graph refuses it, and nobody can tell what it does with the app"
            c.say("error", "assignment-intent", message, f"{at}/intent", "write uninstall for a ban")


def _package(c: Collector, top: dict[str, Any]) -> tuple[str, str]:
    package = c.text(top, "packageId", "").removeprefix("app:")
    other = c.text(top, "appIdentifier", "").removeprefix("app:")
    if package and other and package != other:
        c.say("error", "contradiction", f"packageId {package!r} and appIdentifier {other!r} differ", "/packageId")
    if not package and not other:
        c.say("error", "app-item-without-id", "the app has neither packageId nor appIdentifier", "/packageId")
    return (package, "/packageId") if package else (other, "/appIdentifier")


def _waived(c: Collector, offers: list[tuple[str, dict[str, Any]]], scope: Scope, *, banned: bool) -> bool:
    """Tell whether the app is offered only to groups the ban leaves out: an exception, not a contradiction."""
    offered = scope_of(c, offers)
    return banned and offered.state == "groups" and set(offered.groups) <= set(scope.excluded)

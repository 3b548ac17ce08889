"""Read policies of the Android Management API, and the request bodies that change one.

A policy says what it says, and what it leaves out has a default that matters: playStoreMode is WHITELIST then, and
sideloading is refused. A change (patch, modifyPolicyApplications) leaves the rest of the stored policy as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.android import rules, words
from mdm_policy.kinds.android.beside import say_beside, say_replaced
from mdm_policy.kinds.android.browser import read_browser
from mdm_policy.kinds.android.gates import Gates, gates_of, say_open
from mdm_policy.kinds.android.refusals import hold_changes, hold_policy, say_refused, say_repeated
from mdm_policy.kinds.android.uses import used_packages
from mdm_policy.kinds.collector import Entries, Why, is_plain

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule

_NO_EFFECT = {
    "blockApplicationsEnabled": "mark each app BLOCKED instead",
    "installUnknownSourcesAllowed": "use advancedSecurityOverrides.untrustedAppsPolicy",
}
_MANAGEMENT = frozenset({"com.android.vending", "com.google.android.gms", "com.google.android.apps.work.clouddpc"})


def read_policy(c: Collector) -> Reading:
    """Read a whole policy."""
    top = c.mapping(c.document.value, "")
    # What a server stores has a name, and what is sent to block an app lists apps: all else may be a part of a policy.
    whole = bool(top.keys() & {"name", "version", "playStoreMode", "applications"})
    if not whole:
        message = "it neither sets playStoreMode nor lists applications, so it may be a part of a policy"
        c.say("warning", "policy-fragment", message, "", "verify the policy as the server answers it")
    _policy(c, top, "", whole=whole)
    hold_policy(c, top, "")
    if whole and not top.keys() & {"name", "version"}:
        say_replaced(c, "")
    name = top.get("name")
    place = next((f"/{key}" for key in ("applications", "personalUsagePolicies", *top) if key in top), "")
    return c.reading(mdm="amapi", name=name if isinstance(name, str) else "", place=place)


def read_patch(c: Collector) -> Reading:
    """Read a PATCH envelope: only the fields of its updateMask act; without a mask all others are reset."""
    top = c.mapping(c.document.value, "")
    body = c.optional(top, "body", "")
    query = c.optional(top, "query", "")
    mask = c.text(query, "updateMask", "/query")
    if not isinstance(query.get("updateMask"), str | None):
        why = "the updateMask is not text, so the API refuses the request"
        c.refuse(why, "/query/updateMask", "write the fields as one text, with commas")
    paths = {field.strip() for field in mask.split(",")} - {""}
    fields = {path.partition(".")[0] for path in paths}
    if not fields:
        message = "a PATCH without updateMask resets every field the body does not hold, playStoreMode to WHITELIST"
        c.say("error", "patch-without-mask", message, "/query", "name the fields in updateMask")
        _policy(c, body, "/body", whole=True)
        hold_policy(c, body, "/body")
        say_replaced(c, "/body")
        return c.reading(mdm="amapi")
    for field in sorted(str(key) for key in body if key not in fields):
        message = f"{field!r} is not in the updateMask, so the server ignores it"
        c.say("warning", "outside-update-mask", message, "/body", "add it to the updateMask")
    if paths != fields:
        c.uncertain_because = Why(
            "undocumented", "whether the API takes a part of a field in an updateMask is not documented"
        )
        c.say("warning", "update-mask-part", c.uncertain_because.text, "/query/updateMask", "name whole fields")
    _policy(c, {key: value for key, value in body.items() if key in fields}, "/body", whole=False)
    hold_policy(c, body, "/body")
    if any(isinstance(body.get(key), dict | list) for key in fields):
        say_replaced(c, "/body")
    return c.reading(mdm="amapi")


def read_modify(c: Collector) -> Reading:
    """Read a modifyPolicyApplications body: each change names an app and the fields it sets."""
    top = c.mapping(c.document.value, "")
    around = Gates(whole=False)
    masks: dict[str, frozenset[str]] = {}
    changes = c.mappings(top, "changes", "")
    for at, change in changes:
        application = c.optional(change, "application", at)
        mask = c.text(change, "updateMask", at)
        if mask not in masks:
            masks[mask] = frozenset(field.strip() for field in mask.split(",")) - {""}
        kept = _masked(c, application, masks[mask], at)
        if (
            not masks[mask] or "installType" in masks[mask]
        ):  # what a mask names, or all without one, is set, be it to the default
            kept = {"installType": "", **kept}
        if "installType" in kept or "disabled" in kept:
            _application(c, kept, f"{at}/application", (), around)
    hold_changes(c, top)
    return c.reading(mdm="amapi")


def _masked(c: Collector, application: dict[str, Any], fields: frozenset[str], at: str) -> dict[str, Any]:
    """Return what a mask lets through; the server ignores the rest, which matters where it is the ban."""
    left = [key for key in application if key != "packageName" and key not in fields] if fields else []
    for key in left:
        if key in ("installType", "disabled"):
            message = f"{key} is not in the updateMask, so the server ignores it"
            c.say("error", "outside-update-mask", message, at, "add it to the updateMask")
    return {key: value for key, value in application.items() if key not in left} if left else application


def _policy(c: Collector, top: dict[str, Any], base: str, *, whole: bool) -> None:
    mode = _words(c, top, base)
    say_refused(c, top, base)
    around = gates_of(c, top, base, whole=whole)
    _traps(c, top, base)
    store: tuple[Rule, ...] = ()
    if mode == "WHITELIST" and (whole or "playStoreMode" in top):
        store = _store(c, around, base, listed=whole or "applications" in top)
    entries = c.records(top, "applications", base)
    if not _all_blocked(c, entries, around):
        for at, application in entries:
            _application(c, application, at, store, around)
    say_repeated(c, top, "applications", base)
    blocked: dict[str, str] = {}
    for one in c.columns:
        if one.rule.sense == "block" and one.family == "android":
            blocked.update(zip(one.values, one.pointers, strict=True))
    if mode == "BLACKLIST" and whole and not blocked and not c.rejected_because:
        message = "playStoreMode is BLACKLIST and no app is BLOCKED, so every app of the store is available"
        c.say("warning", "deny-list-empty", message, f"{base}/playStoreMode", "add an entry with BLOCKED for each app")
    personal = _personal(c, top, base, around)
    say_beside(c, top, base, store=mode)
    if not blocked and not personal:
        return
    _mode_findings(c, c.text(top, "playStoreMode", base), bool(blocked) and whole, base)
    _open_findings(c, top, base, around, blocked)
    if whole:
        _personal_findings(c, top, base, [package for package in blocked if package not in personal])
        _evidence(c, top, base)


def _words(c: Collector, top: dict[str, Any], base: str) -> str:
    """Return the effective playStoreMode; a word the API does not know makes it refuse the whole policy."""
    word = c.text(top, "playStoreMode", base)
    usage = c.optional(top, "personalUsagePolicies", base)
    personal = c.text(usage, "personalPlayStoreMode", f"{base}/personalUsagePolicies")
    if word not in words.STORE:
        message = f"{word!r} is not a valid value of playStoreMode; the API refuses the whole policy"
        c.say("error", "play-store-mode-word", message, f"{base}/playStoreMode", "write BLACKLIST or WHITELIST")
        c.refuse("playStoreMode has a word the API refuses", f"{base}/playStoreMode", "write BLACKLIST or WHITELIST")
    if personal not in words.PERSONAL:
        message = f"{personal!r} is not a valid value of personalPlayStoreMode; the API refuses the whole policy"
        at = f"{base}/personalUsagePolicies/personalPlayStoreMode"
        c.say("error", "play-store-mode-word", message, at, "write BLOCKLIST or ALLOWLIST")
        c.refuse("personalPlayStoreMode has a word the API refuses", at, "write BLOCKLIST or ALLOWLIST")
    return words.STORE.get(word, "")


def _all_blocked(c: Collector, entries: Entries, around: Gates) -> bool:
    """Take a list of nothing but plain packages that are BLOCKED at once, as a ban list makes it; tell whether it is one."""
    apps = entries.values
    if set(map(len, apps)) != {2} or [app.get("installType") for app in apps].count("BLOCKED") != len(apps):
        return False
    names = [app.get("packageName") for app in apps]
    if set(map(type, names)) != {str} or not all(names) or not is_plain("".join(names)):
        return False
    c.add_all(_blocked(c, around), "android", "package_name", Entries(entries.pointers, names))
    return True


def _application(c: Collector, app: dict[str, Any], at: str, store: tuple[Rule, ...], around: Gates) -> None:
    package = c.identifier(app, "packageName", at)
    kind = c.text(app, "installType", at)
    if not package:
        return
    disabled = c.flag(app, "disabled", at) is True
    found: tuple[Rule, ...] = ()
    if kind == "BLOCKED":
        found = (_blocked(c, around),)
    elif kind not in words.INSTALLABLE:
        message = f"{kind!r} is not an installType; the API refuses the whole policy"
        c.say("error", "install-type-word", message, f"{at}/installType", "write BLOCKED for a ban")
        return
    elif disabled:
        found = (c.rule(rules.DISABLED),)
    elif store:
        found = store
    elif "installType" in app or around.whole:
        found = (c.rule(rules.ALLOWED),)
    for rule in found:
        c.add(rule, "android", "package_name", package, at)
    if found and kind != "BLOCKED":
        read_browser(c, app, package, at)


def _store(c: Collector, around: Gates, base: str, *, listed: bool) -> tuple[Rule, ...]:
    """Return what playStoreMode WHITELIST does to the apps that the policy does not list."""
    mine = rules.WHITELIST_OPEN if around.managed_open else rules.WHITELIST
    c.settings[mine.id] = c.settings[rules.WHITELIST_AT_SYNC.id] = f"{base}/playStoreMode"
    if not listed:
        why = "which apps are let in stands in the stored policy, whose applications this request leaves as they are"
        return (c.rule(mine, verdict="unknown", why=why, cause="elsewhere"),)
    if around.frozen:
        return (c.rule(mine, **around.frozen),)
    return (c.rule(mine), *((c.rule(rules.WHITELIST_AT_SYNC),) if around.managed_open else ()))


def _blocked(c: Collector, around: Gates) -> Rule:
    base = rules.BLOCKED
    if not around.whole:
        base = rules.MODIFY_BLOCKED
    elif around.managed_open:
        base = rules.BLOCKED_OPEN
    return c.rule(base, **around.frozen)


def _personal(c: Collector, top: dict[str, Any], base: str, around: Gates) -> set[str]:
    """Read the personal side of company-owned devices; return the packages it refuses."""
    usage = c.optional(top, "personalUsagePolicies", base)
    at = f"{base}/personalUsagePolicies"
    mode = words.PERSONAL.get(c.text(usage, "personalPlayStoreMode", at), "")
    entries = c.mappings(usage, "personalApplications", at)
    say_repeated(c, usage, "personalApplications", at)
    if usage.get("personalPlayStoreMode") == "BLACKLIST":
        c.deprecated("personalPlayStoreMode BLACKLIST", "its replacement", "BLOCKLIST", f"{at}/personalPlayStoreMode")
    allow_list = c.rule(rules.PERSONAL_ALLOWLIST) if mode == "ALLOWLIST" else None
    blocking: Rule | None = None
    refused: set[str] = set()
    listed = 0
    for place, entry in entries:
        package = c.identifier(entry, "packageName", place)
        kind = c.text(entry, "installType", place)
        if not package:
            continue
        if kind == "BLOCKED":
            if blocking is None:
                blocking = c.rule(rules.PERSONAL_BLOCKED, **(rules.PRESENT_COPY if around.personal_closed else {}))
            c.add(blocking, "android", "package_name", package, place)
            refused.add(package)
        elif kind in ("", "INSTALL_TYPE_UNSPECIFIED", "AVAILABLE"):
            listed += 1
            c.add(allow_list or c.rule(rules.PERSONAL_ALLOWED), "android", "package_name", package, place)
        else:
            message = f"{kind!r} is not a valid installType of personalApplications; the API refuses the whole policy"
            c.say("error", "install-type-word", message, f"{place}/installType", "write BLOCKED for a ban")
    if allow_list is not None:
        c.allow_list(allow_list, listed, f"{at}/personalApplications")
    return refused


def _mode_findings(c: Collector, word: str, blocked: bool, base: str) -> None:
    if not blocked or word == "BLACKLIST":
        return
    if word in ("", "PLAY_STORE_MODE_UNSPECIFIED"):
        message = "playStoreMode is not set, so it is WHITELIST: every app that is not in the policy is uninstalled"
        c.say("warning", "play-store-mode-missing", message, base, "set playStoreMode to BLACKLIST for a deny list")
    else:
        message = "playStoreMode WHITELIST already refuses every app that is not in the policy"
        c.say("note", "deny-list-in-allow-mode", message, f"{base}/playStoreMode")


def _open_findings(c: Collector, top: dict[str, Any], base: str, around: Gates, blocked: dict[str, str]) -> None:
    say_open(c, top, base, around)
    for key in ("uninstallAppsDisabled", "installAppsDisabled"):
        if top.get(key) is True and blocked:
            message = f"{key} keeps a banned app that is already installed where it is"
            c.say("error", "uninstall-disabled-fights-ban", message, f"{base}/{key}", f"set {key} to false")
    for package in sorted(_MANAGEMENT & blocked.keys()):
        message = f"{package} is part of the management itself; blocking it breaks the device"
        c.say("error", "blocks-management", message, blocked[package], "remove the entry")
    for package, at in used_packages(top, base):
        if package in blocked:
            message = f"{package} is banned here and put to use there"
            c.say("warning", "contradiction", message, at, "remove one of the two")


def _personal_findings(c: Collector, top: dict[str, Any], base: str, missing: list[str]) -> None:
    if not missing:
        return
    usage = top.get("personalUsagePolicies")
    if isinstance(usage, dict) and usage.get("personalPlayStoreMode") == "ALLOWLIST":
        return
    count = len(missing)
    message = f"{count} packages blocked in applications stay installable on the personal side of a COPE device"
    hint = "list them in personalUsagePolicies.personalApplications"
    c.say("warning" if isinstance(usage, dict) else "note", "personal-side-open", message, base, hint)


def _evidence(c: Collector, top: dict[str, Any], base: str) -> None:
    reporting = top.get("statusReportingSettings")
    if not isinstance(reporting, dict) or reporting.get("applicationReportsEnabled") is not True:
        message = "devices do not report their apps, so nobody can see whether the ban holds"
        hint = "set statusReportingSettings.applicationReportsEnabled to true"
        c.say("note", "ban-not-provable", message, base, hint)


def _traps(c: Collector, top: dict[str, Any], base: str) -> None:
    for key in _NO_EFFECT.keys() & top.keys():
        c.say(
            "warning", "key-without-effect", f"{key} is deprecated and has no effect", f"{base}/{key}", _NO_EFFECT[key]
        )

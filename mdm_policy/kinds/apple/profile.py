"""Read Apple configuration profiles: what their payloads do to apps and addresses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.kinds import browsers
from mdm_policy.kinds.apple import managed, rules, santa
from mdm_policy.kinds.apple.refused import SOURCE, refuse_wrong, refuse_wrong_payload
from mdm_policy.kinds.apple.santa_keys import DOMAINS as SANTA_DOMAINS
from mdm_policy.kinds.apple.together import say_never_hidden, say_together
from mdm_policy.kinds.collector import Entries, Why, narrowed
from mdm_policy.kinds.web import address
from mdm_policy.reading import Condition, Expiry, Link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule

_TARGETS = {
    1: frozenset({"ios", "ipados"}),
    2: frozenset({"watchos"}),
    3: frozenset({"homepod"}),
    4: frozenset({"tvos"}),
    5: frozenset({"macos"}),
    6: frozenset({"visionos"}),
}
"""TargetDeviceType of the profile's top level; 0 means any."""
_LOCKED_TWICE = Why("undocumented", "a device has one App Lock, and which of several is in force is not documented")
_LIFTS = "a ban must not lift itself: remove the key"
_LISTS: dict[str, Rule] = {
    "blockedAppBundleIDs": rules.BLOCKED,
    "blacklistedAppBundleIDs": rules.BLACKLISTED,
    "allowListedAppBundleIDs": rules.ALLOW_LISTED,
    "whitelistedAppBundleIDs": rules.WHITELISTED,
}
_DEPRECATED = {
    "blockedAppBundleIDs": ("27", "the declaration com.apple.configuration.app.settings on OS 27", ""),
    "allowListedAppBundleIDs": ("27", "the declaration com.apple.configuration.app.settings on OS 27", ""),
    "blacklistedAppBundleIDs": ("15", "blockedAppBundleIDs", "blockedAppBundleIDs"),
    "whitelistedAppBundleIDs": ("15", "allowListedAppBundleIDs", "allowListedAppBundleIDs"),
}
_TRAPS = {
    "allowedAppBundleIDs": "the key is 'allowListedAppBundleIDs'",
    "familyControlsEnabled": "it belongs to com.apple.applicationaccess.new",
    "pathBlackList": "it belongs to com.apple.applicationaccess.new",
    "pathDenyList": "it belongs to com.apple.applicationaccess.new",
    "DeniedApps": "it belongs to the declaration com.apple.configuration.app.settings",
}


def read_profile(c: Collector) -> Reading:
    """Read a configuration profile."""
    top = c.mapping(c.document.value, "")
    c.expires = _removal(c, top)
    target = _target(c, top)
    if top.get("IsEncrypted") not in (None, False) or "EncryptedPayloadContent" in top:
        c.rule(rules.ENCRYPTED)
        c.say("error", "encrypted-payload", "the payloads are encrypted to a device and cannot be judged")
        return c.reading()
    _payloads(c, top)
    say_together(c, top)
    for rule in c.rules:
        if c.platforms is not None and c.platforms.isdisjoint(rule.introduced):
            message = f"{rule.id} has no effect on the devices that TargetDeviceType {target} names"
            hint = "send it to the platform that knows the key"
            c.say("error", "key-wrong-platform", message, "/TargetDeviceType", hint)
    return c.reading()


def _payloads(c: Collector, top: dict[str, Any]) -> None:
    found = c.mappings(top, "PayloadContent", "")
    c.concerns_apps = any(is_payload_read(payload.get("PayloadType")) for _, payload in found)
    for place, payload in found:
        if payload.get("PayloadType") == _WEB_CLIP:
            _web_clip(c, payload, place)
    _each(c, top, found)
    refuse_wrong(c, top)


def read_payload(c: Collector, payload: dict[str, Any]) -> None:
    """Read a payload that stands by itself, for a console that makes the profile around it."""
    _each(c, {}, [("", payload)])
    refuse_wrong_payload(c, payload)


def _each(c: Collector, top: dict[str, Any], found: list[tuple[str, dict[str, Any]]]) -> None:
    """Read each payload; a wrong type in one of Apple's own, under a key newer than its schema, refuses the profile too."""
    payloads = [(place, payload) for place, payload in found if _is_on(c, payload, place)]
    before, others, agents = c.mistyped, 0, _Agents()
    locked_twice = sum(payload["PayloadType"] == "com.apple.app.lock" for _, payload in payloads) > 1
    for place, payload in payloads:
        kind = payload["PayloadType"]
        doubt, mistyped = c.uncertain_because, c.mistyped
        if kind == "com.apple.app.lock" and locked_twice:
            c.uncertain_because = _LOCKED_TWICE
            c.say("warning", "app-lock-twice", c.uncertain_because.text, place, "keep one")
        if kind in _PAYLOADS:
            _PAYLOADS[kind](c, payload, place)
        else:
            _settings(c, kind, payload, place, agents)
        c.uncertain_because = doubt
        others += c.mistyped - mistyped if kind == managed.PAYLOAD or not kind.startswith("com.apple.") else 0
    _allow_lists(c, [one for one in payloads if one[1]["PayloadType"] == "com.apple.applicationaccess"])
    wrong = c.mistyped - others > before  # what other makers' programs read is checked by nobody but them
    if agents.found:
        _agent(c, top, agents)
    if wrong:
        at, said = next(
            (at, one.message) for at, one in zip(c.places, c.findings, strict=True) if one.id == "wrong-type"
        )
        why = f"devices refuse the whole profile: a value is of the wrong type ({said.removesuffix('; ignored')})"
        c.reject_all(why, at, "write the type that Apple's schema asks for", SOURCE)


def is_payload_read(kind: object) -> bool:
    """Tell whether a payload of a type has a reader."""
    return isinstance(kind, str) and (kind in _PAYLOADS or kind in SANTA_DOMAINS or kind == managed.PAYLOAD)


def _is_on(c: Collector, payload: dict[str, Any], place: str) -> bool:
    """Tell whether a payload is of a type that is read, and is not switched off, which is said."""
    if not is_payload_read(payload.get("PayloadType")):
        return False
    if payload.get("PayloadEnabled") not in (None, True):
        c.say("error", "payload-disabled", "the payload is switched off (PayloadEnabled is not true)", place)
        return False
    return True


class _Agents:
    """Gather the settings of the agent Santa, which count together; `doubt` says why they may not reach it."""

    def __init__(self) -> None:
        self.found: list[tuple[dict[str, Any], str]] = []
        self.doubt: Why | None = None


def _settings(c: Collector, kind: str, payload: dict[str, Any], place: str, agents: _Agents) -> None:
    """Read what a payload sets in a domain: the domain is its type, or it is one of managed preferences."""
    if kind != managed.PAYLOAD:
        agents.found.append((payload, place))
        return
    before = c.uncertain_because, c.platforms
    found = managed.forced(c, payload, place)
    if len(c.optional(payload, "PayloadContent", place)) > 1 and found:
        c.uncertain_because = agents.doubt = Why("undocumented", managed.SEVERAL)
        c.say("warning", "several-preference-domains", managed.SEVERAL, place, "write a payload for each domain")
    c.platforms = frozenset({"macos"}) & (c.platforms or frozenset({"macos"}))
    for domain, settings, at in found:
        if domain == managed.PATH_LISTS:
            _parental_controls(c, settings, at)
        elif domain in browsers.DOMAINS:
            browsers.read_domain(c, browsers.DOMAINS[domain], settings, at)
        else:
            agents.found.append((settings, at))
    c.uncertain_because, c.platforms = before


def _agent(c: Collector, top: dict[str, Any], agents: _Agents) -> None:
    """Read the settings of the agent Santa, which guards the whole Mac."""
    doubt, c.uncertain_because = c.uncertain_because, agents.doubt or c.uncertain_because
    if top.get("PayloadScope") == "User":
        c.uncertain_because = Why("undocumented", "whether Santa obeys a profile of one user is not documented")
        c.say("warning", "profile-of-a-user", c.uncertain_because.text, "/PayloadScope", "set PayloadScope to System")
    santa.read_all(c, agents.found)
    c.uncertain_because = doubt


def target_platforms(top: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the platforms whose devices take a profile; None for any, and where nobody can tell."""
    target = top.get("TargetDeviceType")
    return _TARGETS.get(target) if type(target) is int else None


def _target(c: Collector, top: dict[str, Any]) -> object:
    """Return the TargetDeviceType, having narrowed what follows to the devices it names; a wrong one may name any."""
    target = top.get("TargetDeviceType")
    platforms = target_platforms(top)
    if platforms is not None:
        c.platforms = platforms
    elif target is not None and (type(target) is not int or target != 0):
        c.uncertain_because = Why(
            "undocumented", "which devices take a profile with such a TargetDeviceType is not documented"
        )
        message = "TargetDeviceType is not one of the numbers 0 to 6, so nobody can tell which devices take the profile"
        c.say("error", "target-device-type", message, "/TargetDeviceType", "write 0, or remove the key")
    return target


def _removal(c: Collector, top: dict[str, Any]) -> Expiry | None:
    """Return when the profile removes itself: on a day, or after how long; the earlier of the two wins."""
    duration = top.get("DurationUntilRemoval")
    day = _removal_day(c, top.get("RemovalDate"))
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        message = f"the profile removes itself {duration:g} seconds after it is installed"
        c.say("warning", "removal-date", message, "/DurationUntilRemoval", _LIFTS)
        return Expiry(after=float(duration)) if day is None else msgspec.structs.replace(day, after=float(duration))
    if duration is not None:
        c.say("error", "wrong-type", "DurationUntilRemoval is not a number", "/DurationUntilRemoval")
        return Expiry(unreadable="time")
    return day


def _removal_day(c: Collector, date: object) -> Expiry | None:
    if isinstance(date, dt.date):
        day = (date.date() if isinstance(date, dt.datetime) else date).isoformat()
        c.say("warning", "removal-date", f"the profile removes itself on {day}", "/RemovalDate", _LIFTS)
        return Expiry(day)
    if date is not None:
        c.say("error", "wrong-type", "RemovalDate is not a date", "/RemovalDate")
        return Expiry(unreadable="date")
    return None


def _restrictions(c: Collector, payload: dict[str, Any], place: str) -> None:
    for key, base in _LISTS.items():
        if payload.get(key) is None or (isinstance(payload[key], list) and base.sense == "allow-only"):
            continue
        if not isinstance(payload[key], list):
            c.items(payload, key, place)
            continue
        entries = c.texts(payload, key, place)
        c.add_all(c.rule(base), "ios", "bundle_id", entries)
        say_never_hidden(c, entries)
        _say_deprecated(c, key, payload, place)
    if payload.get("allowAppInstallation") is False:
        c.rule(rules.NO_INSTALLATION)
    if payload.get("allowUIAppInstallation") is False:
        c.rule(rules.NO_STORE)
    for key in _TRAPS.keys() & payload.keys():
        c.unknown_key(key, _TRAPS[key], place)
    c.near_misses({k: v for k, v in payload.items() if k not in _TRAPS}, _LISTS, place)


def _say_deprecated(c: Collector, key: str, payload: dict[str, Any], place: str) -> None:
    since, instead, beside = _DEPRECATED[key]
    c.deprecated(key, since, instead, f"{place}/{key}", "note" if not beside or beside in payload else "warning")


def _allow_lists(c: Collector, payloads: list[tuple[str, dict[str, Any]]]) -> None:
    """Read the allow lists of all Restrictions payloads: a device lets in what every list of one key names.

    Apple, MDM command Restrictions: sets under `intersection` can only get smaller.
    """
    for key, base in _LISTS.items():
        lists = [(place, one) for place, one in payloads if isinstance(one.get(key), list)]
        if base.sense != "allow-only" or not lists:
            continue
        each = [c.texts(one, key, place) for place, one in lists]
        for place, one in lists:
            _say_deprecated(c, key, one, place)
        empty = next((place for (place, _), entries in zip(lists, each, strict=True) if not entries.values), None)
        if empty is not None:
            c.empty_allow_list(base, f"{empty}/{key}")
            continue
        first, *others = each
        members = [set(entries.values) for entries in others]
        places = [at for at, value in enumerate(first.values) if all(value in named for named in members)]
        rule = c.rule(base)
        c.add_all(rule, "ios", "bundle_id", first.only(places) if others else first)
        c.allow_list(rule, len(places), f"{lists[0][0]}/{key}")


def _app_lock(c: Collector, payload: dict[str, Any], place: str) -> None:
    """Read the app that a device is held in."""
    app = c.optional(payload, "App", place)
    identifier = c.text(app, "Identifier", f"{place}/App")
    if identifier:
        c.add(c.rule(rules.APP_LOCK), "ios", "bundle_id", identifier, f"{place}/App/Identifier")


def _parental_controls(c: Collector, payload: dict[str, Any], place: str) -> None:
    """Read the old path lists of macOS: their default is deny, and whatever no list allows is refused."""
    if payload.get("familyControlsEnabled") is not True:
        c.say("error", "parental-controls-off", "familyControlsEnabled is not true, so the lists have no effect", place)
        return
    denied = False
    for key, base in (("pathDenyList", rules.PATH_DENY), ("pathBlackList", rules.PATH_BLACK)):
        if not isinstance(payload.get(key), list):
            c.items(payload, key, place)
            continue
        paths = list(c.only_texts(c.entries(payload, key, place)))
        _say_relative(c, paths)
        names = [(at, path.rstrip("/").rpartition("/")[2]) for at, path in paths]
        c.add_all(c.rule(base), "macos", "process_name", Entries.of([entry for entry in names if entry[1]]))
        denied = denied or bool(names)
    c.deprecated("com.apple.applicationaccess.new", "macOS 27", "DeniedBinaries of app.settings", place)
    named = _allowed_by_name(c, payload, place)
    if named and denied:
        c.add_all(c.rule(rules.PARENTAL_ALLOWED), "macos", "bundle_id", Entries.of(named))
    allowed = [
        path
        for key in ("pathAllowList", "pathWhiteList")
        for path in c.only_texts(c.entries(payload, key, place)).values
    ]
    if "/" in allowed:
        return
    message = "no path list allows '/': everything that no list allows is refused, the system's own apps apart"
    c.say("warning", "parental-controls-default-deny", message, place, "add '/' to pathAllowList if a ban was meant")
    if allowed:
        why = "whether an app is refused depends on the folder it stands in"
        folders = narrowed(*(Condition("folder", path) for path in allowed))
        rule = c.rule(rules.PARENTAL_DEFAULT, verdict="unknown", why=why, cause="condition", conditions=folders)
        c.add_all(rule, "macos", "bundle_id", Entries.of(named))
        return
    c.add_all(c.rule(rules.PARENTAL_DEFAULT), "macos", "bundle_id", Entries.of(named))


def _say_relative(c: Collector, paths: list[tuple[str, str]]) -> None:
    """Say which paths begin at no folder: the lists hold whole paths, and a program is launched from one."""
    relative = [entry for entry in paths if not entry[1].startswith("/")]
    if relative:
        at, path = relative[0]
        more = f" (and {len(relative) - 1} more entries)" if len(relative) > 1 else ""
        message = f"the path {path[:80]!r} does not begin with /: the entry matches nothing{more}"
        c.say("warning", "entry-matches-nothing", message, at, "write the whole path, such as /Applications/WeChat.app")


def _allowed_by_name(c: Collector, payload: dict[str, Any], place: str) -> list[tuple[str, str]]:
    """Return the bundle ids that launch whatever the path lists say."""
    return [
        (f"{at}/bundleID", identifier)
        for key in ("allowList", "whiteList")
        for at, item in c.mappings(payload, key, place)
        if item.get("disabled") is not True and (identifier := c.text(item, "bundleID", at))
    ]


def _web_filter(c: Collector, payload: dict[str, Any], place: str) -> None:
    plugin = c.text(payload, "FilterType", place) not in ("", "BuiltIn")
    for key, base in (("DenyListURLs", rules.WEB_DENY), ("BlacklistedURLs", rules.WEB_BLACK)):
        entries = c.only_texts(c.entries(payload, key, place))
        if not entries.values:
            continue
        rule = c.rule(base)
        if plugin:
            why = "only the built-in filter reads the list"
            rule = c.rule(base, sense="none", verdict="allowed", why=why, cause="no-effect")
            c.say("error", "web-filter-plugin", f"{key} has no effect with another FilterType than BuiltIn", place)
        if base is rules.WEB_BLACK:
            beside = "DenyListURLs" in payload
            c.deprecated(key, "iOS 14.5", "DenyListURLs", f"{place}/{key}", "note" if beside else "warning")
        if len(entries) > 500:
            message = f"{key} holds {len(entries)} addresses; the filter takes about 500"
            c.say("warning", "web-filter-too-long", message, f"{place}/{key}")
        for at, text in entries:
            kind, value = address(text)
            c.add(rule, "web", kind, value, at)
    _permitted(c, payload, place, plugin=plugin)


def _permitted(c: Collector, payload: dict[str, Any], place: str, *, plugin: bool) -> None:
    """Read the addresses that a web filter permits; only the automatic filter of the built-in one asks for them."""
    rule = c.rule(rules.WEB_PERMITTED)
    if plugin or payload.get("AutoFilterEnabled") is not True:
        why = "PermittedURLs is read only while AutoFilterEnabled is true"
        rule = c.rule(rules.WEB_PERMITTED, sense="none", verdict="allowed", why=why, cause="no-effect")
    for at, text in c.only_texts(c.entries(payload, "PermittedURLs", place)):
        kind, value = address(text)
        c.add(rule, "web", kind, value, at)


def _browser(c: Collector, payload: dict[str, Any], place: str) -> None:
    """Read what a payload sets in a browser's own domain: its type is the domain."""
    before, c.platforms = c.platforms, frozenset({"macos"})
    browsers.read_domain(c, browsers.DOMAINS[c.text(payload, "PayloadType", place)], payload, place)
    c.platforms = before


_WEB_CLIP = "com.apple.webClip.managed"


def _web_clip(c: Collector, payload: dict[str, Any], place: str) -> None:
    """Take down the site that a web clip opens (apple/device-management@b6202ca com.apple.webClip.managed.yaml, URL).

    It is a link: what a filter closes stays closed, and the app itself is not touched.
    """
    site = payload.get("URL")
    if isinstance(site, str):
        c.links.append(Link(site, f"{place}/URL", "a web clip"))


_PAYLOADS: dict[str, Callable[[Collector, dict[str, Any], str], None]] = {
    "com.apple.applicationaccess": _restrictions,
    "com.apple.applicationaccess.new": _parental_controls,
    "com.apple.app.lock": _app_lock,
    "com.apple.webcontent-filter": _web_filter,
    **dict.fromkeys(browsers.DOMAINS, _browser),
}

"""Read the address lists of Chrome and Edge on computers, from whichever document delivers them.

Both take the same lists: `URLBlocklist`, and `URLAllowlist`, which opens what it names at least as closely
(MicrosoftDocs/Edge-Enterprise@1b9f554 "url-list-filter format"; chromium policy_definitions/Miscellaneous/URLBlocklist.yaml).
A list closes addresses to whoever types or follows them; what pages load by themselves goes on.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from mdm_policy.kinds.collector import ANY, Entries, Why, fact
from mdm_policy.kinds.keys import Keys, roles
from mdm_policy.kinds.web import browser_address
from mdm_policy.reading import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Role
    from mdm_policy.reading import Mechanism, Reading

Browser = Literal["chrome", "edge"]
_SOURCE: dict[Browser, str] = {
    "chrome": "chromium policy_definitions/Miscellaneous/URLBlocklist.yaml (376fc41)",
    "edge": "learn.microsoft.com microsoft-edge-policies/urlblocklist; MicrosoftDocs/Edge-Enterprise@1b9f554",
}
_TITLE: dict[Browser, str] = {"chrome": "Google Chrome", "edge": "Microsoft Edge"}
_BY: dict[Browser, Mechanism] = {"chrome": "chrome-url-lists", "edge": "edge-url-lists"}
_WHERE: dict[str, tuple[int, ...]] = {"windows": (10,), "macos": ANY}
DOMAINS: dict[str, Browser] = {"com.google.Chrome": "chrome", "com.microsoft.Edge": "edge"}
"""The preference domains of the Mac's browsers: what a profile, or the wrapper of ManagedClient, sets for each of them."""
BLOCK, ALLOW = "URLBlocklist", "URLAllowlist"
_LISTS = (BLOCK, ALLOW)
_OPENING = "InPrivateModeUrlAllowlist"
"""What opens addresses in Edge's InPrivate mode (Edge 147, learn.microsoft.com inprivatemodeurlblocklist)."""
INSTALLED = "WebAppInstallForceList"
"""What installs web apps of sites, each by its `url` (chromium policy_definitions/Miscellaneous/WebAppInstallForceList.yaml): the
browser opens what its lists let it open, so it is a link, and neither a hole in a list nor a ban."""
ROLES: dict[str, Role | Keys] = {
    **roles("carried", (*_LISTS, _OPENING, INSTALLED)),
    **roles(
        "unjudged",
        (
            *("URLBlacklist", "URLWhitelist"),
            *("InPrivateModeUrlBlocklist", "WebAppInstallByUserEnabled", "WebAppSettings"),
            *("ProxyMode", "ProxyPacUrl", "ProxyServer", "ProxyServerMode", "ProxyBypassList", "ProxySettings"),
            *("DnsOverHttpsMode", "DnsOverHttpsTemplates", "BuiltInDnsClientEnabled", "QuicAllowed"),
            "EncryptedClientHelloEnabled",
        ),
    ),
}
"""What the browsers' policies have to do with apps and their sites: those named here open, close or lead round addresses.

`URLBlacklist` and `URLWhitelist` are the lists' former names; which browsers still take them was read nowhere (unverified).

All others concern the browser itself (learn.microsoft.com/deployedge/microsoft-edge-policies, chromeenterprise.google/policies).
"""
_LIMIT = 1_000
"""How many entries of each list count (chromium URLBlocklist.yaml, and the Edge page)."""


def _rule(browser: Browser, allow: bool) -> Rule:
    said = f"{_TITLE[browser]} opens what its URLAllowlist names" if allow else ""
    return Rule(
        f"{browser}-url-{'allow' if allow else 'block'}list",
        _BY[browser],
        "allow" if allow else "block",
        "allowed" if allow else "blocked",
        "weak",
        fact(said or f"{_TITLE[browser]} refuses to open what its URLBlocklist names", _SOURCE[browser]),
        introduced=_WHERE,
        escapes="" if allow else "other browsers, apps, and what pages load by themselves",
    )


BLOCKED: dict[Browser, Rule] = {browser: _rule(browser, allow=False) for browser in _BY}
ALLOWED: dict[Browser, Rule] = {browser: _rule(browser, allow=True) for browser in _BY}
RULES = (*BLOCKED.values(), *ALLOWED.values())


def read_domain(c: Collector, browser: Browser, keys: Mapping[str, Any], at: str) -> None:
    """Read the address lists among the keys that a document sets for a browser; other keys are left alone.

    `at` is the pointer of the dictionary. What is no list of texts is a finding, and the browser ignores it.
    """
    read_installed(c, browser, keys.get(INSTALLED), f"{at}/{INSTALLED}")
    for key in _LISTS:
        if keys.get(key) is not None:
            read_list(c, browser, key, c.entries(keys, key, at), f"{at}/{key}")
    if browser == "edge" and keys.get(_OPENING):
        message = f"{_OPENING} opens addresses in InPrivate windows, whatever the block list says"
        c.say("warning", "url-list-in-private", message, f"{at}/{_OPENING}", "remove it")
        read_list(c, browser, _OPENING, c.entries(keys, _OPENING, at), f"{at}/{_OPENING}")


def read_installed(c: Collector, browser: Browser, apps: Any, at: str) -> None:
    """Take down the sites of which a browser installs the web app; in the registry the list is a text of JSON."""
    if isinstance(apps, str):
        with suppress(ValueError, RecursionError):
            apps = json.loads(apps)
    for place, one in enumerate(apps if isinstance(apps, list) else ()):
        site = one.get("url") if isinstance(one, dict) else None
        if isinstance(site, str):
            c.links.append(Link(site, f"{at}/{place}/url", f"a web app that {_TITLE[browser]} installs"))


def read_list(c: Collector, browser: Browser, key: str, entries: Entries, at: str) -> None:
    """Read one list: `key` says which; entries beyond the first thousand do not count."""
    rule = c.rule(BLOCKED[browser] if key == BLOCK else ALLOWED[browser])
    kept = c.only_texts(entries)
    if len(kept) > _LIMIT:
        message = f"{key} holds {len(kept)} entries; {_LIMIT} count"
        c.say("warning", "url-blocklist-too-long", message, at, "shorten the list")
        kept = kept.only(range(_LIMIT))
    for place, text in kept:
        _entry(c, rule, key, text, place)


def _entry(c: Collector, rule: Rule, key: str, text: str, place: str) -> None:
    if text.startswith("*.") or ("*" in text.partition("/")[0] and text != "*"):
        message = (
            f"{text[:80]!r} is not an entry of a list: a host covers its subdomains, and no wildcard stands within one"
        )
        c.say("error", "url-entry-wildcard", message, place, "write the host alone")
        if key == BLOCK:
            return
    kind, value = browser_address(text)
    c.add(rule, "web", kind, value, place)


def is_policy_file(value: Any) -> bool:
    """Recognise a policy file, as browsers on Linux read it: a dictionary with one of the lists."""
    return isinstance(value, dict) and any(isinstance(value.get(key), list) for key in _LISTS)


def read_policy_file(c: Collector) -> Reading:
    """Read a policy file, which does not say whose it is: /etc/opt/chrome and /etc/opt/edge hold files of one form.

    No system that is judged here reads such a file, so what it does to a device is unknown.
    """
    top = c.mapping(c.document.value, "")
    said = "such a file is read by browsers on Linux, and whether it reaches these devices is not known"
    c.uncertain_because = Why("elsewhere", said)
    c.say("note", "url-list-of-linux", said, "", "send Windows and the Mac their own form: the registry, or a profile")
    for browser in _BY:
        read_domain(c, browser, top, "")
    return c.reading()


POLICY_FILE = Keys(ROLES, rest="harmless")

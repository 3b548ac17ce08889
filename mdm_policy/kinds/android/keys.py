"""Say of each field of an Android policy what it has to do with apps, by Google's own description.

The table (data/vendor/amapi-policy.json) names every message and field; the short lists here name those that act on
apps. A default that is spelled out says no more than leaving it out (proto3: false, 0, an empty text; the word that the
description names), so it is as quiet as a name.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.keys import Keys, roles, vendor_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.kinds.keys import Role

_ACTING: dict[str, dict[str, Role]] = {
    "Policy": {
        "name": "name",
        "version": "name",
        "debuggingFeaturesAllowed": "carried",
        "installAppsDisabled": "carried",
        "playStoreMode": "carried",
        "uninstallAppsDisabled": "carried",
        "accountTypesWithManagementDisabled": "unjudged",
        "addUserDisabled": "unjudged",
        "complianceRules": "unjudged",
        "ensureVerifyAppsEnabled": "unjudged",
        "kioskCustomLauncherEnabled": "unjudged",
        "modifyAccountsDisabled": "unjudged",
    },
    "AdvancedSecurityOverrides": {
        "developerSettings": "carried",
        "untrustedAppsPolicy": "carried",
        "googlePlayProtectVerifyApps": "unjudged",
    },
    "ApplicationPolicy": {
        "disabled": "carried",
        "installType": "carried",
        "packageName": "carried",
        "delegatedScopes": "unjudged",
        "managedConfiguration": "unjudged",
        "managedConfigurationTemplate": "unjudged",
    },
    "PersonalApplicationPolicy": {"installType": "carried", "packageName": "carried"},
    "PersonalUsagePolicies": {"accountTypesWithManagementDisabled": "unjudged", "personalPlayStoreMode": "carried"},
}
"""The fields that name a thing, that a reader carries in full, or that may act on apps in a way that no reader judges.

Accounts and users may bring apps of their own; Play Protect checks what comes from outside the store; compliance rules
disable apps; a kiosk launcher shows only some. An app with delegated scopes may hide, show and enable others. The list of
the personal side applies in a private space too (bayton; Play system update of 2024-10-28), so that is none of these.
"""
_PRESENT = frozenset({"ensureVerifyAppsEnabled"})
"""Fields of which no page says what leaving them out means."""
_BROWSERS = frozenset({"com.android.chrome", "com.microsoft.emmx"})
_BROWSER: Keys = Keys(
    {
        **roles("carried", ("URLAllowlist", "URLBlocklist")),
        **roles("harmless", ("HomepageIsNewTabPage", "HomepageLocation", "NewTabPageLocation", "ShowHomeButton")),
        **roles("harmless", ("BookmarkBarEnabled", "EditBookmarksEnabled", "ManagedBookmarks", "RestoreOnStartup")),
        **roles("harmless", ("AutofillAddressEnabled", "AutofillCreditCardEnabled", "PasswordManagerEnabled")),
        **roles("harmless", ("SearchSuggestEnabled", "SavingBrowserHistoryDisabled", "PrintingEnabled")),
    }
)
"""chromium policy_definitions (Startup, Miscellaneous, PasswordManager, Printing): what the browser opens with, and stores.

Whatever else is set for a browser may be about addresses.
"""
_LISTS = ("blocklist", "allowlist", "blacklist", "whitelist", "package", "urlfilter")
"""Parts of names under which other apps hold lists of their own: browsers, and agents of makers (KSP, OEMConfig)."""


@functools.cache
def _message(name: str) -> Keys:
    """Return the keys of a message: those that the description lacks are unjudged."""
    fields: dict[str, dict[str, Any]] = vendor_table("amapi-policy")["messages"][name]
    own = _ACTING.get(name, {})
    found: dict[str, Role | Keys] = {}
    for key, field in fields.items():
        below = field.get("items", field).get("message")
        found[key] = own[key] if key in own else _message(below) if below else "harmless"
    plain = Keys(found)
    if name == "ApplicationPolicy":
        return Keys(choose=functools.partial(_application, plain, fields))
    return Keys(choose=functools.partial(_without_defaults, plain, fields))


def _without_defaults(plain: Keys, fields: Mapping[str, dict[str, Any]], value: Mapping[str, Any]) -> Keys:
    """Pass over what is spelled out and would hold all the same."""
    quiet = [key for key, held in value.items() if key in fields and _is_default(key, held, fields[key])]
    return Keys({**plain.roles, **roles("name", quiet)}) if quiet else plain


def _is_default(key: str, held: Any, field: Mapping[str, Any]) -> bool:
    if key in _PRESENT:
        return False
    if "words" in field:
        return isinstance(held, str) and (held.endswith("_UNSPECIFIED") or held == field.get("default"))
    return held is False or held in ("", "0") or (type(held) is int and held == 0)


def _application(plain: Keys, fields: Mapping[str, dict[str, Any]], value: Mapping[str, Any]) -> Keys:
    """Look at what the app is given: a browser's lists are read, and of other apps what may hold a list is unjudged."""
    if value.keys() <= plain.quiet:
        return plain
    found = _without_defaults(plain, fields, value)
    role = _configuration(value)
    return Keys({**found.roles, "managedConfiguration": role}) if "managedConfiguration" in value else found


def _configuration(app: Mapping[str, Any]) -> Role | Keys:
    """Say what an app's managed configuration has to do with others: an app acts on itself alone, unless it is an agent."""
    if str(app.get("packageName")) in _BROWSERS:
        return _BROWSER
    configuration = app.get("managedConfiguration")
    named = configuration if isinstance(configuration, dict) else {}
    if app.get("delegatedScopes") or any(one in key.casefold() for key in _names(named) for one in _LISTS):
        return "unjudged"
    return "unjudged" if any(mark in str(app.get("packageName")) for mark in _AGENTS) else "harmless"


_AGENTS = ("oemconfig", "knox", "com.zebra.")
"""Parts of the names of makers' agents, which act on the whole device by their managed configuration."""


def _names(value: Any) -> set[str]:
    """Return every key at any depth."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found.update(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


POLICY = Keys(choose=lambda _value: _message("Policy"))
PAGE = Keys(roles("carried", ("nextPageToken",)))
ANSWER = Keys(roles("name", ("date", "etag", "kind", "status", "timestamp")))
PATCH = Keys(roles("carried", ("method", "path", "query")))


@functools.cache
def _changes() -> Keys:
    change = Keys({"application": _message("ApplicationPolicy"), "updateMask": "carried"})
    return Keys({"changes": change})


CHANGES = Keys(choose=lambda _value: _changes())

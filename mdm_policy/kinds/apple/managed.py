"""Read managed preferences: the payload that sets keys of any domain on a Mac, and hands them to that domain's reader.

Shape: PayloadContent {DOMAIN: {Forced: [{mcx_preference_settings: {KEY: VALUE}}]}}. What is `Forced` is enforced; `Set-Once`
and `Often` are defaults that a user can change (Apple, com.apple.ManagedClient.preferences). Of several domains in one
payload a Mac applies one and drops the rest (jamf/terraform-provider-jamfplatform issues 436 and 438).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds import browsers
from mdm_policy.kinds.apple.santa_keys import DOMAINS as SANTA_DOMAINS
from mdm_policy.kinds.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Role

PAYLOAD = "com.apple.ManagedClient.preferences"
PATH_LISTS = "com.apple.applicationaccess.new"
HANDED = frozenset({*SANTA_DOMAINS, *browsers.DOMAINS, PATH_LISTS})
"""The domains whose keys are handed to a reader."""
SEVERAL = "a Mac applies one of several domains in one payload and drops the rest, and which one is not documented"
_DEFAULTS = ("Set-Once", "Often")


def forced(c: Collector, payload: Mapping[str, Any], place: str) -> list[tuple[str, dict[str, Any], str]]:
    """Return what a payload enforces in the domains that have a reader, each with its pointer."""
    found: list[tuple[str, dict[str, Any], str]] = []
    content = c.optional(payload, "PayloadContent", place)
    for domain in content:
        if domain not in HANDED:
            continue
        at = f"{place}/PayloadContent/{domain}"
        settings = c.mapping(content[domain], at)
        for pointer, entry in c.mappings(settings, "Forced", at):
            found.append(
                (domain, c.optional(entry, "mcx_preference_settings", pointer), f"{pointer}/mcx_preference_settings")
            )
        for key in _DEFAULTS:
            if key in settings:
                message = f"{key} sets a default of {domain} that a user can change, so it enforces nothing"
                c.say("warning", "preference-not-enforced", message, f"{at}/{key}", "write it under Forced")
    return found


def keys(of_domain: Callable[[dict[str, Any]], Role | Keys], plain: Mapping[str, Role | Keys]) -> Keys:
    """Return the role of each key of the payload; `of_domain` gives those of a domain, as of a payload of that type."""

    def of_content(content: Mapping[str, Any]) -> Keys:
        return Keys({domain: _of_domain(domain, of_domain) for domain in content})

    return Keys({**plain, "PayloadContent": Keys(choose=of_content)})


def _of_domain(domain: str, of_domain: Callable[[dict[str, Any]], Role | Keys]) -> Keys:
    settings = Keys(choose=lambda value: of_domain({**value, "PayloadType": domain}))
    entry = Keys({"mcx_preference_settings": settings})
    return Keys({"Forced": entry, **dict.fromkeys(_DEFAULTS, entry)})

"""Read the other forms in which people have Apple's policies: a bare payload, a command, a device's answer, a listing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import EmbeddedBase64
from mdm_policy.kinds.apple import rules
from mdm_policy.kinds.apple.profile import is_payload_read, read_payload
from mdm_policy.kinds.apple.together import say_never_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Embedded
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule

_UNION: dict[str, Rule] = {"blockedAppBundleIDs": rules.BLOCKED, "blacklistedAppBundleIDs": rules.BLACKLISTED}
_INTERSECTION: dict[str, Rule] = {
    "allowListedAppBundleIDs": rules.ALLOW_LISTED,
    "whitelistedAppBundleIDs": rules.WHITELISTED,
}
_SWITCHES: dict[str, Rule] = {
    "allowAppInstallation": rules.NO_INSTALLATION,
    "allowUIAppInstallation": rules.NO_STORE,
}
_GLOBAL = "/GlobalRestrictions"
_JAMF_COMPONENT = "com.jamf.ddm"


def is_payload(value: Any) -> bool:
    """Tell whether a dictionary is a payload without its profile, of a type that a reader knows."""
    return isinstance(value, dict) and is_payload_read(value.get("PayloadType"))


def is_install(value: Any) -> bool:
    """Tell whether a dictionary is the command InstallProfile."""
    command = value.get("Command") if isinstance(value, dict) else None
    return isinstance(command, dict) and command.get("RequestType") == "InstallProfile"


def is_answer(value: Any) -> bool:
    """Tell whether a dictionary is a device's answer to the command Restrictions."""
    return isinstance(value, dict) and "GlobalRestrictions" in value


def is_undocumented(value: Any) -> bool:
    """Tell whether a dictionary is of a form that a tool makes and no page of a vendor describes."""
    if not isinstance(value, dict):
        return False
    if "_computerlevel" in value or isinstance(value.get("ProfileItems"), list):
        return True  # profiles show -output stdout-xml
    profile = value.get("profile")
    if isinstance(profile, str) and "<plist" in profile[:1000]:
        return True  # Kandji, Iru: custom profiles of the API
    components = value.get("components")
    parts = components if isinstance(components, list) else []
    named = (part.get("identifier") for part in parts if isinstance(part, dict))
    return any(isinstance(name, str) and name.startswith(_JAMF_COMPONENT) for name in named)  # Jamf Blueprints


def installed(value: Any) -> Iterator[Embedded]:
    """Yield the profile in the command InstallProfile."""
    payload = value["Command"].get("Payload")
    if isinstance(payload, bytes):
        yield EmbeddedBase64("/Command/Payload", base64.b64encode(payload).decode("ascii"))


def read_bare_payload(c: Collector) -> Reading:
    """Read a payload without its profile, as a console takes it that makes the profile around it.

    Omnissa, Workspace ONE UEM, custom settings: the payload dictionary alone is pasted.
    """
    read_payload(c, c.mapping(c.document.value, ""))
    return c.reading()


def read_install(c: Collector) -> Reading:
    """Read the command InstallProfile: what it installs is what it does."""
    for pointer, inner in c.document.inner:
        c.lift(pointer, inner)
    if not c.document.inner:
        c.say("error", "payload-unreadable", "the command holds no profile that can be read", "/Command/Payload")
    return c.reading()


def read_answer(c: Collector) -> Reading:
    """Read a device's answer: the restrictions that all its profiles together put into force on it."""
    top = c.mapping(c.document.value, "")
    held = c.optional(top, "GlobalRestrictions", "")
    for part, lists in (("union", _UNION), ("intersection", _INTERSECTION)):
        for key, base in lists.items():
            _list(c, c.optional(held, part, _GLOBAL), key, base, f"{_GLOBAL}/{part}")
    switches = c.optional(held, "restrictedBool", _GLOBAL)
    for key, base in _SWITCHES.items():
        if (
            c.flag(c.optional(switches, key, f"{_GLOBAL}/restrictedBool"), "value", f"{_GLOBAL}/restrictedBool/{key}")
            is False
        ):
            c.rule(base)
    c.say("note", "one-device-answers", "this is the answer of one device; it says nothing about any other", "")
    return c.reading()


def _list(c: Collector, part: dict[str, Any], key: str, base: Rule, place: str) -> None:
    if key not in part:
        return
    found = c.optional(part, key, place)
    pointer = f"{place}/{key}"
    entries = c.texts(found, "values", pointer)
    if base.sense == "allow-only" and not entries.values:
        c.empty_allow_list(base, pointer)
        return
    whole = base.sense != "allow-only" or len(found["values"]) == len(entries)
    rule = c.rule(base) if whole else c.part_read(base)
    c.add_all(rule, "ios", "bundle_id", entries)
    if base.sense == "allow-only":
        c.allow_list(rule, len(entries), pointer)
    else:
        say_never_hidden(c, entries)


def read_undocumented(c: Collector) -> Reading:
    """Name a form that no page of a vendor describes: nothing in it is taken for a block, or for none."""
    c.rule(rules.UNDOCUMENTED)
    message = (
        "a tool's own listing of Apple profiles; no page of a vendor describes the form, so what it holds is unknown"
    )
    c.say("warning", "form-undocumented", message, "", "export the profile itself, as .mobileconfig")
    return c.reading()

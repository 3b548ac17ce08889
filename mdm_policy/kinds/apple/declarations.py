"""Read Apple's declarations: what configurations deny, and which of them an activation turns on."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.apple import rules
from mdm_policy.kinds.apple.binaries import read_binaries
from mdm_policy.kinds.apple.schema import KeyFault, faults
from mdm_policy.kinds.collector import NOT_STATED
from mdm_policy.kinds.keys import vendor_table
from mdm_policy.reading import Audience, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

_IDENTITIES = (
    ("DeniedBinaries", ("TeamID", "SigningID", "CDHash"), "a CDHash, a TeamID or a SigningID"),
    ("AllowedBinaries", ("TeamID", "CDHash"), "a CDHash or a TeamID"),
)
"""What an item of each list must name one of (apple/device-management@97a11a8 app.settings.yaml, OS 27)."""
_SOURCE = "apple/device-management@97a11a8 declarative (OS 27), Error.UnknownPayloadKeys"
_HINT = "write what Apple's schema asks for"
_SHOWN = 10
"""How many faults of a declaration are told."""


def read_configuration(c: Collector) -> Reading:
    """Read a configuration declaration."""
    top = c.mapping(c.document.value, "")
    kind = c.text(top, "Type", "")
    payload = c.optional(top, "Payload", "")
    if kind == "com.apple.configuration.app.settings":
        allowed = c.optional(payload, "Allowed", "/Payload")
        _app_settings(c, allowed)
    elif kind == "com.apple.configuration.app.managed":
        _managed_app(c, payload)
    elif kind in ("com.apple.configuration.legacy", "com.apple.configuration.legacy.interactive"):
        c.say("note", "profile-elsewhere", "the profile stands at another address; verify that file", "/Payload")
    else:
        c.concerns_apps = kind not in vendor_table("apple-declarations")["declarations"]
    c.text(top, "ServerToken", "")
    _refuse_wrong(c, kind, payload)
    _channel(c, top)
    name = c.text(top, "Identifier", "")
    if not name and any(rule.sense in ("block", "allow-only") for rule in c.rules):
        c.say("error", "declaration-key", "the declaration has no Identifier", "", "name it as its activation does")
        c.reject_all("devices take no declaration without an Identifier", "", "name it as its activation does", _SOURCE)
    return c.reading(declares=name)


def read_activation(c: Collector) -> Reading:
    """Read an activation: it has no effect of its own, and without one a configuration has none either."""
    top = c.mapping(c.document.value, "")
    payload = c.optional(top, "Payload", "")
    names = tuple(c.texts(payload, "StandardConfigurations", "/Payload").values)
    c.text(top, "ServerToken", "")
    refused = _refused(c, c.text(top, "Type", ""), payload)
    scope = NOT_STATED
    predicate = payload.get("Predicate")
    word = predicate.strip().upper() if isinstance(predicate, str) else ""
    if word == "FALSEPREDICATE":
        scope = Scope("nobody", why="is turned on by a predicate that holds on no device")
        c.say("error", "activation-predicate", "the predicate holds on no device", "/Payload/Predicate")
    elif predicate not in (None, "") and word != "TRUEPREDICATE":
        scope = Scope("groups", (Audience("predicate", str(predicate)),), filtered=True)
        message = "a predicate decides on each device whether the activation holds"
        c.say("note", "activation-predicate", message, "/Payload/Predicate")
    if not names:
        c.say("error", "activation-empty", "the activation turns no configuration on", "/Payload")
    refused = refused or _wrong_type(c)
    return c.reading(scope, activates=() if refused is not None else names, silent=True)


def _channel(c: Collector, top: dict[str, Any]) -> None:
    """Question a declaration for the user's channel: binary controls have the system scope alone, app lists Shared iPad's.

    `PayloadScope` beside `Type` is how Fleet is told the channel; Apple's declarations themselves name none.
    """
    if top.get("PayloadScope") not in (None, "System"):
        message = (
            "the declaration is for the user's channel, where a Mac takes no binary controls and an iPhone no app lists"
        )
        c.say("warning", "declaration-scope", message, "/PayloadScope", "write System, or remove the key")
        c.mark_uncertain(
            "the declaration is for the user's channel, and whether the device obeys it there is not documented"
        )


def _app_settings(c: Collector, allowed: dict[str, Any]) -> None:
    base = "/Payload/Allowed"
    for key, app_rule in (("DeniedApps", rules.DENIED_APPS), ("AllowedApps", rules.ALLOWED_APPS)):
        if not isinstance(allowed.get(key), list):
            c.items(allowed, key, base)
            continue
        entries = c.texts(allowed, key, base)
        if app_rule.sense == "allow-only" and not allowed[key]:
            c.empty_allow_list(app_rule, f"{base}/{key}")
            continue
        rule = c.rule(app_rule)
        c.add_all(rule, "ios", "bundle_id", entries)
        if app_rule.sense == "block" and entries.values:
            c.beside("stops", "running-apps", "always", f"{base}/{key}")
        if app_rule.sense == "allow-only":
            c.allow_list(rule, len(entries), f"{base}/{key}")
    read_binaries(c, allowed, base)


def _refused(c: Collector, kind: str, payload: dict[str, Any]) -> KeyFault | None:
    """Say what devices refuse a declaration for, and return the first: they take no key and no type they don't know.

    Error.UnknownPayloadKeys and the keys are those of apple/device-management@97a11a8 (OS 27); a declaration of a type that
    the table lacks is not held against it.
    """
    keys = vendor_table("apple-declarations")["declarations"].get(kind)
    if keys is None:
        return None
    said = set(c.places)
    found = list(islice(faults(payload, keys, "/Payload", closed=True), _SHOWN))
    for fault in found:
        if fault.pointer not in said:
            message = f"{fault.message}; devices refuse the whole declaration"
            c.say("error", "declaration-key", message, fault.pointer, _HINT)
    return next(iter(found), None)


def _refuse_wrong(c: Collector, kind: str, payload: dict[str, Any]) -> None:
    """Take back all that was read of a declaration that devices refuse."""
    first = _refused(c, kind, payload)
    allowed = payload.get("Allowed")
    for key, wanted, said in _IDENTITIES:
        listed = allowed.get(key) if isinstance(allowed, dict) else None
        place = _first_faceless(_list(listed), wanted)
        if place is not None:
            message = f"an item of {key} needs {said}, and devices refuse the whole declaration for one without"
            at = f"/Payload/Allowed/{key}/{place}"
            c.say("error", "binary-without-identity", message, at, "add the TeamID")
            first = first or KeyFault(at, message)
    first = first or _wrong_type(c)
    if first is not None:
        c.reject_all(f"devices refuse the whole declaration: {first.message}", first.pointer, _HINT, _SOURCE)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first_faceless(items: Sequence[Any], wanted: tuple[str, ...]) -> int | None:
    """Return the place of the first item of a list of binaries that has none of the fields of which it needs one."""
    left = [place for place, item in enumerate(items) if isinstance(item, dict)]
    for key in wanted:
        left = [place for place in left if not items[place].get(key)]
    return left[0] if left else None


def _wrong_type(c: Collector) -> KeyFault | None:
    places = (at for at, one in zip(c.places, c.findings, strict=True) if one.id == "wrong-type")
    at = next(places, None)
    return None if at is None else KeyFault(at, "a value is of the wrong type")


def _managed_app(c: Collector, payload: dict[str, Any]) -> None:
    rule = c.rule(rules.MANAGED_APP)
    bundle = c.text(payload, "BundleID", "/Payload")
    store = c.text(payload, "AppStoreID", "/Payload")
    if bundle:
        c.add(rule, "ios", "bundle_id", bundle, "/Payload/BundleID")
    elif store:
        c.add(rule, "ios", "app_store_id", store, "/Payload/AppStoreID")

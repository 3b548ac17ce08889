"""Read Apple's declarations: what configurations deny, and which of them an activation turns on."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.apple import rules
from mdm_policy.kinds.apple.schema import faults
from mdm_policy.kinds.collector import NOT_STATED, Entries, narrowed
from mdm_policy.kinds.keys import vendor_table
from mdm_policy.reading import Audience, Condition, Scope

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule
    from mdm_policy.vocabulary import Kind

_SHOWN = 10
"""How many faults of a declaration are told."""
_MANAGED_APPS = Condition("managed-apps")


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
    _refuse_wrong(c, kind, payload)
    name = c.text(top, "Identifier", "")
    if not name and any(rule.sense in ("block", "allow-only") for rule in c.rules):
        c.say("error", "declaration-key", "the declaration has no Identifier", "", "name it as its activation does")
        c.refuse("devices take no declaration without an Identifier")
    return c.reading(declares=name)


def read_activation(c: Collector) -> Reading:
    """Read an activation: it has no effect of its own, and without one a configuration has none either."""
    top = c.mapping(c.document.value, "")
    payload = c.optional(top, "Payload", "")
    names = tuple(c.texts(payload, "StandardConfigurations", "/Payload").values)
    refused = _refused(c, c.text(top, "Type", ""), payload)
    scope = NOT_STATED
    predicate = payload.get("Predicate")
    if predicate not in (None, ""):
        scope = Scope("groups", (Audience("predicate", str(predicate)),), filtered=True)
        message = "a predicate decides on each device whether the activation holds"
        c.say("note", "activation-predicate", message, "/Payload/Predicate")
    if not names:
        c.say("error", "activation-empty", "the activation turns no configuration on", "/Payload")
    return c.reading(scope, activates=() if refused else names, silent=True)


def _app_settings(c: Collector, allowed: dict[str, Any]) -> None:
    base = "/Payload/Allowed"
    for key, app_rule in (("DeniedApps", rules.DENIED_APPS), ("AllowedApps", rules.ALLOWED_APPS)):
        if not isinstance(allowed.get(key), list):
            c.items(allowed, key, base)
            continue
        rule = c.rule(app_rule)
        entries = c.texts(allowed, key, base)
        c.add_all(rule, "ios", "bundle_id", entries)
        if app_rule.sense == "allow-only":
            c.allow_list(rule, len(entries), f"{base}/{key}")
    _binaries(c, allowed, base)


def _refused(c: Collector, kind: str, payload: dict[str, Any]) -> str:
    """Say what devices refuse a declaration for, and return the first: they take no key and no type they don't know.

    Error.UnknownPayloadKeys and the keys are those of apple/device-management@97a11a8 (OS 27); a declaration of a type that
    the table lacks is not held against it.
    """
    keys = vendor_table("apple-declarations")["declarations"].get(kind)
    if keys is None:
        return ""
    first = ""
    said = set(c.places)
    for fault in islice(faults(payload, keys, "/Payload", closed=True), _SHOWN):
        first = first or fault.message
        if fault.pointer not in said:
            message = f"{fault.message}; devices refuse the whole declaration"
            c.say("error", "declaration-key", message, fault.pointer, "write what Apple's schema asks for")
    return first


def _refuse_wrong(c: Collector, kind: str, payload: dict[str, Any]) -> None:
    """Take back all that was read of a declaration that devices refuse."""
    first = _refused(c, kind, payload)
    allowed = payload.get("Allowed")
    listed = allowed.get("AllowedBinaries") if isinstance(allowed, dict) else None
    for place, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict) and not (item.get("CDHash") or item.get("TeamID")):
            message = "an item of AllowedBinaries needs a CDHash or a TeamID, and devices refuse one without"
            at = f"/Payload/Allowed/AllowedBinaries/{place}"
            c.say("error", "declaration-key", message, at, "add the TeamID")
            first = first or message
            break
    if not first and any(finding.id == "wrong-type" for finding in c.findings):
        first = "a value is of the wrong type"
    if first:
        why = f"devices refuse the whole declaration: {first}"
        c.refuse(why)


def _binaries(c: Collector, allowed: dict[str, Any], base: str) -> None:
    managed = c.flag(allowed, "AlwaysAllowManagedApps", base) is True
    denied = c.records(allowed, "DeniedBinaries", base)
    if denied.values:
        rule = c.rule(rules.DENIED_BINARIES)
        if managed:
            rule = c.rule(
                rules.DENIED_BINARIES, strength="partial", conditions=(_MANAGED_APPS,), escapes="apps the MDM manages"
            )
        _each_binary(c, rule, denied)
    if managed:
        message = "AlwaysAllowManagedApps lets every app the MDM manages launch"
        c.say("warning", "managed-apps-allowed", message, f"{base}/AlwaysAllowManagedApps")
    if isinstance(allowed.get("AllowedBinaries"), list):
        rule = c.rule(rules.ALLOWED_BINARIES)
        entries = c.records(allowed, "AllowedBinaries", base)
        c.allow_list(rule, len(entries), f"{base}/AllowedBinaries")
        _each_binary(c, rule, entries)
    else:
        c.items(allowed, "AllowedBinaries", base)


def _each_binary(c: Collector, rule: Rule, entries: Entries) -> None:
    """Read all items of a list: at once when each is a signing id and no more, as nearly every item is."""
    teams, signings = entries.each("TeamID").values, entries.each("SigningID").values
    texts = set(map(type, chain(teams, signings))) == {str} and all(teams) and all(signings)
    if texts and set(map(len, entries.values)) == {2}:
        signed = [f"{team}:{signing}" for team, signing in zip(teams, signings, strict=True)]
        c.add_all(rule, "macos", "signing_id", Entries(entries.pointers, signed))
        return
    for at, item in entries:
        _binary(c, rule, item, at)


def _binary(c: Collector, rule: Rule, item: dict[str, Any], at: str) -> None:
    """Read one item: all its fields must match, so every field beyond the identity makes it narrower.

    That an item lets in one version of a program is enough to take the program for let in.
    """
    team, signing, cdhash = (c.text(item, key, at) for key in ("TeamID", "SigningID", "CDHash"))
    folder, state = c.text(item, "PathPrefix", at), c.text(item, "SigningState", at)
    narrow = [Condition("folder", folder)] if folder else []
    narrow += [Condition("signing-state", state)] if state not in ("", "All") else []
    kind: Kind
    if cdhash and (rule.sense == "block" or not team):
        kind, value, narrow = "cdhash", cdhash, [*narrow, Condition("code-hash")]
    elif team and signing:
        kind, value = "signing_id", f"{team}:{signing}"
    elif team or signing:
        kind, value = ("team_id", team) if team else ("bundle_id", signing)
    else:
        message = "the item has neither CDHash nor TeamID nor SigningID, so it matches nothing"
        c.say("error", "binary-without-identity", message, at, "add TeamID and SigningID")
        return
    if narrow and rule.sense == "block":
        escapes = "copies in another folder, of another version or from another source"
        conditions = narrowed(*rule.conditions, *narrow)
        rule = c.rule(rules.DENIED_BINARIES, strength="weak", conditions=conditions, escapes=escapes)
    c.add(rule, "macos", kind, value, at)


def _managed_app(c: Collector, payload: dict[str, Any]) -> None:
    rule = c.rule(rules.MANAGED_APP)
    bundle = c.text(payload, "BundleID", "/Payload")
    store = c.text(payload, "AppStoreID", "/Payload")
    if bundle:
        c.add(rule, "ios", "bundle_id", bundle, "/Payload/BundleID")
    elif store:
        c.add(rule, "ios", "app_store_id", store, "/Payload/AppStoreID")

"""Know the profile inside a Jamf object: what Jamf makes of it, what is compared, and what an update sends.

Jamf stores no profile as it was sent (deploymenttheory/terraform-provider-jamfpro@11d5c3ee docs/plist_payloads.md and
issues 539, 861, 1164; jamf/terraform-provider-jamfplatform pull requests 154, 155, 157). It gives profiles UUIDs and
identifiers of its own, injects keys, takes white space off, encodes entities twice. Sources differ on whether it does so
to inner payloads too, so both levels are treated alike. None of that is a difference. Everything else is: a comparison
asks for every key that we set, and a key beyond is named.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mdm_policy import documents
from mdm_policy.documents.opening import unescape
from mdm_policy.push import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    Payload = dict[str, Any]

_REWRITTEN = frozenset(
    {"PayloadUUID", "PayloadIdentifier", "PayloadDisplayName", "PayloadOrganization", "PayloadDescription"}
)
_INJECTED = frozenset({"PayloadEnabled", "PayloadRemovalDisallowed", "AllowUserOverrides"})
_INJECTED_TYPES = frozenset({"com.apple.profileRemovalPassword"})
_STRUCTURE = frozenset({"PayloadType", "PayloadVersion", "PayloadContent", "PayloadScope"})
KNOWN_KEYS: Mapping[str, frozenset[str]] = {
    "com.apple.applicationaccess": frozenset({"blockedAppBundleIDs", "blacklistedAppBundleIDs"}),
    "com.apple.webcontent-filter": frozenset({"FilterType", "AutoFilterEnabled", "FilterBrowsers", "DenyListURLs"}),
    "com.northpolesec.santa": frozenset({"StaticRules"}),
    "com.apple.ManagedClient.preferences": frozenset({"PayloadContent"}),
}
"""The keys of each payload that shipped targets set. Such a key goes when the build no longer has it; any other stays."""
_PREFERENCES = "com.apple.ManagedClient.preferences"
_FORCED, _SETTINGS = "Forced", "mcx_preference_settings"
_NAMED = 3


def one_line(payload: Payload) -> str:
    """Write a profile without white space between elements, out of which the Classic API would make empty arrays."""
    return documents.dump(payload, "plist", compact=True).decode("utf-8")


def merged(wanted: Payload, stored: Payload | None, uuid: str) -> Payload:
    """Return the profile that an update sends: ours, under the names Jamf knows it by, with what others put into it.

    `uuid` is what the object itself says its profile's is, for one that is stored in a form that cannot be read.
    """
    if stored is None:
        return {**wanted, "PayloadUUID": uuid, "PayloadIdentifier": uuid} if uuid else wanted
    entries, ours = by_type(stored), by_type(wanted)
    content = [_entry(name, payload, entries.get(name, {})) for name, payload in ours.items() if name]
    content += [
        one
        for name, one in _without_ours(entries, ours).items()
        if name and name not in ours and _kind(name) not in _INJECTED_TYPES
    ]
    kept = {key: value for key, value in stored.items() if key not in wanted and key not in _INJECTED}
    return {**kept, **wanted, **_names(stored), "PayloadContent": content}


def restorable(payload: Payload) -> Payload:
    """Return the part of a stored profile that a plan may keep: other people's payloads may hold passwords."""
    kept = {key: value for key, value in payload.items() if key not in _INJECTED}
    content = [one for name, one in by_type(payload).items() if name and _kind(name) in KNOWN_KEYS]
    return {**kept, "PayloadContent": content}


def reasons(wanted: Payload, found: Payload) -> Iterator[str]:
    """Yield in words what has to change in a profile, what Jamf rewrites aside."""
    entries = by_type(found)
    for name, payload in sorted(by_type(wanted).items()):
        if name not in entries:
            yield f"{name} is missing"
            continue
        for key in sorted(payload.keys() - _REWRITTEN - _INJECTED):
            one, other = plain_value(payload[key]), plain_value(entries[name].get(key))
            if not _empty(one) and normal.differences(one, other):
                yield f"{f'{name}.{key}' if name else key} {told(one, other)}"


def unexpected(found: Payload, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield the pointers of what is set in a profile, that we never set and that Jamf does not inject.

    `known` are the keys of each payload type that are ours. A switch that is off counts too: `allowCamera` false forbids.
    """
    for name, payload in sorted(by_type(found).items()):
        kind = _kind(name)
        if kind in _INJECTED_TYPES:
            continue
        if name and kind not in known:
            yield documents.pointer(name)
            continue
        ours = _STRUCTURE | _REWRITTEN | _INJECTED | set(known.get(kind, ()))
        beyond = {key for key in payload.keys() - ours if not _empty(payload[key])}
        if payload.get("PayloadEnabled") is False:
            beyond.add("PayloadEnabled")
        for key in sorted(beyond):
            yield documents.pointer(name, key) if name else documents.pointer(key)
        if kind == _PREFERENCES:
            mine = {domain: {_FORCED: dict.fromkeys(keys)} for domain, keys in known.items()}
            yield from (documents.pointer(name) + one for one in normal.extras(mine, _preferences(payload)))


def comparable(payload: Payload) -> Payload:
    """Return all of a profile that a person can change, by payload type, free of order and of Jamf's rewriting."""
    return {
        name: {
            key: ordered(plain_value(value))
            for key, value in one.items()
            if key not in _REWRITTEN and not (key in _INJECTED and value is not False) and not _empty(value)
        }
        for name, one in by_type(payload).items()
        if _kind(name) not in _INJECTED_TYPES
    }


def keys(payload: Payload) -> dict[str, set[str]]:
    """Return the keys of each type of payload in a profile, the profile's own under the empty name."""
    made: dict[str, set[str]] = {}
    for name, one in by_type(payload).items():
        made.setdefault(_kind(name), set()).update(one)
    return made


def by_type(payload: Payload) -> dict[str, Payload]:
    """Return payloads by type, a second of one type as `type#2`, and the profile around them under the empty name."""
    made = {"": {key: value for key, value in payload.items() if key != "PayloadContent"}}
    content = payload.get("PayloadContent")
    for one in content if isinstance(content, list) else ():
        if not isinstance(one, dict):
            continue
        kind = str(one.get("PayloadType", "?"))
        number, name = 1, kind
        while name in made:
            number += 1
            name = f"{kind}#{number}"
        made[name] = one
    return made


def plain_value(value: Any) -> Any:
    """Return a value as Jamf's rewriting leaves it: no white space around text, no empty text, entities decoded."""
    if isinstance(value, str):
        value = value.strip()
        while "&" in value and (decoded := unescape(value)) != value:
            value = decoded
        return value
    if isinstance(value, dict):
        return {key: one for key, one in ((key, plain_value(one)) for key, one in value.items()) if not _empty(one)}
    return [plain_value(one) for one in value] if isinstance(value, list) else value


def ordered(value: Any) -> Any:
    """Return a value whose lists are sorted."""
    if isinstance(value, dict):
        return {key: ordered(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted((ordered(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True, default=repr))
    return value


def told(wanted: Any, found: Any) -> str:
    """Say how a value differs, shortly."""
    if _empty(found):
        return "is missing"
    if isinstance(wanted, list) and isinstance(found, list) and all(isinstance(one, str) for one in (*wanted, *found)):
        lacks, more = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        parts = [f"lacks {_listed(lacks)}"] if lacks else []
        return " and ".join([*parts, *([f"has {_listed(more)} too many"] if more else [])])
    if isinstance(wanted, str) and isinstance(found, str) and len(wanted) + len(found) < 200:
        return f"is {found!r}, not {wanted!r}"
    return "is otherwise"


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(values[:_NAMED]) + more


def _empty(value: Any) -> bool:
    """Tell whether a value is as good as none; False and 0 say something."""
    return value is None or value in ("", [], {})


def _kind(name: str) -> str:
    return name.partition("#")[0]


def _entry(name: str, wanted: Payload, old: Payload) -> Payload:
    ours = KNOWN_KEYS.get(_kind(name), frozenset()) | _INJECTED
    kept = {key: value for key, value in old.items() if key not in wanted and key not in ours}
    content = {"PayloadContent": _both(_preferences(wanted), _preferences(old))} if _kind(name) == _PREFERENCES else {}
    return {**kept, **wanted, **content, **_names(old)}


def _preferences(payload: Payload) -> dict[str, dict[str, Any]]:
    """Return what managed preferences set: by domain, by how hard (`Forced` and others), the keys of all entries."""
    content = payload.get("PayloadContent")
    made: dict[str, dict[str, Any]] = {}
    for domain, ways in content.items() if isinstance(content, dict) else ():
        for way, entries in ways.items() if isinstance(ways, dict) else ():
            settings = made.setdefault(domain, {}).setdefault(way, {})
            for entry in entries if isinstance(entries, list) else ():
                held = entry.get(_SETTINGS) if isinstance(entry, dict) else None
                settings.update(held if isinstance(held, dict) else {})
    return made


def _both(wanted: Payload, old: Payload) -> Payload:
    """Write managed preferences with ours, and with what others have set in the same payload."""
    made: Payload = {}
    for domain in (*wanted, *(one for one in old if one not in wanted)):
        ours, theirs = wanted.get(domain, {}), old.get(domain, {})
        keys = KNOWN_KEYS.get(domain, frozenset())
        made[domain] = {
            way: [{_SETTINGS: {**{k: v for k, v in theirs.get(way, {}).items() if k not in keys}, **ours.get(way, {})}}]
            for way in dict.fromkeys((*ours, *theirs))
        }
    return made


def _without_ours(entries: Mapping[str, Payload], wanted: Mapping[str, Payload]) -> dict[str, Payload]:
    """Take our keys out of stored payloads of a domain that the update sets in its other form, and what is empty then."""
    plain = {_kind(name) for name in wanted}
    managed = {domain for name, one in wanted.items() if _kind(name) == _PREFERENCES for domain in _preferences(one)}
    made = {}
    for name, one in entries.items():
        kept = one
        if _kind(name) in managed:
            kept = {key: value for key, value in one.items() if key not in KNOWN_KEYS.get(_kind(name), ())}
        elif _kind(name) == _PREFERENCES and name not in wanted and not plain.isdisjoint(_preferences(one)):
            theirs = {domain: ways for domain, ways in _preferences(one).items() if domain not in plain}
            kept = {**one, "PayloadContent": _both({}, theirs)} if theirs else {}
        if kept is one or kept.keys() - _STRUCTURE - _REWRITTEN - _INJECTED or kept.get("PayloadContent"):
            made[name] = kept
    return made


def _names(old: Payload) -> Payload:
    """Return what Jamf and devices know a payload by."""
    return {key: old[key] for key in ("PayloadUUID", "PayloadIdentifier") if isinstance(old.get(key), str) and old[key]}

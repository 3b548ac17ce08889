"""Say for what a device refuses a whole profile: it checks the envelope and every payload it knows before it takes any.

Apple, MDM Protocol Reference, error codes: MCProfileErrorDomain 1001 (malformed, unsupported version), 1003 (type), 1007
(payload UUIDs that are not unique), 1008 (identifiers), MCPayloadErrorDomain 2001 to 2003; the keys are those of
apple/device-management@b6202ca (TopLevel.yaml, CommonPayloadKeys.yaml and a file for each payload type).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.apple.schema import KeyFault, faults
from mdm_policy.kinds.keys import vendor_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdm_policy.kinds.collector import Collector

_REQUIRED = ("PayloadType", "PayloadIdentifier", "PayloadUUID", "PayloadVersion")
SOURCE = "apple/device-management@b6202ca mdm/profiles; Apple, MDM Protocol Reference, MCProfileErrorDomain"
_HINT = "export the profile again, or write what Apple's schema asks for"
_UNIQUE = ("PayloadIdentifier", "PayloadUUID")
_LOOSE = frozenset({"com.apple.screensaver", "com.apple.screensaver.user"})
"""Preferences that macOS takes without a key which the schema requires: published baselines leave moduleName out."""
_READ_BY_OURSELVES = frozenset({"PayloadContent", "RemovalDate", "DurationUntilRemoval", "TargetDeviceType"})
"""Keys of the envelope whose reader says itself what is wrong with them."""
_BY_LANGUAGE = {"ConsentText": {"type": "dictionary", "keys": {"*": {"type": "any"}}}}
"""Keys of which real profiles name the languages at once (`default`, `en`), where the schema puts one level, ConsentTextItem,
between: no device is known to refuse either."""


def refuse_wrong(c: Collector, top: Mapping[str, Any]) -> None:
    """Take back all that was read of a profile that a device refuses, and question it where that is not certain."""
    _refuse(c, list(_profile_faults(top)))


def refuse_wrong_payload(c: Collector, payload: Mapping[str, Any]) -> None:
    """Do the same for a payload by itself; which of its own keys a console adds is not documented."""
    given = {key: payload.get(key, 1 if key == "PayloadVersion" else "x") for key in _REQUIRED}
    _refuse(c, [*_common(given, ""), *_payload_faults(payload, "")])


def _refuse(c: Collector, told: list[KeyFault]) -> None:
    said = set(c.places)
    for fault in told:
        if fault.id != "wrong-type" or not _said(fault.pointer, said):
            c.say("error", fault.id, f"{fault.message}; a device refuses the whole profile", fault.pointer, _HINT)
    certain = next((fault for fault in told if fault.certain), None)
    if certain is not None:
        why = f"devices refuse the whole profile: {certain.message}{_where(certain)}"
        c.reject_all(why, certain.pointer, _HINT, SOURCE)
    elif told:
        c.mark_uncertain(f"devices may refuse the whole profile: {told[0].message}{_where(told[0])}")


def _said(pointer: str, said: set[str]) -> bool:
    """Tell whether a place, or another entry of the same list, was complained of already."""
    base, _, last = pointer.rpartition("/")
    return pointer in said or (last.isdecimal() and any(one.rpartition("/")[0] == base for one in said))


def _where(fault: KeyFault) -> str:
    return f" (at {fault.pointer})" if fault.pointer else ""


def _profile_faults(top: Mapping[str, Any]) -> Iterator[KeyFault]:
    table = vendor_table("apple-profiles")
    yield from _common(top, "", profile=True)
    envelope = {key: said for key, said in table["profile"].items() if key not in (*_REQUIRED, *_READ_BY_OURSELVES)}
    yield from faults(top, envelope | _BY_LANGUAGE)
    content = top.get("PayloadContent")
    listed = content if isinstance(content, list) else []
    payloads = [(f"/PayloadContent/{place}", one) for place, one in enumerate(listed) if isinstance(one, dict)]
    for place, payload in payloads:
        yield from _common(payload, place)
        yield from _payload_faults(payload, place)
    for key in _UNIQUE:
        yield from _not_unique(payloads, key)


def _common(owner: Mapping[str, Any], place: str, *, profile: bool = False) -> Iterator[KeyFault]:
    """Yield what is wrong with the keys that every profile and payload must have."""
    for key in _REQUIRED:
        value = owner.get(key)
        wanted: type = int if key == "PayloadVersion" else str
        if type(value) is not wanted or (profile and key == "PayloadType" and value != "Configuration"):
            yield KeyFault(place, f"{key} is missing or wrong, and Apple requires it", id="required-key-missing")
        elif key == "PayloadVersion" and value != 1:
            message = f"PayloadVersion is {value}, and there is no version but 1"
            yield KeyFault(f"{place}/{key}", message, id="payload-version")


def _payload_faults(payload: Mapping[str, Any], place: str) -> Iterator[KeyFault]:
    """Yield what Apple's schema does not take of a payload of a type that Apple has published."""
    kind = payload.get("PayloadType")
    table = vendor_table("apple-profiles")
    keys = table["payloads"].get(kind) if isinstance(kind, str) else None
    if keys is None:
        return
    every = {key: said for key, said in table["every_payload"].items() if key not in _REQUIRED}
    for fault in faults(payload, {**every, **keys}, place):
        if not (kind in _LOOSE and fault.pointer == place):
            yield fault


def _not_unique(payloads: list[tuple[str, dict[str, Any]]], key: str) -> Iterator[KeyFault]:
    """Yield the payloads with an identifier or UUID of another payload."""
    seen: dict[str, str] = {}
    for place, payload in payloads:
        name = _folded(payload.get(key), key)
        if name and name in seen:
            message = f"the {key} is that of the payload at {seen[name]} too, and it must be unique within a profile"
            yield KeyFault(f"{place}/{key}", message, id="payloads-not-unique")
        seen.setdefault(name, place)


def _folded(value: object, key: str) -> str:
    if not isinstance(value, str):
        return ""
    return value.lower() if key == "PayloadUUID" else value

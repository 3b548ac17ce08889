"""Find the documents packed inside a document: pages of objects, base64 profiles, XML in strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents.kinds import short_type
from mdm_policy.documents.pointers import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CUSTOM_PROFILES = frozenset({"iosCustomConfiguration", "macOSCustomConfiguration"})
_JAMF_PROFILES = frozenset({"jamf-mobile-profile", "jamf-macos-profile"})


class Part(msgspec.Struct, frozen=True):
    """Point at a piece of a JSON document that is a document by itself."""

    pointer: str
    value: Any


class Base64(msgspec.Struct, frozen=True):
    """Point at a string that holds a document's bytes in base64."""

    pointer: str
    text: str


class Text(msgspec.Struct, frozen=True):
    """Point at a string that is a document; `unescapes` is how often it may have been escaped once too much."""

    pointer: str
    text: str
    unescapes: int = 0


Inner = Part | Base64 | Text


def inner_of(kind: str, value: Any) -> Iterator[Inner]:
    """Yield what is packed inside a document of a kind, in document order."""
    if kind == "graph-page":
        yield from _items(value, ()) if isinstance(value, list) else _items(value["value"], ("value",))
    elif kind == "amapi-page":
        yield from _items(value["policies"], ("policies",))
    elif kind == "amapi-patch":
        yield Part(pointer("body"), value["body"])
    elif kind == "intune-device-configuration":
        yield from _of_device_configuration(value)
    elif kind in _JAMF_PROFILES:
        payloads = value.findtext("general/payloads")
        if payloads and not payloads.isspace():
            yield Text(pointer(value.tag, "general", "payloads"), payloads, unescapes=3)


def _items(listed: list[Any], where: tuple[str, ...]) -> Iterator[Inner]:
    """Yield the objects of a list that stands at a place."""
    for index, item in enumerate(listed):
        if isinstance(item, dict):
            yield Part(pointer(*where, index), item)


def _of_device_configuration(value: dict[str, Any]) -> Iterator[Inner]:
    """Yield a custom profile's payload and the XML among OMA settings."""
    payload = value.get("payload")
    name = short_type(value)
    if isinstance(payload, str) and payload and (name in _CUSTOM_PROFILES or (not name and "payloadFileName" in value)):
        yield Base64(pointer("payload"), payload)
    settings = value.get("omaSettings")
    for index, setting in enumerate(settings if isinstance(settings, list) else ()):
        if isinstance(setting, dict) and isinstance(setting.get("value"), str):
            yield from _of_oma_setting(setting, pointer("omaSettings", index, "value"))


def _of_oma_setting(setting: dict[str, Any], where: str) -> Iterator[Inner]:
    """Yield the XML of an OMA setting, unless the server masked it.

    Secrets come back as asterisks, with `isEncrypted` set
    (learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting): that is no document, and no empty one.
    """
    text = setting["value"]
    if text.lstrip("\ufeff \t\r\n").startswith(("<", "&lt;")):
        yield Text(where, text)
    elif short_type(setting) == "omaSettingStringXml" and setting.get("isEncrypted") is not True and text.strip("* "):
        yield Base64(where, text)

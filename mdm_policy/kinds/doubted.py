"""Put in doubt what rests on a key that stands twice in one dictionary with different values, and no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.documents import split
from mdm_policy.kinds.keys import Keys
from mdm_policy.kinds.registry import kind_named

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.kinds.collector import Collector

_READ = frozenset({"carried", "served"})


def question_doubted(c: Collector, document: Document) -> bool:
    """Make unknown what a reader took from such keys: which of the values a device or server keeps is not defined.

    A list or dictionary puts in doubt what stands in it; any other value the dictionary around it, whose meaning it may
    change. A key that has nothing to do with apps puts nothing in doubt, and one that no reader knows is unjudged anyway.
    Returns whether anything is in doubt.
    """
    zones = [zone for one in document.doubts if (zone := _zone(document, one)) is not None]
    if zones:
        c.question_at(zones, "a key stands twice with different values, and which of them counts is not defined")
    return bool(zones)


def _zone(document: Document, pointer: str) -> str | None:
    """Return the place under which a doubted key puts everything in doubt, or None where it puts nothing."""
    keys: Any = kind_named(document.kind).keys
    value: Any = document.value
    for part in split(pointer):
        if isinstance(value, list):
            value = value[int(part)]
            continue
        while isinstance(keys, Keys) and keys.choose is not None:
            keys = keys.choose(value)
        keys = keys.roles.get(part, keys.rest) if isinstance(keys, Keys) else keys
        value = value[part]
    if not isinstance(keys, Keys) and keys not in _READ:
        return None
    return pointer if isinstance(value, dict | list) else pointer.rpartition("/")[0]

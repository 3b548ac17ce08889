"""Turn objects of the Graph PowerShell SDK into the JSON that Graph itself answers, each value on the line it stands on.

`Get-MgBeta... | ConvertTo-Json` writes the properties of the base type in Pascal case (`Id`, `DisplayName`), and all that the derived
type adds under `AdditionalProperties`, as Graph names it; so it does of typed objects inside, of which a type without derived
ones may lack `AdditionalProperties`. No vendor's page says so: it is what the module's output looks like.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import pointer
from mdm_policy.documents.jsonscan import places
from mdm_policy.documents.texts import decode_leniently

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document

_MORE = "AdditionalProperties"


def is_sdk(document: Document) -> bool:
    """Tell whether a document is such an object, or a list of them."""
    value = document.value
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        value = value["value"]
    listed = value if isinstance(value, list) else [value]
    return document.format == "json" and any(
        isinstance(one, dict) and isinstance(one.get(_MORE), dict) for one in listed
    )


def as_graph(document: Document) -> bytes:
    """Return the same as Graph would write it."""
    writer = _Writer(decode_leniently(document.data), document.value)
    writer.write(document.value, "")
    return "".join(writer.parts).encode() + b"\n"


class _Writer:
    """Write values in the order of the text, breaking lines where it does; documents nest no deeper than recursion bears."""

    def __init__(self, text: str, value: Any) -> None:
        self.parts: list[str] = []
        self._line = 1
        self._places = places(text, list(_pointers(value, "")))

    def write(self, value: Any, at: str, *, typed: bool = True) -> None:
        """Write a value; `typed` tells that it stands under a property of a type, so that its own keys are in Pascal case."""
        line = self._places.get(at, (0, 0))[0]
        if line > self._line:
            self.parts.append("\n" * (line - self._line))
            self._line = line
        if isinstance(value, dict):
            self._object(value, at, typed)
        elif isinstance(value, list):
            self.parts.append("[")
            for index, item in enumerate(value):
                self.parts.append(", " if index else "")
                self.write(item, f"{at}/{index}", typed=typed)
            self.parts.append("]")
        else:
            self.parts.append(json.dumps(value))

    def _object(self, value: dict[str, Any], at: str, typed: bool) -> None:
        more = value.get(_MORE) if isinstance(value.get(_MORE), dict) else None
        self.parts.append("{")
        begun = False
        for key, item, where, of_type in _entries(value, more, at, typed=typed or more is not None):
            self.parts.append(f"{', ' if begun else ''}{json.dumps(key)}: ")
            begun = True
            self.write(item, where, typed=of_type)
        self.parts.append("}")


def _entries(
    value: dict[str, Any], more: dict[str, Any] | None, at: str, *, typed: bool
) -> Iterator[tuple[str, Any, str, bool]]:
    """Yield the properties of an object with their places, and whether they are of a type that the module knows.

    Of a property that stands twice, what the derived type says counts; its keys are Graph's own.
    """
    if not typed:
        yield from ((key, item, at + pointer(key), False) for key, item in value.items())
        return
    for key, item in value.items():
        if more is not None and key == _MORE:
            yield from ((name, inner, at + pointer(_MORE, name), False) for name, inner in more.items())
            continue
        name = key[:1].lower() + key[1:]
        if name not in (more or ()) and item not in (None, {}):
            yield name, item, at + pointer(key), True


def _pointers(value: Any, at: str) -> Iterator[str]:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _pointers(item, at + pointer(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pointers(item, f"{at}/{index}")

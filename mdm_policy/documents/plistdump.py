"""Write property lists in Apple's usual look, the same bytes for the same value every time.

`plistlib` writes element by element and turns carriage returns into line feeds. Here strings are joined, an array of
them in one go, and a carriage return survives as `&#13;`.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from itertools import chain
from typing import TYPE_CHECKING, Any

from mdm_policy.documents.texts import (
    INT_MAX,
    INT_MIN,
    MAX_DEPTH,
    Path,
    describe,
    forbidden_in,
    has_forbidden,
    needs_escape,
    refuse,
    shown,
)

if TYPE_CHECKING:
    from mdm_policy.errors import PolicyError

_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
)
_STRINGS = {str}
_LINE_LENGTH = 76


def dump_plist(value: Any, *, compact: bool = False) -> bytes:
    """Write a value as an XML property list: keys sorted, one element a line, tabs.

    `compact` leaves out every line break and indent between elements and the one at the end, since Jamf's Classic API
    reads the white space between `<array>` tags as phantom empty arrays
    (github.com/deploymenttheory/terraform-provider-jamfpro, compact_whitespace.go); line feeds inside strings become
    `&#10;`. Fractions of a second are dropped: the format has none.

    Raises:
        PolicyError: `control-character`, `number-not-finite`, `number-out-of-range`, `document-too-deep` or
            `value-not-representable`.

    """
    writer = _PlistWriter(compact=compact)
    writer.write(value, "", ())
    newline = "" if compact else "\n"
    text = newline.join([*_HEADER, *writer.parts, "</plist>"]) + newline
    try:
        data = text.encode("utf-8")
        clean = not has_forbidden(data)
    except UnicodeEncodeError:
        clean = False
    if not clean:
        raise _first_forbidden(value)
    return data


def _first_forbidden(value: Any) -> PolicyError:
    """Find the string that XML cannot hold, once it is known that there is one."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while True:
        path, item = stack.pop()
        if isinstance(item, dict):
            stack.extend(((*path, key), key) for key in item)
            stack.extend(((*path, key), child) for key, child in item.items())
        elif isinstance(item, list | tuple):
            stack.extend(((*path, index), child) for index, child in enumerate(item))
        elif isinstance(item, str) and (character := forbidden_in(item)):
            message = f"the string {shown(item)} holds {describe(character)}, which XML cannot hold"
            return refuse("control-character", message, path, "remove the character")


class _PlistWriter:
    """Collect the lines of a plist's body; in a compact one they are joined without anything between."""

    def __init__(self, *, compact: bool) -> None:
        self.parts: list[str] = []
        self.compact = compact
        self.tab = "" if compact else "\t"
        self.newline = "" if compact else "\n"

    def escape(self, text: str) -> str:
        """Escape what XML reads as its own, and what it would change."""
        if needs_escape(text):
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
        return text.replace("\n", "&#10;") if self.compact else text

    def write(self, value: Any, indent: str, path: Path) -> None:
        """Write any value."""
        if len(path) > MAX_DEPTH or (len(path) == MAX_DEPTH and isinstance(value, dict | list | tuple)):
            raise refuse("document-too-deep", f"the value nests deeper than {MAX_DEPTH} levels", path)
        if isinstance(value, str):
            self.parts.append(f"{indent}<string>{self.escape(value)}</string>")
        elif isinstance(value, dict):
            self.dict(value, indent, path)
        elif isinstance(value, list | tuple):
            self.array(value, indent, path)
        elif isinstance(value, bytes | bytearray):
            self.data(bytes(value), indent)
        else:
            self.parts.append(indent + _scalar(value, path))

    def dict(self, value: dict[Any, Any], indent: str, path: Path) -> None:
        """Write a dictionary, keys sorted by code point."""
        if not value:
            self.parts.append(f"{indent}<dict/>")
            return
        if not all(isinstance(key, str) for key in value):
            raise refuse("value-not-representable", "a key is not a string", path)
        inner = indent + self.tab
        self.parts.append(f"{indent}<dict>")
        for key in sorted(value):
            self.parts.append(f"{inner}<key>{self.escape(key)}</key>")
            item = value[key]
            if type(item) is str:
                self.parts.append(f"{inner}<string>{self.escape(item)}</string>")
            else:
                self.write(item, inner, (*path, key))
        self.parts.append(f"{indent}</dict>")

    def array(self, value: list[Any] | tuple[Any, ...], indent: str, path: Path) -> None:
        """Write an array; one of strings alone is joined at once."""
        if not value:
            self.parts.append(f"{indent}<array/>")
            return
        inner = indent + self.tab
        self.parts.append(f"{indent}<array>")
        if set(map(type, value)) == _STRINGS:
            self.parts.append(self.strings(value, inner))
        else:
            for index, item in enumerate(value):
                self.write(item, inner, (*path, index))
        self.parts.append(f"{indent}</array>")

    def strings(self, value: list[str] | tuple[str, ...], inner: str) -> str:
        """Join strings into their elements, escaping each only if any needs it."""
        together = "".join(value)
        if needs_escape(together) or (self.compact and "\n" in together):
            value = [self.escape(item) for item in value]
        return f"{inner}<string>" + f"</string>{self.newline}{inner}<string>".join(value) + "</string>"

    def data(self, value: bytes, indent: str) -> None:
        """Write data as base64, in lines as long as Apple's and plistlib's."""
        text = base64.b64encode(value).decode("ascii")
        if self.compact or not text:
            self.parts.append(f"{indent}<data>{text}</data>")
            return
        width = max(16, _LINE_LENGTH - 8 * len(indent)) // 4 * 4
        lines = (indent + text[at : at + width] for at in range(0, len(text), width))
        self.parts.extend(chain([f"{indent}<data>"], lines, [f"{indent}</data>"]))


def _scalar(value: Any, path: Path) -> str:
    """Write a number, truth value or date."""
    if isinstance(value, bool):
        return "<true/>" if value else "<false/>"
    if isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise refuse("number-out-of-range", "the integer has more than 64 bits", path)
        return f"<integer>{value}</integer>"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise refuse("number-not-finite", f"the number {value} is not finite", path)
        return f"<real>{value!r}</real>"
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC)
        return f"<date>{value.year:04d}-{value:%m-%dT%H:%M:%SZ}</date>"
    raise refuse("value-not-representable", f"a plist cannot hold a value of type {type(value).__name__}", path)

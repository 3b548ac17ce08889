"""Say where a document holds another one: the three ways in which a document may stand inside a document."""

from __future__ import annotations

from typing import Any

import msgspec


class EmbeddedPart(msgspec.Struct, frozen=True):
    """Point at a piece of a JSON document that is a document by itself."""

    pointer: str
    value: Any


class EmbeddedBase64(msgspec.Struct, frozen=True):
    """Point at a string that holds a document's bytes in base64."""

    pointer: str
    text: str


class EmbeddedText(msgspec.Struct, frozen=True):
    """Point at a string that is a document; `unescapes` is how often it may have been escaped once too much."""

    pointer: str
    text: str
    unescapes: int = 0


Embedded = EmbeddedPart | EmbeddedBase64 | EmbeddedText

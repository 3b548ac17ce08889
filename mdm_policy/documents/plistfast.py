"""Read the property lists programs write, without an XML parser.

Nearly every plist is plain: declaration, Apple's DOCTYPE, elements without attributes, text without entities other
than XML's five. Such a text needs no general parser, and a list of 100,000 bundle identifiers is read by splitting it
once. Whatever is not plain, wrong or only unusual, yields `UNSURE`: the strict parser then reads it from the start and
says what it is. So this module may only ever know less than that parser; a test holds it to that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mdm_policy.documents.texts import MAX_DEPTH, is_stray

if TYPE_CHECKING:
    from mdm_policy.documents.texts import TextSource, WhiteSpace


class _Unsure:
    """Stand for `read it with the strict parser`."""


UNSURE: Final = _Unsure()

_HEAD = re.compile(
    r'(?:<\?xml version="1\.0" encoding="UTF-8"\?>[ \t\n]*)?'
    r'(?:<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1\.0//EN" "http://www\.apple\.com/DTDs/PropertyList-1\.0\.dtd">)?'
    r'[ \t\n]*<plist version="1(?:\.0)?">'
)
_ITEM = re.compile(
    r"[ \t\n]*(?:<key>([^<]*)</key>[ \t\n]*)?"
    r"<(?:(string)>([^<]*)</string>|(integer)>(-?[0-9]{1,18})</integer>|(true/|false/|dict|array|dict/|array/|string/|/dict|/array|/plist)>)"
)
_STRING = re.compile(r"[ \t\n]*<string>")
_ENTITY = re.compile(r"&([^;&]{0,8});?")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#13;": "\r", "&#10;": "\n"}
_EMPTY: dict[str, Any] = {"true/": True, "false/": False, "string/": ""}


class _NotPlainError(Exception):
    """Leave the fast path."""


def parse_fast(source: TextSource, white_space: WhiteSpace) -> Any:
    """Return the value of a plain XML plist, or `UNSURE`."""
    text = source.text
    head = _HEAD.match(text)
    if head is None or source.encoding == "utf-16" or "\r" in text or ("]" in text and "]]>" in text):
        return UNSURE
    try:
        return _FastReader(text, strict=white_space == "error").read(head.end())
    except _NotPlainError:
        return UNSURE


class _FastReader:
    """Walk over a plain plist's text, element by element."""

    def __init__(self, text: str, *, strict: bool) -> None:
        self.text = text
        self.strict = strict
        self.entities = "&" in text

    def read(self, position: int) -> Any:
        """Return the one value between `position` and `</plist>`."""
        match = _ITEM.match
        stack: list[Any] = []
        root: list[Any] = []
        container: Any = root
        while True:
            item = match(self.text, position)
            if item is None:
                raise _NotPlainError
            position = item.end()
            key, string, content, integer, digits, tag = item.groups()
            if string:
                value: Any = self.clean(content)
            elif integer:
                value = int(digits)
            elif tag in _EMPTY:
                value = _EMPTY[tag]
            elif tag[0] == "/":
                if key is not None or (tag == "/plist") != (not stack) or not _closes(tag, container):
                    raise _NotPlainError
                if tag == "/plist":
                    return self.finish(root, position)
                container = stack.pop()
                continue
            else:
                value = {} if tag[:4] == "dict" else []
            self.put(container, key, value)
            if tag in ("dict", "array"):
                stack.append(container)
                container = value
                if len(stack) > MAX_DEPTH:
                    raise _NotPlainError
                if tag == "array":
                    position = self.strings(value, position)

    def put(self, container: Any, key: str | None, value: Any) -> None:
        """Place a value in the container it stands in."""
        if key is None:
            if type(container) is dict:
                raise _NotPlainError
            container.append(value)
            return
        key = self.clean(key)
        if type(container) is not dict or key in container:
            raise _NotPlainError
        container[key] = value

    def finish(self, root: list[Any], position: int) -> Any:
        """Return the root's one value, if nothing but white space follows."""
        if len(root) != 1 or self.text[position:].strip(" \t\n"):
            raise _NotPlainError
        return root[0]

    def strings(self, array: list[Any], position: int) -> int:
        """Read an array of nothing but evenly laid out strings by splitting it; return where to go on."""
        first = _STRING.match(self.text, position)
        if first is None:
            return position
        end = self.text.find("</array>", position)
        close = self.text.rfind("</string>", position, end)
        gap = self.text[position : first.end()]
        if close < 0 or self.text[close + 9 : end].strip(" \t\n"):
            return position
        body = self.text[first.end() : close]
        parts = body.split("</string>" + gap)
        if body.count("<") != 2 * (len(parts) - 1):
            return position
        if self.entities and "&" in body:
            parts = [self.clean(part) for part in parts]
        elif self.strict and parts != list(map(str.strip, parts)):
            raise _NotPlainError
        array.extend(parts)
        return close + 9

    def clean(self, text: str) -> str:
        """Replace entities and refuse white space around a string, where that is asked."""
        if self.entities and "&" in text:
            text = _ENTITY.sub(_replace, text)
        if self.strict and text != text.strip() and is_stray(text):
            raise _NotPlainError
        return text


def _replace(match: re.Match[str]) -> str:
    """Return what an entity stands for."""
    try:
        return _ENTITIES[match.group()]
    except KeyError:
        raise _NotPlainError from None


def _closes(tag: str, container: Any) -> bool:
    """Tell whether an end tag fits the container it ends."""
    return tag == "/plist" or (tag == "/dict") == (type(container) is dict)

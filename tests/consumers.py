"""Model, apart from the program, what the readers on the other side take: Apple's of property lists, Windows' of XML, RFC 8259.

Written from the descriptions alone (CoreFoundation CFPropertyList.c, XML 1.0 with namespaces, RFC 8259), one character after the
other, with nothing of the program's and no library. Each model says yes or no to a text.
"""

from __future__ import annotations

import re

SPACE = " \t\r\n"
_NAME = re.compile(
    r"[A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131][-A-Za-z0-9._\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131]*"
)
_LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


class _NoError(Exception):
    """Say no."""


class _Cursor:
    """Stand in a text, and go on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def starts(self, what: str) -> bool:
        return self.text.startswith(what, self.at)

    def take(self, what: str) -> None:
        if not self.starts(what):
            raise _NoError
        self.at += len(what)

    def until(self, what: str) -> str:
        end = self.text.find(what, self.at)
        if end < 0:
            raise _NoError
        found = self.text[self.at : end]
        self.at = end + len(what)
        return found

    def space(self) -> bool:
        before = self.at
        while self.at < len(self.text) and self.text[self.at] in SPACE:
            self.at += 1
        return self.at > before

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _NoError
        self.at = found.end()
        return found[0]

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)


_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN_CHARS = re.compile(r'[^"\\\x00-\x1f]+')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')


def takes_json(text: str, *, once: bool) -> bool:
    """Tell whether a strict reader of JSON takes a text; with `once` each key may stand once in its object."""
    cursor = _Cursor(text)
    try:
        _json(cursor, once=once)
        cursor.space()
    except (_NoError, IndexError):
        return False
    return cursor.ended


def _json(cursor: _Cursor, *, once: bool) -> None:
    cursor.space()
    first = cursor.text[cursor.at]
    if first == '"':
        _json_string(cursor)
    elif first in "{[":
        _json_many(cursor, once=once)
    elif word := next((one for one in ("true", "false", "null") if cursor.starts(one)), ""):
        cursor.take(word)
    else:
        _json_number(cursor)


def _json_many(cursor: _Cursor, *, once: bool) -> None:
    closing = {"{": "}", "[": "]"}[cursor.text[cursor.at]]
    cursor.at += 1
    keys: set[str] = set()
    cursor.space()
    while not cursor.starts(closing):
        if closing == "}":
            key = _json_string(cursor)
            if once and key in keys:
                raise _NoError
            keys.add(key)
            cursor.space()
            cursor.take(":")
        _json(cursor, once=once)
        cursor.space()
        if cursor.starts(closing):
            break
        cursor.take(",")
        cursor.space()
        if cursor.starts(closing):
            raise _NoError
    cursor.take(closing)


def _json_number(cursor: _Cursor) -> None:
    found = cursor.match(_NUMBER)
    whole = not any(sign in found for sign in ".eE")
    if (whole and not -(2**63) <= int(found) < 2**64) or (not whole and abs(float(found)) == float("inf")):
        raise _NoError


def _json_string(cursor: _Cursor) -> str:
    cursor.take('"')
    parts: list[str] = []
    while not cursor.starts('"'):
        if cursor.starts("\\"):
            word = cursor.match(_ESCAPE)
            short = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
            parts.append(chr(int(word.partition("u")[2], 16)) if word[1] == "u" else short.get(word[1], word[1]))
        else:
            parts.append(cursor.match(_PLAIN_CHARS))
    cursor.take('"')
    joined = "".join(parts)
    try:
        return joined.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _NoError from None


class _Element:
    """Hold an open element: its name, the prefixes that are known in it, and what it holds so far."""

    def __init__(self, name: str, prefixes: dict[str, str]) -> None:
        self.name = name
        self.prefixes = prefixes
        self.text = False
        self.split = False


def takes_xml(text: str) -> bool:
    """Tell whether a reader of XML 1.0 with namespaces takes a text without a DTD, and every value of it whole."""
    cursor = _Cursor(text)
    try:
        _xml(cursor)
    except (_NoError, IndexError):
        return False
    return _LEGAL.fullmatch(text) is not None


_XML_DECLARATION = re.compile(
    r"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    r"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"utf-8"|'utf-8'|"UTF-8"|'UTF-8'))?"""
    r"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>"""
)


def _xml(cursor: _Cursor) -> None:
    declared = _XML_DECLARATION.match(cursor.text)
    cursor.at = declared.end() if declared else 0
    roots = 0
    stack: list[_Element] = []
    while not cursor.ended:
        if cursor.starts("<!--"):
            _comment(cursor, stack)
        elif cursor.starts("<?"):
            _instruction(cursor, stack)
        elif cursor.starts("<![CDATA["):
            _cdata(cursor, stack)
        elif cursor.starts("</"):
            _end(cursor, stack)
        elif cursor.starts("<"):
            roots += not stack
            _start(cursor, stack)
        else:
            _text(cursor, stack)
    if stack or roots != 1:
        raise _NoError


def _comment(cursor: _Cursor, stack: list[_Element]) -> None:
    cursor.take("<!--")
    said = cursor.until("-->")
    if "--" in said or said.endswith("-"):
        raise _NoError
    if stack:
        stack[-1].split = True


def _instruction(cursor: _Cursor, stack: list[_Element]) -> None:
    cursor.take("<?")
    name = cursor.match(_NAME)
    if name.lower() == "xml":
        raise _NoError
    if not cursor.starts("?>") and not cursor.space():
        raise _NoError
    cursor.until("?>")
    if stack:
        stack[-1].split = True


def _cdata(cursor: _Cursor, stack: list[_Element]) -> None:
    cursor.take("<![CDATA[")
    if cursor.until("]]>").strip(SPACE) and stack:
        stack[-1].text = True
    if not stack:
        raise _NoError


_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);")


def _references(text: str) -> str:
    """Return a text with its references resolved; one that is none, or names no character, is refused."""
    if "&" in _REFERENCE.sub("", text):
        raise _NoError
    parts = []
    for found in _REFERENCE.finditer(text):
        word = found[0][1:-1]
        if word[:1] == "#":
            number = int(word.partition("x")[2], 16) if word[1] == "x" else int(word[1:])
            if number > 0x10FFFF or not _LEGAL.fullmatch(chr(number)):
                raise _NoError
            parts.append(chr(number))
    return _REFERENCE.sub("x", text)


def _text(cursor: _Cursor, stack: list[_Element]) -> None:
    end = cursor.text.find("<", cursor.at)
    said = cursor.text[cursor.at : end if end >= 0 else len(cursor.text)]
    cursor.at += len(said)
    if "]]>" in said or (not stack and said.strip(SPACE)):
        raise _NoError
    if _references(said).strip(SPACE) and stack:
        stack[-1].text = True


def _end(cursor: _Cursor, stack: list[_Element]) -> None:
    cursor.take("</")
    element = stack.pop()
    cursor.take(element.name)
    cursor.space()
    cursor.take(">")
    if element.text and element.split:
        raise _NoError


_QUALIFIED = re.compile(rf"{_NAME.pattern}(?::{_NAME.pattern})?")
_XML_SPACE = "http://www.w3.org/XML/1998/namespace"
_XMLNS_SPACE = "http://www.w3.org/2000/xmlns/"


def _start(cursor: _Cursor, stack: list[_Element]) -> None:
    cursor.take("<")
    name = cursor.match(_QUALIFIED)
    attributes: dict[str, str] = {}
    while True:
        spaced = cursor.space()
        if cursor.starts("/>") or cursor.starts(">"):
            break
        key = cursor.match(_QUALIFIED) if spaced else ""
        if not key or key in attributes:
            raise _NoError
        cursor.space()
        cursor.take("=")
        cursor.space()
        quote = cursor.text[cursor.at]
        if quote not in "\"'":
            raise _NoError
        cursor.at += 1
        value = cursor.until(quote)
        if "<" in value:
            raise _NoError
        _references(value)
        attributes[key] = value
    prefixes = dict(stack[-1].prefixes) if stack else {"xml": _XML_SPACE}
    _declare(attributes, prefixes)
    _resolve(name, attributes, prefixes)
    if cursor.starts("/>"):
        cursor.take("/>")
    else:
        cursor.take(">")
        stack.append(_Element(name, prefixes))


def _declare(attributes: dict[str, str], prefixes: dict[str, str]) -> None:
    for key, value in attributes.items():
        prefix = key.partition(":")[2] if key.startswith("xmlns:") else None
        if key == "xmlns" and value in (_XML_SPACE, _XMLNS_SPACE):
            raise _NoError
        if prefix is None:
            continue
        if not value or prefix == "xmlns" or value == _XMLNS_SPACE or (prefix == "xml") != (value == _XML_SPACE):
            raise _NoError
        prefixes[prefix] = value


def _resolve(name: str, attributes: dict[str, str], prefixes: dict[str, str]) -> None:
    seen: set[tuple[str, str]] = set()
    for key in (name, *attributes):
        prefix, colon, local = key.partition(":")
        if not colon or prefix == "xmlns":
            continue
        if prefix not in prefixes:
            raise _NoError
        if key in attributes:
            if (prefixes[prefix], local) in seen:
                raise _NoError
            seen.add((prefixes[prefix], local))


def takes_plist(text: str) -> bool:
    """Tell whether CoreFoundation's own reader takes an XML property list: what may stand in each element, and nothing else."""
    cursor = _Cursor(text)
    try:
        _between(cursor)
        if cursor.starts("<!DOCTYPE"):
            cursor.until(">")
            _between(cursor)
        _root(cursor)
        _between(cursor)
        _value(cursor)
        _between(cursor)
        cursor.take("</plist")
        cursor.space()
        cursor.take(">")
        _between(cursor)
    except (_NoError, IndexError):
        return False
    return cursor.ended


def _root(cursor: _Cursor) -> None:
    cursor.take("<plist")
    if cursor.until(">").endswith("/"):
        raise _NoError


def _between(cursor: _Cursor) -> None:
    while True:
        cursor.space()
        if cursor.starts("<!--"):
            cursor.until("-->")
        elif cursor.starts("<?"):
            cursor.until("?>")
        else:
            return


_TAG = re.compile(r"<(dict|array|string|key|integer|real|true|false|date|data)([ \t\r\n]*)(/?)>")


def _value(cursor: _Cursor) -> str:
    found = _TAG.match(cursor.text, cursor.at)
    if found is None:
        raise _NoError
    cursor.at = found.end()
    tag = found[1]
    if found[3]:
        return tag
    if tag == "dict":
        _members(cursor)
    elif tag == "array":
        _between(cursor)
        while not cursor.starts("</"):
            if _value(cursor) == "key":
                raise _NoError
            _between(cursor)
    elif tag in ("string", "key"):
        _string(cursor)
    elif "&" in cursor.text[cursor.at : cursor.text.index("<", cursor.at)] or (
        tag in ("true", "false") and not cursor.starts("</")
    ):
        raise _NoError
    else:
        cursor.at = cursor.text.index("<", cursor.at)
    cursor.take(f"</{tag}")
    cursor.space()
    cursor.take(">")
    return tag


def _members(cursor: _Cursor) -> None:
    _between(cursor)
    while not cursor.starts("</"):
        if _value(cursor) != "key":
            raise _NoError
        _between(cursor)
        if _value(cursor) == "key":
            raise _NoError
        _between(cursor)


def _string(cursor: _Cursor) -> None:
    while not cursor.starts("</"):
        if cursor.starts("<![CDATA["):
            cursor.take("<![CDATA[")
            cursor.until("]]>")
        elif cursor.starts("<"):
            raise _NoError
        else:
            end = cursor.text.index("<", cursor.at)
            _references(cursor.text[cursor.at : end])
            cursor.at = end

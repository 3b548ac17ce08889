"""Read a JSON text token by token, for places only: where a defect stands, and where a pointer leads.

The scanner does not judge grammar (`json.loads` does, and says where); it follows a text as far as it makes sense,
without recursion, so that no input can overthrow it.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mdm_policy.documents.pointers import pointer
from mdm_policy.documents.texts import INT_MAX, INT_MIN, MAX_DEPTH, TextPlaces, is_stray, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mdm_policy.documents.texts import TextReport, TextSource

_TOKEN = re.compile(
    r'[ \t\r\n]*+(?:([\[\]{},:])|("[^"\\]*(?:\\.[^"\\]*)*+")|([^\s"\[\]{},:]++))',
    re.DOTALL,
)
_MEANING = re.compile(
    r'[ \t\r\n,:]*+(?:([\[\]{}])|("[^"\\]*(?:\\.[^"\\]*)*+")([ \t\r\n]*+:)?|([^\s"\[\]{},:]++))',
    re.DOTALL,
)
_SPACE = re.compile(r"[ \t\r\n]*").match
_COMMA = re.compile(r"[ \t\r\n]*+,[ \t\r\n]*+").match
_DECODER: Any = json.JSONDecoder(strict=False)
_scan: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once
_INTEGER = re.compile(r"-?[0-9]+")
_REAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STRING, _KEY, _PLAIN = 2, 3, 4
"""Groups of `_MEANING`; the first is a bracket."""
_SURELY_SMALL = 18
"""Digits of which every number fits into 64 bits."""
_DIGITS = 20
"""No integer of 64 bits has more digits, and Python refuses to convert very long ones."""


class _Container:
    """Hold an object or array being read: how many items came, and the keys seen."""

    __slots__ = ("index", "key", "keys", "path")

    def __init__(self, path: str, *, is_object: bool) -> None:
        self.path = path
        self.index = 0
        self.key: str | None = None
        self.keys: set[str] | None = set() if is_object else None


def check(source: TextSource, report: TextReport, *, strict: bool, unique: bool = True) -> None:
    """Report duplicate keys (if keys must be `unique`), numbers out of bounds, unpaired surrogates, depth and (when strict) stray white space."""
    stack: list[set[str]] = []
    places = TextPlaces(source.text)
    match = _MEANING.match
    position = 0
    while found := match(source.text, position):  # until something is no token
        position = found.end()
        kind = found.lastindex or 0
        if kind == _PLAIN:
            word = found[_PLAIN]
            if len(word) > _SURELY_SMALL or not word.isdigit():
                _check_number(places, report, word, found.start(_PLAIN))
        elif kind in (_KEY, _STRING):
            word = found[_STRING]
            text = _unquote(word) if "\\" in word else word[1:-1]
            if kind == _KEY and stack:
                keys = stack[-1]
                if unique and text in keys:
                    _told_twice(places, report, text, found.start(_STRING))
                keys.add(text)
            if "\\" in word or (strict and text.strip() != text):
                _check_string(places, report, (word, text), found.start(_STRING), strict=strict)
        elif found[1] in "{[":
            stack.append(set())
            if len(stack) > MAX_DEPTH:
                place = places.of(found.start(1))
                report.fail("document-too-deep", f"the document nests deeper than {MAX_DEPTH} levels", place)
        elif stack:
            stack.pop()
        else:
            return


def _told_twice(places: TextPlaces, report: TextReport, key: str, offset: int) -> None:
    """Report a key that its object has had before."""
    message = f"the key {shown(key)} appears twice in one object"
    hint = "keep one: which of them a server obeys is not defined"
    report.add("duplicate-key", message, places.of(offset), hint)


def _check_string(
    places: TextPlaces, report: TextReport, string: tuple[str, str], offset: int, *, strict: bool
) -> None:
    """Report what is wrong with one string, given as it stands and as what it means."""
    word, text = string
    if SURROGATE.search(word) and any("\ud800" <= character <= "\udfff" for character in text):
        message = "the string holds an unpaired surrogate, which is not a character"
        report.add("control-character", message, places.of(offset), "remove it")
    elif strict and is_stray(text):
        message = f"the string {shown(text)} begins or ends in white space"
        hint = "remove it: devices compare identifiers byte for byte"
        report.add("stray-white-space", message, places.of(offset), hint)


def _check_number(places: TextPlaces, report: TextReport, word: str, offset: int) -> None:
    """Report a number that is infinite, none at all, or too long for 64 bits."""
    if _INTEGER.fullmatch(word):
        if len(word) > _DIGITS or not INT_MIN <= int(word) <= INT_MAX:
            report.add("number-out-of-range", "the integer has more than 64 bits", places.of(offset))
    elif word in ("NaN", "Infinity", "-Infinity"):
        message = f"the document holds {word}, which is not JSON"
        report.add("number-not-finite", message, places.of(offset))
    elif _REAL.fullmatch(word) and not math.isfinite(float(word)):
        report.add("number-not-finite", f"the number {shown(word)} is too large", places.of(offset))


def places(text: str, wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return line and column of the value behind each pointer that leads to one, in one pass.

    What no pointer leads into is passed over whole, by the scanner of `json`. A text it does not take is followed token
    by token.
    """
    asked = set(wanted)
    try:
        offsets = _Finder(text, asked).find()
    except (StopIteration, ValueError, RecursionError, IndexError):
        offsets = _by_token(text, asked)
    found: dict[str, tuple[int, int]] = {}
    line, seen = 1, 0
    for path, offset in sorted(offsets.items(), key=lambda one: one[1]):
        line += text.count("\n", seen, offset)
        seen = offset
        found[path] = (line, offset - text.rfind("\n", 0, offset))
    return found


class _FoundError(Exception):
    """Leave the rest of a text unread."""


class _Finder:
    """Go down only where a pointer leads."""

    def __init__(self, text: str, wanted: set[str]) -> None:
        self.text = text
        self.left = wanted
        self.found: dict[str, int] = {}
        self.ways: dict[str, set[str]] = {}
        """The parts by which pointers go on, by the pointer so far."""
        for path in wanted:
            above, slash, part = path.rpartition("/")
            while slash and part not in self.ways.setdefault(above, set()):
                self.ways[above].add(part)
                above, slash, part = above.rpartition("/")

    def find(self) -> dict[str, int]:
        """Return the offset of each value."""
        with suppress(_FoundError):
            self.value(0, "")
        return self.found

    def value(self, position: int, path: str) -> int:
        """Look at the value at a position, and return where it ends."""
        position = self.space(position)
        if path in self.left and path not in self.found:
            self.found[path] = position
            if len(self.found) == len(self.left):
                raise _FoundError
        first = self.text[position]
        if path not in self.ways or first not in "[{":
            return _scan(self.text, position)[1]
        return self.list(position, path) if first == "[" else self.object(position, path)

    def list(self, position: int, path: str) -> int:
        """Look at the items of a list."""
        wanted = {int(part) for part in self.ways[path] if part.isdecimal() and str(int(part)) == part}
        text = self.text
        position = self.space(position + 1)
        index = 0
        while text[position] != "]":
            end = self.value(position, f"{path}/{index}") if index in wanted else _scan(text, position)[1]
            position = self.between(end, "]")
            index += 1
        return position + 1

    def object(self, position: int, path: str) -> int:
        """Look at the members of an object."""
        wanted = self.ways[path]
        position = self.space(position + 1)
        while self.text[position] != "}":
            key, position = _scan(self.text, position)
            position = self.space(position)
            if self.text[position] != ":":
                raise ValueError
            position = self.space(position + 1)
            part = pointer(key)
            end = self.value(position, path + part) if part[1:] in wanted else _scan(self.text, position)[1]
            position = self.between(end, "}")
        return position + 1

    def between(self, position: int, end: str) -> int:
        """Pass over a comma, if it is not the end that comes."""
        comma = _COMMA(self.text, position)
        if comma:
            return comma.end()
        position = self.space(position)
        if self.text[position] != end:
            raise ValueError
        return position

    def space(self, position: int) -> int:
        """Pass over white space."""
        if self.text[position] > " ":
            return position
        found = _SPACE(self.text, position)
        return found.end() if found else position


def _by_token(text: str, wanted: set[str]) -> dict[str, int]:
    """Return the offset of the value behind each pointer, as far as a damaged text makes sense."""
    left = set(wanted)
    found: dict[str, int] = {}
    stack: list[_Container] = []
    for word, offset in _tokens(text):
        if not left:
            break
        if word in "}]":
            if not stack:
                break
            stack.pop()
            continue
        container = stack[-1] if stack else None
        if word in ",:":
            if container is not None and word == ",":
                container.index += 1
                container.key = None
            continue
        if container is None:
            path = ""
        elif container.keys is None:
            path = f"{container.path}/{container.index}"
        elif container.key is None:
            container.key = _unquote(word)
            continue
        else:
            path = container.path + pointer(container.key)
        if path in left:
            left.discard(path)
            found[path] = offset
        if word in "{[":
            stack.append(_Container(path, is_object=word == "{"))
    return found


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield punctuation, strings and bare words with their offsets, until something is neither."""
    position = 0
    match = _TOKEN.match
    while found := match(text, position):
        start = found.start(found.lastindex or 0)
        position = found.end()
        yield text[start:position], start


def _unquote(word: str) -> str:
    """Return what a string token means; a damaged one as it stands, since `json.loads` will report it."""
    if "\\" not in word:
        return word.strip('"')
    try:
        return str(json.loads(word))
    except ValueError:
        return word.strip('"')

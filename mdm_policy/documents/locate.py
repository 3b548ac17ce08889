"""Find the line and column behind a pointer, only when a finding needs them.

Parsing keeps no positions: it would cost every document what one finding in a thousand uses. Here the text is read
once more, and all pointers asked for are answered in that one pass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Literal
from xml.parsers import expat

from mdm_policy.documents import jsonscan
from mdm_policy.documents.binaries import is_binary
from mdm_policy.documents.pointers import indexed, of_value, pointer, to_key
from mdm_policy.documents.prolog import read_prolog
from mdm_policy.documents.texts import decode_leniently

if TYPE_CHECKING:
    from collections.abc import Iterable

Format = Literal["plist", "json", "xml"]
Place = tuple[int, int]


def locate(data: bytes, format: Format, pointer: str) -> Place:  # noqa: A002 - the word of the field
    """Return line and column, from 1, of what a pointer leads to; (0, 0) when it leads nowhere. Never raises."""
    return locate_all(data, format, (pointer,)).get(pointer, (0, 0))


def locate_all(data: bytes, format: Format, pointers: Iterable[str]) -> dict[str, Place]:  # noqa: A002 - as above
    """Return the place of each pointer that leads somewhere, in one pass over the document. Never raises."""
    if format == "plist" and is_binary(data):
        return {}
    text = decode_leniently(data)
    if format == "plist":
        return plist_places(text, pointers)
    # A key stands where its value does; a person looks on that line.
    values = {one: of_value(one) for one in pointers}
    found = jsonscan.places(text, values.values()) if format == "json" else xml_places(text, values.values())
    return {one: found[value] for one, value in values.items() if value in found}


def xml_places(text: str, pointers: Iterable[str]) -> dict[str, Place]:
    """Return the places of XML elements; an attribute stands where its element does."""
    return _search(_XmlWalker(), text, {wanted: indexed(wanted) for wanted in pointers})


def plist_places(text: str, pointers: Iterable[str]) -> dict[str, Place]:
    """Return the places of the elements that hold plist values."""
    return _search(_PlistWalker(), text, {wanted: wanted for wanted in pointers})


class _AllFoundError(Exception):
    """Leave the rest of a text unread."""


class _Walker(ABC):
    """Follow an XML text and note where each path begins that somebody asked for."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.wanted: set[str] = set()
        self.ways: set[str] = {""}
        """Paths that lead to wanted ones."""
        self.found: dict[str, Place] = {}

    def want(self, paths: Iterable[str]) -> None:
        """Take the paths that somebody asks for."""
        self.wanted.update(paths)
        for path in self.wanted:
            above = path.rpartition("/")[0]
            while above and above not in self.ways:
                self.ways.add(above)
                above = above.rpartition("/")[0]

    @abstractmethod
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""

    @abstractmethod
    def end(self, tag: str) -> None:
        """Take the end of an element."""

    def note(self, path: str, at: Place | None = None) -> None:
        """Keep a place, without one the parser's, under a path, the first time somebody's path is met."""
        if path in self.wanted and path not in self.found:
            self.found[path] = at or (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
            if len(self.found) == len(self.wanted):
                raise _AllFoundError


_ASIDE: tuple[str, dict[str, int]] = ("/", {})
"""Stands for elements into which no path leads; no path ends in a slash."""


class _XmlWalker(_Walker):
    """Name each element by its ancestors and its index among siblings of its name."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, int]]] = [("", {})]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        del attributes
        path, counts = self.stack[-1]
        if len(self.stack) == 1:
            self.note("")
        if path not in self.ways:
            self.stack.append(_ASIDE)
            return
        index = counts.get(tag, 0)
        counts[tag] = index + 1
        path += pointer(tag, index)
        self.note(path)
        self.stack.append((path, {}))

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        del tag
        self.stack.pop()


class _PlistWalker(_Walker):
    """Name each value by the keys and indexes that lead to it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = []
        self.indexes: list[int] = []
        self.key = ""
        self.chunks: list[str] | None = None
        self.at: Place = (0, 0)
        self.parser.CharacterDataHandler = self.text

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element: a key, or a value."""
        del attributes
        if tag == "key":
            self.chunks = []
            self.at = (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
            return
        kind, path = self.stack[-1] if self.stack else ("", "")
        if kind == "dict":
            path += pointer(self.key)
            self.note(to_key(path), self.at)
        elif kind == "array":
            path = f"{path}/{self.indexes[-1]}"
            self.indexes[-1] += 1
        if tag != "plist":
            self.note(path)
        self.stack.append((tag, path))
        self.indexes.append(0)

    def text(self, data: str) -> None:
        """Take character data, which matters in keys alone."""
        if self.chunks is not None:
            self.chunks.append(data)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if tag == "key":
            self.key = "".join(self.chunks or ())
            self.chunks = None
        else:
            self.stack.pop()
            self.indexes.pop()


def _search(walker: _Walker, text: str, wanted: dict[str, str]) -> dict[str, Place]:
    """Run a walker as far as the text is well-formed, and answer in the words of the question."""
    prolog = read_prolog(text)
    if prolog.doctype and prolog.doctype[1] < 0:
        return {}
    blanks = "\n" * text.count("\n", 0, prolog.root)
    column = prolog.root - text.rfind("\n", 0, prolog.root) - 1
    walker.want(wanted.values())
    with suppress(expat.ExpatError, _AllFoundError):
        walker.parser.Parse((blanks + " " * column + text[prolog.root :]).encode("utf-8", "replace"), True)
    return {question: walker.found[path] for question, path in wanted.items() if path in walker.found}

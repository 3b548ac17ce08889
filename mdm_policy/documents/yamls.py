"""Turn YAML that others wrote into the JSON it stands for, each value on the line it has in the YAML file.

IntuneCD writes Graph objects as YAML, Fleet keeps its GitOps files in it. The JSON made here is read by the strict
parser that all JSON goes through, so depth, repeated keys and numbers that are none are judged in one place, and the
line a finding names is the line of the user's file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from mdm_policy.documents.texts import MAX_DEPTH, TextReport, check_values, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_PLAIN = ("null", "bool", "int", "float")
"""YAML types that JSON has too; a date, which JSON has not, stays the text it is written as."""
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset({None, "!", *(f"{_CORE}{name}" for name in (*_PLAIN, "str", "timestamp"))})
_MERGE = "<<"
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9][0-9_]*)+(?:\.[0-9_]*)?")
"""Numbers to the base of sixty (YAML 1.1 alone): 12:30 is a time to whoever wrote it, and a text to every other reader."""
_SURELY_SMALL = 18
"""Digits of which every number fits into 64 bits."""
_quoted = json.encoder.encode_basestring_ascii
_TOO_DEEP = "maximum nesting depth"
"""What the libyaml of PyYAML 6.0.4 says of deep brackets, before it hands out the first of them."""


def as_json(name: str, data: bytes, max_size: int) -> bytes:
    """Return the JSON of a YAML file.

    Raises:
        PolicyError: `document-syntax`, `yaml-alias`, `yaml-tag` or what keeps the bytes from being text.

    """
    source = decode(name, data, max_size)
    check_values(source, "yaml", max_size)
    text = source.text
    report = TextReport(name)
    writer = _JsonWriter(report)
    try:
        for event in _events(text):
            writer.take(event)
    except yaml.YAMLError as bad:
        mark = getattr(bad, "problem_mark", None) or getattr(bad, "context_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        problem = str(getattr(bad, "problem", None) or bad)
        if _TOO_DEEP in problem:
            report.fail("document-too-deep", f"values nest more than {MAX_DEPTH} deep", place, "this is not a policy")
        else:
            report.fail("document-syntax", f"not valid YAML: {problem}", place)
    report.stop_if_any()
    return "".join(writer.parts).encode("utf-8", "surrogatepass") + b"\n"


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text.encode("utf-8", "surrogatepass") if yaml.__with_libyaml__ else text)
    try:
        while (event := loader.get_event()).__class__ is not StreamEndEvent:
            yield event
    finally:
        loader.dispose()


class _JsonWriter:
    """Write JSON as the events come, breaking lines where the YAML did; no recursion, whatever the depth."""

    def __init__(self, report: TextReport) -> None:
        self.parts: list[str] = []
        self._report = report
        self._line = 0
        self._open: list[list[Any]] = []
        """Per open collection: whether it is a mapping, and how many nodes it holds so far."""
        self._resolver: Any = _LOADER("")
        self._documents = 0

    def take(self, event: Any) -> None:
        """Write one event; the commonest kinds are asked for first."""
        kind = event.__class__
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            self._start(event)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            mapping, _ = self._open.pop()
            self.parts.append("}" if mapping else "]")
        elif kind is DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                self._fail(event, "document-syntax", "the file holds a second YAML document", "keep one a file")
        elif kind is AliasEvent:
            said = f"`*{event.anchor}` is an alias, which can make a small file huge"
            self._fail(event, "yaml-alias", said, "write the value itself")

    def _fail(self, event: Any, id_: str, message: str, hint: str = "") -> None:
        mark = event.start_mark
        self._report.fail(id_, message, (mark.line + 1, mark.column + 1), hint)

    def _start(self, event: Any) -> None:
        mapping = isinstance(event, MappingStartEvent)
        if event.tag not in (None, f"{_CORE}map", f"{_CORE}seq"):
            self._fail(event, "yaml-tag", f"{event.tag!r} is a tag, which no policy needs", "remove it")
        if self._before(event):
            self._fail(event, "document-syntax", "a collection in place of a key")
        self.parts.append("{" if mapping else "[")
        self._open.append([mapping, 0])
        if len(self._open) > MAX_DEPTH:
            # libyaml takes quadratic time on deep brackets, so it must not be left to the parser of the JSON.
            self._fail(event, "document-too-deep", f"values nest more than {MAX_DEPTH} deep", "this is not a policy")

    def _before(self, event: Any) -> bool:
        """Write what separates a node from the one before; return whether it is a key."""
        key = False
        if self._open:
            top = self._open[-1]
            key = top[0] and top[1] % 2 == 0
            value = top[0] and not key
            if top[1]:
                self.parts.append(": " if value else ", ")
            top[1] += 1
        mark = event.start_mark
        if mark.line > self._line:
            self.parts.append("\n" * (mark.line - self._line) + " " * mark.column)
            self._line = mark.line
        return bool(key)

    def _scalar(self, event: ScalarEvent) -> None:
        if event.tag not in _TAGS:
            self._fail(event, "yaml-tag", f"{event.tag!r} is a tag, which no policy needs", "remove it")
        text = event.value
        key = self._before(event)
        if key and text == _MERGE and event.implicit[0]:
            said = "`<<` merges another mapping into this one, which some readers do and others do not"
            self._fail(event, "yaml-alias", said, "write the keys themselves")
        if key or (event.tag is None and not event.implicit[0]) or _SIXTIES.fullmatch(text):
            self.parts.append(_quoted(text))
        elif event.tag is None and _is_plain_number(text):
            self.parts.append(text)
        else:
            self._resolved(event)

    def _resolved(self, event: ScalarEvent) -> None:
        """Write what YAML takes a word for: null, true, a number; else the text it is."""
        implied: str = self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        tag = event.tag or implied
        if tag.removeprefix(_CORE) not in _PLAIN:
            self.parts.append(_quoted(event.value))
            return
        try:
            value = self._resolver.construct_object(yaml.ScalarNode(tag, event.value))
            self.parts.append(json.dumps(value))
        except (ValueError, OverflowError, KeyError):
            self._fail(event, "document-syntax", f"{event.value[:60]!r} is not a valid {tag.removeprefix(_CORE)}")


def _is_plain_number(text: str) -> bool:
    """Tell whether a word is an integer in YAML and in JSON alike."""
    return text.isascii() and text.isdecimal() and len(text) <= _SURELY_SMALL and (text[0] != "0" or len(text) == 1)

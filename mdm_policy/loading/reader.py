"""Read YAML strictly: as source text with places, refusing whatever makes a file say something else than it shows.

PyYAML's loaders turn `NO` into false, `1.10` into 1.1 and `0123` into 83, keep the last of two equal keys, and forget
where a value stood. Here nothing is converted: the parser's events become nodes whose scalars are the very words of the
file, and the shapes say what each word has to be. libyaml's events take a tenth of the time of `CSafeLoader`; each ban
is handed on and forgotten as soon as it is complete, so that a long list needs no more memory than a short one.
"""

from __future__ import annotations

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

from mdm_policy.errors import Origin
from mdm_policy.identifiers import quoted
from mdm_policy.loading.text import decode, place, tabs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.loading.report import LoadReport

MAX_DEPTH = 32
MAX_NODES = 1_000_000


class Mapping(list[Any]):
    """Hold a mapping: key, value, key, value, ... as nodes, and where it starts."""

    __slots__ = ("_firsts", "start_mark")
    start_mark: Any

    def first(self, key: str) -> Any:
        """Return the first node of a key; only a file with repeated keys asks, and then perhaps for many of them."""
        try:
            return self._firsts[key]
        except AttributeError:
            self._firsts: dict[str, Any] = {}
            for index in range(0, len(self), 2):
                if self[index].__class__ is ScalarEvent:
                    self._firsts.setdefault(self[index].value, self[index])
            return self._firsts[key]


class Sequence(list[Any]):
    """Hold a sequence's nodes, and where it starts."""

    __slots__ = ("start_mark",)
    start_mark: Any


Node = Any
"""A `ScalarEvent`, a `Mapping`, a `Sequence`, or an `AliasEvent` (refused already); all have a `start_mark`."""

BACKSLASH_HINT = (
    "between double quotes a backslash begins an escape: write a path with / or in single quotes, "
    "such as 'C:\\lists\\ours.yaml'"
)
"""What helps where a path of Windows stands in double quotes."""

PARSE_ERRORS = (yaml.YAMLError, ValueError, OverflowError)
"""What the parsers raise; the last two come from the pure one, for escapes that name no character."""


class _Halt(Exception):  # noqa: N818 - not an error: its finding is already in the report
    """Stop reading: the report says why."""


def events(text: str) -> Callable[[], Any]:
    """Return what yields the parser's next event; libyaml where there is one, else the same in pure Python."""
    if yaml.__with_libyaml__:
        return yaml.CSafeLoader(text.encode("utf-8", "surrogatepass")).get_event
    return yaml.SafeLoader(text).get_event


def read_nodes(
    data: bytes, report: LoadReport, max_bytes: int, stream: str = "", each: Callable[[Node], Any] | None = None
) -> Node | None:
    """Return the one node that a YAML file holds, or None with findings.

    `each` is called with every mapping or sequence in the sequence under the top-level key `stream`, as soon as it is
    complete, and what it returns takes that node's place.
    """
    text = decode(data, report, max_bytes)
    if text is None:
        return None
    tabbed = {place(text, index) for index in tabs(text)} if "\t" in text else set()
    for line, column in tabbed:
        origin = Origin(report.file, line, column)
        report.error("yaml-tab", "a tab indents this line, which YAML forbids", origin, "indent with spaces")
    try:
        return _Composer(report, stream, each).compose(events(text))
    except _Halt:
        return None
    except PARSE_ERRORS as fault:
        _syntax(fault, text, report, {line for line, _ in tabbed})
        return None


class _Composer:
    """Build nodes from events, in one loop without recursion."""

    def __init__(self, report: LoadReport, stream: str, each: Callable[[Node], Any] | None) -> None:
        self._report = report
        self._stream = stream
        self._each = each

    def compose(self, next_event: Callable[[], Any]) -> Node | None:
        """Return the root node; the commonest events are tested first, and a call for each would double the time."""
        root = Sequence()
        current: Mapping | Sequence = root
        streamed: Mapping | Sequence | None = None
        above: list[Any] = []
        left = MAX_NODES
        each = self._each
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                if not event.value or event.anchor is not None or event.tag is not None:
                    self._refuse(event)
                    _place_at_key(event, current)
                current.append(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                child, current = current, above.pop()
                current.append(child if current is not streamed or each is None else each(child))
                continue
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if event.anchor is not None or event.tag is not None:
                    self._refuse(event)
                child = Mapping() if kind is MappingStartEvent else Sequence()
                child.start_mark = event.start_mark
                if len(above) == 1 and kind is SequenceStartEvent and self._is_streamed(current):
                    streamed = child
                above.append(current)
                current = child
                if len(above) > MAX_DEPTH:
                    self._halt("yaml-too-deep", f"values nest more than {MAX_DEPTH} deep", event, "remove the brackets")
            elif kind is StreamEndEvent:
                if not root or (root[0].__class__ is ScalarEvent and not root[0].value and not root[0].style):
                    hint = "`mdm-policy init` writes a file to start from"
                    self._report.error("empty-file", "the file holds nothing", Origin(self._report.file, 1, 1), hint)
                    return None
                return root[0]
            else:
                self._rare(event, current, root)
                continue
            left -= 1
            if not left:
                self._halt("yaml-too-many-nodes", f"the file has more than {MAX_NODES:,} values", event, "split it")

    def _is_streamed(self, parent: Mapping | Sequence) -> bool:
        if parent.__class__ is not Mapping or len(parent) % 2 == 0:
            return False
        return getattr(parent[-1], "value", None) == self._stream

    def _rare(self, event: Any, current: Mapping | Sequence, root: Sequence) -> None:
        if event.__class__ is AliasEvent:
            said = f"`*{event.anchor}` is an alias: its value is written elsewhere"
            self._report.error("yaml-alias", said, self._report.at(event), "write the value itself")
            current.append(event)
        elif event.__class__ is DocumentStartEvent:
            if root:
                self._halt("yaml-documents", "the file holds a second YAML document", event, "keep one document a file")
            if event.version or event.tags:
                said = "the file begins with a YAML directive"
                self._report.error("yaml-directive", said, self._report.at(event), "remove the line that starts with %")

    def _refuse(self, event: Any) -> None:
        origin = self._report.at(event)
        if event.anchor is not None:
            hint = "write the value wherever it holds"
            self._report.error("yaml-anchor", f"`&{event.anchor}` is an anchor", origin, hint)
        if event.tag is not None:
            hint = "remove it: the key says what the value is"
            self._report.error("yaml-tag", f"{quoted(event.tag)} is a tag", origin, hint)

    def _halt(self, id_: str, message: str, event: Any, hint: str) -> None:
        self._report.error(id_, message, self._report.at(event), hint)
        raise _Halt


def _place_at_key(scalar: Any, parent: Mapping | Sequence) -> None:
    """Place a value that is not written at its key, and such a key at its mapping.

    Of `{name:` one parser says where the next token stands, perhaps lines below, the other where the colon does.
    """
    if parent.__class__ is Mapping and not scalar.value and not scalar.style:
        scalar.start_mark = parent[-1].start_mark if len(parent) % 2 else parent.start_mark


def top_level_keys(text: str) -> Iterator[str]:
    """Yield the keys of the outermost mapping as they come, for as long as the file can be parsed."""
    next_event = events(text)
    depth = count = 0
    try:
        while (event := next_event()) is not None and event.__class__ is not StreamEndEvent:
            kind = event.__class__
            if depth == 1:
                if kind is ScalarEvent and count % 2 == 0:
                    yield event.value
                count += kind not in (MappingEndEvent, SequenceEndEvent)
            elif depth == 0 and kind in (SequenceStartEvent, ScalarEvent):
                return
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                depth += 1
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
            if depth > MAX_DEPTH:
                return
    except PARSE_ERRORS:
        return


def _syntax(fault: Exception, text: str, report: LoadReport, tabbed: set[int]) -> None:
    mark = getattr(fault, "problem_mark", None)
    if mark is None:
        said = "the file is not YAML: an escape names no character"
        report.error("yaml-syntax", said, Origin(report.file), BACKSLASH_HINT)
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    row, column = mark.line, mark.column
    if row >= len(lines):  # libyaml counts a line after a last one without an end
        row, column = len(lines) - 1, len(lines[-1])
    origin = Origin(report.file, row + 1, column + 1)
    if origin.line in tabbed:
        return
    said = f"the file is not YAML here: {getattr(fault, 'problem', None) or 'it cannot be parsed'}"
    context, started = getattr(fault, "context", None), getattr(fault, "context_mark", None)
    if context:
        said += f", {context}" + (f" that begins on line {started.line + 1}" if started else "")
    hint = BACKSLASH_HINT if _in_escaped(started, lines, row) else _syntax_hint(lines[row])
    report.error("yaml-syntax", said, origin, hint)


def _in_escaped(started: Any, lines: list[str], row: int) -> bool:
    """Tell whether a fault lies in a value that began with a double quote, and has a backslash before the fault."""
    if started is None or started.line >= len(lines):
        return False
    first = lines[started.line][started.column :]
    return first.startswith('"') and "\\" in "\n".join([first, *lines[started.line + 1 : row + 1]])


def _syntax_hint(line: str) -> str:
    """Name the usual cause: a value that begins with a character YAML keeps for itself."""
    value = line.partition(": ")[2].lstrip() or line.lstrip(" -")
    if value[:1] in tuple("><*&!%@`|=?") or any(f"{edge}{sign}" in line for edge in ": [,{" for sign in "><*@`%"):
        return "put a value that begins with a sign such as > < * @ ` % in quotes"
    return "look at the indentation, the quotes and the brackets here and in the lines above"

"""Shape single values: texts, choices, days, flags, versions. Each shape both reads a value and describes it to editors."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from yaml.events import AliasEvent, ScalarEvent

from mdm_policy.identifiers import characters, invisible, name_problems, quoted
from mdm_policy.loading.reader import BACKSLASH_HINT, Mapping, Node
from mdm_policy.loading.report import LoadReport, listed, shown
from mdm_policy.loading.words import converted, meaning
from mdm_policy.model import OsBound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.errors import Origin


class Shape(Protocol):
    """Describe the type of a value in a table: `bind` reads it, `schema` describes it, so that the two cannot disagree."""

    def bind(self, report: LoadReport, node: Node, key: str) -> Any:
        """Return the typed value, or None with a finding in the report."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value."""


class TableCell(msgspec.Struct, frozen=True, gc=False):
    """Hold a single value and where it stands."""

    value: Any
    origin: Origin


def wrong_type(report: LoadReport, node: Node, key: str, expected: str, hint: str = "") -> None:
    """Report a value of the wrong type; an alias is reported already."""
    if node.__class__ is AliasEvent:
        return
    if node.__class__ is ScalarEvent:
        found = converted(node.value) if not node.style else None
        if found is not None and found.lastgroup == "nothing":
            hint = f"write {expected}, or remove the key"
            report.error("empty-value", f"{shown(key)} has no value", report.at(node), hint)
            return
        what = "a single value"
    else:
        what = "a mapping" if node.__class__ is Mapping else "a list"
    said = f"{shown(key)} must be {expected}, but is {what}"
    report.error("wrong-type", said, report.at(node), hint or f"write {expected}")


def scalar_text(report: LoadReport, node: Node, key: str, expected: str = "a text") -> str | None:
    """Return the text of a scalar that no YAML reader turns into something else."""
    if node.__class__ is not ScalarEvent:
        wrong_type(report, node, key, expected)
        return None
    text: str = node.value
    if not node.style:
        found = converted(text)
        if found is not None:
            if found.lastgroup == "nothing":
                wrong_type(report, node, key, expected)
                return None
            said = f"other YAML readers take {quoted(text)} for {meaning(found)}, not for a text"
            report.error("unquoted-text", said, report.at(node), f'write "{text}", in quotes')
            return None
    return text


_CLEAN = re.compile(r"[!-~](?:[ -~]{0,298}[!-~])?").fullmatch


def _is_unwanted(char: str) -> bool:
    """Tell whether a character has no place in prose; joiners and variation selectors belong to scripts and emoji."""
    if char.isspace():
        return char != "\n" and unicodedata.category(char) != "Zs"
    return bool(invisible(char)) and char not in "\u200c\u200d\ufe0e\ufe0f"


def _escaped(node: Node) -> str:
    """Return what helps where a control character comes of an escape, as in a path of Windows: nobody types one there."""
    controls = node.style == '"' and any(unicodedata.category(char) == "Cc" for char in node.value)
    return BACKSLASH_HINT if controls else ""


class Grammar(msgspec.Struct, frozen=True):
    """Hold what a text has to look like: a pattern, the id of the finding if it does not, and what to write."""

    id: str
    pattern: str
    hint: str


class Text(msgspec.Struct, frozen=True):
    """Shape a text: a `name`, which is compared and so is exact; else prose, whose outer white space is dropped.

    Only where `lines` is set may prose have more than one line.
    """

    name: bool = False
    lines: bool = False
    grammar: Grammar | None = None

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the text and its place."""
        text = scalar_text(report, node, key)
        if text is None:
            return None
        origin = report.at(node)
        if _CLEAN(text) is None and not self._is_clean(report, node, text, key):
            return None
        if self.grammar is not None and re.fullmatch(self.grammar.pattern, text, re.ASCII) is None:
            said = f"{quoted(text)} is not a valid value of {shown(key)}"
            report.error(self.grammar.id, said, origin, self.grammar.hint)
            return None
        return TableCell(text if self.name else text.strip(), origin)

    def _is_clean(self, report: LoadReport, node: Node, text: str, key: str) -> bool:
        origin = report.at(node)
        if not text.strip():
            report.error("empty-value", f"{shown(key)} has no value", origin, "write a text, or remove the key")
            return False
        if self.name:
            found = name_problems(text, origin)
            report.add(found)
            return not found
        bad = [char for char in text if _is_unwanted(char)]
        if bad:
            said = f"{shown(key)} contains {characters(bad)}"
            report.error("text-character", said, origin, _escaped(node) or "type it anew instead of pasting it")
        elif "\n" in text.strip() and not self.lines:
            hint = _escaped(node) or "write it on one line, or after `>-`"
            report.error("text-lines", f"{shown(key)} has several lines", origin, hint)
            return False
        return not bad

    def schema(self) -> dict[str, Any]:
        """Describe a text that is not empty."""
        if self.grammar is not None:
            return {"type": "string", "pattern": f"^(?:{self.grammar.pattern})$"}
        return {"type": "string", "minLength": 1}


class Choice(msgspec.Struct, frozen=True):
    """Shape one of a few words."""

    words: tuple[str, ...]

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the word and its place."""
        text = scalar_text(report, node, key, f"one of {listed(self.words)}")
        if text is None:
            return None
        if text in self.words:
            return TableCell(text, report.at(node))
        hint = report.guess(text, self.words)
        report.error("unknown-word", f"{quoted(text)} is not a valid value of {shown(key)}", report.at(node), hint)
        return None

    def schema(self) -> dict[str, Any]:
        """Describe the words."""
        return {"enum": list(self.words)}


class Day(msgspec.Struct, frozen=True):
    """Shape a date, `YYYY-MM-DD`: dates compare as text and carry no time zone."""

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the date as it is written, and its place."""
        if node.__class__ is not ScalarEvent or (not node.value and not node.style):
            wrong_type(report, node, key, "a date, `YYYY-MM-DD`")
            return None
        text = node.value
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is None:
            said = f"{quoted(text)} is not a valid date for {shown(key)}"
            report.error("date-format", said, report.at(node), "write `YYYY-MM-DD`, such as `2021-02-19`")
            return None
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            said = f"the calendar has no day {quoted(text)}"
            report.error("date-impossible", said, report.at(node), "look the day up in the source")
            return None
        return TableCell(text, report.at(node))

    def schema(self) -> dict[str, Any]:
        """Describe a date."""
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class Flag(msgspec.Struct, frozen=True):
    """Shape `true` or `false`: no other word, since YAML 1.1 and 1.2 disagree on `yes`, `on` and their like."""

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the truth and its place."""
        if node.__class__ is not ScalarEvent or (not node.value and not node.style):
            wrong_type(report, node, key, "`true` or `false`")
            return None
        if not node.style and node.value in ("true", "false"):
            return TableCell(node.value == "true", report.at(node))
        said = f"{quoted(node.value)} is not a valid value of {shown(key)}"
        report.error("flag-word", said, report.at(node), "write `true` or `false`, without quotes")
        return None

    def schema(self) -> dict[str, Any]:
        """Describe a boolean."""
        return {"type": "boolean"}


class Whole(msgspec.Struct, frozen=True):
    """Shape a whole number that is not below a least one, without quotes."""

    least: int

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the number and its place."""
        expected = f"a whole number of {self.least} or more"
        if node.__class__ is not ScalarEvent or (not node.value and not node.style):
            wrong_type(report, node, key, expected)
            return None
        if not node.style and _WHOLE.fullmatch(node.value) and int(node.value) >= self.least:
            return TableCell(int(node.value), report.at(node))
        said = f"{shown(key)} must be {expected}, but is {quoted(node.value)}"
        report.error("wrong-type", said, report.at(node), "write digits alone, without quotes")
        return None

    def schema(self) -> dict[str, Any]:
        """Describe the number."""
        return {"type": "integer", "minimum": self.least}


_WHOLE = re.compile(r"-?[1-9][0-9]{0,17}|0", re.ASCII)


class Scalar(msgspec.Struct, frozen=True):
    """Shape an option's value: `true`, `false`, an integer, or a text."""

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the value as bool, int or str, and its place."""
        if node.__class__ is ScalarEvent and not node.style:
            if node.value in ("true", "false"):
                return TableCell(node.value == "true", report.at(node))
            if _WHOLE.fullmatch(node.value):
                return TableCell(int(node.value), report.at(node))
        return Text().bind(report, node, key)

    def schema(self) -> dict[str, Any]:
        """Describe a single value."""
        return {"type": ["string", "integer", "boolean"]}


_BOUND = re.compile(r"\s*(<=|>=|==|<|>)\s*([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})\s*", re.ASCII)
_RANGE = r"\s*(<=|>=|==|<|>)\s*[0-9]{1,6}(\.[0-9]{1,6}){0,3}\s*"


class OsRange(msgspec.Struct, frozen=True):
    """Shape comparisons with an OS version, joined by commas: all must hold."""

    def bind(self, report: LoadReport, node: Node, key: str) -> TableCell | None:
        """Return the comparisons and the place of the first."""
        if node.__class__ is not ScalarEvent or (not node.value and not node.style):
            wrong_type(report, node, key, 'comparisons, such as ">=17"')
            return None
        bounds = []
        for part in node.value.split(","):
            found = _BOUND.fullmatch(part)
            if found is None:
                said = f"{quoted(part.strip())} is not a valid comparison with an OS version"
                hint = 'write one of >=, >, <, <=, == and a number, in quotes: ">=17" or ">=12, <17"'
                report.error("os-range", said, report.at(node), hint)
                return None
            bounds.append(OsBound(found[1], tuple(int(number) for number in found[2].split("."))))
        if not has_versions(bounds):
            said = f"no OS version can satisfy {quoted(node.value)}"
            report.error("os-range-empty", said, report.at(node), "turn one of the comparisons round")
            return None
        return TableCell(tuple(bounds), report.at(node))

    def schema(self) -> dict[str, Any]:
        """Describe the comparisons."""
        return {"type": "string", "pattern": f"^{_RANGE}(,{_RANGE})*$"}


def has_versions(bounds: Iterable[OsBound]) -> bool:
    """Tell whether some version passes all comparisons; between any two versions there is another."""
    padded = [(one.op, (*one.version, 0, 0, 0, 0)[:4]) for one in bounds]
    low = max(((version, op == ">") for op, version in padded if op in (">", ">=", "==")), default=((0,) * 4, False))
    high = min(((version, op != "<") for op, version in padded if op in ("<", "<=", "==")), default=None)
    if high is None or low[0] < high[0]:
        return True
    return low[0] == high[0] and not low[1] and high[1]

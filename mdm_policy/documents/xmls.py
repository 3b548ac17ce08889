"""Parse and write the XML of Jamf objects, AppLocker rules and App Control policies.

The tree is lxml's, made by a parser that can reach no file, network, DTD or entity. Such documents are data, not
prose: an element holds elements or text, never both, and comments and processing instructions say nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from lxml import etree

from mdm_policy.documents.prolog import without_prolog
from mdm_policy.documents.texts import (
    MAX_DEPTH,
    MAX_SIZE,
    TextReport,
    TextSource,
    WhiteSpace,
    check_characters,
    check_values,
    decode,
    escaped,
    is_stray,
    refuse,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = " \t\r\n"
_INDENTS = tuple("  " * depth for depth in range(MAX_DEPTH))
_OF_NOTE = re.compile(r"[&<>{\r\n\t]")
_TOO_DEEP = etree.XPath("(" + "/*" * (MAX_DEPTH + 1) + ")[1]")
_MOST_ATTRIBUTES = 1_000
"""Attributes of one element; lxml looks each one up among all the others."""
_TOO_MANY_ATTRIBUTES = etree.XPath(f"(//*[@*[{_MOST_ATTRIBUTES + 1}]])[1]")
_MIXED = etree.XPath("boolean(//*[*]/text()[normalize-space()])")
_TEXTS = etree.XPath("//text()", smart_strings=False)
_ATTRIBUTES = etree.XPath("//@*", smart_strings=False)


def parse_xml(name: str, data: bytes, white_space: WhiteSpace = "error", max_size: int = MAX_SIZE) -> etree._Element:
    """Parse an XML document and return its root element.

    Raises:
        PolicyError: with every finding the parser could reach.

    """
    return parse_xml_text(decode(name, data, max_size), white_space, max_size)


def parse_xml_text(source: TextSource, white_space: WhiteSpace = "error", max_size: int = MAX_SIZE) -> etree._Element:
    """Parse an XML text already decoded."""
    check_values(source, "xml", max_size)
    report = TextReport(source.name)
    check_characters(source, report)
    text = without_prolog(source, report)
    root = _parse(text, report)
    strict = white_space == "error"
    deepest: Any = _TOO_DEEP(root)
    for element in deepest:
        place = (element.sourceline or 0, 0)
        report.fail("document-too-deep", f"the document nests deeper than {MAX_DEPTH} levels", place)
    crowded: Any = _TOO_MANY_ATTRIBUTES(root)
    for element in crowded:
        message = f"an element has more than {_MOST_ATTRIBUTES:,} attributes"
        report.fail("document-too-many-values", message, (element.sourceline or 0, 0), "check that this is a policy")
    if _MIXED(root) or (strict and _has_stray(root)):
        _Checker(report, strict=strict).run(text)
        report.stop_if_any()
    return root


def _parse(text: str, report: TextReport) -> etree._Element:
    """Run lxml over a text without DTD, or report what it says."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as problem:
        line, column = problem.position
        place = (line or 0, column or 0)
        message = (problem.msg or "nothing was read").rsplit(", line ", 1)[0]
        code = getattr(problem, "code", 0)
        if code == etree.ErrorTypes.ERR_UNDECLARED_ENTITY:
            report.fail(
                "entity-forbidden", "the document uses an entity that is not XML's own", place, "write the text out"
            )
        if code == etree.ErrorTypes.ERR_INVALID_CHAR:
            report.fail("control-character", "the document refers to a character XML cannot hold", place, "remove it")
        if "depth" in message:
            report.fail("document-too-deep", f"the document nests deeper than {MAX_DEPTH} levels", place)
        report.fail(
            "document-syntax", f"the document is not well-formed XML: {message[:1].lower()}{message[1:]}", place
        )


def _has_stray(root: etree._Element) -> bool:
    """Tell whether any text or attribute has white space around it; white space alone is layout, or an empty leaf."""
    texts: Any = _TEXTS(root)
    if any(text.strip(_SPACE) and is_stray(text) for text in set(texts)):
        return True
    attributes: Any = _ATTRIBUTES(root)
    return list(map(str.strip, attributes)) != attributes and any(map(is_stray, attributes))


class _XmlFrame:
    """Hold an element being checked: where it began, its text so far, and whether elements are in it."""

    __slots__ = ("chunks", "parent", "place")

    def __init__(self, place: tuple[int, int]) -> None:
        self.place = place
        self.chunks: list[str] = []
        self.parent = False


class _Checker:
    """Read a well-formed text once more, with expat, to name the place of each defect."""

    def __init__(self, report: TextReport, *, strict: bool) -> None:
        self.report = report
        self.strict = strict
        self.stack: list[_XmlFrame] = [_XmlFrame((0, 0))]
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text

    def run(self, text: str) -> None:
        """Report every defect of a text; expat knows fewer letters for names than lxml, and may stop there."""
        try:
            self.parser.Parse(text.encode("utf-8"), True)
        except expat.ExpatError as problem:
            message = f"the document is not well-formed XML: {expat.ErrorString(problem.code)}"
            self.report.add("document-syntax", message, (problem.lineno, problem.offset + 1))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element, and check its attributes and the text before it."""
        del tag
        place = (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        outer = self.stack[-1]
        outer.parent = True
        self.check_between("".join(outer.chunks), place)
        outer.chunks.clear()
        for name, value in attributes.items():
            if self.strict and is_stray(value):
                self.stray(f"the attribute {name}={shown(value)} begins or ends in white space", place)
        self.stack.append(_XmlFrame(place))

    def text(self, data: str) -> None:
        """Keep character data."""
        self.stack[-1].chunks.append(data)

    def end(self, tag: str) -> None:
        """Take the end of an element, and check its text."""
        frame = self.stack.pop()
        text = "".join(frame.chunks)
        if frame.parent:
            self.check_between(text, (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1))
        elif self.strict and text.strip(_SPACE) and is_stray(text):
            self.stray(f"the text {shown(text)} of <{tag}> begins or ends in white space", frame.place)

    def check_between(self, text: str, place: tuple[int, int]) -> None:
        """Report text beside elements, at what follows it."""
        if text.strip(_SPACE):
            message = f"the text {shown(text.strip())} stands between elements"
            self.report.add("document-syntax", message, place, "put it into an element of its own")

    def stray(self, message: str, place: tuple[int, int]) -> None:
        """Report stray white space."""
        hint = "remove it: devices compare identifiers byte for byte"
        self.report.add("stray-white-space", message, place, hint)


def dump_xml(root: etree._Element, *, compact: bool = False) -> bytes:
    """Write an element: two spaces of indent, attributes sorted by name, text exactly as it is, a line feed at the end.

    Elements keep their order, which both vendors give meaning to. A leaf of nothing but white space is empty. `compact`
    leaves out indent, line feeds and the XML declaration: the form for a value inside another document (AppLocker's
    CSP takes the bare RuleCollection element:
    learn.microsoft.com/windows/client-management/mdm/applocker-csp). One namespace for all elements, without a prefix, is
    declared at the root, as App Control policies have it.

    Raises:
        PolicyError: `document-too-deep`, `document-syntax` (mixed content) or `value-not-representable` (more than one
            namespace, or one with a prefix).

    """
    parts: list[str] = []
    space = root.nsmap.get(None, "")
    _write(root, parts.append, 0, compact, f"{{{space}}}" if space else "")
    if space:
        parts[0] = _declared(parts[0], space)
    newline = "" if compact else "\n"
    return (newline.join(["" if compact else _DECLARATION.rstrip("\n"), *parts]) + newline).encode("utf-8")


def _declared(opening: str, space: str) -> str:
    """Put the declaration of a namespace behind the name of the first element."""
    name, sign, rest = re.split(r"([ />])", opening.lstrip(), maxsplit=1)
    return f'{name} xmlns="{escaped(space)}"{sign}{rest}'


def _write(element: etree._Element, put: Callable[[str], None], depth: int, compact: bool, space: str) -> None:
    """Write one element and what is in it; `space` is the namespace that all have, in braces, or nothing."""
    tag: Any = element.tag
    if not isinstance(tag, str) or not tag.startswith(space) or "{" in (tag := tag[len(space) :]):
        said = "comments, instructions, and more than one namespace are not written"
        raise refuse("value-not-representable", said, _path(element))
    if depth >= MAX_DEPTH:
        raise refuse("document-too-deep", f"the document nests deeper than {MAX_DEPTH} levels", _path(element))
    indent = "" if compact else _INDENTS[depth]
    pairs: Any = element.items()
    opening = f"{indent}<{tag}{_attributes(pairs, element)}" if pairs else f"{indent}<{tag}"
    text = element.text or ""
    if text and not text.strip(_SPACE):
        text = ""
    if not len(element):
        put(f"{opening}>{escaped(text)}</{tag}>" if text else f"{opening}/>")
        return
    if text or any((child.tail or "").strip(_SPACE) for child in element):
        raise refuse("document-syntax", "text stands between elements", _path(element))
    put(opening + ">")
    depth += 1
    for child in element:
        _write(child, put, depth, compact, space)
    put(f"{indent}</{tag}>")


def _path(element: etree._Element) -> tuple[str, ...]:
    """Return the names from the root to an element."""
    tags: list[Any] = [element.tag, *(one.tag for one in element.iterancestors())]
    return tuple(tag for tag in reversed(tags) if isinstance(tag, str))


def _attributes(pairs: list[tuple[str, str]], element: etree._Element) -> str:
    """Write attributes, sorted by name."""
    pairs.sort()
    written = "".join([f' {name}="{value}"' for name, value in pairs])
    # Each attribute brings two quotation marks; a third, or any other sign of note, and each is looked at by itself.
    if written.count('"') == 2 * len(pairs) and not _OF_NOTE.search(written):
        return written
    path = _path(element)
    return "".join([_attribute(name, value, path) for name, value in pairs])


def _attribute(name: str, value: str, path: tuple[str, ...]) -> str:
    """Write an attribute; line feeds and tabs are escaped, since a parser turns bare ones into spaces."""
    if name[:1] == "{":
        raise refuse("value-not-representable", f"the attribute {name} has a namespace", path)
    value = escaped(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f' {name}="{value}"'

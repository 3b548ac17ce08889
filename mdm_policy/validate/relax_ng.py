"""Run RELAX NG over XML documents, and say in plain words what does not match.

libxml2 decides; its messages name the element and little else, and a failed alternative leaves noise behind. So the
words come from the grammar: what it allows for the element or attribute that libxml2 stopped at.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from mdm_policy.documents import elements
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.validate.violation import Violation, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPILED = 32
_RNG = "{http://relaxng.org/ns/structure/1.0}"
_NOISE = ("RELAXNG_ERR_TYPECMP", "RELAXNG_ERR_TYPEVAL", "RELAXNG_ERR_VALUE", "RELAXNG_ERR_DATATYPE")


class RelaxNgGrammar:
    """Pair libxml2's compiled grammar with its text, which knows the words for a person."""

    __slots__ = ("defines", "elements", "engine")

    def __init__(self, root: Any, engine: Any) -> None:
        """Index the definitions by name."""
        self.engine = engine
        self.defines = {node.get("name"): node for node in root.iter(f"{_RNG}define")}
        self.elements: dict[str, list[Any]] = {}
        for node in root.iter(f"{_RNG}element"):
            self.elements.setdefault(node.get("name"), []).append(node)


@functools.lru_cache(maxsize=_COMPILED)
def compiled(data: bytes, file: str) -> RelaxNgGrammar:
    """Compile a grammar's bytes; `file` is for the error alone.

    Raises:
        PolicyError: `schema-invalid`, when it is no RELAX NG grammar or draws in another file.

    """
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        _stands_alone(root)
        engine = etree.RelaxNG(root)
    except (etree.LxmlError, SyntaxError, ValueError) as problem:
        message = str(problem).split("\n", 1)[0] or type(problem).__name__
        raise PolicyError(
            [error("schema-invalid", message, Origin(file), "write RELAX NG, all in one file")]
        ) from problem
    return RelaxNgGrammar(root, engine)


def _stands_alone(root: Any) -> None:
    for outside in root.iter(f"{_RNG}include", f"{_RNG}externalRef"):
        raise ValueError(f"it refers to {outside.get('href')}, and a schema must stand in one file")


def violations(grammar: RelaxNgGrammar, root: Any) -> Iterator[Violation]:
    """Yield every place of a document that libxml2 objects to, once each."""
    if grammar.engine.validate(root):
        return
    entries = list(grammar.engine.error_log)
    places = {element: place for place, element in elements(root)}
    found = dict.fromkeys(item for entry in entries for item in _violations(grammar, root, entry, places))
    # Should every message be one of those that only follow from others, the first of them still is no pass.
    yield from found or [Violation("", _lower(entries[0].message), line=entries[0].line)]


def _violations(grammar: RelaxNgGrammar, root: Any, entry: Any, places: Mapping[Any, str]) -> Iterator[Violation]:
    """Turn one libxml2 message into words; messages that only follow from others yield nothing."""
    if entry.type_name in _NOISE:
        return
    node = _node(root, entry)
    for message, hint in _said(grammar, node, entry):
        yield Violation(places.get(node, ""), message, hint, entry.line)


def _said(grammar: RelaxNgGrammar, node: Any, entry: Any) -> list[tuple[str, str]]:
    """Return what to say about an element, each with a hint."""
    if entry.type_name in {"RELAXNG_ERR_ATTRVALID", "RELAXNG_ERR_INVALIDATTR"}:
        return [(message, "") for message in _attributes(grammar, node)]
    if entry.type_name == "RELAXNG_ERR_CONTENTVALID":
        return [] if len(node) else [(_content(grammar, node), "")]
    if entry.type_name == "RELAXNG_ERR_ELEMWRONG":
        return [(f"the element {_name(node)} is not expected here", _takes(grammar, node.getparent()))]
    if entry.type_name == "RELAXNG_ERR_NOELEM":
        return [(f"the element {_name(node)} ends too early", _takes(grammar, node))]
    return [(_lower(entry.message), "")]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _node(root: Any, entry: Any) -> Any:
    """Find the element a message is about; libxml2 sometimes points at its first child."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(entry.path or "/..", namespaces=prefixes)
    except etree.XPathEvalError:  # a prefix declared further down
        found = []
    node = found[0] if found else root
    named = re.match(r"Element (\S+) failed", entry.message)
    parent = node.getparent()
    return parent if named and _name(node) != named[1] and parent is not None and _name(parent) == named[1] else node


def _name(node: Any) -> str:
    """Return an element's name, without the namespace that all of a document have."""
    return str(node.tag).rpartition("}")[2]


def _attributes(grammar: RelaxNgGrammar, node: Any) -> list[str]:
    """Compare an element's attributes with each definition of it, and report against the nearest that differs."""
    # The last definition first: a grammar that says what comes first repeats the general case after it.
    reports = [_against(grammar, definition, node) for definition in reversed(grammar.elements.get(_name(node), []))]
    return min((report for report in reports if report), key=len, default=[])


def _against(grammar: RelaxNgGrammar, definition: Any, node: Any) -> list[str]:
    allowed = {item.get("name"): item for item in _own(grammar, definition) if item.tag == f"{_RNG}attribute"}
    report = [f"the attribute {name} is not known here" for name in node.attrib if name not in allowed]
    for name, item in allowed.items():
        value = node.get(name)
        if value is None:
            if item.getparent().tag != f"{_RNG}optional":
                report.append(f"the attribute {name} is missing")
        elif wrong := _mismatch(grammar, item, value):
            report.append(f"the attribute {name} must be {wrong}, found {shown(value)}")
    return report


def _content(grammar: RelaxNgGrammar, node: Any) -> str:
    text = node.text or ""
    found = [_mismatch(grammar, definition, text) for definition in grammar.elements.get(_name(node), [])]
    wrong = next(filter(None, found), "")
    words = f"must be {wrong}" if wrong else "the content is not as the schema wants it"
    return f"{words}, found {shown(text)}"


def _takes(grammar: RelaxNgGrammar, node: Any) -> str:
    """Name what the grammar lets stand in an element, in its order."""
    definitions = grammar.elements.get(_name(node), [])
    parts = (part for definition in definitions for part in _own(grammar, definition))
    names = dict.fromkeys(part.get("name") for part in parts if part.tag == f"{_RNG}element")
    return f"{_name(node)} takes, in this order: {', '.join(names)}" if names else ""


def _own(grammar: RelaxNgGrammar, definition: Any) -> Iterator[Any]:
    """Walk a definition through references, down to the elements and attributes of its own and no further."""
    for child in definition.iterchildren(tag=etree.Element):
        if child.tag == f"{_RNG}ref":
            yield from _own(grammar, grammar.defines[child.get("name")])
        else:
            yield child
            if child.tag not in {f"{_RNG}element", f"{_RNG}attribute"}:
                yield from _own(grammar, child)


def _mismatch(grammar: RelaxNgGrammar, definition: Any, text: str) -> str:
    """Say what a text should have been, or nothing when it fits."""
    parts = list(_own(grammar, definition))
    values = [item.text or "" for item in parts if item.tag == f"{_RNG}value"]
    if values:
        return "" if text in values else " or ".join(shown(value) for value in values)
    params = {item.get("name"): item.text or "" for item in parts if item.tag == f"{_RNG}param"}
    if len(text) < int(params.get("minLength", "0")):
        return f"at least {params['minLength']} characters long"
    if len(text) > int(params.get("maxLength", len(text))):
        return f"at most {params['maxLength']} characters long"
    if "pattern" in params and not re.fullmatch(params["pattern"], text):
        return f"text of the form {params['pattern']}"
    return ""

"""Hold AppLocker rules against Windows' own schema: a policy that breaks it is refused, and nothing of it is proven.

Source: AppIdPolicy.xsd of the NuGet package Microsoft.Security.CodeIntegrity (copy in HotCakeX/Harden-Windows-Security@f639cca,
2026-08-21). That one fault voids all of a policy is inferred: the event log knows "policy conversion failed" (event 8000).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lxml import etree

    Test = Callable[[str], object]

SOURCE = "AppIdPolicy.xsd of Microsoft.Security.CodeIntegrity (HotCakeX/Harden-Windows-Security@f639cca)"
MOST = 20
"""How many faults of one document are told; one is enough for Windows."""


class RuleFault(NamedTuple):
    """Say what breaks the schema, and at which element."""

    element: etree._Element
    message: str
    hint: str


class _Shape(NamedTuple):
    """Say what an element holds: attributes with their tests (`True` for those it needs), and its children.

    `children` gives how often each stands there at least and at most; 0 for any number. `last` are those that stand after
    all others. An `open` element may hold what its schema does not know, and is not looked into further.
    """

    attributes: Mapping[str, tuple[bool, Test, str]] = {}
    children: Mapping[str, tuple[int, int]] = {}
    last: tuple[str, ...] = ()
    open: bool = False


def _any_text(_: str) -> bool:
    return True


def _matches(pattern: str) -> Test:
    return re.compile(pattern, re.ASCII).fullmatch


def _one_of(*words: str) -> Test:
    return frozenset(words).__contains__


def _long(least: int, most: int) -> Test:
    return lambda text: least <= len(text) <= most


_SID = re.compile(r"S-1(?:-[0-9a-fA-F]+)+", re.ASCII)
_VERSION = (True, _matches(r"\*|(?:[0-9]{1,5}\.){3}[0-9]{1,5}"), "write * or a version of four numbers, as in 1.2.3.4")
_RULE = {
    "Id": (True, _matches(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"), "write a GUID without braces"),
    "Name": (True, _long(1, 1024), "write 1 to 1,024 characters"),
    "Description": (True, _long(0, 1024), 'write at most 1,024 characters, or Description=""'),
    "UserOrGroupSid": (
        True,
        lambda text: len(text) >= 7 and _SID.fullmatch(text),
        "write a SID, as S-1-1-0 for everyone",
    ),
    "Action": (True, _one_of("Allow", "Deny"), "write Allow or Deny"),
}
_CONDITIONS = {"FilePublisherCondition": (0, 0), "FilePathCondition": (0, 0), "FileHashCondition": (0, 0)}
_EXCEPTIONS = _Shape(children=_CONDITIONS)
_HEX = _matches(r"0x(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})")
_SHAPES: dict[str, _Shape] = {
    "AppLockerPolicy": _Shape(
        {"Version": (True, _matches(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*"), 'write Version="1"')},
        {"RuleCollection": (0, 0), "PolicyExtensions": (0, 1)},
        ("PolicyExtensions",),
    ),
    "PolicyExtensions": _Shape(open=True),
    "RuleCollection": _Shape(
        {
            "Type": (True, _any_text, "write Exe, Msi, Script, Dll or Appx"),
            "EnforcementMode": (
                False,
                _one_of("NotConfigured", "Enabled", "AuditOnly"),
                "write Enabled, AuditOnly or NotConfigured",
            ),
        },
        {
            "FilePublisherRule": (0, 0),
            "FilePathRule": (0, 0),
            "FileHashRule": (0, 0),
            "RuleCollectionExtensions": (0, 1),
        },
        ("RuleCollectionExtensions",),
    ),
    "FilePublisherRule": _Shape(_RULE, {"Conditions": (1, 1), "Exceptions": (0, 1)}),
    "FilePathRule": _Shape(_RULE, {"Conditions": (1, 1), "Exceptions": (0, 1)}),
    "FileHashRule": _Shape(_RULE, {"Conditions": (1, 1)}),
    "FilePublisherRule/Conditions": _Shape(children={"FilePublisherCondition": (1, 1)}),
    "FilePathRule/Conditions": _Shape(children={"FilePathCondition": (1, 1)}),
    "FileHashRule/Conditions": _Shape(children={"FileHashCondition": (1, 1)}),
    "FilePublisherRule/Exceptions": _EXCEPTIONS,
    "FilePathRule/Exceptions": _EXCEPTIONS,
    "FilePublisherCondition": _Shape(
        {
            "PublisherName": (True, len, "write the publisher, or *"),
            "ProductName": (True, _any_text, "write the product, or *"),
            "BinaryName": (True, _any_text, "write the file name, or *"),
        },
        {"BinaryVersionRange": (1, 1)},
    ),
    "BinaryVersionRange": _Shape({"LowSection": _VERSION, "HighSection": _VERSION}),
    "FilePathCondition": _Shape({"Path": (True, _long(1, 32767), "write 1 to 32,767 characters")}),
    "FileHashCondition": _Shape(children={"FileHash": (1, 0)}),
    "FileHash": _Shape(
        {
            "Type": (True, _one_of("SHA256", "SHA256Flat", "SHA1"), "write SHA256, SHA256Flat or SHA1"),
            "Data": (True, _HEX, "write 0x and 64 hexadecimal digits, or 40 for SHA1"),
            "SourceFileName": (False, _any_text, ""),
            "SourceFileLength": (False, _matches(r"\s*[+-]?[0-9]+\s*"), "write a number"),
        }
    ),
    "RuleCollectionExtensions": _Shape(
        children={"ThresholdExtensions": (1, 1), "RedstoneExtensions": (1, 1)}, open=True
    ),
    "ThresholdExtensions": _Shape(children={"Services": (0, 1)}),
    "Services": _Shape(
        {
            "EnforcementMode": (
                True,
                _one_of("NotConfigured", "Enabled", "ServicesOnly"),
                "write NotConfigured, Enabled or ServicesOnly",
            )
        }
    ),
    "RedstoneExtensions": _Shape(children={"SystemApps": (0, 1), "OriginDataRevocation": (0, 1)}),
    "SystemApps": _Shape({"Allow": (True, _one_of("Enabled", "NotEnabled"), "write Enabled or NotEnabled")}),
    "OriginDataRevocation": _Shape(
        {
            "CurrentOriginDataId": (True, _matches(r"\s*\+?[0-9]+\s*"), "write a number"),
            "TrustedOriginDataId": (True, _matches(r"\s*\+?[0-9]+\s*"), "write a number"),
        }
    ),
}


def is_element(node: etree._Element) -> bool:
    """Tell an element from a comment, whose tag is a function."""
    tag: object = node.tag
    return isinstance(tag, str)


def faults(root: etree._Element) -> Iterator[RuleFault]:
    """Yield what breaks the schema, in document order, and after that what must be unique and is not."""
    yield from _faults(root)
    collections = [root] if root.tag == "RuleCollection" else [one for one in root if one.tag == "RuleCollection"]
    types, ids = set[str](), set[str]()
    for collection in collections:
        kind = collection.get("Type")
        if kind in types:
            yield RuleFault(collection, f"a second collection of the type {kind!r}", "put all rules of a type into one")
        types.add(kind or "")
        for rule in collection:
            known = rule.get("Id") if is_element(rule) else None
            if known is not None and known in ids:
                yield RuleFault(
                    rule, f"the Id {known!r} stands in another rule of the policy too", "give it a GUID of its own"
                )
            ids.add(known or "")


def _faults(root: etree._Element) -> Iterator[RuleFault]:
    waiting = [(root, str(root.tag))]
    while waiting:
        element, name = waiting.pop()
        shape = _SHAPES[name]
        yield from _attributes(element, shape)
        every = list(element)
        children = [child for child in every if is_element(child)]
        if shape.children or children:
            yield from _order(element, children, shape)
        if element.text and not every and not element.text.isspace():  # between elements the parser refuses it
            yield RuleFault(element, f"text stands in the {element.tag}", "remove it")
        if children:
            named = [(child, _name(element, child)) for child in reversed(children) if child.tag in shape.children]
            waiting += [(child, name) for child, name in named if name in _SHAPES]


def _name(element: etree._Element, child: etree._Element) -> str:
    """Return the name of a child's shape: conditions and exceptions differ from rule to rule."""
    tag = str(child.tag)
    return f"{element.tag}/{tag}" if tag in ("Conditions", "Exceptions") else tag


def _attributes(element: etree._Element, shape: _Shape) -> Iterator[RuleFault]:
    given, known = element.attrib, 0
    for name, (needed, test, hint) in shape.attributes.items():
        value = given.get(name)
        if value is None:
            if needed:
                yield RuleFault(element, f"the {element.tag} has no {name}", hint)
            continue
        known += 1
        if not test(str(value)):
            yield RuleFault(element, f"{str(value)[:80]!r} is not a valid {name} of a {element.tag}", hint)
    if known == len(given) or shape.open:
        return
    for other in map(str, given):
        if other not in shape.attributes and not other.startswith("{"):
            yield RuleFault(element, f"a {element.tag} has no attribute {other[:80]}", "remove it")


def _order(element: etree._Element, children: list[etree._Element], shape: _Shape) -> Iterator[RuleFault]:
    counts: dict[str, int] = {}
    closed = ""
    for child in children:
        name = str(child.tag)
        if name not in shape.children:
            if not shape.open:
                yield RuleFault(child, f"a {element.tag} holds no {name[:80]}", "remove it")
            continue
        counts[name] = counts.get(name, 0) + 1
        if name in shape.last:
            closed = name
        elif closed:
            yield RuleFault(child, f"the {name} stands after {closed}, which comes last", f"move {closed} to the end")
    for name, (least, most) in shape.children.items():
        count = counts.get(name, 0)
        if count < least:
            yield RuleFault(element, f"the {element.tag} has no {name}", f"write one {name}")
        elif most and count > most:
            yield RuleFault(element, f"the {element.tag} has {count} times {name}, and takes {most}", f"leave {most}")

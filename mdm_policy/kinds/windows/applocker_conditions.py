"""Read the conditions and exceptions of AppLocker's rules, and say which of them mean no more users than they seem to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdm_policy.kinds.windows.applocker_schema import is_element
from mdm_policy.reading import FileCondition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_VARIABLES = frozenset({"HOT", "OSDRIVE", "PROGRAMFILES", "REMOVABLE", "SYSTEM32", "WINDIR"})
_VARIABLE = re.compile(r"%([^%]*)%")
_ROOTED = re.compile(r"[*?%]|[A-Za-z]:|\\\\")
_NAMES = frozenset({"PublisherName", "ProductName", "BinaryName", "Path"})


def condition_of(rule: etree._Element) -> FileCondition | None:
    """Return what a rule is about; None where it says nothing, which its schema forbids."""
    return next(_within(rule, "Conditions"), None)


def exceptions_of(rule: etree._Element) -> tuple[FileCondition, ...]:
    """Return what a rule leaves out."""
    return tuple(_within(rule, "Exceptions"))


def _within(rule: etree._Element, block: str) -> Iterator[FileCondition]:
    for child in rule:
        if child.tag == block:
            for one in child:
                found = _condition(one) if is_element(one) else None
                if found is not None:
                    yield found


def _condition(element: etree._Element) -> FileCondition | None:
    if element.tag == "FilePathCondition":
        return FileCondition("path", path=element.get("Path", ""))
    if element.tag == "FileHashCondition":
        found = sorted(str(one.get("Data", "")).lower() for one in element if is_element(one))
        return FileCondition("hash", hashes=tuple(found))
    if element.tag != "FilePublisherCondition":
        return None
    low = high = "*"
    for child in element:
        if child.tag == "BinaryVersionRange":
            low, high = child.get("LowSection", "*"), child.get("HighSection", "*")
    names = (element.get("PublisherName", ""), element.get("ProductName", ""), element.get("BinaryName", ""))
    return FileCondition("publisher", *names, low, high)


def matches_nothing(one: FileCondition) -> tuple[str, str]:
    """Say why a condition can match no file, and what to write instead; two empty texts where it may match one.

    AppLocker has path variables of its own, and none of the environment's; a publisher is * alone or a whole name
    (MicrosoftDocs/windows-itpro-docs understanding-the-path-rule-condition-in-applocker.md,
    understanding-the-publisher-rule-condition-in-applocker.md).
    """
    if one.kind == "path":
        named = _VARIABLE.match(one.path)
        if named and named[1].upper() not in _VARIABLES:
            known = ", ".join(f"%{name}%" for name in sorted(_VARIABLES))
            return f"AppLocker has no path variable %{named[1][:40]}%", f"use one of {known}, or write the folder out"
        if not _ROOTED.match(one.path):
            return (
                f"the path {one.path[:80]!r} begins at no drive, share, variable or *",
                "write the whole path, or *\\ before it",
            )
    if one.kind == "publisher" and one.publisher != "*" and ("*" in one.publisher or "=" not in one.publisher):
        why = f"{one.publisher[:80]!r} is the name of no publisher: it has to be * alone, or a whole distinguished name"
        return why, "write the PublisherName that Get-AppLockerFileInformation prints, whole and without *"
    return "", ""


def misread(rule: etree._Element) -> str:
    """Return a name of a rule that was decoded with the wrong encoding, or nothing."""
    texts = [str(text) for child in rule.iter() for key, text in child.attrib.items() if key in _NAMES]
    return next((text for text in texts if _mojibake(text)), "")


def _mojibake(text: str) -> bool:
    """Tell whether a text is UTF-8 that was read as Windows-1252, as in `MICROSOFTÂ®`."""
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False

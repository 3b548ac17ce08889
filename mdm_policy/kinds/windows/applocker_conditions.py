"""Read the conditions and exceptions of AppLocker's rules, and say which of them mean no more users than they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.kinds.windows.applocker_schema import is_element
from mdm_policy.reading import FileCondition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

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

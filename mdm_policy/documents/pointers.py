"""Write and read JSON pointers (RFC 6901), also for plist and XML.

In a plist, a pointer goes through dictionary keys and array indexes as in JSON. In XML its parts are element names,
the root's first: `/configuration_profile/general/payloads`. When several siblings bear the same name, the name is
followed by a 0-based index among them: `/RuleCollection/FilePublisherRule/1/Conditions`; no element name begins with
a digit, so a number is always an index. A last part `@Name` is the attribute of that name.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree


def pointer(*parts: str | int) -> str:
    """Join keys, names and indexes into one pointer; `pointer()` is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split(text: str) -> tuple[str, ...]:
    """Take a pointer apart into its unescaped parts."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def elements(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield every element of an XML tree with its pointer, in document order.

    One pass over the tree: asking each element for its place among its siblings would be quadratic.
    """
    stack: list[tuple[str, etree._Element]] = [(pointer(str(root.tag)), root)]
    while stack:
        path, element = stack.pop()
        yield path, element
        names = Counter(str(child.tag) for child in element)
        seen: Counter[str] = Counter()
        children = []
        for child in element:
            name = str(child.tag)
            parts = (name, seen[name]) if names[name] > 1 else (name,)
            seen[name] += 1
            children.append((path + pointer(*parts), child))
        stack.extend(reversed(children))


def indexed(text: str) -> str:
    """Return an XML pointer with the index of every element written out and any attribute left off."""
    parts: list[str] = []
    for part in split(text):
        if part[:1] == "@":
            break
        if part.isdecimal() and parts:
            parts[-1] = part
        else:
            parts += [part, "0"]
    return pointer(*parts)

"""Write and read JSON pointers (RFC 6901), also for plist and XML.

In a plist, a pointer goes through dictionary keys and array indexes as in JSON. In XML its parts are element names,
the root's first: `/configuration_profile/general/payloads`. When several siblings bear the same name, the name is
followed by a 0-based index among them: `/RuleCollection/FilePublisherRule/1/Conditions`; no element name begins with
a digit, so a number is always an index. A last part `@Name` is the attribute of that name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml import etree


def pointer(*parts: str | int) -> str:
    """Join keys, names and indexes into one pointer; `pointer()` is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


_KEY = "~key"
"""Ends a pointer to a key itself, in place of its value; no pointer of RFC 6901 has a tilde before another letter."""


def to_key(of_value: str) -> str:
    """Return the pointer of a key, where its value's is given: in a plist the two stand on lines of their own."""
    return of_value + _KEY


def of_value(of_key: str) -> str:
    """Return the pointer of the value that a key has; any other pointer as it is."""
    return of_key.removesuffix(_KEY)


def split(text: str) -> tuple[str, ...]:
    """Take a pointer apart into its unescaped parts."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def elements(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield every element of an XML tree with its pointer, in document order; namespaces are left out of it.

    One pass over the tree: asking each element for its place among its siblings would be quadratic. No more is kept than
    the names of the siblings of those that lead to where it is.
    """
    stack: list[Iterator[tuple[str, etree._Element]]] = [iter([(_step(_name(root)), root)])]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            continue
        yield found
        path, element = found
        if len(element):
            stack.append(zip(_below(path, element), element, strict=True))


def _below(path: str, element: etree._Element) -> Iterable[str]:
    """Return the pointers of an element's children."""
    names = [_name(child) for child in element]
    return (path + _step(name) for name in names) if len(set(names)) == len(names) else _numbered(path, names)


@lru_cache(maxsize=4096)
def _step(name: str) -> str:
    return pointer(name)


def _name(element: etree._Element) -> str:
    """Return an element's name as it is written, but for the namespace that the root gives to all."""
    return str(element.tag).rpartition("}")[2]


def _numbered(path: str, names: Sequence[str]) -> list[str]:
    """Return the pointers of siblings, with an index where a name stands more than once."""
    last = {name: place for place, name in enumerate(names)}
    seen: dict[str, int] = {}
    places = []
    for place, name in enumerate(names):
        index = seen.get(name, 0)
        seen[name] = index + 1
        alone = not index and last[name] == place
        places.append(f"{path}{_step(name)}" if alone else f"{path}{_step(name)}/{index}")
    return places


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

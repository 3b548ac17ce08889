"""Turn a Jamf object in JSON into the XML it stands for, each value on the line it has in the JSON file.

The Classic API answers in either form; it takes XML alone, so the readers know the objects by their XML
(developer.jamf.com, Classic API: lists hold one element for each item, named in the singular).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.documents import escaped, locate_all, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS = ("restricted_software", "configuration_profile", "os_x_configuration_profile")
_SINGULAR = {"policies": "policy", "jss_users": "user", "jss_user_groups": "user_group"}


def is_jamf(value: Any) -> bool:
    """Tell whether parsed JSON is one object of Jamf's that a reader knows."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and next(iter(value)) in _ROOTS
        and isinstance(next(iter(value.values())), dict)
        and "general" in next(iter(value.values()))
    )


def as_xml(value: dict[str, Any], data: bytes) -> bytes:
    """Return the XML of an object that stands in `data` as JSON."""
    root = next(iter(value))
    nodes = list(_nodes(root, value[root], (root,)))
    lines = locate_all(data, "json", [where for where, *_ in nodes if where])
    parts, line = [], 1
    for where, text in nodes:
        wanted = lines.get(where, (line, 0))[0]
        parts.append("\n" * max(0, wanted - line) + text)
        line = max(line, wanted)
    return "".join(parts).encode() + b"\n"


def _nodes(name: str, value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    """Yield the tags and texts of a value with the pointer of what they stand for; closing tags have none."""
    tag = name if name.replace("_", "").isalnum() and name[0].isalpha() else "item"
    yield pointer(*path), f"<{tag}>"
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _nodes(key, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nodes(_SINGULAR.get(name, name.removesuffix("s")) or name, item, (*path, index))
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield "", escaped(text)
    yield "", f"</{tag}>"

"""Change bytes at random, or a document's own structure, so that readers behind a strict parser are reached too."""

from __future__ import annotations

import copy
import json
import plistlib
import re
from typing import TYPE_CHECKING, Any

import yaml
from lxml import etree

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 1.5, 1e308, "", " ", "*", "0", "x", "NaN", "\u202e",
    "\u00b2", "\x7f", "\0", "a\0b", ".", "2021-13-45", "a" * 300, "9" * 5000, "2026-02-30", ">=99999999999999999999", "../../etc/passwd", "**a", "~x",
    "com.a.b", "COM.A.B", "com.tencent.mm", "<a/>", "&lt;a/&gt;", "PD94bWw=", "{}", "[]", "#microsoft.graph.", [], {},
    [[]], [None], {"": None}, {"a": 1}, [1, "a", None, {}],
)  # fmt: skip
"""What stands where something else was expected."""
_MOST_NODES = 20_000
_SPLICES = (
    b"<", b">", b"<![CDATA[", b"]]>", b"&x;", b"&#0;", b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\0", b"\\ud800", b"bplist00", b"*a", b"&a ", b"<<: ", b"!!python/object ", b"%YAML 1.1\n", b"---\n", b"\r", b"\t",
    b"!!int x", b"!!float x", b"!!timestamp x", b"!!bool x", b"2021-13-45", b"0x", b"\\0", b"[" * 40, b"{" * 40, b'"', b"'", b": ", b"- ", b"? ", b",", b"9" * 40, b"1e999", b"-", b"\x80", b"\xa0\x80",
)  # fmt: skip


def changed(data: bytes, shape: str, dice: random.Random, most: int) -> bytes:
    """Return the bytes changed: as a structure of that shape where they are one, now and then as plain bytes."""
    if shape != "bytes" and dice.random() < 0.6:
        read, write = _SHAPES[shape]
        try:
            value = read(data)
            if not isinstance(value, etree._Element):
                _check_small(value)
            made = write(_reshaped(value, dice))
            if shape == "yaml" and dice.random() < 0.5:
                # Without its quotes, a text is whatever YAML takes it for.
                made = re.sub(rb'"([^"\\]{1,40})"', lambda found: found[1] if dice.random() < 0.1 else found[0], made)
        except Exception:  # noqa: BLE001 - what is no such structure is changed as bytes
            return _spliced(data, dice, most)
        if len(made) <= most:
            return made
    return _spliced(data, dice, most)


def _spliced(data: bytes, dice: random.Random, most: int) -> bytes:
    held = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        start = dice.randint(0, len(held))
        end = min(len(held), start + dice.choice((0, 0, 1, 2, 8, 32)))
        piece = (
            dice.choice(_SPLICES),
            dice.randbytes(dice.randint(0, 4)),
            bytes(held[dice.randint(0, start) : start]),
            bytes((held[start] ^ (1 << dice.randint(0, 7)),)) if start < len(held) else b"",
        )
        held[start:end] = dice.choice(piece)
    return bytes(held[:most])


def _reshaped(value: Any, dice: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if isinstance(value, etree._Element):
            _change_xml(value, dice)
        else:
            value = _change(value, dice)
    return value


def _change(value: Any, dice: random.Random) -> Any:
    """Put something strange in one place of plain data, or take it away, or move it."""
    holders = [one for one in _walk(value) if one]
    if not holders or dice.random() < 0.02:
        return dice.choice(_STRANGE)
    holder = dice.choice(holders)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = dice.choice(keys)
    what = dice.randrange(6)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[str(dice.choice(_STRANGE))[:300]] = holder.pop(key)
    elif what == 2:
        other = dice.choice(holders)
        holder[key] = copy.deepcopy(other[dice.choice(list(other))] if isinstance(other, dict) else dice.choice(other))
    elif what == 3:
        holder[key] = dice.choice(([holder[key]], {"a": holder[key]}, str(holder[key])))
    else:
        holder[key] = copy.deepcopy(dice.choice(_STRANGE))
    return value


def _walk(value: Any) -> list[Any]:
    found, left = [], [value]
    while left:
        one = left.pop()
        if isinstance(one, dict | list):
            found.append(one)
            left += one.values() if isinstance(one, dict) else one
    return found


def _check_small(value: Any) -> None:
    """Refuse what unfolds without end: a binary plist, and a YAML alias, may hold one value in many places."""
    left, seen = [value], 0
    while left:
        one = left.pop()
        seen += 1
        if seen > _MOST_NODES:
            raise ValueError(seen)
        if isinstance(one, dict | list):
            left += one.values() if isinstance(one, dict) else one


def _change_xml(root: Any, dice: random.Random) -> None:
    element = dice.choice([one for one in root.iter() if isinstance(one.tag, str)])
    text = next(one for one in iter(lambda: dice.choice(_STRANGE), b"") if isinstance(one, str) and one.isprintable())
    what = dice.randrange(6)
    parent = element.getparent()
    if what == 0 and parent is not None:
        parent.remove(element)
    elif what == 1:
        element.append(copy.deepcopy(dice.choice(list(root.iter(etree.Element)))))
    elif what == 2 and element.attrib:
        element.set(dice.choice(list(element.attrib)), text)
    elif what == 3:
        element.tag = dice.choice([str(one.tag) for one in root.iter(etree.Element)])
    elif what == 4 and element.attrib:
        del element.attrib[dice.choice(list(element.attrib))]
    else:
        element.text = text


def _yaml(data: bytes) -> Any:
    return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader


def _plist(data: bytes) -> Any:
    return plistlib.loads(data)


def _no_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _no_none(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_no_none(one) for one in value]
    return b"\0" if value is None else value


_SHAPES: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], bytes]]] = {
    "json": (json.loads, lambda value: json.dumps(value).encode()),
    "yaml": (_yaml, lambda value: json.dumps(value, default=str, ensure_ascii=False).encode()),
    "plist": (_plist, lambda value: plistlib.dumps(_no_none(value))),
    "binary-plist": (_plist, lambda value: plistlib.dumps(_no_none(value), fmt=plistlib.FMT_BINARY)),
    "xml": (etree.fromstring, etree.tostring),
}

"""Turn a registration file of Windows (.reg) into JSON: keys, names and values, each value on its line.

The form is that of `reg export` and of the registry editor (support.microsoft.com 310516): a heading, sections `[KEY]`, lines
`"name"=value`; a `-` before a key or for a value removes it, which is null here. Texts are kept, and so are numbers; all other
types stay as they are written.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mdm_policy.documents.texts import TextReport, check_values, decode
from mdm_policy.kinds.windows.registry import HEADING

_HEADINGS = (HEADING, "REGEDIT4")
_SECTION = re.compile(r"\[(-?)(.*)\]\s*\Z")
_VALUE = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|(@))\s*=\s*(.*)\Z', re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"\s*\Z')
_ESCAPED = re.compile(r"\\(.)")
_NUMBER = re.compile(r"dword:([0-9a-fA-F]{1,8})\s*\Z")


def claims(data: bytes) -> bool:
    """Tell whether bytes are a registration file, in UTF-8 or UTF-16."""
    head = data[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    return head.startswith(tuple(one.encode() for one in _HEADINGS))


def as_json(name: str, data: bytes, max_size: int) -> bytes:
    """Return the JSON of a registration file.

    Raises:
        PolicyError: `document-syntax`, or what keeps the bytes from being text.

    """
    source = decode(name, data, max_size)
    check_values(source, "yaml", max_size)
    report = TextReport(name)
    keys: dict[str, dict[str, tuple[int, Any]] | None] = {}
    current: dict[str, tuple[int, Any]] | None = None
    lines = source.text.split("\n")
    place = 1
    while place < len(lines):
        start, line = place, lines[place].strip()
        place += 1
        while line.endswith("\\") and place < len(lines) and not line.startswith("["):
            line = line[:-1] + lines[place].strip()
            place += 1
        if not line or line.startswith(";"):
            continue
        section, value = _SECTION.match(line), _VALUE.match(line)
        if section is not None:
            current = None if section[1] else keys.get(section[2]) or {}
            keys[section[2]] = current
        elif value is not None and current is not None:
            current[value[2] or _plain(value[1])] = (start + 1, _value(value[3]))
        else:
            report.fail("document-syntax", "neither a [KEY] nor a value of one", (start + 1, 1), "export it again")
    report.stop_if_any()
    return _written(keys)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _value(written: str) -> Any:
    if written.strip() == "-":
        return None
    text, number = _TEXT.match(written), _NUMBER.match(written)
    if text is not None:
        return _plain(text[1])
    return int(number[1], 16) if number is not None else {"type": written.partition(":")[0], "value": written}


def _written(keys: dict[str, dict[str, tuple[int, Any]] | None]) -> bytes:
    """Write the JSON, with line feeds where the file has them; a key that stands in two places is written once."""
    parts = [f"{{{json.dumps(HEADING)}:{{"]
    line = 1
    for number, (key, values) in enumerate(keys.items()):
        parts.append(f"{',' if number else ''}{json.dumps(key)}:{'null' if values is None else '{'}")
        for count, (name, (at, value)) in enumerate((values or {}).items()):
            parts.append("\n" * max(at - line, 0))
            line = max(line, at)
            parts.append(f"{',' if count else ''}{json.dumps(name)}:{json.dumps(value)}")
        parts.append("" if values is None else "}")
    parts.append("}}\n")
    return "".join(parts).encode("utf-8", "surrogatepass")

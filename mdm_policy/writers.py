"""Write values as the format of a template has them, and shape them into the objects a vendor wants: pure."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import uuid
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from markupsafe import Markup

from mdm_policy import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TemplateFormat = Literal["plist", "json", "xml", "text", "crlf", "markdown", "powershell", "bash"]

NAMESPACE = uuid.UUID("b7f2f6a4-9a53-5b1e-8f0c-2f6d3f1a7c55")
"""The namespace of every UUIDv5 the product makes. It must never change: a changed UUID is a second profile."""

_XML_ESCAPES = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
}  # fmt: skip


_MARKS = 5 << 76 | 2 << 62
_NO_MARKS = ~(15 << 76 | 3 << 62)
"""Where a UUID says its version (5) and variant: RFC 9562, 5.5. `uuid.uuid5` does the same four times slower."""


_XML_SPECIAL = re.compile("[&<>\"'\t\n\r]")


def stable_uuid(name: str) -> str:
    """Return the upper-case UUIDv5 of a name: the same name is the same payload on every machine, for ever."""
    digest = hashlib.sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()
    made = f"{(int.from_bytes(digest[:16]) & _NO_MARKS) | _MARKS:032X}"
    return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"


_PLIST_OPEN, _PLIST_CLOSE = '<plist version="1.0">', "</plist>"


def _plist(value: Any) -> str:
    text = documents.dump(value, "plist", compact=True).decode()
    return text[text.index(_PLIST_OPEN) + len(_PLIST_OPEN) : -len(_PLIST_CLOSE)]


def json_text(value: Any) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


def _xml(value: Any) -> str:
    if isinstance(value, str):
        text = value
        if _XML_SPECIAL.search(text):
            for character, escaped in _XML_ESCAPES.items():
                text = text.replace(character, escaped)
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"an XML template prints text, whole numbers and booleans, not {type(value).__name__}")


def _markdown(value: Any) -> str:
    if isinstance(value, (str, int)):
        # An underscore inside a word is plain text in Markdown; escaping it would only hurt who reads the source.
        return re.sub(r"([\\`*\[\]<>|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", str(value))
    raise TypeError(f"a Markdown template prints text and whole numbers, not {type(value).__name__}")


def prose(value: Any) -> Markup:
    """Print a sentence of this program's own, in which `words` between back quotes are code already."""
    parts = str(value).split("`")
    if len(parts) % 2 == 0:
        return Markup(_markdown(value))  # noqa: S704 - escaped
    made = [code(part) if at % 2 and part else _sentence(part) for at, part in enumerate(parts)]
    return Markup("".join(made))  # noqa: S704 - each part is code or escaped


def _sentence(text: str) -> str:
    """Escape only what Markdown would take for a mark where it stands: a backslash more is one too many to read."""
    return re.sub(
        r"[*|~]|\\(?=[!-/:-@\[-`{-~]|$)|<(?=[A-Za-z/!?])|\](?=[(\[:])|^[#>]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])",
        lambda found: "\\" + found.group(),
        text,
    )


def _powershell(value: Any) -> str:
    """Write a value as PowerShell has it, in ASCII: other characters by number, since Windows reads scripts in many code pages."""
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"a PowerShell template prints text, whole numbers and booleans, not {type(value).__name__}")
    units = value.encode("utf-16-le", "surrogatepass")
    parts: list[str] = []
    for at in range(0, len(units), 2):
        number = int.from_bytes(units[at : at + 2], "little")
        letter = chr(number).replace("'", "''")
        if not " " <= letter <= "~":
            parts.append(f"[char]0x{number:04X}")
        elif parts and parts[-1].startswith("'"):
            parts[-1] = f"{parts[-1][:-1]}{letter}'"
        else:
            parts.append(f"'{letter}'")
    if len(parts) == 1 and parts[0].startswith("'"):
        return parts[0]
    return "(" + " + ".join(["''", *parts]) + ")" if parts else "''"


def _bash(value: Any) -> str:
    """Write a value as bash has it, in ASCII: other characters as the octets of UTF-8."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"a script for bash prints text, whole numbers and booleans, not {type(value).__name__}")
    if value.isascii() and value.isprintable():
        return "'" + value.replace("'", "'\\''") + "'"
    octets = value.encode("utf-8", "surrogatepass")
    shown = (chr(one) if 32 <= one <= 126 and one not in b"'\\" else f"\\x{one:02x}" for one in octets)
    return "$'" + "".join(shown) + "'"


def code(value: Any) -> Markup:
    """Print a value as Markdown code, whatever backticks it holds."""
    text = str(value)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return Markup(f"{fence}{pad}{text}{pad}{fence}")  # noqa: S704 - Markdown, fenced


def cell(value: Any) -> Markup:
    """Print a value as Markdown code inside a table, where a bar ends the cell even in code."""
    return Markup(code(value).replace("|", "\\|"))  # noqa: S704 - Markdown, fenced


def block(value: Any) -> Markup:
    """Print lines as a block of Markdown code, whatever backticks they hold."""
    text = str(value)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}text\n{text}\n{fence}")  # noqa: S704 - Markdown, fenced


def split_team(values: Sequence[str]) -> list[dict[str, str]]:
    """Split qualified signing ids `TEAM:id` into records with `team` and `id`."""
    return [{"team": team, "id": rest} for team, _, rest in (value.partition(":") for value in values)]


def capitals(value: str) -> str:
    """Write a text in capitals, but for the letters whose capital is not one letter or has another small one."""
    return "".join([c.upper() if len(c.upper()) == 1 and c.upper().lower() == c.lower() else c for c in value])


def fit(value: str, length: int) -> str:
    """Shorten a text to a length, ending in a digest of the whole when it had to be cut: still unique, still stable."""
    if len(value.encode()) <= length:
        return value
    mark = hashlib.sha256(value.encode()).hexdigest()[:12]
    return f"{value.encode()[: length - 13].decode(errors='ignore')}-{mark}"


_PLAIN = re.compile(r"[^\x00-\x20\x7f\"\\;,]+(?: [^\x00-\x20\x7f\"\\;,]+)*")
"""Text that means itself in a zone, a registration file and a table alike; `csv` writes any other into a table."""


def _line(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _PLAIN.fullmatch(text):
        return text
    raise TypeError(
        f"a line prints whole numbers, and text without quotes, separators and line ends, not {value!r:.80}"
    )


def lines(values: Sequence[str], *patterns: str) -> Markup:
    """Print lines for each value: in each pattern `$` stands for the value, and `#` for its number, from 1.

    >>> print(lines(["a.example"], "$ CNAME .", "*.$ CNAME ."))
    a.example CNAME .
    *.a.example CNAME .
    <BLANKLINE>
    """
    made = [
        pattern.replace("#", str(number)).replace("$", text)
        for number, text in enumerate(map(_line, values), 1)
        for pattern in patterns
    ]
    return Markup("".join(f"{line}\n" for line in made))  # noqa: S704 - lines, each value checked


def csv_rows(rows: Sequence[Sequence[str]]) -> Markup:
    """Print rows of a table, quoted where a cell needs it (RFC 4180); the format ends the lines."""
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\n").writerows(rows)
    return Markup(made.getvalue())  # noqa: S704 - a table, quoted by its writer


WRITERS: dict[str, Callable[[Any], str]] = {
    "plist": _plist,
    "json": json_text,
    "xml": _xml,
    "text": _line,
    "crlf": _line,
    "markdown": _markdown,
    "powershell": _powershell,
    "bash": _bash,
}
"""How each format writes a value."""


def shape(values: Sequence[Any], pattern: Any) -> list[Any]:
    """Shape each value into the object a vendor wants: `"$"` stands for the value, `"$.field"` for a field of it.

    >>> shape(["a.b"], {"packageName": "$", "installType": "BLOCKED"})
    [{'packageName': 'a.b', 'installType': 'BLOCKED'}]
    """
    fill = _filler(pattern)
    return [fill(value) for value in values]


def _filler(pattern: Any) -> Callable[[Any], Any]:
    if isinstance(pattern, str) and pattern == "$":
        return lambda value: value
    if isinstance(pattern, str) and pattern.startswith("$."):
        field = pattern[2:]
        return lambda value: value[field]
    if isinstance(pattern, dict):
        return _dict_filler(pattern)
    if isinstance(pattern, (list, tuple)):
        parts = [_filler(part) for part in pattern]
        return lambda value: [part(value) for part in parts]
    return lambda _value: pattern


def _dict_filler(pattern: Mapping[str, Any]) -> Callable[[Any], dict[str, Any]]:
    constant = {k: v for k, v in pattern.items() if not _is_variable(v)}
    variable = [(k, _filler(v)) for k, v in pattern.items() if k not in constant]

    def fill(value: Any) -> dict[str, Any]:
        made = dict(constant)
        for key, part in variable:
            made[key] = part(value)
        return made

    return fill


def _is_variable(pattern: Any) -> bool:
    if isinstance(pattern, str):
        return pattern.startswith("$")
    if isinstance(pattern, dict):
        return any(map(_is_variable, pattern.values()))
    return isinstance(pattern, (list, tuple)) and any(map(_is_variable, pattern))

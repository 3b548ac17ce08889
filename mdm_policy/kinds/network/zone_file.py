"""Turn a zone's master file into JSON: its records, each on its line, with names relative to the zone.

The form is that of RFC 1035 section 5.1 with `$TTL` (RFC 2308): `[owner] [ttl] [class] type data`; an owner left out is the
one before, parentheses join lines, `;` begins a comment. `$INCLUDE` and `$GENERATE` stand as directives, which nobody carries out
here. A name that ends in a dot is absolute; it is relative to the zone where the file says what the zone is called.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mdm_policy.documents.texts import TextReport, check_values, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

ZONE = "zone"
"""The key under which a zone stands as JSON."""
_HEAD = 4096
_MARK = re.compile(
    r"^(?:\$(?:TTL|ORIGIN)[\x20\t]|[^\s;{\[<\"]*[\x20\t]+(?:[0-9][0-9smhdw]*[\x20\t]+)?(?:IN[\x20\t]+)?SOA[\x20\t])",
    re.IGNORECASE | re.MULTILINE,
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()]|[^\s();"]+|;.*')
_TTL = re.compile(r"[0-9]+[0-9smhdw]*", re.IGNORECASE)
_CLASSES = frozenset({"IN", "CH", "HS", "ANY"})


def claims(data: bytes) -> bool:
    """Tell whether bytes are a master file: its head has a `$TTL`, an `$ORIGIN`, or the record that begins a zone."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"[", b"<"):
        return False
    return _MARK.search(head.decode("utf-8", "replace")) is not None


def as_json(name: str, data: bytes, max_size: int) -> bytes:
    """Return the JSON of a master file.

    Raises:
        PolicyError: `document-syntax`, or what keeps the bytes from being text.

    """
    source = decode(name, data, max_size)
    check_values(source, "yaml", max_size)
    report = TextReport(name)
    zone = _Zone()
    parts: list[str] = []
    written = 1
    for line, indented, tokens in _entries(source.text, report):
        record = zone.record(indented, tokens)
        if record is None:
            report.fail("document-syntax", "neither a record nor a directive of a zone", (line, 1), "export it again")
        if record:
            parts.append("\n" * (line - written) + ("," if parts else "") + json.dumps(record))
            written = max(written, line)
    report.stop_if_any()
    head = f'{{"{ZONE}":{{"origin":{json.dumps(zone.origin or "")},"records":['
    return "".join([head, *parts, "]}}\n"]).encode("utf-8", "surrogatepass")


def _entries(text: str, report: TextReport) -> Iterator[tuple[int, bool, list[str]]]:
    """Yield each entry: its line, whether it begins with white space, its tokens; parentheses join lines."""
    start, indented, depth = 1, False, 0
    tokens: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not depth:
            start, indented, tokens = number, line[:1] in (" ", "\t"), []
        for part in _TOKEN.findall(line):
            if part[0] == ";":
                break
            if part in "()":
                depth += 1 if part == "(" else -1
            else:
                tokens.append(part)
        if depth < 0 or depth > 1:
            report.fail("document-syntax", "the parentheses do not match", (number, 1), "close each that is opened")
        if tokens and not depth:
            yield start, indented, tokens
    if depth:
        report.fail("document-syntax", "a parenthesis is not closed", (start, 1), "close it")


class _Zone:
    """Know, while a file is read, what the zone is called, what names are relative to, and the owner before."""

    def __init__(self) -> None:
        self.origin: str | None = None
        self._below = ""
        self._owner = ""

    def record(self, indented: bool, tokens: list[str]) -> dict[str, str] | None:
        """Return a record or a directive that is not carried out; nothing for one that is, None for what is neither."""
        if tokens[0].startswith("$"):
            return self._directive(tokens)
        if not indented:
            self._owner = tokens.pop(0)
        while tokens and (_TTL.fullmatch(tokens[0]) or tokens[0].upper() in _CLASSES):
            del tokens[0]
        if len(tokens) < 2:
            return None
        kind = tokens[0].upper()
        if kind == "SOA" and self.origin is None and self._owner.endswith("."):
            self.origin = self._owner.lower()
        return {"name": self._relative(self._owner), "type": kind, "data": " ".join(tokens[1:])}

    def _directive(self, tokens: list[str]) -> dict[str, str] | None:
        word = tokens[0].upper()
        if len(tokens) < 2:
            return None
        if word == "$TTL":
            return {}
        if word != "$ORIGIN":
            return {"directive": word, "data": " ".join(tokens[1:])}
        named = tokens[1].lower()
        if self.origin is None and named.endswith("."):
            self.origin, self._below = named, ""
        else:
            self._below = self._relative(named)
        return {}

    def _relative(self, name: str) -> str:
        """Return a name relative to the zone, empty for the zone itself; one that stays absolute keeps its dot."""
        name = name.lower()
        if name == "@":
            return self._below
        if not name.endswith("."):
            return f"{name}.{self._below}" if self._below else name
        if name == self.origin:
            return ""
        return name.removesuffix(f".{self.origin}") if self.origin and self.origin != "." else name

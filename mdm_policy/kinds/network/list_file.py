"""Turn a plain list of domains into JSON: one domain a line, each on its line; `#` begins a comment.

There is no standard of such files: resolvers, proxies and firewalls of many makers take them, and block what stands there with all
below it. A file is one if its first lines hold nothing but domains and comments.
"""

from __future__ import annotations

import json

from mdm_policy.documents.texts import TextReport, check_values, decode
from mdm_policy.identifiers import is_valid

LIST = "domains"
"""The key under which a list stands as JSON."""
_HEAD = 4096


def claims(data: bytes) -> bool:
    """Tell whether bytes are such a list: every whole line of the head is a domain, a comment or empty, and one is a domain."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf")
    try:
        lines = head.decode("ascii").splitlines()
    except UnicodeDecodeError:
        return False
    if len(data) > _HEAD:
        lines = lines[:-1]
    named = [name for name in map(_name, lines) if name]
    return bool(named) and all(is_valid("web", "domain", name) for name in named)


def as_json(name: str, data: bytes, max_size: int) -> bytes:
    """Return the JSON of a list.

    Raises:
        PolicyError: what keeps the bytes from being text.

    """
    source = decode(name, data, max_size)
    check_values(source, "yaml", max_size)
    report = TextReport(name)
    parts: list[str] = []
    written = 1
    for number, line in enumerate(source.text.split("\n"), 1):
        domain = _name(line)
        if domain:
            parts.append("\n" * (number - written) + ("," if parts else "") + json.dumps(domain))
            written = number
    report.stop_if_any()
    return "".join([f'{{"{LIST}":[', *parts, "]}\n"]).encode("utf-8", "surrogatepass")


def _name(line: str) -> str:
    """Return what a line names, in the case in which names are compared."""
    return line.partition("#")[0].strip().lower()

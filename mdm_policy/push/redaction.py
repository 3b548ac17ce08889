"""Know every secret of a run, and strike it out of whatever is told, in every spelling an answer may have it in.

Secrets are struck out before a text is cut: of one that is cut in two, half would be left.
"""

from __future__ import annotations

import base64
import html.entities
import re
from functools import lru_cache

_LEAST = 4
"""Characters: what is shorter stands everywhere by chance."""
_PIECE = 8
"""Characters of a line that is a secret by itself: a key is often shown line by line."""
_HEAD = 12
"""Characters of a spelling that are looked for first: the pattern of a whole key takes a second to compile, and is rarely needed."""
_NAMED: dict[str, list[str]] = {}
for _name, _point in html.entities.name2codepoint.items():
    _NAMED.setdefault(chr(_point), []).append(_name)
_NAMED.setdefault("'", []).append("apos")
_SHORT = {"\n": "n", "\r": "r", "\t": "t", '"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f"}


class Secrets:
    """Know every secret of a run, so that no text that leaves the program holds one."""

    def __init__(self) -> None:
        """Know none yet."""
        self._known: dict[str, tuple[str, ...]] = {}

    def add(self, secret: str) -> str:
        """Remember a secret, and return it."""
        if len(secret) >= _LEAST and secret not in self._known:
            lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
            parts = [secret, *(line for line in lines if len(line) >= _PIECE), *_encoded(secret)]
            self._known[secret] = tuple(dict.fromkeys(parts))
        return secret

    def redact(self, text: str) -> str:
        """Return a text with every secret struck out."""
        for secret in sorted(self._known, key=len, reverse=True):
            for part in self._known[secret]:
                if _pattern(part[:_HEAD]).search(text):
                    text = _pattern(part).sub("***", text)
        return text


def _encoded(secret: str) -> list[str]:
    """Return what of a secret shows in base64, wherever in a longer text it begins, without what its neighbours change."""
    data = secret.encode("utf-8", "surrogatepass")
    found = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        start = (0, 2, 3)[before]
        end = len(text) - (1 if (before + len(data)) % 3 else 0)
        core = text[start:end]
        if len(core) >= _PIECE:
            found += [core, core.replace("+", "-").replace("/", "_")]
    return found


@lru_cache(maxsize=4096)
def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile("".join(_spelled(char) for char in secret))


@lru_cache(maxsize=512)
def _spelled(char: str) -> str:
    """Match one character as it is, percent-encoded once or twice, as HTML, in JSON, and a space as a plus."""
    code = ord(char)
    octets = "".join(f"%(?:25)*(?i:{octet:02x})" for octet in char.encode("utf-8", "surrogatepass"))
    units = char.encode("utf-16-be", "surrogatepass")
    escaped = "".join(f"\\\\+u(?i:{units[at]:02x}{units[at + 1]:02x})" for at in range(0, len(units), 2))
    spellings = [re.escape(char), octets, f"&(?:amp;)*#0*{code};?", f"&(?:amp;)*#[xX]0*(?i:{code:x});?", escaped]
    spellings += [f"&(?:amp;)*{name};" for name in _NAMED.get(char, ())]
    if char in _SHORT:
        spellings.append(f"\\\\+{re.escape(_SHORT[char])}")
    if char == " ":
        spellings.append(r"\+")
    return f"(?:{'|'.join(dict.fromkeys(spellings))})"

"""Hide the lines of a deployment that may hold a credential where only the place of one should stand.

A finding shows the line it is about, and another finding may be about the same line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = "(not shown: a credential may stand here)"
_FIELD = re.compile(r"""["']?\b(?:client_secret|passphrase|api_key|service_account|key)\b["']?\s*:""")
_DESTINATIONS = re.compile(r"""^\s*["']?destinations["']?\s*:""", re.MULTILINE)
_PLACE = r"""["']?(?:env|file)["']?\s*:\s*["']?[\w./~-]{1,200}["']?"""
_GOOD = re.compile(rf"\s*(?:\{{\s*{_PLACE}\s*\}}|(?:#.*)?$)")
_GOOD_BELOW = re.compile(rf"\s*(?:{_PLACE}\s*(?:#.*)?|#.*)?$")


def hidden(text: str) -> list[str]:
    """Return the lines of a text, those of a deployment's credentials replaced."""
    lines = text.split("\n")
    return _hidden(lines) if _DESTINATIONS.search(text) else lines


def _hidden(lines: Sequence[str]) -> list[str]:
    made: list[str] = []
    inside = -1
    for line in lines:
        indent = len(line) - len(line.lstrip(" -"))
        if line.strip() and indent <= inside:
            inside = -1
        fields = list(_FIELD.finditer(line))
        good = all(_GOOD.match(line[one.end() :]) for one in fields)
        if fields:
            inside = len(line) - len(line.lstrip(" "))
        elif inside >= 0:
            good = _GOOD_BELOW.match(line) is not None
        made.append(line if good else HIDDEN)
    return made

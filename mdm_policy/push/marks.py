"""Put our mark into an object's free text, and find it there again.

A mark is written in the same request that creates the object, so that a lost answer never makes a twin: whoever looks for
the key afterwards finds the object, or there is none.
"""

from __future__ import annotations

import re

_MARK = re.compile(
    r"\[mdm-policy:([A-Za-z0-9._-]{1,64}):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\]", re.ASCII
)


def mark(owner: str, key: str) -> str:
    """Return the text that says whose an object is, and which one."""
    return f"[mdm-policy:{owner}:{key}]"


def find_mark(text: str) -> tuple[str, str]:
    """Return the owner and the key of the last mark in a text, two empty texts when there is none.

    The last one counts: ours stands at the end, and a person who copies an object may have put text before it.
    """
    found = _MARK.findall(text)
    return found[-1] if found else ("", "")

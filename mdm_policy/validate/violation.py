"""Hold one place that a schema does not allow, in the words both engines share."""

from __future__ import annotations

import json
from typing import Any

from mdm_policy.model import Frozen

_SHOWN = 60


class Violation(Frozen, frozen=True, gc=False):
    """Say what was expected at a pointer; `line` is 0 when the engine does not know it."""

    pointer: str
    message: str
    hint: str = ""
    line: int = 0


def shown(value: Any) -> str:
    """Write a value as a reader of the file knows it, cut to a length that fits a line."""
    if isinstance(value, dict):
        return f"an object with {len(value)} keys" if len(value) != 1 else "an object with 1 key"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]}..."

"""Compare what is at a destination with what should be, so that a vendor's rewriting is not taken for drift.

The comparison has one direction: every key that we set must be there and equal; keys beyond are named, never hidden.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mdm_policy.documents.pointers import pointer

if TYPE_CHECKING:
    from collections.abc import Collection


def fingerprint(value: Any) -> str:
    """Return the SHA-256 (hex) of plain data, the order of keys aside."""
    return hashlib.sha256(_text(value).encode("utf-8", "surrogatepass")).hexdigest()


def differences(wanted: Any, found: Any, at: str = "") -> tuple[str, ...]:
    """Return the pointers at which what is there lacks something we set, or has it otherwise."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return tuple(
            one for key in sorted(wanted) for one in differences(wanted[key], found.get(key), at + pointer(key))
        )
    if isinstance(wanted, list) and isinstance(found, list):
        return () if _same_list(wanted, found) else (at or "/",)
    return () if type(wanted) is type(found) and wanted == found else (at or "/",)


def extras(wanted: Any, found: Any, ignored: Collection[str] = (), at: str = "") -> tuple[str, ...]:
    """Return the pointers of keys that are there and that we do not set; `ignored` are keys that the server itself adds."""
    if not (isinstance(wanted, dict) and isinstance(found, dict)):
        return ()
    made: list[str] = []
    for key in sorted(found):
        if key in wanted:
            made += extras(wanted[key], found[key], ignored, at + pointer(key))
        elif key not in ignored and found[key] not in (None, "", [], {}, False):
            made.append(at + pointer(key))
    return tuple(made)


def _same_list(wanted: list[Any], found: list[Any]) -> bool:
    """Tell whether two lists hold the same, order and repetition aside; an entry there may have more keys."""
    keys = {key for one in wanted if isinstance(one, dict) for key in one}
    if all(isinstance(one, dict) for one in (*wanted, *found)):
        found = [{key: one[key] for key in one if key in keys} for one in found]
    left, right = {_text(one) for one in wanted}, {_text(one) for one in found}
    if left == right:
        return True
    # Entries whose own values grew keys: match each against some entry that covers it.
    rest = [one for one in found if _text(one) not in left]
    lack = [one for one in wanted if _text(one) not in right]
    return len(lack) == len(rest) and all(any(not differences(one, other) for other in rest) for one in lack)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=repr)

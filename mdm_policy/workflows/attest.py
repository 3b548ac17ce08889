"""Let a statement be written beside a build, never into it, and over nothing but a former statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mdm_policy.documents.signed import looks_signed, signed_content
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.provenance.statement import STATEMENT

if TYPE_CHECKING:
    from pathlib import Path

_MAX_FORMER = 80 * 1024 * 1024


def check(path: Path) -> None:
    """Refuse, before any work, to write over anything but a former statement.

    Raises:
        PolicyError: `file-exists`, when something else stands there.

    """
    if path.is_symlink() or (path.exists() and not _is_former(path)):
        said = "something that is no statement stands there already"
        raise PolicyError([error("file-exists", said, Origin(str(path)), "choose another file")])


def _is_former(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _MAX_FORMER:
        return False
    data = path.read_bytes()
    content = signed_content(data) if looks_signed(data) else data
    try:
        value = json.loads(content or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("_type") == STATEMENT

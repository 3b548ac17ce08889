"""Write a single file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mdm_policy.errors import Origin, PolicyError, error


def write(path: Path, data: bytes) -> None:
    """Put a file in place in one step; a crash leaves the old file or the new one. Its owner alone can read it.

    Raises:
        PolicyError: `output-unwritable`.

    """
    made = ""
    try:
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, path)  # noqa: PTH105 - a name from mkstemp is text
    except OSError as bad:
        if made:
            Path(made).unlink(missing_ok=True)
        said = f"cannot write it: {bad.strerror or bad}"
        raise PolicyError(
            [error("output-unwritable", said, Origin(str(path)), "choose another place with -o")]
        ) from None

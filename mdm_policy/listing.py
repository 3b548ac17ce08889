"""List a folder to its end or not at all: what cannot be listed must not count as empty."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def below(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder that is no folder, in a fixed order: files, and links whatever they lead to.

    `Path.rglob` passes over a folder that it may not list, without a word.

    Raises:
        OSError: for a folder that cannot be listed; `filename` says which.

    """

    def refuse(bad: OSError) -> None:
        raise bad

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        links = [name for name in folders if Path(where, name).is_symlink()]
        yield from (Path(where, name) for name in sorted((*files, *links)))

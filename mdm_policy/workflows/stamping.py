"""Gather what a report rests on: the files that were read, the program and its catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import __version__
from mdm_policy.report.stamp import JudgedInput, Stamp, given
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def stamped(catalogue: str, as_of: str, judged: Iterable[JudgedInput]) -> Stamp:
    """Return the stamp of a report on some inputs, each once."""
    return Stamp(f"mdm-policy {__version__}", catalogue, as_of, tuple(dict.fromkeys(judged)))


def files(read: inputs.Inputs | None, devices: Path | None, roots: Sequence[Path]) -> tuple[JudgedInput, ...]:
    """Return the lists and the deployment that were read, the file of device classes and those of certificates.

    What came through standard input or a pipe cannot be read again, and is left out.

    Raises:
        PolicyError: a file is gone that has just been read.

    """
    listed = [JudgedInput(role, name, digest) for role, name, digest in read.files] if read is not None else []
    others = [("devices", devices)] if devices is not None else []
    others += [("certificates", path) for path in roots]
    for role, path in others:
        if str(path) != inputs.STANDARD_INPUT and path.is_file():
            listed.append(given(role, str(path), inputs.read_source(path).data))
    return tuple(listed)

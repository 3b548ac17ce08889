"""Say what went wrong at the outermost edge: findings for what was foreseen, a short report for what was not."""

from __future__ import annotations

import io
import os
import traceback
from pathlib import Path

import click

from mdm_policy.cli import output
from mdm_policy.errors import Finding, Origin, PolicyError, error


def _of_system(failed: OSError) -> Finding:
    """Say what the system refused: mostly that nothing more can be printed, or that a file went away meanwhile."""
    said = f"the system says: {failed.strerror or failed}"
    place = Origin(os.fsdecode(failed.filename)) if isinstance(failed.filename, str | bytes) else None
    hint = "look whether the disk, or what the output is sent to, has room, and run it again"
    return error("system-refused", said, place, hint)


def explain(failed: Exception) -> int:
    """Print the failure on stderr and return the exit code."""
    if isinstance(failed, PolicyError):
        output.findings(failed.findings)
        return failed.exit_code
    if isinstance(failed, click.ClickException):
        said = io.StringIO()
        failed.show(said)
        output.message(said.getvalue().rstrip())
        return failed.exit_code
    if isinstance(failed, OSError):
        output.findings([_of_system(failed)])
        return 1
    place = traceback.extract_tb(failed.__traceback__)[-1] if failed.__traceback__ else None
    where = f" ({Path(place.filename).name}:{place.lineno})" if place else ""
    output.message(f"error[internal-error]: {type(failed).__name__}: {' '.join(str(failed).split())}{where}")
    output.message("   = hint: this is a defect of mdm-policy; please report this line and the command")
    return 1

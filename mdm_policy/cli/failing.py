"""Say what went wrong at the outermost edge: findings for what was foreseen, a short report for what was not."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import click

from mdm_policy.cli import output
from mdm_policy.errors import PolicyError


def explain(failed: Exception) -> int:
    """Print the failure on stderr and return the exit code."""
    if isinstance(failed, PolicyError):
        output.findings(failed.findings)
        return failed.exit_code
    if isinstance(failed, BrokenPipeError):
        # The reader of stdout went away (`mdm-policy lookup | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    place = traceback.extract_tb(failed.__traceback__)[-1] if failed.__traceback__ else None
    where = f" ({Path(place.filename).name}:{place.lineno})" if place else ""
    click.echo(f"error[internal-error]: {type(failed).__name__}: {failed}{where}", err=True)
    click.echo("   = hint: this is a defect of mdm-policy; please report this line and the command", err=True)
    return 1

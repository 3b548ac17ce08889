"""The `check` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.report import machine
from mdm_policy.workflows.check import CheckRequest, check


@options.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@options.as_of()
@options.format_("text", "json", help="How to print the findings.")
@options.strict()
@options.templates("A folder with targets of your own, which a deployment may name. Repeatable.")
def command(files: tuple[Path, ...], as_of: str, format_: str, strict: bool, folders: tuple[Path, ...]) -> None:
    """Check ban lists, deployments, targets and CSV lists: all findings at once, with file, line and column.

    A deployment is checked together with the lists, targets and options it names. FILE can be - for standard input.
    """
    result = check(CheckRequest(files, as_of, folders), edge.standard_input)
    if format_ == "json":
        output.data(machine.findings(result.findings))
    else:
        output.findings(result.findings)
        if not result.failed:
            output.result(f"{len(files)} file{'s' if len(files) != 1 else ''} checked: no error")
    if code := result.exit_code(strict=strict):
        raise click.exceptions.Exit(code)

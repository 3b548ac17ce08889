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
@click.option("--skip-foreign", is_flag=True, help="Pass over files that are no lists, deployments or targets.")
def command(
    files: tuple[Path, ...], as_of: str, format_: str, strict: bool, folders: tuple[Path, ...], skip_foreign: bool
) -> None:
    """Check ban lists, deployments, targets and CSV lists: all findings at once, with file, line and column.

    A deployment is checked together with the lists, targets and options it names. FILE can be - for standard input.
    """
    result = check(CheckRequest(files, as_of, folders, skip_foreign), edge.standard_input)
    if format_ == "json":
        output.data(machine.findings(result.findings))
    else:
        output.findings(result.findings)
        if not result.failed:
            count = len(files) - len(result.skipped)
            foreign = f"; {len(result.skipped)} passed over as foreign" if result.skipped else ""
            output.result(f"{count} file{'s' if count != 1 else ''} checked: no error{foreign}")
    if code := result.exit_code(strict=strict):
        raise click.exceptions.Exit(code)

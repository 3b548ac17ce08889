"""The `init` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import options, output
from mdm_policy.workflows.scaffold import new_deployment


@options.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
def command(folder: Path) -> None:
    """Write a commented deployment and ban list to start from into DIR; existing files are never replaced."""
    files = new_deployment(folder)
    output.result(
        f"Wrote {' and '.join(str(folder / name) for name in files)}.\n"
        f"Edit them, then: mdm-policy check {folder / files[0]}\n"
        f"                 mdm-policy build {folder / files[0]} -o {folder / 'build'}"
    )

"""The `catalogue` command: what has to do with the catalogue as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import options, output
from mdm_policy.sources import inputs


@click.group("catalogue")
def command() -> None:
    """Save the catalogue, to compare it with another version of it."""


@command.command("export", cls=options.Command)
@options.deployment("Add what this deployment's overlays hold.")
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path), help="Where to write; standard output without it."
)
def export(deployment: Path | None, path: Path | None) -> None:
    """Save which identifiers each app and vendor of the catalogue has.

    `mdm-policy diff OLD NEW` of two such files says which bans become wider or narrower; with --list, of these lists alone.
    """
    from mdm_policy.catalogue.exports import export as dump  # noqa: PLC0415 - the module has the command's name

    data = dump(inputs.gather(deployment, ()).catalogue)
    if path is None:
        output.data(data.decode().rstrip("\n"))
        return
    from mdm_policy.build.replacing import replace  # noqa: PLC0415 - only a file needs it

    replace(path, data)
    output.result(f"Wrote {path}")

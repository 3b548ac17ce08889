"""The `lookup` command."""

from __future__ import annotations

import click

from mdm_policy import catalogue
from mdm_policy.cli import output
from mdm_policy.report import machine, reference


@click.command(name="lookup")
@click.argument("query")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(query: str, format_: str) -> None:
    """Search the catalogue for QUERY: a name, a vendor, or an identifier.

    Exit code 1 when nothing is found.
    """
    loaded = catalogue.load()
    hits = loaded.lookup(query)
    if format_ == "json":
        output.result(machine.hits(hits))
    else:
        output.result(reference.hits(query, hits, loaded, output.width()))
    if not hits:
        raise click.exceptions.Exit(1)

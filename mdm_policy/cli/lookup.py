"""The `lookup` command."""

from __future__ import annotations

import click

from mdm_policy import catalogue
from mdm_policy.cli import options, output
from mdm_policy.errors import PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.report import machine, reference


@options.command("lookup")
@click.argument("query")
@options.format_("text", "json", help="How to print.")
def command(query: str, format_: str) -> None:
    """Search the catalogue for QUERY: a name, a vendor, or an identifier.

    Exit code 1 when nothing is found.
    """
    loaded = catalogue.load()
    found = loaded.lookup(query)
    if format_ == "json":
        output.data(machine.hits(found))
        if not found:
            raise click.exceptions.Exit(1)
    elif found:
        output.result(reference.hits(found, loaded, output.width()))
    else:
        nearest = loaded.suggest(query)
        hint = (
            f"did you mean {quoted(nearest)}?"
            if nearest
            else "a ban list can give its identifiers itself, under `name:`"
        )
        raise PolicyError([error("nothing-found", f"nothing in the catalogue matches {quoted(query)}", None, hint)])

"""The `explain` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy import catalogue, resources
from mdm_policy.cli import options, output
from mdm_policy.errors import PolicyError, error
from mdm_policy.report import machine, reference
from mdm_policy.resolve import blockable, resolve
from mdm_policy.sources import inputs
from mdm_policy.targets import discover


@click.command(name="explain")
@click.argument("app")
@click.option("--deployment", type=click.Path(path_type=Path), help="Explain with this deployment's lists.")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="LIST",
    help="Explain with this list. Repeatable; default: the deployment's, or all shipped lists.",
)
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to judge dates for; today without it.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(app: str, deployment: Path | None, lists: tuple[str, ...], as_of: str | None, format_: str) -> None:
    """Say where and why APP is banned, and how each target blocks it.

    APP is a catalogue key, a name, or an identifier. Exit code 1 when no list bans it.
    """
    read = inputs.gather(deployment, lists or (() if deployment else tuple(inputs.shipped())))
    known = catalogue.load()
    resolution = resolve(read.lists, read.deployment, known, as_of or options.today(), enforce=False)
    wanted = app.casefold()
    exact = {hit.app.key for hit in known.lookup(app) if hit.exact and hit.app is not None}
    found = [
        banned
        for banned in resolution.apps
        if banned.key in exact
        or wanted in (banned.key.casefold(), banned.name.casefold())
        or any(i.value.casefold() == wanted for i in banned.identifiers)
        or any(r.through.casefold() == f"feature {wanted}" for r in banned.reasons)
    ]
    if not found:
        names = ", ".join(s.list for s in resolution.statuses)
        raise PolicyError([error("not-banned", f"{app!r} is not banned by {names}", hint="see `mdm-policy lookup`")])
    targets = discover(resources.templates())
    ways = [(banned, reference.ways(blockable(banned), targets.values())) for banned in found]
    if format_ == "json":
        output.data(machine.dump([machine.explanation(banned, way, resolution) for banned, way in ways]))
        return
    output.result("\n\n".join(reference.explanation(banned, way, resolution, output.width()) for banned, way in ways))

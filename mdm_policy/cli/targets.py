"""The `targets` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy import resources
from mdm_policy.cli import output
from mdm_policy.errors import PolicyError, error
from mdm_policy.report import machine, reference
from mdm_policy.targets import discover


@click.command(name="targets")
@click.argument("name", required=False)
@click.option(
    "--templates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with targets of your own. Repeatable.",
)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(name: str | None, folders: tuple[Path, ...], format_: str) -> None:
    """Show every target, or NAME in full: what it blocks, what it needs, what it cannot do."""
    found = discover(resources.templates(), folders)
    if name is not None and name not in found:
        raise PolicyError(
            [error("unknown-target", f"there is no target {name!r}", hint=f"targets: {', '.join(found)}")]
        )
    shown = [found[name]] if name is not None else list(found.values())
    if format_ == "json":
        output.data(machine.dump([machine.target(target) for target in shown]))
    elif name is not None:
        output.result(reference.target(shown[0], output.width()))
    else:
        output.result(reference.targets(shown, output.width()))

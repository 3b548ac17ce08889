"""The `targets` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy import resources
from mdm_policy.cli import options, output
from mdm_policy.errors import PolicyError, error
from mdm_policy.report import machine, reference
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path


@options.command("targets")
@click.argument("name", required=False)
@options.templates()
@options.format_("text", "json", help="How to print.")
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

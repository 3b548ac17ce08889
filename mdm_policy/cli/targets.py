"""The `targets` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy import resources
from mdm_policy.cli import options, output
from mdm_policy.errors import NotProvenError, PolicyError, error
from mdm_policy.report import machine, reference
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.targets import Target


@options.command("targets")
@click.argument("name", required=False)
@options.templates()
@options.format_("text", "json", help="How to print.")
@click.option("--test", is_flag=True, help="Run the tests in each target's tests/ folder, and exit 11 if one fails.")
def command(name: str | None, folders: tuple[Path, ...], format_: str, test: bool) -> None:
    """Show every target, or NAME in full: what it blocks, what it needs, what it cannot do."""
    found = discover(resources.templates(), folders)
    if name is not None and name not in found:
        raise PolicyError(
            [error("unknown-target", f"there is no target {name!r}", hint=f"targets: {', '.join(found)}")]
        )
    shown = [found[name]] if name is not None else list(found.values())
    if test:
        _test(shown, found)
    elif format_ == "json":
        output.data(machine.dump([machine.target(target) for target in shown]))
    elif name is not None:
        output.result(reference.target(shown[0], output.width()))
    else:
        output.result(reference.targets(shown, output.width()))


def _test(shown: list[Target], found: dict[str, Target]) -> None:
    from mdm_policy.workflows.target_tests import run_target_tests  # noqa: PLC0415 - it brings all of building

    result = run_target_tests(shown, found)
    if result.broken:
        raise PolicyError((*result.broken, *result.failed))
    if result.failed:
        raise NotProvenError(result.failed)
    output.result(f"Tests pass: {', '.join(result.tested) or 'none were found'}.")
    if result.untested:
        output.message(f"Without a tests/ folder: {', '.join(result.untested)}.")

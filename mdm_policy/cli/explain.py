"""The `explain` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.report import machine, reference
from mdm_policy.workflows.explain import ExplainRequest, explain

if TYPE_CHECKING:
    from pathlib import Path


@options.command("explain")
@click.argument("app")
@options.deployment("Explain with this deployment's lists.")
@options.lists("Explain with this list. Repeatable; default: the deployment's, or all shipped lists.")
@options.as_of()
@options.templates()
@options.format_("text", "json", help="How to print.")
def command(
    app: str, deployment: Path | None, lists: tuple[str, ...], as_of: str, folders: tuple[Path, ...], format_: str
) -> None:
    """Say where and why APP is banned, and how each target blocks it.

    APP is a catalogue key, a name, or an identifier. Exit code 1 when no list bans it.
    """
    result = explain(ExplainRequest(app, as_of, lists, deployment, folders), edge.standard_input)
    resolution = result.resolution
    if format_ == "json":
        output.data(machine.dump([machine.explanation(banned, way, resolution) for banned, way in result.apps]))
        return
    told = (reference.explanation(banned, way, resolution, output.width()) for banned, way in result.apps)
    output.result("\n\n".join(told))

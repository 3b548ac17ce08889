"""The `new-target` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import options, output
from mdm_policy.workflows.scaffold import new_target


@options.command("new-target")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Write a target of your own, with its tests, into DIR; existing files are never replaced.

    It is named after the folder, and builds at once: edit it step by step, and run its tests after each.
    docs/targets.md says what each key of target.yaml means.
    """
    name = new_target(folder)
    output.result(
        f"Wrote the target {name} into {folder}.\n"
        f"Edit it, then: mdm-policy targets {name} --templates {folder} --test\n"
        f"               mdm-policy build LIST --templates {folder} --target {name} -o build"
    )

"""The `init` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.workflows.scaffold import new_deployment


@options.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option(
    "--from",
    "places",
    multiple=True,
    metavar="DESTINATION|PATH",
    help="Propose what is blocked there already, in place of an example. Repeatable.",
)
@options.deployment("With --from: take names of destinations from this deployment, and copy those that are named.")
@options.as_of("judge what is blocked for, with --from")
@options.INSECURE
def command(folder: Path, places: tuple[str, ...], deployment: Path | None, as_of: str, insecure: bool) -> None:
    """Write a commented deployment and ban list to start from into DIR; existing files are never replaced.

    With --from they hold what is blocked already: a tenant (a destination, named as `assess` names it, with the same
    credentials and permissions) or an export is read, and each app that it blocks is proposed with where that stands. Exit
    code 1 when something could not be read, so that more may be blocked than is proposed.
    """
    if not places:
        if deployment is not None:
            raise click.UsageError("--deployment names destinations for --from")
        files = new_deployment(folder)
        _next(folder, files)
        return
    from mdm_policy.workflows.adopt import AdoptRequest, adopt  # noqa: PLC0415 - a plain start asks no server

    result = adopt(AdoptRequest(folder, places, as_of, deployment, insecure), edge.services())
    _next(folder, result.files)
    left = f"; {len(result.left)} not proposed" if result.left else ""
    entries = f"{result.entries} entr{'y' if result.entries == 1 else 'ies'}"
    classes = f"{result.classes} device class{'' if result.classes == 1 else 'es'}"
    output.result(f"Proposed: {entries}, {classes}{left}.")
    output.findings(result.findings)
    if code := result.exit_code():
        raise click.exceptions.Exit(code)


def _next(folder: Path, files: tuple[str, ...]) -> None:
    output.result(
        f"Wrote {' and '.join(str(folder / name) for name in files)}.\n"
        f"Edit them, then: mdm-policy check {folder / files[0]}\n"
        f"                 mdm-policy build {folder / files[0]} -o {folder / 'build'}"
    )

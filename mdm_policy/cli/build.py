"""The `build` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mdm_policy.cli import edge, options, output, signers
from mdm_policy.report import building
from mdm_policy.workflows.build import BuildRequest, MadeBuild, build_into


@options.command("build")
@click.argument("lists", nargs=-1, metavar="[LIST|DEPLOYMENT]...")
@options.deployment("The deployment file: organization, lists, devices, targets.")
@options.as_of("build for")
@click.option(
    "--adopt",
    multiple=True,
    metavar="LIST",
    help="Enforce a list that is not in force, by your own decision. Repeatable.",
)
@click.option(
    "--target",
    "names",
    multiple=True,
    metavar="NAME",
    help="Build this target, or those whose names begin so. Repeatable; default: the deployment's, else what its devices need.",
)
@options.templates()
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to write: absent, empty, or a former build.",
)
@options.format_("text", "json", help="How to print the summary.")
@options.strict("Exit 11 when there is any warning or any gap that is not accepted.")
@click.option("--sign", "signed", is_flag=True, help="Sign the Apple profiles, as these options or the deployment say.")
@signers.options
def command(
    lists: tuple[str, ...],
    deployment: Path | None,
    as_of: str,
    adopt: tuple[str, ...],
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    folder: Path,
    format_: str,
    strict: bool,
    signed: bool,
    **given: Any,
) -> None:
    """Render, validate and read back the files every MDM takes.

    LIST is the id of a shipped list or a path; without any, the deployment's lists are built. A deployment may be given
    by its path alone, without --deployment. What the files come to on
    the devices is said first and last, as `verify` would say it. Exit code 0 when every file blocks what its target
    claims to; with --strict, 11 when there is a warning, or a gap that is not accepted.
    """
    signer = signers.chosen(**given)
    if not signed and signer.named:
        raise click.UsageError("a build is signed only with --sign")
    asked = BuildRequest(folder, as_of, lists, deployment, adopt, names, folders, signer if signed else None)
    result = build_into(asked, edge.standard_input)
    _tell(format_, result.made, folder)
    output.findings(result.findings, brief="manifest.json")
    if code := result.exit_code(strict=strict):
        raise click.exceptions.Exit(code)


def _tell(format_: str, made: MadeBuild, folder: Path) -> None:
    if format_ == "json":
        output.data(made.manifest.decode())
    else:
        output.result(building.text(made.resolution, made.built, made.found, folder, output.width()))

"""The `verify-build` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mdm_policy.cli import edge, options, output, signers
from mdm_policy.report import provenance
from mdm_policy.workflows.attest import Attestation
from mdm_policy.workflows.build import PROGRAM
from mdm_policy.workflows.rebuild import RebuildRequest, rebuild


@options.command("verify-build")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@options.deployment("The deployment the build was made from; its lists are found by it.")
@options.templates("A folder with targets of your own that the build was made with. Repeatable.")
@click.option(
    "--attest",
    "attestation",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the outcome here as an in-toto statement (test-result), outside DIR.",
)
@options.format_("text", "json", help="How to print the outcome.")
@options.strict("Exit 11 when there is any warning, such as a build not rendered again.")
@signers.options
def command(
    folder: Path,
    lists: tuple[str, ...],
    deployment: Path | None,
    folders: tuple[Path, ...],
    attestation: Path | None,
    format_: str,
    strict: bool,
    **given: Any,
) -> None:
    """Hash every file of a build again, and render the build again from its inputs where they are given.

    Give the deployment, and the LISTs that were named when the build was made. Shipped lists need not be given. The
    first line says which of the two was done.
    """
    signer = signers.chosen(**given)
    if attestation is None and signer.named:
        raise click.UsageError("only a statement is signed: give --attest FILE")
    wanted = Attestation(attestation, edge.today(), signer if signer.named else None) if attestation else None
    result = rebuild(RebuildRequest(folder, lists, deployment, folders, wanted))
    shown = (result.record, result.checked, result.again, result.findings)
    if format_ == "json":
        output.data(provenance.data(*shown, PROGRAM))
    else:
        output.result(provenance.text(*shown, output.width()))
    output.findings(result.findings, brief="the output of --format json")
    if code := result.exit_code(strict=strict):
        raise click.exceptions.Exit(code)

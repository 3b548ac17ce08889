"""The `verify-build` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mdm_policy import __version__
from mdm_policy.build.replacing import replace
from mdm_policy.build.writing import MANIFEST
from mdm_policy.cli import options, output, signers
from mdm_policy.errors import Origin, PolicyError, error, finding_order
from mdm_policy.provenance import Checked, Record, Rerendering, check_files, look, read_record, statement
from mdm_policy.provenance.record import MAX_MANIFEST
from mdm_policy.report import provenance
from mdm_policy.workflows import attest
from mdm_policy.workflows.build import PROGRAM
from mdm_policy.workflows.rebuild import Given, render_again


@click.command(name="verify-build")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@click.option(
    "--deployment",
    type=click.Path(path_type=Path),
    help="The deployment the build was made from; its lists are found by it.",
)
@click.option(
    "--templates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with targets of your own that the build was made with. Repeatable.",
)
@click.option(
    "--attest",
    "attestation",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the outcome here as an in-toto statement (test-result), outside DIR.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the outcome.",
)
@click.option("--strict", is_flag=True, help="Exit 11 when there is any warning, such as a build not rendered again.")
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
    signer = signers.Given(**given)
    if attestation is not None:
        if attestation.resolve().is_relative_to(folder.resolve()):
            raise click.UsageError(
                f"--attest {attestation}: a statement does not belong into the build, where it is a foreign file"
            )
        attest.check(attestation)
    elif signer.said:
        raise click.UsageError("only a statement is signed: give --attest FILE")
    record = _record(folder)
    checked = check_files(record, look(folder, MANIFEST))
    again = _render_again(record, Given(deployment, lists, folders), checked)
    findings = tuple(sorted((*checked.findings, *again.findings), key=finding_order))
    if attestation is not None:
        said = statement(record, checked, again, findings, ("mdm-policy", __version__))
        if signer.said:
            said = signers.sealer(signer, options.today())(str(attestation), said)
        replace(attestation, said)
    if format_ == "json":
        output.data(provenance.data(record, checked, again, findings, PROGRAM))
    else:
        output.result(provenance.text(record, checked, again, findings, output.width()))
    output.findings(findings, brief="the output of --format json")
    if any(f.severity == "error" or (strict and f.severity == "warning") for f in findings):
        raise click.exceptions.Exit(11)


def _render_again(record: Record, given: Given, checked: Checked) -> Rerendering:
    try:
        return render_again(record, given)
    except PolicyError as failed:
        # What is wrong with the files is not lost because an input cannot be read.
        raise PolicyError([*checked.findings, *failed.findings]) from None


def _record(folder: Path) -> Record:
    path = folder / MANIFEST
    hint = "name the folder that `mdm-policy build` wrote"
    if path.is_symlink() or not path.is_file():
        raise PolicyError([error("build-manifest", "there is no manifest of a build", Origin(str(path)), hint)])
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST + 1)
    except OSError as bad:
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(str(path)))]) from None
    return read_record(str(path), data)

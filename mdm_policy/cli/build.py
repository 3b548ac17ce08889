"""The `build` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy.build.coverage import COLUMNS
from mdm_policy.build.writing import MANIFEST, Staging
from mdm_policy.cli import inputs, output
from mdm_policy.cli.making import Order, make
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.report import summary
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from mdm_policy.build import Built
    from mdm_policy.model import Resolution


@click.command(name="build")
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@click.option(
    "--deployment", type=click.Path(path_type=Path), help="The deployment file: organization, lists, devices, targets."
)
@click.option("--as-of", "as_of", type=inputs.DateParam(), help="The day to build for; today without it.")
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
    help="Build this target. Repeatable; default: the deployment's, or all.",
)
@click.option(
    "--templates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with targets of your own. Repeatable.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to write: absent, empty, or a former build.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the summary.",
)
@click.option("--strict", is_flag=True, help="Exit 11 when there is any warning or any gap that is not accepted.")
def command(
    lists: tuple[str, ...],
    deployment: Path | None,
    as_of: str | None,
    adopt: tuple[str, ...],
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    folder: Path,
    format_: str,
    strict: bool,
) -> None:
    """Render, validate and read back the files every MDM takes.

    LIST is the id of a shipped list or a path; without any, the deployment's lists are built.
    """
    if not lists and deployment is None:
        raise click.UsageError("name a LIST, or give --deployment FILE")
    day = as_of or inputs.today()
    read = inputs.gather(deployment, lists)
    with _staging(folder) as staging:
        made = make(Order(read, day, adopt, names, folders), staging.write)
        staging.write(MANIFEST, made.manifest)
        staging.commit()
    resolution, built, data = made.resolution, made.built, made.manifest
    _tell(format_, resolution, built, folder, data)
    found = (*resolution.findings, *built.findings)
    output.findings(found, brief=True)
    if strict and (any(f.severity == "warning" for f in found) or _open_gaps(built)):
        raise click.exceptions.Exit(11)


def _staging(folder: Path) -> Staging:
    """Prepare the output; that it cannot even be asked for (a name too long, a locked folder) is no defect of ours."""
    try:
        return Staging(folder)
    except OSError as bad:
        said, hint = f"cannot write the build: {bad.strerror or bad}", "choose another folder with -o"
        raise PolicyError([error("output-unwritable", said, Origin(str(folder)), hint)]) from None


def _open_gaps(built: Built) -> bool:
    return any(not gap.accepted for cls in built.coverage.classes for gap in cls.gaps)


def _tell(format_: str, resolution: Resolution, built: Built, folder: Path, data: bytes) -> None:
    if format_ == "json":
        output.data(data.decode())
        return
    width = output.width()
    documents, targets = len(built.documents), len(built.targets)
    counted = f"{documents} document{'s' * (documents != 1)} for {targets} target{'s' * (targets != 1)}"
    names = {app.key: app.name for app in resolution.apps}
    parts = [
        fill(f"Built {counted} in {folder}, as of {resolution.as_of}.", width)
        + "\nEvery document was read back, and blocks exactly what is ordered.",
        f"Lists\n{summary.lists(resolution.statuses, width)}",
        summary.confidence(resolution, width),
        summary.matrix(built.coverage, COLUMNS, width),
        summary.legend(built.coverage, width),
    ]
    if built.coverage.classes:
        parts.append(f"Device classes\n{summary.classes(built.coverage.classes, names, width)}")
    said = f"Next: read {folder / 'TARGET' / 'IMPORT.md'} before you import TARGET, and start with a pilot group."
    parts.append(fill(said, width))
    output.result("\n\n".join(parts))

"""The `build` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mdm_policy import __version__, catalogue, resources
from mdm_policy.build import Built, build, check_options
from mdm_policy.build.coverage import COLUMNS
from mdm_policy.build.manifest import Input, manifest
from mdm_policy.build.writing import MANIFEST, Staging
from mdm_policy.cli import inputs, output
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Adoption, Resolution
from mdm_policy.printing import Apart
from mdm_policy.report import summary
from mdm_policy.report.text import fill
from mdm_policy.resolve import resolve
from mdm_policy.targets import Target, discover, select

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    adoptions = [_adoption(name, day) for name in adopt]
    _check_adopted(adopt, [item.id for item in read.lists])
    resolution = resolve(read.lists, read.deployment, catalogue.load(), day, adopt=adoptions)
    findings = tuple(dict.fromkeys((*read.findings, *resolution.findings)))
    resolution = msgspec.structs.replace(resolution, findings=findings)
    targets = discover(resources.templates(), folders)
    chosen, options = _choice(read, targets, names)
    stem = read.lists[0].id if len(read.lists) == 1 else "banned-apps"
    with _staging(folder) as staging, Apart() as printer:
        built = build(resolution, chosen, targets, options, stem, staging.write, printer=printer)
        if not built.documents:
            said = "no chosen target can block anything on these lists"
            raise PolicyError([error("nothing-built", said, None, "choose other targets"), *built.findings])
        files = [Input(*file) for file in read.files]
        data = manifest(resolution, built, files, read.names, f"mdm-policy {__version__}")
        staging.write(MANIFEST, data)
        staging.commit()
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


def _adoption(name: str, day: str) -> Adoption:
    place = Origin("--adopt")
    return Adoption(name, "the --adopt option", day, ("no-install", "no-launch"), place)


def _check_adopted(adopted: Sequence[str], lists: Sequence[str]) -> None:
    strange = [name for name in adopted if name not in lists]
    if strange:
        hint = f"lists of this build: {', '.join(lists)}"
        raise PolicyError(
            [error("adopt-unknown", f"--adopt {name}: not a list of this build", None, hint) for name in strange]
        )


def _choice(
    read: inputs.Inputs, targets: dict[str, Target], names: Sequence[str]
) -> tuple[tuple[Target, ...], dict[str, dict[str, object]]]:
    deployment = read.deployment
    options = deployment.options if deployment else {}
    found = check_options(targets, options, deployment.origin if deployment else None)
    if found:
        raise PolicyError(found)
    return select(targets, names, deployment.targets if deployment else None), options


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

"""The `build` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mdm_policy.build.coverage import COLUMNS
from mdm_policy.build.writing import MANIFEST, Staging
from mdm_policy.cli import options, output, signers
from mdm_policy.errors import Origin, PolicyError, error, note
from mdm_policy.report import summary
from mdm_policy.report.text import fill
from mdm_policy.sources import inputs
from mdm_policy.workflows.build import Order, make
from mdm_policy.workflows.sealing import Sealing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.build import Built
    from mdm_policy.errors import Finding
    from mdm_policy.model import Deployment, Resolution
    from mdm_policy.targets import Target


@click.command(name="build")
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@click.option(
    "--deployment", type=click.Path(path_type=Path), help="The deployment file: organization, lists, devices, targets."
)
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to build for; today without it.")
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
@click.option("--sign", "signed", is_flag=True, help="Sign the Apple profiles, as these options or the deployment say.")
@signers.options
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
    signed: bool,
    **given: Any,
) -> None:
    """Render, validate and read back the files every MDM takes.

    LIST is the id of a shipped list or a path; without any, the deployment's lists are built.
    """
    if not lists and deployment is None:
        raise click.UsageError("name a LIST, or give --deployment FILE")
    day = as_of or options.today()
    read = inputs.gather(deployment, lists)
    if not signed and signers.Given(**given).said:
        raise click.UsageError("a build is signed only with --sign")

    def sealing_for(chosen: Sequence[Target]) -> Sealing | None:
        return _sealing(signers.Given(**given), read, deployment, chosen, day) if signed else None

    with _staging(folder) as staging:
        made = make(Order(read, day, adopt, names, folders), staging.write, sealing_for)
        if made.sealing is not None and not any(record.signing == "signed" for record in made.built.documents):
            said = "--sign was given, and no document of this build is one to sign"
            raise PolicyError([error("nothing-to-sign", said, None, "see docs/signing.md for those that are")])
        staging.write(MANIFEST, made.manifest)
        staging.commit()
    resolution, built, data, sealing = made.resolution, made.built, made.manifest, made.sealing
    _tell(format_, resolution, built, folder, data)
    found = (*resolution.findings, *built.findings, *_on_signing(sealing, read.deployment, built))
    output.findings(found, brief="manifest.json")
    if strict and (any(f.severity == "warning" for f in found) or _open_gaps(built)):
        raise click.exceptions.Exit(11)


def _sealing(
    given: signers.Given, read: inputs.Inputs, deployment: Path | None, chosen: Sequence[Target], day: str
) -> Sealing:
    """Get ready to sign, as options and deployment say."""
    plan = read.deployment.signing if read.deployment else None
    if deployment is not None:
        given = signers.with_plan(given, plan, deployment.parent)
    named = plan.targets if plan is not None else None
    for name, place in named or ():
        target = next((one for one in chosen if one.name == name), None)
        if target is not None and not any(spec.sign for spec in target.manifest.documents):
            said = f"the target {name!r} has no document to sign"
            raise PolicyError([error("target-not-signed", said, place, "see docs/signing.md for those that have")])
    return Sealing(signers.sealer(given, day), None if named is None else {name for name, _ in named})


def _on_signing(sealing: Sealing | None, deployment: Deployment | None, built: Built) -> tuple[Finding, ...]:
    if sealing is not None:
        return sealing.findings
    plan = deployment.signing if deployment else None
    if plan is None or not any(record.signing == "possible" for record in built.documents):
        return ()
    said = "the deployment says how profiles are signed, and this build did not sign them"
    return (note("build-not-signed", said, plan.origin, "build with --sign, or use `mdm-policy sign`"),)


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

"""The `assess` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy import __version__
from mdm_policy.cli import edge, options, output
from mdm_policy.report import assessment
from mdm_policy.report import verification as report
from mdm_policy.report.sarif import sarif

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Strength
    from mdm_policy.workflows.assess import AssessResult


@options.command("assess")
@click.argument("places", nargs=-1, metavar="[DESTINATION|PATH]...")
@options.lists("A shipped list or a path. Repeatable; default: the deployment's.")
@options.deployment("Take lists, classes and destinations from this deployment.")
@options.devices("Judge the classes of devices in this file.")
@options.as_of()
@options.MIN_STRENGTH
@options.REQUIRE_SCOPE
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write what was read into a new folder, as files that `verify` and `diff` read.",
)
@options.INSECURE
@options.format_("text", "json", "markdown", "sarif", "junit")
def command(
    places: tuple[str, ...],
    lists: tuple[str, ...],
    deployment: Path | None,
    devices: Path | None,
    as_of: str,
    min_strength: Strength,
    require_scope: bool,
    save: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Prove by what is really there whether a tenant blocks what a list bans; nothing is written there.

    DESTINATION is a name of the deployment, or graph://TENANT, jamf://HOST, amapi://enterprises/ID or kmfddm://HOST, with
    its credential in MDM_POLICY_SECRET_CLIENT_ID and MDM_POLICY_SECRET_CLIENT_SECRET (Graph, Jamf), MDM_POLICY_SECRET_SERVICE_ACCOUNT
    (AMAPI) or MDM_POLICY_SECRET_API_KEY (KMFDDM). PATH is read as `verify` reads it. Every object of every kind that can be
    judged is read, whoever made it. Permissions that suffice: Graph DeviceManagementConfiguration.Read.All and
    DeviceManagementApps.Read.All; Jamf the Read privileges of restricted software and both kinds of profile; AMAPI and
    KMFDDM have no read-only permission. Exit code 0 when nothing is open or in doubt, 11 when there is a gap, 1 when
    something cannot be read.
    """
    from mdm_policy.workflows.assess import AssessRequest, assess  # noqa: PLC0415 - most commands ask no server

    asked = AssessRequest(places, as_of, lists, deployment, devices, min_strength, require_scope, save, insecure)
    result = assess(asked, edge.services())
    _print(format_, result)
    if code := result.exit_code():
        raise click.exceptions.Exit(code)


def _print(format_: str, result: AssessResult) -> None:
    found, places, unread = result.proof.verification, result.proof.places, result.proof.unread
    stamp = result.proof.stamp
    if format_ == "json":
        output.data(report.data(found, places, unread, {"read": assessment.data(result.snapshots)}, stamp))
    elif format_ == "sarif":
        about = report.properties(found, len(unread))
        output.data(sarif(report.as_findings(found, unread), __version__, about, stamp, output.explained()))
    elif format_ == "junit":
        output.data(report.junit(found, places, unread, stamp))
    elif format_ == "markdown":
        output.data(report.for_pull_request(found, unread, stamp))
    else:
        output.result(
            report.text(found, output.width(), len(unread), stamp).rstrip() + assessment.heading(result.snapshots)
        )
        output.findings([*unread, *(f for f in found.findings if f.severity != "note")])

"""The `rollback` command."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mdm_policy import __version__, catalogue
from mdm_policy.cli import confirm, options, output
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.push.applying import failures
from mdm_policy.push.planfile import Receipt, load_receipt, plan_file
from mdm_policy.push.planning import Seen, Wanted, make_plan
from mdm_policy.report import pushing as report
from mdm_policy.sources import inputs
from mdm_policy.workflows import apply, push

if TYPE_CHECKING:
    from mdm_policy.push.model import Plan, Remote
    from mdm_policy.push.planfile import Done
    from mdm_policy.push.protocol import Destination


@click.command(name="rollback")
@click.argument("path", metavar="RECEIPT", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--deployment", type=click.Path(path_type=Path), help="The deployment; default: the one of the receipt.")
@options.YES
@options.LOOSEN
@options.INSECURE
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(path: Path, deployment: Path | None, yes: bool, reason: str, insecure: bool, format_: str) -> None:
    """Undo what the run of a RECEIPT did: delete what it made, bring back what it changed or deleted.

    Refuses when anything has moved since. What weakens a ban needs --allow-loosening with a reason. Exit codes: 0 undone,
    12 in part, 1 nothing was changed.
    """
    file = load_receipt(str(path), inputs.read(path).data)
    where = deployment or path.parent / file.deployment
    read = push.read(where, [one.destination for one in file.receipts], options.today(), insecure=insecure)
    known = {spec.name: (destination, read.owner(spec)) for spec, destination in push.connected(read)}
    plans: list[Plan] = []
    for receipt in file.receipts:
        destination, owner = known[receipt.destination]
        apply.check_where(receipt.destination, receipt.where, destination)
        plans.append(_plan(receipt, destination, owner, read, str(path)))
    digest = hashlib.sha256(f"rollback {file.digest}".encode()).hexdigest()
    plan = msgspec.structs.replace(plan_file(plans, file.deployment, f"mdm-policy {__version__}"), digest=digest)
    confirm.ask(plan, yes)
    chosen = [known[one.destination] for one in file.receipts]
    outcomes, made = apply.carry_out(plan, path, chosen, reason)
    found = failures(outcomes)
    code = apply.exit_code(outcomes, weaker=False)
    if format_ == "json":
        output.data(report.outcome_json(outcomes, None, found, code))
    else:
        output.result(report.outcome_text(outcomes, output.width()))
        output.result(f"\nThe receipt is {made}")
    output.findings(found)
    if code:
        raise click.exceptions.Exit(code)


def _plan(receipt: Receipt, destination: Destination, owner: str, read: push.Read, path: str) -> Plan:
    """Plan the way back; what is neither as the receipt left it nor as it was before has moved."""
    seen = push.look(destination, owner)
    there = seen.by_key()
    moved: list[Finding] = []
    for done in receipt.done:
        said = _moved(done, there.get(done.key), destination)
        if said:
            hint = f"look at it; {path} cannot undo it any more"
            moved.append(error("remote-moved", said, Origin(destination.name), hint))
    if moved:
        raise PolicyError(moved)
    keys = {done.key for done in receipt.done}
    wanted = Wanted(
        tuple(done.undone for done in receipt.done if done.before),
        {done.key: done.use for done in receipt.done},
        frozenset(done.key for done in receipt.done if not done.before),
    )
    ours = Seen(tuple(remote for remote in seen.remotes if remote.key in keys))
    return make_plan(destination, wanted, ours, read.question, catalogue.load(), read.files)


def _moved(done: Done, remote: Remote | None, destination: Destination) -> str:
    named = f"{done.kind} {done.name!r}"
    if remote is None:
        return "" if done.op in ("delete", "create") else f"{named} is gone"
    if remote.fingerprint == done.after or (done.before and not destination.differs(done.undone, remote)):
        return ""
    return f"{named} was changed since the receipt was written"

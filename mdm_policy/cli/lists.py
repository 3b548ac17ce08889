"""The `lists` command."""

from __future__ import annotations

from mdm_policy.cli import options, output
from mdm_policy.errors import PolicyError
from mdm_policy.report import machine, reference
from mdm_policy.resolve import status
from mdm_policy.sources import inputs


@options.command("lists")
@options.as_of()
@options.format_("text", "json", help="How to print.")
def command(as_of: str, format_: str) -> None:
    """Show the ban lists the program ships, and whether each is in force."""
    reader = inputs.Reader()
    found = reader.lists([(name, None) for name in inputs.shipped()], None)
    if any(f.severity == "error" for f in reader.findings):
        raise PolicyError(reader.findings)
    statuses = [(status(ban_list, None, as_of), len(ban_list.bans)) for ban_list in found]
    if format_ == "json":
        output.data(machine.dump([machine.status(s) | {"entries": count} for s, count in statuses]))
        return
    output.result(reference.shipped(statuses, output.width()))

"""Offer the commands: the only place that prints, reads the environment and the clock, and exits.

Each command lives in a module of its own, which is imported when the command is used: `--version` pays for click alone.
"""

from __future__ import annotations

import importlib
import io
import sys

import click

from mdm_policy import __version__

COMMANDS = (
    "apply",
    "assess",
    "build",
    "catalogue",
    "check",
    "diff",
    "drift",
    "explain",
    "init",
    "learn",
    "lists",
    "lookup",
    "new-target",
    "plan",
    "rollback",
    "schema",
    "sign",
    "status",
    "targets",
    "verify",
    "verify-build",
)
"""Every command, in the order the help shows them; a command's module has its name, with `_` for `-`, and holds `command`."""

_HELP = {
    "apply": "Carry out a saved plan at an MDM, read everything back, and prove it.",
    "assess": "Prove by what is really at the MDMs whether it blocks what a list bans.",
    "build": "Render, validate and read back the files every MDM takes.",
    "catalogue": "Save the catalogue, to compare it with another version of it.",
    "check": "Check ban lists, deployments, targets and CSV lists, and show every finding.",
    "diff": "Say what changed between two lists or policies, and in which direction.",
    "drift": "Compare what is at the MDMs with what the lists order.",
    "explain": "Say where and why an app is banned, and how each target blocks it.",
    "init": "Write a commented deployment and ban list to start from.",
    "learn": "Propose apps from what tools print of programs, for you to review.",
    "lists": "Show the ban lists the program ships.",
    "lookup": "Search the catalogue by name, vendor or identifier.",
    "new-target": "Write a target of your own to start from, with its tests.",
    "plan": "Say what would change at the MDMs, and in which direction.",
    "rollback": "Undo what a run of apply did.",
    "schema": "Print a JSON Schema for editors.",
    "sign": "Sign Apple profiles, and read each signature back before anything is written.",
    "status": "Report the evidence that devices have what was pushed.",
    "targets": "Show the targets, or one target in full.",
    "verify": "Prove, app by app and class by class, whether policies block what a list bans.",
    "verify-build": "Hash a build's files again, render it again from its inputs, and compare.",
}


class _Lazy(click.Group):
    """Import a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands, in help order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, importing its module."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mdm_policy.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, so that help imports none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, _HELP[name]) for name in COMMANDS])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", prog_name="mdm-policy", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn one ban list into every MDM's configuration, and prove what each file blocks.

    Exit codes: 0 done and proven; 1 unreadable input or a run-time error; 2 usage; 10 differences, none weakens a ban;
    11 something ordered is not blocked; 12 applied in part.
    """


def main() -> None:
    """Run the program; every failure a person can meet ends in findings and an exit code, never in a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name in another script must not end a command where stdout has an old Windows code page.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name="mdm-policy", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(1)
    except Exception as failed:  # noqa: BLE001 - the outermost edge: whatever it is, a person gets a sentence
        failing = importlib.import_module("mdm_policy.cli.uncaught")
        sys.exit(failing.explain(failed))
    # Without its standalone mode, click returns the code of ctx.exit() and of Exit in place of exiting with it.
    sys.exit(code if isinstance(code, int) else 0)

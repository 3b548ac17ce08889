"""The `schema` command."""

from __future__ import annotations

from typing import get_args

import click

from mdm_policy import loading
from mdm_policy.cli import options, output
from mdm_policy.report import machine

NAMES = get_args(loading.SchemaName)


@options.command("schema")
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
def command(name: loading.SchemaName) -> None:
    """Print the JSON Schema of a file format, for editors that complete and check YAML.

    NAME is ban-list, deployment, devices, overlay, target (target.yaml) or target-test (tests/expected.yaml).
    """
    output.data(machine.dump(loading.schema(name)))

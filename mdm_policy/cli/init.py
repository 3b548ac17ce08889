"""The `init` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy import resources
from mdm_policy.cli import options, output
from mdm_policy.errors import Origin, PolicyError, error

FILES = ("deployment.yaml", "our-list.yaml")


@options.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
def command(folder: Path) -> None:
    """Write a commented deployment and ban list to start from into DIR; existing files are never replaced."""
    taken = [
        error("file-exists", "the file is there already", Origin(str(folder / name)), "choose another folder")
        for name in FILES
        if (folder / name).exists()
    ]
    if taken:
        raise PolicyError(taken)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            with (folder / name).open("xb") as file:
                file.write((resources.data("init") / name).read_bytes())
    except OSError as bad:
        message = f"cannot write it: {bad.strerror or bad}"
        raise PolicyError([error("file-unwritable", message, Origin(str(folder)), "choose another folder")]) from None
    output.result(
        f"Wrote {' and '.join(str(folder / name) for name in FILES)}.\n"
        f"Edit them, then: mdm-policy check {folder / FILES[0]}\n"
        f"                 mdm-policy build --deployment {folder / FILES[0]} -o {folder / 'build'}"
    )

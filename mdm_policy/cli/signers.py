"""Take from options who signs, and find the passphrase: in a descriptor, an environment variable, or by asking."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mdm_policy.errors import PolicyError, error
from mdm_policy.workflows.signers import SignerChoice

if TYPE_CHECKING:
    from collections.abc import Callable

PASSPHRASE = "MDM_POLICY_PASSPHRASE"  # noqa: S105 - the variable's name
_MOST_PASSPHRASE = 4096
_PATH = click.Path(path_type=Path)
_OPTIONS: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option("--key", type=_PATH, help="The private key: PEM, DER (PKCS#8) or PKCS#12; readable by you alone."),
    click.option("--cert", type=_PATH, help="The signer's certificate, if it is not in the key's file."),
    click.option("--chain", multiple=True, type=_PATH, help="Certificates that lead to the root. Repeatable."),
    click.option(
        "--passphrase-env",
        metavar="NAME",
        help=f"The environment variable with the key's passphrase; {PASSPHRASE} without it.",
    ),
    click.option(
        "--passphrase-fd", type=click.IntRange(0), metavar="NUMBER", help="Read the passphrase from this descriptor."
    ),
    click.option(
        "--signer-cmd",
        "command",
        metavar="COMMAND",
        help="Let a program sign (HSM, smart card, KMS): the profile on stdin, CMS in DER on stdout.",
    ),
    click.option(
        "--signer-timeout",
        "timeout",
        type=click.FloatRange(0, min_open=True),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="How long that program may take for one file.",
    ),
)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say who signs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(*, passphrase_env: str | None, passphrase_fd: int | None, **given: Any) -> SignerChoice:
    """Return who signs, from the options' values."""
    return SignerChoice(**given, passphrase=lambda: _passphrase(passphrase_env, passphrase_fd))


def _passphrase(variable: str | None, descriptor: int | None) -> bytes:
    """Return the passphrase, or nothing when there is no way to get one."""
    if descriptor is not None:
        return _from_descriptor(descriptor)
    name = variable or PASSPHRASE
    word = os.environ.get(name)
    if word is not None:
        return os.fsencode(word)
    if variable is not None:
        said = f"the environment variable {name} is not set"
        raise PolicyError([error("key-passphrase", said, None, "set it to the key's passphrase")])
    if sys.stdin is not None and sys.stdin.isatty():
        return os.fsencode(
            click.prompt("Passphrase of the key", hide_input=True, default="", show_default=False, err=True)
        )
    return b""


def _from_descriptor(number: int) -> bytes:
    try:
        with os.fdopen(number, "rb", closefd=False) as file:
            line = file.readline(_MOST_PASSPHRASE)
    except OSError as bad:
        said = f"cannot read the passphrase from descriptor {number}: {bad.strerror or bad}"
        hint = "open it: mdm-policy sign ... --passphrase-fd 3 3<FILE"
        raise PolicyError([error("key-passphrase", said, None, hint)]) from None
    return line.rstrip(b"\r\n")

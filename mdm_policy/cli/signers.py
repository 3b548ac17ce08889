"""Take from options, a deployment and the environment who signs, for `sign` and `build --sign`.

A passphrase comes from a descriptor, an environment variable or a prompt, and goes to the key alone.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from mdm_policy import signing
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.loading import Source
from mdm_policy.sources import inputs
from mdm_policy.workflows.sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.model import SigningPlan

PASSPHRASE = "MDM_POLICY_PASSPHRASE"  # noqa: S105 - the variable's name
_MOST_PASSPHRASE = 4096
_MOST_KEY = 1024 * 1024
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
        metavar="COMMAND",
        help="Let a program sign (HSM, smart card, KMS): the profile on stdin, CMS in DER on stdout.",
    ),
    click.option(
        "--signer-timeout",
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


class Given(msgspec.Struct, frozen=True):
    """Hold the options that say who signs."""

    key: Path | None
    cert: Path | None
    chain: tuple[Path, ...]
    passphrase_env: str | None
    passphrase_fd: int | None
    signer_cmd: str | None
    signer_timeout: float

    @property
    def said(self) -> bool:
        """Tell whether any of them was used."""
        return bool(self.key or self.cert or self.chain or self.signer_cmd)


def with_plan(given: Given, plan: SigningPlan | None, folder: Path) -> Given:
    """Fill in from a deployment what no option said; another key needs its own certificate."""
    if plan is None:
        return given
    chosen: dict[str, Any] = {}
    if plan.key and given.key is None and given.signer_cmd is None:
        chosen["key"] = folder / plan.key
    if plan.cert and given.cert is None and given.key is None:
        chosen["cert"] = folder / plan.cert
    if plan.chain and not given.chain and given.key is None:
        chosen["chain"] = tuple(folder / one for one in plan.chain)
    return msgspec.structs.replace(given, **chosen)


def sealer(given: Given, day: str, roots: Sequence[bytes] = ()) -> Sealer:
    """Read keys and certificates, and get ready to sign.

    Raises:
        PolicyError: whatever is wrong with them.

    """
    if given.signer_cmd is None and given.key is None:
        raise click.UsageError("say who signs: --key FILE, or --signer-cmd COMMAND with --cert FILE")
    if given.signer_cmd is not None and given.key is not None:
        raise click.UsageError("give one of --key and --signer-cmd")
    if given.signer_cmd is not None and given.cert is None:
        raise click.UsageError("--signer-cmd needs --cert FILE: whose signature the program is to make")
    signing.require()
    key = _read_key(given.key) if given.key is not None else None
    cert = inputs.read(given.cert) if given.cert is not None else None
    chain = [inputs.read(one) for one in given.chain]
    identity = signing.read_identity(key, cert, chain, lambda: _passphrase(given))
    party = signing.describe(identity, roots, day)
    place = Origin(str(given.cert or given.key))
    if given.signer_cmd is None:
        signer = signing.signer_of(identity)
    else:
        signer = _commanded(given.signer_cmd, given.signer_timeout)
    return Sealer(party, signer, given.signer_cmd is None, tuple(signing.on_party(party, day, place)))


def _commanded(line: str, timeout: float) -> signing.Signer:
    from mdm_policy.signing import command  # noqa: PLC0415 - few signers are programs

    try:
        words = shlex.split(line, posix=sys.platform != "win32")
    except ValueError:
        words = []
    if not words:
        raise click.UsageError("--signer-cmd is no command: a quote is open, or it is empty")
    return command.signer(words, timeout)


def _read_key(path: Path) -> Source:
    """Read a private key, unless others can read it too (POSIX; on Windows its access list is not looked at).

    Raises:
        PolicyError: `key-file-open`, `file-unreadable`.

    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if sys.platform != "win32" and stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
                said = f"others can read the private key: its mode is {stat.S_IMODE(found.st_mode):04o}"
                hint = "chmod 600, and think of a new key"
                raise PolicyError([error("key-file-open", said, Origin(str(path)), hint)])
            return Source(str(path), file.read(_MOST_KEY))
    except OSError as bad:
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(str(path)))]) from None


def _passphrase(given: Given) -> bytes:
    """Return the passphrase, or nothing when there is no way to get one."""
    if given.passphrase_fd is not None:
        return _from_descriptor(given.passphrase_fd)
    name = given.passphrase_env or PASSPHRASE
    word = os.environ.get(name)
    if word is not None:
        return os.fsencode(word)
    if given.passphrase_env is not None:
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


def read_roots(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """Read the certificates one trusts, in DER.

    Raises:
        PolicyError: `certificate-unreadable`, `file-unreadable`, `signing-extra-missing`.

    """
    return tuple(one for path in paths for one in signing.read_certificates(inputs.read(path)))

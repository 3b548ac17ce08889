"""Get ready to sign: keys and certificates as a person and a deployment name them.

How a passphrase is come by is handed in; it goes to the key alone.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Callable  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy import signing
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.loading import Source
from mdm_policy.sources import inputs
from mdm_policy.workflows.requests import RequestError
from mdm_policy.workflows.sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.model import SigningPlan

_MOST_KEY = 1024 * 1024


def _no_passphrase() -> bytes:
    return b""


class SignerChoice(msgspec.Struct, frozen=True):
    """Say who signs: a key with its certificate and those above it, or a program that has the key.

    `passphrase` is called when the key is encrypted, and gives nothing when there is no way to get one. `timeout` is how
    long the program may take for one file (seconds).
    """

    key: Path | None = None
    cert: Path | None = None
    chain: tuple[Path, ...] = ()
    command: str | None = None
    timeout: float = 60
    passphrase: Callable[[], bytes] = _no_passphrase

    @property
    def named(self) -> bool:
        """Tell whether anybody is named."""
        return bool(self.key or self.cert or self.chain or self.command)


def with_plan(choice: SignerChoice, plan: SigningPlan | None, folder: Path) -> SignerChoice:
    """Fill in from a deployment what no option said; another key needs its own certificate."""
    if plan is None:
        return choice
    chosen: dict[str, Any] = {}
    if plan.key and choice.key is None and choice.command is None:
        chosen["key"] = folder / plan.key
    if plan.cert and choice.cert is None and choice.key is None:
        chosen["cert"] = folder / plan.cert
    if plan.chain and not choice.chain and choice.key is None:
        chosen["chain"] = tuple(folder / one for one in plan.chain)
    return msgspec.structs.replace(choice, **chosen)


def sealer(choice: SignerChoice, day: str, roots: Sequence[bytes] = ()) -> Sealer:
    """Read keys and certificates, and get ready to sign.

    Raises:
        RequestError: nobody is named, or two at once.
        PolicyError: whatever is wrong with keys or certificates.

    """
    if choice.command is None and choice.key is None:
        raise RequestError("say who signs: --key FILE, or --signer-cmd COMMAND with --cert FILE")
    if choice.command is not None and choice.key is not None:
        raise RequestError("give one of --key and --signer-cmd")
    if choice.command is not None and choice.cert is None:
        raise RequestError("--signer-cmd needs --cert FILE: whose signature the program is to make")
    signing.require()
    key = _read_key(choice.key) if choice.key is not None else None
    cert = inputs.read_source(choice.cert) if choice.cert is not None else None
    chain = [inputs.read_source(one) for one in choice.chain]
    identity = signing.read_identity(key, cert, chain, choice.passphrase)
    party = signing.describe(identity, roots, day)
    place = Origin(str(choice.cert or choice.key))
    local = choice.command is None
    signer = signing.signer_of(identity) if choice.command is None else _commanded(choice.command, choice.timeout)
    return Sealer(party, signer, local, tuple(signing.on_party(party, day, place)))


def _commanded(line: str, timeout: float) -> signing.Signer:
    from mdm_policy.signing import command  # noqa: PLC0415 - few signers are programs

    try:
        words = shlex.split(line, posix=sys.platform != "win32")
    except ValueError:
        words = []
    if not words:
        raise RequestError("--signer-cmd is not a command: a quote is open, or it is empty")
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

"""Let a statement be written beside a build, never into it, and over nothing but a former statement."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import __version__, regular
from mdm_policy.build.replacing import replace
from mdm_policy.documents.signed import looks_signed, signed_content
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.listing import is_inside
from mdm_policy.provenance import statement
from mdm_policy.provenance.statement import STATEMENT
from mdm_policy.workflows.requests import RequestError
from mdm_policy.workflows.signers import SignerChoice, sealer

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.errors import Finding
    from mdm_policy.provenance import Checked, RecordedBuild, Rerendering

_MAX_FORMER = 80 * 1024 * 1024


class Attestation(msgspec.Struct, frozen=True):
    """Say where a statement is to be written, and who signs it; a certificate has to be valid on `as_of`."""

    path: Path
    as_of: str
    signer: SignerChoice | None = None


def attest(
    wanted: Attestation, record: RecordedBuild, checked: Checked, again: Rerendering, findings: tuple[Finding, ...]
) -> None:
    """Write what was found of a build as an in-toto statement.

    Raises:
        RequestError: the signer is named in part only.
        PolicyError: what is wrong with keys and certificates; `output-unwritable`.

    """
    said = statement(record, checked, again, findings, ("mdm-policy", __version__))
    if wanted.signer is not None:
        said = sealer(wanted.signer, wanted.as_of)(str(wanted.path), said)
    replace(wanted.path, said)


def check(path: Path, build: Path) -> None:
    """Refuse, before any work, to write into the build, or over anything but a former statement.

    Raises:
        RequestError: the statement would lie in the build.
        PolicyError: `file-exists`, when something else stands there.

    """
    if is_inside(os.path.realpath(path), os.path.realpath(build)):
        said = f"--attest {path}: a statement does not belong into the build, where it is a foreign file"
        raise RequestError(said)
    if path.is_symlink() or (path.exists() and not _is_former(path)):
        said = "something that is not a statement stands there already"
        raise PolicyError([error("file-exists", said, Origin(str(path)), "choose another file")])


def _is_former(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > _MAX_FORMER:
        return False
    data = regular.read_file(path, _MAX_FORMER)
    content = signed_content(data) if looks_signed(data) else data
    try:
        value = json.loads(content or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("_type") == STATEMENT

"""Write on a report what it rests on: every input with its SHA-256, the day, the program and its catalogue.

Who keeps a report has to be able to tell, years later, what was judged, and by what.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.model import Frozen
from mdm_policy.report import html, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.documents import Document

_TITLE = "What was judged, and by what"
_COLUMNS = ("Input", "Role", "SHA-256")


class JudgedInput(Frozen, frozen=True, gc=False):
    """Name one input with the SHA-256 (hex) of its bytes; `role` says what it was read as."""

    role: str
    name: str
    sha256: str


class Stamp(Frozen, frozen=True):
    """Hold the program with its version, the catalogue's version, the day that was judged, and all inputs in order."""

    program: str
    catalogue: str
    as_of: str
    inputs: tuple[JudgedInput, ...]

    def renamed(self, names: Iterable[str]) -> Stamp:
        """Return the stamp with other names for the inputs, one for each."""
        kept = tuple(msgspec.structs.replace(one, name=name) for one, name in zip(self.inputs, names, strict=True))
        return msgspec.structs.replace(self, inputs=kept)


def given(role: str, name: str, data: bytes) -> JudgedInput:
    """Return an input with the digest of its bytes."""
    return JudgedInput(role, name, hashlib.sha256(data).hexdigest())


def documents(role: str, found: Iterable[Document]) -> tuple[JudgedInput, ...]:
    """Return documents as inputs, as they were handed over: signed, or in the form of another tool."""
    return tuple(given(role, one.name, one.handed_over) for one in found)


def plain(stamp: Stamp) -> dict[str, Any]:
    """Return what JSON says of it."""
    return {
        "program": stamp.program,
        "catalogue": stamp.catalogue,
        "inputs": [msgspec.structs.asdict(one) for one in stamp.inputs],
    }


def properties(stamp: Stamp) -> dict[str, str | int]:
    """Return what is said of a run as a whole."""
    return {"program": stamp.program, "catalogue": stamp.catalogue, "as_of": stamp.as_of}


def with_digests(stamp: Stamp) -> dict[str, str | int]:
    """Return the same with the digest of each input, for a format that has no place of its own for these."""
    return {**properties(stamp), **{f"sha256 of {one.role} {one.name}": one.sha256 for one in stamp.inputs}}


def as_text(stamp: Stamp) -> str:
    """Say it in a line for people; the digests stand in the formats that are kept."""
    count = len(stamp.inputs)
    counted = f"{count:,} input{'s' * (count != 1)}"
    return f"{stamp.program}, catalogue {stamp.catalogue}, as of {stamp.as_of}; {counted} (SHA-256 of each in --format json)"


def as_markdown(stamp: Stamp) -> str:
    """Write it folded away, below a report."""
    said = f"{stamp.program}, catalogue {stamp.catalogue}, as of {stamp.as_of}"
    rows = ((markdown.code(one.name), markdown.escape(one.role), markdown.code(one.sha256)) for one in stamp.inputs)
    return markdown.details(_TITLE, f"{markdown.escape(said)}\n\n{markdown.table(_COLUMNS, rows)}")


def as_html(stamp: Stamp) -> str:
    """Write it below a report."""
    said = f"{stamp.program}, catalogue {stamp.catalogue}, as of {stamp.as_of}"
    rows = (("", (html.code(one.name), html.escape(one.role), html.code(one.sha256))) for one in stamp.inputs)
    return f"{html.element('p', html.escape(said))}\n{html.table(_TITLE, _COLUMNS, rows)}"

"""Be the process for what a user's target brings: print its templates, and hold documents against its schemas."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, Any

import msgspec

from mdm_policy import templating
from mdm_policy.documents import Document
from mdm_policy.documents.formats import parse
from mdm_policy.errors import Finding, PolicyError
from mdm_policy.sandbox import wire
from mdm_policy.sandbox.limits import Limits, allow_time, confine
from mdm_policy.validate import validate

_NO_LIMIT = 2**63
UNNAMED = ""
"""The kind of a document that is only held against a schema."""


class Answer(msgspec.Struct):
    """Hold the findings of a template that failed; with none, the body is what it printed."""

    findings: tuple[Finding, ...] = ()
    raised: bool = False
    """Whether the schema itself is at fault, and not the document."""


def serve(asked: IO[bytes], told: IO[bytes], limits: Limits) -> None:
    """Print pages until there are no more; what is known to the asking side is sent once."""
    context: dict[str, Any] = {}
    while (frame := wire.receive(asked, _NO_LIMIT, _NO_LIMIT)) is not None:
        allow_time(limits)
        request = json.loads(frame[0])
        if "schema" in request:
            wire.send(told, msgspec.json.encode(_check(request, frame[1])))
            continue
        if frame[1]:
            context = json.loads(frame[1])
        page = templating.Page(
            request["format"],
            tuple(map(Path, request["folders"])),
            frozenset(request["names"]),
            Path(request["folder"]),
            request["template"],
            context,
            request["more"],
        )
        answer, text = _print(page)
        wire.send(told, msgspec.json.encode(answer), text)


def _check(request: dict[str, Any], data: bytes) -> Answer:
    """Hold a document, given by its canonical bytes, against a schema that stands beside a user's template."""
    name, format_ = request["name"], request["format"]
    try:
        document = Document(name, UNNAMED, format_, parse(name, data, format_, max_size=wire.MAX_BODY), data)
        return Answer(tuple(validate(document, Path(request["schema"]))))
    except PolicyError as failed:
        return Answer(failed.findings, raised=True)


def _print(page: templating.Page) -> tuple[Answer, bytes]:
    try:
        return Answer(), templating.render_template(page).encode("utf-8", "surrogatepass")
    except PolicyError as failed:
        return Answer(failed.findings), b""


def main(limits: Limits) -> None:
    """Run as a process of its own, which asks for nothing but what comes on standard input."""
    confine(limits)
    serve(sys.stdin.buffer, sys.stdout.buffer, limits)

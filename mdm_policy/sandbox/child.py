"""Be the process that prints a user's templates: ask for a page on standard input, text or findings on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, Any

import msgspec

from mdm_policy import templating
from mdm_policy.errors import Finding, PolicyError
from mdm_policy.sandbox import wire
from mdm_policy.sandbox.limits import Limits, allow_time, confine

_NO_LIMIT = 2**63


class Answer(msgspec.Struct):
    """Hold the findings of a template that failed; with none, the body is what it printed."""

    findings: tuple[Finding, ...] = ()


def serve(asked: IO[bytes], told: IO[bytes], limits: Limits) -> None:
    """Print pages until there are no more; what is known to the asking side is sent once."""
    context: dict[str, Any] = {}
    while (frame := wire.receive(asked, _NO_LIMIT, _NO_LIMIT)) is not None:
        allow_time(limits)
        request = json.loads(frame[0])
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


def _print(page: templating.Page) -> tuple[Answer, bytes]:
    try:
        return Answer(), templating.render_template(page).encode("utf-8", "surrogatepass")
    except PolicyError as failed:
        return Answer(failed.findings), b""


def main(limits: Limits) -> None:
    """Run as a process of its own, which asks for nothing but what comes on standard input."""
    confine(limits)
    serve(sys.stdin.buffer, sys.stdout.buffer, limits)

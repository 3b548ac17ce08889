"""Say where something stands, what is wrong with it, and stop the work when that must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning", "note"]
_RANK = {"error": 0, "warning": 1, "note": 2}


class Origin(msgspec.Struct, frozen=True, gc=False, order=True):
    """Name a place in a file a person can open: line and column count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Write `file:line:column`, without the parts that are unknown."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """State one defect or remark; `id` is kebab-case, permanent, and a heading of docs/findings.md."""

    id: str
    severity: Severity
    message: str
    origin: Origin | None = None
    hint: str = ""


def finding_order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    """Order findings by place, then severity, so that the same input prints the same lines."""
    origin = finding.origin or Origin("")
    return (origin.file, origin.line, origin.column, _RANK[finding.severity], finding.id, finding.message)


class PolicyError(Exception):
    """Stop a command: carries every finding collected so far, at least one of them an error.

    It is the only exception the package raises at a user. `exit_code` is the process's exit code:
    1 for unreadable input or a run-time error, 11 when something ordered is not blocked.
    """

    exit_code = 1

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Keep the findings in the order of their places."""
        self.findings: tuple[Finding, ...] = tuple(sorted(findings, key=finding_order))
        super().__init__("; ".join(f"{f.id}: {f.message}" for f in self.findings))


class NotProvenError(PolicyError):
    """Stop a build whose own output, read back, does not block exactly what the list orders."""

    exit_code = 11


def error(id_: str, message: str, origin: Origin | None = None, hint: str = "") -> Finding:
    """Make an error finding."""
    return Finding(id_, "error", message, origin, hint)


def warning(id_: str, message: str, origin: Origin | None = None, hint: str = "") -> Finding:
    """Make a warning finding."""
    return Finding(id_, "warning", message, origin, hint)


def note(id_: str, message: str, origin: Origin | None = None, hint: str = "") -> Finding:
    """Make a note finding."""
    return Finding(id_, "note", message, origin, hint)

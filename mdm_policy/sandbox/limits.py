"""Hold what a user's template may take, and make the system enforce it where it can."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from mdm_policy.model import Frozen

try:
    import resource as _resource
except ImportError:  # Windows has no such limits
    _resource = None  # type: ignore[assignment]
system: Any = _resource
"""Python's `resource` module, or None on Windows; a name of its own, so that tests can take it away."""


class Limits(Frozen, frozen=True):
    """Say what the process may take: bytes of address space in all, seconds of processor and of wall time a template.

    The first two hold on Linux. macOS takes no limit on address space, and Windows none of either; wall time holds
    everywhere, since the parent watches it.
    """

    memory: int = 1024 * 1024 * 1024
    cpu: int = 30
    wall: float = 90.0


def confine(limits: Limits) -> None:
    """Limit this process for good: its memory, and that it writes no file, leaves no core and starts no process."""
    if system is None:
        return
    _set("RLIMIT_AS", limits.memory)
    _set("RLIMIT_FSIZE", 0)
    _set("RLIMIT_CORE", 0)
    _set("RLIMIT_NPROC", 0)


def allow_time(limits: Limits) -> None:
    """Give the next template its seconds of processor time, from now on."""
    if system is not None:
        _set("RLIMIT_CPU", math.ceil(time.process_time()) + limits.cpu, hard=False)


def ended_by_time(returncode: int | None) -> bool:
    """Tell whether a process ended because its processor time was used up."""
    if system is None or returncode is None or sys.platform == "win32":
        return False
    import signal  # noqa: PLC0415 - only after a failure

    return returncode == -signal.SIGXCPU


def _set(name: str, value: int, *, hard: bool = True) -> None:
    kind = getattr(system, name, None)
    if kind is None:
        return
    _, most = system.getrlimit(kind)
    value = value if most == system.RLIM_INFINITY else min(value, most)
    try:
        system.setrlimit(kind, (value, value if hard else most))
    except (ValueError, OSError):
        return  # macOS refuses RLIMIT_AS; wall time is left

"""Reach what lies outside the program: the clock, standard input, the environment. Workflows get these as arguments."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdm_policy.workflows.push import Services


def today() -> str:
    """Read the clock, the only place that does: the day in local time, as an agency's calendar has it."""
    return dt.date.today().isoformat()  # noqa: DTZ011 - an order's day is a local day, not a UTC one


def now() -> str:
    """Return the time for journals and receipts, which record when something was done; nothing depends on it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def standard_input(limit: int) -> bytes:
    """Read at most so many bytes from standard input.

    Raises:
        OSError: there is none, as in a program without a console.

    """
    if sys.stdin is None:
        raise OSError("there is no standard input")
    return sys.stdin.buffer.read(limit)


def services() -> Services:
    """Return what a push needs from outside the program."""
    from mdm_policy.workflows.push import Services  # noqa: PLC0415 - most commands push nothing

    return Services(os.environ, time.sleep, now)

"""Reach what lies outside the program: the clock, standard input, the environment. Workflows get these as arguments."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy.errors import PolicyError, error
from mdm_policy.extras import install_hint

if TYPE_CHECKING:
    from mdm_policy.sources.store_pages import Fetch
    from mdm_policy.workflows.push import Services


SECRETS, PATHS = "mdm_policy.secrets", "mdm_policy.paths"
"""Under which names options hand on what they grant."""


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
    """Return what a push needs from outside the program, the grants of the account and of the command line with it.

    Raises:
        PolicyError: `grants-exposed`, `grants-unreadable`.

    """
    from mdm_policy.push.grants import joined, read_grants  # noqa: PLC0415 - most commands push nothing
    from mdm_policy.workflows.push import Services  # noqa: PLC0415 - as above

    given = click.get_current_context().meta
    account = read_grants(os.environ, Path.home())
    granted = joined(account, given.get(SECRETS, ()), given.get(PATHS, ()))
    return Services(os.environ, time.sleep, now, grants=granted, progress=_progress if sys.stderr.isatty() else None)


def _progress(line: str) -> None:
    click.echo(line, err=True)


def stores() -> Fetch:
    """Return what fetches a page of an app store, by the proxy of the environment; nothing is sent yet.

    Raises:
        PolicyError: `extra-missing` when the library that talks HTTP is not installed.

    """
    from mdm_policy.push.proxies import of_environment, proxy_for  # noqa: PLC0415 - most commands ask no store
    from mdm_policy.push.redaction import Secrets  # noqa: PLC0415 - as above

    try:
        from mdm_policy.sources.store_http import StoreClient, Tunnel  # noqa: PLC0415 - as above
    except ModuleNotFoundError as bad:
        if bad.name and bad.name.startswith("mdm_policy"):
            raise
        said = f"asking the stores needs the library {bad.name!r}, which is not installed"
        raise PolicyError([error("extra-missing", said, None, install_hint("push"))]) from None
    proxies, secrets = of_environment(os.environ), Secrets()

    def tunnel(url: str) -> Tunnel | None:
        proxy = proxy_for(url, proxies, secrets)
        return Tunnel(proxy.url, proxy.headers) if proxy else None

    return StoreClient(tunnel=tunnel)

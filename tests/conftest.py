"""Add the options of the golden tests and of the mutants, and keep what needs programs of Debian's apart: `make live-check`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

# What is drawn by chance is the same in every run, and no busy machine makes a test fail: `--hypothesis-profile anew` draws anew.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("anew", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update",
        action="store_true",
        help="Rewrite the golden files from what is built now, and print what changed.",
    )
    parser.addoption("--all-mutants", action="store_true", help="Try every weakening edit, not half of them.")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, and thereby count, a live check whose program is not here."""
    for mark in item.iter_markers("live"):
        for program in mark.args:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: tests/live/programs.py")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    if config.option.markexpr == "live":
        stats = terminalreporter.stats
        ran, skipped = (sum(len(stats.get(one, ())) for one in kind) for kind in (("passed", "failed"), ("skipped",)))
        terminalreporter.write_line(f"live: {ran} checks ran, {skipped} skipped for want of a program")

"""Let Hypothesis drive the whole of push as a careless team would, and hold what must never get lost after every step."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from emulators.faults import FAULTS
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from push.kits.graph_approval import decide
from push.matrix import http_kits
from push.stage import APPS, Stage, stage

_FAULTS = st.sampled_from([fault for fault in FAULTS if not fault.stalls])


class Team(RuleBasedStateMachine):
    """Change orders, plan, apply, meddle, roll back, with faults in between; one destination."""

    name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="push-"))
        self._stage: Any = stage(self.name, self.folder)
        self.one: Stage = self._stage.__enter__()
        self.foreign = self.one.kit.foreign(self.one.emulator)
        self.held: frozenset[Any] = frozenset()
        self.planned = False

    def teardown(self) -> None:
        self._stage.__exit__(None, None, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def settled(self) -> None:
        """Take what is in force now for what must not get lost from here on."""
        self.held = self.one.bans()

    @initialize(apps=st.sets(st.sampled_from(APPS), min_size=1))
    def first(self, apps: set[str]) -> None:
        self.one.order(tuple(sorted(apps)))

    @rule(apps=st.sets(st.sampled_from(APPS), min_size=1))
    def order(self, apps: set[str]) -> None:
        self.one.order(tuple(sorted(apps)))

    @rule()
    def plan(self) -> None:
        self.planned = self.one.plan().code in (0, 10, 11)

    @precondition(lambda self: self.planned)
    @rule()
    def apply(self) -> None:
        ran = self.one.apply()
        assert ran.code in (0, 1, 11, 12), ran.err
        self.gained()

    @precondition(lambda self: self.planned)
    @rule(fault=_FAULTS, call=st.integers(0, 15))
    def apply_struck(self, fault: Any, call: int) -> None:
        self.one.emulator.arm(**{f"_{call}": fault})
        ran = self.one.apply()
        self.one.emulator.arm()
        assert ran.code in (0, 1, 11, 12), ran.err
        assert "internal-error" not in ran.err
        self.gained()

    @precondition(lambda self: self.planned)
    @rule()
    def apply_with_a_reason(self) -> None:
        ran = self.one.apply("--allow-loosening", "a decision")
        assert ran.code in (0, 1, 11, 12), ran.err
        self.settled()

    @precondition(lambda self: bool(self.one.receipts()))
    @rule(loosen=st.booleans())
    def roll_back(self, loosen: bool) -> None:
        more = ("--allow-loosening", "a decision") if loosen else ()
        ran = self.one.run("rollback", self.one.receipts()[-1], "--yes", *more)
        assert ran.code in (0, 1, 12), ran.err
        if loosen:
            self.settled()
        self.gained()

    @precondition(lambda self: len(self.one.bans()) > 1)
    @rule()
    def meddle(self) -> None:
        self.one.kit.meddle(self.one.emulator)
        self.settled()

    @rule()
    def rewrite(self) -> None:
        self.one.kit.harmless(self.one.emulator)
        self.foreign = self.one.kit.foreign(self.one.emulator)

    @rule()
    def look(self) -> None:
        assert self.one.drift().code in (0, 10, 11)

    @rule()
    def settle(self) -> None:
        self.one.plan()
        assert self.one.apply("--allow-loosening", "a decision").code in (0, 11), self.one.printed[-2:]
        assert self.one.plan().code == 0
        assert not (self.one.kit.unheard(self.one.emulator) if hasattr(self.one.kit, "unheard") else ())
        self.planned = True
        self.settled()

    def gained(self) -> None:
        assert self.one.bans() >= self.held, "a ban was lost without a reason given"
        self.held = self.one.bans()

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.one.bans() >= self.held
        assert self.one.kit.foreign(self.one.emulator) == self.foreign
        assert self.one.kit.twins(self.one.emulator) == []
        assert self.one.secrets_seen() == []


class SlowTeam(Team):
    """Wait for a second administrator, who says yes or no, or says nothing until the requests run out."""

    name = "graph_approval"

    def __init__(self) -> None:
        super().__init__()
        self.one.kit.approve = lambda _: False

    @rule(what=st.sampled_from(["approved", "approved", "rejected", "cancelled", "expired"]))
    def second_administrator(self, what: str) -> None:
        decide(self.one.emulator, what)

    @precondition(lambda self: self.planned)
    @rule()
    def apply_again(self) -> None:
        ran = self.one.apply("--ask-again")
        assert ran.code in (0, 1, 11, 12), ran.err
        self.gained()

    @rule()
    def settle(self) -> None:
        decide(self.one.emulator, "expired")
        self.one.plan()
        for _ in range(8):
            ran = self.one.apply("--allow-loosening", "a decision", "--ask-again")
            if not decide(self.one.emulator, "approved"):
                break
        assert ran.code in (0, 11), self.one.printed[-2:]
        assert self.one.plan().code == 0
        self.planned = True
        self.settled()


def test_a_team_that_waits_loses_nothing() -> None:
    machine: Any = SlowTeam
    machine.TestCase.settings = settings(
        max_examples=4,
        stateful_step_count=9,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine.TestCase().runTest()


@pytest.mark.parametrize("name", http_kits())
def test_a_careless_team_loses_nothing(name: str) -> None:
    machine: Any = type(f"Team_{name}", (Team,), {"name": name})
    machine.TestCase.settings = settings(
        max_examples=6,
        stateful_step_count=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine.TestCase().runTest()

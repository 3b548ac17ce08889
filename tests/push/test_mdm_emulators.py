"""The emulators of NanoMDM and KMFDDM answer as the servers themselves were recorded to answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulators import kmfddm, nanomdm
from mdm_calls import bare, emulated, recording, shown

from mdm_policy.push.destinations.nanomdm_queue import _DUPLICATE


def _recorded(name: str, store: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(recording(name, store).read_text("utf-8"))
    return found


def test_kmfddm() -> None:
    with kmfddm.Server() as server:
        made = shown("kmfddm", emulated(server, "kmfddm", kmfddm.KEY))
    for one, real in zip(made, _recorded("kmfddm", "kv"), strict=True):
        assert bare(one) == bare(real)


@pytest.mark.parametrize("store", ["kv", "sql"])
def test_nanomdm(store: Any) -> None:
    with nanomdm.Server("N1", "N2", store=store) as server:
        server.certified = False
        made = shown("nanomdm", emulated(server, "nanomdm", nanomdm.KEY))
    real = _recorded("nanomdm", store)
    for one, other in zip(made, real, strict=True):
        assert bare(one) == bare(other)
    refused = [one["answer"]["command_error"] for one in real[:2] if "command_error" in one["answer"]]
    assert [bool(_DUPLICATE.search(said)) for said in refused] == [True], "the second has the id of the first"

"""Take whole frames alone, and never more than is allowed."""

from __future__ import annotations

import importlib.util
import io
import struct
import sys

import pytest

from mdm_policy.sandbox import limits, wire


def _receive(data: bytes) -> tuple[bytes, bytes] | None:
    return wire.receive(io.BytesIO(data), 10, 20)


def test_what_is_sent_is_received() -> None:
    stream = io.BytesIO()
    wire.send(stream, b"head", b"body")
    wire.send(stream, b"again")
    stream.seek(0)
    assert [wire.receive(stream, 10, 10) for _ in range(3)] == [(b"head", b"body"), (b"again", b""), None]


_BROKEN = [
    pytest.param(b"\0", id="half the lengths"),
    pytest.param(struct.pack(">QQ", 11, 0) + b"x" * 11, id="too long a head"),
    pytest.param(struct.pack(">QQ", 0, 21) + b"x" * 21, id="too long a body"),
    pytest.param(struct.pack(">QQ", 2**63, 0), id="a head without end"),
    pytest.param(struct.pack(">QQ", 2, 0) + b"x", id="half a head"),
    pytest.param(struct.pack(">QQ", 2, 2) + b"xxx", id="half a body"),
]


@pytest.mark.parametrize("data", _BROKEN)
def test_anything_else_is_a_broken_frame(data: bytes) -> None:
    with pytest.raises(wire.BrokenFrameError):
        _receive(data)


def test_a_system_without_limits_is_known_by_its_missing_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    spec = importlib.util.spec_from_file_location("limits_elsewhere", limits.__file__)
    assert spec is not None
    assert spec.loader is not None
    there = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(there)
    assert there.system is None

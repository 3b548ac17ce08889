"""Speak between the two processes: a frame is two lengths of eight bytes, a JSON head, and a body of bytes."""

from __future__ import annotations

import struct
from typing import IO

_LENGTHS = struct.Struct(">QQ")
MAX_HEAD = 1024 * 1024
MAX_BODY = 256 * 1024 * 1024
"""As many bytes as the most characters a template may print can have."""


class BrokenFrameError(Exception):
    """Say that the other side ended, or does not speak this language."""


def send(stream: IO[bytes], head: bytes, body: bytes = b"") -> None:
    """Write one frame.

    Raises:
        OSError: when the other side is gone.

    """
    stream.write(_LENGTHS.pack(len(head), len(body)))
    stream.write(head)
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes], max_head: int, max_body: int) -> tuple[bytes, bytes] | None:
    """Read one frame; None at the end.

    Raises:
        BrokenFrameError: for half a frame, or one that is longer than allowed.

    """
    start = stream.read(_LENGTHS.size)
    if not start:
        return None
    if len(start) < _LENGTHS.size:
        raise BrokenFrameError
    head, body = _LENGTHS.unpack(start)
    if head > max_head or body > max_body:
        raise BrokenFrameError
    parts = stream.read(head), stream.read(body)
    if (len(parts[0]), len(parts[1])) != (head, body):
        raise BrokenFrameError
    return parts

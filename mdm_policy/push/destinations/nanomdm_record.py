"""Keep the record of what was delivered through a NanoMDM server, beside the deployment: the server itself keeps no list."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

import msgspec

from mdm_policy import regular
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure

_MOST = 256 * 1024 * 1024
"""Bytes of the record of deliveries, which grows with devices and profiles."""


class Delivered(Frozen, frozen=True):
    """Record what was put into the queue for one profile: its bytes, and for whom.

    `enrolled` and `answered` hold, by enrollment, what was known of it before the delivery: the event by which it had enrolled
    last, and the SHA-256 (hex) of its last answer. What is heard after that tells whether the delivery is there still.
    """

    name: str
    identifier: str
    profile: str
    enrollments: tuple[str, ...]
    asleep: tuple[str, ...] = ()
    """Those of them that could not be woken: they fetch the command when they check in next."""
    enrolled: dict[str, str] = {}
    answered: dict[str, str] = {}


class DeliveryRecord(Frozen, frozen=True):
    """Hold everything that was delivered through one server, by key."""

    server: str
    owner: str
    delivered: dict[str, Delivered] = {}
    format: Literal[1] = 1


class Record:
    """Read and write the record of one destination."""

    def __init__(self, path: Path, server: str, owner: str, moved_from: str) -> None:
        """Know where it is, and whose; `moved_from` is an address of the server that it may bear still."""
        self.path = path
        self._server = server
        self._owner = owner
        self._moved_from = moved_from

    def read(self) -> dict[str, Delivered]:
        """Return what was delivered, by key; without a record nothing was.

        Raises:
            Failure: `answer` when it cannot be read, or is of another server or owner.

        """
        return self._read().delivered

    def _read(self) -> DeliveryRecord:
        try:
            data = regular.read_file(self.path, _MOST)
        except FileNotFoundError:
            return DeliveryRecord(self._server, self._owner)
        except OSError as bad:
            raise Failure("answer", f"cannot read {self.path}: {bad.strerror or bad}") from None
        try:
            record = msgspec.json.decode(data, type=DeliveryRecord, strict=True)
        except msgspec.MsgspecError:
            raise Failure("answer", f"{self.path} is not a record of what was delivered") from None
        if record.owner == self._owner and self._moved_from and record.server == self._moved_from:
            return msgspec.structs.replace(record, server=self._server)
        if (record.server, record.owner) != (self._server, self._owner):
            said = f"{self.path} is the record of {record.server} for {record.owner}; if the server has only moved, say `moved_from: {record.server}`"
            raise Failure("answer", said)
        return record

    def keep(self, key: str, one: Delivered | None) -> None:
        """Replace or drop an entry; the file is written whole or not at all.

        Raises:
            Failure: `answer` when it cannot be read or written.

        """
        record = self._read()
        delivered = {name: value for name, value in record.delivered.items() if name != key}
        if one is not None:
            delivered[key] = one
        text = json.dumps(msgspec.to_builtins(msgspec.structs.replace(record, delivered=delivered)), indent=1)
        made = ""
        try:
            handle, made = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(self.path)
        except OSError as bad:
            if made:
                Path(made).unlink(missing_ok=True)
            said = f"the profile is in the queue, and {self.path} cannot be written: {bad.strerror or bad}"
            raise Failure("answer", said) from None

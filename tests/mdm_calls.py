"""Name calls to NanoMDM and KMFDDM whose answers were recorded from the servers themselves, so that the emulators are held to them.

`tests/push/recorded/` has the answers; `pytest -m live tests/live/test_live_mdm_servers.py --golden-update` records them anew.
"""

from __future__ import annotations

import base64
import json
import plistlib
import urllib.parse
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulators.base import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = tuple[str, str, bytes]
    Caller = Callable[[str, str, bytes], tuple[int, Any]]

RUN = uuid.uuid4().hex
"""A SQL store keeps the commands of an earlier run, so each has ids of its own."""
RECORDED = Path(__file__).parent / "push" / "recorded"
VERSIONS = {"kmfddm": "v0.8.3", "nanomdm": "v0.9.0"}
"""The releases whose answers were recorded."""
_WORDS = ("error", "ServerToken", "push_result", "push_error", "command_error", "command_uuid")


def emulated(server: Any, user: str, key: str) -> Caller:
    """Return what calls an emulator without a network."""
    proof = {"authorization": f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"}

    def call(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        at, _, query = path.partition("?")
        pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        answer = server.handle(Request(method, at, pairs, proof, body, query))
        try:
            return answer.status, json.loads(answer.body)
        except ValueError:
            return answer.status, answer.body.decode()

    return call


def bare(value: Any) -> Any:
    """Leave out what differs from answer to answer: words of errors beyond their key, tokens, ids."""
    if isinstance(value, dict):
        return {key: "..." if key in _WORDS else bare(one) for key, one in value.items()}
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


def _declaration(identifier: str, **payload: Any) -> bytes:
    kind = "com.apple.configuration.app.settings"
    return json.dumps({"Type": kind, "Identifier": identifier, "Payload": payload}).encode()


KMFDDM_CALLS: list[Call] = [
    ("GET", "/v1/declarations", b""),
    ("GET", "/v1/sets", b""),
    ("GET", "/v1/declarations/x", b""),
    *(
        ("PUT", "/v1/declarations", body)
        for body in (b"{", b"[]", b'{"Identifier": "x"}', b'{"Identifier": "x", "Type": "t"}')
    ),
    ("PUT", "/v1/declarations", b'{"Identifier": "x", "Type": "t", "Payload": 1}'),
    *[("PUT", "/v1/declarations", _declaration("a"))] * 2,
    ("PUT", "/v1/declarations/a", b""),
    ("GET", "/v1/declarations/a", b""),
    ("GET", "/v1/nothing", b""),
    ("PUT", "/v1/set-declarations/s", b""),
    ("DELETE", "/v1/set-declarations/s", b""),
    ("PUT", "/v1/set-declarations/s?declaration=missing", b""),
    *[("PUT", "/v1/set-declarations/s?declaration=a&nonotify=1", b"")] * 2,
    ("DELETE", "/v1/declarations/a", b""),
    *(
        ("GET", f"/v1/{path}", b"")
        for path in ("declaration-sets/a", "declaration-sets/zz", "set-declarations/zz", "sets")
    ),
    *[("PUT", "/v1/enrollment-sets/E1?set=s", b"")] * 2,
    *(("GET", f"/v1/enrollment-sets/{one}", b"") for one in ("E1", "E7")),
    ("PUT", "/v1/enrollment-sets/E1", b""),
    ("DELETE", "/v1/enrollment-sets/E1", b""),
    ("GET", "/v1/declaration-status/E1,E2", b""),
    *(("POST", f"/v1/notify{query}", b"") for query in ("", "?set=s", "?set=none", "?id=E1&id=E2", "?declaration=a")),
    ("PUT", "/v1/declarations", _declaration("a.b")),
    ("PUT", "/v1/set-declarations/c?declaration=a.b", b""),
    ("PUT", "/v1/set-declarations/c.d?declaration=a", b""),
    *(("GET", f"/v1/{path}", b"") for path in ("declaration-sets/a", "set-declarations/c", "set-declarations/c.d")),
    ("DELETE", "/v1/set-declarations/c.d?declaration=a", b""),
    ("DELETE", "/v1/set-declarations/s?declaration=zz", b""),
    *[("DELETE", "/v1/set-declarations/s?declaration=a", b"")] * 2,
    *[("DELETE", "/v1/declarations/a", b"")] * 2,
    ("DELETE", "/v1/set-declarations/c?declaration=a.b", b""),
    ("DELETE", "/v1/declarations/a.b", b""),
    ("GET", "/v1/declarations", b""),
]


def command(number: int) -> bytes:
    """Return a command as the queue takes it."""
    return plistlib.dumps({"Command": {"RequestType": "ProfileList"}, "CommandUUID": f"{RUN}-{number}"})


NANOMDM_CALLS: list[Call] = [
    ("PUT", "/v1/enqueue/N1", command(1)),
    ("PUT", "/v1/enqueue/N1", command(1)),
    ("PUT", "/v1/enqueue/N1,N2", command(2)),
    ("PUT", "/v1/enqueue/N1%2CN2", command(3)),
    ("PUT", "/v1/enqueue/N9", command(4)),
    ("PUT", "/v1/enqueue/N1,N9", command(5)),
    ("PUT", "/v1/enqueue/N1?nopush=1", command(6)),
    ("PUT", "/v1/enqueue/N1", b"x"),
    ("PUT", "/v1/enqueue/N1", b""),
    ("PUT", "/v1/enqueue/N1", plistlib.dumps({"CommandUUID": "no-command"})),
    ("GET", "/v1/push/N1", b""),
    ("GET", "/v1/x", b""),
]


CALLS = {"kmfddm": KMFDDM_CALLS, "nanomdm": NANOMDM_CALLS}


def shown(name: str, call: Caller) -> list[dict[str, Any]]:
    """Make the calls, and return each with its answer."""
    made = []
    for method, path, body in CALLS[name]:
        status, answer = call(method, path, body)
        made.append({"call": f"{method} {path}", "status": status, "answer": answer})
    text: list[dict[str, Any]] = json.loads(json.dumps(made).replace(RUN, "command"))
    return text


def recording(name: str, store: str) -> Path:
    """Return the file with the recorded answers of a server with a store."""
    return RECORDED / f"{name}-{VERSIONS[name].removeprefix('v')}-{store}.json"

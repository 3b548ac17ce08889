"""Run real NanoMDM and KMFDDM servers on loopback, and devices that enrol, fetch commands and answer them.

The programs are built from their public sources (`go install`, docs/push/nanomdm.md); `nanomdm` and `kmfddm` are looked for on
the path. No push notification leaves the machine: the servers have no certificate for Apple's service, so nothing is woken.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import os
import plistlib
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NANOMDM_KEY = "canary-nanomdm-key"
KMFDDM_KEY = "canary-kmfddm-key"
STORE: Literal["kv", "sql", "file"] = {"pgsql": "sql", "mysql": "sql", "file": "file"}.get(  # type: ignore[assignment]
    os.environ.get("NANOMDM_STORAGE", ""), "kv"
)
"""How NanoMDM keeps its queues: `NANOMDM_STORAGE` and `NANOMDM_STORAGE_DSN`, which it reads itself, name another store than its own."""
_CHECKIN = "application/x-apple-aspen-mdm-checkin"
_PATIENCE = 10.0
"""Seconds for a server to answer its first call."""


class Authority:
    """Make the certificates that devices show; NanoMDM takes none for two devices."""

    def __init__(self, folder: Path) -> None:
        """Make the authority's own certificate, and write it."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.path = folder / "authority.pem"
        self.path.write_bytes(self._made(self._name, self._key, ca=True).public_bytes(serialization.Encoding.PEM))

    def header(self, name: str) -> str:
        """Return a header that shows a new certificate of a device (RFC 9440)."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._made(subject, ec.generate_private_key(ec.SECP256R1()), ca=False)
        return f":{base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()}:"

    def _made(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.Certificate:
        start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


class Servers(NamedTuple):
    """Hold where the servers are; `events` is the file in which a webhook's receiver keeps what NanoMDM posts."""

    nanomdm: str
    kmfddm: str
    versions: dict[str, str]
    events: Path
    authority: Authority


def _call(method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(url, body or None, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as bad:
        return bad.code, bad.read()


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _program(*command: str) -> Iterator[None]:
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(10)


def _ready(url: str) -> str:
    """Wait until a server answers, and return its version."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return str(json.loads(_call("GET", f"{url}/version")[1])["version"])
        except (OSError, ValueError):
            if time.monotonic() > end:
                raise
            threading.Event().wait(0.02)


@contextlib.contextmanager
def _webhook(events: Path) -> Iterator[str]:
    """Receive what NanoMDM posts, and keep each event as a line of a file."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with events.open("ab") as file:
                file.write(body.strip() + b"\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Run both servers, each asking the other, with empty stores in a folder."""
    authority = Authority(folder)
    events = folder / "events.jsonl"
    events.touch()
    ours, theirs = _port(), _port()
    nanomdm, kmfddm = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}"
    with _webhook(events) as webhook, contextlib.ExitStack() as running:
        running.enter_context(
            _program(
                *(shutil.which("nanomdm") or "nanomdm", "-listen", f"127.0.0.1:{ours}", "-api", NANOMDM_KEY),
                *(
                    "-ca",
                    str(authority.path),
                    "-cert-header",
                    "X-Certificate",
                    "-webhook-url",
                    webhook,
                    "-dm",
                    f"{kmfddm}/",
                ),
                *(() if STORE != "kv" else ("-storage", "filekv", "-storage-dsn", str(folder / "nanomdm"))),
            )
        )
        running.enter_context(
            _program(
                *(shutil.which("kmfddm") or "kmfddm", "-listen", f"127.0.0.1:{theirs}", "-api", KMFDDM_KEY),
                *("-enqueue", f"{nanomdm}/v1/enqueue/", "-enqueue-key", NANOMDM_KEY),
                *("-storage", "filekv", "-storage-dsn", str(folder / "kmfddm")),
            )
        )
        versions = {"nanomdm": _ready(nanomdm), "kmfddm": _ready(kmfddm)}
        yield Servers(nanomdm, kmfddm, versions, events, authority)


class Device:
    """Be an enrolled device: check in, fetch commands, carry them out and answer."""

    def __init__(self, there: Servers, udid: str) -> None:
        """Enrol."""
        self._there = there
        self.udid = udid
        self._proof = there.authority.header(udid)
        self.profiles: dict[str, bytes] = {}
        self.enrol()

    def enrol(self) -> None:
        """Enrol, or enrol again after a wipe: nothing is installed then."""
        self.profiles = {}
        topic = "com.apple.mgmt.External.example"
        self._check_in({"MessageType": "Authenticate", "Topic": topic, "UDID": self.udid})
        token = {"Token": self.udid.encode(), "PushMagic": self.udid, "Topic": topic}
        self._check_in({"MessageType": "TokenUpdate", "UDID": self.udid, **token})

    def leave(self) -> None:
        """Check out: a device that leaves takes every managed profile away."""
        self.profiles = {}
        self._check_in({"MessageType": "CheckOut", "UDID": self.udid})

    def _check_in(self, message: dict[str, Any]) -> bytes:
        before = self._posted(message["MessageType"])
        status, body = self._post(message, _CHECKIN)
        assert status == 200, (message["MessageType"], status, body)
        end = time.monotonic() + _PATIENCE
        while self._posted(message["MessageType"]) == before:  # the webhook is called beside the answer
            assert time.monotonic() < end, f"the webhook heard nothing of {message['MessageType']}"
            threading.Event().wait(0.005)
        return body

    def _posted(self, topic: str) -> int:
        """Count what the webhook has heard of this device's messages of a kind."""
        wanted = f'"mdm.{topic}"'.encode(), f'"id":"{self.udid}"'.encode()
        lines = self._there.events.read_bytes().splitlines(keepends=True)
        return sum(line.endswith(b"\n") and all(one in line for one in wanted) for line in lines)

    def _post(self, value: dict[str, Any], kind: str) -> tuple[int, bytes]:
        headers = {"Content-Type": kind, "X-Certificate": self._proof}
        return _call("PUT", f"{self._there.nanomdm}/mdm", plistlib.dumps(value), **headers)

    def fetch(self, most: int = 100) -> list[str]:
        """Carry out what is in the queue, and return the kinds of the commands; a queue without end is left after `most`."""
        kinds: list[str] = []
        answer: dict[str, Any] = {"Status": "Idle"}
        while len(kinds) < most:
            status, body = self._post({"UDID": self.udid, **answer}, "application/x-apple-aspen-mdm")
            assert status == 200, (status, body)
            if not body:
                break
            command = plistlib.loads(body)
            kinds.append(command["Command"]["RequestType"])
            answer = {
                "Status": "Acknowledged",
                "CommandUUID": command["CommandUUID"],
                **self._carry(command["Command"]),
            }
        return kinds

    def _carry(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what a command says, and return what the answer to it holds."""
        kind = command["RequestType"]
        if kind == "InstallProfile":
            self.profiles[plistlib.loads(command["Payload"])["PayloadIdentifier"]] = command["Payload"]
        elif kind == "RemoveProfile":
            self.profiles.pop(command["Identifier"], None)
        elif kind == "Restrictions":
            return {"GlobalRestrictions": {"union": {"blockedAppBundleIDs": {"values": self.blocked()}}}}
        return {}

    def blocked(self) -> list[str]:
        """Return the apps that the installed profiles block."""
        payloads = [payload for one in self.profiles.values() for payload in plistlib.loads(one)["PayloadContent"]]
        return sorted({app for one in payloads for app in one.get("blockedAppBundleIDs", ())})

    def declarations(self) -> dict[str, list[dict[str, Any]]]:
        """Ask, as a device does, which declarations are for this enrollment."""
        message = {"MessageType": "DeclarativeManagement", "Endpoint": "declaration-items", "UDID": self.udid}
        items: dict[str, list[dict[str, Any]]] = json.loads(self._check_in(message))["Declarations"]
        return items

    def report(self) -> None:
        """Report every declaration that is for this enrollment as valid and active."""
        management = {"activations": "Activations", "configurations": "Configurations", "management": "Management"}
        items = self.declarations()
        told = {
            name: [
                {"identifier": one["Identifier"], "server-token": one["ServerToken"], "active": True, "valid": "valid"}
                for one in items[listed]
            ]
            for name, listed in management.items()
        }
        data = json.dumps({"StatusItems": {"management": {"declarations": told}}, "Errors": []}).encode()
        message = {"MessageType": "DeclarativeManagement", "Endpoint": "status", "UDID": self.udid, "Data": data}
        self._check_in(message)


def api(there: Servers, server: str, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    """Call a server's API; return the status and the answer, as JSON where it is."""
    user, key, url = {
        "nanomdm": ("nanomdm", NANOMDM_KEY, there.nanomdm),
        "kmfddm": ("kmfddm", KMFDDM_KEY, there.kmfddm),
    }[server]
    proof = base64.b64encode(f"{user}:{key}".encode()).decode()
    status, text = _call(method, f"{url}{path}", body, Authorization=f"Basic {proof}")
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text

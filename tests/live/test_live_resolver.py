"""Load the built zone into a real BIND on loopback: it must refuse every banned domain and what is below it, and nothing else."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build_kit import built, identifier, inline, resolved

from mdm_policy import catalogue
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.model import Resolution

pytestmark = pytest.mark.live()  # a missing BIND is a failure, told in words, and no skip
TARGET = "dns-response-policy-zone"
EXAMPLE = Path(__file__).parents[2] / "examples/federal/deployment.yaml"
DAY = "2026-11-24"
NOERROR, NXDOMAIN = 0, 3
ANSWER = "192.0.2.7"
CONFIGURATION = """\
options {{
  directory "{folder}";
  pid-file none;
  session-keyfile none;
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  recursion yes;
  allow-query {{ 127.0.0.1; }};
  dnssec-validation no;
  empty-zones-enable no;
  response-policy {{ zone "banned.rpz"; }} qname-wait-recurse no;
}};
controls {{ }};
zone "banned.rpz" {{ type primary; file "banned.zone"; allow-transfer {{ none; }}; }};
zone "." {{ type primary; file "world.zone"; }};
"""
WORLD = f"""\
$TTL 60
@ IN SOA localhost. hostmaster.localhost. 1 3600 600 604800 60
@ IN NS localhost.
* IN A {ANSWER}
"""
"""A world in which every name has one address, so that what has none was refused."""


def _named() -> str:
    found = shutil.which("named") or shutil.which("named", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.fail(
            "BIND (named) is not installed, so nothing shows that the zone holds: apt-get install bind9", pytrace=False
        )
    return found


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(port: int, name: str, seconds: float = 5.0) -> tuple[int, int]:
    """Ask for the address of a name; return the response code and the number of answers (RFC 1035 section 4.1)."""
    labels = b"".join(bytes([len(one)]) + one.encode("ascii") for one in name.split("."))
    question = struct.pack(">6H", 4711, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(seconds)
        asking.connect(("127.0.0.1", port))
        asking.send(question)
        _, flags, _, answers, _, _ = struct.unpack(">6H", asking.recv(4096)[:12])
    return flags & 0xF, answers


class Resolver:
    """Run BIND over a zone for as long as a test lasts."""

    def __init__(self, folder: Path, zone: bytes) -> None:
        """Write the files and start it; it tells in its log when it runs."""
        self.port = _free_port()
        (folder / "banned.zone").write_bytes(zone)
        (folder / "world.zone").write_text(WORLD, "utf-8")
        (folder / "named.conf").write_text(CONFIGURATION.format(folder=folder, port=self.port), "utf-8")
        command = [_named(), "-g", "-n", "1", "-c", str(folder / "named.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.log: list[str] = []
        waiting = {" running", "rpz: banned.rpz: reload done: success"}
        hanging = threading.Timer(60, self._process.kill)
        hanging.start()
        for line in self._process.stderr or ():
            self.log.append(line)
            waiting -= {one for one in waiting if line.rstrip().endswith(one)}
            if not waiting:
                hanging.cancel()
                return
        hanging.cancel()
        pytest.fail("BIND does not take the zone:\n" + "".join(self.log[-20:]), pytrace=False)

    def code(self, name: str) -> int:
        """Return how a question for a name ends; an answer has to come with the address that the world gives."""
        code, answers = _ask(self.port, name)
        assert (code == NOERROR) == (answers == 1)
        return code

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate(timeout=30)


def _zone(resolution: Resolution) -> bytes:
    _, files = built(resolution, [TARGET], stem="banned")
    return files[f"{TARGET}/banned.rpz.zone"]


def _example() -> Resolution:
    read = inputs.gather(EXAMPLE, ())
    return resolve(read.lists, read.deployment, catalogue.load(), DAY)


@pytest.fixture
def resolver(tmp_path: Path) -> Iterator[Resolver]:
    tmp_path.chmod(0o755)
    made = Resolver(tmp_path, _zone(_example()))
    yield made
    made.stop()


def test_every_banned_domain_is_refused_and_nothing_else(resolver: Resolver) -> None:
    banned = [
        one.value
        for app in _example().apps
        if "no-traffic" in app.duties
        for one in app.identifiers
        if one.kind == "domain" and not one.shared
    ]
    asked = [name for domain in banned for name in (domain, f"www.{domain}", f"a.b.c.{domain}", domain.upper())]
    assert {name: resolver.code(name) for name in asked} == dict.fromkeys(asked, NXDOMAIN)
    left_out = [one.value for app in _example().apps for one in app.identifiers if one.kind == "domain" and one.shared]
    controls = ["example.org", "www.example.org", *(f"not{domain}" for domain in banned), "com", *left_out]
    assert {name: resolver.code(name) for name in controls} == dict.fromkeys(controls, NOERROR)
    sys.stdout.write(f"BIND: {len(asked)} banned names refused, {len(controls)} controls answered\n")


def test_many_and_long_names_load(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 45])
    names = ["xn--bcher-kva.example", longest, *(f"n{number}.example" for number in range(5_000))]
    resolver = Resolver(
        tmp_path, _zone(resolved(*(inline(name[:40], identifier("web", "domain", name)) for name in names)))
    )
    try:
        assert [resolver.code(name) for name in (names[0], longest, "n4999.example", "x.n0.example")] == [NXDOMAIN] * 4
        assert resolver.code("n5000.example") == NOERROR
    finally:
        resolver.stop()

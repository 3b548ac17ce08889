"""A proxy gets a tunnel and nothing else: no call, no credential of the server, and no password in the clear."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from emulators.base import Answer, Emulator, Request, reply
from emulators.proxy import proxy

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push import grants, proxies
from mdm_policy.push.answers import Failure
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.proxies import Proxies
from mdm_policy.push.redaction import Secrets
from push.certificates import certificate, server_side
from push.stage import stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "mdm.agency.example"
TOKEN = "canary-token-of-the-server"  # noqa: S105 - a canary
PASSWORD = "canary-password-of-the-proxy"  # noqa: S105 - a canary


class Server(Emulator):
    """Say what came in."""

    def snapshot(self) -> Any:
        """Hold nothing."""
        return None

    def handle(self, request: Request) -> Answer:
        """Say the path."""
        return reply({"path": request.path, "proof": request.headers.get("authorization")})


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path, NAME)


@pytest.fixture
def server(pair: tuple[Path, Path]) -> Iterator[Server]:
    with Server(tls=server_side(pair)) as running:
        yield running


def port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def client(through: Proxies, ca: Path, base: str = f"https://{NAME}", known: Secrets | None = None) -> Client:
    settings = Settings(base, 5.0, 2, ca=str(ca), proxies=through)
    return Client(settings, lambda _: None, known or Secrets(), lambda _: {"Authorization": f"Bearer {TOKEN}"})


def test_a_call_goes_through_the_proxy_of_the_environment_and_stays_unread(
    server: Server, pair: tuple[Path, Path]
) -> None:
    with proxy(port(server)) as there:
        through = proxies.of_environment({"HTTPS_PROXY": f"127.0.0.1:{there.port}"})
        found = client(through, pair[0]).call("GET", "/v1/secret-path").object()
    assert found == {"path": "/v1/secret-path", "proof": f"Bearer {TOKEN}"}
    assert there.targets == [f"{NAME}:443"]
    seen = "".join(there.asked).encode() + bytes(there.passed)
    assert TOKEN.encode() not in seen
    assert b"secret-path" not in seen
    assert b"uthorization" not in seen


@pytest.mark.parametrize("encrypted", [False, True], ids=["on this machine", "over TLS"])
def test_a_proxy_that_asks_for_a_password_gets_it_and_nobody_else(
    encrypted: bool, server: Server, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    own = certificate(tmp_path, "localhost")
    both = tmp_path / "both.pem"
    both.write_bytes(pair[0].read_bytes() + own[0].read_bytes())
    known = Secrets()
    with proxy(port(server), f"svc:{PASSWORD}", server_side(own) if encrypted else None) as there:
        address = f"https://localhost:{there.port}" if encrypted else f"http://127.0.0.1:{there.port}"
        named = Proxies(address, "svc", PASSWORD)
        assert client(named, both, known=known).call("GET", "/x").status == 200
        with pytest.raises(Failure) as failed:
            client(Proxies(address), both).call("POST", "/x", body=b"")
    assert (failed.value.fault, failed.value.ambiguous) == ("unreachable", False)
    assert "407" in failed.value.said
    assert PASSWORD.encode() not in bytes(there.passed)
    proof = base64.b64encode(f"svc:{PASSWORD}".encode()).decode()
    assert known.redact(f"{PASSWORD} {proof}") == "*** ***"


@pytest.mark.parametrize("status", [403, 502])
def test_a_proxy_that_refuses_has_sent_nothing(status: int, server: Server, pair: tuple[Path, Path]) -> None:
    with proxy(port(server), status=status) as there, pytest.raises(Failure) as failed:
        client(Proxies(f"http://127.0.0.1:{there.port}"), pair[0]).call("POST", "/x", body=b"")
    assert (failed.value.fault, failed.value.ambiguous) == ("unreachable", False)
    assert str(status) in failed.value.said
    assert server.calls == []


def test_a_proxy_nobody_runs(pair: tuple[Path, Path]) -> None:
    with proxy(1) as gone:
        pass
    with pytest.raises(Failure) as failed:
        client(Proxies(f"http://127.0.0.1:{gone.port}"), pair[0]).call("POST", "/x", body=b"")
    assert (failed.value.fault, failed.value.ambiguous) == ("unreachable", False)


def test_a_proxy_that_shows_a_certificate_of_its_own_is_not_trusted(server: Server, tmp_path: Path) -> None:
    trusted = certificate(tmp_path, "another.example")
    with proxy(port(server)) as there, pytest.raises(Failure) as failed:
        client(Proxies(f"http://127.0.0.1:{there.port}"), trusted[0]).call("POST", "/x", body=b"")
    assert (failed.value.fault, failed.value.ambiguous) == ("tls", False)
    assert server.calls == []


_CHOICES = {
    "a name": ("https://mdm.agency.example", "", True),
    "loopback": ("http://127.0.0.1:8000", "", False),
    "loopback by name": ("https://localhost", "", False),
    "loopback, IPv6": ("http://[::1]:9000", "", False),
    "a name that begins like loopback": ("https://127.0.0.1.agency.example", "", True),
    "all exempt": ("https://mdm.agency.example", "*", False),
    "exempt": ("https://mdm.agency.example", "mdm.agency.example", False),
    "exempt, in capitals": ("https://MDM.agency.example", "Mdm.Agency.Example", False),
    "exempt with all below": ("https://mdm.agency.example", "x, agency.example", False),
    "exempt by a dot": ("https://mdm.agency.example", ".agency.example", False),
    "exempt by a star": ("https://mdm.agency.example", "*.agency.example", False),
    "ends alike": ("https://mdmagency.example", "agency.example", True),
    "below another": ("https://mdm.agency.example", "mdm.agency.example.org,example.com", True),
    "exempt at its port": ("https://mdm.agency.example:8443", "agency.example:8443", False),
    "exempt at another port": ("https://mdm.agency.example", "agency.example:8443", True),
    "exempt at the usual port": ("https://mdm.agency.example", "agency.example:443", False),
    "an address": ("https://10.1.2.3", "10.1.2.3", False),
    "an address in a network": ("https://10.1.2.3", "192.168.0.0/16,10.0.0.0/8", False),
    "an address in no network": ("https://11.1.2.3", "10.0.0.0/8", True),
    "an IPv6 address": ("https://[fd00::1]:8443", "[fd00::1]", False),
    "an IPv6 network": ("https://[fd00::1]", "fd00::/8", False),
    "nothing between commas": ("https://mdm.agency.example", " , ,.", True),
}


@pytest.mark.parametrize(("base", "exempt", "proxied"), _CHOICES.values(), ids=_CHOICES)
def test_what_goes_through_a_proxy(base: str, exempt: str, proxied: bool) -> None:
    said = proxies.of_environment({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": exempt})
    found = proxies.proxy_for(base, said, Secrets())
    assert found == (proxies.Proxy("http://proxy.example:3128") if proxied else None)


_VARIABLES = {
    "none": ({}, ""),
    "small letters first": ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "http://a:1"),
    "plain http is for this machine alone": ({"HTTP_PROXY": "http://a:1", "http_proxy": "http://a:1"}, ""),
    "empty": ({"HTTPS_PROXY": ""}, ""),
    "without a scheme": ({"HTTPS_PROXY": "a.example:1"}, "http://a.example:1"),
    "without a port": ({"HTTPS_PROXY": "https://a.example/"}, "https://a.example:443"),
    "IPv6": ({"HTTPS_PROXY": "http://[fd00::2]:3128"}, "http://[fd00::2]:3128"),
}


@pytest.mark.parametrize(("environment", "wanted"), _VARIABLES.values(), ids=_VARIABLES)
def test_what_the_environment_says(environment: dict[str, str], wanted: str) -> None:
    found = proxies.proxy_for("https://mdm.agency.example", proxies.of_environment(environment), Secrets())
    assert (found.url if found else "") == wanted


@pytest.mark.parametrize(
    "address",
    [
        "socks5://proxy.example:1080",
        "http://",
        "http://proxy.example:99999",
        "http://proxy.example/path",
        f"http://svc:{PASSWORD}@proxy.example:3128",
        f"svc:{PASSWORD}@proxy.example:3128",
    ],
)
def test_an_address_that_will_not_do_is_told_and_never_shown(address: str) -> None:
    said = proxies.of_environment({"HTTPS_PROXY": address})
    with pytest.raises(PolicyError) as refused:
        proxies.proxy_for("https://mdm.agency.example", said, Secrets())
    [finding] = refused.value.findings
    assert finding.id == "push-proxy"
    assert "HTTPS_PROXY" in finding.message
    assert PASSWORD not in finding.message + finding.hint


def spec(**more: Any) -> DestinationSpec:
    settings = {
        "url": "https://jamf.example",
        "client_id": "x",
        "client_secret": {"env": "JAMF"},
        "proxy": {"url": "https://proxy.example:3128", "username": "svc", "password": {"env": "PROXY"}},
        **more,
    }
    return DestinationSpec("x", "jamf", settings, Origin("d.yaml"))


def test_a_destination_has_its_own_proxy_and_the_password_of_it_goes_there_alone() -> None:
    environment = proxies.of_environment({"HTTPS_PROXY": "http://other.example:1", "NO_PROXY": "*"})
    named = proxies.of_destination(spec(), lambda where: f"secret of {where['env']}", environment)
    known = Secrets()
    found = proxies.proxy_for("https://jamf.example", named, known)
    assert found is not None
    assert found.url == "https://proxy.example:3128"
    assert known.redact("secret of PROXY") == "***"
    uses = {use.name: use.hosts for use in grants.uses(spec())}
    assert uses == {"JAMF": ("jamf.example",), "PROXY": ("proxy.example:3128",)}


def test_a_proxy_that_the_deployment_names_with_its_authorities_gets_the_secrets_too() -> None:
    """Such a proxy can read what passes: it needs a grant like the server."""
    uses = {use.name: use.hosts for use in grants.uses(spec(ca="inspecting.pem"))}
    assert uses["JAMF"] == ("jamf.example", "proxy.example:3128")


@pytest.mark.parametrize("kind", ["graph", "jamf", "amapi", "kmfddm", "nanomdm"])
def test_every_destination_that_talks_takes_the_proxy_of_the_environment(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(kind, tmp_path) as one, proxy(1, status=403) as there:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{there.port}")
        assert one.plan().code == 10
        assert there.asked == [], "what is on this machine went through the proxy"
        text = one.deployment.read_text().replace(one.emulator.url, f"https://{NAME}")
        one.deployment.write_text(text)
        there.asked.clear()
        ran = one.run("status", "--deployment", one.deployment) if kind != "nanomdm" else one.plan()
        if kind == "nanomdm":
            ran = one.apply()
        assert ran.code in (1, 12)
        assert f"{NAME}:443" in there.targets
        assert "no connection by the proxy" in " ".join(ran.err.split())

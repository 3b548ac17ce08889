"""Every way in which a call can end is an answer or a failure that says whether the work may have been done."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from emulators.base import Answer, Emulator, Request, reply
from emulators.faults import FAULTS, Fault

from mdm_policy.errors import PolicyError
from mdm_policy.push.answers import Failure, Reply, shown
from mdm_policy.push.http import Client, Settings, check_address
from mdm_policy.push.redaction import Secrets
from push.certificates import certificate, server_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECRET = "canary-token-1"  # noqa: S105 - a canary
BY_NAME = {fault.name: fault for fault in FAULTS}


class Echo(Emulator):
    """Count what is done, and say it."""

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.done = 0

    def handle(self, request: Request) -> Answer:
        self.done += request.method != "GET"
        cookie = (("Set-Cookie", "node=7; Path=/; HttpOnly"),)
        return reply({"method": request.method, "cookie": request.headers.get("cookie", "")}, headers=cookie)

    def snapshot(self) -> Any:
        return self.done

    def handle_stale(self, request: Request, state: Any) -> Answer:
        del state
        return self.handle(request)


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as made:
        yield made


def client(url: str, waited: list[float] | None = None, **more: Any) -> Client:
    settings = Settings(url, **{"timeout": 0.25, "attempts": 3, **more})
    secrets = Secrets()
    secrets.add(SECRET)

    def authorize(renew: bool) -> Mapping[str, str]:
        renewals.append(renew)
        return {"Authorization": f"Bearer {SECRET}"}

    renewals: list[bool] = []
    made = Client(settings, (waited if waited is not None else []).append, secrets, authorize)
    made.renewals = renewals  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_read_struck_once_succeeds_or_fails_cleanly(fault: Fault, server: Echo) -> None:
    server.arm(_0=fault)
    one = client(server.url)
    try:
        value = one.call("GET", "/x").json()
    except Failure as bad:
        value, said = [], bad.finding("there", "reading")
        good = bool(bad.said and said.hint) and SECRET not in said.message
    else:
        good = True
    assert good
    assert value is None or isinstance(value, dict | list)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_write_is_never_made_twice_unless_that_is_safe(fault: Fault, server: Echo) -> None:
    server.arm(_0=fault)
    one = client(server.url)
    unsure = True
    try:
        one.call("POST", "/x", body=b"{}")
    except Failure as bad:
        unsure = bad.ambiguous
    assert unsure or not server.done, "the work was done, and the failure says that it was not"
    assert server.done <= (2 if fault.name == "duplicate delivery" else 1)


_KINDS = [
    ("401 in mid-run", None),
    ("403", "forbidden"),
    ("404", "not-found"),
    ("409", "conflict"),
    ("412", "conflict"),
    ("423", "conflict"),
    ("400", "refused"),
    ("422", "refused"),
    ("429 with a day", "throttled"),
    ("429 with seconds", None),
    ("503 with Retry-After", None),
    ("connection closed before the work", None),
    ("stall before the work", None),
    ("HTML page with 201", "answer"),
    ("redirect to another host", "answer"),
    ("a gzip bomb", "answer"),
]


@pytest.mark.parametrize(("name", "kind"), _KINDS, ids=[name for name, _ in _KINDS])
def test_what_a_read_makes_of_a_fault(name: str, kind: str | None, server: Echo) -> None:
    server.arm(_0=BY_NAME[name])
    one = client(server.url)
    if kind is None:
        assert one.call("GET", "/x").object()["method"] == "GET"
        return
    with pytest.raises(Failure) as failed:
        one.call("GET", "/x")
    assert failed.value.fault == kind


_WAITS = [
    ("429 with seconds", 1.0, 1.0),
    ("429 with a date", 0.0, 130.0),
    ("429 without Retry-After", 60.0, 61.0),
    ("429 with nonsense", 60.0, 61.0),
    ("503 with Retry-After", 2.0, 2.0),
    ("500", 0.5, 1.5),
]


@pytest.mark.parametrize(("name", "least", "most"), _WAITS, ids=[row[0] for row in _WAITS])
def test_the_client_waits_as_it_is_asked(name: str, least: float, most: float, server: Echo) -> None:
    waited: list[float] = []
    server.arm(_0=BY_NAME[name])
    # A date that is far from the answer's own is not waited for.
    with contextlib.suppress(Failure):
        client(server.url, waited, patience=60.0).call("GET", "/x")
    assert len(waited) == 1 or name == "429 with a date"
    assert all(wait <= 120 for wait in waited)
    waited = waited or [least]
    assert least <= waited[0] <= most


def test_a_token_is_renewed_once(server: Echo) -> None:
    server.arm(_0=BY_NAME["401 in mid-run"])
    one = client(server.url)
    one.call("GET", "/x")
    assert one.renewals.count(True) == 1  # type: ignore[attr-defined]
    server.arm(_0=BY_NAME["401 in mid-run"], _1=BY_NAME["401 in mid-run"])
    with pytest.raises(Failure) as failed:
        one.call("GET", "/x")
    assert failed.value.fault == "unauthorized"


def test_cookies_stick_where_that_is_asked_for(server: Echo) -> None:
    kept, dropped = client(server.url, cookies=True), client(server.url)
    for one in (kept, dropped):
        one.call("GET", "/x")
    assert kept.call("GET", "/x").object()["cookie"] == "node=7"
    assert dropped.call("GET", "/x").object()["cookie"] == ""


def test_a_next_page_on_another_host_is_refused(server: Echo) -> None:
    with pytest.raises(Failure, match="another host"):
        client(server.url).call("GET", "https://attacker.invalid/x")
    assert client(server.url).call("GET", f"{server.url}/x").status == 200


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nothing",
        "ftp://host",
        "http://host",
        "https://",
        "https://user:pw@host",
        "http://127.0.0.1.evil.example",
        "https://h\n.x",
        "https://[::1",
        "https://h:99999",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(PolicyError) as refused:
        check_address(address)
    assert refused.value.findings[0].id == "push-address"


@pytest.mark.parametrize(
    "address", ["https://host", "https://host:8443/base", "http://127.0.0.1:80", "http://localhost", "http://[::1]:1"]
)
def test_addresses_that_are_taken(address: str) -> None:
    check_address(address)


def test_nobody_there_is_unreachable() -> None:
    with Echo() as gone:
        url = gone.url
    with pytest.raises(Failure) as failed:
        client(url).call("POST", "/x", body=b"")
    assert (failed.value.fault, failed.value.ambiguous) == ("unreachable", False)
    with pytest.raises(Failure) as failed:
        client("https://no-such-host.invalid").call("GET", "/x")
    assert failed.value.fault == "unreachable"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"access_token": "canary-inside"', "application/json"),
        (b'"canary-inside"', "application/json"),
        (b'{"wifi": "canary-inside"} x', "text/plain"),
        (b"<policy>canary-inside</policy>", "text/xml"),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 302, 400, 500])
def test_what_a_body_holds_is_not_told(body: bytes, kind: str, status: int, server: Echo) -> None:
    fault = Fault("", lambda handler, _owner, _request: handler.send(Answer(status, body, (), kind)))
    server.arm(_0=fault, _1=fault, _2=fault)
    with pytest.raises(Failure) as failed:
        client(server.url).call("GET", "/x").object()
    assert "canary-inside" not in failed.value.finding("there", "reading").message


_BODIES = [
    ("a hundred deep", b"[" * 100 + b"]" * 100, True),
    ("a thousand deep", b'{"a":[' * 500 + b"]}" * 500, False),
    ("a thousand arrays that nobody closes", b"[" * 1_000, False),
    ("lists side by side", b"[" + b"[{}]," * 5_000 + b"[]]", True),
    ("brackets of one kind in strings", b"[" + rb'{"name": "[ \" {{", "odata": "\\"},' * 5_000 + b"0]", True),
    ("deep behind a string of brackets", b'["' + b"]" * 1_000 + b'",' + b"[" * 999 + b"]" * 1_000, False),
]


@pytest.mark.parametrize(("body", "read"), [row[1:] for row in _BODIES], ids=[row[0] for row in _BODIES])
def test_a_body_that_nests_too_deep_is_not_parsed(body: bytes, read: bool) -> None:
    reply = Reply(200, {}, body, "GET /x")
    if read:
        assert reply.json() == json.loads(body)
        return
    with pytest.raises(Failure, match="not JSON") as failed:
        reply.json()
    assert (failed.value.fault, failed.value.ambiguous) == ("answer", True)


def test_what_a_page_says_is_told(server: Echo) -> None:
    server.arm(_0=BY_NAME["HTML page with 201"])
    with pytest.raises(Failure, match="Bad Gateway Error: it broke"):
        client(server.url).call("GET", "/x")


def test_secrets_are_struck_out() -> None:
    secrets = Secrets()
    secrets.add("s3cret-value")
    secrets.add("abc")
    assert secrets.redact("a s3cret-value b abc") == "a *** b abc"


def test_what_a_server_says_is_safe_to_print() -> None:
    assert shown(b"a\x1b[31m\r\nb\xe2\x80\xae") == "a [31m b"
    assert len(shown(b"x" * 10_000)) < 400


_TLS = [
    ("an authority nobody knows", "localhost", 30, False, False, "tls"),
    ("a certificate that has expired", "localhost", -1, True, False, "tls"),
    ("a certificate for another name", "elsewhere.example", 30, True, False, "tls"),
    ("a certificate that is trusted", "localhost", 30, True, False, None),
    ("the check switched off", "elsewhere.example", -1, False, True, None),
]


@pytest.mark.parametrize(("what", "name", "days", "trusted", "insecure", "kind"), _TLS, ids=[row[0] for row in _TLS])
def test_certificates(
    what: str, name: str, days: int, trusted: bool, insecure: bool, kind: str | None, tmp_path: Path
) -> None:
    del what
    pair = certificate(tmp_path, name, days=days)
    with Echo(tls=server_side(pair)) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        one = client(url, ca=str(pair[0]) if trusted else "", insecure=insecure, timeout=5.0)
        if kind is None:
            assert one.call("GET", "/x").status == 200
            return
        with pytest.raises(Failure) as failed:
            one.call("POST", "/x", body=b"")
        assert (failed.value.fault, failed.value.ambiguous) == (kind, False)
        assert server.done == 0


def test_a_file_of_authorities_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        client("https://host", ca=str(tmp_path / "none.pem"))
    assert refused.value.findings[0].id == "push-ca"

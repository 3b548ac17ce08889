"""`lookup --online`: what a store says is told with its day, and no answer is never a "not found" nor hides the rest."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cli_kit import ids, run
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mdm_policy import catalogue
from mdm_policy.cli import edge
from mdm_policy.errors import Origin
from mdm_policy.model import Identifier
from mdm_policy.sources import store_http
from mdm_policy.sources.store_pages import MOST_QUESTIONS, StoreError, StorePage, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = "2026-11-28"
BUNDLE = "org.example.chat"
STORE_ID = "1234567890"
PACKAGE = "org.example.chat.android"
HERE = Origin("test")


def apple(**more: Any) -> bytes:
    app = {"wrapperType": "software", "kind": "software", "trackId": int(STORE_ID), "bundleId": BUNDLE} | more
    return b"\n\n\n" + json.dumps({"resultCount": 1, "results": [{"trackName": "Example Chat", **app}]}).encode()


def play(
    package: str = PACKAGE, title: str = "Example &amp; Chat - Apps on Google Play", link: str = "og:url"
) -> bytes:
    address = f"https://play.google.com/store/apps/details?id={package}&amp;hl=en"
    named = (
        f'<meta property="og:url" content="{address}">'
        if link == "og:url"
        else f'<link rel="canonical" href="{address}">'
    )
    return f'<!doctype html><html><head><meta property="og:title" content="{title}">{named}</head><body>'.encode()


NONE = b'\n\n\n{"resultCount":0, "results": []}\n'


def one(kind: str) -> Identifier:
    made: dict[str, Identifier] = {
        "bundle_id": Identifier("ios", "bundle_id", BUNDLE, HERE),
        "app_store_id": Identifier("ios", "app_store_id", STORE_ID, HERE),
        "package_name": Identifier("android", "package_name", PACKAGE, HERE),
    }
    return made[kind]


@pytest.mark.parametrize(
    ("kind", "page", "told"),
    [
        pytest.param("bundle_id", StorePage(200, apple()), ("found", "Example Chat", ""), id="bundle-id"),
        pytest.param("app_store_id", StorePage(200, apple()), ("found", "Example Chat", ""), id="store-id"),
        pytest.param("package_name", StorePage(200, play()), ("found", "Example & Chat", ""), id="package"),
        pytest.param(
            "package_name", StorePage(200, play(link="canonical")), ("found", "Example & Chat", ""), id="canonical-link"
        ),
        pytest.param("bundle_id", StorePage(200, NONE), ("not-found", "", ""), id="apple-has-none"),
        pytest.param("package_name", StorePage(404, b"<html>"), ("not-found", "", ""), id="play-has-none"),
        pytest.param("bundle_id", StorePage(404, b""), ("unanswered", "", "HTTP 404"), id="apple-without-its-lookup"),
        pytest.param(
            "bundle_id", StorePage(403, b""), ("unanswered", "", "refused to answer (HTTP 403)"), id="refused"
        ),
        pytest.param("package_name", StorePage(429, b""), ("unanswered", "", "HTTP 429"), id="throttled"),
        pytest.param("package_name", StorePage(503, b""), ("unanswered", "", "HTTP 503"), id="down"),
        pytest.param("package_name", StorePage(302, b""), ("unanswered", "", "sends us on"), id="redirected"),
        pytest.param("bundle_id", StorePage(200, b"<html>"), ("unanswered", "", "not what"), id="no-json"),
        pytest.param("bundle_id", StorePage(200, b"{}"), ("unanswered", "", "not what"), id="other-json"),
        pytest.param("bundle_id", StorePage(200, b"\xff"), ("unanswered", "", "not what"), id="no-text"),
        pytest.param("bundle_id", StorePage(200, b"[" * 100_000), ("unanswered", "", "not what"), id="deep"),
        pytest.param(
            "bundle_id",
            StorePage(200, b'{"resultCount":1,"results":[]}'),
            ("unanswered", "", "not complete"),
            id="short",
        ),
        pytest.param(
            "bundle_id",
            StorePage(200, apple(bundleId="org.other")),
            ("unanswered", "", "something else"),
            id="other-app",
        ),
        pytest.param(
            "app_store_id",
            StorePage(200, apple(kind="mac-software")),
            ("unanswered", "", "something else"),
            id="mac-app",
        ),
        pytest.param(
            "app_store_id", StorePage(200, apple(kind="song")), ("unanswered", "", "something else"), id="song"
        ),
        pytest.param("bundle_id", StorePage(200, apple(trackName=" ")), ("unanswered", "", "no name"), id="no-name"),
        pytest.param(
            "package_name",
            StorePage(200, play("org.other")),
            ("unanswered", "", "not say that it is about"),
            id="other-page",
        ),
        pytest.param(
            "package_name", StorePage(200, b"<html><head></head>"), ("unanswered", "", "not say"), id="page-of-consent"
        ),
        pytest.param("package_name", StorePage(200, b"<![x["), ("unanswered", "", "page"), id="damaged-page"),
        pytest.param(
            "package_name",
            StorePage(200, play().replace(b"play.google.com", b"play.example")),
            ("unanswered", "", "not say"),
            id="page-of-another-host",
        ),
        pytest.param(
            "package_name",
            StorePage(200, b'<head><link rel=canonical href="https://[">'),
            ("unanswered", "", "not say"),
            id="address-that-is-none",
        ),
    ],
)
def test_an_answer_is_read_for_what_it_says(kind: str, page: StorePage, told: tuple[str, str, str]) -> None:
    (answer,) = ask([one(kind)], lambda _: page, DAY).values()
    assert (answer.state, answer.name, answer.day) == (*told[:2], DAY)
    assert bool(answer.why) is bool(told[2])
    assert told[2] in answer.why


def test_a_name_without_end_is_cut() -> None:
    (answer,) = ask([one("bundle_id")], lambda _: StorePage(200, apple(trackName="x" * 5000)), DAY).values()
    assert (answer.name, answer.state) == ("x" * 200 + "...", "found")


def test_each_store_is_asked_at_its_own_address() -> None:
    asked: list[str] = []

    def fetch(url: str) -> StorePage:
        asked.append(url)
        return StorePage(200, NONE)

    odd = Identifier("android", "package_name", "a&country=de#b", HERE)
    part = Identifier("ios", "bundle_id", f"{BUNDLE}.share", HERE, role="helper")
    mac = Identifier("macos", "bundle_id", BUNDLE, HERE)
    ask([one("bundle_id"), one("bundle_id"), part, mac, one("app_store_id"), one("package_name"), odd], fetch, DAY)
    assert asked == [
        f"https://itunes.apple.com/lookup?bundleId={BUNDLE}&country=us",
        f"https://itunes.apple.com/lookup?id={STORE_ID}&country=us",
        f"https://play.google.com/store/apps/details?id={PACKAGE}&hl=en",
        "https://play.google.com/store/apps/details?id=a%26country%3Dde%23b&hl=en",
    ]


def test_a_store_that_is_silent_is_not_asked_again() -> None:
    asked: list[str] = []

    def fetch(url: str) -> StorePage:
        asked.append(urlsplit(url).netloc)
        if "apple" in url:
            raise StoreError("no connection to the store")
        return StorePage(200, play())

    answers = ask([one("bundle_id"), one("app_store_id"), one("package_name")], fetch, DAY)
    assert asked == ["itunes.apple.com", "play.google.com"]
    assert [answer.state for answer in answers.values()] == ["unanswered", "unanswered", "found"]
    assert {answer.why for answer in answers.values()} == {"no connection to the store", ""}


def test_a_run_asks_a_store_so_often_and_not_more() -> None:
    asked: list[str] = []

    def fetch(url: str) -> StorePage:
        asked.append(url)
        return StorePage(404, b"")

    many = [Identifier("android", "package_name", f"org.example.a{number}", HERE) for number in range(25)]
    answers = list(ask(many, fetch, DAY).values())
    assert len(asked) == MOST_QUESTIONS == 20
    assert [answer.state for answer in answers] == ["not-found"] * 20 + ["unanswered"] * 5
    assert "20 identifiers at most" in answers[-1].why


# --- the command -------------------------------------------------------------------------------------------------------


def shop(url: str) -> StorePage:
    """Answer as both stores would about the app below: its bundle id is known, its package is gone, the id refused."""
    query = parse_qs(urlsplit(url).query)
    if query.get("bundleId") == [BUNDLE]:
        return StorePage(200, apple(trackName="Example\x1b[31m Chat"))
    if query.get("id") == [STORE_ID]:
        return StorePage(403, b"")
    return StorePage(404, b"")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"family": "ios", "kind": "bundle_id", "value": BUNDLE},
        {"family": "ios", "kind": "app_store_id", "value": STORE_ID},
        {"family": "android", "kind": "package_name", "value": PACKAGE},
        {"family": "web", "kind": "domain", "value": "chat.example"},
    ]
    sourced = [{**row, "confidence": "single-source", "sources": ["https://example.org/chat"]} for row in rows]
    file = {
        "version": "1",
        "vendors": {"maker": {"name": "Maker"}},
        "apps": {"chat": {"name": "Chat", "vendor": "maker", "identifiers": sourced}},
    }
    made = catalogue.parse(json.dumps(file).encode())
    monkeypatch.setattr(catalogue, "load", lambda: made)
    monkeypatch.setattr(edge, "today", lambda: DAY)


@pytest.fixture
def online(known: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del known
    monkeypatch.setattr(edge, "stores", lambda: shop)


GOLDEN = """\
chat: Chat (Maker)
    ios      bundle_id            org.example.chat
             the App Store (US): confirmed as Example\ufffd[31m Chat on 2026-11-28
    ios      app_store_id         1234567890
             the App Store (US): could not be asked: the store refused to answer
             (HTTP 403)
    android  package_name         org.example.chat.android
             Google Play: not in the store on 2026-11-28 (this does not prove
             that it never existed)
    web      domain               chat.example

Sources, notes and all domains: add --all.
"""


@pytest.mark.usefixtures("online")
def test_the_text_says_what_each_store_answers() -> None:
    done = run("lookup", "chat", "--online")
    assert (done.code, done.err) == (0, "")
    assert done.out == GOLDEN


@pytest.mark.usefixtures("online")
def test_the_json_says_what_each_store_answers() -> None:
    (hit,) = run("lookup", "chat", "--online", "--format", "json").json
    told = {identifier["kind"]: identifier.get("online") for identifier in hit["app"]["identifiers"]}
    assert told == {
        "bundle_id": {
            "store": "the App Store (US)",
            "state": "found",
            "day": DAY,
            "name": "Example\x1b[31m Chat",
            "why": "",
        },
        "app_store_id": {
            "store": "the App Store (US)",
            "state": "unanswered",
            "day": DAY,
            "name": "",
            "why": "the store refused to answer (HTTP 403)",
        },
        "package_name": {"store": "Google Play", "state": "not-found", "day": DAY, "name": "", "why": ""},
        "domain": None,
    }


@pytest.mark.usefixtures("known")
def test_nobody_is_asked_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "stores", lambda: pytest.fail("a store is asked"))
    done = run("lookup", "chat", "--format", "json")
    assert (done.code, "online" in done.out) == (0, False)


@pytest.mark.usefixtures("known")
def test_a_store_that_cannot_be_reached_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(_: str) -> StorePage:
        raise StoreError("no connection to the store")

    monkeypatch.setattr(edge, "stores", lambda: offline)
    alone, beside = run("lookup", "chat"), run("lookup", "chat", "--online")
    assert (beside.code, beside.err) == (0, "")
    assert beside.out.count("could not be asked: no connection to the store") == 3
    assert [line for line in beside.out.splitlines() if "could not" not in line] == alone.out.splitlines()


@pytest.mark.usefixtures("known")
def test_asking_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mdm_policy.sources.store_http")
    monkeypatch.setitem(sys.modules, "urllib3", None)
    # The package would hand out the module it has imported before.
    monkeypatch.delattr("mdm_policy.sources.store_http")
    done = run("lookup", "chat", "--online")
    assert (done.code, done.out, ids(done.err)) == (1, "", ["error[extra-missing]"])
    assert "pip install 'FILE.whl[push]'" in " ".join(done.err.split())
    assert run("lookup", "chat").code == 0


@pytest.mark.usefixtures("online")
def test_counts_ask_no_store() -> None:
    assert run("lookup", "--stats", "--online").code == 2


@pytest.mark.parametrize("query", ["zzzzzz", "", "a b.c", "\x1b.\u202e"])
@pytest.mark.usefixtures("known")
def test_what_is_no_identifier_of_a_store_is_not_asked_about(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "stores", lambda: pytest.fail)
    done = run("lookup", query, "--online")
    assert (done.code, done.out, ids(done.err)) == (1, "", ["error[nothing-found]"])
    assert run("lookup", query, "--online", "--format", "json") == (1, "[]\n", "")


NOT_OURS = """\
org.example.other: not in the catalogue
    ios      bundle_id            org.example.other
             the App Store (US): confirmed as Example Chat on 2026-11-28
    android  package_name         org.example.other
             Google Play: not in the store on 2026-11-28 (this does not prove
             that it never existed)
"""


@pytest.mark.usefixtures("known")
def test_an_identifier_that_the_catalogue_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(url: str) -> StorePage:
        return StorePage(200, apple(bundleId="org.example.other")) if "apple" in url else StorePage(404, b"")

    monkeypatch.setattr(edge, "stores", lambda: other)
    done = run("lookup", "org.example.other", "--online")
    assert (done.code, done.out, ids(done.err)) == (1, NOT_OURS, ["error[nothing-found]"])
    told = run("lookup", "org.example.other", "--online", "--format", "json")
    assert told.code == 1
    (hit,) = told.json
    assert (hit["matched"], hit["text"], hit["exact"]) == ("online", "org.example.other", True)
    states = {(one["family"], one["kind"]): one["online"]["state"] for one in hit["identifiers"]}
    assert states == {("ios", "bundle_id"): "found", ("android", "package_name"): "not-found"}


@pytest.mark.usefixtures("known")
def test_a_number_may_be_an_app_store_id(monkeypatch: pytest.MonkeyPatch) -> None:
    page = StorePage(200, apple(trackId=987654321))
    monkeypatch.setattr(edge, "stores", lambda: lambda _: page)
    done = run("lookup", "987654321", "--online")
    assert [line.split()[:2] for line in done.out.splitlines() if "     987654321" in line] == [["ios", "app_store_id"]]
    assert "confirmed as Example Chat" in done.out


# --- the client, against a server on loopback --------------------------------------------------------------------------

_BODY = b"x" * 1000


class Handler(BaseHTTPRequestHandler):
    """Answer by the path."""

    released = threading.Event()
    seen: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, dict(self.headers)))
        length, status, headers = len(_BODY), 200, {}
        if self.path == "/moved":
            status, headers = 302, {"Location": "/landed"}
        elif self.path == "/cut":
            length += 1
        elif self.path == "/packed":
            headers = {"Content-Encoding": "gzip"}
        elif self.path == "/gone":
            status = 404
        elif self.path == "/silent":
            self.released.wait(10)
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.path == "/trickle":
            while not self.released.wait(0.02):
                self.wfile.write(b"x")
                self.wfile.flush()
        self.wfile.write(_BODY)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone."""


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    servers: list[Quiet] = []
    Handler.released.clear()
    Handler.seen.clear()

    def start(context: ssl.SSLContext | None = None) -> str:
        server = Quiet(("127.0.0.1", 0), Handler)
        servers.append(server)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"{'http' if context is None else 'https'}://localhost:{server.server_address[1]}"

    yield start
    Handler.released.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/page", 200, id="good"),
        pytest.param("/gone", 404, id="a-status-is-handed-on"),
        pytest.param("/moved", 302, id="no-redirect-is-followed"),
    ],
)
def test_the_client_gets_a_page(path: str, status: int, serve: Callable[..., str]) -> None:
    assert store_http.StoreClient()(serve() + path) == StorePage(status, _BODY)
    ((asked, headers),) = Handler.seen
    assert asked == path
    assert sorted(headers) == ["Accept-Encoding", "Host", "User-Agent"]


@pytest.mark.parametrize(
    ("path", "bounds", "why"),
    [
        pytest.param("/page", {"most": 999}, "larger than 999 bytes", id="large"),
        pytest.param("/silent", {"seconds": 0.1}, "no answer within 0.1 seconds", id="silent"),
        pytest.param("/trickle", {"seconds": 0.2}, "no answer within 0.2 seconds", id="trickle"),
        pytest.param("/cut", {}, "cut off or damaged", id="cut-off"),
        pytest.param("/packed", {}, "compressed", id="compressed"),
    ],
)
def test_the_client_has_bounds(path: str, bounds: dict[str, Any], why: str, serve: Callable[..., str]) -> None:
    with pytest.raises(StoreError, match=why):
        store_http.StoreClient(**bounds)(serve() + path)


def test_the_client_says_when_nobody_listens(serve: Callable[..., str]) -> None:
    del serve
    server = Quiet(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    server.server_close()
    with pytest.raises(StoreError, match="no connection to the store"):
        store_http.StoreClient()(f"http://127.0.0.1:{port}/")


def test_the_client_trusts_no_certificate_of_anybody(tmp_path: Path, serve: Callable[..., str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, start, start + dt.timedelta(days=30))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem += made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with pytest.raises(StoreError, match="not trusted"):
        store_http.StoreClient()(serve(context) + "/page")
    assert Handler.seen == []

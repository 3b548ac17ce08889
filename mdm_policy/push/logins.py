"""Prepare the calls to a server: its address, how patient to be, and the headers that prove who calls.

What is made here can read and write; `mdm_policy.tenant` wraps it so that nothing but reading is left.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from mdm_policy import regular
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push import oauth, proxies
from mdm_policy.push.addresses import CLOUDS, GOOGLE
from mdm_policy.push.google_account import account_of, tokens_of
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.protocol import Edge

CONNECTIONS = {"graph": 8, "jamf": 5, "amapi": 4, "kmfddm": 4}
"""How many calls may be under way at once. Jamf asks for at most five (developer.jamf.com, "Jamf Pro API scalability best
practices"; go-sdk-v2 client/ratelimit.go)."""
KMFDDM_USER = "kmfddm"
"""KMFDDM operations guide, `-api`: HTTP Basic authentication, this name and the API key."""
_JAMF_TOKEN = "api/v1/oauth/token"  # noqa: S105 - a path, no secret
_GRAPH_PATIENCE = 5.0
"""Seconds: a 429 of Intune may come without Retry-After (learn.microsoft.com, answers 5784629)."""
_GOOGLE_PATIENCE = 60.0
"""Seconds to wait at least after a quota error (fleetdm/fleet, retry_client.go: "Google asks callers to wait")."""

_MOST_PEM = 1024 * 1024


def client_of(spec: DestinationSpec, edge: Edge) -> Client:
    """Make the client of a destination that speaks HTTP; nothing is sent yet.

    Raises:
        PolicyError: `push-address`, `push-ca`, `push-key`, or a credential that cannot be read.

    """
    return _CLIENTS[spec.type](spec, edge)


def where(spec: DestinationSpec) -> str:
    """Return the address and tenant, for people: no secret in it."""
    said = spec.settings
    if spec.type == "graph":
        return f"{said.get('graph_url', CLOUDS[said.get('cloud', 'public')][1])} tenant {said['tenant']}"
    if spec.type == "amapi":
        return f"{said.get('url', GOOGLE)} {said['enterprise']}"
    if spec.type == "kmfddm" and said.get("set"):
        return f"{said['url']} set {said['set']}"
    url: str = said["url"]
    return url


def _settings(spec: DestinationSpec, edge: Edge, base: str, **more: Any) -> Settings:
    said = spec.settings
    # Both parts are text from a file.
    ca = os.path.join(edge.base, said["ca"]) if said.get("ca") else ""  # noqa: PTH118
    more["proxies"] = proxies.of_destination(spec, edge.secret, edge.proxies)
    return Settings(base, edge.timeout, edge.attempts, CONNECTIONS[spec.type], ca=ca, insecure=edge.insecure, **more)


def _graph(spec: DestinationSpec, edge: Edge) -> Client:
    said = spec.settings
    login, graph = CLOUDS[said.get("cloud", "public")]
    login, graph = said.get("login_url", login), said.get("graph_url", graph)
    known = Secrets()
    path = f"{quote(said['tenant'], safe='')}/oauth2/v2.0/token"
    form = _form(said, spec.origin, edge, known, f"{login.rstrip('/')}/{path}", _scope(said, graph))
    asking = _settings(spec, edge, login, patience=_GRAPH_PATIENCE, quiet=True)
    tokens = oauth.Tokens(Client(asking, edge.sleep, known), path, form, known)
    return Client(_settings(spec, edge, graph, patience=_GRAPH_PATIENCE), edge.sleep, known, tokens.authorize)


def _jamf(spec: DestinationSpec, edge: Edge) -> Client:
    known = Secrets()
    secret = known.add(edge.secret(spec.settings["client_secret"]))
    form = {
        "grant_type": "client_credentials",
        "client_id": spec.settings["client_id"],
        "client_secret": secret,
    }
    # Nodes of a cluster lag behind each other; the balancer's cookie keeps a client on one of them.
    http = _settings(spec, edge, spec.settings["url"], cookies=True)
    asking = msgspec.structs.replace(http, quiet=True)
    tokens = oauth.Tokens(Client(asking, edge.sleep, known), _JAMF_TOKEN, lambda: form, known)
    return Client(http, edge.sleep, known, tokens.authorize)


def _amapi(spec: DestinationSpec, edge: Edge) -> Client:
    said = spec.settings
    known = Secrets()
    http = _settings(spec, edge, said.get("url", GOOGLE), patience=_GOOGLE_PATIENCE)
    account = account_of(edge.secret(said["service_account"]), known, spec.origin)
    tokens = tokens_of(account, said.get("token_url", ""), http, edge, known)
    return Client(http, edge.sleep, known, tokens.authorize)


def _kmfddm(spec: DestinationSpec, edge: Edge) -> Client:
    known = Secrets()
    password = known.add(edge.secret(spec.settings["api_key"]))
    proof = known.add(base64.b64encode(f"{KMFDDM_USER}:{password}".encode()).decode())
    http = _settings(spec, edge, spec.settings["url"])
    return Client(http, edge.sleep, known, lambda _: {"Authorization": f"Basic {proof}"})


_CLIENTS = {"graph": _graph, "jamf": _jamf, "amapi": _amapi, "kmfddm": _kmfddm}


def _scope(said: Mapping[str, Any], graph: str) -> str:
    named = said.get("scope")
    return named if isinstance(named, str) else f"{graph.rstrip('/')}/.default"


def _form(said: Mapping[str, Any], place: Origin, edge: Edge, known: Secrets, audience: str, scope: str) -> Any:
    """Return what makes the fields of a token request: with a secret, or an assertion signed anew each time."""
    fields = {"grant_type": "client_credentials", "client_id": said["client_id"], "scope": scope}
    if "client_secret" in said:
        fields["client_secret"] = known.add(edge.secret(said["client_secret"]))
        return lambda: fields
    passphrase = known.add(edge.secret(said["passphrase"])) if "passphrase" in said else None
    key = oauth.rsa_key(edge.secret(said["key"]).encode(), passphrase, place)
    path = Path(edge.base, said["certificate"])
    try:
        pem = regular.read_file(path, _MOST_PEM)
    except OSError as bad:
        text = f"cannot read the certificate {said['certificate']}: {bad.strerror}"
        raise PolicyError([error("push-key", text, place, "name the PEM file of the certificate")]) from None
    header = {"x5t#S256": oauth.thumbprint(oauth.certificate_of(pem, place))}
    claims = {"aud": audience, "iss": said["client_id"], "sub": said["client_id"]}

    def signed() -> dict[str, str]:
        return {
            **fields,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": known.add(oauth.assertion(key, claims, header, pss=True)),
        }

    return signed

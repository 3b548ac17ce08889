"""Choose the proxy for a server, as the deployment or the environment says.

What goes through a proxy is a TLS connection to the server itself (CONNECT, RFC 9110, 9.3.6): the proxy sees the server's
name and nothing of a call. Plain http is for this machine alone, and never leaves it.
"""

from __future__ import annotations

import base64
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.redaction import Secrets

_VARIABLES = ("https_proxy", "HTTPS_PROXY")
_EXEMPT = ("no_proxy", "NO_PROXY")
"""The spelling in small letters counts before the other, as with curl ("Environment variables" of its manual)."""


class Proxies(Frozen, frozen=True):
    """Say through which proxy servers are reached, but for the hosts in `exempt`; without an address, through none.

    `said` is where the address was written, for people: the address itself may hold a password.
    """

    address: str = ""
    username: str = ""
    password: str = ""
    exempt: tuple[str, ...] = ()
    said: str = ""
    origin: Origin | None = None


class Proxy(Frozen, frozen=True):
    """Hold a proxy's address without credentials, and the headers it asks for."""

    url: str
    headers: dict[str, str] = {}


def of_environment(environment: Mapping[str, str]) -> Proxies:
    """Return what HTTPS_PROXY and NO_PROXY say; HTTP_PROXY is for plain http, which goes through no proxy."""
    name = next((one for one in _VARIABLES if environment.get(one)), "")
    if not name:
        return Proxies()
    exempt = next((environment[one] for one in _EXEMPT if environment.get(one)), "")
    hosts = tuple(one.strip().casefold() for one in exempt.split(",") if one.strip())
    return Proxies(environment[name].strip(), exempt=hosts, said=f"the variable {name}")


def of_destination(spec: DestinationSpec, secret: Callable[[Mapping[str, str]], str], environment: Proxies) -> Proxies:
    """Return what a destination's `proxy` says; without one, what the environment says.

    Raises:
        PolicyError: the password cannot be read.

    """
    said = spec.settings.get("proxy")
    if not said:
        return environment
    password = secret(said["password"]) if "password" in said else ""
    return Proxies(said["url"], said.get("username", ""), password, (), f"`proxy` of {spec.name}", spec.origin)


def proxy_for(base: str, proxies: Proxies, secrets: Secrets) -> Proxy | None:
    """Return the proxy for a server's address; its password is known to `secrets` from then on.

    Raises:
        PolicyError: `push-proxy` for an address that is none, or a password that would go to the proxy in the clear.

    """
    host = (urlsplit(base).hostname or "").casefold()
    if not proxies.address or is_loopback(host) or any(_covers(one, host, base) for one in proxies.exempt):
        return None
    address = proxies.address if "://" in proxies.address else f"http://{proxies.address}"
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise _bad(proxies, "holds no address of a proxy") from None
    name = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not name or parts.path.strip("/") or parts.query or parts.fragment:
        raise _bad(proxies, "holds no address of an HTTP proxy")
    user = proxies.username or unquote(parts.username or "")
    password = proxies.password or unquote(parts.password or "")
    if password and parts.scheme == "http" and not is_loopback(name):
        raise _bad(proxies, f"would send its password to {name} unencrypted")
    shown = f"[{name}]" if ":" in name else name
    return Proxy(f"{parts.scheme}://{shown}:{port}", _proof(user, password, secrets) if user or password else {})


def _proof(user: str, password: str, secrets: Secrets) -> dict[str, str]:
    if password:
        secrets.add(password)
    proof = secrets.add(base64.b64encode(f"{user}:{password}".encode()).decode())
    return {"Proxy-Authorization": f"Basic {proof}"}


def _bad(proxies: Proxies, said: str) -> PolicyError:
    hint = "write https://HOST:PORT, or http://HOST:PORT for a proxy that asks for no password or runs on this machine"
    return PolicyError([error("push-proxy", f"{proxies.said} {said}", proxies.origin, hint)])


def _covers(entry: str, host: str, base: str) -> bool:
    """Tell whether an entry of NO_PROXY means a host: a name with all below it, an address, a network, or `*` for all."""
    if entry == "*":
        return True
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.startswith("[")):
        parts = urlsplit(base)
        if str(parts.port or (443 if parts.scheme == "https" else 80)) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").strip("[]").strip(".")
    if not entry:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return host.rstrip(".") == entry or host.rstrip(".").endswith(f".{entry}")

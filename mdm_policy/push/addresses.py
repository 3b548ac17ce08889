"""State the vendors' own addresses, and to which hosts a destination's settings send a credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mdm_policy.model import DestinationSpec

CLOUDS: dict[str, tuple[str, str]] = {
    "public": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "gcc": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "gcc-high": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
}
"""The login and the Graph host of each cloud (microsoft-graph-docs, concepts/deployments.md)."""
GOOGLE = "https://androidmanagement.googleapis.com"
GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|::1)\Z")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine; an IPv6 address stands without brackets."""
    return _LOOPBACK.match(host) is not None


def proxy_host(spec: DestinationSpec) -> str:
    """Return the host and port of the proxy that a destination names, nothing without one."""
    proxy = spec.settings.get("proxy")
    return urlsplit(proxy["url"]).netloc.casefold() if proxy else ""


def hosts(spec: DestinationSpec) -> tuple[str, ...]:
    """Return the hosts that get a destination's credential, or a token that stands for it.

    A proxy is one of them where the deployment names it and the authorities to trust as well: it can read what passes.
    """
    said = spec.settings
    if spec.type == "graph":
        login, graph = CLOUDS[said.get("cloud", "public")]
        found = [said.get("login_url", login), said.get("graph_url", graph)]
    elif spec.type == "amapi":
        found = [said.get("token_url", GOOGLE_TOKEN), said.get("url", GOOGLE)]
    else:
        found = [said["url"]] if said.get("url") else []
    reading = [proxy_host(spec)] if said.get("proxy") and said.get("ca") else []
    return tuple(dict.fromkeys((*(urlsplit(one).netloc.casefold() for one in found), *reading)))

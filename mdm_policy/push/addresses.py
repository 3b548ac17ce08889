"""State the vendors' own addresses, and to which hosts a destination's settings send a credential."""

from __future__ import annotations

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


def hosts(spec: DestinationSpec) -> tuple[str, ...]:
    """Return the hosts that get a destination's credential, or a token that stands for it."""
    said = spec.settings
    if spec.type == "graph":
        login, graph = CLOUDS[said.get("cloud", "public")]
        found = [said.get("login_url", login), said.get("graph_url", graph)]
    elif spec.type == "amapi":
        found = [said.get("token_url", GOOGLE_TOKEN), said.get("url", GOOGLE)]
    else:
        found = [said["url"]] if said.get("url") else []
    return tuple(dict.fromkeys(urlsplit(one).netloc.casefold() for one in found))

"""Prove to Google who calls: a service account's key, and tokens in exchange for what it signs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push import oauth
from mdm_policy.push.addresses import GOOGLE_TOKEN
from mdm_policy.push.http import Client, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.push.protocol import Edge
    from mdm_policy.push.redaction import Secrets

SCOPE = "https://www.googleapis.com/auth/androidmanagement"
"""The only scope of the API (discovery document, revision 20261104)."""
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def account_of(text: str, known: Secrets, place: Origin) -> dict[str, str]:
    """Read a service account's key as Google's console gives it.

    Raises:
        PolicyError: `push-key`; what the file holds is never shown.

    """
    known.add(text)
    try:
        value = json.loads(text)
        found = {key: value[key] for key in ("client_email", "private_key", "private_key_id")}
    except (ValueError, KeyError, TypeError, RecursionError):
        found = {}
    if not found or not all(isinstance(one, str) and one for one in found.values()):
        said = "the credential is not a service account's key: JSON with client_email, private_key and private_key_id"
        raise PolicyError(
            [error("push-key", said, place, "create a JSON key for the service account, and name it here")]
        )
    known.add(found["private_key"])
    uri = value.get("token_uri")
    return {**found, "token_uri": uri if isinstance(uri, str) and uri else GOOGLE_TOKEN}


def tokens_of(account: Mapping[str, str], url: str, settings: Settings, edge: Edge, known: Secrets) -> oauth.Tokens:
    """Exchange signed assertions for tokens (Google, "Using OAuth 2.0 for Server to Server Applications")."""
    key = oauth.rsa_key(account["private_key"].encode(), None, Origin("service_account"))
    parts = urlsplit(url or account["token_uri"])
    base = f"{parts.scheme}://{parts.netloc}"
    client = Client(
        Settings(
            base,
            settings.timeout,
            settings.attempts,
            ca=settings.ca,
            insecure=settings.insecure,
            quiet=True,
            proxies=settings.proxies,
        ),
        edge.sleep,
        known,
    )
    claims = {"iss": account["client_email"], "scope": SCOPE, "aud": account["token_uri"]}
    header = {"kid": account["private_key_id"]}

    def form() -> dict[str, str]:
        signed = known.add(oauth.assertion(key, claims, header, pss=False))
        return {"grant_type": _GRANT, "assertion": signed}

    return oauth.Tokens(client, parts.path, form, known)

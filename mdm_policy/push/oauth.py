"""Obtain and renew access tokens by the OAuth 2.0 client-credentials and JWT-bearer grants (RFC 6749, RFC 7523).

Each grant is one POST, so no vendor library is needed for it. A token is kept in memory only, and known to the run's
secrets, so that no text shows it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mdm_policy.errors import PolicyError, error
from mdm_policy.push.answers import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.errors import Origin
    from mdm_policy.push.http import Client
    from mdm_policy.push.redaction import Secrets

_LIFE = 600
"""Seconds an assertion is valid: Microsoft recommends 5 to 10 minutes, Google allows an hour at most."""


class Tokens:
    """Fetch a token when one is needed, and a new one when it is refused.

    `form` gives the fields of the token request anew each time, since an assertion has a life of its own.
    """

    def __init__(self, client: Client, path: str, form: Callable[[], Mapping[str, str]], known: Secrets) -> None:
        """Know how to ask; nothing is asked yet."""
        self._client = client
        self._path = path
        self._form = form
        self._secrets = known
        self._token = ""

    def authorize(self, renew: bool) -> dict[str, str]:
        """Return the header that carries the token.

        Raises:
            Failure: the token is refused; `unauthorized` whatever status the server says it with.

        """
        if renew or not self._token:
            self._token = self._fetch()
        return {"Authorization": f"Bearer {self._token}"}

    def _fetch(self) -> str:
        body = urlencode(self._form()).encode()
        try:
            reply = self._client.call(
                "POST", self._path, body=body, content_type="application/x-www-form-urlencoded", repeat=True
            )
        except Failure as bad:
            if bad.status in (400, 401, 403):
                raise Failure("unauthorized", bad.said, status=bad.status, call=bad.call) from None
            raise
        token = reply.object().get("access_token")
        if not isinstance(token, str) or not token:
            raise Failure("answer", f"{reply.call}: the answer holds no token", status=reply.status, call=reply.call)
        return self._secrets.add(token)


def rsa_key(pem: bytes, passphrase: str | None, place: Origin) -> rsa.RSAPrivateKey:
    """Read an RSA private key (PEM, PKCS#8 or traditional).

    Raises:
        PolicyError: `push-key` when it is no such key; what the key holds is never shown.

    """
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError):
        said = "cannot read the private key: it is not a PEM key, or the passphrase is missing or wrong"
        raise PolicyError([error("push-key", said, place, "give a PEM file with an RSA key")]) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise PolicyError([error("push-key", "the private key is not a RSA key", place, "give an RSA key")])
    return key


def certificate_of(pem: bytes, place: Origin) -> x509.Certificate:
    """Read the first certificate of a PEM file.

    Raises:
        PolicyError: `push-key`.

    """
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        said = "cannot read the certificate: it is not a PEM certificate"
        raise PolicyError([error("push-key", said, place, "give the certificate that the application knows")]) from None


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the base64url SHA-256 thumbprint that a token's `x5t#S256` header carries (RFC 7515, 4.1.8)."""
    return _b64(certificate.fingerprint(hashes.SHA256()))


def assertion(key: rsa.RSAPrivateKey, claims: Mapping[str, Any], header: Mapping[str, str], *, pss: bool) -> str:
    """Return a signed JWT (RFC 7519) with the times and the id it needs; PS256 where `pss`, else RS256.

    Microsoft identity platform, "certificate credentials": PS256 with `x5t#S256`. Google, "Using OAuth 2.0 for Server to
    Server Applications": RS256.
    """
    now = int(time.time())
    timed = {"iat": now, "nbf": now, "exp": now + _LIFE, "jti": secrets.token_hex(16), **claims}
    named = {"typ": "JWT", "alg": "PS256" if pss else "RS256", **header}
    signed = f"{_b64(_json(named))}.{_b64(_json(timed))}".encode()
    scheme: Any = padding.PKCS1v15()
    if pss:
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), hashlib.sha256().digest_size)
    return f"{signed.decode()}.{_b64(key.sign(signed, scheme, hashes.SHA256()))}"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(value), separators=(",", ":"), sort_keys=True).encode()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

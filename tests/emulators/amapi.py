"""Stand in for the Android Management API: policies with masks and versions, devices, and Google's token endpoint.

Sources: the discovery document in google-api-python-client, revision 20261104, and what clients of the real server have
recorded. The whole of a policy is replaced by a PATCH without a mask, which the emulator carries out and writes down in
`maskless`. Run it by hand: `python -m tests.emulators.amapi`.
"""

from __future__ import annotations

import base64
import copy
import functools
import json
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulators.amapi_types import TYPES, RefusedError, check, check_rules, without_defaults
from emulators.base import Answer, Emulator, Request, reply, run_by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

ENTERPRISE = "enterprises/LC0emulated"
EMAIL = "pusher@emulated.iam.gserviceaccount.com"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - the audience of assertions, whoever answers them
SCOPE = "https://www.googleapis.com/auth/androidmanagement"
_POLICY = re.compile(r"/v1/(enterprises/[^/]+/policies/[^/:]+)(:[A-Za-z]+)?\Z")
_LIST = re.compile(r"/v1/(enterprises/[^/]+)/(policies|devices)\Z")
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}


@functools.cache
def key() -> rsa.RSAPrivateKey:
    """Return the service account's key, one for all emulators of a run."""
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def account() -> dict[str, str]:
    """Return the service account's key file, as Google's console gives it."""
    form = serialization.PrivateFormat.PKCS8
    pem = key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    return {
        "type": "service_account",
        "project_id": "emulated",
        "private_key_id": "0123456789abcdef",
        "private_key": pem,
        "client_email": EMAIL,
        "token_uri": TOKEN_URI,
    }


class Server(Emulator):
    """Keep one enterprise's policies and devices, by their full names."""

    def __init__(self, **known: Any) -> None:
        """Start with nothing."""
        super().__init__(**known)
        self.policies: dict[str, dict[str, Any]] = {}
        self.devices: dict[str, dict[str, Any]] = {}
        self.maskless: list[str] = []
        """Every policy that a PATCH without a mask replaced."""
        self.tokens: set[str] = set()
        self.audiences = {TOKEN_URI}
        self.not_modified = False
        """Whether a PATCH that changes nothing is answered with 304."""

    def seed(self, policy: str, value: dict[str, Any]) -> str:
        """Put a policy there as somebody else has made it; return its full name."""
        name = f"{ENTERPRISE}/policies/{policy}"
        self.policies[name] = {**copy.deepcopy(value), "name": name, "version": "1"}
        return name

    def enroll(self, device: str, **more: Any) -> None:
        """Let a device report."""
        name = f"{ENTERPRISE}/devices/{device}"
        self.devices[name] = {"name": name, "state": "ACTIVE", **more}

    def expire(self) -> None:
        """Let every token that was given out end."""
        self.tokens.clear()

    def snapshot(self) -> Any:
        """Copy all state."""
        return copy.deepcopy((self.policies, self.devices))

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer from an older state."""
        now = self.policies, self.devices
        self.policies, self.devices = state
        try:
            return self.handle(request)
        finally:
            self.policies, self.devices = now

    def handle(self, request: Request) -> Answer:
        """Answer as Google does."""
        if request.path == "/token":
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            said = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other"
            )
            return _error(401, said)
        try:
            return self._route(request)
        except RefusedError as bad:
            return _error(400, str(bad))
        except ValueError:
            return _error(400, "Invalid JSON payload received. Unexpected end of string.")

    def _route(self, request: Request) -> Answer:
        path = unquote(request.path)
        if request.method == "GET" and (found := _LIST.match(path)):
            return self._listing(found[1], found[2], request)
        found = _POLICY.match(path)
        if found is None or not found[1].startswith(f"{ENTERPRISE}/"):
            return _error(404, "Requested entity was not found.")
        name, verb = found[1], found[2] or ""
        doing: dict[tuple[str, str], Callable[[str, Request], Answer]] = {
            ("GET", ""): self._get,
            ("PATCH", ""): self._patch,
            ("DELETE", ""): self._delete,
            ("POST", ":modifyPolicyApplications"): self._modify,
            ("POST", ":removePolicyApplications"): self._remove,
        }
        if (request.method, verb) not in doing:
            return _error(404, "Requested entity was not found.")
        return doing[request.method, verb](name, request)

    def _get(self, name: str, request: Request) -> Answer:
        del request
        if name not in self.policies:
            return _error(404, "Requested entity was not found.")
        return reply(without_defaults(self.policies[name]))

    def _patch(self, name: str, request: Request) -> Answer:
        """Replace the fields of the mask; without one, all of them (AMAPI, policies.patch)."""
        body = request.json()
        check(body)
        mask = [field for field in request.query.get("updateMask", "").split(",") if field]
        old = self.policies.get(name, {})
        values = {field: one for field, one in body.items() if field not in ("name", "version")}
        if not mask:
            self.maskless.append(name)
            return self._store(name, values)
        if strange := [field for field in mask if "." in field or "_" in field]:
            raise RefusedError(f"Invalid field mask: {strange[0]}")
        check(dict.fromkeys(mask), dict.fromkeys(TYPES))
        kept = {field: one for field, one in old.items() if field not in mask}
        return self._store(name, kept | {field: values[field] for field in mask if field in values})

    def _modify(self, name: str, request: Request) -> Answer:
        """Change entries in place, and append new ones (AMAPI, policies.modifyPolicyApplications)."""
        if name not in self.policies:
            return _error(404, "Requested entity was not found.")
        changes = request.json().get("changes")
        if not changes:
            raise RefusedError("There must be at least one change.")
        policy = copy.deepcopy(self.policies[name])
        entries = policy.setdefault("applications", [])
        for change in changes:
            application = change["application"]
            check([application], TYPES["applications"], "application_policy_changes")
            mask = [field for field in change.get("updateMask", "").split(",") if field] or list(application)
            found = [one for one in entries if one["packageName"] == application["packageName"]]
            if not found:
                found = [{"packageName": application["packageName"]}]
                entries += found
            for field in mask:
                if field in application:
                    found[0][field] = application[field]
                else:
                    found[0].pop(field, None)
        return self._store(name, policy, wrapped=True)

    def _remove(self, name: str, request: Request) -> Answer:
        """Take entries out; names that are not there are ignored (AMAPI, policies.removePolicyApplications)."""
        if name not in self.policies:
            return _error(404, "Requested entity was not found.")
        names = request.json().get("packageNames")
        if not names:
            raise RefusedError("There must be at least one entry in package_names.")
        policy = copy.deepcopy(self.policies[name])
        policy["applications"] = [one for one in policy.get("applications", []) if one["packageName"] not in names]
        return self._store(name, policy, wrapped=True)

    def _store(self, name: str, value: dict[str, Any], *, wrapped: bool = False) -> Answer:
        check_rules(value)
        old = self.policies.get(name)
        made = without_defaults({key: one for key, one in value.items() if key not in ("name", "version")})
        version = int(old["version"]) if old else 0
        same = old is not None and {key: one for key, one in old.items() if key not in ("name", "version")} == made
        if same and self.not_modified:
            return Answer(304)
        self.policies[name] = {**made, "name": name, "version": str(version if same else version + 1)}
        answer = without_defaults(self.policies[name])
        return reply({"policy": answer} if wrapped else answer)

    def _delete(self, name: str, request: Request) -> Answer:
        """Delete a policy that no device has (AMAPI, policies.delete)."""
        del request
        if name not in self.policies:
            return _error(404, "Requested entity was not found.")
        if any(device.get("policyName") == name for device in self.devices.values()):
            raise RefusedError("Policy is in use by devices.")
        del self.policies[name]
        return reply({})

    def _listing(self, enterprise: str, kind: str, request: Request) -> Answer:
        """Answer a page; an empty list is left out, as proto3 JSON leaves out every empty one."""
        if enterprise != ENTERPRISE:
            return _error(404, "Requested entity was not found.")
        values = [without_defaults(one) for _, one in sorted(getattr(self, kind).items())]
        size = min(int(request.query.get("pageSize", "10")), 100)
        token = request.query.get("pageToken", "0")
        if not token.isdigit():
            raise RefusedError("Invalid page token.")
        start = int(token)
        page: dict[str, Any] = {kind: values[start : start + size]} if values else {}
        if start + size < len(values):
            page["nextPageToken"] = str(start + size)
        return reply(page)

    def _token(self, request: Request) -> Answer:
        """Give a token for an assertion that the service account has signed (RFC 7523)."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return _denied("unsupported_grant_type", "Invalid grant_type")
        try:
            head, claims = self._verified(form.get("assertion", ""))
        except (ValueError, InvalidSignature):
            return _denied("invalid_grant", "Invalid JWT Signature.")
        now = time.time()
        if head["alg"] != "RS256" or claims["iss"] != EMAIL:
            return _denied("invalid_grant", "Invalid grant: account not found")
        if claims["aud"] not in self.audiences or not claims["iat"] - 60 <= now <= claims["exp"] <= now + 3660:
            return _denied("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
        if SCOPE not in claims["scope"].split():
            return _denied("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_hex(16)}"
        self.tokens.add(token)
        return reply({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _verified(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        head, claims, signature = assertion.split(".")
        signed = f"{head}.{claims}".encode()
        key().public_key().verify(_unpacked(signature), signed, padding.PKCS1v15(), hashes.SHA256())
        return json.loads(_unpacked(head)), json.loads(_unpacked(claims))


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _error(status: int, message: str) -> Answer:
    return reply({"error": {"code": status, "message": message, "status": _STATUS[status]}}, status)


def _denied(code: str, said: str) -> Answer:
    return reply({"error": code, "error_description": said}, 400)


if __name__ == "__main__":
    server = Server()
    server.seed("cope", {"playStoreMode": "BLACKLIST"})
    Path("service-account.json").write_text(json.dumps(account()), "utf-8")
    run_by_hand(server, f"Android Management API of {ENTERPRISE}, its key in service-account.json,")

"""Send writes as Intune's Multi Admin Approval wants them, and read what it says of requests and access policies.

Every write says why it is made. A tenant without Multi Admin Approval ignores that header: so a public client in production
has it (CIPP-API@adf3242); Microsoft's texts do not say. Whether a write waits is read from the header and the message of the
refusal, never from its status: Microsoft's own texts give 403 and 400 (memdocs@1048d86; learn, 2026), the field sees 412
(Microsoft365DSC issue 7236).
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, Literal

from mdm_policy.push import listings
from mdm_policy.push.answers import Failure, message_of
from mdm_policy.push.approvals import ApprovalDenied, ApprovalPolicy, ApprovalRefusal, ApprovalRequest, Pass
from mdm_policy.push.destinations.graph_bodies import CATALOG, MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.push.answers import Reply
    from mdm_policy.push.approvals import Status
    from mdm_policy.push.http import Client

WHY = "x-msft-approval-justification"
CODE = "x-msft-approval-code"
_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_BARE = re.compile(_GUID, re.ASCII)
_TOLD = re.compile(rf"{CODE}[:=\"'\\\s]*({_GUID})", re.ASCII | re.IGNORECASE)
"""The code in a message (memdocs@1048d86, multi-admin-approval-graph-api), be the message quoted once more in another."""
_ANOTHER = re.compile(r"active approval request already exists", re.IGNORECASE)
_WANTED = re.compile(rf"{WHY}\W*\s*is required", re.IGNORECASE)
_LOOKED = 65_536
"""Bytes of a refusal that are searched."""
_STATUSES: dict[str, Status] = {
    "needsapproval": "needsApproval",
    "approved": "approved",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "completed": "completed",
    "expired": "expired",
}
_UNREADABLE = ("forbidden", "not-found", "refused")
_ANY_PLATFORM = ("", "notapplicable")


class GraphApproval:
    """Send the writes of one tenant, and read its requests."""

    def __init__(self, client: Client) -> None:
        """Know how to call; nothing is sent yet."""
        self._client = client
        self.ask: Callable[[str], Pass] | None = None

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        ok: tuple[int, ...] = (200, 204),
        repeat: bool | None = None,
    ) -> Reply:
        """Make a write, with its reason or with the code of its request.

        Raises:
            ApprovalRefusal: it waits for a second person.
            Failure: as `Client.call`, or what `ask` raises.

        """
        request = hashlib.sha256(f"{method} {path}\n".encode() + (body or b"")).hexdigest()
        with_ = self.ask(request) if self.ask is not None else Pass()
        headers = {}
        if with_.code:
            # A code opens once: after an answer that was lost, reading back tells more than a second try.
            headers, repeat = {CODE: with_.code}, False
        elif with_.justification:
            # Plain text is refused (CIPP-API@adf3242).
            headers = {WHY: base64.b64encode(with_.justification.encode()).decode()}
        return self._client.call(method, path, body=body, ok=ok, repeat=repeat, headers=headers, meaning=refusal_of)

    def requests(self) -> tuple[ApprovalRequest, ...] | None:
        """Return the requests that the tenant shows, or None where that may not be read."""
        try:
            return tuple(_request(one) for one in self._pages("operationApprovalRequests"))
        except Failure as bad:
            if bad.fault in _UNREADABLE:
                return None
            raise

    def policies(self) -> tuple[ApprovalPolicy, ...]:
        """Return the access policies."""
        return tuple(_policy(one) for one in self._pages("operationApprovalPolicies"))

    def covers(self, policy: ApprovalPolicy, kind: str) -> Literal["yes", "maybe", "no"]:
        """Tell whether writes to objects of a kind wait by a policy.

        Microsoft's text names the settings catalog alone (memdocs@1048d86). Whether device configurations are covered by that
        type, and an App Control policy by that of endpoint security, it does not say; nor what a platform means here.
        """
        named = policy.type.casefold()
        if named not in ("configurationpolicy", "endpointsecuritypolicy"):
            return "no"
        if kind != CATALOG and named == "endpointsecuritypolicy":
            return "no"
        sure = named == "configurationpolicy" and kind == CATALOG and policy.platform.casefold() in _ANY_PLATFORM
        return "yes" if sure else "maybe"

    def _pages(self, collection: str) -> Iterator[dict[str, Any]]:
        return listings.graph_pages(lambda path: self._client.call("GET", path), f"beta/{MANAGEMENT}/{collection}")


def refusal_of(reply: Reply) -> Failure | None:
    """Return what a refusal means for approval, whatever its status; None where it has nothing to do with that."""
    said = reply.body[:_LOOKED].decode("utf-8", "replace")
    named = _BARE.fullmatch(reply.headers.get(CODE, "").strip())
    told = _TOLD.search(said)
    code = named[0] if named else told[1] if told else ""
    message = f"{reply.call}: {message_of(reply)}"
    if code or _ANOTHER.search(said):
        return ApprovalRefusal(message, code, status=reply.status, call=reply.call)
    if _WANTED.search(said):
        hint = (
            "if a proxy opens TLS, see that it lets x-msft-approval-* headers through; run again to read what became of the"
            " request; --ask-again files a new one"
        )
        return ApprovalDenied("refused", f"{message} (what was sent for it is not taken)", hint)
    return None


def _request(value: dict[str, Any]) -> ApprovalRequest:
    """Read a request: its code is `requestId` by memdocs@1048d86, a key that the resource does not have; CIPP finds it in `id`."""
    codes = tuple(text for key in ("requestId", "id") if (text := _text(value, key)))
    return ApprovalRequest(
        codes,
        _STATUSES.get(_text(value, "status").casefold(), "unknown"),
        _text(value, "requestJustification"),
        _text(value, "approvalJustification"),
        _text(value, "requestDateTime"),
        _text(value, "expirationDateTime"),
    )


def _policy(value: dict[str, Any]) -> ApprovalPolicy:
    set_ = value.get("policySet")
    inner = set_ if isinstance(set_, dict) else {}
    type_ = _text(value, "policyType") or _text(inner, "policyType")
    platform = _text(value, "policyPlatform") or _text(inner, "policyPlatform")
    return ApprovalPolicy(_text(value, "displayName"), type_, "" if platform == "notApplicable" else platform)


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""

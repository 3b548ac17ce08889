"""Ask a second administrator for writes as Intune's Multi Admin Approval does; the second administrator is `/second-admin`.

Sources: memdocs@1048d86 multi-admin-approval and multi-admin-approval-graph-api (the two headers, 403, `ApprovalRequired`, the
code in the message, three days, one open request for an object); microsoft-graph-docs-contrib@022b186 (the request's keys);
CIPP-API@adf3242 (412 and `BadRequest`, the code as `id`, what has no header, that plain text is refused); learn, 2026 (400).
What an approved but changed request is answered with is not known: here it is refused like one without a code.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from emulators.base import Answer, Request, reply

if TYPE_CHECKING:
    from collections.abc import Callable

WHY = "x-msft-approval-justification"
CODE = "x-msft-approval-code"
STATUSES = (403, 412, 400)
FORMS = ("both", "header", "message")
"""Where the code of a request stands in the refusal."""
_BASE = "/beta/deviceManagement/"
_OPEN = ("needsApproval", "approved")


class ApprovalDesk:
    """Keep the requests of a tenant. Without a `status`, or a `form`, each next request gets another one of them.

    `covered` are the collections whose writes wait; none of them: approval is off, and the headers are ignored. `policies` are the
    access policies that the tenant lists, `readable` tells whether the application may read any of it, and `named_by` is the
    key that holds the code.
    """

    def __init__(self, now: Callable[[], str]) -> None:
        """Start with approval off; `now` gives the time as text."""
        self.covered: tuple[str, ...] = ()
        self.policies: list[dict[str, Any]] = []
        self.readable = True
        self.named_by = "id"
        self.shows_why = True
        """Whether a request tells its justification."""
        self.status = 0
        self.form = ""
        self.requests: list[dict[str, Any]] = []
        self._now = now

    def turn_on(self, *covered: str) -> None:
        """Protect some collections by one access policy, all of them without a name."""
        self.covered = covered or ("deviceConfigurations", "configurationPolicies")
        policy = {"policyType": "configurationPolicy", "policyPlatform": "notApplicable"}
        self.policies = [{"id": "p1", "displayName": "Two people", **policy, "policySet": policy}]

    def listed(self, path: str) -> list[dict[str, Any]] | None:
        """Return the entries of a listing; None for a path that is none."""
        if path == f"{_BASE}operationApprovalPolicies":
            return self.policies
        return [self._shown(one) for one in self.requests] if path == f"{_BASE}operationApprovalRequests" else None

    def _shown(self, one: dict[str, Any]) -> dict[str, Any]:
        other = str(uuid.uuid5(uuid.NAMESPACE_URL, one["code"]))
        keys = {"id": one["code"]} if self.named_by == "id" else {"id": other, "requestId": one["code"]}
        filed = dt.datetime.fromisoformat(one["filed"])
        until = (filed + dt.timedelta(days=3)).isoformat()
        return {
            **keys,
            "requestDateTime": one["filed"],
            "expirationDateTime": until,
            "lastModifiedDateTime": one["filed"],
            "requestor": None,
            "approver": None,
            "status": one["status"],
            "requestJustification": one["why"] if self.shows_why else None,
            "approvalJustification": one.get("note"),
            "requiredOperationApprovalPolicyTypes": ["configurationPolicy"],
        }

    # --- the gate --------------------------------------------------------------------------------------------------

    def gate(self, request: Request, collection: str, id_: str) -> Answer | None:
        """Refuse a write that nobody has approved; None lets it through."""
        if collection not in self.covered:
            return None
        code = request.headers.get(CODE)
        if code is not None:
            return self._by_code(request, code)
        try:
            why = base64.b64decode(request.headers[WHY], validate=True).decode()
        except KeyError:
            return self._wanted()
        except (binascii.Error, UnicodeDecodeError):
            return _refused(400, "BadRequest", f"Header '{WHY}' is not valid Base64.")
        if len(why) > 1024:
            return _refused(400, "BadRequest", "The justification is longer than 1024 characters.")
        value = json.loads(request.body or b"{}")
        about = id_ or f"{collection} {value.get('displayName') or value.get('name')}"
        if any(one["about"] == about and one["status"] in _OPEN for one in self.requests):
            return _refused(400, "BadRequest", "An active Approval Request already exists for this entity.")
        made = str(uuid.uuid5(uuid.NAMESPACE_URL, f"approval {len(self.requests)}"))
        self.requests.append(
            {
                "code": made,
                "status": "needsApproval",
                "about": about,
                "why": why,
                "filed": self._now(),
                "call": (request.method, request.path, request.body),
            }
        )
        return self._waits(made, len(self.requests))

    def _by_code(self, request: Request, code: str) -> Answer | None:
        one = next((one for one in self.requests if one["code"] == code), None)
        if one is not None and one["status"] == "needsApproval":
            return self._waits(code, self.requests.index(one) + 1)
        same = one is not None and one["call"] == (request.method, request.path, request.body)
        return None if one is not None and same and one["status"] == "approved" else self._wanted()

    def complete(self, request: Request, answer: Answer) -> None:
        """Note that an approved write was carried out."""
        if answer.status < 300:
            for one in self.requests:
                if one["code"] == request.headers.get(CODE) and one["status"] == "approved":
                    one["status"] = "completed"

    def _waits(self, code: str, number: int) -> Answer:
        status = self.status or STATUSES[number % len(STATUSES)]
        form = self.form or FORMS[number % len(FORMS)]
        said = "Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code response header."
        told = f"{said} {CODE}: {code}" if form in ("both", "message") else said
        headers = ((CODE, code),) if form in ("both", "header") else ()
        return _refused(status, "ApprovalRequired" if status == 403 else "BadRequest", told, headers)

    def _wanted(self) -> Answer:
        said = f"Header '{WHY}' is required to request approval."
        return _refused(403 if self.status == 403 else 400, "BadRequest", said)

    # --- the second administrator ------------------------------------------------------------------------------------

    def decide(self, what: dict[str, Any], carry_out: Callable[..., Answer]) -> dict[str, int]:
        """Do with open requests what a person does in the console, or what three days do; say to how many.

        `only` is a part of the justification.
        """
        count = 0
        for one in self.requests:
            if one["status"] not in _OPEN or what.get("only", "") not in one["why"]:
                continue
            if what["do"] == "approved" and one["status"] == "approved":
                continue
            count += 1
            one["status"] = what["do"]
            one["note"] = what.get("note")
            if what["do"] == "completed":
                method, path, body = one["call"]
                assert carry_out(Request(method, path, {}, {}, body), asks=False).status < 300
        return {"count": count}


def _refused(status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return reply({"error": {"code": code, "message": message, "innerError": {}}}, status, headers)

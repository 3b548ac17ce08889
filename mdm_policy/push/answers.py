"""Read what a server answers: JSON without surprises, the reason of a refusal, how long to wait, and nothing secret.

Whatever is told of an answer is short, on one line, and no part of somebody's object.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import Any, Literal

import msgspec

from mdm_policy.errors import Finding, Origin, error

Fault = Literal[
    "unauthorized",
    "forbidden",
    "not-found",
    "conflict",
    "refused",
    "throttled",
    "unavailable",
    "unreachable",
    "tls",
    "timeout",
    "answer",
]
Local = Literal[
    "cannot-sign",
    "changed-by-hook",
    "commit-refused",
    "file-unwritable",
    "folder-missing",
    "ignored",
    "index-damaged",
    "locked",
    "missing",
    "no-identity",
    "not-kept",
    "refused",
    "under-way",
]
"""What goes wrong with a folder in git on this machine."""
_HINTS: dict[str, str] = {
    "unauthorized": "check the credential, its expiry, and the tenant it belongs to",
    "forbidden": "give the application the permission that docs/push.md names for this call",
    "not-found": "the object or the address is gone; make a new plan",
    "conflict": "somebody else changed or made it meanwhile; make a new plan",
    "refused": "the server does not take this body; report it with the plan",
    "throttled": "too many calls for this tenant; run the same command again later, it goes on where it stopped",
    "unavailable": "the service has trouble; run the same command again, it goes on where it stopped",
    "unreachable": "check the address, the proxy and the network",
    "tls": "check the server's certificate, or name its authority with `ca`",
    "timeout": "run the same command again, it goes on where it stopped",
    "answer": "what answered is not the MDM's API (a proxy, a login page?), or its answer was cut off",
}
_TAGS = re.compile(r"<[^>]{0,200}>")
UNSEEN = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")
"""Characters that move what is printed, or hide it."""
_SAID = 300
_HEAD, _EDGE = 262_144, 65_536
_AADSTS = re.compile(r"\bAADSTS[0-9]{1,9}\b")
_TOKEN_ERRORS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
        *("invalid_scope", "invalid_resource", "access_denied", "temporarily_unavailable", "server_error"),
        *("interaction_required", "invalid_token", "org_internal", "deleted_client", "disabled_client"),
    }
)
"""RFC 6749, 5.2 and 4.1.2.1; RFC 6750, 3.1; and what Microsoft and Google add. Any other word may be anything."""


class Failure(Exception):  # noqa: N818 - it is a result, not a defect of ours
    """Say how a call ended when it did not succeed.

    `ambiguous` is True when the request may have been carried out although no good answer came: a lost connection, a
    time-out, an answer that cannot be read, a server error.
    """

    def __init__(
        self, fault: Fault, said: str, *, status: int = 0, ambiguous: bool = False, call: str = "", detail: str = ""
    ) -> None:
        """Keep the parts; `said` is already free of secrets. `detail` is the body's own error code, if any."""
        self.fault: Fault = fault
        self.said = said
        self.status = status
        self.ambiguous = ambiguous
        self.call = call
        self.detail = detail
        super().__init__(said)

    def finding(self, destination: str, doing: str) -> Finding:
        """Return the failure as a person reads it."""
        status = f" ({self.status})" if self.status else ""
        message = f"{doing}: {self.said}{status}"
        return error(f"push-{self.fault}", message, Origin(destination), _HINTS[self.fault])


class LocalFailure(Failure):
    """Say how a step on a folder of this machine ended when it did not succeed: `what` names it, `hint` says what to do."""

    def __init__(self, fault: Fault, said: str, what: Local, hint: str, *, ambiguous: bool = False) -> None:
        """Keep the parts."""
        super().__init__(fault, said, ambiguous=ambiguous)
        self.what: Local = what
        self.hint = hint

    def finding(self, destination: str, doing: str) -> Finding:
        """Return the failure as a person reads it."""
        return error(f"git-{self.what}", f"{doing}: {self.said}", Origin(destination), self.hint)


MOST_VALUES = 2_000_000
"""Values in an answer: of 64 MiB of empty objects a parser would make some gigabytes, so they are counted before."""
_VALUE_MARKS = (b",", b"[", b"{")
_MOST_DEEP = 100
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_MOST_REFUSAL = 1024 * 1024
"""Bytes of a refusal that are looked into for its message."""


class Reply(msgspec.Struct, frozen=True):
    """Hold an answer: its status, its headers by lower-case name, and its body; `hide` strikes secrets out of a text."""

    status: int
    headers: dict[str, str]
    body: bytes
    call: str = ""
    hide: Callable[[str], str] = str

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            Failure: `answer`, ambiguous: the call itself may well have been carried out.

        """
        if sum(map(self.body.count, _VALUE_MARKS)) > MOST_VALUES:
            said = f"{self.call}: the answer holds more than {MOST_VALUES:,} values"
            raise Failure("answer", said, status=self.status, ambiguous=True, call=self.call)
        try:
            return _loads(self.body, parse_constant=_no_number, object_pairs_hook=_once)
        except ValueError:
            said = f"{self.call}: the answer is not JSON: {page_text(self)}"
            raise Failure("answer", said, status=self.status, ambiguous=True, call=self.call) from None

    def object(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            Failure: `answer`, as `json`.

        """
        value = self.json()
        if not isinstance(value, dict):
            said = f"{self.call}: the answer is not a JSON object: {page_text(self)}"
            raise Failure("answer", said, status=self.status, ambiguous=True, call=self.call)
        return value


def shown(data: bytes) -> str:
    """Return a piece of what a server said that is safe to print: short, on one line, without control characters."""
    text = UNSEEN.sub(" ", data[: 8 * _SAID].decode("utf-8", "replace")).strip()
    return text if len(text) <= _SAID else f"{text[:_SAID]}..."


def page_text(reply: Reply) -> str:
    """Describe a body that is not what it should be: the text of a web page, of all else only its size.

    Tomcat, proxies and login pages say in it, tags aside, what is wrong. Anything else may be a part of an object of
    somebody, with a password in it.
    """
    body = reply.body
    if b"<html" not in body[:2048].lower():
        return f"{len(body)} bytes"
    text = reply.hide(body[:_HEAD].decode("utf-8", "replace"))
    if len(body) > _HEAD:
        text = text[:-_EDGE]  # a secret that the cut has halved
    return shown(re.sub(r"\s+", " ", reply.hide(_TAGS.sub(" ", text[:16_384]))).encode())


def message_of(reply: Reply) -> str:
    """Return what a server said of its refusal: the message of a JSON error, or the text of a page."""
    try:
        value: Any = _loads(reply.body) if len(reply.body) <= _MOST_REFUSAL else None
    except ValueError:
        return page_text(reply)
    if reply.status < 400:
        return page_text(reply)
    for path in (("error", "message"), ("error_description",), ("message",), ("errors", 0, "description"), ("error",)):
        found = value
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                found = None
                break
        if isinstance(found, str) and found:
            return shown(reply.hide(found).encode("utf-8", "replace"))
    return page_text(reply)


def told_code(reply: Reply) -> str:
    """Return the error codes of a token's endpoint, and nothing else of what it says (RFC 6749, 5.2; Microsoft's AADSTS)."""
    try:
        value = _loads(reply.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return "it gave no error code"
    codes = [one for one in (value.get("error"),) if isinstance(one, str) and one in _TOKEN_ERRORS]
    described = value.get("error_description")
    codes += _AADSTS.findall(described)[:1] if isinstance(described, str) else []
    return ", ".join(codes) or "it gave no error code"


def code_of(reply: Reply) -> str:
    """Return the code of a JSON error, or nothing."""
    try:
        found = _loads(reply.body[:_MOST_REFUSAL])["error"]
        code = found["code"] if isinstance(found, dict) and "status" not in found else found["status"]
    except (ValueError, KeyError, TypeError):
        return ""
    return reply.hide(code) if isinstance(code, str) else ""


def wait_of(reply: Reply) -> float | None:
    """Return how long the server asks to be left alone (RFC 9110, 10.2.3: seconds or a date), or None.

    A date is measured against the answer's own Date, so that a clock that is wrong here does no harm.
    """
    wanted = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", wanted):
        return float(wanted)
    try:
        then, now = (email.utils.parsedate_to_datetime(text) for text in (wanted, reply.headers.get("date", "")))
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _loads(body: bytes, **strictly: Any) -> Any:
    """Read JSON that may be of anybody's making.

    Raises:
        ValueError: it is no JSON, or it nests so deep that the parser might end in the middle of the interpreter's own work.

    """
    if _nests_deep(body):
        raise ValueError("it nests too deep")
    return json.loads(body.decode("utf-8-sig"), **strictly)


def _nests_deep(body: bytes) -> bool:
    """Tell whether brackets outside strings nest, or stand open, more than some hundred deep.

    Strings are only taken away when what stands in them could matter: most answers are done without.
    """
    return _brackets_stay(body) and _brackets_stay(_STRING.sub(b"", body))


def _brackets_stay(body: bytes) -> bool:
    """Take the innermost pairs away, once for each level that is allowed, and tell whether much is left."""
    brackets = left = body.translate(None, _NO_BRACKETS)
    for _ in range(_MOST_DEEP):
        left = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(left) in (0, len(brackets)):
            break
        brackets = left
    return len(left) > _MOST_DEEP


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is given twice")
    return made

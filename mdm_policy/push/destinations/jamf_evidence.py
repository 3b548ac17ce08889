"""Report what Jamf's record of MDM commands proves: which devices have confirmed a profile, which have not, which refused.

`GET /api/v2/mdm/commands`, filtered by profile, pages of `{totalCount, results}`: as Jamf's own tool reads it
(github.com/Jamf-Concepts/jamf-cli/pull/43, "report profile-status", 2026-04-04, tried on live servers). No API tells
whether a Mac's agent has fetched a restricted software record (Classic API 11.26.0 has no such resource).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mdm_policy.push.answers import Failure, page_text, shown
from mdm_policy.push.model import DeviceEvidence, Remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.push.http import Client

_CLIENTS = {"mobile-profile": "MOBILE_DEVICE", "macos-profile": "COMPUTER"}
_STATES = {"acknowledged": "applied", "completed": "applied", "error": "failed"}
_PAGE = 200
_MAX_PAGES = 5000
_SOURCE = (
    "Jamf Pro /api/v2/mdm/commands, the last INSTALL_PROFILE of each device; an unsupervised iPhone confirms "
    "restrictions that it then ignores"
)
_NO_SOURCE = "Jamf Pro Classic API 11.26.0 has no status of restricted software"


def evidence(client: Client, remotes: Sequence[Remote]) -> Iterator[DeviceEvidence]:
    """Yield what is on record for each object; what is not on record is unknown.

    Raises:
        Failure: the record cannot be read; where it may not be read, that is evidence of nothing, and said so.

    """
    for remote in remotes:
        if remote.kind not in _CLIENTS:
            said = "Jamf does not tell which Macs have fetched the record"
            yield DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", 0, said, _NO_SOURCE)
            continue
        try:
            commands = _commands(client, remote)
        except Failure as bad:
            if bad.fault not in ("forbidden", "not-found"):
                raise
            yield DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", 0, bad.said, _SOURCE)
        else:
            yield from _judge(remote, commands)


def _judge(remote: Remote, commands: Sequence[dict[str, Any]]) -> Iterator[DeviceEvidence]:
    last: dict[str, dict[str, Any]] = {}
    for one in sorted(commands, key=_when):
        last[_client(one).get("managementId", "")] = one
    counts = {"applied": 0, "pending": 0}
    refused = []
    for device, one in sorted(last.items()):
        state = _STATES.get(str(one.get("commandState", "")).casefold(), "pending")
        if state == "failed":
            refused.append(DeviceEvidence(remote.kind, remote.id, remote.name, "failed", 1, _why(one), _SOURCE, device))
        else:
            counts[state] += 1
    if counts["applied"]:
        said = "devices have confirmed the last installation that was asked of them"
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "applied", counts["applied"], said, _SOURCE)
    if counts["pending"]:
        said = "devices have not answered the last installation that was asked of them"
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "pending", counts["pending"], said, _SOURCE)
    yield from refused
    if not last:
        said = "no installation is on record: nobody is in scope, or Jamf has deleted the record"
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", 0, said, _SOURCE)


def _commands(client: Client, remote: Remote) -> list[dict[str, Any]]:
    """Return every installation of a profile that is on record."""
    kept: list[dict[str, Any]] = []
    seen: set[str] = set()
    for page in range(_MAX_PAGES):
        query = urlencode(
            {"filter": f"command==INSTALL_PROFILE;profileId=={remote.id}", "page": page, "page-size": _PAGE}
        )
        reply = client.call("GET", f"api/v2/mdm/commands?{query}")
        found = reply.object()
        results, total = found.get("results"), found.get("totalCount")
        if not isinstance(results, list) or type(total) is not int or not all(isinstance(one, dict) for one in results):
            raise Failure("answer", f"{reply.call}: the answer is not a page of commands: {page_text(reply)}")
        new = {str(one.get("uuid", "")) for one in results}
        if len(new) != len(results) or new & seen or (not results and len(seen) < total):
            raise Failure("answer", f"{reply.call}: the pages do not lead to an end")
        seen |= new
        # Profiles of Macs and of mobile devices are numbered apart, so an id alone may be the other's.
        kept += [one for one in results if str(_client(one).get("clientType", "")).startswith(_CLIENTS[remote.kind])]
        if len(seen) >= total:
            return kept
    raise Failure("answer", f"the record of commands has more than {_MAX_PAGES} pages")


def _client(command: dict[str, Any]) -> dict[str, Any]:
    found = command.get("client")
    return found if isinstance(found, dict) else {}


def _when(command: dict[str, Any]) -> tuple[str, str]:
    """Return when a command was sent; among those of one moment the unanswered one comes last, and so counts."""
    return str(command.get("dateSent") or command.get("dateCompleted") or ""), str(command.get("commandState", ""))


def _why(command: dict[str, Any]) -> str:
    found = command.get("commandError")
    parts = found if isinstance(found, dict) else {}
    said = parts.get("errorEnglishDescription") or parts.get("errorLocalizedDescription") or parts.get("errorDomain")
    return shown(f"the device refused the profile: {said or 'it gave no reason'}".encode())

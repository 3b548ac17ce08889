"""Read what Intune itself counts as proof that devices have a policy; what it does not say stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import graph_bodies as bodies
from mdm_policy.push.model import DeviceEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdm_policy.push.http import Client
    from mdm_policy.push.model import Remote

_OVERVIEW = "deviceConfigurationDeviceOverview (Graph v1.0)"
_REPORT = "reports/getConfigurationPolicyDeviceSummaryReport (Graph beta; its columns are not documented)"
_STATES: tuple[tuple[str, str, str], ...] = (
    ("successCount", "applied", "succeeded"),
    ("pendingCount", "pending", "pending"),
    ("failedCount", "failed", "failed"),
    ("errorCount", "failed", "error"),
    ("notApplicableCount", "unknown", "not applicable"),
)
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("NumberOfCompliantDevices", "applied", "succeeded"),
    ("NumberOfInProgressDevices", "pending", "pending"),
    ("NumberOfNonCompliantDevices", "failed", "not compliant"),
    ("NumberOfErrorDevices", "failed", "error"),
    ("NumberOfConflictDevices", "failed", "conflict"),
    ("NumberOfNotApplicableDevices", "unknown", "not applicable"),
)


def told(client: Client, remotes: Sequence[Remote]) -> Iterator[DeviceEvidence]:
    """Return how many devices report each object as applied."""
    for remote in remotes:
        yield from _catalog(client, remote) if remote.kind == bodies.CATALOG else _overview(client, remote)


def _overview(client: Client, remote: Remote) -> Iterator[DeviceEvidence]:
    path = bodies.path_of(remote.kind, remote.id, "v1.0")
    try:
        found = client.call("GET", f"{path}/deviceStatusOverview").object()
    except Failure as bad:
        if bad.fault not in ("forbidden", "not-found", "refused"):
            raise
        yield _unknown(remote, bad.said, _OVERVIEW)
        return
    counted = found.get("configurationVersion")
    if remote.version and counted is not None and str(counted) != remote.version:
        said = f"Intune's count is of version {counted}, the object is at version {remote.version}"
        yield _unknown(remote, said, _OVERVIEW)
        return
    yield from _counts(remote, found, _STATES, _OVERVIEW)


def _catalog(client: Client, remote: Remote) -> Iterator[DeviceEvidence]:
    wanted = f"((PolicyBaseTypeName eq 'DeviceManagementConfigurationPolicy')) and (PolicyId eq '{remote.id}')"
    body = {"filter": wanted, "select": [], "orderBy": [], "search": "", "skip": 0, "top": 50}
    path = f"beta/{bodies.MANAGEMENT}/reports/getConfigurationPolicyDeviceSummaryReport"
    try:
        found = client.call("POST", path, body=bodies.text_under(body), repeat=True).object()
    except Failure as bad:
        if bad.fault not in ("forbidden", "not-found", "refused"):
            raise
        yield _unknown(remote, bad.said, _REPORT)
        return
    names = [one.get("Column") for one in bodies.mappings(found.get("Schema"))]
    rows = found.get("Values")
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], list) or len(rows[0]) != len(names):
        yield _unknown(remote, "Intune's report has no row for this policy", _REPORT)
        return
    yield from _counts(remote, dict(zip(names, rows[0], strict=True)), _COLUMNS, _REPORT)


def _unknown(remote: Remote, said: str, source: str) -> DeviceEvidence:
    return DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", 0, said, source)


def _counts(
    remote: Remote, found: Mapping[Any, Any], columns: tuple[tuple[str, str, str], ...], source: str
) -> Iterator[DeviceEvidence]:
    """Return a line for each count that is not 0; a count that is missing is unknown, never 0."""
    lacking = [name for name, _, _ in columns if type(found.get(name)) is not int]
    if lacking:
        yield _unknown(remote, f"Intune's answer lacks {', '.join(lacking)}", source)
        return
    lines = [(state, found[name], said) for name, state, said in columns if found[name]]
    if not lines:
        yield _unknown(remote, "no device has reported it yet", source)
    for state, count, said in lines:
        told: Any = state
        yield DeviceEvidence(remote.kind, remote.id, remote.name, told, count, f"{count} devices: {said}", source)

"""Say what devices report of a policy: pure functions on the answers of `devices.list`.

Sources: AMAPI discovery document, revision 20261104, Device.appliedPolicyVersion, policyCompliant, nonComplianceDetails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mdm_policy.push.model import DeviceEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.push.model import Remote

SOURCE = "AMAPI revision 20261104 Device.appliedPolicyVersion, policyCompliant, nonComplianceDetails"
PERSONAL = "jasonbayton/11ty@239387e manage-personal-apps-work-profile: the personal side cannot be seen"
_OURS = frozenset({"applications", "personalUsagePolicies", "playStoreMode", "advancedSecurityOverrides"})
_PENDING = frozenset({"PENDING"})
_State = Literal["applied", "pending", "failed", "unknown"]


def evidence_of(remote: Remote, devices: Iterable[dict[str, Any]]) -> Iterator[DeviceEvidence]:
    """Yield what the devices of a policy say: those that have it as one count, every other one by its name."""
    applied = personal = seen = 0
    for device in devices:
        if device.get("policyName") != remote.id:
            continue
        seen += 1
        state, said = judge(device, remote)
        if state == "applied":
            applied += 1
            personal += _is_cope(device)
        else:
            name = device.get("name")
            yield DeviceEvidence(
                remote.kind, remote.id, remote.name, state, 1, said, SOURCE, name if isinstance(name, str) else ""
            )
    if applied:
        said = f"the device has version {remote.version} or a later one, and reports no app that is blocked"
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "applied", applied, said, SOURCE)
    if personal:
        said = "the policy is applied; what is installed on the personal side, nobody can see"
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", personal, said, PERSONAL)
    if not seen:
        yield DeviceEvidence(remote.kind, remote.id, remote.name, "unknown", 0, "no device has this policy", SOURCE)


def judge(device: dict[str, Any], remote: Remote) -> tuple[_State, str]:
    """Say how far one device is with a policy, and in which words."""
    if device.get("appliedPolicyName") != remote.id:
        return "pending", f"the device still has {device.get('appliedPolicyName') or 'no policy'}"
    version = _number(device.get("appliedPolicyVersion"))
    if version is None or not device.get("lastPolicySyncTime"):
        return "unknown", "the device does not say which version it has"
    if version < int(remote.version):
        return "pending", f"the device has version {version}, and the policy is at {remote.version}"
    details = [one for one in device.get("nonComplianceDetails") or () if isinstance(one, dict)]
    ours = [one for one in details if str(one.get("settingName")).partition(".")[0] in _OURS]
    if ours:
        reasons = {str(one.get("nonComplianceReason")) for one in ours}
        said = ", ".join(sorted({_words(one) for one in ours}))
        return ("pending" if reasons <= _PENDING else "failed"), said
    if device.get("policyCompliant") is not True and not details:
        return "unknown", "the device is not compliant, and does not say why"
    return "applied", ""


def _words(detail: dict[str, Any]) -> str:
    parts = (detail.get("settingName"), detail.get("packageName"), detail.get("nonComplianceReason"))
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _number(value: Any) -> int | None:
    """Read an int64, which comes as a string."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _is_cope(device: dict[str, Any]) -> bool:
    return device.get("managementMode") == "PROFILE_OWNER" and device.get("ownership") == "COMPANY_OWNED"

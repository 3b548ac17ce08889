"""Where the product is known to read App Control policies wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.appcontrol_facts import USER
from oracle.common import BLOCKED, GAP, HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _one_id(found: Disagreement) -> bool:
    ids = [one.tree["PolicyID"] for one in found.scenario.documents]
    forms = {one.path.rpartition(".")[2] for one in found.scenario.documents}
    return found.said == HELD and len(set(ids)) < len(ids) and len(forms) > 1


def _allows_all(policy: dict[str, Any]) -> bool:
    everything = {one["ID"] for one in policy["rules"] if one["tag"] == "Allow" and one.get("FileName") == "*"}
    return bool(everything & set(policy["scenarios"][USER]["refs"]))


def _implicit(found: Disagreement) -> bool:
    trees = [one.tree for one in found.scenario.documents]
    return found.said != HELD and found.expected == BLOCKED and not all(_allows_all(one) for one in trees)


def _by_family(found: Disagreement) -> bool:
    rules = [rule for one in found.scenario.documents for rule in one.tree["rules"]]
    return found.said == GAP and found.app == "pack" and any("PackageFamilyName" in one for one in rules)


APPCONTROL_FAULTS = (
    Settled(
        "one-policy-id-in-two-forms",
        "Two policies with one PolicyID: the CSP's node is one, so one content stays.",
        "client-management/mdm/applicationcontrol-csp",
        _one_id,
        ("appcontrol", 1, 5),
    ),
    Settled(
        "implicit-deny-of-app-control",
        "Order: explicit Deny, explicit Allow, managed installer or ISG, implicit deny. What no Allow can mean is denied.",
        "app-control-for-business/operations/known-issues, design/create-appcontrol-deny-policy",
        _implicit,
        ("appcontrol", 1, 14),
    ),
    Settled(
        "packages-by-family-rules-alone",
        "With any PackageFamilyName rule in a base policy or its supplementals, packaged apps are judged by such rules only.",
        "app-control-for-business/design/manage-packaged-apps-with-appcontrol",
        _by_family,
        ("appcontrol", 1, 647),
    ),
)

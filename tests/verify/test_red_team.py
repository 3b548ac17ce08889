"""Hold cases an adversary would think of: several documents, scopes, and words that nobody defines.

Each row says what the devices do by the vendors' own pages. What they do not say is a gap, never a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from effect_documents import as_json, blocking, device, graph, target

from mdm_policy.reading import Scope
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass, Strength

APP, MM, TEAM, MAC = "com.chat.app", "com.chat.android", "ABCDEFGHIJ", "com.chat.mac"
CHAT = inline(
    "Chat",
    identifier("ios", "bundle_id", APP),
    identifier("android", "package_name", MM),
    identifier("macos", "team_id", TEAM),
    identifier("macos", "bundle_id", MAC),
    identifier("windows", "appx_name", "Chat.App"),
    identifier("windows", "publisher", "O=CHAT INC"),
)
IPHONES = device("ios", ">=17", "iPhones", supervised=True, enrollment="automated", groups=("field",))
NEW_IPHONES = device("ios", ">=27", "new iPhones", supervised=True, enrollment="automated", groups=("field",))
EVERYONE, FIELD, OTHER = (
    target("allDevicesAssignmentTarget"),
    target("groupAssignmentTarget", groupId="field"),
    target("groupAssignmentTarget", groupId="other"),
)
NOT_FIELD, NOT_OTHER = (
    target("exclusionGroupAssignmentTarget", groupId="field"),
    target("exclusionGroupAssignmentTarget", groupId="other"),
)


def holds(
    documents: list[Document],
    cls: DeviceClass,
    strength: Strength = "partial",
    scopes: Mapping[str, Scope] | None = None,
) -> bool:
    resolution = resolve([ban_list(CHAT)], deployment(devices=(cls,)), NOTHING_KNOWN, DAY, enforce=False)
    pieces = [piece(one, scope=(scopes or {}).get(one.name), named=False) for one in documents]
    return verify(resolution, pieces, NOTHING_KNOWN, Rules(DAY, strength)).proven


def hidden(*assignments: dict[str, Any], **keys: Any) -> list[Document]:
    listed: dict[str, Any] = {
        "appsVisibilityListType": "appsNotInListCompliant",
        "appsVisibilityList": [{"appId": APP}],
    }
    return [graph("iosGeneralDeviceConfiguration", assignments=list(assignments), **listed, **keys)]


def filtered(kind: str = "include", group: str = "") -> dict[str, Any]:
    word = "deviceAndAppManagementAssignmentFilter"
    keys = {f"{word}Id": "x", f"{word}Type": kind}
    return (
        target("groupAssignmentTarget", groupId=group, **keys)
        if group
        else target("allDevicesAssignmentTarget", **keys)
    )


def untyped(**keys: Any) -> dict[str, Any]:
    return {"target": keys}


ASSIGNED = [
    ("all devices", hidden(EVERYONE), True),
    ("nobody", hidden(), False),
    ("a group that is left out again", hidden(FIELD, NOT_FIELD), False),
    ("all but the group", hidden(EVERYONE, NOT_FIELD), False),
    ("all but another group", hidden(EVERYONE, NOT_OTHER), True),
    ("another group", hidden(OTHER), False),
    ("only an exclusion", hidden(NOT_OTHER), False),
    ("a filter", hidden(filtered()), False),
    ("a filter that excludes", hidden(filtered("exclude")), False),
    ("a filter on the group", hidden(filtered(group="field")), False),
    ("a filter on another group beside the plain group", hidden(FIELD, filtered(group="other")), True),
    ("a filter on another group beside all devices", hidden(EVERYONE, filtered(group="other")), True),
    ("a filter of no kind", hidden(target("allDevicesAssignmentTarget", deviceAndAppManagementAssignmentFilterType="none")), True),
    ("a target nobody knows", hidden(target("fooTarget")), False),
    ("a target nobody knows beside all devices", hidden(EVERYONE, target("ExclusionGroupAssignmentTarget", groupId="field")), False),
    ("a target without a type", hidden(untyped(groupId="field")), False),
    ("an exclusion without a type", hidden(FIELD, untyped(groupId="field")), False),
    ("an applicability rule", hidden(EVERYONE, deviceManagementApplicabilityRuleOsVersion={"ruleType": "include", "minOSVersion": "11"}), False),
    ("no applicability rule", hidden(EVERYONE, deviceManagementApplicabilityRuleOsVersion=None), True),
    ("a group by its name", hidden(target("groupAssignmentTarget", groupName="field", groupId="7f")), True),
    ("taken away from the group again", hidden(EVERYONE, {**FIELD, "intent": "remove"}), False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "proven"), [row[1:] for row in ASSIGNED], ids=[row[0] for row in ASSIGNED])
def test_whom_graph_assigns_an_object_to(documents: list[Document], proven: bool) -> None:
    assert holds(documents, IPHONES) is proven


CONFIGURATION = as_json(
    {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": {"Allowed": {"DeniedApps": [APP]}}},
    "c.json",
)


def activation(predicate: str = "", name: str = "a.json") -> Document:
    payload = {"StandardConfigurations": ["c"], **({"Predicate": predicate} if predicate else {})}
    return as_json({"Type": "com.apple.activation.simple", "Identifier": "a", "Payload": payload}, name)


LABEL, OTHER_LABEL = Scope("groups", ("field",)), Scope("groups", ("other",))
NOT_LABEL, NOT_OTHER_LABEL = Scope(excluded=("field",)), Scope(excluded=("other",))
DECLARED = [CONFIGURATION, activation()]
SENT = [
    ("a profile without labels", [blocking(APP)], Scope(), True),
    ("a profile for all but the label", [blocking(APP)], NOT_LABEL, False),
    ("a profile for all but another label", [blocking(APP)], NOT_OTHER_LABEL, True),
    ("a profile for two labels at once", [blocking(APP)], Scope("groups", ("field and x",), filtered=True), False),
    ("a declaration for the label", DECLARED, LABEL, True),
    ("a declaration for another label", DECLARED, OTHER_LABEL, False),
    ("a declaration for all but the label", DECLARED, NOT_LABEL, False),
    ("a declaration for all but another label", DECLARED, NOT_OTHER_LABEL, True),
    ("a predicate under the label", [CONFIGURATION, activation("(1 == 2)")], LABEL, False),
    ("a predicate, and an activation without", [CONFIGURATION, activation("(1 == 2)"), activation(name="b.json")], LABEL, True),
    ("refused", DECLARED, Scope("nobody"), False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "scope", "proven"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
def test_whom_another_file_sends_a_document_to(documents: list[Document], scope: Scope, proven: bool) -> None:
    assert holds(documents, NEW_IPHONES, scopes={one.name: scope for one in documents}) is proven

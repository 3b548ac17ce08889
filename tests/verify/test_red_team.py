"""Hold cases an adversary would think of: several documents, scopes, and words that nobody defines.

Each row says what the devices do by the vendors' own pages. What they do not say is a gap, never a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from effect_documents import as_json, blocking, device, graph, plist, target

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


PHONES = device("android", ">=12", "phones", mode="fully-managed", origins=("store",), groups=("field",))
COPE = device("android", ">=12", "cope", mode="cope", origins=("store",), groups=("field",))
BLOCKED, LET_IN = {"packageName": MM, "installType": "BLOCKED"}, {"packageName": MM, "installType": "AVAILABLE"}
DISABLED, OWN = {**LET_IN, "disabled": True}, {"packageName": "org.own", "installType": "AVAILABLE"}
PERSONAL = {"personalApplications": [BLOCKED]}


def policy(*applications: dict[str, Any], mode: str = "BLACKLIST", **keys: Any) -> list[Document]:
    return [as_json({"name": "enterprises/e/policies/p", "playStoreMode": mode, "applications": applications, **keys})]


def patch(mask: str, **body: Any) -> list[Document]:
    return [as_json({"method": "PATCH", "query": {"updateMask": mask}, "body": body})]


def modify(*changes: tuple[dict[str, Any], str]) -> list[Document]:
    return [as_json({"changes": [{"application": one, "updateMask": mask} for one, mask in changes]})]


def white(*applications: dict[str, Any]) -> list[Document]:
    return policy(*applications, mode="WHITELIST")


def cope(*entries: dict[str, Any], **usage: Any) -> list[Document]:
    return policy(BLOCKED, personalUsagePolicies={"personalApplications": list(entries), **usage})


MASK = "applications,personalUsagePolicies"
BOTH: dict[str, Any] = {"applications": [BLOCKED], "personalUsagePolicies": PERSONAL}
ANDROID = [
    ("blocked", PHONES, policy(BLOCKED), True),
    ("disabled", PHONES, policy(DISABLED), True),
    ("not on the allow list", PHONES, white(OWN), True),
    ("on the allow list, disabled", PHONES, white(DISABLED), True),
    ("on the allow list, blocked", PHONES, white(BLOCKED), True),
    ("on the allow list by default", PHONES, white({"packageName": MM}), False),
    ("on the allow list as a kiosk", PHONES, white({"packageName": MM, "installType": "KIOSK"}), False),
    ("twice, blocked and let in", PHONES, policy(BLOCKED, LET_IN), False),
    ("twice on the allow list", PHONES, white(BLOCKED, LET_IN), False),
    ("twice on the allow list, let in first", PHONES, white(LET_IN, BLOCKED), False),
    ("twice on the allow list, disabled once", PHONES, white(DISABLED, LET_IN), False),
    ("twice, blocked both times", PHONES, white(BLOCKED, BLOCKED), True),
    ("the work side alone", COPE, policy(BLOCKED), False),
    ("both sides", COPE, cope(BLOCKED), True),
    ("twice on the personal side", COPE, cope(BLOCKED, LET_IN), False),
    ("twice on the personal allow list", COPE, cope(BLOCKED, LET_IN, personalPlayStoreMode="ALLOWLIST"), False),
    ("not on the personal allow list", COPE, cope(OWN, personalPlayStoreMode="ALLOWLIST"), True),
    ("whole fields in a mask", COPE, patch(MASK, **BOTH), True),
    ("a part of a field in a mask", COPE, patch(f"{MASK}.personalPlayStoreMode", **BOTH), False),
    ("a change", PHONES, modify((BLOCKED, "installType")), True),
    ("a change, and another back", PHONES, modify((BLOCKED, "installType"), (LET_IN, "installType")), False),
    ("a change, and one that resets all fields", PHONES, modify((BLOCKED, "installType"), ({"packageName": MM}, "")), False),
    ("a change of all fields", PHONES, modify((BLOCKED, "")), True),
    ("a field that is none", PHONES, policy(BLOCKED, policyEnforced=True), False),
    ("a field in a wrong place", PHONES, policy(BLOCKED, untrustedAppsPolicy="DISALLOW_INSTALL"), False),
    ("a field of Google's own wrong page", COPE, cope(BLOCKED, personalApplicationPolicy=[]), False),
    ("an enforcement rule without a wipe", PHONES, policy(BLOCKED, policyEnforcementRules=[{"settingName": "applications", "blockAction": {}}]), False),
    ("only a least version", PHONES, policy({"packageName": MM, "minimumVersionCode": 9}), False),
    ("another case", PHONES, policy({**BLOCKED, "packageName": "com.Chat.android"}), False),
    ("a look-alike", PHONES, policy({**BLOCKED, "packageName": "c\u043em.chat.android"}), False),
    ("a dot more", PHONES, policy({**BLOCKED, "packageName": f"{MM}."}), False),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "documents", "proven"), [row[1:] for row in ANDROID], ids=[row[0] for row in ANDROID])
def test_what_an_android_policy_does(cls: DeviceClass, documents: list[Document], proven: bool) -> None:
    assert holds(documents, cls) is proven


def owner(mode: str, name: str = "owner.json", **keys: Any) -> Document:
    listed = {"personalProfilePlayStoreMode": mode, "personalProfilePersonalApplications": [{"appId": MM}]}
    return graph("androidDeviceOwnerGeneralDeviceConfiguration", name, assignments=[EVERYONE], **listed, **keys)


def store(*assignments: tuple[dict[str, Any], str], name: str = "store.json") -> Document:
    listed = [{**one, "intent": intent} for one, intent in assignments]
    return graph("androidManagedStoreApp", name, packageId=MM, assignments=listed)


GONE = store((EVERYONE, "uninstall"))
ASSIGNED_APPS = [
    ("uninstalled", PHONES, [GONE], True),
    ("uninstalled in another case", PHONES, [store((EVERYONE, "Uninstall"))], False),
    ("uninstalled for others", PHONES, [store((OTHER, "uninstall"))], False),
    ("offered to the group", PHONES, [store((EVERYONE, "uninstall"), (FIELD, "available"))], False),
    ("required by another object", PHONES, [GONE, store((EVERYONE, "required"), name="b.json")], False),
    ("waived for the group", PHONES, [store((EVERYONE, "uninstall"), (NOT_FIELD, "uninstall"), (FIELD, "available"))], False),
    ("blocked on the personal side", COPE, [GONE, owner("blockedApps")], True),
    ("let in on the personal side", COPE, [GONE, owner("allowedApps")], False),
    ("blocked and let in by two objects", COPE, [GONE, owner("blockedApps"), owner("allowedApps", "b.json")], False),
    ("an allow list whose apps are assigned elsewhere", PHONES, [owner("notConfigured", playStoreMode="allowList")], False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cls", "documents", "proven"), [row[1:] for row in ASSIGNED_APPS], ids=[row[0] for row in ASSIGNED_APPS]
)
def test_what_intune_does_to_android_apps(cls: DeviceClass, documents: list[Document], proven: bool) -> None:
    assert holds(documents, cls) is proven


MACS = device("macos", ">=14", "Macs", supervised=True, enrollment="automated", groups=("field",))
SIGNED = f"{TEAM}:{MAC}"


def santa(*rules: tuple[str, str, str], name: str = "santa.mobileconfig", **top: Any) -> Document:
    listed = [dict(zip(("policy", "rule_type", "identifier"), rule, strict=True)) for rule in rules]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed}, name=name, **top)


DENY, DENY_SIGNED = ("BLOCKLIST", "TEAMID", TEAM), ("BLOCKLIST", "SIGNINGID", SIGNED)
SANTA = [
    ("a team", [santa(DENY)], True),
    ("a signing id", [santa(DENY_SIGNED)], True),
    ("in small letters", [santa(("blocklist", "teamid", TEAM))], True),
    ("a team in small letters", [santa(("BLOCKLIST", "TEAMID", TEAM.lower()))], False),
    ("a narrower rule lets it in", [santa(DENY, ("ALLOWLIST", "SIGNINGID", SIGNED))], False),
    ("a narrower rule of another profile", [santa(DENY), santa(("ALLOWLIST", "SIGNINGID", SIGNED), name="b")], False),
    ("a narrower rule for another app", [santa(DENY, ("ALLOWLIST", "SIGNINGID", f"{TEAM}:com.chat.b"))], True),
    ("a narrower expression", [santa(DENY, ("CEL", "SIGNINGID", SIGNED))], False),
    ("an expression for the same", [santa(DENY, ("CEL", "TEAMID", TEAM))], False),
    ("the same rule removed", [santa(DENY, ("REMOVE", "TEAMID", TEAM))], False),
    ("the same rule removed before", [santa(("REMOVE", "TEAMID", TEAM), DENY)], False),
    ("a narrower rule removed", [santa(DENY, ("REMOVE", "SIGNINGID", SIGNED))], True),
    ("only removed", [santa(("REMOVE", "TEAMID", TEAM))], False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "proven"), [row[1:] for row in SANTA], ids=[row[0] for row in SANTA])
def test_what_santa_rules_do_together(documents: list[Document], proven: bool) -> None:
    assert holds(documents, MACS) is proven

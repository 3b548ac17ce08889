"""Hold cases an adversary would think of: several documents, scopes, and words that nobody defines.

Each row says what the devices do by the vendors' own pages. What they do not say is a gap, never a proof.
"""

from __future__ import annotations

import base64
import datetime as dt
import plistlib
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    GRAPH,
    as_json,
    blocking,
    device,
    graph,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy.kinds import open_document
from mdm_policy.reading import Audience, Scope
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass
    from mdm_policy.vocabulary import Strength

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
    ("a profile for two labels at once", [blocking(APP)], Scope("groups", (Audience("all-of", of=("field", "x")),), filtered=True), False),
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


def two(first: dict[str, Any], second: dict[str, Any]) -> list[Document]:
    bodies = [{"method": "PATCH", "query": {"updateMask": ",".join(body)}, "body": body} for body in (first, second)]
    return [as_json(body, f"{number}.json") for number, body in enumerate(bodies)]


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
    ("not on the personal allow list", COPE, cope(OWN, personalPlayStoreMode="ALLOWLIST"), False),
    ("blocked beside the personal allow list", COPE, cope(OWN, BLOCKED, personalPlayStoreMode="ALLOWLIST"), True),
    ("whole fields in a mask", COPE, patch(MASK, **BOTH), True),
    ("a part of a field in a mask", COPE, patch(f"{MASK}.personalPlayStoreMode", **BOTH), False),
    ("two lists, one without the app", PHONES, two({"applications": [BLOCKED]}, {"applications": [OWN]}), False),
    ("two lists, the first without the app", PHONES, two({"applications": [OWN]}, {"applications": [BLOCKED]}), False),
    ("two lists with the app", PHONES, two({"applications": [BLOCKED]}, {"applications": [OWN, BLOCKED]}), True),
    ("a list for each side", COPE, two({"applications": [BLOCKED]}, {"personalUsagePolicies": PERSONAL}), True),
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


def santa(*rules: tuple[str, ...], name: str = "santa.mobileconfig", **top: Any) -> Document:
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": statics(*rules)}, name=name, **top)


def statics(*rules: tuple[str, ...]) -> list[dict[str, str]]:
    words = ("policy", "rule_type", "identifier", "cel_expr")
    return [dict(zip(words, rule, strict=False)) for rule in rules]


def agents(*settings: dict[str, Any]) -> Document:
    return plist(*({"PayloadType": "com.northpolesec.santa", **one} for one in settings))


def agent(*rules: tuple[str, str, str], **settings: Any) -> Document:
    return agents({"StaticRules": statics(*rules), **settings})


SANTA_DOMAIN = "com.northpolesec.santa"


def forced(*rules: tuple[str, str, str], **settings: Any) -> dict[str, Any]:
    return {"Forced": [{"mcx_preference_settings": {"StaticRules": statics(*rules), **settings}}]}


def managed(*contents: dict[str, Any], agents_too: bool = False, **top: Any) -> Document:
    made = [{"PayloadType": "com.apple.ManagedClient.preferences", "PayloadContent": one} for one in contents if one]
    flat = [{"PayloadType": SANTA_DOMAIN, "StaticRules": statics(DENY_SIGNED)}] if agents_too else []
    return plist(*made, *flat, **top)


def preferences(**settings: Any) -> Document:
    return open_document("com.northpolesec.santa.plist", plistlib.dumps(settings))


def exported(*rules: tuple[str, str, str]) -> Document:
    return as_json({"rules": statics(*rules)})


DENY, DENY_SIGNED = ("BLOCKLIST", "TEAMID", TEAM), ("BLOCKLIST", "SIGNINGID", SIGNED)
SANTA = [
    ("a team", [santa(DENY)], True),
    ("a signing id", [santa(DENY_SIGNED)], True),
    ("in small letters", [santa(("blocklist", "teamid", TEAM))], True),
    ("a team in small letters", [santa(("BLOCKLIST", "TEAMID", TEAM.lower()))], True),
    ("a name in another case", [santa(("BLOCKLIST", "SIGNINGID", SIGNED.upper()))], False),
    ("a narrower rule lets it in", [santa(DENY, ("ALLOWLIST", "SIGNINGID", SIGNED))], False),
    ("a narrower rule of another profile", [santa(DENY), santa(("ALLOWLIST", "SIGNINGID", SIGNED), name="b")], False),
    ("a narrower rule for another app", [santa(DENY, ("ALLOWLIST", "SIGNINGID", f"{TEAM}:com.chat.b"))], True),
    ("a narrower expression", [santa(DENY, ("CEL", "SIGNINGID", SIGNED, "euid != 0"))], False),
    ("an expression for the same", [santa(DENY, ("CEL", "TEAMID", TEAM, "euid != 0"))], False),
    ("the same rule removed", [santa(DENY, ("REMOVE", "TEAMID", TEAM))], False),
    ("the same rule removed before", [santa(("REMOVE", "TEAMID", TEAM), DENY)], True),
    ("a narrower rule removed", [santa(DENY, ("REMOVE", "SIGNINGID", SIGNED))], True),
    ("only removed", [santa(("REMOVE", "TEAMID", TEAM))], False),
    ("a narrower rule against a wider one", [santa(("ALLOWLIST", "TEAMID", TEAM), DENY_SIGNED)], True),
    ("the last rule lets it in", [santa(DENY, ("ALLOWLIST", "TEAMID", TEAM))], False),
    ("the last rule blocks it", [santa(("WHITELIST", "TEAMID", TEAM), ("BLACKLIST", "TEAMID", TEAM))], True),
    ("a build let in", [santa(DENY_SIGNED, ("ALLOWLIST", "CDHASH", "a" * 40))], False),
    ("a file let in", [santa(DENY, ("ALLOWLIST_COMPILER", "BINARY", "a" * 64))], False),
    ("a certificate let in", [santa(DENY, ("ALLOWLIST", "CERTIFICATE", "a" * 64))], False),
    ("a certificate let in below the signing id", [santa(DENY_SIGNED, ("ALLOWLIST", "CERTIFICATE", "a" * 64))], True),
    ("a file with an expression", [santa(DENY, ("CEL", "BINARY", "a" * 64, "euid != 0"))], False),
    ("an expression that is none, which Santa refuses", [santa(DENY, ("CEL", "SIGNINGID", SIGNED))], True),
    ("a file that is blocked too", [santa(DENY, ("BLOCKLIST", "BINARY", "a" * 64))], True),
    ("a file that is blocked alone", [santa(("BLOCKLIST", "BINARY", "a" * 64))], False),
    ("Lockdown", [agent(ClientMode=2)], True),
    ("Lockdown with others let in", [agent(("ALLOWLIST", "TEAMID", "ZZZZZZZZZZ"), ClientMode=2)], True),
    ("Lockdown with the team let in", [agent(("ALLOWLIST", "TEAMID", TEAM), ClientMode=2)], False),
    ("Lockdown, the team let in and the app not", [agent(("ALLOWLIST", "TEAMID", TEAM), DENY_SIGNED, ClientMode=2)], True),
    ("Lockdown with a file let in", [agent(("ALLOWLIST", "BINARY", "a" * 64), ClientMode=2)], False),
    ("Lockdown with a certificate let in", [agent(("ALLOWLIST", "CERTIFICATE", "a" * 64), ClientMode=2)], False),
    ("Lockdown with a path let in", [agent(ClientMode=2, AllowedPathRegex="^/Applications/")], False),
    ("Lockdown with a path let in, by its old name", [agent(ClientMode=2, WhitelistRegex="^/Applications/")], False),
    ("Lockdown, a path let in, the app blocked", [agent(DENY, ClientMode=2, AllowedPathRegex="^/Applications/")], True),
    ("Lockdown and a server", [agent(ClientMode=2, SyncBaseURL="https://x.example/")], False),
    ("a block and a server", [agent(DENY, SyncBaseURL="https://x.example/")], True),
    ("Monitor", [agent(ClientMode=1)], False),
    ("Monitor with a path let in", [agent(DENY, ClientMode=1, AllowedPathRegex="^/Applications/")], True),
    ("Standalone", [agent(ClientMode=3)], False),
    ("a mode that is none", [agent(ClientMode="2")], False),
    ("a path alone", [agent(BlockedPathRegex="^/Applications/")], False),
    ("two payloads that differ", [agents({"StaticRules": statics(DENY)}, {"StaticRules": statics(DENY_SIGNED)})], False),
    ("two payloads that are equal", [agents({"StaticRules": statics(DENY)}, {"StaticRules": statics(DENY)})], True),
    ("the mode in another payload", [agents({"StaticRules": statics(DENY)}, {"ClientMode": 1})], False),
    ("a second payload that decides nothing", [agents({"StaticRules": statics(DENY)}, {"AboutText": "x"})], False),
    ("managed preferences", [managed({SANTA_DOMAIN: forced(DENY)})], True),
    ("a default in managed preferences", [managed({SANTA_DOMAIN: {"Set-Once": forced(DENY)["Forced"]}})], False),
    ("a default that is set often", [managed({SANTA_DOMAIN: {"Often": forced(DENY)["Forced"]}})], False),
    ("two domains in one payload", [managed({SANTA_DOMAIN: forced(DENY), "x.y": forced()})], False),
    ("two domains in two payloads", [managed({SANTA_DOMAIN: forced(DENY)}, {"x.y": forced()})], True),
    ("managed preferences beside a payload that differs", [managed({SANTA_DOMAIN: forced(DENY)}, {}, agents_too=True)], False),
    ("managed preferences of another domain", [managed({"com.example.santa": forced(DENY)})], False),
    ("managed preferences in Lockdown", [managed({SANTA_DOMAIN: forced(ClientMode=2)})], True),
    ("managed preferences for a user", [managed({SANTA_DOMAIN: forced(DENY)}, PayloadScope="User")], False),
    ("the preference list", [preferences(StaticRules=statics(DENY))], True),
    ("the preference list in Lockdown", [preferences(ClientMode=2)], True),
    ("the rules of santactl", [exported(DENY_SIGNED)], True),
    ("the rules of santactl let it in", [exported(DENY, ("ALLOWLIST", "SIGNINGID", SIGNED))], False),
    ("the rules of santactl beside a profile", [exported(DENY), santa(("ALLOWLIST", "BINARY", "a" * 64))], False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "proven"), [row[1:] for row in SANTA], ids=[row[0] for row in SANTA])
def test_what_santa_rules_do_together(documents: list[Document], proven: bool) -> None:
    assert holds(documents, MACS) is proven


NEW_MACS = device("macos", ">=27", "new Macs", supervised=True, enrollment="automated", groups=("field",))
OLD_IPHONES = device("ios", ">=17,<27", "old iPhones", supervised=True, enrollment="automated", groups=("field",))
PAST = dt.datetime(2020, 1, 1)  # noqa: DTZ001


def locked(bundle: str, name: str = "lock.mobileconfig") -> Document:
    return plist({"PayloadType": "com.apple.app.lock", "App": {"Identifier": bundle}}, name=name)


def switched(value: object) -> list[Document]:
    return [plist({**restrictions(blockedAppBundleIDs=[APP]), "PayloadEnabled": value})]


def listed(**keys: Any) -> list[Document]:
    return [plist(restrictions(**keys))]


PROFILES = [
    ("a list", IPHONES, [blocking(APP)], True),
    ("on a Mac", MACS, [blocking(APP)], False),
    ("unsupervised", device("ios", supervised=False, enrollment="device"), [blocking(APP)], False),
    ("under user enrollment", device("ios", supervised=False, enrollment="user"), [blocking(APP)], False),
    ("on a watch", device("watchos", supervised=True, enrollment="automated"), [blocking(APP)], False),
    ("for Macs alone", IPHONES, [blocking(APP, TargetDeviceType=5)], False),
    ("removed", IPHONES, [blocking(APP, RemovalDate=PAST)], False),
    ("removed later, but sooner than it says", IPHONES, [blocking(APP, DurationUntilRemoval=1e9, RemovalDate=PAST)], False),
    ("switched off", IPHONES, switched(False), False),
    ("switched off in words", IPHONES, switched("false"), False),
    ("switched on", IPHONES, switched(True), True),
    ("encrypted", IPHONES, [blocking(APP, IsEncrypted=True)], False),
    ("encrypted by number", IPHONES, [blocking(APP, IsEncrypted=1)], False),
    ("not encrypted", IPHONES, [blocking(APP, IsEncrypted=False)], True),
    ("a profile of another type", IPHONES, [blocking(APP, PayloadType="configuration")], False),
    ("a list of lists", IPHONES, listed(blockedAppBundleIDs=[[APP]]), False),
    ("a text for a list", IPHONES, listed(blockedAppBundleIDs=APP), False),
    ("a space more", IPHONES, listed(blockedAppBundleIDs=[f"{APP} "]), False),
    ("a wildcard", IPHONES, listed(blockedAppBundleIDs=["com.chat.*"]), False),
    ("allowed too", IPHONES, listed(blockedAppBundleIDs=[APP], allowListedAppBundleIDs=[APP]), True),
    ("only allowed", IPHONES, listed(allowListedAppBundleIDs=["org.own", APP]), False),
    ("allowed by one list of two", IPHONES, [*listed(allowListedAppBundleIDs=["org.own"]), plist(restrictions(allowListedAppBundleIDs=[APP]), name="b")], True),
    ("one app alone", IPHONES, [locked("org.own")], True),
    ("one app alone, the banned one", IPHONES, [locked(APP)], False),
    ("Santa on an iPhone", IPHONES, [santa(DENY)], False),
    ("Santa for a user", MACS, [santa(DENY, PayloadScope="User")], False),
    ("Santa for the Mac", MACS, [santa(DENY, PayloadScope="System")], True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cls", "documents", "proven"), [row[1:] for row in PROFILES], ids=[row[0] for row in PROFILES]
)
def test_what_a_profile_does(cls: DeviceClass, documents: list[Document], proven: bool) -> None:
    assert holds(documents, cls) is proven


def declared(identifier: str | None = "c", name: str = "c.json", **allowed: Any) -> Document:
    named = {} if identifier is None else {"Identifier": identifier}
    return as_json({"Type": "com.apple.configuration.app.settings", "Payload": {"Allowed": allowed}, **named}, name)


def denied(**item: str) -> list[Document]:
    return [declared(DeniedBinaries=[item])]


def let_in(**item: str) -> list[Document]:
    return [declared(AllowedBinaries=[{"TeamID": "ZZZZZZZZZZ"}, item])]


HASH = "a" * 40
DECLARATIONS = [
    ("denied", NEW_IPHONES, [declared(DeniedApps=[APP])], True),
    ("denied before 27", OLD_IPHONES, [declared(DeniedApps=[APP])], False),
    ("denied and allowed", NEW_IPHONES, [declared(DeniedApps=[APP], AllowedApps=[APP])], True),
    ("without an identifier", NEW_IPHONES, [declared(None, DeniedApps=[APP])], False),
    ("apps on a Mac", NEW_MACS, [declared(DeniedApps=[MAC])], False),
    ("a team", NEW_MACS, denied(TeamID=TEAM), True),
    ("a signing id of any team", NEW_MACS, denied(SigningID=MAC), True),
    ("a signing id of another team", NEW_MACS, denied(SigningID=MAC, TeamID="ZZZZZZZZZZ"), False),
    ("a team in small letters", NEW_MACS, denied(TeamID=TEAM.lower()), False),
    ("a team in one folder", NEW_MACS, denied(TeamID=TEAM, PathPrefix="/Applications"), False),
    ("a team from the store alone", NEW_MACS, denied(TeamID=TEAM, SigningState="AppStore"), False),
    ("one version", NEW_MACS, denied(CDHash=HASH), False),
    ("not on the allow list", NEW_MACS, let_in(TeamID="YYYYYYYYYY"), True),
    ("on the allow list", NEW_MACS, let_in(TeamID=TEAM, SigningID=MAC), False),
    ("one version on the allow list", NEW_MACS, let_in(TeamID=TEAM, CDHash=HASH), False),
    ("a folder on the allow list", NEW_MACS, let_in(PathPrefix="/Applications"), False),
    ("everything signed on the allow list", NEW_MACS, let_in(SigningState="All"), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cls", "documents", "proven"), [row[1:] for row in DECLARATIONS], ids=[row[0] for row in DECLARATIONS]
)
def test_what_a_declaration_does(cls: DeviceClass, documents: list[Document], proven: bool) -> None:
    assert holds(documents, cls) is proven


def custom(inner: Document, kind: str = "macOSCustomConfiguration", **keys: Any) -> list[Document]:
    payload = base64.b64encode(inner.data).decode()
    return [graph(kind, payload=payload, assignments=[EVERYONE], **keys)]


def jamf(inner: Document, general: str = "", *, mac: bool = False, scope: str = "") -> list[Document]:
    root, every = (
        ("os_x_configuration_profile", "all_computers") if mac else ("configuration_profile", "all_mobile_devices")
    )
    kept = scope or f"<{every}>true</{every}>"
    payloads = escape(inner.data.decode(), quote=False)
    head = f"<general><id>3</id><name>Ban</name>{general}<payloads>{payloads}</payloads></general>"
    return [xml(f"<{root}>{head}<scope>{kept}</scope></{root}>", "jamf.xml")]


def method(word: str) -> str:
    return f"<deployment_method>{word}</deployment_method>"


def excluded(part: str) -> str:
    return f"<all_mobile_devices>true</all_mobile_devices><exclusions>{part}</exclusions>"


USER = "<users><user><name>bob</name></user></users>"
WRAPPED = [
    ("a profile of Intune", IPHONES, custom(blocking(APP), "iosCustomConfiguration"), True),
    ("a profile for Macs with a key for iPhones", IPHONES, custom(blocking(APP)), False),
    ("Santa by Intune", MACS, custom(santa(DENY)), True),
    ("Santa for a user by Intune", MACS, custom(santa(DENY), deploymentChannel="userChannel"), False),
    ("Santa for the device by Intune", MACS, custom(santa(DENY), deploymentChannel="deviceChannel"), True),
    ("Santa by Jamf", MACS, jamf(santa(DENY), mac=True), True),
    ("Santa for a user by Jamf", MACS, jamf(santa(DENY), "<level>user</level>", mac=True), False),
    ("Santa for the device by Jamf", MACS, jamf(santa(DENY), "<level>System</level>", mac=True), True),
    ("Jamf installs it", IPHONES, jamf(blocking(APP), method("Install Automatically")), True),
    ("Jamf offers it", IPHONES, jamf(blocking(APP), method("Make Available in Self Service")), False),
    ("Jamf offers it in other letters", IPHONES, jamf(blocking(APP), method("make available in Self Service")), False),
    ("Jamf does something else", IPHONES, jamf(blocking(APP), method("Later")), False),
    ("Jamf's scope is of Macs", IPHONES, jamf(blocking(APP), scope="<all_computers>true</all_computers>"), False),
    ("Jamf leaves a user out", IPHONES, jamf(blocking(APP), scope=excluded(USER)), False),
    ("Jamf limits it to a user", IPHONES, jamf(blocking(APP), scope=f"<all_mobile_devices>true</all_mobile_devices><limitations>{USER}</limitations>"), False),
    ("Jamf sends it to all users", IPHONES, jamf(blocking(APP), scope="<all_jss_users>true</all_jss_users>"), False),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "documents", "proven"), [row[1:] for row in WRAPPED], ids=[row[0] for row in WRAPPED])
def test_what_becomes_of_a_profile_that_an_mdm_carries(
    cls: DeviceClass, documents: list[Document], proven: bool
) -> None:
    assert holds(documents, cls) is proven


PREFIX = "com.apple.applicationaccess_"
GROUP = f"{PREFIX}com.apple.applicationaccess"


def setting(**keys: Any) -> dict[str, Any]:
    kind = f"{GRAPH}deviceManagementConfigurationSimpleSettingCollectionInstance"
    values = {"simpleSettingCollectionValue": [{"value": APP}]}
    return {"@odata.type": kind, "settingDefinitionId": f"{PREFIX}blockedappbundleids", **values, **keys}


def catalog(instance: dict[str, Any], platforms: str = "iOS") -> list[Document]:
    settings = [{"settingInstance": instance}]
    return [as_json({"platforms": platforms, "technologies": "mdm", "settings": settings, "assignments": [EVERYONE]})]


def below(parent: str, child: dict[str, Any]) -> dict[str, Any]:
    return {"settingDefinitionId": parent, "groupSettingCollectionValue": [{"children": [child]}]}


def chosen(parent: str, child: dict[str, Any]) -> dict[str, Any]:
    return {"settingDefinitionId": parent, "choiceSettingValue": {"value": f"{parent}_false", "children": [child]}}


CATALOG = [
    ("in its group", catalog(below(GROUP, setting())), True),
    ("for Macs", catalog(below(GROUP, setting()), "macOS"), False),
    ("below another payload", catalog(below("com.apple.app.lock_com.apple.app.lock", setting())), False),
    ("below no group", catalog(setting()), False),
    ("below a choice", catalog(chosen(f"{PREFIX}allowappclips", setting())), False),
    ("an instance that holds one value", catalog(below(GROUP, setting(**{"@odata.type": f"{GRAPH}x"}))), False),
]


@pytest.mark.parametrize(("documents", "proven"), [row[1:] for row in CATALOG], ids=[row[0] for row in CATALOG])
def test_where_a_setting_of_the_catalog_stands(documents: list[Document], proven: bool) -> None:
    assert holds(documents, IPHONES) is proven


PCS = device("windows", ">=10", "PCs", groups=("field",))
NODE = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/g/{}/Policy"
DENIED = publisher_rule("O=CHAT INC")


def exe(*rules: str, mode: str = "Enabled", kind: str = "Exe") -> Document:
    return xml(rules_xml(DEFAULT_EXE, *rules, mode=mode, kind=kind), "exe.xml")


def appx(rule: str) -> Document:
    return xml(rules_xml(DEFAULT_APPX, rule, kind="Appx"), "appx.xml")


PACKAGE = appx(publisher_rule("*", "Chat.App"))
EXCEPT = '<Exceptions><FilePathCondition Path="*"/></Exceptions>'
NEWER = '<BinaryVersionRange LowSection="9.0.0.0" HighSection="*"/>'
ELSE = rules_xml(DEFAULT_EXE, publisher_rule("O=ELSE"))
COLLECTIONS = rules_xml(DEFAULT_EXE, DENIED) + rules_xml(DEFAULT_EXE, mode="AuditOnly")


def oma(
    node: str = NODE.format("EXE"), kind: str = "omaSettingString", value: str = "", name: str = "oma.json"
) -> Document:
    kept = {"@odata.type": f"{GRAPH}{kind}", "omaUri": node, "value": value or rules_xml(DEFAULT_EXE, DENIED)}
    return graph("windows10CustomConfiguration", name, omaSettings=[kept], assignments=[EVERYONE])


WINDOWS = [
    ("a publisher and a package", [exe(DENIED), PACKAGE], True),
    ("the program alone, which stops every package", [exe(DENIED)], True),
    ("the program, and a package that is let in", [exe(DENIED), appx("")], False),
    ("one program of the package", [exe(DENIED), appx(publisher_rule("*", "Chat.App", "X.EXE"))], False),
    ("an exception", [exe(publisher_rule("O=CHAT INC", extra=EXCEPT)), PACKAGE], False),
    ("newer versions alone", [exe(publisher_rule("O=CHAT INC", versions=NEWER)), PACKAGE], False),
    ("one product", [exe(publisher_rule("O=CHAT INC", "X")), PACKAGE], False),
    ("administrators alone", [exe(publisher_rule("O=CHAT INC", sid="S-1-5-32-544")), PACKAGE], False),
    ("not configured", [exe(DENIED, mode="NotConfigured"), PACKAGE], False),
    ("audited", [exe(DENIED, mode="AuditOnly"), PACKAGE], False),
    ("a mode in small letters", [exe(DENIED, mode="enabled"), PACKAGE], False),
    ("an action in small letters", [exe(publisher_rule("O=CHAT INC", action="deny")), PACKAGE], False),
    ("libraries", [exe(DENIED, kind="Dll"), PACKAGE], False),
    ("installers", [exe(DENIED, kind="Msi"), PACKAGE], False),
    ("two collections, one audited", [xml(f"<AppLockerPolicy Version='1'>{COLLECTIONS}</AppLockerPolicy>"), PACKAGE], False),
    ("allowed too", [exe(DENIED, publisher_rule("O=CHAT INC", action="Allow")), PACKAGE], True),
    ("a publisher in small letters", [exe(publisher_rule("O=Chat Inc")), PACKAGE], False),
    ("a path", [exe(path_rule("*\\chat.exe")), PACKAGE], False),
    ("by Intune", [oma(), PACKAGE], True),
    ("two objects, one node", [oma(), oma(value=ELSE, name="b"), PACKAGE], False),
    ("two objects, one node in other letters", [oma(), oma(NODE.format("exe").lower(), value=ELSE, name="b"), PACKAGE], False),
    ("two objects, two nodes", [oma(), oma(NODE.replace("/{}", "s/{}").format("EXE"), value=ELSE, name="b"), PACKAGE], False),
    ("two objects that are the same", [oma(), oma(name="b"), PACKAGE], True),
    ("by Intune, as bytes", [oma(kind="omaSettingBase64"), PACKAGE], False),
    ("by Intune, as a number", [oma(kind="omaSettingInteger"), PACKAGE], False),
    ("by Intune, escaped", [oma(value=escape(rules_xml(DEFAULT_EXE, DENIED))), PACKAGE], False),
    ("by Intune, in the node of packages", [oma(NODE.format("StoreApps")), PACKAGE], False),
    ("by Intune, for a user", [oma(NODE.replace("./", "./User/").format("EXE")), PACKAGE], False),
    ("by Intune, in another area", [oma(NODE.replace("ApplicationLaunchRestrictions", "EnterpriseDataProtection").format("EXE")), PACKAGE], False),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "proven"), [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS])
def test_what_windows_refuses(documents: list[Document], proven: bool) -> None:
    assert holds(documents, PCS) is proven


def called(*bundles: str, name: str, identifier: str = "gov.example.ban") -> Document:
    return plist(restrictions(blockedAppBundleIDs=list(bundles)), name=name, PayloadIdentifier=identifier)


def turned_on(*names: str) -> Document:
    return as_json({"Type": "com.apple.activation.simple", "Payload": {"StandardConfigurations": names}}, "a.json")


FIRST, SECOND = called(APP, "org.own", name="a"), called("org.own", name="b")
OTHERS = [
    called("org.own", name=f"{number} {side}", identifier=f"gov.example.{number}")
    for number in range(9)
    for side in "ab"
]
RIVALS = [
    ("one identifier, one list without the app", IPHONES, [FIRST, SECOND], False),
    ("the same the other way round", IPHONES, [SECOND, FIRST], False),
    ("one identifier, both lists with the app", IPHONES, [FIRST, called(APP, name="b")], True),
    ("the same profile twice", IPHONES, [FIRST, called("org.own", APP, name="b")], True),
    ("one identifier, no list at all", IPHONES, [FIRST, plist(restrictions(allowCamera=False), name="b", PayloadIdentifier="gov.example.ban")], False),
    ("other identifiers", IPHONES, [FIRST, called("org.own", name="b", identifier="gov.example.other")], True),
    ("two identifiers, each once with the app", IPHONES, [FIRST, SECOND, called(APP, name="c", identifier="x"), called("org.own", name="d", identifier="x")], False),
    ("two identifiers, one with the app for certain", IPHONES, [FIRST, SECOND, called(APP, name="c", identifier="x")], True),
    ("very many of them that do the same", IPHONES, [FIRST, *OTHERS], True),
    ("very many of them", IPHONES, [FIRST, SECOND, *(called(f"org.{n}", name=f"{n}", identifier=f"i{n % 9}") for n in range(18))], False),
    ("two declarations of one identifier", NEW_IPHONES, [declared(DeniedApps=[APP]), declared(name="b", DeniedApps=["org.own"])], False),
    ("the same, activated", NEW_IPHONES, [declared(DeniedApps=[APP]), declared(name="b", DeniedApps=["org.own"]), turned_on("c")], False),
    ("two declarations", NEW_IPHONES, [declared(DeniedApps=[APP]), declared("d", "b", DeniedApps=["org.own"])], True),
    ("one of two is turned on", NEW_IPHONES, [declared(DeniedApps=[APP]), declared("d", "b", DeniedApps=["org.own"]), turned_on("d")], False),
    ("Santa's rules in two profiles", MACS, [santa(DENY), santa(("BLOCKLIST", "TEAMID", "ZZZZZZZZZZ"), name="b")], False),
    ("Santa's rules in two profiles with the team", MACS, [santa(DENY), santa(DENY, DENY_SIGNED, name="b")], True),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "documents", "proven"), [row[1:] for row in RIVALS], ids=[row[0] for row in RIVALS])
def test_a_device_keeps_one_document_of_an_identifier(
    cls: DeviceClass, documents: list[Document], proven: bool
) -> None:
    assert holds(documents, cls) is proven


def test_apps_that_rival_documents_name_differently_are_judged_apart() -> None:
    apps = [inline(name, identifier("ios", "bundle_id", f"com.{name}")) for name in ("first", "second", "third")]
    resolution = resolve([ban_list(*apps)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    documents = [called("com.first", "com.second", "com.third", name="a"), called("com.first", "com.third", name="b")]
    for given in (documents, documents[::-1]):
        found = verify(resolution, [piece(one) for one in given], NOTHING_KNOWN, Rules(DAY))
        assert [[app.name for app in gap.apps] for gap in found.gaps] == [["second"]]


def test_documents_of_one_identifier_for_other_groups_do_not_meet() -> None:
    scopes = {"a": Scope("groups", ("field",)), "b": Scope("groups", ("other",))}
    assert holds([FIRST, SECOND], IPHONES, scopes=scopes)
    assert not holds([FIRST, SECOND], IPHONES, scopes={"a": Scope("groups", ("field",)), "b": Scope("everyone")})

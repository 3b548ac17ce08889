from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import GRAPH, app, as_json, blocking, device, loose

from mdm_policy.decide import Index, judge
from mdm_policy.documents import Document
from mdm_policy.kinds import KINDS, RULES, boundaries, known_kinds, read, read_each
from mdm_policy.kinds.accounting import unjudged

WORDS = [
    "applications", "packageName", "installType", "BLOCKED", "disabled", "playStoreMode", "BLACKLIST", "WHITELIST",
    "personalUsagePolicies", "personalApplications", "personalPlayStoreMode", "ALLOWLIST", "advancedSecurityOverrides",
    "untrustedAppsPolicy", "managedConfiguration", "URLBlocklist", "com.android.chrome", "changes", "application",
    "updateMask", "query", "body", "PayloadContent", "PayloadType", "com.apple.applicationaccess", "StaticRules",
    "com.apple.applicationaccess.new", "com.northpolesec.santa", "com.apple.webcontent-filter", "com.apple.app.lock",
    "blockedAppBundleIDs", "allowListedAppBundleIDs", "familyControlsEnabled", "pathDenyList", "pathAllowList",
    "DenyListURLs", "identifier", "policy", "rule_type", "TEAMID", "BLOCKLIST", "5A4RE8SF68", "App", "Identifier",
    "Type", "Payload", "Allowed", "com.apple.configuration.app.settings", "com.apple.activation.simple", "DeniedApps",
    "DeniedBinaries", "AllowedBinaries", "TeamID", "SigningID", "StandardConfigurations", "RemovalDate", "assignments",
    "target", "intent", "uninstall", "required", "settings", "settingInstance", "settingDefinitionId", "children",
    "com.apple.applicationaccess_blockedappbundleids", "groupSettingCollectionValue", "simpleSettingCollectionValue",
    "value", "@odata.type", "omaSettings", "omaUri", "appsVisibilityList", "appsVisibilityListType", "packageId",
    "appsNotInListCompliant", "appsInListCompliant", "compliantAppsList", "compliantAppListType", "appId",
    "policyEnforcementRules", "blockAction", "wipeAction", "blockAfterDays", "wipeAfterDays", "scheduledActionsForRule",
    "scheduledActionConfigurations", "actionType", "block", "gracePeriodHours", "restrictedApps", "@odata.context",
    "appStoreUrl", "personalProfilePlayStoreMode", "personalProfilePersonalApplications", "blockedApps", "com.a.b",
    *(GRAPH + name for name in ("iosGeneralDeviceConfiguration", "androidDeviceOwnerGeneralDeviceConfiguration",
      "androidManagedStoreApp", "windows10CustomConfiguration", "iosCustomConfiguration", "iosCompliancePolicy",
      "androidGeneralDeviceConfiguration", "allDevicesAssignmentTarget", "groupAssignmentTarget")),
]  # fmt: skip
WORD = st.sampled_from(WORDS)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary(max_size=5)
    | st.dates()
    | st.datetimes()
    | WORD
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORD | st.text(max_size=6), below, max_size=6),
    max_leaves=40,
)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(known_kinds()), value=VALUES, inner=st.sampled_from(known_kinds()), below=VALUES)
def test_no_value_whatsoever_makes_a_reader_raise(kind: str, value: Any, inner: str, below: Any) -> None:
    embedded = ("/payload", loose(inner, below))
    document = Document("any", kind, "json", value, b"", (embedded, ("/omaSettings/0/value", embedded[1])))
    reading = read(document)
    assert {id(effect.rule) for effect in reading.effects} <= {id(rule) for rule in reading.rules}
    assert all(rule.why for rule in reading.rules if rule.sense == "none")
    assert reading.effects or reading.rules or reading.findings or reading.activates
    assert len(read_each(document)) in ((2, 3) if KINDS[kind].is_page else (1,))
    assert unjudged(document, reading.columns) == unjudged(document, reading.columns)
    for platform in ("ios", "android"):
        judge(Index([reading]), device(platform), app(("ios", "bundle_id", "com.a.b")), "2026-11-24")


def test_a_deep_settings_catalog_is_walked_without_recursion() -> None:
    node: dict[str, Any] = {"settingDefinitionId": "x"}
    for _ in range(5000):
        node = {"settingDefinitionId": "x", "groupSettingCollectionValue": [{"children": [node]}]}
    assert read(loose("intune-settings-catalog", {"settings": [{"settingInstance": node}]})).effects == ()


def test_every_kind_but_unknown_has_a_reader() -> None:
    assert set(known_kinds()) == set(KINDS)


def test_an_unknown_document_is_an_error() -> None:
    (finding,) = read(as_json({"a": 1})).findings
    assert (finding.id, finding.severity) == ("document-unknown", "error")


def test_rules_are_facts_with_a_source_and_a_permanent_name() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id), rule.id
        assert rule.fact.text, rule.id
        assert rule.fact.source, rule.id
        assert rule.introduced, rule.id
        assert rule.escapes or rule.strength != "partial", rule.id


def test_boundaries_come_from_the_rules() -> None:
    assert boundaries("ios") == ((4,), (6,), (7,), (9,), (9, 3), (14, 5), (15,), (27,))
    assert boundaries("android") == ((11,),)
    assert boundaries("chromeos") == ()


@pytest.mark.parametrize("count", [1, 1000])
def test_a_long_list_has_as_many_effects(count: int) -> None:
    assert len(read(blocking(*(f"com.x.a{n}" for n in range(count)))).effects) == count

"""What each field of an Android policy has to do with apps: carried, harmless, a spelled-out default, or unjudged."""

from __future__ import annotations

from typing import Any

import pytest
from kind_documents import as_json

from mdm_policy.kinds import read
from mdm_policy.kinds.accounting import leaves
from mdm_policy.kinds.android.description import messages
from mdm_policy.kinds.android.keys import _ACTING

BLOCKED = {"packageName": "com.x.y", "installType": "BLOCKED"}


def told(value: Any) -> set[tuple[str, str]]:
    document = as_json(value)
    return {(leaf.role, leaf.where) for leaf, _ in leaves(document, read(document).columns)}


def policy(*apps: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"playStoreMode": "BLACKLIST", "applications": [BLOCKED, *apps], **top}


def app(package: str = "com.ok.app", **keys: Any) -> dict[str, Any]:
    return {"packageName": package, "installType": "AVAILABLE", **keys}


@pytest.mark.parametrize(
    "more",
    [
        {"name": "enterprises/x/policies/y", "version": "9"},
        {"debuggingFeaturesAllowed": True, "uninstallAppsDisabled": True, "installAppsDisabled": True},
        {"advancedSecurityOverrides": {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"}},
        {"advancedSecurityOverrides": {"googlePlayProtectVerifyApps": "VERIFY_APPS_ENFORCED"}},
        {"addUserDisabled": False, "kioskCustomLauncherEnabled": False},
        {"crossProfilePolicies": {"crossProfileCopyPaste": "CROSS_PROFILE_COPY_PASTE_UNSPECIFIED"}},
        {
            "personalUsagePolicies": {
                "personalPlayStoreMode": "BLOCKLIST",
                "privateSpacePolicy": "PRIVATE_SPACE_ALLOWED",
            }
        },
        {"shortSupportMessage": {"defaultMessage": ""}},
    ],
    ids=["names", "carried", "untrusted", "play-protect", "switches", "below", "personal", "empty-text"],
)
def test_what_says_nothing_more_is_quiet(more: dict[str, Any]) -> None:
    assert told(policy(**more)) == set()


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (policy(bluetoothDisabled=True), "/bluetoothDisabled"),
        (policy(passwordPolicies=[{"passwordMinimumLength": 8}]), "/passwordPolicies/*/passwordMinimumLength"),
        (policy(blockApplicationsEnabled=True), "/blockApplicationsEnabled"),
        (policy(privateKeySelectionEnabled=True), "/privateKeySelectionEnabled"),
        (policy(openNetworkConfiguration={"a": [{"b": 1}]}), "/openNetworkConfiguration/a/*/b"),
        (policy(app(autoUpdateMode="AUTO_UPDATE_POSTPONED")), "/applications/*/autoUpdateMode"),
        (policy(app(managedConfiguration={"email": "x"})), "/applications/*/managedConfiguration/email"),
        (
            policy(app("com.android.chrome", managedConfiguration={"HomepageLocation": "x"})),
            "/applications/*/managedConfiguration/HomepageLocation",
        ),
        (
            policy(personalUsagePolicies={"privateSpacePolicy": "PRIVATE_SPACE_DISALLOWED"}),
            "/personalUsagePolicies/privateSpacePolicy",
        ),
    ],
)
def test_what_concerns_no_app_is_harmless(value: Any, where: str) -> None:
    assert told(value) == {("harmless", where)}


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (policy(addUserDisabled=True), "/addUserDisabled"),
        (policy(modifyAccountsDisabled=True), "/modifyAccountsDisabled"),
        (policy(ensureVerifyAppsEnabled=False), "/ensureVerifyAppsEnabled"),
        (
            policy(advancedSecurityOverrides={"googlePlayProtectVerifyApps": "VERIFY_APPS_USER_CHOICE"}),
            "/advancedSecurityOverrides/googlePlayProtectVerifyApps",
        ),
        (policy(name="enterprises/x/policies/y", version="1", newer={"a": 1}), "/newer/a"),
        (policy(app(delegatedScopes=["PACKAGE_ACCESS"])), "/applications/*/delegatedScopes/*"),
        (
            policy(app("com.samsung.android.knox.kpu", managedConfiguration={"doPolicies": {"x": True}})),
            "/applications/*/managedConfiguration/doPolicies/x",
        ),
        (
            policy(app("org.mozilla.firefox", managedConfiguration={"URLBlocklist": "[]"})),
            "/applications/*/managedConfiguration/URLBlocklist",
        ),
        (
            policy(app("com.android.chrome", managedConfiguration={"ProxyMode": "direct"})),
            "/applications/*/managedConfiguration/ProxyMode",
        ),
    ],
)
def test_what_may_act_on_apps_is_unjudged(value: Any, where: str) -> None:
    assert told(value) == {("unjudged", where)}


def test_requests_are_accounted_for_too() -> None:
    change = {"application": {**BLOCKED, "autoUpdateMode": "AUTO_UPDATE_POSTPONED"}, "updateMask": "installType"}
    assert told({"changes": [change]}) == {("harmless", "/changes/*/application/autoUpdateMode")}
    body = {"personalUsagePolicies": {"personalApplications": [BLOCKED], "cameraDisabled": True}}
    patch = {"method": "PATCH", "query": {"updateMask": "personalUsagePolicies"}, "body": body}
    assert told(patch) == {("harmless", "/personalUsagePolicies/cameraDisabled")}


def test_the_fields_that_act_are_fields() -> None:
    known = messages()
    assert [(name, key) for name, keys in _ACTING.items() for key in keys if key not in known[name]] == []

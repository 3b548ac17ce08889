"""Check the options a deployment sets against the manifests, and see them reach the documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from build_kit import PLACE, TARGETS, built, identifier, inline, resolved

from mdm_policy.build import check_options

_JAMF, _APPLE = "jamf-mobile-profile", "apple-ios-restrictions"
_WRONG: list[Any] = [
    pytest.param({"absent": {}}, [("unknown-target", "options name 'absent', which is not a target", "")], id="an unknown target"),
    pytest.param({_APPLE: {"web": True}}, [("unknown-option", "target 'apple-ios-restrictions' has no option 'web'", "options: deny_urls, legacy_key")], id="an unknown option"),
    pytest.param({"apple-ddm-apps": {"web": True}}, [("unknown-option", "target 'apple-ddm-apps' has no option 'web'", "options: none")], id="a target without options"),
    pytest.param({_APPLE: {"deny_urls": 1}}, [("option-value", "option apple-ios-restrictions.deny_urls is 1, not bool", "")], id="a number for a boolean"),
    pytest.param({_APPLE: {"deny_urls": "true"}}, [("option-value", "option apple-ios-restrictions.deny_urls is 'true', not bool", "")], id="text for a boolean"),
    pytest.param({_JAMF: {"redeploy_on_update": "Never"}}, [("option-value", "option jamf-mobile-profile.redeploy_on_update is 'Never', not Newly Assigned or All", "")], id="none of the choices"),
    pytest.param({_JAMF: {"redeploy_on_update": True}}, [("option-value", "option jamf-mobile-profile.redeploy_on_update is True, not Newly Assigned or All", "")], id="a boolean for a choice"),
    pytest.param({_JAMF: {"x": 1}, "absent": {}, _APPLE: {"y": 1}}, [("unknown-target", "options name 'absent', which is not a target", ""), ("unknown-option", "target 'apple-ios-restrictions' has no option 'y'", "options: deny_urls, legacy_key"), ("unknown-option", "target 'jamf-mobile-profile' has no option 'x'", "options: redeploy_on_update")], id="all of them at once"),
    pytest.param({_JAMF: {"redeploy_on_update": "All"}, _APPLE: {"deny_urls": True}}, [], id="right ones"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "expected"), _WRONG)
def test_options_are_checked(options: dict[str, dict[str, Any]], expected: list[tuple[str, str, str]]) -> None:
    found = check_options(TARGETS, options, PLACE)
    assert sorted((one.id, one.message, one.hint) for one in found) == sorted(expected)
    assert all(one.origin == PLACE for one in found)


_BANS = [
    inline(
        "App",
        identifier("ios", "bundle_id", "com.example.a"),
        identifier("android", "package_name", "com.example.a"),
        identifier("web", "domain", "a.example"),
        identifier("macos", "process_name", "a"),
    )
]
_APPLIED: list[Any] = [
    pytest.param(_APPLE, "our-list.mobileconfig", {"deny_urls": True}, b"DenyListURLs", id="the web filter"),
    pytest.param(_APPLE, "our-list.mobileconfig", {"legacy_key": True}, b"blacklistedAppBundleIDs", id="the old key"),
    pytest.param(_JAMF, "our-list.xml", {"redeploy_on_update": "All"}, b"<redeploy_on_update>All<", id="a choice"),
    pytest.param("jamf-restricted-software", "a.xml", {"delete_executable": True}, b"<delete_executable>true<", id="deletion"),
    pytest.param("amapi-byod", "our-list.policy.json", {"url_blocklist": True}, b"URLBlocklist", id="Chrome's list, work profile"),
    pytest.param("amapi-cope", "our-list.policy.json", {"url_blocklist": True}, b"URLBlocklist", id="Chrome's list, company-owned"),
    pytest.param("amapi-fully-managed", "our-list.policy.json", {"url_blocklist": True}, b"URLBlocklist", id="Chrome's list, fully managed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "options", "trace"), _APPLIED)
def test_an_option_reaches_its_document(name: str, path: str, options: dict[str, Any], trace: bytes) -> None:
    made, files = built(resolved(*_BANS), [name], options={name: options})
    assert trace in files[f"{name}/{path}"]
    assert made.options[name] == TARGETS[name].options({}) | options
    plain = TARGETS[name].options({})
    without = {key: not value if isinstance(value, bool) else plain[key] for key, value in options.items()}
    assert trace not in built(resolved(*_BANS), [name], options={name: without})[1][f"{name}/{path}"]


def test_an_embedded_document_follows_the_options_of_the_same_name() -> None:
    """The Jamf target has no `deny_urls`, so the profile it carries is the plain one."""
    options = {_APPLE: {"deny_urls": True}}
    _, files = built(resolved(*_BANS), [_APPLE, "jamf-mobile-profile"], options=options)
    assert b"DenyListURLs" in files[f"{_APPLE}/our-list.mobileconfig"]
    assert b"DenyListURLs" not in files["jamf-mobile-profile/our-list.xml"]


def test_chromes_list_is_json_in_a_text() -> None:
    _, files = built(resolved(*_BANS), ["amapi-byod"], options={"amapi-byod": {"url_blocklist": True}})
    chrome = json.loads(files["amapi-byod/our-list.policy.json"])["applications"][-1]
    assert json.loads(chrome["managedConfiguration"]["URLBlocklist"]) == ["a.example"]

"""What the Android Management API refuses whole, by its own description and by the sentences beside it."""

from __future__ import annotations

from typing import Any

import pytest
from kind_documents import as_json, does, says

from mdm_policy.kinds import open_document, read, read_each
from mdm_policy.kinds.android.description import messages
from mdm_policy.kinds.android.words import DEPRECATED

MM = "com.tencent.mm"
BLOCKED = {"packageName": MM, "installType": "BLOCKED"}
STORED = {"name": "enterprises/x/policies/y", "version": "4"}


def policy(*apps: dict[str, Any], **top: Any) -> Any:
    return as_json({"playStoreMode": "BLACKLIST", "applications": [BLOCKED, *apps], **top})


def app(**keys: Any) -> dict[str, Any]:
    return {"packageName": "com.ok.app", "installType": "AVAILABLE", **keys}


def outcome(document: Any) -> str:
    """Return what becomes of the block: holds, refused (it has no effect), or unknown."""
    rule = next(effect.rule for effect in read(document).effects if effect.value == MM)
    if rule.sense == "none":
        return "refused" if rule.cause == "refused" else rule.cause
    return "unknown" if rule.verdict == "unknown" else "holds"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", []), ("utf-8-sig", ["json-marked"]), ("utf-16", ["json-marked"])],
)
def test_a_mark_that_googles_parser_refuses_is_told_and_what_follows_is_judged(encoding: str, said: list[str]) -> None:
    document = open_document("p.json", policy().data.decode().encode(encoding))
    assert says(document) == sorted([*says(policy()), *said])
    assert outcome(document) == "holds"


def test_a_mark_before_a_page_that_google_answered_is_no_request() -> None:
    page = {"policies": [{**STORED, "applications": [BLOCKED]}]}
    document = open_document("p.json", as_json(page).data.decode().encode("utf-8-sig"))
    assert "json-marked" not in [finding.id for reading in read_each(document) for finding in reading.findings]


CERT = {"signingKeyCertFingerprintSha256": "R2f7ZgZSHaY2ciZ0yJ8xqkbY0bK3Dq1Ml0yFZz2bU0w="}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        pytest.param(policy(bannedApps=[]), "refused", id="unknown-field"),
        pytest.param(policy(app(autoStart=True)), "refused", id="unknown-field-of-an-app"),
        pytest.param(policy(kioskCustomization={"home": "X"}), "refused", id="unknown-field-one-level-down"),
        pytest.param(
            policy(statusReportingSettings={"applicationReportingSettings": {"all": True}}),
            "refused",
            id="unknown-field-two-levels-down",
        ),
        pytest.param(policy(**{"a/b": 1}), "refused", id="unknown-field-with-a-slash"),
        pytest.param(policy(systemUpdate={"type": "NIGHTLY"}), "refused", id="wrong-word"),
        pytest.param(policy(keyguardDisabledFeatures=["CAMERA", "camera"]), "refused", id="wrong-word-in-a-list"),
        pytest.param(policy(app(permissionGrants=[{"policy": "NEVER"}])), "refused", id="wrong-word-of-an-app"),
        pytest.param(policy(bluetoothDisabled="true"), "refused", id="text-for-boolean"),
        pytest.param(policy(bluetoothDisabled=1), "refused", id="number-for-boolean"),
        pytest.param(policy(frpAdminEmails="a@example.com"), "refused", id="text-for-list"),
        pytest.param(policy(frpAdminEmails=["a@example.com", None]), "refused", id="null-in-a-list"),
        pytest.param(policy(openNetworkConfiguration="{}"), "refused", id="text-for-object"),
        pytest.param(policy(app(managedConfiguration=[])), "refused", id="list-for-object"),
        pytest.param(policy(minimumApiLevel=3_000_000_000), "refused", id="number-too-large"),
        pytest.param(policy(maximumTimeToLock="soon"), "refused", id="word-for-number"),
        pytest.param(policy(minimumApiLevel="30"), "unknown", id="quoted-number"),
        pytest.param(policy(minimumApiLevel=30.0), "unknown", id="number-with-a-point"),
        pytest.param(policy(appAutoUpdatePolicy=2), "unknown", id="number-for-a-word"),
        pytest.param(policy(app_auto_update_policy="NEVER"), "unknown", id="field-with-underscores"),
        pytest.param(policy(app(AutoUpdateMode="AUTO_UPDATE_DEFAULT")), "unknown", id="field-in-another-case"),
        pytest.param(policy({"packageName": "", "installType": "BLOCKED"}), "unknown", id="empty-package"),
        pytest.param(policy({"installType": "BLOCKED"}), "unknown", id="no-package"),
        pytest.param(
            policy(personalUsagePolicies={"personalApplications": [{"installType": "BLOCKED"}]}),
            "unknown",
            id="no-package-on-the-personal-side",
        ),
        pytest.param(policy(app(installType="CUSTOM")), "refused", id="custom-without-certificates"),
        pytest.param(policy(app(installType="CUSTOM", signingKeyCerts=[])), "refused", id="custom-with-none"),
        pytest.param(policy(app(installType="CUSTOM", signingKeyCerts=[{}])), "unknown", id="custom-with-half-of-one"),
        pytest.param(
            policy(app(installType="CUSTOM", signingKeyCerts=[CERT], minimumVersionCode=2)),
            "unknown",
            id="custom-with-a-field-of-the-store",
        ),
        pytest.param(
            policy(*[app(packageName=f"com.ok.a{n}", installType="KIOSK") for n in (1, 2)]), "unknown", id="kiosks"
        ),
        pytest.param(policy(app(roles=[{"roleType": "KIOSK"}])), "unknown", id="kiosk-role-of-an-available-app"),
        pytest.param(
            policy(*[app(packageName=f"com.ok.a{n}", minimumVersionCode=1) for n in range(21)]),
            "unknown",
            id="minimum-versions",
        ),
        pytest.param(policy(app(installPriority=10_001)), "refused", id="priority"),
        pytest.param(policy(app(installConstraint=[{}, {}])), "refused", id="constraints"),
        pytest.param(policy(app(managedConfiguration={"a": "x" * 65_536})), "unknown", id="long-text"),
        pytest.param(policy(personalUsagePolicies={"maxDaysWithWorkOff": 2}), "refused", id="work-off-for-two-days"),
        pytest.param(
            policy(
                appFunctions="APP_FUNCTIONS_DISALLOWED",
                crossProfilePolicies={"crossProfileAppFunctions": "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"},
            ),
            "refused",
            id="app-functions",
        ),
        pytest.param(
            policy(displaySettings={"screenBrightnessSettings": {"screenBrightness": 256}}), "refused", id="brightness"
        ),
        pytest.param(
            policy(
                passwordPolicies=[
                    {"passwordScope": "SCOPE_DEVICE", "unifiedLockSettings": "REQUIRE_SEPARATE_WORK_LOCK"}
                ]
            ),
            "refused",
            id="separate-lock-of-a-device",
        ),
        pytest.param(
            policy(deviceConnectivityManagement={"apnPolicy": {"apnSettings": [{"apn": "x"}]}}), "refused", id="apn"
        ),
        pytest.param(
            policy(
                deviceConnectivityManagement={
                    "wifiRoamingPolicy": {"wifiRoamingSettings": [{"wifiSsid": "a"}, {"wifiSsid": "a"}]}
                }
            ),
            "refused",
            id="wifi-twice",
        ),
        pytest.param(policy(complianceRules=[{}] * 101), "unknown", id="compliance-rules"),
    ],
)
def test_what_the_api_refuses_proves_nothing(document: Any, wanted: str) -> None:
    assert outcome(document) == wanted
    told = [one for one in read(document).findings if one.severity in ("error", "warning")]
    assert told, "the reason is said, with its place"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(policy(app(installType="CUSTOM", signingKeyCerts=[CERT])), id="custom"),
        pytest.param(policy(app(installType="KIOSK")), id="one-kiosk"),
        pytest.param(policy(app(installType="REQUIRED_FOR_SETUP", roles=[{"roleType": "KIOSK"}])), id="kiosk-role"),
        pytest.param(
            policy(*[app(packageName=f"com.ok.a{n}", minimumVersionCode=1) for n in range(20)]), id="minimum-versions"
        ),
        pytest.param(policy(personalUsagePolicies={"maxDaysWithWorkOff": 0}), id="work-off-unlimited"),
        pytest.param(policy(personalUsagePolicies={"maxDaysWithWorkOff": 3}), id="work-off-for-three-days"),
        pytest.param(policy(openNetworkConfiguration={"NetworkConfigurations": [{"Name": 1}]}), id="any-object"),
        pytest.param(policy(app(managedConfiguration={"a": [1, {"b": None}]})), id="any-configuration"),
        pytest.param(policy(maximumTimeToLock="60000"), id="int64-as-text"),
        pytest.param(policy(maximumTimeToLock=60000), id="int64-as-number"),
        pytest.param(policy(bluetoothDisabled=None), id="null-is-nothing"),
        pytest.param(policy(shortSupportMessage={"localizedMessages": {"de": "x"}}), id="map-of-texts"),
        pytest.param(policy(cameraDisabled=True, safeBootDisabled=True), id="deprecated-and-alive"),
        pytest.param(policy(**STORED), id="answer"),
        pytest.param(policy(**STORED, newField={"a": 1}), id="answer-with-a-newer-field"),
        pytest.param(policy(app(newField=1), **STORED), id="answer-with-a-newer-field-of-an-app"),
        pytest.param(policy(systemUpdate={"type": "NIGHTLY"}, **STORED), id="answer-with-a-newer-word"),
    ],
)
def test_a_sound_policy_is_never_called_refused(document: Any) -> None:
    assert outcome(document) == "holds"
    assert not {"unknown-key", "wrong-type", "word-unknown", "policy-limit"} & set(says(document))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(policy(playStoreMode="GREYLIST", **STORED), id="store-mode"),
        pytest.param(policy(app(installType="SOON"), **STORED), id="install-type"),
        pytest.param(policy(bluetoothDisabled="true", **STORED), id="wrong-type"),
    ],
)
def test_an_answer_has_no_newer_word_that_decides_and_no_wrong_type(document: Any) -> None:
    assert outcome(document) == "refused"


def test_a_newer_field_is_named() -> None:
    [found] = [one for one in read(policy(**STORED, newField=1)).findings if one.id == "field-newer"]
    assert found.severity == "note"
    assert "'newField'" in found.message


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"application": BLOCKED, "updateMask": "installType"}, "holds"),
        ({"application": {**BLOCKED, "autoStart": True}, "updateMask": "installType"}, "refused"),
        ({"application": BLOCKED, "mask": "installType"}, "refused"),
        ({"application": {**BLOCKED, "install_type": "BLOCKED"}}, "unknown"),
        ({"application": {**BLOCKED, "installPriority": -1}}, "refused"),
    ],
    ids=["sound", "field-of-the-app", "field-of-the-change", "underscores", "limit"],
)
def test_a_request_for_single_apps_is_held_too(change: dict[str, Any], wanted: str) -> None:
    assert outcome(as_json({"changes": [change]})) == wanted


def test_each_fault_has_its_place() -> None:
    text = '{"playStoreMode": "BLACKLIST",\n"applications": [],\n"systemUpdate": {\n"type": "NIGHTLY"}}'
    from mdm_policy.kinds import open_document  # noqa: PLC0415 - the one test that needs lines

    [found] = [one for one in read(open_document("p.json", text.encode())).findings if one.id == "word-unknown"]
    assert found.origin is not None
    assert found.origin.line == 4
    assert "is not a valid value of type" in found.message


@pytest.mark.parametrize("name", ["app:com.tencent.mm", "com..x", "com.9x.a", "wechat", "com.x-y.z"])
def test_an_entry_that_matches_nothing_is_said(name: str) -> None:
    assert "entry-matches-nothing" in says(policy({"packageName": name, "installType": "BLOCKED"}))


def test_the_names_that_apps_have_are_none() -> None:
    names = ("com.tencent.mm", "com.eg.android.AlipayGphone", "android", "a.b_c.D9")
    found = policy(*({"packageName": name, "installType": "BLOCKED"} for name in names))
    assert "entry-matches-nothing" not in says(found)
    assert len(does(found)) == 1 + len(names)


def test_every_deprecated_field_is_said_to_work_or_not() -> None:
    named = {
        (name, key) for name, fields in messages().items() for key, said in fields.items() if said.get("deprecated")
    }
    assert named == DEPRECATED.keys()

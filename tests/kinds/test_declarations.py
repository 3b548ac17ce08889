from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import as_json, does, says

from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document


def settings(**allowed: Any) -> Document:
    payload = {"Allowed": allowed}
    return as_json({"Type": "com.apple.configuration.app.settings", "Identifier": "x.y", "Payload": payload})


def activation(*names: str, **payload: Any) -> Document:
    body = {"StandardConfigurations": list(names), **payload}
    return as_json({"Type": "com.apple.activation.simple", "Identifier": "x.a", "Payload": body})


DENY = "apple-ddm-denied-binaries"


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            settings(DeniedApps=["com.a.b"]),
            [("apple-ddm-denied-apps", "block", "bundle_id", "com.a.b")],
            [],
            id="apps",
        ),
        pytest.param(
            settings(AllowedApps=["com.a.b"]),
            [("apple-ddm-allowed-apps", "allow-only", "bundle_id", "com.a.b")],
            ["allow-list-sense"],
            id="allowed-apps",
        ),
        pytest.param(
            settings(
                DeniedBinaries=[
                    {"TeamID": "5A4RE8SF68", "SigningID": "com.a.b"},
                    {"TeamID": "5A4RE8SF68"},
                    {"SigningID": "com.a.b"},
                    {"CDHash": "a" * 40},
                ]
            ),
            [
                (DENY, "block", "signing_id", "5A4RE8SF68:com.a.b"),
                (DENY, "block", "team_id", "5A4RE8SF68"),
                (DENY, "block", "bundle_id", "com.a.b"),
                (DENY, "block", "cdhash", "a" * 40),
            ],
            ["app-settings-binaries"],
            id="binaries",
        ),
        pytest.param(
            settings(DeniedBinaries=[{"TeamID": "5A4RE8SF68"}, {"PathPrefix": "/Applications"}]),
            [("apple-ddm-denied-binaries", "none", "team_id", "5A4RE8SF68")],
            ["app-settings-binaries", "binary-without-identity", "no-effect"],
            id="a-binary-without-identity-refuses-all",
        ),
        pytest.param(
            settings(DeniedBinaries=[{"PathPrefix": "/Applications"}, 7]),
            [],
            ["app-settings-binaries", "binary-without-identity", "no-effect", "wrong-type"],
            id="binary-without-identity",
        ),
        pytest.param(
            settings(AllowedBinaries=[{"TeamID": "5A4RE8SF68"}]),
            [("apple-ddm-allowed-binaries", "allow-only", "team_id", "5A4RE8SF68")],
            ["allow-list-sense", "app-settings-binaries"],
            id="allowed-binaries",
        ),
        pytest.param(settings(AllowedBinaries={}), [], ["no-effect", "wrong-type"], id="no-list"),
        pytest.param(settings(DeniedApp=["com.a.b"]), [], ["declaration-key", "no-effect"], id="wrong-key"),
        pytest.param(
            settings(DeniedApps=["com.a.b"], deniedApps=["com.c.d"]),
            [("apple-ddm-denied-apps", "none", "bundle_id", "com.a.b")],
            ["declaration-key", "no-effect"],
            id="a-wrong-key-beside",
        ),
        pytest.param(
            settings(DeniedBinaries=[{"TeamID": "5A4RE8SF68", "SigningState": "all"}]),
            [("apple-ddm-denied-binaries", "none", "team_id", "5A4RE8SF68")],
            ["app-settings-binaries", "declaration-key", "no-effect"],
            id="no-signing-state",
        ),
        pytest.param(
            settings(DeniedBinaries=[{"TeamID": "5A4RE8SF68", "BundleID": "com.a.b"}]),
            [("apple-ddm-denied-binaries", "none", "team_id", "5A4RE8SF68")],
            ["app-settings-binaries", "declaration-key", "no-effect"],
            id="a-wrong-key-in-an-item",
        ),
        pytest.param(
            settings(DeniedApps=["com.a.b"], DeniedBinaries={}),
            [("apple-ddm-denied-apps", "none", "bundle_id", "com.a.b")],
            ["no-effect", "wrong-type"],
            id="a-wrong-type-beside",
        ),
        pytest.param(
            as_json({"Type": "com.apple.configuration.app.managed", "Payload": {"BundleID": "com.a.b"}}),
            [("apple-ddm-managed-app", "allow", "bundle_id", "com.a.b")],
            [],
            id="managed-app",
        ),
        pytest.param(
            as_json({"Type": "com.apple.configuration.app.managed", "Payload": {"AppStoreID": "414478124"}}),
            [("apple-ddm-managed-app", "allow", "app_store_id", "414478124")],
            [],
            id="managed-store-app",
        ),
        pytest.param(
            as_json({"Type": "com.apple.configuration.app.managed", "Payload": {}}),
            [],
            ["no-effect"],
            id="managed-nothing",
        ),
        pytest.param(
            as_json({"Type": "com.apple.configuration.legacy", "Payload": {"ProfileURL": "https://x"}}),
            [],
            ["no-effect", "profile-elsewhere"],
            id="legacy",
        ),
        pytest.param(
            as_json({"Type": "com.apple.configuration.passcode.settings", "Payload": {}}), [], ["no-effect"], id="other"
        ),
        pytest.param(activation("x.y"), [], [], id="activation"),
        pytest.param(activation("x.y", Predicate="(a)"), [], ["activation-predicate"], id="predicate"),
        pytest.param(activation(), [], ["activation-empty"], id="empty-activation"),
    ],
)
def test_what_a_declaration_does(
    document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]
) -> None:
    assert does(document) == effects
    assert says(document) == findings


def test_declarations_name_each_other() -> None:
    assert read(settings(DeniedApps=["com.a.b"])).declares == "x.y"
    reading = read(activation("x.y", "x.z", Predicate="(a)"))
    assert reading.activates == ("x.y", "x.z")
    assert reading.scope.filtered


@pytest.mark.parametrize(
    ("item", "managed", "strength"),
    [
        pytest.param({"TeamID": "5A4RE8SF68"}, False, "strong", id="identity"),
        pytest.param({"TeamID": "5A4RE8SF68", "SigningState": "All"}, False, "strong", id="all-states"),
        pytest.param({"TeamID": "5A4RE8SF68"}, True, "partial", id="managed-apps-pass"),
        pytest.param({"TeamID": "5A4RE8SF68", "PathPrefix": "/A"}, False, "weak", id="one-folder"),
        pytest.param({"TeamID": "5A4RE8SF68", "SigningState": "AppStore"}, False, "weak", id="one-state"),
        pytest.param({"CDHash": "a" * 40}, False, "weak", id="one-version"),
    ],
)
def test_every_field_beyond_the_identity_makes_a_denial_narrower(
    item: dict[str, Any], managed: bool, strength: str
) -> None:
    reading = read(settings(DeniedBinaries=[item], AlwaysAllowManagedApps=managed))
    assert reading.effects[0].rule.strength == strength
    told = [finding.id for finding in reading.findings]
    assert told == [*["managed-apps-allowed"] * managed, "app-settings-binaries"]

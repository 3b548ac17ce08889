"""Hold what somebody else's objects of the same tenant do to bans of ours: drift is never milder than verify of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulators.amapi import ENTERPRISE
from push.kits import graph, jamf
from push.stage import DAY, Stage, kit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERYONE = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
GROUP = {
    "target": {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": "0f0f0f0f-1111-4222-8333-444444444444",
    }
}
CAMERA = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "displayName": "Camera",
    "cameraBlocked": True,
}
WIFI = {
    "Type": "com.apple.configuration.passcode.settings",
    "Identifier": "codes",
    "Payload": {"RequirePasscode": True},
}
MANAGED = {
    "Type": "com.apple.configuration.app.settings",
    "Identifier": "let-past",
    "Payload": {"Allowed": {"DeniedApps": ["com.example.other"]}},
}


def another_list(*to: dict[str, Any]) -> Callable[[Any], None]:
    return lambda server: server.seed(
        "configurationPolicies", graph.catalog("Another", "by hand", "com.example.one"), list(to)
    )


def configuration(body: dict[str, Any], *to: dict[str, Any]) -> Callable[[Any], None]:
    return lambda server: server.seed("deviceConfigurations", body, list(to))


def open_policy(server: Any) -> None:
    server.seed("open", {"playStoreMode": "BLACKLIST"})


def open_policy_in_use(server: Any) -> None:
    open_policy(server)
    server.enroll("two", policyName=f"{ENTERPRISE}/policies/open")


def wifi_profile(server: Any) -> None:
    wifi = jamf.payload("com.apple.wifi.managed", "SSID_STR", "<string>Office</string>")
    server.seed(jamf.MOBILE, jamf.profile("configuration_profile", "Wi-Fi of the office", wifi))


def second_santa(server: Any) -> None:
    content = jamf.payload("com.northpolesec.santa", "ClientMode", "<integer>1</integer>")
    scope = "<scope><all_computers>true</all_computers></scope>"
    server.seed(jamf.MACS, jamf.profile("os_x_configuration_profile", "Santa by hand", content, scope=scope))


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        pytest.param("graph", another_list(EVERYONE), 11, id="graph: another value for all devices"),
        pytest.param("graph", another_list(GROUP), 11, id="graph: another value for a group that may be ours"),
        pytest.param("graph", another_list(), 0, id="graph: another value for nobody"),
        pytest.param("graph", configuration(CAMERA, EVERYONE), 0, id="graph: another setting"),
        pytest.param("amapi", open_policy, 0, id="amapi: an open policy that no device has"),
        pytest.param("amapi", open_policy_in_use, 11, id="amapi: an open policy of a device"),
        pytest.param("jamf", wifi_profile, 0, id="jamf: a Wi-Fi profile"),
        pytest.param("jamf", second_santa, 11, id="jamf: a second profile with keys of Santa"),
        pytest.param("kmfddm", lambda server: server.seed(WIFI, "default"), 0, id="kmfddm: passcodes"),
        pytest.param("kmfddm", lambda server: server.seed(MANAGED, "default"), 0, id="kmfddm: one more deny list"),
    ],
)
def test_what_somebody_else_does_in_the_tenant(
    name: str, change: Callable[[Any], Any], code: int, tmp_path: Path
) -> None:
    kit_ = kit(name)
    with kit_.emulator() as emulator:
        stage = Stage(kit_, emulator, tmp_path)
        assert stage.plan().code == 10
        assert stage.apply().code == 0, stage.printed[-1]
        change(emulator)
        drift = stage.drift()
        assert drift.code == code, drift.out + drift.err
        assert ("ban-undone" in drift.err) == (code == 11)
        saved = tmp_path / "saved"
        live = stage.run("assess", "--deployment", stage.deployment, "--as-of", DAY, "--save", saved)
        offline = stage.run("verify", saved, "--deployment", stage.deployment, "--as-of", DAY)
        assert live.code == offline.code
        assert code == 0 or offline.code == 11

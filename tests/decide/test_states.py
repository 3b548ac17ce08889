from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import device

from mdm_policy.decide import DeviceState, states, strongest_class
from mdm_policy.vocabulary import PLATFORMS, Platform

if TYPE_CHECKING:
    from mdm_policy.model import DeviceClass


def systems(cls: DeviceClass) -> list[str]:
    found = states(cls, cls.platform, False)
    return sorted({".".join(map(str, one.os)) for one in found}, key=lambda text: [int(p) for p in text.split(".")])


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        pytest.param(device("ios", ">=17"), ["17", "27"], id="from"),
        pytest.param(device("ios", ">=17,<27"), ["17"], id="from-to"),
        pytest.param(device("ios", "<=15"), ["0", "4", "6", "7", "9", "9.3", "14.5", "15"], id="up-to"),
        pytest.param(device("ios", ">14.5,<27"), ["14.5.1", "15"], id="above"),
        pytest.param(device("ios", "==26"), ["26"], id="exactly"),
        pytest.param(device("ios", ">=17.0.0"), ["17", "27"], id="zeros-mean-nothing"),
        pytest.param(device("ios", "<9"), ["0", "4", "6", "7"], id="below"),
        pytest.param(device("visionos"), ["0", "1.1", "2", "27"], id="any"),
        pytest.param(device("android", ">=12,<17"), ["12"], id="android"),
        pytest.param(device("ios", "<15,>=17"), [], id="impossible"),
    ],
)
def test_one_version_for_each_stretch_without_change(cls: DeviceClass, expected: list[str]) -> None:
    assert systems(cls) == expected


def test_versions_of_other_rules_are_boundaries_too() -> None:
    found = states(device("ios", ">=17"), "ios", False, versions=[(18, 4)])
    assert {one.os for one in found} == {(17,), (18, 4), (27,)}


def test_the_plainest_state_comes_first() -> None:
    first, second = states(None, "ios", False)[:2]
    assert first == DeviceState("ios", (27,), True, "automated", "", "device", "store", False)
    differs = [one for one in DeviceState.__struct_fields__ if getattr(first, one) != getattr(second, one)]
    assert len(differs) == 1
    assert states(None, "android", False)[0].mode == "fully-managed"


@pytest.mark.parametrize(
    ("cls", "field", "expected"),
    [
        pytest.param(device("ios"), "enrollment", {"automated", "device", "user"}, id="any-enrollment"),
        pytest.param(device("ios", enrollment="user"), "supervised", {False}, id="user-enrollment-is-not-supervised"),
        pytest.param(
            device("ios", enrollment="user", supervised=True), "supervised", {True}, id="unless-the-class-says-so"
        ),
        pytest.param(device("windows"), "enrollment", {""}, id="no-enrollment-on-windows"),
        pytest.param(device("android"), "mode", {"fully-managed", "dedicated", "cope", "byod"}, id="any-mode"),
        pytest.param(device("android", mode="cope"), "side", {"work", "personal"}, id="two-sides"),
        pytest.param(device("android", mode="device-administrator"), "side", {"device"}, id="other-mode"),
        pytest.param(device("android"), "origin", {"store", "sideloaded"}, id="usual-origins"),
        pytest.param(device("android", origins=("store", "web")), "origin", {"store"}, id="stated-origins"),
    ],
)
def test_what_a_class_leaves_open(cls: DeviceClass, field: str, expected: set[object]) -> None:
    assert {getattr(one, field) for one in states(cls, cls.platform, False)} == expected


def test_a_preinstalled_app_is_installed_already() -> None:
    found = [one for one in states(None, "android", True) if one.origin == "preinstalled"]
    assert found
    assert all(one.installed for one in found)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_states_in_a_fixed_order_without_doubles(platform: Platform) -> None:
    found = states(None, platform, True)
    assert len(set(found)) == len(found) > 0
    assert found == states(None, platform, True)
    newest = states(strongest_class(platform), platform, False, newest_only=True)
    assert {one.os for one in newest} == {max(one.os for one in found)}


@pytest.mark.parametrize(
    ("state", "text"),
    [
        pytest.param(
            DeviceState("ios", (17, 4), False, "user", "", "device", "store", False),
            "ios 17.4, unsupervised, user enrollment, store app, not installed yet",
            id="ios",
        ),
        pytest.param(
            DeviceState("android", (12,), False, "", "cope", "personal", "sideloaded", True),
            "android 12, cope, personal side, sideloaded app, installed already",
            id="cope",
        ),
        pytest.param(
            DeviceState("android", (12,), False, "", "dedicated", "device", "store", True),
            "android 12, dedicated, store app, installed already",
            id="dedicated",
        ),
    ],
)
def test_a_state_in_words(state: DeviceState, text: str) -> None:
    assert str(state) == text

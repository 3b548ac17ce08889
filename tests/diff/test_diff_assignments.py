"""Hold that what a document reaches is compared as a set of devices, also where nobody knows whom of a class it reaches.

A class that is declared without its groups leaves every group, filter and exclusion in doubt: both sides say unknown, and a
change of the one into the other is still a change. So is one of a document that holds what no reader judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY
from kind_documents import GRAPH, as_json, device, target

from mdm_policy import catalogue
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.diff.model import Direction
    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass

EVERYONE = target("allDevicesAssignmentTarget")
USERS = target("allLicensedUsersAssignmentTarget")


def group(name: str, filter_: str = "", mode: str = "include") -> dict[str, Any]:
    narrowed = {
        "deviceAndAppManagementAssignmentFilterId": filter_,
        "deviceAndAppManagementAssignmentFilterType": mode,
    }
    return target("groupAssignmentTarget", groupId=name, **(narrowed if filter_ else {}))


def without(name: str) -> dict[str, Any]:
    return target("exclusionGroupAssignmentTarget", groupId=name)


def strange(name: str) -> dict[str, Any]:
    return target("scopeTagGroupAssignmentTarget", entraObjectId=name)


LISTED = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": [{"appId": "com.a.b"}]}


def hidden(*assignments: dict[str, Any], **keys: Any) -> Document:
    return _object("iosGeneralDeviceConfiguration", LISTED | keys, assignments)


def uninstalled(*assignments: dict[str, Any]) -> Document:
    removed = [one | {"intent": "uninstall"} for one in assignments]
    return _object("androidManagedStoreApp", {"packageId": "com.a.b"}, removed)


def addresses(*assignments: dict[str, Any], allow: str = "") -> Document:
    name = "device_vendor_msft_policy_config_microsoft_edge~policy~microsoft_edge_url{}list"
    lists = [("block", "a.example"), *([("allow", allow)] if allow else [])]
    settings = [
        {
            "settingInstance": {
                "settingDefinitionId": name.format(sense),
                "choiceSettingValue": {
                    "value": f"{name.format(sense)}_1",
                    "children": [
                        {
                            "settingDefinitionId": f"{name.format(sense)}_url{sense}listdesc",
                            "simpleSettingCollectionValue": [{"value": site}],
                        }
                    ],
                },
            }
        }
        for sense, site in lists
    ]
    held = {"platforms": "windows10", "technologies": "mdm", "settings": settings}
    return _object("deviceManagementConfigurationPolicy", held, assignments)


def unread(*assignments: dict[str, Any], **keys: Any) -> Document:
    """Return an object that no reader judges in part: nobody says what closing the store does to apps that are there."""
    return _object("iosGeneralDeviceConfiguration", {"appStoreBlocked": True, **keys}, assignments)


def app_control(*assignments: dict[str, Any]) -> Document:
    """Return a policy in its binary form, which is not read."""
    node = "./Vendor/MSFT/ApplicationControl/Policies/2b1d2c7e-0000-4000-8000-000000000001/Policy"
    setting = {"@odata.type": f"{GRAPH}omaSettingBase64", "omaUri": node, "value": "AAAA"}
    return _object("windows10CustomConfiguration", {"omaSettings": [setting]}, assignments)


def _object(kind: str, held: dict[str, Any], assignments: Any) -> Document:
    return as_json({"@odata.type": GRAPH + kind, "id": "r", **held, "assignments": list(assignments)})


PHONES = device("ios", ">=17", "phones", supervised=True, enrollment="automated", managed_by="intune")
PADS = device("ipados", ">=17", "pads", supervised=True, enrollment="automated", managed_by="intune")
TVS = device("tvos", ">=17", "screens", supervised=True, enrollment="automated", managed_by="intune")
HEADSETS = device("visionos", ">=2", "headsets", supervised=True, enrollment="automated", managed_by="intune")
APPLE = (PHONES, PADS, TVS, HEADSETS)
LAB = (device("ios", ">=17", "lab", supervised=True, managed_by="intune", groups=("lab",)), *APPLE[1:])
ANDROID = (device("android", ">=13", "phones", mode="fully-managed", managed_by="intune", origins=("store",)),)
LAPTOPS = (device("windows", ">=10", "laptops", managed_by="intune"),)


def directions(old: Document, new: Document, classes: tuple[DeviceClass, ...]) -> set[Direction]:
    sides = (Side("old", (old,)), Side("new", (new,)))
    found = compare_policies(*sides, Question(DAY, classes=classes), catalogue.load())
    return {change.direction for change in found.changes} - {"COSMETIC", "EQUIVALENT"}


WORSE: set[Direction] = {"NARROWED"}
BETTER: set[Direction] = {"TIGHTENED"}
ASSIGNMENTS = {
    "another group": ([group("a")], [group("b")], {"NARROWED"}),
    "one group fewer": ([group("a"), group("b")], [group("a")], WORSE),
    "one group more": ([group("a")], [group("a"), group("b")], BETTER),
    "a group left out of another": ([group("a")], [group("a"), without("b")], WORSE),
    "a second group left out": ([EVERYONE, without("a")], [EVERYONE, without("a"), without("b")], WORSE),
    "another group left out": ([EVERYONE, without("a")], [EVERYONE, without("b")], WORSE),
    "one group left out no more": ([EVERYONE, without("a"), without("b")], [EVERYONE, without("a")], BETTER),
    "a filter": ([group("a")], [group("a", "f")], WORSE),
    "another filter": ([group("a", "f")], [group("a", "g")], WORSE),
    "a filter turned round": ([group("a", "f")], [group("a", "f", "exclude")], WORSE),
    "a filter taken away": ([group("a", "f")], [group("a")], BETTER),
    "nothing": ([group("a", "f"), without("b")], [without("b"), group("a", "f")], set()),
}


@pytest.mark.parametrize(("old", "new", "expected"), ASSIGNMENTS.values(), ids=ASSIGNMENTS)
@pytest.mark.parametrize(
    ("made", "classes"),
    [
        pytest.param(hidden, APPLE, id="hidden-on-apples"),
        pytest.param(hidden, (), id="hidden-with-no-class"),
        pytest.param(uninstalled, ANDROID, id="uninstalled-on-android"),
        pytest.param(addresses, LAPTOPS, id="addresses-on-windows"),
    ],
)
def test_whom_a_document_reaches_is_a_set(
    made: Any, classes: tuple[DeviceClass, ...], old: Any, new: Any, expected: set[Direction]
) -> None:
    assert directions(made(*old), made(*new), classes) == expected


OWN_GROUPS = {
    "from all devices to the group of the class": ([EVERYONE], [group("lab")], set()),
    "another group is left out": ([group("lab")], [group("lab"), without("b")], set()),
    "the group of the class is left out": ([EVERYONE], [EVERYONE, without("lab")], WORSE),
    "another filter on its group": ([group("lab", "f")], [group("lab", "g")], WORSE),
    "another filter on another group": ([group("a", "f")], [group("a", "g")], set()),
}


@pytest.mark.parametrize(("old", "new", "expected"), OWN_GROUPS.values(), ids=OWN_GROUPS)
def test_a_class_whose_groups_are_declared_is_in_no_other(old: Any, new: Any, expected: set[Direction]) -> None:
    named = tuple(
        device(one.platform, ">=17", one.name, supervised=True, managed_by="intune", groups=("lab",)) for one in APPLE
    )
    assert directions(hidden(*old), hidden(*new), named) == expected


@pytest.mark.parametrize("assigned", [[EVERYONE], [USERS], [group("a")], [group("a", "f")]], ids=str)
@pytest.mark.parametrize("classes", [LAPTOPS, ()], ids=["declared", "not-declared"])
def test_an_address_that_is_opened_is_open_whomever_the_document_reaches(
    assigned: Any, classes: tuple[DeviceClass, ...]
) -> None:
    assert directions(addresses(*assigned), addresses(*assigned, allow="a.example"), classes) == {"INEFFECTIVE"}
    assert directions(addresses(*assigned), addresses(*assigned, allow="b.example"), classes) == set()
    assert directions(addresses(*assigned, allow="a.example"), addresses(*assigned), classes) == {"TIGHTENED"}


def test_another_target_that_nobody_knows_is_a_change() -> None:
    assert directions(hidden(strange("a")), hidden(strange("b")), APPLE) == WORSE
    assert directions(hidden(strange("a")), hidden(strange("a"), passcodeMinimumLength=8), APPLE) == set()


UNREAD = {
    "for nobody any more": (unread(EVERYONE), unread(), {"UNJUDGED"}),
    "for one group": (unread(EVERYONE), unread(group("a")), {"UNJUDGED"}),
    "for another group": (unread(group("a")), unread(group("b")), {"UNJUDGED"}),
    "for the same in another order": (unread(group("a"), group("b")), unread(group("b"), group("a")), set()),
    "what nobody has set": (unread(EVERYONE, appStoreBlocked=False), unread(appStoreBlocked=False), set()),
    "what holds by default": (
        _object("androidDeviceOwnerGeneralDeviceConfiguration", {"cameraBlocked": True}, [EVERYONE]),
        _object("androidDeviceOwnerGeneralDeviceConfiguration", {"cameraBlocked": True}, [group("a")]),
        set(),
    ),
    "what nobody knows of": (app_control(EVERYONE), app_control(group("a")), {"NARROWED"}),
    "what concerns no app": (
        _object("iosWiFiConfiguration", {"ssid": "a"}, [EVERYONE]),
        _object("iosWiFiConfiguration", {"ssid": "a"}, [group("a")]),
        set(),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), UNREAD.values(), ids=UNREAD)
def test_what_no_reader_judges_is_for_other_devices(old: Document, new: Document, expected: set[Direction]) -> None:
    assert directions(old, new, ()) == expected


def test_such_a_change_can_be_accepted_by_its_place() -> None:
    sides = (Side("old", (unread(EVERYONE),)), Side("new", (unread(),)))
    found = compare_policies(*sides, Question(DAY, accept_unjudged=("*#/appStoreBlocked",)), catalogue.load())
    assert [(change.pointer, change.accepted) for change in found.changes] == [("/appStoreBlocked", True)]


DEFINITION = "com.apple.applicationaccess_{}appbundleids"


def listed(key: str, *apps: str) -> Document:
    instance = {
        "settingDefinitionId": DEFINITION.format(key),
        "simpleSettingCollectionValue": [{"value": one} for one in apps],
    }
    grouped = {
        "settingDefinitionId": "com.apple.applicationaccess_com.apple.applicationaccess",
        "groupSettingCollectionValue": [{"children": [instance]}],
    }
    held = {"platforms": "iOS", "technologies": "mdm", "settings": [{"settingInstance": grouped}]}
    return _object("deviceManagementConfigurationPolicy", held, [EVERYONE])


@pytest.mark.parametrize("key", ["blacklisted", "allowed", "whitelisted"])
@pytest.mark.parametrize(
    ("old", "new"), [(("a.b", "c.d"), ("c.d",)), (("c.d",), ("a.b", "c.d"))], ids=["gone", "added"]
)
def test_a_setting_that_is_not_known_is_unjudged(key: str, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    assert directions(listed(key, *old), listed(key, *new), APPLE) == {"UNJUDGED"}
    assert "INEFFECTIVE" in directions(listed("blocked", *old), listed(key, *old), APPLE)


def corporate(**keys: Any) -> Document:
    held = {"playStoreMode": "blockList", "appsAllowInstallFromUnknownSources": False, **keys}
    return _object("androidDeviceOwnerGeneralDeviceConfiguration", held, [EVERYONE])


DOORS = {
    "developer settings, by which apps come over USB": ({}, {"securityDeveloperSettingsEnabled": True}, True),
    "developer settings, spelled out": ({}, {"securityDeveloperSettingsEnabled": False}, True),
    "Play Protect": ({"securityRequireVerifyApps": True}, {"securityRequireVerifyApps": False}, True),
    "another user": ({"usersBlockAdd": True}, {"usersBlockAdd": False}, True),
    "the camera": ({"cameraBlocked": True}, {"cameraBlocked": False}, False),
    "roaming": ({"dataRoamingBlocked": True}, {"dataRoamingBlocked": False}, False),
}


@pytest.mark.parametrize(("old", "new", "unjudged"), DOORS.values(), ids=DOORS)
def test_a_door_beside_the_store_is_no_harmless_key(old: Any, new: Any, unjudged: bool) -> None:
    assert ("UNJUDGED" in directions(corporate(**old), corporate(**new), ANDROID)) is unjudged


def test_closed_sources_hold_nothing_for_certain_while_developer_settings_are_open() -> None:
    shut, open_ = (
        {rule.id: rule.verdict for rule in read(corporate(securityDeveloperSettingsEnabled=one)).rules}
        for one in (False, True)
    )
    assert shut["intune-android-unknown-sources"] == "not-installable"
    assert open_["intune-android-unknown-sources"] == "unknown"


def test_of_many_documents_each_counts_for_those_whom_it_reaches() -> None:
    """An identifier that many documents name stands in each of them for its own devices, from the first to the last."""
    before = tuple(_object("iosGeneralDeviceConfiguration", LISTED, [group(f"g{n:02}")]) for n in range(40))
    named = tuple(msgspec.structs.replace(one, name=f"{n:02}.json") for n, one in enumerate(before))
    for place in (0, 20, 39):
        kept = tuple(one for n, one in enumerate(named) if n != place)
        found = compare_policies(Side("old", named), Side("new", kept), Question(DAY), catalogue.load())
        assert "NARROWED" in {change.direction for change in found.changes}, place

"""What a deployment says becomes typed values with places; what contradicts itself is found from the text alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from mdm_policy.errors import Origin
from mdm_policy.loading import Loaded, Source, detect, load_ban_list, load_deployment, load_devices
from mdm_policy.model import AcceptedGap, Adoption, Deployment, DeviceClass, Identifier, OsBound
from mdm_policy.vocabulary import MDMS

if TYPE_CHECKING:
    from collections.abc import Callable

AGENCY = """\
organization: {name: Example Agency, identifier: gov.example.agency}
lists: [us-omb-m-23-13, us-eo-13971]
adopt:
  us-eo-13971: {by: "CIO memo (example)", since: 2026-05-01, duties: [remove], note: x}
devices:
  - {name: field iPhones, platform: ios, os: ">=17", supervised: true, enrollment: automated, managed_by: intune, groups: [field]}
  - {name: staff phones,  platform: android, os: ">=12, <17.1", mode: cope, origins: [store, sideloaded]}
  - {name: laptops,       platform: windows, os: ">=10"}
accepted_gaps:
  - {app: wechat, device: staff phones, reason: private, approved_by: CISO, document: MEMO-18, until: 2027-01-01}
targets: [apple-ios-restrictions]
options:
  apple-ios-restrictions: {also_legacy: true, level: 2, text: "2"}
protected:
  ios: {bundle_id: gov.example.agent}
  domains: [example.gov]
"""
ORGANIZATION = "organization: {name: A, identifier: a.b}\n"


def at(line: int, column: int) -> Origin:
    return Origin("d.yaml", line, column)


def places(data: str, load: Callable[[Source], Loaded[Any]] = load_deployment) -> list[str]:
    return [f"{one.origin} {one.id}" for one in load(Source("x.yaml", data.encode())).findings]


def test_every_key_is_loaded_with_its_place() -> None:
    loaded = load_deployment(Source("d.yaml", AGENCY.encode()))
    assert loaded.findings == ()
    assert loaded.value == Deployment(
        "Example Agency",
        "gov.example.agency",
        (("us-omb-m-23-13", at(2, 9)), ("us-eo-13971", at(2, 25))),
        at(1, 1),
        hashlib.sha256(AGENCY.encode()).hexdigest(),
        adopt=(Adoption("us-eo-13971", "CIO memo (example)", "2026-05-01", ("remove",), at(4, 3)),),
        devices=(
            DeviceClass(
                "field iPhones",
                "ios",
                at(6, 5),
                os=(OsBound(">=", (17,)),),
                supervised=True,
                enrollment="automated",
                managed_by="intune",
                groups=("field",),
            ),
            DeviceClass(
                "staff phones",
                "android",
                at(7, 5),
                os=(OsBound(">=", (12,)), OsBound("<", (17, 1))),
                mode="cope",
                origins=("store", "sideloaded"),
            ),
            DeviceClass("laptops", "windows", at(8, 5), os=(OsBound(">=", (10,)),)),
        ),
        accepted_gaps=(AcceptedGap("wechat", "staff phones", "private", "CISO", "MEMO-18", "2027-01-01", at(10, 5)),),
        targets=(("apple-ios-restrictions", at(11, 11)),),
        options={"apple-ios-restrictions": {"also_legacy": True, "level": 2, "text": "2"}},
        protected=(
            Identifier("ios", "bundle_id", "gov.example.agent", at(15, 20)),
            Identifier("web", "domain", "example.gov", at(16, 13)),
        ),
    )


def test_what_is_left_out_has_its_default() -> None:
    loaded = load_deployment(Source("d.yaml", (ORGANIZATION + "adopt: {a: {by: b, since: 2020-01-01}}").encode()))
    assert loaded.value is not None
    assert loaded.value.adopt[0].duties == ("no-install", "no-launch")
    assert (loaded.value.lists, loaded.value.devices, loaded.value.targets) == ((), (), None)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        pytest.param("platform: ios", [], id="only what must be"),
        pytest.param("os: '>=17'", ["missing-key"], id="no platform"),
        pytest.param("platform: iphone", ["unknown-word"], id="unknown platform"),
        pytest.param("platform: android, supervised: true", ["device-key-foreign"], id="supervised Android"),
        pytest.param("platform: android, enrollment: user", ["device-key-foreign"], id="enrolled Android"),
        pytest.param("platform: macos, mode: byod", ["device-key-foreign"], id="Mac with a mode"),
        pytest.param("platform: windows, mode: byod", ["device-key-foreign"], id="Windows with a mode"),
        pytest.param("platform: chromeos, supervised: false", ["device-key-foreign"], id="supervised ChromeOS"),
        pytest.param(
            "platform: ios, enrollment: user, supervised: true", ["enrollment-contradicted"], id="supervised user"
        ),
        pytest.param("platform: ios, enrollment: user, supervised: false", [], id="user"),
        pytest.param(
            "platform: ios, enrollment: automated, supervised: false",
            ["enrollment-contradicted"],
            id="automated, unsupervised",
        ),
        pytest.param("platform: ios, enrollment: automated", [], id="automated"),
        pytest.param("platform: ios, supervised: yes", ["flag-word"], id="yes"),
        pytest.param("platform: ios, supervised: 'true'", ["flag-word"], id="true in quotes"),
        pytest.param("platform: ios, supervised: True", ["flag-word"], id="capital True"),
        pytest.param("platform: ios, supervised: ", ["empty-value"], id="supervised nothing"),
        pytest.param("platform: ios, supervised: [true]", ["wrong-type"], id="supervised list"),
        pytest.param("platform: ios, managed_by: Intune", ["mdm-near-miss"], id="misspelt MDM"),
        pytest.param("platform: ios, managed_by: kandji", ["mdm-unknown"], id="an MDM without a word of its own"),
        *(pytest.param(f"platform: ios, managed_by: {mdm}", [], id=mdm) for mdm in MDMS),
        pytest.param("platform: ios, groups: []", [], id="no groups"),
        pytest.param("platform: ios, origins: []", ["empty-list"], id="no origins"),
        pytest.param("platform: ios, origins: [shop]", ["unknown-word"], id="unknown origin"),
        pytest.param("platform: ios, os: 17", ["os-range"], id="bare version"),
        pytest.param("platform: ios, os: ''", ["os-range"], id="empty range"),
        pytest.param("platform: ios, os: ", ["empty-value"], id="range that is nothing"),
        pytest.param("platform: ios, os: ['>=17']", ["wrong-type"], id="list of ranges"),
        pytest.param("platform: ios, os: '=>17'", ["os-range"], id="operator the wrong way round"),
        pytest.param("platform: ios, os: '>=17,'", ["os-range"], id="comma at the end"),
        pytest.param("platform: ios, os: '>=17, <17'", ["os-range-empty"], id="no version left"),
        pytest.param("platform: ios, os: '>17, <=17.0'", ["os-range-empty"], id="no version left, with zeros"),
        pytest.param("platform: ios, os: '==17, <=17'", [], id="one version left"),
        pytest.param("platform: ios, os: '==17, ==18'", ["os-range-empty"], id="two versions at once"),
        pytest.param("platform: ios, os: '<17'", [], id="upper bound alone"),
        pytest.param("platform: ios, os: '<0'", ["os-range-empty"], id="before the first"),
    ],
)
def test_device_classes(device: str, expected: list[str]) -> None:
    found = places(f"devices: [{{name: a, {device}}}]\n", load_devices)
    assert [one.partition(" ")[2] for one in found] == expected


def test_names_of_classes_differ() -> None:
    data = "devices: [{name: a, platform: ios}, {name: A, platform: ios}]\n"
    assert places(data, load_devices) == ["x.yaml:1:37 duplicate-device-class"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("lists: [a]\n", ["1:1 missing-key"], id="no organization"),
        pytest.param(
            "organization: {name: A, identifier: example}\n",
            ["1:37 organization-identifier"],
            id="identifier of one part",
        ),
        pytest.param(ORGANIZATION + "lists: []\n", ["2:8 empty-list"], id="empty lists"),
        pytest.param(ORGANIZATION + "lists: [a, a]\n", ["2:12 duplicate-entry"], id="list twice"),
        pytest.param(
            ORGANIZATION + "lists: [a]\nadopt: {b: {by: c, since: 2020-01-01}}\n",
            ["3:9 adopted-not-listed"],
            id="adopted, not listed",
        ),
        pytest.param(
            ORGANIZATION + "lists: [./b.yaml]\nadopt: {b: {by: c, since: 2020-01-01}}\n",
            [],
            id="adopted, perhaps in a file",
        ),
        pytest.param(
            ORGANIZATION + "lists: []\nadopt: {b: {by: c, since: 2020-01-01}}\n",
            ["2:8 empty-list", "3:9 adopted-not-listed"],
            id="adopted, none listed",
        ),
        pytest.param(ORGANIZATION + "adopt: [a]\n", ["2:8 wrong-type"], id="adopt as a list"),
        pytest.param(ORGANIZATION + "adopt: {a: {since: 2020-01-01}}\n", ["2:12 missing-key"], id="adopted by nobody"),
        pytest.param(
            ORGANIZATION + "adopt: {a: {by: c, since: 2020-01-01, duties: []}}\n",
            ["2:47 empty-list"],
            id="adopted for nothing",
        ),
        pytest.param(
            ORGANIZATION + "adopt: {a: {by: c, since: 2020-01-01}, a: {by: d, since: 2020-01-01}}\n",
            ["2:40 duplicate-key"],
            id="adopted twice",
        ),
        pytest.param(
            ORGANIZATION + "adopt: {NO: {by: c, since: 2020-01-01}}\n", ["2:9 unquoted-text"], id="adopted Norway"
        ),
        pytest.param(
            ORGANIZATION + "adopt: {[a]: {by: c, since: 2020-01-01}, <<: {}}\n",
            ["2:9 yaml-complex-key", "2:42 yaml-merge-key"],
            id="keys that are none",
        ),
        pytest.param(ORGANIZATION + "targets: all\n", [], id="all targets"),
        pytest.param(ORGANIZATION + "targets: [all]\n", ["2:11 targets-all"], id="all targets in a list"),
        pytest.param(ORGANIZATION + "targets: apple\n", ["2:10 wrong-type"], id="one target"),
        pytest.param(ORGANIZATION + "targets: []\n", ["2:10 empty-list"], id="no targets"),
        pytest.param(ORGANIZATION + "targets:\n", ["2:1 empty-value"], id="targets that are nothing"),
        pytest.param(ORGANIZATION + "options: {a: {b: yes}}\n", ["2:18 unquoted-text"], id="option yes"),
        pytest.param(ORGANIZATION + "options: {a: {b: 1.5}}\n", ["2:18 unquoted-text"], id="option 1.5"),
        pytest.param(ORGANIZATION + "options: {a: {b: [c]}}\n", ["2:18 wrong-type"], id="option list"),
        pytest.param(
            ORGANIZATION + "protected: {ios: {bundle_id: a}}\n", ["2:30 identifier-shape"], id="protected nonsense"
        ),
        pytest.param(
            ORGANIZATION
            + "accepted_gaps: [{app: a, device: b, reason: c, approved_by: d, document: e, until: 2020-01-01}]\n",
            ["2:17 gap-device-unknown"],
            id="gap on no device",
        ),
        pytest.param(
            ORGANIZATION + "devices: [{name: ba, platform: ios}]\n"
            "accepted_gaps: [{app: a, device: bb, reason: c, approved_by: d, document: e, until: 2020-01-01}]\n",
            ["3:17 gap-device-unknown"],
            id="gap on another device",
        ),
        pytest.param(
            ORGANIZATION + "accepted_gaps: [{app: a}, b]\n",
            ["2:17 missing-key"] * 5 + ["2:27 wrong-type"],
            id="gap without reasons",
        ),
    ],
)
def test_deployments(data: str, expected: list[str]) -> None:
    assert places(data) == [f"x.yaml:{one}" for one in expected]


def test_devices_come_from_a_file_of_their_own_or_a_whole_deployment() -> None:
    alone = load_devices(Source("x.yaml", b"devices: [{name: a, platform: ios}]\n"))
    whole = load_devices(Source("d.yaml", AGENCY.encode()))
    assert [one.name for one in alone.value or ()] == ["a"]
    assert [one.name for one in whole.value or ()] == ["field iPhones", "staff phones", "laptops"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(ORGANIZATION, ["1:1 missing-key"], id="deployment without devices"),
        pytest.param(ORGANIZATION + "devices: []\n", ["2:10 empty-list"], id="deployment with no devices"),
        pytest.param("devices: []\n", ["1:10 empty-list"], id="no devices"),
        pytest.param("devises: []\n", ["1:1 missing-key", "1:1 unknown-key"], id="misspelt"),
        pytest.param("x: [\n", ["2:1 yaml-syntax"], id="broken"),
        pytest.param("ban_list: a\n", ["1:1 file-kind"], id="a ban list"),
    ],
)
def test_devices_that_are_none(data: str, expected: list[str]) -> None:
    assert places(data, load_devices) == [f"x.yaml:{one}" for one in expected]


def test_a_ban_list_is_no_deployment() -> None:
    (found,) = load_deployment(Source("x.yaml", b"ban_list: a\nbans: []\n")).findings
    assert (found.id, found.message) == ("file-kind", "`x.yaml` is a ban list, not a deployment")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"target: a\noptions: {}\nblocks: []\n", "target", id="a target with options"),
        pytest.param(b"title: a\ndocuments: []\n", "target", id="a target without a name"),
        pytest.param(b"target: a\n", "target", id="the beginning of a target"),
        pytest.param(b"target: all\norganization: {}\n", "deployment", id="a deployment with a misspelt key"),
        pytest.param(b"options: {}\n", "deployment", id="options"),
        pytest.param(b"target: a\nbans: []\n", "ban-list", id="bans"),
    ],
)
def test_a_file_is_told_by_its_keys(data: bytes, kind: str) -> None:
    assert detect(Source("x.yaml", data)) == kind


def test_a_target_is_no_deployment_and_no_list() -> None:
    source = Source("x.yaml", b"target: a\nblocks: []\n")
    for load, wanted in ((load_deployment, "a deployment"), (load_ban_list, "a ban list")):
        (found,) = load(source).findings
        assert (found.id, found.message) == ("file-kind", f"`x.yaml` is a target's manifest, not {wanted}")

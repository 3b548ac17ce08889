"""Which targets a build makes: by name, by prefix, by what the device classes need."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mdm_policy import resources
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DeviceClass, OsBound
from mdm_policy.selection import network, others, select, serving
from mdm_policy.target_model import Claim, Manifest, Service
from mdm_policy.targets import Target, discover
from mdm_policy.vocabulary import DUTIES, ENROLLMENTS, MDMS, MODES, PLATFORMS

PLACE = Origin("deployment.yaml", 3, 4)
TARGETS = discover(resources.templates())
DEFAULT = tuple(name for name, target in TARGETS.items() if target.manifest.default)
APPLE = ("ios", "ipados", "tvos", "visionos", "watchos", "macos")
SANTA = ("macos-santa",)


def a_class(platform: str, mdm: str | None = None, **more: Any) -> DeviceClass:
    return DeviceClass("a class", platform, PLACE, managed_by=mdm, **more)  # type: ignore[arg-type]


def at_least(*version: int, below: tuple[int, ...] = ()) -> tuple[OsBound, ...]:
    return (OsBound(">=", version), *([OsBound("<", below)] if below else []))


def names(chosen: tuple[Target, ...]) -> tuple[str, ...]:
    return tuple(target.name for target in chosen)


_SELECTED: list[Any] = [
    pytest.param([], "all", DEFAULT, id="all"),
    pytest.param([], None, DEFAULT, id="nothing said, no devices"),
    pytest.param([], [("macos-santa", PLACE)], SANTA, id="the deployment's"),
    pytest.param(["amapi-byod"], [("macos-santa", PLACE)], ("amapi-byod",), id="those asked for go first"),
    pytest.param(
        ["macos-santa", "amapi-byod", "macos-santa"], None, ("amapi-byod", "macos-santa"), id="each once, in order"
    ),
    pytest.param(["intune-ios-custom"], None, ("intune-ios-custom",), id="one that is not a default"),
    pytest.param([], [], (), id="none at all"),
    pytest.param([], [("intune-ios", PLACE)], ("intune-ios-settings-catalog",), id="a prefix gives the default"),
    pytest.param(
        ["apple-ddm", "macos"],
        "all",
        ("apple-ddm-apps", "apple-ddm-binaries", "macos-browsers", "macos-santa"),
        id="prefixes of several",
    ),
]


@pytest.mark.parametrize(("asked", "deployed", "expected"), _SELECTED)
def test_select(asked: list[str], deployed: Any, expected: tuple[str, ...]) -> None:
    assert names(select(TARGETS, asked, deployed)) == expected


def test_a_prefix_ends_at_a_hyphen_and_takes_what_is_no_default_where_nothing_is() -> None:
    chosen = names(select(TARGETS, ["intune"]))
    assert chosen == tuple(name for name in DEFAULT if name.startswith("intune-"))
    assert names(select(TARGETS, ["windows-applocker"])) == ("windows-applocker-appx", "windows-applocker-exe")
    with pytest.raises(PolicyError):
        select(TARGETS, ["intun"])


def test_unknown_targets_are_told_together_with_their_places() -> None:
    with pytest.raises(PolicyError) as failed:
        select(TARGETS, [], [("xyzzy", PLACE), ("macos-santa", PLACE), ("b", PLACE)])
    assert [(found.id, found.origin) for found in failed.value.findings] == [("unknown-target", PLACE)] * 2
    assert "macos-santa" in failed.value.findings[0].hint
    with pytest.raises(PolicyError) as failed:
        select(TARGETS, ["macos-sanat"])
    assert [(found.origin, found.hint) for found in failed.value.findings] == [(None, "did you mean `macos-santa`?")]


_SERVED: list[Any] = [
    pytest.param(a_class("ios", "intune", supervised=True), ("intune-ios-settings-catalog",), id="Intune iPhones"),
    pytest.param(a_class("ios", "intune", os=at_least(27)), ("intune-ios-settings-catalog",), id="on 27 too"),
    pytest.param(a_class("ipados", "jamf"), ("jamf-mobile-profile",), id="Jamf iPads"),
    pytest.param(a_class("ios", "fleet", os=at_least(17)), ("apple-ddm-apps", "apple-ios-restrictions"), id="Fleet"),
    pytest.param(
        a_class("ios", "fleet", os=at_least(17, below=(27,))), ("apple-ios-restrictions",), id="before declarations"
    ),
    pytest.param(a_class("ios", "kmfddm", os=at_least(27)), ("apple-ddm-apps",), id="declarations alone"),
    pytest.param(a_class("ios", "kmfddm", os=at_least(17, below=(27,))), (), id="no declarations there"),
    pytest.param(a_class("ios", "nanomdm"), ("apple-ios-restrictions",), id="profiles alone"),
    pytest.param(a_class("ios", "other"), ("apple-ddm-apps", "apple-ios-restrictions"), id="any other MDM"),
    pytest.param(a_class("ios"), ("apple-ddm-apps", "apple-ios-restrictions"), id="no MDM named"),
    pytest.param(a_class("ios", "kandji"), ("apple-ddm-apps", "apple-ios-restrictions"), id="an MDM without a word"),
    pytest.param(a_class("ios", "intune", supervised=False), (), id="unsupervised"),
    pytest.param(a_class("ios", "intune", enrollment="user"), (), id="user enrollment"),
    pytest.param(a_class("ios", "other", supervised=False, enrollment="user"), (), id="what only an option claims"),
    pytest.param(a_class("macos", "jamf"), ("jamf-macos-profile", "jamf-restricted-software"), id="Jamf Macs"),
    pytest.param(a_class("macos", "intune"), SANTA, id="Intune Macs"),
    pytest.param(a_class("android", "intune", mode="cope"), ("intune-android-corporate",), id="corporate in Intune"),
    pytest.param(a_class("android", "intune", mode="byod"), (), id="private in Intune"),
    pytest.param(a_class("android", "amapi", mode="byod"), ("amapi-byod",), id="private by the API"),
    pytest.param(a_class("android", "amapi", mode="dedicated"), ("amapi-fully-managed",), id="kiosks by the API"),
    pytest.param(a_class("android", "fleet", mode="cope"), (), id="Fleet takes no ban for Android"),
    pytest.param(a_class("windows", "other"), ("windows-app-control", "windows-applocker-appx"), id="files alone"),
    pytest.param(
        a_class("windows", "other", os=at_least(10, below=(10, 0, 18362))),
        ("windows-applocker-exe", "windows-applocker-appx"),
        id="too old for App Control",
    ),
    pytest.param(
        a_class("windows", "intune", os=at_least(10, below=(10, 0, 18362))),
        ("intune-windows-applocker",),
        id="too old for App Control in Intune",
    ),
    pytest.param(
        a_class("windows", "intune", os=at_least(10, 0, 18362)),
        ("intune-app-control", "intune-applocker-appx"),
        id="laptops in Intune",
    ),
    pytest.param(a_class("watchos", "jamf"), (), id="watches"),
    pytest.param(a_class("chromeos"), (), id="ChromeOS"),
]


@pytest.mark.parametrize(("cls", "expected"), _SERVED)
def test_a_class_gets_what_its_mdm_takes(cls: DeviceClass, expected: tuple[str, ...]) -> None:
    assert set(expected) <= set(serving(TARGETS, cls))
    chosen = select(TARGETS, (), None, [cls])
    assert set(names(chosen)) == set(serving(TARGETS, cls))
    if not expected or cls.platform in ("ios", "ipados", "android"):
        assert tuple(sorted(serving(TARGETS, cls))) == expected
    assert not set(names(chosen)) & set(others(TARGETS, chosen, [cls]))


def test_the_others_are_those_that_could_serve_the_class() -> None:
    cls = a_class("ios", "intune", supervised=True)
    assert set(others(TARGETS, select(TARGETS, (), None, [cls]), [cls])) == {
        "apple-web-filter",  # made only where an authority forbids traffic
        "intune-ios-custom",
        "intune-ios-device-restrictions",
    }


def test_all_that_a_packaged_target_serves_is_said() -> None:
    assert [name for name, target in TARGETS.items() if not target.manifest.serves] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_class_gets_one_target_for_each_mechanism(platform: str) -> None:
    """Of every class there can be, and every mechanism, exactly one target is chosen."""
    modes = MODES if platform == "android" else (None,)
    enrollments = (*ENROLLMENTS, None) if platform in APPLE else (None,)
    for mdm, mode, enrollment, os in itertools.product(
        (*MDMS, None), modes, enrollments, ((), at_least(10, below=(15,)), at_least(26, below=(27,)), at_least(27))
    ):
        cls = a_class(platform, mdm, mode=mode, enrollment=enrollment, os=os)
        taken: dict[str, str] = {}
        for name in serving(TARGETS, cls, DUTIES):
            for service in TARGETS[name].manifest.serves:
                if cls.platform in service.platforms and (mdm or "other") in service.managed_by:
                    assert taken.setdefault(service.mechanism, name) == name, (cls, service.mechanism)


def a_target(name: str, *services: Service, default: bool = True) -> Target:
    claim = Claim("web", "domain", "blocked", "weak", {"ios": "0"}, "source")
    manifest = Manifest(name, "t", "v", "s", "s", (claim,), (), default=default, serves=services)
    return Target(manifest, Path(name), Path(), True, Path())


def test_a_network_target_belongs_to_no_class_and_waits_for_its_duty() -> None:
    known = {"zone": a_target("zone", Service("dns", duty="no-traffic")), "santa": a_target("santa")}
    cls = a_class("ios", "other")
    assert serving(known, cls, ["no-traffic"]) == ()
    assert network(known, ["no-launch"]) == ()
    assert network(known, ["no-traffic"]) == ("zone",)
    assert names(select(known, (), None, [cls], ["no-traffic"])) == ("zone",)
    assert names(select(known, (), None, [cls], ["no-launch"])) == ()


def test_a_duty_makes_a_target_of_a_class_due() -> None:
    service = Service("web-filter", ("ios",), ("other",), duty="no-traffic")
    known = {
        "filter": a_target("filter", service),
        "rest": a_target("rest", msgspec.structs.replace(service, duty=None)),
    }
    cls = a_class("ios")
    assert serving(known, cls) == ("rest",)
    assert serving(known, cls, ["no-traffic"]) == ("filter", "rest")


def test_alternatives_that_are_no_defaults_are_for_those_who_ask() -> None:
    service = Service("applocker", ("ios",), ("other",))
    both = {"a": a_target("a", service), "b": a_target("b", service, default=False)}
    assert serving(both, a_class("ios")) == ("a",)
    assert serving({"b": both["b"]}, a_class("ios")) == ("b",)
    assert others(both, [both["a"]], [a_class("ios")]) == ("b",)

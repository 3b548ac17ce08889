"""AppLocker targets: packages by family and proven publisher, programs by publisher with product or file, services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, built, identifier, inline, judged, resolved
from lxml import etree

from mdm_policy.publishers import publisher_id
from mdm_policy.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import Identifier
    from mdm_policy.vocabulary import Kind

EXE, APPX = "windows-applocker-exe", "windows-applocker-appx"
INTUNE, INTUNE_APPX = "intune-windows-applocker", "intune-applocker-appx"
MAKER, OTHER = "CN=Maker, O=Maker, C=US", "CN=Somebody Else"
COMMA = "O=MAKER, INC., L=CITY, C=US"


def windows(**values: Sequence[str]) -> tuple[Identifier, ...]:
    kinds: dict[str, Kind] = {
        "family": "package_family_name",
        "name": "appx_name",
        "publisher": "publisher",
        "product": "product_name",
        "file": "original_file_name",
        "exe": "executable",
    }
    return tuple(identifier("windows", kinds[key], value) for key, listed in values.items() for value in listed)


def rules(target: str, *own: Identifier, name: str = "our-list.xml") -> etree._Element:
    return etree.fromstring(built(resolved(inline("App", *own)), [target])[1][f"{target}/{name}"])


def denied(root: etree._Element) -> list[dict[str, Any]]:
    found = [one for one in root if one.get("Action") == "Deny"]
    conditions = [child for one in found for block in one.iter("Conditions") for child in block]
    return [{str(key): str(value) for key, value in one.attrib.items()} for one in conditions]


@pytest.mark.parametrize(
    ("values", "publishers"),
    [
        pytest.param({"family": [f"App_{publisher_id(MAKER)}"], "publisher": [MAKER]}, [MAKER], id="proven"),
        pytest.param({"family": [f"App_{publisher_id(MAKER)}"], "publisher": [OTHER]}, ["*"], id="another's"),
        pytest.param({"family": [f"App_{publisher_id(MAKER)}"]}, ["*"], id="none known"),
        pytest.param({"name": ["App"], "publisher": [MAKER]}, ["*"], id="no family"),
        pytest.param(
            {"family": [f"App_{publisher_id(MAKER)}", f"App_{publisher_id(OTHER)}"], "publisher": [MAKER, OTHER]},
            ["*"],
            id="two of one name",
        ),
    ],
)
def test_a_package_is_denied_with_the_publisher_that_its_family_name_proves(
    values: dict[str, Sequence[str]], publishers: list[str]
) -> None:
    own = windows(**values)
    assert [one["PublisherName"] for one in denied(rules(APPX, *own))] == publishers
    resolution = resolved(inline("App", *own))
    made, _ = built(resolution, [APPX])
    assert judged(resolution, made).counts.strong == 1


def test_packaged_apps_come_in_a_policy_of_their_own() -> None:
    own = windows(family=[f"App_{publisher_id(MAKER)}"], exe=["a.exe"])
    files = built(resolved(inline("App", *own)), [INTUNE_APPX, INTUNE])[1]
    settings = {
        target: [one["omaUri"].rsplit("/", 2)[1] for one in json.loads(files[f"{target}/our-list.json"])["omaSettings"]]
        for target in (INTUNE_APPX, INTUNE)
    }
    assert settings == {INTUNE_APPX: ["StoreApps"], INTUNE: ["EXE", "StoreApps"]}
    assert {path for path in files if path.endswith(".xml")} == {
        f"{INTUNE_APPX}/our-list.xml",
        f"{INTUNE}/our-list.programs.xml",
        f"{INTUNE}/our-list.packaged-apps.xml",
    }


def test_a_program_is_denied_by_its_publisher_with_product_or_file() -> None:
    own = windows(publisher=["O=MAKER, C=US"], product=["My Product"], file=["my.exe"])
    assert denied(rules(EXE, *own)) == [
        {"PublisherName": "O=MAKER, C=US", "ProductName": "MY PRODUCT", "BinaryName": "*"},
        {"PublisherName": "O=MAKER, C=US", "ProductName": "*", "BinaryName": "MY.EXE"},
    ]
    resolution = resolved(inline("App", *own))
    made, _ = built(resolution, [EXE])
    assert judged(resolution, made).counts.partial == 1
    assert "over-block" not in [one.id for one in resolution.findings]


def test_a_publisher_with_a_comma_is_written_in_both_ways() -> None:
    own = windows(publisher=[COMMA], product=["P"])
    found = [one["PublisherName"] for one in denied(rules(EXE, *own))]
    assert sorted(found) == sorted([COMMA, 'O="MAKER, INC.", L=CITY, C=US'])
    ids = [one.get("Id") for one in rules(EXE, *own)]
    assert len(set(ids)) == len(ids)


def test_the_certificate_of_a_package_names_no_program() -> None:
    assert denied(rules(EXE, *windows(publisher=[MAKER], product=["P"], exe=["a.exe"]))) == [{"Path": "*\\a.exe"}]


def test_rules_by_path_come_last() -> None:
    root = rules(EXE, *windows(publisher=["O=MAKER, C=US"], product=["P"], file=["b.exe"], exe=["a.exe", "c.exe"]))
    tags = [one.tag for one in root if one.get("Action") == "Deny"]
    assert tags == ["FilePublisherRule", "FilePublisherRule", "FilePathRule", "FilePathRule"]


@pytest.mark.parametrize("service", [False, True])
def test_services_are_held_where_a_program_runs_as_one(service: bool) -> None:
    (one,) = windows(exe=["a.exe"])
    ban = inline("App", msgspec.structs.replace(one, runs_as_service=service))
    resolution = resolve([ban_list(ban)], None, NOTHING_KNOWN, DAY)
    made, files = built(resolution, [EXE])
    root = etree.fromstring(files[f"{EXE}/our-list.xml"])
    extensions = root.findall("RuleCollectionExtensions")
    assert len(extensions) == service
    assert [one.tag for one in root][-1] == ("RuleCollectionExtensions" if service else "FilePathRule")
    assert {one.get("EnforcementMode") for one in root.iter("Services")} == ({"Enabled"} if service else set())
    assert judged(resolution, made).counts.weak == 0
    assert judged(resolution, made).counts.not_judged == 0

"""Hold what `init --from` proposes from exports of all kinds, and that `verify` finds it blocked or the list says why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cli_kit import AS_OF, run
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    as_json,
    blocking,
    graph,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)
from push.kits.graph import catalog
from push.stage import DAY, Stage, kit

from mdm_policy.identifiers import slug

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_kit import Ran

    from mdm_policy.documents import Document

WECHAT = "com.tencent.xin"
TENCENT = "O=TENCENT TECHNOLOGY (SHENZHEN) COMPANY LIMITED, L=SHENZHEN, S=GUANGDONG, C=CN"


def applocker(*rules: str, appx: str = "") -> Document:
    exe = rules_xml(*rules, DEFAULT_EXE)
    packages = rules_xml(appx, DEFAULT_APPX, kind="Appx") if appx else ""
    return xml(f'<AppLockerPolicy Version="1">{exe}{packages}</AppLockerPolicy>')


def restricted(process: str, *, kill: bool = True) -> Document:
    return xml(
        "<restricted_software><general><id>1</id><name>x</name>"
        f"<process_name>{process}</process_name><match_exact_process_name>true</match_exact_process_name>"
        f"<kill_process>{str(kill).lower()}</kill_process></general>"
        "<scope><all_computers>true</all_computers></scope></restricted_software>"
    )


def intune(name: str, *apps: str, to: dict[str, Any]) -> dict[str, Any]:
    """Write an iOS device configuration whose list of hidden apps holds some."""
    listed = [{"@odata.type": "#microsoft.graph.appListItem", "name": app, "appId": app} for app in apps]
    return {
        "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
        "id": name,
        "displayName": name,
        "appsVisibilityList": listed,
        "appsVisibilityListType": "appsNotInListCompliant",
        "assignments": [to],
    }


EVERYONE = target("allDevicesAssignmentTarget")
FIELD = target("groupAssignmentTarget", groupId="0f0f0f0f-1111-4222-8333-444444444444", groupName="Field")
SANTA = [{"identifier": "5A4RE8SF68:com.tencent.xinWeChat", "rule_type": "SIGNINGID", "policy": "BLOCKLIST"}]
EXPORTS: dict[str, tuple[list[Document], set[str], set[str]]] = {
    "Apple profile": (
        [blocking(WECHAT, "com.example.one")],
        {"wechat", "com.example.one"},
        {"ios", "ipados"},
    ),
    "Apple profile, allow list": (
        [
            plist(restrictions(blockedAppBundleIDs=["com.example.one"]), name="a"),
            plist(restrictions(allowListedAppBundleIDs=["com.example.ok"]), name="b"),
        ],
        {"com.example.one"},
        {"ios", "ipados"},
    ),
    "Intune page": (
        [as_json({"value": [intune("all", WECHAT, to=EVERYONE), intune("some", "com.example.field", to=FIELD)]})],
        set(),
        set(),
    ),
    "Intune, to a group": (
        [as_json(intune("some", "com.example.field", to=FIELD))],
        {"com.example.field"},
        {"ios, Field", "ipados, Field"},
    ),
    "Jamf XML": ([restricted("Example.app")], {"Example.app"}, {"macos"}),
    "AMAPI policy": (
        [
            as_json(
                {
                    "name": "enterprises/x/policies/p",
                    "playStoreMode": "BLACKLIST",
                    "applications": [
                        {"packageName": "com.tencent.mm", "installType": "BLOCKED"},
                        {"packageName": "com.example.ok", "installType": "AVAILABLE"},
                    ],
                }
            )
        ],
        {"wechat"},
        {"android"},
    ),
    "AppLocker": (
        [
            applocker(
                publisher_rule("O=EXAMPLE, C=US"),
                publisher_rule("O=OTHER", "ONE PRODUCT"),
                appx=publisher_rule("CN=X", "Example.App"),
            )
        ],
        {"O=EXAMPLE, C=US", "Example.App_g3qb0w34vmqfw"},
        {"windows"},
    ),
    "Santa": (
        [
            plist(
                {"PayloadType": "com.northpolesec.santa", "ClientMode": 1, "StaticRules": SANTA}, PayloadScope="System"
            )
        ],
        {"wechat"},
        {"macos"},
    ),
}


def written(folder: Path, documents: list[Document]) -> Path:
    source = folder / "source"
    source.mkdir()
    for number, one in enumerate(documents):
        (source / f"{number}.{'json' if one.format == 'json' else 'xml'}").write_bytes(one.data)
    return source


def init(folder: Path, *more: object) -> Ran:
    return run("init", folder, *AS_OF, *more)


def proposed(folder: Path) -> dict[str, list[str]]:
    """Return the keys of what is proposed, each with the comment lines above it."""
    text = (folder / "our-list.yaml").read_text("utf-8")
    bans = iter(yaml.safe_load(text)["bans"])
    found: dict[str, list[str]] = {}
    above: list[str] = []
    for line in text.partition("bans:\n")[2].splitlines():
        if line.startswith("  #"):
            above.append(line)
        elif line.startswith("  - "):
            ban = next(bans)
            found[ban.get("app") or f"inline:{slug(ban['name'])}"] = above
            above = []
    return found


def names(folder: Path) -> set[str]:
    return {
        ban.get("app") or ban["name"] for ban in yaml.safe_load((folder / "our-list.yaml").read_text("utf-8"))["bans"]
    }


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest) -> tuple[list[Document], set[str], set[str]]:
    return EXPORTS[request.param]


def test_verify_finds_each_entry_blocked_or_the_list_says_why_not(
    export: tuple[list[Document], set[str], set[str]], tmp_path: Path
) -> None:
    source = written(tmp_path, export[0])
    ran = init(tmp_path / "out", "--from", source)
    if not export[1]:
        assert (ran.code, "nothing-to-adopt" in ran.err) == (1, True)
        return
    assert ran.code == 0, ran.err
    assert names(tmp_path / "out") == export[1]
    deployment = tmp_path / "out" / "deployment.yaml"
    assert {one["name"] for one in yaml.safe_load(deployment.read_text("utf-8"))["devices"]} == export[2]
    comments = proposed(tmp_path / "out")
    proof = run("verify", source, "--deployment", deployment, *AS_OF, "--format", "json").json
    judged = {one["app"] for one in proof["verdicts"]}
    assert judged == set(comments)
    for one in proof["verdicts"]:
        said = [line for line in comments[one["app"]] if "does not hold on" in line]
        assert one["held"] or any(one["class"] in line.partition(": ")[0] for line in said), one
        assert any(line.startswith("  # from ") for line in comments[one["app"]])
    assert run("check", deployment, *AS_OF).code == 0


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = written(tmp_path, [one for documents, *_ in EXPORTS.values() for one in documents])
    for name in ("one", "two"):
        init(tmp_path / name, "--from", source)
    for name in ("deployment.yaml", "our-list.yaml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_what_another_document_conflicts_with_is_not_proposed(tmp_path: Path) -> None:
    """Two device configurations give one setting different values: nobody knows which a device has."""
    source = written(tmp_path, EXPORTS["Intune page"][0])
    ran = init(tmp_path / "out", "--from", source)
    assert ran.code == 1
    assert "not-proposed" in ran.err
    assert not (tmp_path / "out").exists()


ZONE = "$TTL 60\n@ IN SOA localhost. root.localhost. 1 60 60 60 60\n@ IN NS localhost.\n"


def test_what_may_block_and_what_blocks_in_part_is_named_and_not_proposed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "zone.rpz").write_text(
        f"{ZONE}example.com CNAME .\n*.example.com CNAME .\nexample.org CNAME .\n", "utf-8"
    )
    ran = init(tmp_path / "out", "--from", source)
    assert ran.code == 0, ran.err
    assert names(tmp_path / "out") == {"example.com"}
    listed = (tmp_path / "out" / "our-list.yaml").read_text("utf-8").partition("# Not proposed:")[2]
    assert ("example.org" in listed, "example.com" in listed) == (True, False)


def test_existing_files_are_never_replaced(tmp_path: Path) -> None:
    source = written(tmp_path, EXPORTS["Apple profile"][0])
    out = tmp_path / "out"
    out.mkdir()
    (out / "our-list.yaml").write_text("mine", "utf-8")
    ran = init(out, "--from", source)
    assert (ran.code, "file-exists" in ran.err) == (1, True)
    assert [(path.name, path.read_text("utf-8")) for path in out.iterdir()] == [("our-list.yaml", "mine")]


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    source = written(tmp_path, EXPORTS["Apple profile"][0])
    (source / "broken.mobileconfig").write_bytes(b"<plist><dict>")
    ran = init(tmp_path / "out", "--from", source)
    assert ran.code == 1
    assert "broken.mobileconfig" in ran.err
    assert names(tmp_path / "out") == {"wechat", "com.example.one"}


def test_only_reported_or_allowed_is_not_proposed(tmp_path: Path) -> None:
    reported = graph(
        "iosGeneralDeviceConfiguration",
        displayName="reports",
        compliantAppListType="appsInListNotCompliant",
        compliantAppsList=[{"@odata.type": "#microsoft.graph.appListItem", "name": "x", "appId": WECHAT}],
        assignments=[EVERYONE],
    )
    ran = init(tmp_path / "out", "--from", written(tmp_path, [reported, restricted("Example.app", kill=False)]))
    assert (ran.code, "nothing-to-adopt" in ran.err) == (1, True)


@pytest.fixture(params=("graph", "jamf", "amapi", "kmfddm"))
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    kit_ = kit(request.param)
    with kit_.emulator() as emulator:
        made = Stage(kit_, emulator, tmp_path)
        made.plan()
        made.apply()
        yield made


def test_a_tenant_is_taken_up_as_its_snapshot_is(stage: Stage) -> None:
    """What is proposed from a destination has it in the deployment; what from its saved files has not."""
    saved, live, offline = (stage.folder / name for name in ("saved", "live", "offline"))
    stage.run("assess", "there", "--deployment", stage.deployment, "--as-of", DAY, "--save", saved)
    ran = stage.run("init", live, "--from", "there", "--deployment", stage.deployment, "--as-of", DAY)
    assert (live / "our-list.yaml").is_file(), ran.err
    stage.run("init", offline, "--from", saved, "--as-of", DAY)
    text = (live / "our-list.yaml").read_text("utf-8")
    assert text == (offline / "our-list.yaml").read_text("utf-8").replace(f"{saved}/", "")
    destinations = yaml.safe_load((live / "deployment.yaml").read_text("utf-8"))["destinations"]
    assert destinations == json.loads(json.dumps(yaml.safe_load(stage.deployment.read_text("utf-8"))["destinations"]))
    assert "destinations" not in yaml.safe_load((offline / "deployment.yaml").read_text("utf-8"))


def test_a_deployment_alone_is_wrong_usage(tmp_path: Path) -> None:
    assert run("init", tmp_path / "out", "--deployment", "x.yaml").code == 2


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        pytest.param(WECHAT, True, id="holds one of the apps"),
        pytest.param("com.example.other", False, id="holds another app"),
    ],
)
def test_plan_says_what_is_held_already(blocks: str, said: bool, tmp_path: Path) -> None:
    kit_ = kit("graph")
    with kit_.emulator() as emulator:
        stage = Stage(kit_, emulator, tmp_path)
        emulator.seed("configurationPolicies", catalog("theirs", "by hand", blocks), [EVERYONE])
        ran = stage.plan("--format", "json")
    held = [one["message"] for one in json.loads(ran.out)["findings"] if one["id"] == "already-held"]
    assert [("WeChat on phones" in one, "theirs" in one) for one in held] == [(True, True)] * said

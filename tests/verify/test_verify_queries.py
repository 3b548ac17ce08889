"""Ask what stands beside the verdicts: over-blocks, dead rules, bans undone elsewhere, equivalence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from kind_documents import (
    DEFAULT_EXE,
    as_json,
    blocking,
    device,
    graph,
    path_rule,
    plist,
    publisher_rule,
    readings,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy import catalogue
from mdm_policy.errors import Origin
from mdm_policy.kinds import open_document, read_each
from mdm_policy.model import Identifier
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, equivalent, piece, verify

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.errors import Finding
    from mdm_policy.model import DeviceClass

CHAT = inline(
    "Chat",
    identifier("ios", "bundle_id", "com.Chat.app"),
    identifier("android", "package_name", "com.chat.android"),
    identifier("macos", "team_id", "ABCDEFGHIJ"),
    identifier("macos", "bundle_id", "com.chat.mac"),
    identifier("macos", "process_name", "Chat"),
    identifier("windows", "publisher", "O=CHAT"),
    identifier("windows", "executable", "Chat.exe"),
)
IPHONES = device("ios", ">=17", "iPhones", supervised=True, enrollment="automated")
OWN = device("ios", ">=17", "own", supervised=False, enrollment="user")
MACS = device("macos", ">=14", "Macs", supervised=True, enrollment="automated")
PHONES = device("android", ">=12", "phones", mode="fully-managed")
PCS = device("windows", ">=10", "PCs")


def remarks(
    *documents: Document,
    classes: tuple[DeviceClass, ...] = (IPHONES,),
    known: Any = NOTHING_KNOWN,
    protected: tuple[Identifier, ...] = (),
) -> list[Finding]:
    made = resolve([ban_list(CHAT)], deployment(devices=classes), NOTHING_KNOWN, DAY, enforce=False)
    found = verify(made, [piece(one) for one in documents], known, Rules(DAY), protected)
    return list(found.findings)


def ids(found: list[Finding], *wanted: str) -> list[tuple[str, str]]:
    return [(f.id, f.severity) for f in found if f.id in wanted]


def santa(*identifiers: str) -> Document:
    rules = [{"identifier": one, "policy": "BLOCKLIST", "rule_type": "SIGNINGID"} for one in identifiers]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": rules}, name="santa", PayloadScope="System")


@pytest.mark.parametrize(
    ("document", "classes", "severity"),
    [
        pytest.param(
            blocking("com.apple.mobilesafari", "com.apple.Preferences"), (IPHONES,), None, id="what the catalogue names"
        ),
        pytest.param(
            as_json(
                {
                    "playStoreMode": "BLACKLIST",
                    "applications": [{"packageName": "com.google.android.gms", "installType": "BLOCKED"}],
                }
            ),
            (PHONES,),
            None,
            id="Play services",
        ),
    ],
)
def test_a_block_on_the_never_block_list_is_said(
    document: Document, classes: tuple[DeviceClass, ...], severity: None
) -> None:
    found = [f for f in remarks(document, classes=classes, known=catalogue.load()) if f.id == "never-block"]
    assert found
    assert all(f.severity in ("warning", "note") and f.hint and f.origin for f in found), severity


def test_a_signing_id_is_held_against_its_bundle_id() -> None:
    known = msgspec.structs.replace(
        NOTHING_KNOWN,
        never_block={("macos", "bundle_id", "com.apple.finder"): catalogue.NeverBlock("bundle_id", "brick")},
    )
    found = remarks(santa("ABCDEFGHIJ:com.apple.finder"), classes=(MACS,), known=known)
    assert ids(found, "never-block") == [("never-block", "warning")]
    mild = msgspec.structs.replace(
        NOTHING_KNOWN, never_block={("ios", "bundle_id", "a.b"): catalogue.NeverBlock("bundle_id", "function", "note")}
    )
    assert ids(remarks(blocking("a.b"), known=mild), "never-block") == [("never-block", "note")]


def test_a_block_of_what_the_deployment_protects_is_said() -> None:
    own = Identifier("ios", "bundle_id", "gov.example.app", Origin("d.yaml"))
    found = remarks(blocking("gov.example.app"), protected=(own,))
    assert ids(found, "protected-app") == [("protected-app", "warning")]


def test_what_is_protected_on_one_platform_may_be_blocked_on_another() -> None:
    names = ("com.own.app", "com.Chat.app")
    own = tuple(Identifier("android", "package_name", name, Origin("d.yaml")) for name in names)
    told = ("protected-app", "rule-wrong-case", "rule-wrong-platform")
    assert ids(remarks(blocking(*names), protected=own), *told) == []


_DEAD = [
    pytest.param(blocking("com.chat.app"), (IPHONES,), "rule-wrong-case", id="wrong case"),
    pytest.param(blocking("com.chat.android"), (IPHONES,), "rule-wrong-platform", id="an Android package on iOS"),
    pytest.param(blocking("com.Chat.app"), (OWN,), "rule-out-of-force", id="nobody obeys"),
    pytest.param(blocking("com.Chat.app"), (IPHONES,), "", id="alive"),
    pytest.param(
        plist(restrictions(blockedAppBundleIDs=["com.Chat.app"]), TargetDeviceType=5),
        (IPHONES,),
        "",
        id="an error says it already",
    ),
    pytest.param(
        as_json(
            {
                "playStoreMode": "BLACKLIST",
                "applications": [{"packageName": "com.Chat.android", "installType": "BLOCKED"}],
            }
        ),
        (PHONES,),
        "rule-wrong-case",
        id="wrong case of a package",
    ),
    pytest.param(
        xml(rules_xml(DEFAULT_EXE, path_rule("*\\CHAT.EXE"))), (PCS,), "", id="Windows does not mind the case of a file"
    ),
    pytest.param(
        xml(rules_xml(DEFAULT_EXE, publisher_rule("O=CHAT"), path_rule("*\\chat.exe"))),
        (PCS,),
        "",
        id="two kinds of identifiers",
    ),
]


@pytest.mark.parametrize(("document", "classes", "id_"), _DEAD)
def test_a_dead_rule_is_said(document: Document, classes: tuple[DeviceClass, ...], id_: str) -> None:
    dead = ("rule-wrong-case", "rule-wrong-platform", "rule-out-of-force", "rule-shadowed", "rule-ineffective")
    assert [name for name, _ in ids(remarks(document, classes=classes), *dead)] == ([id_] if id_ else [])


def test_identifiers_without_effect_are_said() -> None:
    idle = blocking("com.Chat.app", PayloadScope="User")
    made = piece(idle)
    rules = {
        id(rule): msgspec.structs.replace(rule, sense="none", verdict="allowed", why="")
        for rule in made.readings[0].rules
    }
    reading = msgspec.structs.replace(
        made.readings[0],
        rules=tuple(rules.values()),
        effects=tuple(msgspec.structs.replace(e, rule=rules[id(e.rule)]) for e in made.readings[0].effects),
    )
    resolution = resolve([ban_list(CHAT)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    found = verify(resolution, [msgspec.structs.replace(made, readings=(reading,))], NOTHING_KNOWN, Rules(DAY))
    [finding] = [f for f in found.findings if f.id == "rule-ineffective"]
    assert finding.message.startswith("1 identifier stand")


def test_a_weaker_rule_on_the_same_identifier_is_shadowed() -> None:
    whole = as_json(
        {
            "Type": "com.apple.configuration.app.settings",
            "Identifier": "w",
            "Payload": {"Allowed": {"DeniedBinaries": [{"TeamID": "ABCDEFGHIJ", "SigningID": "com.chat.mac"}]}},
        },
        "whole",
    )
    classes = (device("macos", ">=27", "new", supervised=True, enrollment="automated"),)
    narrow = as_json(
        {
            "Type": "com.apple.configuration.app.settings",
            "Identifier": "n",
            "Payload": {
                "Allowed": {
                    "DeniedBinaries": [
                        {"TeamID": "ABCDEFGHIJ", "SigningID": "com.chat.mac", "PathPrefix": "/Applications/"}
                    ]
                }
            },
        },
        "narrow",
    )
    found = [f for f in remarks(whole, narrow, classes=classes) if f.id == "rule-shadowed"]
    assert [str(f.origin).partition(":")[0] for f in found] == ["narrow"]
    twice = [
        f
        for f in remarks(whole, msgspec.structs.replace(whole, name="again"), classes=classes)
        if f.id == "rule-shadowed"
    ]
    assert twice == []
    other = santa("ABCDEFGHIJ:com.chat.mac")
    assert [f for f in remarks(whole, other, classes=(MACS,)) if f.id == "rule-shadowed"] == []


CLIP = "com.apple.webClip.managed"
EDGE_KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Edge"


def clip(url: Any, **more: Any) -> Document:
    return plist({"PayloadType": CLIP, "URL": url, "Label": "Chat", **more}, name="clip")


def installed_by(browser: str, *sites: Any) -> Document:
    domain = {"chrome": "com.google.Chrome", "edge": "com.microsoft.Edge"}[browser]
    return plist({"PayloadType": domain, "WebAppInstallForceList": [{"url": one} for one in sites]}, name="apps")


def intune_link(kind: str, intent: str) -> Document:
    everyone = target("allDevicesAssignmentTarget")
    return graph(kind, "w.json", appUrl="https://chat.example/", assignments=[{"intent": intent, **everyone}])


def catalog_apps(value: Any) -> Document:
    named = "device_vendor_msft_policy_config_microsoft_edgev80diff~policy~microsoft_edge_webappinstallforcelist"
    child = {"settingDefinitionId": f"{named}_webappinstallforcelist", "simpleSettingValue": {"value": value}}
    choice = {"value": f"{named}_1", "children": [child]}
    instance = {"settingDefinitionId": named, "choiceSettingValue": choice}
    top = {"platforms": "windows10", "technologies": "mdm", "settings": [{"settingInstance": instance}]}
    return as_json(top, "catalog.json")


def test_a_list_of_web_apps_in_the_settings_catalog_is_no_strange_setting() -> None:
    assert piece(catalog_apps('[{"url":"https://chat.example/"}]')).unjudged == ()


def registry(value: str) -> Document:
    text = f'Windows Registry Editor Version 5.00\r\n\r\n[{EDGE_KEY}]\r\n"WebAppInstallForceList"="{value}"\r\n'
    return open_document("apps.reg", text.encode())


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        pytest.param(clip("https://chat.example/app?x=1"), "/PayloadContent/0/URL", id="a clip"),
        pytest.param(clip("https://web.chat.example"), "/PayloadContent/0/URL", id="a clip of a host below"),
        pytest.param(clip("https://notchat.example/"), "", id="a clip of another site"),
        pytest.param(clip("https://other.org/?to=chat.example"), "", id="a clip that names it in its query"),
        pytest.param(clip(5), "", id="a clip without an address"),
        pytest.param(
            installed_by("edge", "https://other.org/", "https://chat.example/"),
            "/PayloadContent/0/WebAppInstallForceList/1/url",
            id="a web app of Edge",
        ),
        pytest.param(
            installed_by("chrome", "https://chat.example/"),
            "/PayloadContent/0/WebAppInstallForceList/0/url",
            id="a web app of Chrome",
        ),
        pytest.param(installed_by("chrome", 5), "", id="a web app without an address"),
        pytest.param(
            catalog_apps('[{"url":"https://chat.example/"}]'),
            "/settings/0/settingInstance/choiceSettingValue/children/0/simpleSettingValue/value/0/url",
            id="the settings catalog",
        ),
        pytest.param(catalog_apps(5), "", id="no list in the settings catalog"),
        pytest.param(intune_link("webApp", "required"), "/appUrl", id="a web app of Intune"),
        pytest.param(intune_link("iosiPadOSWebClip", "available"), "/appUrl", id="a web clip of Intune"),
        pytest.param(intune_link("windowsWebApp", "uninstall"), "", id="one that is taken away"),
        pytest.param(intune_link("win32LobApp", "required"), "", id="an app that is no link"),
        pytest.param(registry('[{\\"url\\":\\"https://chat.example/\\"}]'), "registry", id="the registry"),
        pytest.param(registry("no list"), "", id="no list in the registry"),
        pytest.param(
            as_json({"URLBlocklist": ["x.org"], "WebAppInstallForceList": [{"url": "https://chat.example"}]}, "p.json"),
            "/WebAppInstallForceList/0/url",
            id="a policy file",
        ),
    ],
)
def test_a_link_to_the_site_of_a_banned_app_is_said_and_changes_no_verdict(document: Document, pointer: str) -> None:
    site = inline("Chat", identifier("ios", "bundle_id", "com.Chat.app"), identifier("web", "domain", "chat.example"))
    made = resolve([ban_list(site)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    ban = blocking("com.Chat.app")
    beside = msgspec.structs.replace(piece(document), named=False)  # that it bans nothing is said of a named document
    found = verify(made, (beside, piece(ban)), NOTHING_KNOWN, Rules(DAY))
    said = [one for one in found.findings if one.id == "banned-site-linked"]
    assert bool(said) == bool(pointer)
    assert found.passes == verify(made, (piece(ban),), NOTHING_KNOWN, Rules(DAY)).passes
    links = [one.pointer for reading in read_each(document) for one in reading.links if "chat.example" in one.address]
    assert not pointer or pointer == "registry" or pointer in links


def test_a_profile_with_a_web_clip_alone_concerns_no_app() -> None:
    found = piece(clip("https://chat.example/"))
    assert not found.unjudged
    assert not any(reading.concerns_apps for reading in found.readings)


def test_a_banned_app_that_is_allowed_elsewhere_is_said() -> None:
    allow = plist(restrictions(allowListedAppBundleIDs=["com.Chat.app", "com.other"]), name="allow")
    managed = as_json(
        {"Type": "com.apple.configuration.app.managed", "Identifier": "m", "Payload": {"BundleID": "com.Chat.app"}},
        "managed",
    )
    installed = as_json(
        {
            "playStoreMode": "WHITELIST",
            "applications": [{"packageName": "com.chat.android", "installType": "FORCE_INSTALLED"}],
        },
        "amapi",
    )
    found = [f for f in remarks(allow, managed, installed, blocking("com.Chat.app")) if f.id == "banned-app-allowed"]
    assert sorted(str(f.origin).partition(":")[0] for f in found) == ["allow", "amapi", "managed"]


def test_many_remarks_of_one_kind_are_counted() -> None:
    many = blocking(*(f"gov.example.app{n}" for n in range(30)))
    own = tuple(Identifier("ios", "bundle_id", f"gov.example.app{n}", Origin("d.yaml")) for n in range(30))
    found = [f for f in remarks(many, protected=own) if f.id == "protected-app"]
    assert len(found) == 21
    assert "10 more" in next(f.message for f in found if f.severity == "note")


def vpp(*names: str, assignments: Any = None) -> Document:
    keys: dict[str, Any] = {
        "appsVisibilityListType": "appsNotInListCompliant",
        "appsVisibilityList": [{"appId": name} for name in names],
    }
    return graph(
        "iosGeneralDeviceConfiguration", **keys, **({} if assignments is None else {"assignments": assignments})
    )


def test_intune_and_jamf_that_do_the_same_are_equivalent() -> None:
    everyone = [target("allDevicesAssignmentTarget")]
    assert equivalent(readings(blocking("a.b", "c.d")), readings(blocking("c.d", "a.b", name="other")), DAY) == ()
    found = equivalent(readings(blocking("a.b")), readings(vpp("a.b", assignments=everyone)), DAY)
    assert {d.platform for d in found} <= {"tvos", "visionos", "ios", "ipados"}


_DIFFERENT = [
    pytest.param([blocking("a.b")], [blocking("a.B")], {"a.b", "a.B"}, id="case"),
    pytest.param([blocking("a.b", "c.d")], [blocking("a.b")], {"c.d"}, id="one is missing"),
    pytest.param([blocking("a.b")], [], {"a.b"}, id="nothing at all"),
    pytest.param(
        [plist(restrictions(allowListedAppBundleIDs=["a.b"]))],
        [blocking("x.y")],
        {"x.y", "an.app.nobody.names"},
        id="an allow list denies the rest",
    ),
    pytest.param([vpp("a.b", assignments=[])], [vpp("a.b")], {"a.b"}, id="nobody is assigned"),
]


@pytest.mark.parametrize(("left", "right", "values"), _DIFFERENT)
def test_what_differs_is_named(left: list[Document], right: list[Document], values: set[str]) -> None:
    found = equivalent(readings(*left), readings(*right), DAY)
    assert {value for one in found for _, _, value in one.keys} >= values
    assert all(one.state and one.left and one.right for one in found)
    assert equivalent(readings(*left), readings(*left), DAY) == ()


def test_addresses_and_store_ids_are_compared_too() -> None:
    web = {
        "PayloadType": "com.apple.webcontent-filter",
        "FilterType": "BuiltIn",
        "AutoFilterEnabled": False,
        "FilterBrowsers": True,
    }
    one, other = (plist({**web, "DenyListURLs": [f"https://{name}.example"]}) for name in ("a", "b"))
    assert equivalent(readings(one), readings(one), DAY) == ()
    assert {d.keys[0][2] for d in equivalent(readings(one), readings(other), DAY)} >= {"a.example", "b.example"}

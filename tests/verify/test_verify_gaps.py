"""Hold each rule of what counts as a gap, as a named row: small real documents, one thing changed in each."""

from __future__ import annotations

import datetime as dt
import json
import plistlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, NOTHING_KNOWN, app, ban_list, deployment, identifier, inline, waiver
from kind_documents import (
    DEFAULT_EXE,
    as_json,
    blocking,
    device,
    graph,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy import catalogue
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.errors import Origin
from mdm_policy.kinds import open_document
from mdm_policy.model import AcceptedGap, Preinstall
from mdm_policy.resolve import resolve
from mdm_policy.verify import Absence, Rules, Verification, piece, verify

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import BanList, DeviceClass, Resolution

WECHAT, MM, MAC, TEAM = "com.tencent.xin", "com.tencent.mm", "com.tencent.xinWeChat", "5A4RE8SF68"
IPHONES = device("ios", ">=17", "iPhones", supervised=True, enrollment="automated")
OWN = device("ios", ">=17", "own", supervised=False, enrollment="user")
MANAGED = device("android", ">=12", "phones", mode="fully-managed")
COPE = device("android", ">=12", "cope", mode="cope", origins=("store",))
MACS = device("macos", ">=14", "Macs", supervised=True, enrollment="automated")
PCS = device("windows", ">=10", "PCs")
EVERYONE = [target("allDevicesAssignmentTarget")]
GROUP = "#microsoft.graph.groupAssignmentTarget"


def banned(**more: Any) -> BanList:
    wechat = inline(
        "WeChat",
        identifier("ios", "bundle_id", WECHAT),
        identifier("android", "package_name", MM),
        identifier("macos", "team_id", TEAM),
        identifier("macos", "bundle_id", MAC),
        identifier("macos", "process_name", "WeChat"),
        identifier("windows", "publisher", "O=TENCENT"),
        identifier("windows", "executable", "WeChat.exe"),
        not_on=more.pop("not_on", ()),
    )
    return ban_list(wechat, **more)


def resolution(*classes: DeviceClass, accepted: tuple[AcceptedGap, ...] = (), **more: Any) -> Resolution:
    made = deployment(devices=classes, accepted_gaps=accepted)
    return resolve([banned(**more)], made, NOTHING_KNOWN, DAY, enforce=False)


def judged(
    classes: tuple[DeviceClass, ...], *documents: Document, rules: dict[str, Any] | None = None, **more: Any
) -> Verification:
    found = resolution(*classes, **more)
    return verify(found, [piece(one) for one in documents], NOTHING_KNOWN, Rules(DAY, **(rules or {})))


def words(found: Verification) -> list[str]:
    return [group.cell.word for verdict in found.classes for group in verdict.groups]


def visibility(assignments: Any = None, **more: Any) -> Document:
    keys = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": [{"appId": WECHAT}], **more}
    if assignments is not None:
        keys["assignments"] = assignments
    return graph("iosGeneralDeviceConfiguration", **keys)


def policy(*applications: dict[str, Any], name: str = "policy.json", **more: Any) -> Document:
    return as_json({"playStoreMode": "BLACKLIST", "applications": list(applications), **more}, name)


BLOCKED = {"packageName": MM, "installType": "BLOCKED"}
PERSONAL: dict[str, Any] = {
    "personalUsagePolicies": {
        "personalPlayStoreMode": "BLOCKLIST",
        "personalApplications": [{"packageName": MM, "installType": "BLOCKED"}],
    }
}


def ddm(*denied: str, named: str = "a.b") -> Document:
    payload = {"Allowed": {"DeniedApps": list(denied)}}
    return as_json({"Type": "com.apple.configuration.app.settings", "Identifier": named, "Payload": payload}, "c.json")


def activation(*names: str, **payload: Any) -> Document:
    value = {
        "Type": "com.apple.activation.simple",
        "Identifier": "a",
        "Payload": {"StandardConfigurations": list(names), **payload},
    }
    return as_json(value, "a.json")


def santa(*ids: str, kind: str = "SIGNINGID") -> Document:
    rules = [{"identifier": one, "policy": "BLOCKLIST", "rule_type": kind} for one in ids]
    return plist(
        {"PayloadType": "com.northpolesec.santa", "StaticRules": rules},
        name="santa.mobileconfig",
        PayloadScope="System",
    )


def jamf(scope: str = "", *, name: str = "WeChat", exact: str = "true", kill: str = "true") -> Document:
    return xml(
        f"<restricted_software><general><id>7</id><name>n</name><process_name>{name}</process_name>"
        f"<match_exact_process_name>{exact}</match_exact_process_name><kill_process>{kill}</kill_process>"
        f"<delete_executable>false</delete_executable></general>{scope}</restricted_software>",
        "jamf.xml",
    )


def in_november(day: int) -> dt.datetime:
    """Return a day as plistlib takes it: in UTC, without saying so."""
    return dt.datetime(2026, 11, day, tzinfo=dt.UTC).replace(tzinfo=None)


def row(name: str, cls: DeviceClass, documents: list[Document], word: str, **rules: Any) -> Any:
    """Make a row; a capital word is a gap."""
    return pytest.param(cls, documents, word, rules, id=name)


_ROWS = [
    row("supervised and listed", IPHONES, [blocking(WECHAT)], "hidden"),
    row("not listed", IPHONES, [blocking("com.other.app")], "ALLOWED"),
    row("another case", IPHONES, [blocking("com.tencent.Xin")], "ALLOWED"),
    row("unsupervised under user enrollment", OWN, [blocking(WECHAT)], "UNENFORCEABLE"),
    row(
        "reporting list",
        IPHONES,
        [
            graph(
                "iosGeneralDeviceConfiguration",
                compliantAppListType="appsInListCompliant",
                compliantAppsList=[{"appId": "x.y"}],
            ),
            blocking("x.y"),
        ],
        "ALLOWED",
    ),
    row(
        "only reported",
        IPHONES,
        [
            graph(
                "iosGeneralDeviceConfiguration",
                compliantAppListType="appsNotInListCompliant",
                compliantAppsList=[{"appId": WECHAT}],
            )
        ],
        "REPORTED-ONLY",
    ),
    row(
        "an allow list that lacks it",
        IPHONES,
        [plist(restrictions(allowListedAppBundleIDs=["com.apple.mobilesafari"]))],
        "hidden",
    ),
    row("an allow list that holds it", IPHONES, [plist(restrictions(allowListedAppBundleIDs=[WECHAT]))], "ALLOWED"),
    row(
        "deny beats allow", IPHONES, [plist(restrictions(allowListedAppBundleIDs=[WECHAT])), blocking(WECHAT)], "hidden"
    ),
    row(
        "several profiles add up", IPHONES, [blocking("com.other.app", name="1"), blocking(WECHAT, name="2")], "hidden"
    ),
    row(
        "a deprecated key keeps its effect",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [blocking(WECHAT)],
        "hidden",
    ),
    row("an iOS key on a Mac", MACS, [blocking(MAC)], "ALLOWED"),
    row(
        "declared, before the version that knows it",
        device("ios", ">=26,<27", "old", supervised=True, enrollment="automated"),
        [ddm(WECHAT)],
        "ALLOWED",
    ),
    row(
        "declared, on the version that knows it",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [ddm(WECHAT)],
        "hidden",
    ),
    row(
        "removal date gone by",
        IPHONES,
        [blocking(WECHAT, RemovalDate=in_november(24))],
        "ALLOWED",
    ),
    row(
        "removal date to come",
        IPHONES,
        [blocking(WECHAT, RemovalDate=in_november(25))],
        "hidden",
    ),
    row("removal after a time nobody can tell", IPHONES, [blocking(WECHAT, DurationUntilRemoval=60)], "UNKNOWN"),
    row("assigned to everyone", IPHONES, [visibility(EVERYONE)], "hidden"),
    row("assigned to nobody", IPHONES, [visibility([])], "ALLOWED"),
    row("nobody, and another document blocks", IPHONES, [visibility([]), blocking(WECHAT)], "hidden"),
    row("scope not stated is a note", IPHONES, [visibility()], "hidden"),
    row("scope not stated, required", IPHONES, [visibility()], "UNKNOWN", require_scope=True),
    row("scope stated, required", IPHONES, [visibility(EVERYONE)], "hidden", require_scope=True),
    row(
        "a group that covers the class",
        msgspec.structs.replace(IPHONES, groups=("field",)),
        [visibility([target("groupAssignmentTarget", groupName="field")])],
        "hidden",
    ),
    row("a group that may not", IPHONES, [visibility([target("groupAssignmentTarget", groupName="field")])], "UNKNOWN"),
    row(
        "one of two groups",
        msgspec.structs.replace(IPHONES, groups=("field", "lab")),
        [visibility([target("groupAssignmentTarget", groupName="field")])],
        "UNKNOWN",
    ),
    row(
        "an exclusion that may hit",
        IPHONES,
        [visibility([*EVERYONE, target("exclusionGroupAssignmentTarget", groupName="lab")])],
        "UNKNOWN",
    ),
    row(
        "an exclusion that cannot hit",
        msgspec.structs.replace(IPHONES, groups=("field",)),
        [visibility([*EVERYONE, target("exclusionGroupAssignmentTarget", groupName="lab")])],
        "hidden",
    ),
    row(
        "a filter",
        IPHONES,
        [
            visibility(
                [
                    {
                        "target": {
                            "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
                            "deviceAndAppManagementAssignmentFilterId": "f",
                            "deviceAndAppManagementAssignmentFilterType": "include",
                        }
                    }
                ]
            )
        ],
        "UNKNOWN",
    ),
    row(
        "no activation among the inputs is a note",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [ddm(WECHAT)],
        "hidden",
    ),
    row(
        "activated",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [ddm(WECHAT), activation("a.b")],
        "hidden",
    ),
    row(
        "activations, none names it",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [ddm(WECHAT), activation("x.y")],
        "ALLOWED",
    ),
    row(
        "activated under a predicate",
        device("ios", ">=27", "new", supervised=True, enrollment="automated"),
        [ddm(WECHAT), activation("a.b", Predicate="x == 1")],
        "UNKNOWN",
    ),
    row(
        "another MDM's document",
        msgspec.structs.replace(IPHONES, managed_by="jamf"),
        [visibility(EVERYONE), blocking("x.y")],
        "ALLOWED",
    ),
    row(
        "its own MDM's document",
        msgspec.structs.replace(IPHONES, managed_by="intune"),
        [visibility(EVERYONE)],
        "hidden",
    ),
    row(
        "allow only under the wrong sense",
        IPHONES,
        [visibility(appsVisibilityListType="appsInListCompliant")],
        "ALLOWED",
    ),
    row("list type off", IPHONES, [visibility(appsVisibilityListType="none"), blocking("x.y")], "ALLOWED"),
    row("a managed phone", MANAGED, [policy(BLOCKED)], "removed"),
    row(
        "sideloading open",
        MANAGED,
        [policy(BLOCKED, advancedSecurityOverrides={"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"})],
        "ALLOWED",
    ),
    row(
        "sideloading open, but the class has store apps alone",
        msgspec.structs.replace(MANAGED, origins=("store",)),
        [policy(BLOCKED, advancedSecurityOverrides={"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"})],
        "removed",
    ),
    row(
        "partial where strong is asked for",
        msgspec.structs.replace(MANAGED, origins=("store",)),
        [policy(BLOCKED, advancedSecurityOverrides={"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"})],
        "PARTIAL",
        min_strength="strong",
    ),
    row("playStoreMode missing is an allow list", MANAGED, [as_json({"applications": [BLOCKED]})], "removed"),
    row(
        "two policies, one lacks it",
        MANAGED,
        [policy(BLOCKED, name="1.json"), policy({"packageName": "x.y", "installType": "BLOCKED"}, name="2.json")],
        "ALLOWED",
    ),
    row("the personal side is not reached by applications", COPE, [policy(BLOCKED)], "ALLOWED"),
    row("the personal side", COPE, [policy(BLOCKED, **PERSONAL)], "removed"),
    row(
        "a personally owned phone",
        device("android", ">=12", "byod", mode="byod"),
        [policy(BLOCKED, **PERSONAL)],
        "UNENFORCEABLE",
    ),
    row(
        "blocked and force-installed",
        MANAGED,
        [policy(BLOCKED, {"packageName": MM, "installType": "FORCE_INSTALLED"})],
        "UNKNOWN",
    ),
    row(
        "install refused, a copy stays",
        MANAGED,
        [policy(BLOCKED, uninstallAppsDisabled=True)],
        "NOT-INSTALLABLE",
    ),
    row("Santa", MACS, [santa(f"{TEAM}:{MAC}")], "blocked"),
    row("Santa is partial", MACS, [santa(f"{TEAM}:{MAC}")], "PARTIAL", min_strength="strong"),
    row("process name", MACS, [jamf("<scope><all_computers>true</all_computers></scope>")], "WEAK"),
    row(
        "process name, taken",
        MACS,
        [jamf("<scope><all_computers>true</all_computers></scope>")],
        "blocked",
        min_strength="weak",
    ),
    row(
        "Jamf, nobody scoped",
        MACS,
        [jamf("<scope><all_computers>false</all_computers><computers/></scope>"), santa("ABCDEFGHIJ:x.y")],
        "ALLOWED",
        min_strength="weak",
    ),
    row("AppLocker by publisher", PCS, [xml(rules_xml(DEFAULT_EXE, publisher_rule("O=TENCENT")))], "blocked"),
    row(
        "AppLocker audit only",
        PCS,
        [xml(rules_xml(DEFAULT_EXE, publisher_rule("O=TENCENT"), mode="AuditOnly"))],
        "REPORTED-ONLY",
    ),
    row("AppLocker by file name", PCS, [xml(rules_xml(DEFAULT_EXE, path_rule("*\\WeChat.exe")))], "WEAK"),
    row("a class that contradicts itself", device("ios", ">=17,<16", "none"), [blocking(WECHAT)], "UNKNOWN"),
]


@pytest.mark.parametrize(("cls", "documents", "word", "rules"), _ROWS)
def test_what_counts_as_a_gap(cls: DeviceClass, documents: list[Document], word: str, rules: dict[str, Any]) -> None:
    found = judged((cls,), *documents, rules=rules)
    assert words(found) == [word.lower()]
    assert found.proven is word.islower()
    assert [report.verdict for report in found.gaps] == ([] if word.islower() else [word.lower()])
    for report in found.gaps:
        assert report.sentence
        assert report.hint
        assert report.state or cls.name == "none"


def test_no_identifier_is_unknown_and_a_statement_is_none() -> None:
    phones = device("ios", name="phones", supervised=True, enrollment="automated")
    only = inline("Only", identifier("android", "package_name", "only.android"))
    for ban, word in ((only, "unknown"), (msgspec.structs.replace(only, not_on=("ios",)), "not-applicable")):
        made = resolve([ban_list(ban)], deployment(devices=(phones,)), NOTHING_KNOWN, DAY, enforce=False)
        found = verify(made, [piece(blocking(WECHAT))], NOTHING_KNOWN, Rules(DAY))
        assert words(found) == [word]
        assert (found.proven, found.passes) == (False, word == "not-applicable")
    assert [*found.absent.values()] == [Absence("list", "the ban list's own statement")]


def _gap(until: str, name: str = "iPhones", key: str = "") -> AcceptedGap:
    return AcceptedGap(
        key or WECHAT_KEY, name, "no control", "CISO (example)", "MEMO-2 (example)", until, Origin("d.yaml", 9, 5)
    )


WECHAT_KEY = resolve([banned()], None, NOTHING_KNOWN, DAY, enforce=False).apps[0].key


@pytest.mark.parametrize(
    ("accepted", "gaps", "covered"),
    [
        pytest.param((_gap(DAY),), 0, 1, id="through its last day"),
        pytest.param((_gap("2026-11-23"),), 1, 0, id="expired"),
        pytest.param((_gap(DAY, "other"),), 1, 0, id="for another class"),
        pytest.param((), 1, 0, id="none"),
    ],
)
def test_an_accepted_gap_is_printed_and_not_counted(accepted: tuple[AcceptedGap, ...], gaps: int, covered: int) -> None:
    found = judged((IPHONES,), blocking("x.y"), accepted=accepted)
    assert (len(found.gaps), len(found.accepted)) == (gaps, covered)
    assert found.outcome == ("NOT PROVEN" if gaps else "NOTHING TO BLOCK")


def test_an_acceptance_of_no_gap_is_told() -> None:
    found = judged((IPHONES,), blocking(WECHAT), accepted=(_gap(DAY),))
    assert found.proven
    assert [f.id for f in found.findings if f.id.startswith("accepted")] == ["accepted-gap-closed"]


@pytest.mark.parametrize(
    ("groups", "freed", "word"),
    [
        pytest.param(("lab",), ("lab",), "excepted", id="all groups freed"),
        pytest.param(("lab", "field"), ("lab",), "allowed", id="one of two"),
        pytest.param(("lab", "field"), ("lab", "field"), "excepted", id="both of two"),
        pytest.param((), ("lab",), "allowed", id="no groups"),
    ],
)
def test_an_exception_frees_classes_it_covers(groups: tuple[str, ...], freed: tuple[str, ...], word: str) -> None:
    cls = msgspec.structs.replace(IPHONES, groups=groups)
    found = judged((cls,), blocking("x.y"), exceptions=[waiver(WECHAT_KEY, *freed)])
    assert words(found) == [word]
    assert found.outcome == ("NOTHING TO BLOCK" if word == "excepted" else "NOT PROVEN")


def test_an_exception_that_is_blocked_all_the_same_is_told() -> None:
    cls = msgspec.structs.replace(IPHONES, groups=("lab",))
    found = judged((cls,), blocking(WECHAT), exceptions=[waiver(WECHAT_KEY, "lab")])
    assert any("all the same" in text for text in found.notes)


def test_an_expired_exception_frees_nobody() -> None:
    cls = msgspec.structs.replace(IPHONES, groups=("lab",))
    found = judged((cls,), blocking("x.y"), exceptions=[waiver(WECHAT_KEY, "lab", until="2026-11-23")])
    assert words(found) == ["allowed"]


_DUTIES = [
    pytest.param(IPHONES, blocking(WECHAT), ("remove",), ("remove",), id="hidden is not removed"),
    pytest.param(MANAGED, policy(BLOCKED), ("remove",), (), id="removed"),
    pytest.param(MANAGED, policy(BLOCKED), ("no-traffic",), ("no-traffic",), id="no domain is known"),
    pytest.param(OWN, blocking(WECHAT), ("remove",), (), id="nothing to say where no setting could"),
]


@pytest.mark.parametrize(("cls", "document", "duties", "unmet"), _DUTIES)
def test_an_unmet_duty_is_a_note_and_a_gap_when_required(
    cls: DeviceClass, document: Document, duties: tuple[Any, ...], unmet: tuple[str, ...]
) -> None:
    found = judged((cls,), document, duties=duties)
    required = judged((cls,), document, duties=duties, rules={"require_duty": True})
    assert found.classes[0].groups[0].cell.duties == unmet
    assert any(text.endswith(f"({words(found)[0]})") and "duty-unmet" in text for text in found.notes) is bool(unmet)
    assert found.proven is (cls is not OWN)
    assert required.proven is (cls is not OWN and not unmet)
    if unmet:
        assert unmet[0] in required.gaps[0].sentence


def test_a_duty_is_said_beside_a_gap_too() -> None:
    found = judged((IPHONES,), blocking("x.y"), duties=("remove",), rules={"require_duty": True})
    assert [report.verdict for report in found.gaps] == ["allowed"]


def test_no_traffic_is_met_by_closed_domains() -> None:
    web = {
        "PayloadType": "com.apple.webcontent-filter",
        "FilterType": "BuiltIn",
        "AutoFilterEnabled": False,
        "FilterBrowsers": True,
        "DenyListURLs": ["https://wechat.com"],
    }
    wechat = inline("WeChat", identifier("ios", "bundle_id", WECHAT), identifier("web", "domain", "wechat.com"))
    made = resolve(
        [ban_list(wechat, duties=("no-traffic",))], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False
    )
    for documents, unmet in (
        ([blocking(WECHAT), plist(web, name="w")], ()),
        ([blocking(WECHAT)], ("no-traffic",)),
        ([plist(web, name="w")], ("no-traffic",)),  # the app itself is not held, and talks to its sites
    ):
        found = verify(made, [piece(one) for one in documents], NOTHING_KNOWN, Rules(DAY))
        assert found.classes[0].groups[0].cell.duties == unmet
        closed = any("closed in every browser" in text for text in found.notes)
        assert closed is (len(documents) == 2 or not unmet or documents[0].name == "w")


_FILTERS = [
    pytest.param({}, ("browser", True), id="nothing permitted"),
    pytest.param(
        {"PermittedURLs": ["https://wechat.com"]}, ("browser", True), id="permitted, without the filter that asks"
    ),
    pytest.param({"AutoFilterEnabled": True}, ("browser", True), id="an automatic filter alone"),
    pytest.param(
        {"AutoFilterEnabled": True, "PermittedURLs": ["https://wechat.com"]}, ("unknown", False), id="permitted"
    ),
    pytest.param(
        {"AutoFilterEnabled": True, "PermittedURLs": ["https://sub.wechat.com"]},
        ("unknown", False),
        id="a part permitted",
    ),
    pytest.param(
        {"AutoFilterEnabled": True, "PermittedURLs": ["https://other.example"]},
        ("browser", True),
        id="another permitted",
    ),
]


@pytest.mark.parametrize(("keys", "wanted"), _FILTERS)
def test_a_permitted_address_leaves_a_deny_list_in_doubt_and_diff_says_so_too(
    keys: dict[str, Any], wanted: tuple[str, bool]
) -> None:
    payload = {
        "PayloadType": "com.apple.webcontent-filter",
        "FilterType": "BuiltIn",
        "DenyListURLs": ["https://wechat.com"],
    }
    plain, changed = plist(payload, name="w"), plist({**payload, **keys}, name="w")
    wechat = inline("WeChat", identifier("ios", "bundle_id", WECHAT), identifier("web", "domain", "wechat.com"))
    made = resolve(
        [ban_list(wechat, duties=("no-traffic",))], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False
    )
    found = verify(made, [piece(changed)], NOTHING_KNOWN, Rules(DAY))
    assert found.unjudged == 0
    word = "closed in every browser" if wanted[0] == "browser" else "nobody can tell whether it holds"
    assert any(word in text for text in found.notes) is True
    compared = compare_policies(Side("a", (plain,)), Side("b", (changed,)), Question(DAY), None)
    assert (compared.exit_code == 11) is not wanted[1]
    assert not compared.unjudged


def test_a_list_of_one_browser_does_not_meet_no_traffic() -> None:
    named = "device_vendor_msft_policy_config_microsoft_edge~policy~microsoft_edge_urlblocklist"
    listed = {
        "settingDefinitionId": f"{named}_urlblocklistdesc",
        "simpleSettingCollectionValue": [{"value": "wechat.com"}],
    }
    setting = {"settingDefinitionId": named, "choiceSettingValue": {"value": f"{named}_1", "children": [listed]}}
    edge = as_json(
        {
            "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
            "platforms": "windows10",
            "technologies": "mdm",
            "settings": [{"settingInstance": setting}],
        },
        "edge.json",
    )
    wechat = inline(
        "WeChat", identifier("windows", "executable", "WeChat.exe"), identifier("web", "domain", "wechat.com")
    )
    laptops = device("windows", ">=10", "laptops")
    made = resolve(
        [ban_list(wechat, duties=("no-traffic",))], deployment(devices=(laptops,)), NOTHING_KNOWN, DAY, enforce=False
    )
    found = verify(made, [piece(edge)], NOTHING_KNOWN, Rules(DAY))
    assert found.classes[0].groups[0].cell.duties == ("no-traffic",)
    assert any("closed in Microsoft Edge; other browsers" in text for text in found.notes)


@pytest.mark.parametrize(
    ("maker", "word"),
    [pytest.param("Xiaomi", "allowed", id="a maker ships it"), pytest.param("", "removed", id="nobody ships it")],
)
def test_preinstalled_counts_where_some_maker_ships_the_app(maker: str, word: str) -> None:
    store_only = policy(BLOCKED, advancedSecurityOverrides={"untrustedAppsPolicy": "DISALLOW_INSTALL"}, **PERSONAL)
    made = resolution(msgspec.structs.replace(COPE, origins=()))
    apps = tuple(
        msgspec.structs.replace(one, preinstalled=(Preinstall(maker, "s"),) if maker else ()) for one in made.apps
    )
    made = msgspec.structs.replace(made, apps=apps)
    found = verify(made, [piece(store_only)], NOTHING_KNOWN, Rules(DAY))
    gaps = {gap.decision.verdict for gap in found.classes[0].groups[0].cell.gaps}
    assert ("allowed" in gaps) is (word == "allowed")


def test_for_says_on_which_class_a_document_acts() -> None:
    own = piece(blocking(WECHAT, name="1"), classes=("iPhones",))
    other = piece(blocking("x.y", name="2"), classes=("iPads",))
    ipads = device("ipados", ">=17", "iPads", supervised=True, enrollment="automated")
    found = verify(resolution(IPHONES, ipads), [own, other], NOTHING_KNOWN, Rules(DAY))
    assert words(found) == ["hidden", "allowed"]
    assert [verdict.documents for verdict in found.classes] == [("1",), ("2",)]


def test_for_overrules_the_mdm() -> None:
    jamf_managed = msgspec.structs.replace(IPHONES, managed_by="jamf")
    found = verify(
        resolution(jamf_managed), [piece(visibility(EVERYONE), classes=("iPhones",))], NOTHING_KNOWN, Rules(DAY)
    )
    assert words(found) == ["hidden"]


def test_a_manifest_says_for_which_devices_a_document_is() -> None:
    narrow = piece(policy(BLOCKED, name="1"), modes=("cope",), managed_by="amapi")
    open_ = piece(policy(name="2"), modes=("fully-managed",), managed_by="amapi")
    intune = msgspec.structs.replace(MANAGED, name="intune", managed_by="intune")
    store = msgspec.structs.replace(MANAGED, origins=("store",))
    found = verify(resolution(store, COPE, intune), [narrow, open_], NOTHING_KNOWN, Rules(DAY))
    assert [verdict.documents for verdict in found.classes] == [("2",), ("1",), ()]


def test_a_variant_stands_in_for_the_base_on_its_groups() -> None:
    base = piece(blocking(WECHAT, name="base"), slot="t")
    variant = piece(blocking("x.y", name="variant"), slot="t", groups=("lab",))
    lab = msgspec.structs.replace(IPHONES, name="lab", groups=("lab",))
    both = msgspec.structs.replace(IPHONES, name="both", groups=("lab", "field"))
    found = verify(resolution(IPHONES, lab, both), [base, variant], NOTHING_KNOWN, Rules(DAY))
    assert [verdict.documents for verdict in found.classes] == [("base",), ("variant",), ("base",)]


def test_another_way_does_not_act_and_must_block_as_much() -> None:
    whole = piece(policy(BLOCKED, name="whole"), way="w", kinds=(("android", "package_name"),))
    change = {"changes": [{"application": BLOCKED, "updateMask": "installType"}]}
    narrow = piece(as_json(change, "narrow"), way="w", leads=False, kinds=(("android", "package_name"),))
    lacks = {"changes": [{"application": {**BLOCKED, "packageName": "x.y"}, "updateMask": "installType"}]}
    weaker = piece(as_json(lacks, "weaker"), way="w", leads=False, kinds=(("android", "package_name"),))
    good = verify(resolution(MANAGED), [whole, narrow], NOTHING_KNOWN, Rules(DAY))
    bad = verify(resolution(MANAGED), [whole, weaker], NOTHING_KNOWN, Rules(DAY))
    assert good.proven
    assert good.documents[1].note == "another way to send a document that is judged"
    assert not bad.proven
    assert [(f.id, f.origin.file if f.origin else "") for f in bad.failures] == [("other-way-weaker", "weaker")]
    assert MM in bad.failures[0].message


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(as_json({"hello": 1}), "no reader knows", id="unrecognised"),
        pytest.param(plist(restrictions(allowCamera=False)), "nothing in it", id="no effect"),
        pytest.param(plist(restrictions(blockedAppBundleIDs={"a": 1})), "nothing in it", id="wrong type"),
        pytest.param(plist(restrictions(blockedAppBundleIDs=[])), "nothing in it", id="empty list"),
    ],
)
def test_a_named_document_without_effect_proves_nothing(document: Document, why: str) -> None:
    found = judged((IPHONES,), blocking(WECHAT, name="good"), document)
    assert [f.id for f in found.failures] == ["document-without-effect"]
    assert why in found.failures[0].message
    assert not found.proven


def test_a_document_without_effect_in_a_folder_is_a_remark_unless_nothing_else_is_there() -> None:
    made = resolution(IPHONES)
    stranger = piece(as_json({"hello": 1}), named=False)
    assert verify(made, [piece(blocking(WECHAT)), stranger], NOTHING_KNOWN, Rules(DAY)).proven
    alone = verify(made, [stranger], NOTHING_KNOWN, Rules(DAY))
    assert [f.id for f in alone.failures] == ["nothing-to-check"]
    assert not alone.proven


def test_without_classes_the_strongest_of_each_platform_is_judged() -> None:
    found = judged((), blocking(WECHAT), policy(BLOCKED))
    assert [(v.cls.name, v.cls.mode) for v in found.classes] == [
        ("ios", None),
        ("ipados", None),
        ("tvos", None),
        ("visionos", None),
        ("android", "fully-managed"),
    ]
    assert found.weaker == (
        "unsupervised devices and user enrollment (ios, ipados, tvos, visionos)",
        "Android in the modes cope, dedicated, byod",
        "older systems",
    )
    assert not found.declared
    assert found.proven


def test_the_mode_in_which_documents_do_best_is_taken() -> None:
    cope_only = {
        "personalUsagePolicies": PERSONAL["personalUsagePolicies"],
        "playStoreMode": "BLACKLIST",
        "applications": [BLOCKED],
    }
    devices = [piece(as_json(cope_only), modes=("cope",), managed_by="amapi")]
    found = verify(resolution(), devices, NOTHING_KNOWN, Rules(DAY))
    assert [v.cls.mode for v in found.classes] == ["cope"]


def test_each_mdm_is_judged_by_itself_when_no_class_is_declared() -> None:
    found = judged((), visibility(EVERYONE), _jamf_profile("com.other.app"))
    assert {v.cls.name: v.proven for v in found.classes if v.cls.platform == "ios"} == {
        "ios (intune)": True,
        "ios (jamf)": False,
    }


def _jamf_profile(bundle: str) -> Document:
    inner = plistlib.dumps(
        {"PayloadType": "Configuration", "PayloadContent": [restrictions(blockedAppBundleIDs=[bundle])]}
    ).decode()
    escaped = inner.replace("&", "&amp;").replace("<", "&lt;")
    return xml(
        f"<configuration_profile><general><id>3</id><name>n</name><payloads>{escaped}</payloads></general><scope><all_mobile_devices>true</all_mobile_devices></scope></configuration_profile>"
    )


def test_nothing_at_all_is_no_proof() -> None:
    found = judged((), as_json({"hello": 1}))
    assert not found.classes
    assert not found.proven


def test_a_verdict_carries_the_line_that_decides() -> None:
    text = b"""<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadIdentifier</key><string>a</string><key>PayloadUUID</key><string>a</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadContent</key><array><dict>
<key>PayloadIdentifier</key><string>b</string><key>PayloadUUID</key><string>b</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadType</key><string>com.apple.applicationaccess</string>
<key>blockedAppBundleIDs</key><array>
<string>com.other.app</string>
<string>com.tencent.xin</string>
</array></dict></array></dict></plist>
"""
    found = judged((IPHONES,), open_document("p.mobileconfig", text), rules={"min_strength": "strong"})
    decision = found.classes[0].groups[0].cell.decision
    assert (decision.path, decision.pointer) == ("p.mobileconfig", "/PayloadContent/0/blockedAppBundleIDs/1")
    weak = judged((MACS,), jamf("<scope><all_computers>true</all_computers></scope>"))
    line = weak.gaps[0].line
    assert line is not None
    assert str(line.origin).startswith("jamf.xml:1:")
    assert line.source
    assert line.fact


def test_a_fact_stands_in_where_no_document_decides() -> None:
    line = judged((OWN,), blocking(WECHAT)).gaps[0].line
    assert line is not None
    assert (line.document, line.origin) == ("", None)
    assert "apple/device-management" in line.source


def test_apps_that_fare_alike_stand_together() -> None:
    many = [inline(f"App {n}", identifier("ios", "bundle_id", f"app.number{n}")) for n in range(50)]
    made = resolve([ban_list(*many)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    found = verify(made, [piece(blocking(*(f"app.number{n}" for n in range(49))))], NOTHING_KNOWN, Rules(DAY))
    assert sorted(len(group.apps) for group in found.classes[0].groups) == [1, 49]
    assert [[app.name for app in report.apps] for report in found.gaps] == [["App 49"]]
    state = found.classes[0].groups[0].cell.state
    assert state is not None
    for app_, place in ((found.classes[0].groups[0].apps[n], n) for n in (0, -1)):
        number = app_.name.removeprefix("App ")
        assert found.classes[0].decide(app_, state).pointer.endswith(f"/{number}"), place


@pytest.mark.parametrize(
    ("day", "proven"), [pytest.param(DAY, True, id="in-time"), pytest.param("2027-05-02", False, id="stale")]
)
def test_a_statement_that_an_app_does_not_exist_has_a_source_and_an_end(day: str, proven: bool) -> None:
    absent = {"state": "none", "source": "https://example.org/faq", "until": "2027-05-01"}
    row = {"name": "Chat", "vendor": "maker", "platforms": {"ios": absent}, "identifiers": []}
    file = {"version": "1", "vendors": {"maker": {"name": "Maker"}}, "apps": {"chat": row}}
    known = catalogue.parse(json.dumps(file).encode())
    made = resolve([ban_list(app("chat"))], deployment(devices=(IPHONES,)), known, day, enforce=False)
    found = verify(made, [piece(blocking("x.y"))], known, Rules(day))
    assert found.outcome == ("NOTHING TO BLOCK" if proven else "NOT PROVEN")
    assert found.absent == ({("chat", "ios"): Absence("catalogue", "https://example.org/faq")} if proven else {})


def test_objects_of_a_page_are_judged_each_by_itself() -> None:
    good = json.loads(visibility(EVERYONE).data)
    idle = json.loads(visibility([]).data) | {"appsVisibilityList": [{"appId": "x.y"}]}
    found = judged((IPHONES,), as_json({"value": [idle, good]}))
    assert words(found) == ["hidden"]
    assert found.classes[0].groups[0].cell.decision.pointer.startswith("/value/1/")


@pytest.mark.parametrize(
    ("documents", "cls", "named"),
    [
        pytest.param(
            [plist(restrictions(BlockedAppBundleIds=[WECHAT]))], IPHONES, "blockedAppBundleIDs", id="a letter"
        ),
        pytest.param([plist(restrictions(allowedAppBundleIDs=[WECHAT]))], IPHONES, "allow", id="a key of another time"),
        pytest.param([plist(restrictions(blockedAppBundleIDs=["a.b"]))], IPHONES, "", id="another app"),
        pytest.param([plist(restrictions(BlockedAppBundleIds=[WECHAT]))], MANAGED, "", id="devices of another vendor"),
    ],
)
def test_a_gap_names_the_misspelt_key_that_may_be_its_reason(
    documents: list[Document], cls: DeviceClass, named: str
) -> None:
    also = [policy({"packageName": "com.example", "installType": "BLOCKED"})] if cls is MANAGED else []
    hints = [one.hint for one in judged((cls,), *documents, *also).gaps]
    assert [("likely reason:" in one, named in one) for one in hints] == [(bool(named), True)]

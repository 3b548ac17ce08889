"""Hold what becomes of a ban between documents: settings that conflict, all users, several MDMs, defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY
from kind_documents import GRAPH, WECHAT, app, as_json, device, graph, target

from mdm_policy import catalogue
from mdm_policy.decide import judge
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read_each

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import Reading

XIN, QQ, MM = "com.tencent.xin", "com.tencent.mqq", "com.tencent.mm"
EVERYONE = target("allDevicesAssignmentTarget")
USERS = target("allLicensedUsersAssignmentTarget")
PREFIX = "com.apple.applicationaccess_"


def readings(*documents: Document) -> tuple[Reading, ...]:
    return tuple(reading for document in documents for reading in read_each(document))


def group(name: str, **keys: Any) -> dict[str, Any]:
    return target("groupAssignmentTarget", groupId=name, **keys)


def left_out(name: str) -> dict[str, Any]:
    return target("exclusionGroupAssignmentTarget", groupId=name)


def collection(name: str) -> dict[str, Any]:
    return target("configurationManagerCollectionAssignmentTarget", collectionId=name)


def hidden(*bundles: str, to: tuple[Any, ...] = (EVERYONE,), name: str = "h.json", shown: bool = False) -> Document:
    return graph(
        "iosGeneralDeviceConfiguration",
        name,
        appsVisibilityListType="appsInListCompliant" if shown else "appsNotInListCompliant",
        appsVisibilityList=[{"appId": bundle} for bundle in bundles],
        assignments=list(to),
    )


def shown(value: Any, name: str = "s.json") -> Document:
    body = {"appsVisibilityListType": "appsInListCompliant", "appsVisibilityList": value, "assignments": [EVERYONE]}
    return graph("iosGeneralDeviceConfiguration", name, **body)


def listed(
    *bundles: str,
    to: tuple[Any, ...] = (EVERYONE,),
    name: str = "c.json",
    key: str = "blockedappbundleids",
    platforms: str = "iOS",
    value: Any = None,
) -> Document:
    instance = {
        "settingDefinitionId": f"{PREFIX}{key}",
        "simpleSettingCollectionValue": value or [{"value": bundle} for bundle in bundles],
    }
    settings = {
        "settingInstance": {
            "settingDefinitionId": f"{PREFIX}com.apple.applicationaccess",
            "groupSettingCollectionValue": [{"children": [instance]}],
        }
    }
    body = {"platforms": platforms, "technologies": "mdm", "settings": [settings], "assignments": list(to)}
    return as_json({"@odata.type": f"{GRAPH}deviceManagementConfigurationPolicy", **body}, name)


def owner(name: str = "o.json", **keys: Any) -> Document:
    body = {"assignments": [EVERYONE], "playStoreMode": "blockList", **keys}
    return graph("androidDeviceOwnerGeneralDeviceConfiguration", name, **body)


def uninstalled(*to: dict[str, Any], name: str = "a.json") -> Document:
    assigned = [{"intent": "uninstall", **one} for one in to]
    return graph("androidManagedStoreApp", name, packageId=MM, assignments=assigned)


def assigned(*intents: str, to: tuple[dict[str, Any], ...] = (EVERYONE,), name: str = "a.json") -> Document:
    given = [{"intent": word, **one} for word in intents for one in to]
    return graph("androidManagedStoreApp", name, packageId=MM, assignments=given)


def phones(*groups: str, **keys: Any) -> DeviceClass:
    about = {"supervised": True, "enrollment": "automated", "managed_by": "intune", "groups": groups, **keys}
    return device("ios", ">=17", **about)


def robots(mode: str, *groups: str) -> DeviceClass:
    return device("android", ">=13", mode=mode, managed_by="intune", groups=groups, origins=("store",))


def copes(*origins: str) -> DeviceClass:
    return device("android", ">=13", mode="cope", managed_by="intune", origins=origins or ("store", "sideloaded"))


def both_ways(mode: str = "fully-managed") -> DeviceClass:
    return device("android", ">=13", mode=mode, managed_by="intune", origins=("store", "sideloaded"))


def intents(**given: tuple[dict[str, Any], ...]) -> Document:
    """Write an app whose intents are for different groups."""
    made = [{"intent": word, **one} for word, to in given.items() for one in to]
    return graph("androidManagedStoreApp", "a.json", packageId=MM, assignments=made)


_A, _B, _C, _AB, _NONE = ("a",), ("b",), ("c",), ("a", "b"), ()
BY_GROUP: list[tuple[str, dict[str, tuple[dict[str, Any], ...]], dict[tuple[str, ...], str]]] = [
    (
        "required-a-uninstall-b",
        {"required": (group("a"),), "uninstall": (group("b"),)},
        {_A: "allowed", _B: "removed", _AB: "unknown", _NONE: "unknown"},
    ),
    (
        "required-a-uninstall-all",
        {"required": (group("a"),), "uninstall": (EVERYONE,)},
        {_A: "allowed", _B: "removed", _AB: "unknown", _NONE: "unknown"},
    ),
    (
        "required-all-uninstall-b",
        {"required": (EVERYONE,), "uninstall": (group("b"),)},
        {_A: "allowed", _B: "allowed", _NONE: "allowed"},
    ),
    (
        "available-a-uninstall-b",
        {"available": (group("a"),), "uninstall": (group("b"),)},
        {_A: "unknown", _B: "removed", _AB: "unknown"},
    ),
    (
        "available-a-uninstall-all",
        {"available": (group("a"),), "uninstall": (EVERYONE,)},
        {_A: "unknown", _B: "removed", _NONE: "unknown"},
    ),
    (
        "required-a-available-b-uninstall-c",
        {"required": (group("a"),), "available": (group("b"),), "uninstall": (group("c"),)},
        {_A: "allowed", _B: "unknown", _C: "removed"},
    ),
    (
        "no-such-intent-a-uninstall-b",
        {"Uninstall": (group("a"),), "uninstall": (group("b"),)},
        {_A: "unknown", _B: "unknown"},
    ),
    (
        "no-such-intent-a-required-b-uninstall-all",
        {"Uninstall": (group("a"),), "required": (group("b"),), "uninstall": (EVERYONE,)},
        {_A: "unknown", _B: "unknown"},
    ),
    (
        "required-of-a-filter-uninstall-b",
        {
            "required": (group("b", deviceAndAppManagementAssignmentFilterType="include"),),
            "uninstall": (group("b"),),
        },
        {_B: "unknown", _A: "unknown"},
    ),
    (
        "required-all-but-b-uninstall-b",
        {"required": (EVERYONE, left_out("b")), "uninstall": (group("b"),)},
        {_A: "allowed", _B: "unknown"},
    ),
]
"""What becomes of an app by its class's groups, where its intents are for different ones."""
OPENED: dict[str, Any] = {"appsAllowInstallFromUnknownSources": True}
CLOSED: dict[str, Any] = {"appsAllowInstallFromUnknownSources": False}
HOME_OPENED: dict[str, Any] = {"personalProfileAppsAllowInstallFromUnknownSources": True}
HOME_CLOSED: dict[str, Any] = {"personalProfileAppsAllowInstallFromUnknownSources": False}
PERSONAL = {"personalProfilePlayStoreMode": "blockedApps"}
RED: dict[str, Any] = {"personalProfilePersonalApplications": [{"appId": MM}]}
BLUE: dict[str, Any] = {"personalProfilePersonalApplications": [{"appId": "a.b"}]}


@pytest.mark.parametrize(
    ("documents", "cls", "proven"),
    [
        pytest.param([hidden(XIN), hidden(XIN, QQ, name="2.json")], phones(), False, id="two-values"),
        pytest.param([hidden(XIN, QQ), hidden(QQ, XIN, name="2.json")], phones(), True, id="equal-in-any-order"),
        pytest.param([listed(XIN), listed(QQ, XIN, name="2.json")], phones(), False, id="two-values-in-the-catalog"),
        pytest.param([hidden(XIN), listed(QQ)], phones(), False, id="template-and-catalog"),
        pytest.param([hidden(XIN), listed(XIN)], phones(), True, id="template-and-catalog-are-equal"),
        pytest.param([hidden(XIN), hidden(QQ, name="2.json", shown=True)], phones(), False, id="hidden-and-shown"),
        pytest.param(
            [listed(XIN), listed(QQ, key="allowlistedappbundleids", name="2.json")],
            phones(),
            True,
            id="two-settings-of-the-catalog",
        ),
        pytest.param(
            [hidden(XIN), hidden(QQ, to=(group("lab"),), name="2.json")], phones("field"), True, id="for-another-group"
        ),
        pytest.param(
            [hidden(XIN), hidden(QQ, to=(group("lab"),), name="2.json")], phones("lab"), False, id="for-its-group"
        ),
        pytest.param(
            [hidden(XIN), hidden(QQ, to=(group("lab"),), name="2.json")], phones(), False, id="for-some-of-them"
        ),
        pytest.param([hidden(XIN), hidden(QQ, to=(), name="2.json")], phones(), True, id="the-other-for-nobody"),
        pytest.param(
            [
                hidden(XIN),
                hidden(QQ, to=(group("field", deviceAndAppManagementAssignmentFilterType="include"),), name="2.json"),
            ],
            phones("field"),
            False,
            id="the-other-under-a-filter",
        ),
        pytest.param(
            [hidden(XIN, to=(EVERYONE, left_out("lab"))), hidden(XIN, QQ, to=(group("lab"),), name="2.json")],
            phones("lab"),
            False,
            id="the-other-leaves-them-out-if-both-groups-are-of-one-sort",
        ),
        pytest.param(
            [hidden(XIN, to=(EVERYONE, left_out("lab"))), hidden(XIN, to=(group("lab"),), name="2.json")],
            phones("lab"),
            True,
            id="the-other-leaves-them-out-and-is-equal",
        ),
        pytest.param(
            [hidden(XIN), hidden(QQ, to=(collection("SMS00001"),), name="2.json")],
            phones("field"),
            False,
            id="the-other-for-a-collection",
        ),
        pytest.param([hidden(XIN), listed(QQ, platforms="macOS")], phones(), True, id="the-other-for-another-platform"),
        pytest.param([listed(QQ, platforms="macOS,iOS"), hidden(XIN)], phones(), False, id="the-other-for-both"),
        pytest.param(
            [listed(key="allowlistedappbundleids", value={"value": QQ})], phones(), False, id="a-collapsed-allow-list"
        ),
        pytest.param(
            [listed(key="allowlistedappbundleids", value=[{"value": QQ}, {"value": 5}])],
            phones(),
            False,
            id="an-allow-list-with-a-number",
        ),
        pytest.param([shown([{"bundleId": XIN}])], phones(), False, id="an-allow-list-under-another-key"),
        pytest.param([shown([{"appId": QQ}, QQ])], phones(), False, id="an-allow-list-with-a-text"),
        pytest.param(
            [shown([{"appId": QQ}, {"appStoreUrl": "https://a.example"}])],
            phones(),
            False,
            id="with-no-page-of-the-store",
        ),
        pytest.param([shown({"appId": QQ})], phones(), False, id="an-allow-list-of-one-object"),
        pytest.param(
            [shown([{"appId": QQ}]), shown([{"appId": QQ}, {}], "2.json")],
            phones(),
            False,
            id="beside-one-read-in-part",
        ),
        pytest.param([shown([{"appId": QQ}] * 10_001)], phones(), False, id="an-allow-list-that-is-too-long"),
        pytest.param(
            [hidden(XIN), shown([{"bundleId": QQ}])], phones(), False, id="a-deny-list-beside-one-of-the-same"
        ),
        pytest.param([shown([{"appId": QQ}] * 2)], phones(), True, id="an-allow-list-read-whole"),
        pytest.param(
            [
                owner(
                    personalProfilePlayStoreMode="allowedApps", personalProfilePersonalApplications=[{"packageId": MM}]
                )
            ],
            robots("cope"),
            False,
            id="a-personal-allow-list-under-another-key",
        ),
        pytest.param([hidden(shown=True)], phones(), False, id="an-empty-allow-list"),
        pytest.param([listed(key="allowlistedappbundleids")], phones(), False, id="an-empty-one-of-the-catalog"),
        pytest.param([hidden(QQ, shown=True)], phones(), True, id="an-allow-list"),
        pytest.param([hidden(XIN, to=(USERS,))], phones(), False, id="all-users-and-affinity-not-stated"),
        pytest.param([hidden(XIN, to=(USERS,))], phones(user_affinity=True), True, id="all-users-of-phones-with-one"),
        pytest.param([hidden(XIN, to=(USERS,))], phones(user_affinity=False), False, id="all-users-and-there-is-none"),
        pytest.param([hidden(XIN, to=(USERS,))], phones(enrollment="device"), True, id="a-user-enrolled-them"),
        pytest.param(
            [hidden(XIN, to=(USERS, left_out("a")))], phones("a", user_affinity=True), False, id="all-users-but-a-group"
        ),
        pytest.param(
            [hidden(XIN, to=(USERS, group("shared")))], phones("shared", user_affinity=False), True, id="or-in-a-group"
        ),
        pytest.param([owner(), uninstalled(USERS)], robots("dedicated"), False, id="all-users-of-kiosks"),
        pytest.param([owner(), uninstalled(USERS)], robots("fully-managed"), True, id="all-users-of-phones"),
        pytest.param(
            [owner(), uninstalled(USERS, group("kiosks"))], robots("dedicated", "kiosks"), True, id="and-a-kiosk-group"
        ),
        pytest.param(
            [owner(**PERSONAL, **RED), owner("2.json", **PERSONAL, **BLUE), uninstalled(EVERYONE)],
            robots("cope"),
            False,
            id="two-personal-lists",
        ),
        pytest.param(
            [owner(**PERSONAL, **RED), owner("2.json", **PERSONAL, **RED), uninstalled(EVERYONE)],
            robots("cope"),
            True,
            id="one-personal-list-twice",
        ),
        pytest.param([owner(playStoreMode="notConfigured")], robots("dedicated"), False, id="the-default-store-mode"),
        pytest.param(
            [owner(playStoreMode=None), uninstalled(EVERYONE)],
            robots("dedicated"),
            True,
            id="the-default-and-uninstall",
        ),
    ],
)
def test_between_documents(documents: list[Document], cls: DeviceClass, proven: bool) -> None:
    found = judge(readings(*documents), cls, WECHAT, DAY)
    assert found.proven == proven
    if not proven:
        assert found.worst.verdict in ("unknown", "allowed")


@pytest.mark.parametrize(
    ("documents", "cls", "verdict"),
    [
        pytest.param([owner(), uninstalled(EVERYONE)], both_ways(), "removed", id="removed-wherever-it-came-from"),
        pytest.param([owner(**CLOSED), uninstalled(EVERYONE)], both_ways(), "removed", id="side-loading-closed"),
        pytest.param([owner(**OPENED), uninstalled(EVERYONE)], both_ways(), "unknown", id="side-loading-open"),
        pytest.param(
            [owner(**OPENED), uninstalled(EVERYONE)], robots("dedicated"), "removed", id="open-for-store-copies"
        ),
        pytest.param(
            [owner(), owner("2.json", playStoreMode=None, **OPENED), uninstalled(EVERYONE)],
            both_ways("dedicated"),
            "unknown",
            id="opened-by-another",
        ),
        pytest.param(
            [owner(**CLOSED), owner("2.json", assignments=[group("a")], **OPENED), uninstalled(EVERYONE)],
            both_ways(),
            "unknown",
            id="opened-by-one-that-may-reach",
        ),
        pytest.param(
            [owner(**CLOSED), owner("2.json", assignments=[], **OPENED), uninstalled(EVERYONE)],
            both_ways(),
            "removed",
            id="opened-for-nobody",
        ),
        pytest.param(
            [owner(playStoreMode="allowList", **OPENED), uninstalled(EVERYONE)],
            both_ways(),
            "removed",
            id="open-but-not-to-all-apps",
        ),
        pytest.param([owner(), assigned("uninstall", "block")], robots("dedicated"), "unknown", id="an-intent-unknown"),
        pytest.param([owner(), assigned("uninstall", "Uninstall")], robots("cope"), "unknown", id="one-in-capitals"),
        pytest.param(
            [owner(), assigned("uninstall"), assigned("Available", name="2.json")],
            robots("dedicated"),
            "unknown",
            id="an-intent-unknown-of-another-object",
        ),
        pytest.param(
            [owner(), assigned("uninstall"), assigned("Available", to=(), name="2.json")],
            robots("dedicated"),
            "removed",
            id="an-object-for-nobody",
        ),
        pytest.param(
            [owner(), assigned("uninstall", "required")], robots("fully-managed"), "allowed", id="required-wins"
        ),
        pytest.param(
            [owner(), assigned("uninstall"), assigned("required", name="2.json")],
            robots("fully-managed"),
            "allowed",
            id="required-by-another-object",
        ),
        pytest.param(
            [owner(), assigned("uninstall"), assigned("required", to=(group("a"),), name="2.json")],
            robots("fully-managed"),
            "unknown",
            id="required-of-some-perhaps",
        ),
        pytest.param(
            [owner(), assigned("uninstall", "available")], robots("fully-managed"), "unknown", id="available-is-open"
        ),
        *(
            pytest.param(
                [owner(), intents(**given)],
                robots("fully-managed", *groups),
                verdict,
                id=f"{name}-of-{''.join(groups) or 'no-group'}",
            )
            for name, given, rows in BY_GROUP
            for groups, verdict in rows.items()
        ),
        pytest.param(
            [owner(), assigned("uninstall", to=(group("b"),)), assigned("required", to=(group("a"),), name="2.json")],
            robots("fully-managed", "b"),
            "removed",
            id="two-objects-for-two-groups",
        ),
        pytest.param(
            [owner(), owner("2.json", playStoreMode=None)],
            robots("fully-managed"),
            "allowed",
            id="a-default-beside-a-mode",
        ),
        pytest.param(
            [owner(playStoreMode=None), owner("2.json", assignments=[group("a")])],
            robots("fully-managed"),
            "unknown",
            id="a-default-beside-a-mode-for-some",
        ),
        pytest.param(
            [owner(**PERSONAL, **RED, **HOME_CLOSED), uninstalled(EVERYONE)], copes(), "blocked", id="the-personal-side"
        ),
        pytest.param([owner(**HOME_CLOSED), uninstalled(EVERYONE)], copes(), "hidden", id="it-by-uninstall-alone"),
        pytest.param(
            [owner(**PERSONAL, **RED), owner("2.json", **HOME_CLOSED), uninstalled(EVERYONE)],
            copes(),
            "blocked",
            id="the-personal-side-closed-by-another",
        ),
        pytest.param(
            [owner(**PERSONAL, **RED, **HOME_OPENED), uninstalled(EVERYONE)], copes(), "allowed", id="it-left-open"
        ),
        pytest.param(
            [owner(**PERSONAL, **RED, **HOME_CLOSED), owner("2.json", **HOME_OPENED), uninstalled(EVERYONE)],
            copes(),
            "unknown",
            id="it-closed-and-opened",
        ),
    ],
)
def test_what_intunes_android_policies_make_of_one_another(
    documents: list[Document], cls: DeviceClass, verdict: str
) -> None:
    assert judge(readings(*documents), cls, WECHAT, DAY).worst.verdict == verdict


def test_a_store_page_names_an_app_whose_bundle_id_nobody_knows() -> None:
    banned = app(("ios", "app_store_id", "999000777"))
    pages: dict[str, Any] = {"appsVisibilityListType": "appsNotInListCompliant", "assignments": [EVERYONE]}

    def verdict(*entries: dict[str, Any]) -> str:
        document = graph("iosGeneralDeviceConfiguration", appsVisibilityList=list(entries), **pages)
        return judge(readings(document), phones(), banned, DAY).worst.verdict

    assert verdict({"appStoreUrl": "https://apps.apple.com/us/app/clips/id999000777"}) == "hidden"
    assert verdict({"appStoreUrl": "https://apps.apple.com/us/app/clips/id999000778"}) == "unknown"
    assert verdict({"appId": XIN}) == "unknown"


def directions(old: list[Document], new: list[Document], **question: Any) -> set[str]:
    found = compare_policies(Side("o", tuple(old)), Side("n", tuple(new)), Question(DAY, **question), catalogue.load())
    return {one.direction for one in found.changes}


@pytest.mark.parametrize(
    ("old", "new", "weaker"),
    [
        pytest.param([hidden(XIN)], [hidden(XIN), hidden(QQ, name="2.json")], True, id="a-second-value-appears"),
        pytest.param(
            [hidden(XIN), hidden(XIN, name="2.json")],
            [hidden(XIN), hidden(XIN, QQ, name="2.json")],
            True,
            id="one-of-two-equal-ones-edited",
        ),
        pytest.param([hidden(XIN)], [hidden(XIN, to=(USERS,))], True, id="from-all-devices-to-all-users"),
        pytest.param([hidden(XIN, to=(USERS,))], [hidden(XIN)], False, id="from-all-users-to-all-devices"),
        pytest.param(
            [hidden(XIN, to=(group("a"),))], [hidden(XIN, to=(group("a"), left_out("b")))], True, id="a-group-left-out"
        ),
        pytest.param(
            [hidden(XIN, to=(group("a"), left_out("b")))], [hidden(XIN, to=(group("a"),))], False, id="it-is-back"
        ),
        pytest.param([owner(playStoreMode=None)], [owner()], True, id="the-default-store-opened"),
        pytest.param(
            [owner(playStoreMode=None)], [owner(playStoreMode="allowList")], False, id="the-default-spelled-out"
        ),
        pytest.param(
            [owner(**CLOSED), uninstalled(EVERYONE)],
            [owner(**OPENED), uninstalled(EVERYONE)],
            True,
            id="side-loading-opened",
        ),
        pytest.param(
            [owner(), uninstalled(EVERYONE)],
            [owner(**OPENED), uninstalled(EVERYONE)],
            True,
            id="side-loading-opened-from-unset",
        ),
        pytest.param(
            [owner(playStoreMode="allowList", **OPENED), uninstalled(EVERYONE)],
            [owner(**OPENED), uninstalled(EVERYONE)],
            True,
            id="all-apps-beside-open-side-loading",
        ),
        pytest.param(
            [owner(**OPENED), uninstalled(EVERYONE)],
            [owner(), uninstalled(EVERYONE)],
            False,
            id="side-loading-closed-again",
        ),
        pytest.param([assigned("uninstall")], [assigned("uninstall", "Available")], True, id="an-intent-nobody-knows"),
        pytest.param([assigned("uninstall", "Available")], [assigned("uninstall")], False, id="it-is-gone"),
        pytest.param([assigned("uninstall")], [assigned("uninstall", "required")], True, id="required-as-well"),
        pytest.param(
            [intents(uninstall=(group("b"),))],
            [intents(uninstall=(group("b"),), required=(group("a"),))],
            True,
            id="required-of-another-group",
        ),
        pytest.param(
            [intents(uninstall=(EVERYONE,))],
            [intents(uninstall=(EVERYONE,), required=(group("a"),))],
            True,
            id="required-of-a-group-as-well",
        ),
        pytest.param(
            [intents(uninstall=(EVERYONE,), required=(group("a"),))],
            [intents(uninstall=(EVERYONE,))],
            False,
            id="required-of-a-group-no-more",
        ),
        pytest.param(
            [intents(uninstall=(group("b"),), required=(group("a"),))],
            [intents(uninstall=(group("a"),), required=(group("b"),))],
            True,
            id="the-groups-change-places",
        ),
    ],
)
def test_a_change_between_documents_has_its_direction(old: list[Document], new: list[Document], weaker: bool) -> None:
    assert bool(directions(old, new) & {"LOOSENED", "INEFFECTIVE", "NARROWED", "UNJUDGED"}) == weaker


def test_each_mdm_is_judged_apart_unless_the_class_says_which() -> None:
    ours = readings(listed(XIN))
    theirs = tuple(msgspec.structs.replace(one, mdm="jamf", path="j.xml") for one in readings(listed(QQ)))
    nothing = tuple(msgspec.structs.replace(one, mdm="jamf", path="j.xml") for one in readings(owner()))
    assert judge(ours, phones(managed_by=None), WECHAT, DAY).proven
    assert not judge((*ours, *theirs), phones(managed_by=None), WECHAT, DAY).proven
    assert judge((*ours, *theirs), phones(managed_by="intune"), WECHAT, DAY).proven
    assert judge((*ours, *nothing), phones(managed_by=None), WECHAT, DAY).proven


POLICY = as_json(
    {
        "playStoreMode": "BLACKLIST",
        "applications": [{"packageName": MM, "installType": "BLOCKED"}],
        "advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"},
    },
    "policy.json",
)
OTHER_APP = graph(
    "androidManagedStoreApp", "app.json", packageId="com.other", assignments=[{"intent": "uninstall", **EVERYONE}]
)
CONFIGURED = as_json(
    {
        "kind": "androidenterprise#managedConfiguration",
        "productId": "app:com.android.chrome",
        "managedProperty": [{"key": "URLBlocklist", "valueStringArray": ["example.com"]}],
    },
    "chrome.json",
)


@pytest.mark.parametrize(
    ("documents", "verdict", "named"),
    [
        pytest.param([POLICY], "removed", "", id="a policy"),
        pytest.param([POLICY, CONFIGURED], "removed", "", id="an app's configuration, which any MDM may carry"),
        pytest.param([POLICY, OTHER_APP], "allowed", "where intune manages the device", id="documents of another MDM"),
    ],
)
def test_what_any_mdm_may_carry_makes_no_device_one_without_a_policy(
    documents: list[Document], verdict: str, named: str
) -> None:
    cls = device("android", ">=13", mode="fully-managed", origins=("store",))
    worst = judge(readings(*documents), cls, app(("android", "package_name", MM)), DAY).worst
    assert (worst.verdict, named in worst.sentence) == (verdict, True)

"""Hold which entry of an address list decides, and by which routes a device can still reach a site."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import as_json, device, plist, readings, says, target

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses, above, opens, parts
from mdm_policy.diff import Question, Side, compare_policies

if TYPE_CHECKING:
    from mdm_policy.documents import Document

EDGE = "device_vendor_msft_policy_config_microsoft_edge~policy~microsoft_edge"
CHROME = "device_vendor_msft_policy_config_chromeintunev1~policy~googlechrome"
EVERYONE = [target("allDevicesAssignmentTarget")]
LAPTOPS = device("windows", ">=10")


def url_list(entries: list[Any], *, word: str = "block", browser: str = EDGE, option: str = "1") -> dict[str, Any]:
    named = f"{browser}_url{word}list"
    values = [{"value": one} for one in entries]
    child = {"settingDefinitionId": f"{named}_url{word}listdesc", "simpleSettingCollectionValue": values}
    choice = {"value": f"{named}_{option}", "children": [child]}
    return {"settingInstance": {"settingDefinitionId": named, "choiceSettingValue": choice}}


def catalog(*settings: Any, name: str = "edge.json", platforms: str = "windows10", **top: Any) -> Document:
    value = {"platforms": platforms, "technologies": "mdm", "settings": list(settings), "assignments": EVERYONE}
    return as_json({"@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy", **value, **top}, name)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("domain", "a.example", ("a.example", ""), id="domain"),
        pytest.param("url", "*", ("", ""), id="everything"),
        pytest.param("url", "https://A.example:8443/Path/?q", ("a.example", "/Path/?q"), id="address"),
        pytest.param("url", ".a.example", ("a.example", ""), id="host-alone"),
        pytest.param("url", "a.example/p", ("a.example", "/p"), id="no-scheme"),
    ],
)
def test_an_address_has_a_host_and_a_path(kind: str, value: str, expected: tuple[str, str]) -> None:
    assert parts(kind, value) == expected


def test_what_covers_an_address_is_its_host_and_all_around_it() -> None:
    found = [key[1:] for key in above(("web", "url", "https://a.b.example/p"))]
    assert found == [
        ("url", "https://a.b.example/p"),
        ("domain", "a.b.example"),
        ("domain", "b.example"),
        ("url", "example"),
        ("url", "*"),
    ]


@pytest.mark.parametrize(
    ("allow", "block", "expected"),
    [
        pytest.param(("a.example", ""), ("a.example", ""), True, id="tie"),
        pytest.param(("example", ""), ("a.example", ""), False, id="wider"),
        pytest.param(("a.example", "/p"), ("a.example", ""), True, id="longer-path"),
        pytest.param(("", ""), ("", ""), True, id="everything"),
    ],
)
def test_the_more_specific_entry_decides_and_allows_at_a_tie(allow: Any, block: Any, expected: bool) -> None:
    assert opens(allow, block) is expected


def verdict(*documents: Document, domains: tuple[str, ...] = ("tool.example",), cls: Any = LAPTOPS) -> tuple[str, bool]:
    found = readings(*documents)
    made = Addresses(found, cls, states(cls, cls.platform, False), DAY).verdict(domains)
    return made.word, made.whole


BLOCKED = url_list(["tool.example"])
FILTER = {"PayloadType": "com.apple.webcontent-filter", "DenyListURLs": ["https://tool.example"]}
PHONES = device("ios", ">=17", supervised=True, enrollment="automated")


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param([catalog(BLOCKED)], ("browser", False), id="blocked"),
        pytest.param([catalog(url_list(["tool.example"], browser=CHROME))], ("browser", False), id="chrome"),
        pytest.param([catalog(url_list(["*"]))], ("browser", False), id="everything"),
        pytest.param([catalog(url_list(["example"]))], ("browser", False), id="all-around"),
        pytest.param([catalog(url_list(["other.example"]))], ("none", False), id="another-site"),
        pytest.param([catalog(url_list(["www.tool.example"]))], ("none", False), id="a-part-of-it"),
        pytest.param([catalog(url_list([".tool.example"]))], ("none", False), id="one-host-alone"),
        pytest.param([catalog(url_list(["*.tool.example"]))], ("none", False), id="wildcard-in-a-host"),
        pytest.param([catalog(url_list(["tool.example"], option="0"))], ("none", False), id="turned-off"),
        pytest.param([catalog(BLOCKED, platforms="iOS")], ("none", False), id="another-platform"),
        pytest.param([catalog(BLOCKED, assignments=[])], ("none", False), id="assigned-to-nobody"),
        pytest.param([catalog(BLOCKED, url_list(["tool.example"], word="allow"))], ("none", False), id="allowed-too"),
        pytest.param(
            [catalog(BLOCKED), catalog(url_list(["tool.example"], word="allow"), name="allow.json")],
            ("none", False),
            id="allowed-by-another-document",
        ),
        pytest.param(
            [catalog(BLOCKED, url_list(["open.tool.example"], word="allow"))], ("none", False), id="a-part-allowed"
        ),
        pytest.param(
            [catalog(BLOCKED, url_list(["tool.example/open"], word="allow"))], ("none", False), id="a-path-allowed"
        ),
        pytest.param(
            [catalog(BLOCKED, url_list(["example"], word="allow"))], ("browser", False), id="what-is-around-allowed"
        ),
        pytest.param(
            [catalog(BLOCKED, url_list(["tool.example"], word="allow", browser=CHROME))],
            ("browser", False),
            id="allowed-in-another-browser",
        ),
        pytest.param([catalog(url_list(["*"]), url_list(["*"], word="allow"))], ("none", False), id="all-and-nothing"),
        pytest.param(
            [catalog(url_list(["tool.example"], browser=EDGE.replace("device_", "user_")))],
            ("unknown", False),
            id="for-users",
        ),
    ],
)
def test_the_routes_to_a_site(documents: list[Document], expected: tuple[str, bool]) -> None:
    assert verdict(*documents) == expected


def test_all_domains_of_an_app_must_be_closed() -> None:
    assert verdict(catalog(BLOCKED), domains=("tool.example", "cdn.example")) == ("none", False)
    assert verdict(catalog(BLOCKED), domains=()) == ("none", False)
    assert verdict(catalog(url_list(["a.example", "b.example"])), domains=("a.example", "b.example"))[0] == "browser"


def test_apples_filter_closes_an_address_in_every_browser() -> None:
    assert verdict(plist(FILTER), cls=PHONES) == ("browser", True)


def directions(old: Document, new: Document) -> set[tuple[str, tuple[str, ...]]]:
    sides = [Side(side, (one,)) for side, one in (("old", old), ("new", new))]
    found = compare_policies(sides[0], sides[1], Question(DAY), catalogue.load())
    return {
        (str(one.direction), one.identifiers)
        for one in found.changes
        if one.direction not in ("COSMETIC", "EQUIVALENT")
    }


def both(block: list[str], allow: list[str]) -> Document:
    return catalog(url_list(block), url_list(allow, word="allow"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            both(["tool.example"], []),
            both(["tool.example"], ["tool.example"]),
            {("INEFFECTIVE", ("tool.example",))},
            id="opened",
        ),
        pytest.param(
            both(["tool.example"], []),
            both(["tool.example"], ["open.tool.example"]),
            {("INEFFECTIVE", ("open.tool.example",))},
            id="a-part-opened",
        ),
        pytest.param(
            both(["*"], []), both(["*"], ["tool.example"]), {("INEFFECTIVE", ("tool.example",))}, id="out-of-everything"
        ),
        pytest.param(both(["tool.example"], []), both(["tool.example"], ["example.org"]), set(), id="opens-another"),
        pytest.param(
            both(["tool.example"], ["tool.example"]),
            both(["tool.example"], []),
            {("TIGHTENED", ("tool.example",))},
            id="closed-again",
        ),
        pytest.param(
            catalog(BLOCKED), catalog(url_list([], option="0")), {("LOOSENED", ("tool.example",))}, id="turned-off"
        ),
    ],
)
def test_a_change_of_the_lists_has_its_direction(
    old: Document, new: Document, expected: set[tuple[str, tuple[str, ...]]]
) -> None:
    assert directions(old, new) == expected


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(catalog(url_list(["*.tool.example"])), "url-entry-wildcard", id="wildcard"),
        pytest.param(catalog(url_list([f"a{n}.example" for n in range(1001)])), "url-blocklist-too-long", id="long"),
        pytest.param(catalog(url_list([7])), "wrong-type", id="number"),
        pytest.param(catalog(url_list(["a.example"], option="2")), "setting-instance-type", id="option"),
        pytest.param(
            catalog(url_list(["a.example"], browser=EDGE.replace("device_", "user_"))), "url-list-of-users", id="users"
        ),
    ],
)
def test_what_is_said_of_a_list(document: Document, said: str) -> None:
    assert said in says(document)
    assert json.dumps(document.value)


def test_entries_beyond_the_limit_do_not_count() -> None:
    many = catalog(url_list([f"a{n}.example" for n in range(1001)]))
    assert verdict(many, domains=("a999.example",))[0] == "browser"
    assert verdict(many, domains=("a1000.example",))[0] == "none"


MACS = device("macos", ">=14")


@pytest.mark.parametrize(
    ("domain", "keys", "expected"),
    [
        pytest.param("com.microsoft.Edge", {"URLBlocklist": ["tool.example"]}, ("browser", False), id="edge"),
        pytest.param("com.google.Chrome", {"URLBlocklist": ["tool.example"]}, ("browser", False), id="chrome"),
        pytest.param(
            "com.microsoft.Edge",
            {"URLBlocklist": ["tool.example"], "URLAllowlist": ["tool.example"]},
            ("none", False),
            id="allowed-too",
        ),
        pytest.param(
            "com.microsoft.Edge",
            {"URLBlocklist": ["tool.example"], "InPrivateModeUrlAllowlist": ["tool.example"]},
            ("none", False),
            id="open-in-private-windows",
        ),
        pytest.param("com.google.Chrome", {"URLBlocklist": "tool.example"}, ("none", False), id="no-list"),
        pytest.param("com.google.chrome", {"URLBlocklist": ["tool.example"]}, ("none", False), id="another-domain"),
    ],
)
def test_the_macs_browsers_are_read_from_their_domains(domain: str, keys: Any, expected: tuple[str, bool]) -> None:
    profile = plist({"PayloadType": domain, **keys})
    assert verdict(profile, cls=MACS) == expected
    assert verdict(profile, cls=PHONES) == ("none", False)


def test_another_policy_of_a_browser_concerns_no_app() -> None:
    before, after = (plist({"PayloadType": "com.google.Chrome", "HomepageLocation": at}) for at in ("a", "b"))
    assert directions(before, after) == set()
    routes = [plist({"PayloadType": "com.google.Chrome", "ProxyPacUrl": at}) for at in ("a", "b")]
    assert {one for one, _ in directions(*routes)} == {"UNJUDGED"}

"""Put bans of every form beside the catalogue: apps, features, vendors, inline identifiers, and what guards say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, PLACE, app, ban_list, deployment, identifier, ids_of, inline

from mdm_policy.catalogue import Catalogue, NeverBlock, folded_key
from mdm_policy.errors import Finding, PolicyError
from mdm_policy.model import Ban, CatalogueApp, CatalogueVendor, Identifier, Override, Preinstall, Presence, Resolution
from mdm_policy.resolve import blockable, ordered, resolve

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Confidence


def _known(family: Any, kind: Any, value: str, confidence: Confidence = "verified") -> Identifier:
    return Identifier(family, kind, value, PLACE, confidence, ("https://example.com/a",))


_CHAT = CatalogueApp(
    "chat",
    "Chat",
    "acme",
    (
        _known("ios", "bundle_id", "com.acme.chat"),
        _known("android", "package_name", "com.acme.chat"),
        _known("macos", "bundle_id", "com.acme.ChatMac"),
        _known("macos", "team_id", "ACME123456"),
    ),
    platforms={"windows": Presence("none", "https://example.com/c", DAY)},
    preinstalled=(Preinstall("Example Phones", "https://example.com/p"),),
)
_PAY = CatalogueApp("pay", "Pay", "acme", (_known("android", "package_name", "com.acme.pay"),))
_GHOST = CatalogueApp("ghost", "Ghost", "acme", (_known("ios", "bundle_id", "com.acme.ghost", "unverified"),))
_CALLS = CatalogueApp("calls", "Calls", "telecom", (_known("ios", "bundle_id", "com.telecom.calls"),))
_PHONE = CatalogueApp("phone", "Phone", "", (_known("ios", "bundle_id", "com.apple.mobilephone"),))
CATALOGUE = Catalogue(
    "test",
    {one.key: one for one in (_CHAT, _PAY, _GHOST, _PHONE, _CALLS)},
    {
        "acme": CatalogueVendor("acme", "Acme", (_known("macos", "team_id", "ACME123456"), _known("windows", "publisher", "O=ACME, C=CN"))),
        "shell": CatalogueVendor("shell", "Shell"),
        "telecom": CatalogueVendor("telecom", "Telecom"),
    },
    {folded_key("ios", "bundle_id", "com.apple.mobilephone"): NeverBlock("bundle_id", "vital", "calls")},
)  # fmt: skip


def _resolve(*bans: Ban, protected: tuple[Identifier, ...] = ()) -> Resolution:
    return resolve([ban_list(*bans)], deployment(protected=protected), CATALOGUE, DAY)


def _errors(*bans: Ban, protected: tuple[Identifier, ...] = ()) -> list[Finding]:
    with pytest.raises(PolicyError) as failed:
        _resolve(*bans, protected=protected)
    return [one for one in failed.value.findings if one.severity == "error"]


def _told(made: Resolution, id_: str) -> list[str]:
    return [one.message for one in made.findings if one.id == id_]


def test_a_catalogue_app_brings_its_facts() -> None:
    [chat] = _resolve(app("chat")).apps
    assert (chat.key, chat.name, chat.vendor) == ("chat", "Chat", "acme")
    assert chat.platforms == {"ios": "exists", "android": "exists", "macos": "exists", "windows": "none"}
    assert chat.preinstalled == _CHAT.preinstalled
    assert [reason.through for reason in chat.reasons] == [""]


def test_a_feature_bans_the_whole_app_and_says_so() -> None:
    made = _resolve(Ban(PLACE, feature="Chat Pay", implemented_by="chat"))
    [chat] = made.apps
    assert chat.key == "chat"
    assert [reason.through for reason in chat.reasons] == ["feature Chat Pay"]
    assert _told(made, "feature-over-block") == [
        "'Chat Pay' is a feature of Chat: no setting blocks it alone, the whole app is blocked"
    ]


def test_a_vendor_bans_its_apps_and_all_it_signs() -> None:
    made = _resolve(Ban(PLACE, vendor="acme"))
    assert [one.key for one in made.apps] == ["chat", "ghost", "pay", "vendor:acme"]
    everything = made.apps[-1]
    assert everything.name == "Acme (all software)"
    assert {one.value for one in everything.identifiers} == {"ACME123456", "O=ACME, C=CN"}
    assert all(reason.through == "vendor acme" for one in made.apps for reason in one.reasons)
    assert _told(made, "over-block") == []
    assert not [message for message in _told(made, "no-identifier") if message.startswith("Acme")]


def test_an_app_without_identifiers_of_a_family_is_lent_its_vendors() -> None:
    made = {one.key: one for one in _resolve(Ban(PLACE, vendor="acme")).apps}
    lent = {(one.family, one.kind) for one in made["pay"].identifiers}
    assert lent == {("android", "package_name"), ("macos", "team_id"), ("windows", "publisher")}
    assert made["pay"].platforms["macos"] == "exists"
    assert [one.value for one in made["chat"].identifiers if one.family == "windows"] == ["O=ACME, C=CN"]


def test_an_app_brings_its_vendor_s_signers_which_are_not_banned_by_themselves() -> None:
    made = {
        one.key: one for one in _resolve(app("chat"), inline("Own", identifier("ios", "bundle_id", "org.own.app"))).apps
    }
    assert [one.value for one in made["chat"].signers] == ["O=ACME, C=CN"]
    assert "O=ACME, C=CN" not in {one.value for one in made["chat"].identifiers}
    assert next(one for key, one in made.items() if key != "chat").signers == ()


def _parts() -> Catalogue:
    """Return two apps that share nothing, each with a helper of its own."""
    apps = {}
    for key in ("one", "two"):
        whole, part = _known("macos", "bundle_id", f"com.{key}.app"), _known("macos", "bundle_id", f"com.{key}.part")
        apps[key] = CatalogueApp(key, key, "", (whole, msgspec.structs.replace(part, role="helper")))
    return Catalogue("test", apps, {})


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        pytest.param(["com.one.part", "com.two.part"], ["main", "main"], id="helpers-alone-are-what-is-banned"),
        pytest.param(["com.one.app", "com.two.part"], ["main", "helper"], id="beside-an-app-a-helper-is-one"),
    ],
)
def test_a_list_bans_what_it_names(values: list[str], roles: list[str]) -> None:
    given = [identifier("macos", "bundle_id", value) for value in values]
    (made,) = resolve([ban_list(inline("Parts", *given))], None, _parts(), DAY, enforce=False).apps
    assert [one.role for one in made.identifiers] == roles


@pytest.mark.parametrize(("day", "state"), [(DAY, "none"), ("2099-01-01", "unknown")])
def test_that_an_app_does_not_exist_holds_until_its_last_day(day: str, state: str) -> None:
    (made,) = resolve([ban_list(app("chat"))], None, CATALOGUE, day, enforce=False).apps
    assert made.platforms["windows"] == state


def test_a_vendor_of_which_nothing_is_known_blocks_nothing_and_says_so() -> None:
    made = _resolve(Ban(PLACE, vendor="shell"), app("chat"))
    assert [one.key for one in made.apps] == ["chat"]
    assert _told(made, "vendor-empty") == [
        "the catalogue knows no app and no identifier of Shell: nothing of it is blocked"
    ]


def test_a_vendor_without_identifiers_of_its_own_is_its_apps() -> None:
    made = _resolve(Ban(PLACE, vendor="telecom"))
    assert [one.key for one in made.apps] == ["calls"]
    assert _told(made, "vendor-empty") == []


def test_an_inline_ban_without_identifiers_is_kept_for_the_reports() -> None:
    made = _resolve(inline("High Flyer"))
    assert [(one.name, one.identifiers) for one in made.apps] == [("High Flyer", ())]
    assert _told(made, "no-identifier") == []  # loading has said it, at the place where they are missing


_UNKNOWN = [
    pytest.param(app("chatt"), "unknown-app", "the catalogue has no app 'chatt'", "did you mean 'chat'?", id="an app, nearly right"),
    pytest.param(app("zzzzzz"), "unknown-app", "the catalogue has no app 'zzzzzz'", "see `mdm-policy lookup`, or give `name:` and identifiers", id="an app"),
    pytest.param(Ban(PLACE, feature="F", implemented_by="chatt"), "unknown-app", "the catalogue has no app 'chatt'", "did you mean 'chat'?", id="a feature's app"),
    pytest.param(Ban(PLACE, vendor="acmee"), "unknown-vendor", "the catalogue has no vendor 'acmee'", "did you mean 'acme'?", id="a vendor, nearly right"),
    pytest.param(Ban(PLACE, vendor="zzzzzz"), "unknown-vendor", "the catalogue has no vendor 'zzzzzz'", "see `mdm-policy lookup`", id="a vendor"),
]  # fmt: skip


@pytest.mark.parametrize(("ban", "finding", "message", "hint"), _UNKNOWN)
def test_an_unknown_key_is_refused_with_the_nearest_one(ban: Ban, finding: str, message: str, hint: str) -> None:
    assert [(one.id, one.message, one.hint) for one in _errors(ban)] == [(finding, message, hint)]


def test_all_unknown_keys_are_told_together_and_no_empty_list_beside_them() -> None:
    found = _errors(app("x1x1x1"), Ban(PLACE, vendor="y1y1y1"))
    assert sorted(one.id for one in found) == ["unknown-app", "unknown-vendor"]


def test_an_inline_ban_bans_what_it_names_and_nothing_else() -> None:
    mine = identifier("ios", "bundle_id", "com.acme.chat")
    extra = identifier("windows", "executable", "chat.exe")
    made = _resolve(inline("My chat", mine, extra), app("chat"))
    chat, own = made.apps
    assert (chat.key, chat.name, own.name, own.vendor) == ("chat", "Chat", "My chat", "")
    assert [one.value for one in own.identifiers] == ["com.acme.chat", "chat.exe"]
    assert (own.known_as, own.preinstalled) == ("chat", _CHAT.preinstalled)
    assert [one.value for one in own.signers] == ["O=ACME, C=CN"]
    assert own.platforms == {"ios": "exists", "android": "unknown", "macos": "unknown", "windows": "exists"}
    assert _told(made, "catalogue-knows-more") == [
        "`My chat` names an identifier of Chat, of which the catalogue knows more: 2 for macos, 1 for android"
    ]


def test_the_catalogue_lends_an_inline_ban_that_it_does_not_exist_somewhere() -> None:
    [own] = _resolve(inline("My chat", identifier("ios", "bundle_id", "com.acme.chat"))).apps
    assert own.platforms == {"ios": "exists", "android": "unknown", "macos": "unknown", "windows": "none"}


def test_an_inline_ban_of_all_that_is_known_is_told_of_nothing_more() -> None:
    made = _resolve(inline("Pay", identifier("android", "package_name", "com.acme.pay")))
    assert _told(made, "catalogue-knows-more") == []


def test_what_the_catalogue_holds_without_proof_is_banned_where_a_list_names_it_itself() -> None:
    made = _resolve(inline("Spirit", identifier("ios", "bundle_id", "com.acme.ghost")))
    assert [(one.value, one.confidence) for one in made.apps[0].identifiers] == [("com.acme.ghost", "stated")]


def test_a_key_takes_further_identifiers() -> None:
    further = identifier("ios", "bundle_id", "org.example.chat")
    made = _resolve(app("pay", identifiers=(further,)))
    [pay] = made.apps
    assert (pay.key, pay.name) == ("pay", "Pay")
    assert {(one.value, one.confidence) for one in pay.identifiers} == {
        ("com.acme.pay", "verified"),
        ("org.example.chat", "stated"),
    }
    assert pay.platforms["ios"] == "exists"


def test_a_further_identifier_of_another_app_is_told() -> None:
    made = _resolve(app("pay", identifiers=(identifier("ios", "bundle_id", "com.acme.chat"),)))
    assert _told(made, "identifiers-of-several-apps") == ["'Pay' holds identifiers of several apps: chat, pay"]


_MEANT = [
    pytest.param("Chat", "chat", id="a name"),
    pytest.param("CHAT", "chat", id="a name in capitals"),
    pytest.param("com.acme.pay", "pay", id="an identifier"),
]


@pytest.mark.parametrize(("text", "key"), _MEANT)
def test_an_app_may_be_named_by_what_is_its_alone(text: str, key: str) -> None:
    assert [one.key for one in _resolve(app(text)).apps] == [key]
    assert [one.key for one in _resolve(Ban(PLACE, feature="F", implemented_by=text)).apps] == [key]


def test_what_names_several_does_not_say_which() -> None:
    twin = msgspec.structs.replace(_PAY, key="pay-two")
    two = Catalogue("test", {"pay": _PAY, "pay-two": twin}, CATALOGUE.vendors)
    for text in ("PAY", "com.acme.pay"):
        with pytest.raises(PolicyError) as failed:
            resolve([ban_list(app(text))], None, two, DAY)
        assert [(one.id, one.message) for one in failed.value.findings] == [
            ("ambiguous-app", f"`{text}` does not say which app: it is pay and pay-two")
        ]
    with pytest.raises(PolicyError) as failed:
        resolve([ban_list(app("O=ACME, C=CN"))], None, CATALOGUE, DAY)
    assert [one.message for one in failed.value.findings if one.id == "ambiguous-app"] == [
        "`O=ACME, C=CN` does not say which app: it is the vendor acme's whole software"
    ]


def test_that_an_app_does_not_exist_is_contradicted_where_it_is_known() -> None:
    made = _resolve(app("chat", not_on=("ios", "tvos", "windows")))
    [chat] = made.apps
    assert (chat.platforms["ios"], chat.platforms["tvos"], chat.platforms["windows"]) == ("exists", "none", "none")
    assert _told(made, "not-on-but-known") == [
        "Chat is said not to exist on ios, but `com.acme.chat` is its identifier there: the ban holds there all the same"
    ]
    exists = msgspec.structs.replace(_PAY, platforms={"macos": Presence("exists", "https://example.org/store")})
    stated = resolve([ban_list(app("pay", not_on=("macos",)))], None, Catalogue("test", {"pay": exists}, {}), DAY)
    assert stated.apps[0].platforms["macos"] == "exists"
    assert _told(stated, "not-on-but-known") == [
        "Pay is said not to exist on macos, but the catalogue names a source that it does: the ban holds there all the same"
    ]


def test_an_inline_identifier_inherits_the_catalogues_confidence() -> None:
    both = (identifier("ios", "bundle_id", "com.acme.chat"), identifier("android", "package_name", "com.acme.pay"))
    made = _resolve(inline("Two in one", *both))
    [one] = made.apps
    assert one.key.startswith("inline:two-in-one")
    assert {i.confidence for i in one.identifiers} == {"verified"}
    assert _told(made, "identifiers-of-several-apps") == ["'Two in one' holds identifiers of several apps: chat, pay"]


def test_an_inline_ban_of_unknown_identifiers_stands_alone() -> None:
    made = _resolve(inline("tool", identifier("macos", "cdhash", "0" * 40)))
    [tool] = made.apps
    assert (tool.key, tool.name, tool.vendor, tool.preinstalled) == ("inline:tool", "tool", "", ())
    assert [i.confidence for i in tool.identifiers] == ["stated"]
    assert tool.platforms == {"ios": "unknown", "macos": "exists", "android": "unknown", "windows": "unknown"}


def test_the_same_name_twice_is_one_app() -> None:
    one, two = identifier("ios", "bundle_id", "com.example.a"), identifier("ios", "bundle_id", "com.example.b")
    [made] = _resolve(inline("tool", one), inline("tool", two, one)).apps
    assert [i.value for i in made.identifiers] == ["com.example.a", "com.example.b"]


def test_not_on_says_that_an_app_does_not_exist_there() -> None:
    made = _resolve(
        inline("tool", identifier("ios", "bundle_id", "com.example.a"), not_on=("macos",)),
        app("pay", not_on=("ios", "macos", "windows")),
    )
    assert {one.key: one.platforms["macos"] for one in made.apps} == {"inline:tool": "none", "pay": "none"}
    assert _told(made, "no-identifier") == [
        "tool: no identifier is known for android, windows: it is not blocked there"
    ]


def test_an_unverified_identifier_is_told_and_not_rendered() -> None:
    made = _resolve(app("ghost"))
    assert made.apps[0].identifiers == ()
    assert _told(made, "unverified-identifier") == [
        "Ghost: 'com.acme.ghost' (bundle_id) is unverified in the catalogue and not rendered"
    ]
    assert _told(made, "no-identifier") == ["Ghost: no identifier is known on any platform: nothing can block it"]


_DANGEROUS = identifier("ios", "bundle_id", "com.apple.mobilephone")
_REASON = Override("com.apple.mobilephone", "kiosk phones", PLACE)


def test_guards_speak_through_resolve() -> None:
    assert [one.id for one in _errors(inline("Calls", _DANGEROUS))] == ["never-block"]
    assert [one.id for one in _errors(app("phone"))] == ["never-block"]
    made = _resolve(inline("Calls", _DANGEROUS, allow_dangerous=(_REASON,)))
    assert [one.id for one in made.findings if one.id.startswith("never")] == ["never-block-overridden"]


_PROTECTED = [
    pytest.param(inline("Chat", identifier("ios", "bundle_id", "com.acme.chat")), id="inline"),
    pytest.param(app("chat"), id="a catalogue app"),
    pytest.param(Ban(PLACE, feature="Chat Pay", implemented_by="chat"), id="a feature"),
    pytest.param(Ban(PLACE, vendor="acme"), id="a vendor"),
]


@pytest.mark.parametrize("ban", _PROTECTED)
def test_what_the_deployment_protects_cannot_be_banned(ban: Ban) -> None:
    found = _errors(ban, protected=(identifier("ios", "bundle_id", "com.acme.chat"),))
    assert [one.id for one in found] == ["protected-app"]


def _blockable(*identifiers: Identifier) -> set[tuple[str, str]]:
    [one] = _resolve(inline("tool", *identifiers)).apps
    return {(i.kind, i.value) for i in blockable(one)}


_MAC_BUNDLE, _MAC_OTHER = (
    identifier("macos", "bundle_id", "com.example.a"),
    identifier("macos", "bundle_id", "com.example.b"),
)
_TEAM, _TEAM_2 = identifier("macos", "team_id", "TEAM123456"), identifier("macos", "team_id", "TEAM654321")
_SIGNED = identifier("macos", "signing_id", "TEAM123456:com.example.a")
_MACS = [
    pytest.param((_MAC_BUNDLE,), {("bundle_id", "com.example.a")}, id="a bare bundle id"),
    pytest.param((_TEAM,), {("team_id", "TEAM123456")}, id="a bare team"),
    pytest.param((_TEAM, _MAC_BUNDLE), {("signing_id", "TEAM123456:com.example.a")}, id="a team qualifies a bundle id"),
    pytest.param(
        (_TEAM, _TEAM_2, _MAC_BUNDLE, _MAC_OTHER),
        {("signing_id", f"{team.value}:{bundle.value}") for team in (_TEAM, _TEAM_2) for bundle in (_MAC_BUNDLE, _MAC_OTHER)},
        id="teams qualify every bundle id",
    ),
    pytest.param((_TEAM, _MAC_BUNDLE, _SIGNED), {("signing_id", "TEAM123456:com.example.a")}, id="the list states the pair itself"),
    pytest.param((_SIGNED,), {("signing_id", "TEAM123456:com.example.a")}, id="a signing id alone"),
    pytest.param((_SIGNED, _MAC_BUNDLE), {("signing_id", "TEAM123456:com.example.a"), ("bundle_id", "com.example.a")}, id="a signing id and a bare bundle id"),
    pytest.param(
        (identifier("windows", "package_family_name", "Acme.Lone_8wekyb3d8bbwe"),),
        {("package_family_name", "Acme.Lone_8wekyb3d8bbwe"), ("appx_name", "Acme.Lone")},
        id="a package family by its name",
    ),
    pytest.param((identifier("ios", "bundle_id", "com.example.a"), _TEAM), {("bundle_id", "com.example.a"), ("team_id", "TEAM123456")}, id="a team does not qualify an iPhone's bundle id"),
]  # fmt: skip


@pytest.mark.parametrize(("identifiers", "expected"), _MACS)
def test_what_a_block_is_made_of(identifiers: tuple[Identifier, ...], expected: set[tuple[str, str]]) -> None:
    assert _blockable(*identifiers) == expected


_WIDE = [
    pytest.param((_TEAM,), 1, id="a bare team"),
    pytest.param((_TEAM, _MAC_BUNDLE), 0, id="a team that qualifies"),
    pytest.param((identifier("windows", "publisher", "O=ACME LTD, C=CN"),), 1, id="a publisher"),
]


@pytest.mark.parametrize(("identifiers", "count"), _WIDE)
def test_blocking_a_whole_vendor_for_one_app_is_told(identifiers: tuple[Identifier, ...], count: int) -> None:
    assert len(_told(_resolve(inline("tool", *identifiers)), "over-block")) == count


def test_what_is_ordered_is_sorted_and_each_value_stands_once() -> None:
    bans = [
        inline("b", identifier("ios", "bundle_id", "com.z"), identifier("ios", "bundle_id", "com.a.b")),
        inline("a", identifier("ios", "bundle_id", "com.z"), identifier("web", "domain", "a.example")),
    ]
    made = _resolve(*bans)
    ids = ordered(made, made.variants[0])
    assert list(ids) == [("ios", "bundle_id"), ("web", "domain")]
    assert [(one.value, one.name) for one in ids["ios", "bundle_id"]] == [("com.a.b", "b"), ("com.z", "a")]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(PolicyError) as failed:
        resolve([], None, CATALOGUE, DAY)
    assert ids_of(failed.value) == ["empty-ban-list"]
    assert [one.origin for one in _errors()] == [ban_list().origin]


def test_thousands_of_apps_without_identifiers_are_summed_up() -> None:
    bans = [inline(f"App {n}", identifier("ios", "bundle_id", f"com.example.a{n}")) for n in range(1003)]
    told = _told(_resolve(*bans), "no-identifier")
    assert len(told) == 1001
    assert told[-1] == "3 more apps lack identifiers on some platform"
    assert len(_told(_resolve(*bans[:1000]), "no-identifier")) == 1000


def test_the_same_finding_is_told_once() -> None:
    twice = [ban_list(Ban(PLACE, feature="Chat Pay", implemented_by="chat"), name=name) for name in ("a", "b")]
    same = [msgspec.structs.replace(one, origin=PLACE) for one in twice]
    assert len(_told(resolve(same, None, CATALOGUE, DAY), "feature-over-block")) == 1

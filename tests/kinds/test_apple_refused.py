"""What devices refuse whole proves nothing: profiles and declarations are held against Apple's own schema."""

from __future__ import annotations

import cProfile
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import as_json, plist, restrictions

from mdm_policy.kinds import read
from mdm_policy.kinds.apple.schema import faults
from mdm_policy.kinds.keys import vendor_table

if TYPE_CHECKING:
    from mdm_policy.documents import Document

BAN = restrictions(blockedAppBundleIDs=["com.a.b"])
TEAM = {"TeamID": "ABCDE12345", "SigningID": "com.a.b"}
SETTINGS = "com.apple.configuration.app.settings"


def verdicts(document: Document) -> set[tuple[str, str]]:
    return {(rule.sense, rule.verdict) for rule in read(document).rules}


def beside(kind: str, **keys: Any) -> Document:
    return plist(BAN, {"PayloadType": kind, **keys})


@pytest.mark.parametrize(
    ("document", "ids"),
    [
        pytest.param(beside("com.apple.wifi.managed", SSID_STR=5), {"wrong-type"}, id="a number for a text"),
        pytest.param(beside("com.apple.vpn.managed", UserDefinedName="v"), {"required-key-missing"}, id="no VPNType"),
        pytest.param(
            beside("com.apple.webClip.managed", Label="l", URL=["https://a.example"]),
            {"wrong-type"},
            id="a list for a text",
        ),
        pytest.param(
            beside("com.apple.mobiledevice.passwordpolicy", minLength=99), {"value-outside-schema"}, id="out of range"
        ),
        pytest.param(
            beside("com.apple.dnsSettings.managed", DNSSettings={"ServerURL": "https://a.example"}),
            {"required-key-missing"},
            id="within a dictionary",
        ),
        pytest.param(
            beside("com.apple.caldav.account", CalDAVHostName="a", CalDAVPort="443"),
            {"wrong-type"},
            id="text for a number",
        ),
        pytest.param(plist(BAN, {"PayloadType": "x.agent", "PayloadVersion": 3}), {"payload-version"}, id="version"),
        pytest.param(plist(BAN, PayloadVersion=2), {"payload-version"}, id="the profile's own version"),
        pytest.param(
            plist({**BAN, "PayloadUUID": "ab"}, {"PayloadType": "x", "PayloadUUID": "AB"}),
            {"payloads-not-unique"},
            id="one UUID in another case",
        ),
        pytest.param(
            plist({**BAN, "PayloadIdentifier": "a"}, {"PayloadType": "x", "PayloadIdentifier": "a"}),
            {"payloads-not-unique"},
            id="one identifier",
        ),
        pytest.param(
            plist(BAN, {"PayloadType": "x", "PayloadUUID": 7}), {"required-key-missing"}, id="UUID of no text"
        ),
    ],
)
def test_a_device_refuses_the_whole_profile(document: Document, ids: set[str]) -> None:
    assert verdicts(document) == {("none", "allowed")}
    assert ids <= {finding.id for finding in read(document).findings if finding.severity == "error"}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(beside("com.apple.wifi.managed", HIDDEN_NETWORK=1), id="a number for a yes or no"),
        pytest.param(beside("com.apple.wifi.managed", SSID_STR="a", EncryptionType="WPA9"), id="a word of tomorrow"),
    ],
)
def test_what_a_device_may_refuse_is_unknown(document: Document) -> None:
    assert {verdict for _, verdict in verdicts(document)} == {"unknown"}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(beside("com.apple.wifi.managed", SSID_STR="a", NobodyKnows=5), id="a key that nobody knows"),
        pytest.param(beside("com.example.agent", minLength="x"), id="an agent's own payload"),
        pytest.param(beside("com.apple.screensaver", idleTime=600), id="macOS's screen saver without a module"),
        pytest.param(plist(BAN, PayloadExpirationDate=dt.datetime(2030, 1, 1)), id="a date"),  # noqa: DTZ001 - plistlib's
        pytest.param(plist(BAN, DurationUntilRemovalX=1), id="an unknown key of the envelope"),
        pytest.param(plist({**BAN, "PayloadUUID": "0"}), id="the UUID of the profile"),
    ],
)
def test_a_device_takes_the_profile(document: Document) -> None:
    assert verdicts(document) == {("block", "hidden")}


@pytest.mark.parametrize(
    ("payload", "refused"),
    [
        pytest.param({"Allowed": {"DeniedApps": ["com.a.b"]}, "Privacy": {}}, False, id="both keys"),
        pytest.param({"Allowed": {"DeniedBinaries": [{**TEAM, "SigningState": "DeveloperID"}]}}, False, id="a state"),
        pytest.param({"Allowed": {"DeniedBinaries": [{**TEAM, "SigningState": "Adhoc"}]}}, True, id="no such state"),
        pytest.param({"Allowed": {"DeniedBinaries": [{**TEAM, "Version": "1"}]}}, True, id="no such key of an item"),
        pytest.param({"Allowed": {"DeniedApps": ["com.a.b"]}, "Denied": {}}, True, id="no such key"),
        pytest.param({"Allowed": {"DeniedApps": ["com.a.b"]}, "Privacy": []}, True, id="a list for a dictionary"),
        pytest.param({"Allowed": {"DeniedApps": ["com.a.b"], "AllowedBinaries": "x"}}, True, id="a text for a list"),
        pytest.param(
            {"Allowed": {"DeniedApps": ["com.a.b"]}, "Privacy": {"PermissionDefaults": {"com.x": {"Camera": "Allow"}}}},
            True,
            id="a required key within Privacy",
        ),
    ],
)
def test_devices_refuse_a_declaration_with_what_the_schema_lacks(payload: dict[str, Any], refused: bool) -> None:
    document = as_json({"Type": SETTINGS, "Identifier": "i", "Payload": payload})
    assert {sense for sense, _ in verdicts(document)} == ({"none"} if refused else {"block"})
    assert ("declaration-key" in {finding.id for finding in read(document).findings}) <= refused


def test_a_refused_activation_turns_nothing_on() -> None:
    payload = {"StandardConfigurations": ["a"], "Condition": "x"}
    document = as_json({"Type": "com.apple.activation.simple", "Identifier": "b", "Payload": payload})
    assert read(document).activates == ()


def test_every_key_of_the_schema_is_known_to_its_reader() -> None:
    """A legal key is never called refused: of each published declaration, an item of every key and type is taken."""
    for name, keys in vendor_table("apple-declarations")["declarations"].items():
        assert not list(faults({key: _right(said) for key, said in keys.items()}, keys, closed=True)), name


def _right(said: dict[str, Any]) -> Any:
    made: dict[str, Any] = {
        "string": "a",
        "integer": 1,
        "real": 1.5,
        "boolean": True,
        "date": "2026-01-01T00:00:00Z",
        "data": "AA==",
        "any": 1,
    }
    if "values" in said:
        return said["values"][0]
    if said["type"] == "dictionary":
        return {key.replace("*", "x"): _right(one) for key, one in said.get("keys", {}).items()}
    if said["type"] == "array":
        return [_right(said["items"])] if "items" in said else []
    return said["min"] if "min" in said else made[said["type"]]


@pytest.mark.parametrize("wrong", [False, True])
def test_ten_times_the_items_are_ten_times_the_work(wrong: bool) -> None:
    keys = vendor_table("apple-declarations")["declarations"][SETTINGS]

    def work(count: int) -> int:
        items: list[Any] = [{"TeamID": "ABCDE12345", "SigningID": f"com.a.b{place}"} for place in range(count)]
        value = {"Allowed": {"DeniedBinaries": [*items, *[{"TeamID": 5}] * wrong]}}
        profile = cProfile.Profile()
        found = profile.runcall(lambda: list(faults(value, keys, closed=True)))
        assert len(found) == wrong
        return sum(one.callcount for one in profile.getstats())

    assert work(10_000) < 11 * work(1_000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param({"default": "a", "de": "b"}, id="by-language"),
        pytest.param({"ConsentTextItem": {"default": "a"}}, id="as-the-schema-has-it"),
    ],
)
def test_a_text_to_agree_to_refuses_no_profile(text: dict[str, Any]) -> None:
    document = plist(BAN, ConsentText=text)
    assert {"required-key-missing", "wrong-type"}.isdisjoint(one.id for one in read(document).findings)
    assert ("block", "allowed") not in verdicts(document)
    assert ("block", "hidden") in verdicts(document)


def test_a_text_to_agree_to_is_a_dictionary() -> None:
    assert "wrong-type" in [one.id for one in read(plist(BAN, ConsentText="a")).findings]

"""Hold the packaged schemas to their purpose: what the product writes passes, and nothing else does."""

from __future__ import annotations

import importlib
import json
import plistlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from schema_examples import GONE, PATHS, VALUE_SCHEMAS, XML_SCHEMAS, example, from_bytes, spoiled, with_value

from mdm_policy import identifiers, resources
from mdm_policy.validate import schema_names, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.vocabulary import Family, Kind

# The slow, exact engine, as a second opinion; without stubs, hence Any.
jsonschema: Any = importlib.import_module("jsonschema")
SCHEMAS = resources.data("schemas/vendor")
PACKAGES = "/applications"
PAYLOAD = "/PayloadContent/0"
SANTA = f"{PAYLOAD}/PayloadContent/com.northpolesec.santa/Forced/0/mcx_preference_settings"
SETTING = "/settings/0/settingInstance"
CHILD = f"{SETTING}/groupSettingCollectionValue/0/children/0"
DAY = plistlib.loads(b"<plist><date>2027-01-01T00:00:00Z</date></plist>")
LOWER = "6ba7b810-9dad-51d1-80b4-00c04fd430c8"


def raw(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_bytes())


def many(name: str, pointer: str, count: int) -> list[Any]:
    """Return `count` different entries made from the first one at a pointer."""
    place = example(name).value
    for step in pointer.split("/")[1:]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    text = json.dumps(place[0])
    return [json.loads(text.replace("com.tencent", f"com.tencent{number}")) for number in range(count)]


def test_every_schema_has_a_name_and_an_example() -> None:
    assert schema_names() == tuple(PATHS)
    assert set(schema_names()) == {
        "amapi-modify-applications",
        "amapi-patch-personal",
        "amapi-policy",
        "apple-ddm-activation",
        "apple-ddm-apps",
        "apple-ddm-binaries",
        "apple-ios-restrictions",
        "apple-web-filter",
        "applocker-appx",
        "applocker-exe",
        "defender-indicators",
        "dns-response-policy-zone",
        "domain-list",
        "intune-android-chrome",
        "intune-android-approve-apps",
        "intune-android-device-restrictions",
        "intune-android-managed-apps",
        "intune-app-control",
        "intune-ios-custom",
        "intune-ios-device-restrictions",
        "intune-ios-settings-catalog",
        "intune-windows-applocker",
        "intune-windows-browsers",
        "jamf-macos-profile",
        "jamf-mobile-profile",
        "jamf-restricted-software",
        "macos-browsers",
        "macos-santa",
        "windows-app-control",
        "windows-browsers",
    }


@pytest.mark.parametrize("name", PATHS)
def test_the_example_is_valid(name: str) -> None:
    assert validate(example(name), name) == []


def objects(schema: Any, inside: bool = False) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Yield every subschema of type object, with whether it only refines another (`then`, `if`, `allOf`)."""
    if isinstance(schema, list):
        for item in schema:
            yield from objects(item, inside)
    elif isinstance(schema, dict):
        if schema.get("type") == "object":
            yield inside, schema
        for key, item in schema.items():
            yield from objects(item, key in {"if", "then", "else"})


@pytest.mark.parametrize("name", VALUE_SCHEMAS)
class TestJsonSchema:
    """Hold each JSON Schema file to the house's form."""

    def test_is_a_schema_of_the_draft_it_names(self, name: str) -> None:
        schema = raw(name)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema.Draft202012Validator.check_schema(schema)

    def test_names_its_source(self, name: str) -> None:
        assert re.search(r"@[0-9a-f]{7}|[0-9]+\.[0-9]+|2021 state", raw(name)["x-source"])

    def test_is_closed_everywhere(self, name: str) -> None:
        for refining, schema in objects(raw(name)):
            dispatched = (
                set(schema.get("properties", ())) <= {"PayloadType", "settingDefinitionId"} and "allOf" in schema
            )
            assert refining or dispatched or schema["additionalProperties"] is False

    def test_no_two_schemas_mean_different_things_by_one_identifier(self, name: str) -> None:
        shared = {"bundle_id", "package_name", "team_id", "uuid", "token", "payload_identifier", "personal"}
        for other in VALUE_SCHEMAS:
            for key in shared & raw(name)["$defs"].keys() & raw(other)["$defs"].keys():
                assert raw(name)["$defs"][key] == raw(other)["$defs"][key]

    def test_uses_every_definition(self, name: str) -> None:
        text = json.dumps(raw(name))
        for key in raw(name)["$defs"]:
            assert f'"#/$defs/{key}"' in text

    def test_another_engine_agrees(self, name: str) -> None:
        engine = jsonschema.Draft202012Validator(raw(name))
        assert engine.is_valid(example(name).value)
        for _, value in mutations(example(name).value):
            document = with_value(name, value)
            assert engine.is_valid(document.value) is False
            assert validate(document, name)


def mutations(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value with an unknown key in each of its objects, and with each leaf turned into another type."""
    if isinstance(value, dict):
        yield "/unknownKey", {**value, "unknownKey": 1}
        for key, item in value.items():
            for pointer, changed in mutations(item):
                yield f"/{key}{pointer}", {**value, key: changed}
    elif isinstance(value, list):
        yield "", {"not": "a list"}
        for index, item in enumerate(value):
            for pointer, changed in mutations(item):
                yield f"/{index}{pointer}", [*value[:index], changed, *value[index + 1 :]]
    else:
        yield "", 7.5


@pytest.mark.parametrize("name", VALUE_SCHEMAS)
def test_every_unknown_key_and_wrong_type_is_refused_at_its_place(name: str) -> None:
    for pointer, value in mutations(example(name).value):
        found = validate(with_value(name, value), name)
        assert {finding.id for finding in found} == {"schema-violation"}
        assert any(finding.message.startswith(f"{pointer or 'the document'}: ") for finding in found), pointer


SPOILED = [
    pytest.param("apple-ios-restrictions", "/RemovalDate", DAY, id="profile-removal-date"),
    pytest.param("apple-ios-restrictions", "/DurationUntilRemoval", 3600.0, id="profile-duration-until-removal"),
    pytest.param("apple-ios-restrictions", "/ConsentText", {"default": "?"}, id="profile-consent-text"),
    pytest.param("apple-ios-restrictions", "/PayloadUUID", LOWER, id="profile-lower-case-uuid"),
    pytest.param("apple-ios-restrictions", "/PayloadUUID", "G" + LOWER.upper()[1:], id="profile-uuid-not-hexadecimal"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/PayloadUUID", LOWER, id="payload-lower-case-uuid"),
    pytest.param("apple-ios-restrictions", "/PayloadVersion", 2, id="profile-version-2"),
    pytest.param("apple-ios-restrictions", "/PayloadVersion", 1.0, id="profile-version-real"),
    pytest.param("apple-ios-restrictions", "/PayloadVersion", True, id="profile-version-boolean"),
    pytest.param("apple-ios-restrictions", "/PayloadVersion", "1", id="profile-version-text"),
    pytest.param("apple-ios-restrictions", "/PayloadContent", [], id="profile-without-payloads"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/PayloadType", "com.apple.applicationacess", id="payload-type"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/allowedAppBundleIDs", ["com.a.b"], id="allow-list-beside"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/blockedAppBundleIDs", [], id="nothing-blocked"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/blockedAppBundleIDs", "com.a.b", id="bundle-ids-not-a-list"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/blockedAppBundleIDs/0", "com.tencent.*", id="wildcard"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/blockedAppBundleIDs/0", " com.tencent.xin", id="white-space"),
    pytest.param("apple-ios-restrictions", f"{PAYLOAD}/blockedAppBundleIDs/0", "com.tencent.xin\n", id="line-end"),
    pytest.param("apple-ios-restrictions", "/PayloadContent/1/FilterType", "Plugin", id="filter-type"),
    pytest.param("apple-ios-restrictions", "/PayloadContent/1/DenyListURLs/0", "ftp://qq.com/", id="filter-scheme"),
    pytest.param("macos-santa", "/PayloadScope", "User", id="santa-user-scope"),
    pytest.param("macos-santa", f"{PAYLOAD}/PayloadType", "com.google.santa", id="santa-old-payload-type"),
    pytest.param("macos-santa", f"{SANTA}/StaticRules/0/policy", "ALLOWLIST", id="santa-allows"),
    pytest.param("macos-santa", f"{SANTA}/StaticRules/0/rule_type", "BINARY", id="santa-rule-type"),
    pytest.param("macos-santa", f"{SANTA}/StaticRules/0/identifier", "com.tencent.xinWeChat", id="santa-no-team"),
    pytest.param("macos-santa", f"{SANTA}/StaticRules/1/identifier", "2y8xe5cq94", id="santa-lower-case-team"),
    pytest.param("macos-santa", f"{SANTA}/StaticRules", [], id="santa-no-rules"),
    pytest.param("macos-santa", f"{PAYLOAD}/PayloadContent/com.google.santa", {}, id="santa-two-domains"),
    pytest.param("apple-ddm-apps", "/Type", "com.apple.configuration.app.managed", id="ddm-wrong-type"),
    pytest.param("apple-ddm-apps", "/Identifier", "x" * 65, id="ddm-identifier-65-octets"),
    pytest.param("apple-ddm-apps", "/ServerToken", "é" * 33, id="ddm-token-66-octets"),
    pytest.param("apple-ddm-apps", "/ServerToken", "", id="ddm-token-empty"),
    pytest.param("apple-ddm-apps", "/Payload/Allowed/AllowedApps", ["com.a.b"], id="ddm-allow-list"),
    pytest.param("apple-ddm-binaries", "/Payload/Allowed/DeniedBinaries/0", {}, id="binary-of-nothing"),
    pytest.param("apple-ddm-binaries", "/Payload/Allowed/DeniedBinaries/0", {"PathPrefix": "/"}, id="binary-by-path"),
    pytest.param("apple-ddm-binaries", "/Payload/Allowed/DeniedBinaries/1/TeamID", "*APPLE*", id="binary-of-apple"),
    pytest.param("apple-ddm-activation", "/Payload/StandardConfigurations", [], id="activates-nothing"),
    pytest.param("apple-ddm-activation", "/Payload/Predicate", "FALSEPREDICATE", id="activation-predicate"),
    pytest.param("intune-ios-settings-catalog", "/platforms", "iOS,macOS", id="catalog-platforms"),
    pytest.param("intune-ios-settings-catalog", "/technologies", "mdm", id="catalog-technologies"),
    pytest.param(
        "intune-ios-settings-catalog",
        f"{CHILD}/settingDefinitionId",
        "com.apple.applicationaccess_allowedappbundleids",
        id="catalog-id-nobody-defined",
    ),
    pytest.param("intune-ios-settings-catalog", f"{CHILD}/simpleSettingCollectionValue", {}, id="catalog-collapsed"),
    pytest.param("intune-ios-device-restrictions", "/appsVisibilityListType", "appsInListCompliant", id="ios-allows"),
    pytest.param("intune-ios-device-restrictions", "/appsVisibilityListType", "none", id="ios-list-type-none"),
    pytest.param("intune-ios-device-restrictions", "/compliantAppsList", [], id="ios-report-only-list"),
    pytest.param("intune-ios-device-restrictions", "/appsVisibilityList/0", "com.tencent.xin", id="ios-bare-id"),
    pytest.param("intune-ios-device-restrictions", "/appsVisibilityList/0/bundleId", "com.a.b", id="ios-bundleid-key"),
    pytest.param("intune-ios-custom", "/payload", "<?xml version='1.0'?>", id="custom-not-base64"),
    pytest.param("intune-ios-custom", "/payload", "PD94\nbWw=", id="custom-wrapped-base64"),
    pytest.param("intune-ios-custom", "/payloadFileName", "../x.mobileconfig", id="custom-file-name-with-folder"),
    pytest.param("intune-android-device-restrictions", "/playStoreMode", "BLOCKLIST", id="android-amapi-word"),
    pytest.param("intune-android-device-restrictions", "/playStoreMode", "allowList", id="android-allow-list"),
    pytest.param("intune-android-device-restrictions", "/personalProfilePlayStoreMode", "blockList", id="android-side"),
    pytest.param(
        "intune-android-device-restrictions",
        "/personalProfileAppsAllowInstallFromUnknownSources",
        True,
        id="android-sideloading-open",
    ),
    pytest.param("intune-android-managed-apps", "/value/0/assignments", [], id="managed-app-unassigned"),
    pytest.param("intune-android-managed-apps", "/value/0/assignments/0/intent", "available", id="managed-app-intent"),
    pytest.param("intune-android-managed-apps", "/value/0/packageId", "app:com.tencent.mm", id="managed-app-prefix"),
    pytest.param("intune-android-approve-apps", "/packageIds/0", "com.tencent.mm", id="approve-without-prefix"),
    pytest.param("intune-android-approve-apps", "/approveAllPermissions", True, id="approve-all-permissions"),
    pytest.param("intune-windows-applocker", "/omaSettings/0/value", "<AppLockerPolicy/>", id="oma-whole-policy"),
    pytest.param("intune-windows-applocker", "/omaSettings/0/value", "&lt;RuleCollection", id="oma-escaped"),
    pytest.param(
        "intune-windows-applocker",
        "/omaSettings/0/value",
        '<RuleCollection Type="Appx"></RuleCollection>',
        id="oma-type",
    ),
    pytest.param("intune-windows-applocker", "/omaSettings/0/omaUri", "./Vendor/MSFT/AppLocker/EXE", id="oma-uri"),
    pytest.param("amapi-policy", "/playStoreMode", "BLOCKLIST", id="amapi-play-store-mode-blocklist"),
    pytest.param("amapi-policy", f"{PACKAGES}/0/installType", "blocked", id="amapi-lower-case-install-type"),
    pytest.param("amapi-policy", f"{PACKAGES}/0/installType", "AVAILABLE", id="amapi-available"),
    pytest.param("amapi-policy", f"{PACKAGES}/0/packageName", "com.tencent.*", id="amapi-wildcard"),
    pytest.param("amapi-policy", f"{PACKAGES}/0/packageName", "wechat", id="amapi-package-without-dot"),
    pytest.param("amapi-policy", f"{PACKAGES}/2/installType", "BLOCKED", id="amapi-configures-a-blocked-app"),
    pytest.param("amapi-policy", f"{PACKAGES}/2/packageName", "com.tencent.mm", id="amapi-configures-another-app"),
    pytest.param(
        "amapi-policy", f"{PACKAGES}/2/managedConfiguration/URLBlocklist", "qq.com", id="amapi-url-list-not-json"
    ),
    pytest.param(
        "amapi-policy", f"{PACKAGES}/2/managedConfiguration/URLBlocklist", "[1]", id="amapi-url-list-of-numbers"
    ),
    pytest.param(
        "amapi-policy",
        "/personalUsagePolicies/personalPlayStoreMode",
        "WHITELIST",
        id="amapi-personal-play-store-mode-whitelist",
    ),
    pytest.param(
        "amapi-policy",
        "/personalUsagePolicies/personalPlayStoreMode",
        "BLACKLIST",
        id="amapi-personal-play-store-mode-deprecated",
    ),
    pytest.param("amapi-policy", "/blockApplicationsEnabled", True, id="amapi-deprecated-switch"),
    pytest.param("amapi-policy", "/untrustedAppsPolicy", "DISALLOW_INSTALL", id="amapi-key-one-level-too-high"),
    pytest.param("amapi-policy", "/uninstallAppsDisabled", True, id="amapi-fights-the-ban"),
    pytest.param("amapi-modify-applications", "/changes", [], id="modify-nothing"),
    pytest.param("amapi-modify-applications", "/changes/0/updateMask", "*", id="modify-mask"),
    pytest.param("amapi-patch-personal", "/query/updateMask", "applications", id="patch-mask"),
    pytest.param("amapi-patch-personal", "/method", "PUT", id="patch-method"),
    pytest.param("amapi-patch-personal", "/path", "enterprises/x/policies/y", id="patch-path"),
    pytest.param("amapi-patch-personal", "/body/playStoreMode", "BLACKLIST", id="patch-body-wider-than-its-mask"),
]


@pytest.mark.parametrize(("name", "pointer", "value"), SPOILED)
def test_a_spoiled_document_is_refused_where_it_is_spoiled(name: str, pointer: str, value: Any) -> None:
    found = validate(spoiled(name, pointer, value), name)
    assert any(finding.message.startswith(f"{pointer}") for finding in found), [finding.message for finding in found]


@pytest.mark.parametrize("name", VALUE_SCHEMAS)
def test_nothing_required_may_be_missing(name: str) -> None:
    required = raw(name)["required"]
    assert required
    for key in required:
        (finding,) = validate(spoiled(name, f"/{key}", GONE), name)
        assert finding.message == f"the document: the key {key} is missing"


LIMITS = [
    pytest.param("amapi-policy", "/applications", 3000, id="amapi-applications"),
    pytest.param("amapi-modify-applications", "/changes", 3000, id="amapi-changes"),
    pytest.param("intune-ios-device-restrictions", "/appsVisibilityList", 10000, id="intune-visibility-list"),
    pytest.param(
        "intune-android-device-restrictions", "/personalProfilePersonalApplications", 500, id="intune-personal-list"
    ),
    pytest.param("apple-ios-restrictions", "/PayloadContent/1/DenyListURLs", 500, id="apple-deny-list-urls"),
]


@pytest.mark.parametrize(("name", "pointer", "limit"), LIMITS)
def test_a_vendors_limit_holds_exactly(name: str, pointer: str, limit: int) -> None:
    entries = [f"https://{number}.com/" for number in range(limit + 1)]
    if not pointer.endswith("URLs"):
        entries = many(name, pointer, limit + 1)
    assert validate(spoiled(name, pointer, entries[:limit]), name) == []
    (finding,) = validate(spoiled(name, pointer, entries), name)
    assert finding.message == f"{pointer}: entries allowed here: at most {limit}, found {limit + 1}"


XML_SPOILED = [
    pytest.param(
        "applocker-exe", 'EnforcementMode="Enabled"', 'EnforcementMode="Audit"', "EnforcementMode", id="audit"
    ),
    pytest.param("applocker-exe", 'EnforcementMode="Enabled"', 'EnforcementMode="AuditOnly"', "Mode", id="audit-only"),
    pytest.param("applocker-exe", 'Type="Exe"', 'Type="Msi"', '"Exe", found "Msi"', id="rules-type"),
    pytest.param("applocker-exe", ' EnforcementMode="Enabled"', "", "EnforcementMode is missing", id="no-mode"),
    pytest.param("applocker-exe", 'Action="Deny"', 'Action="Block"', "Action", id="action"),
    pytest.param("applocker-exe", 'Id="a61c8b2c', 'Id="G61c8b2c', "Id must be text of the form", id="rule-id"),
    pytest.param("applocker-exe", 'UserOrGroupSid="S-1-1-0"', 'UserOrGroupSid="All"', "at least 7", id="sid"),
    pytest.param("applocker-exe", 'LowSection="*"', 'LowSection="1.2"', "LowSection", id="version"),
    pytest.param("applocker-exe", 'Description=""', 'Note=""', "Note is not known", id="rule-attribute"),
    pytest.param(
        "applocker-exe", 'PublisherName="O=TENCENT, L=SHENZHEN, C=CN"', 'PublisherName=""', "Name", id="publisher"
    ),
    pytest.param("applocker-exe", "Conditions>", "Condition>", "Conditions", id="conditions-misspelt"),
    pytest.param("applocker-exe", "RuleCollection", "AppLockerPolicy", "RuleCollection", id="whole-policy"),
    pytest.param("applocker-appx", 'Type="Appx"', 'Type="Exe"', '"Appx", found "Exe"', id="appx-type"),
    pytest.param("applocker-appx", "FilePublisherRule", "FilePathRule", "FilePathRule", id="appx-path-rule"),
    pytest.param("jamf-restricted-software", "kill_process", "kill_proces", "kill_proces is not", id="jamf-misspelt"),
    pytest.param("jamf-restricted-software", ">true<", ">yes<", '"true", found "yes"', id="jamf-boolean"),
    pytest.param("jamf-restricted-software", "<kill_process>true", "<kill_process>false", "kill", id="jamf-no-kill"),
    pytest.param("jamf-restricted-software", "software>", "software_title>", "restricted_software", id="jamf-root"),
    pytest.param(
        "jamf-restricted-software", "<process_name>WeChat<", "<process_name><", "at least 1", id="jamf-process"
    ),
    pytest.param(
        "jamf-restricted-software", "    <process_name>WeChat</process_name>\n", "", "order", id="jamf-missing"
    ),
    *(
        pytest.param(name, f"</{tag}>", f"<scope/></{tag}>", "scope is not expected here", id=f"{name}-scope")
        for name, tag in (
            ("jamf-restricted-software", "restricted_software"),
            ("jamf-mobile-profile", "configuration_profile"),
            ("jamf-macos-profile", "os_x_configuration_profile"),
        )
    ),
    pytest.param("jamf-restricted-software", "<id>-1<", "<id>None<", "text of the form", id="jamf-site"),
    pytest.param("jamf-mobile-profile", ">System<", ">Device Level<", '"System"', id="jamf-level-of-another-tool"),
    pytest.param("jamf-mobile-profile", "deployment_method", "distribution_method", "distribution_", id="jamf-method"),
    pytest.param("jamf-mobile-profile", ">Newly Assigned<", ">true<", '"Newly Assigned" or "All"', id="jamf-redeploy"),
    pytest.param(
        "jamf-mobile-profile", "<redeploy_on_update>Newly Assigned</redeploy_on_update>", "", "order", id="gone"
    ),
    pytest.param("jamf-macos-profile", "distribution_method", "deployment_method", "deployment_", id="jamf-mac-method"),
    pytest.param("jamf-macos-profile", ">computer<", ">System<", '"computer"', id="jamf-mac-level"),
    pytest.param(
        "jamf-macos-profile", "<user_removable>false", "<user_removable>true", "false", id="jamf-mac-removable"
    ),
    pytest.param("jamf-macos-profile", "<general>", '<general id="1">', "id is not known", id="jamf-attribute"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), XML_SPOILED)
def test_a_spoiled_xml_document_is_refused(name: str, old: str, new: str, said: str) -> None:
    text = PATHS[name].read_text(encoding="utf-8")
    assert old in text
    found = validate(from_bytes(name, text.replace(old, new).encode()), name)
    assert found
    assert any(said in f"{finding.message} {finding.hint}" for finding in found), [finding.message for finding in found]


@pytest.mark.parametrize("name", XML_SCHEMAS)
class TestRelaxNg:
    """Hold each RELAX NG file to the house's form."""

    def test_names_its_source_and_licence(self, name: str) -> None:
        text = (SCHEMAS / f"{name}.rng").read_text(encoding="utf-8")
        assert "Source: " in text
        assert "Licence: " in text

    def test_every_unknown_element_and_attribute_is_refused(self, name: str) -> None:
        root = example(name).value
        for index, _ in enumerate(root.iter(etree.Element)):
            for change in (add_element, add_attribute, remove_attribute):
                copy = etree.fromstring(etree.tostring(root))
                if change(list(copy.iter(etree.Element))[index]):
                    assert validate(from_bytes(name, etree.tostring(copy)), name)

    def test_is_linear(self, name: str) -> None:
        """Count no seconds: the grammar may not repeat two patterns with the same first element side by side."""
        repeats = f"{{{etree.parse(SCHEMAS / f'{name}.rng').getroot().nsmap[None]}}}"
        for node in etree.parse(SCHEMAS / f"{name}.rng").iter(f"{repeats}zeroOrMore", f"{repeats}oneOrMore"):
            following = node.getnext()
            assert following is None or following.tag not in {f"{repeats}zeroOrMore", f"{repeats}oneOrMore"}


def add_element(node: Any) -> bool:
    etree.SubElement(node, "unknown")
    return True


def add_attribute(node: Any) -> bool:
    node.set("unknown", "1")
    return True


def remove_attribute(node: Any) -> bool:
    if not node.attrib:
        return False
    del node.attrib[node.attrib.keys()[0]]
    return True


GRAMMARS: list[tuple[str, str, Family, Kind]] = [
    ("apple-ios-restrictions", "bundle_id", "ios", "bundle_id"),
    ("amapi-policy", "package_name", "android", "package_name"),
    ("macos-santa", "team_id", "macos", "team_id"),
    ("macos-santa", "signing_id", "macos", "signing_id"),
    ("apple-ios-restrictions", "url", "web", "domain"),
]


@pytest.mark.parametrize(("name", "key", "family", "kind"), [pytest.param(*row, id=row[3]) for row in GRAMMARS])
def test_no_identifier_the_product_takes_is_refused(name: str, key: str, family: Family, kind: Kind) -> None:
    engine = jsonschema.Draft202012Validator(raw(name)["$defs"][key])

    @given(st.from_regex(r"\A[A-Z0-9]{10}(:[a-z-]+\.[a-z]+)?\Z|\A[A-Za-z0-9_-]{1,4}(\.[A-Za-z0-9_-]{1,4}){0,3}\Z"))
    def holds(text: str) -> None:
        if identifiers.is_valid(family, kind, text):
            assert engine.is_valid(text)

    holds()

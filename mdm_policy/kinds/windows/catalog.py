"""Read settings of Intune's settings catalog beside Apple's: App Control policies, and the address lists of browsers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import EmbeddedText, pointer
from mdm_policy.kinds import browsers
from mdm_policy.kinds.browsers import ALLOW, BLOCK, read_installed, read_list
from mdm_policy.kinds.collector import Why, fact, narrowed
from mdm_policy.kinds.windows.documents import APP_CONTROL, APP_CONTROL_SUPPLEMENT
from mdm_policy.reading import Condition, Rule, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Embedded
    from mdm_policy.kinds.browsers import Browser
    from mdm_policy.kinds.collector import Collector

_GRAPH = "deploymenttheory/terraform-provider-microsoft365@7e46123 app_control_for_business_policy, a recorded answer of 2025-09-05"
_PREFIX = "device_vendor_msft_policy_config_applicationcontrol"
_POLICIES = f"{_PREFIX}_policies_{{policyguid}}"
_OPTIONS = f"{_POLICIES}_policiesoptions"
_XML = f"{_POLICIES}_xml"
_XML_SELECTED = f"{_PREFIX}_configure_xml_selected"
_BUILT_IN_SELECTED = f"{_PREFIX}_built_in_controls_selected"
_FAMILY = "endpointSecurityApplicationControl"
_URL_LIST = re.compile(
    r"(?P<scope>device|user)_vendor_msft_policy_config_(?P<browser>microsoft_edge|chromeintune)[a-z0-9_~]*"
    r"_url(?P<list>block|allow)list"
)
_INSTALLED = re.compile(
    r"(?:device|user)_vendor_msft_policy_config_(?P<browser>microsoft_edge|chromeintune)[a-z0-9_~]*_webappinstallforcelist"
)
_MAC_LISTS = {
    "com.apple.managedclient.preferences_urlblocklist": BLOCK,
    "com.apple.managedclient.preferences_urlallowlist": ALLOW,
}
NETWORK_PROTECTION = "device_vendor_msft_policy_config_defender_enablenetworkprotection"
_LONGEST = 800_000
"""How many characters of XML the setting takes (the same answer, maximumLength)."""

BUILT_IN = Rule(
    "intune-app-control-built-in",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact(
        "the built-in controls allow Windows, the Store's apps and what is trusted beside these, and refuse the rest",
        "MicrosoftDocs/memdocs@02030bf endpoint-security-app-control-policy.md (2023-06)",
    ),
    introduced={"windows": (10, 0, 18362)},
    why="whether what the built-in controls trust includes the app is not known",
    cause="condition",
)
UNREAD = Rule(
    "intune-app-control-unread",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact("an App Control setting of another form than those of the template", _GRAPH),
    introduced={"windows": (10, 0, 18362)},
    why="the policy holds an App Control setting that is not read",
    cause="unread",
)
RULES = (BUILT_IN, UNREAD, *browsers.RULES)


def settings_xml(value: Any) -> Iterator[Embedded]:
    """Yield the App Control policies that a settings catalog policy holds as XML."""
    for place, instance in instances(value):
        held = instance.get("simpleSettingValue")
        text = held.get("value") if isinstance(held, dict) else None
        if instance.get("settingDefinitionId") == _XML and isinstance(text, str) and text.strip():
            yield EmbeddedText(f"{place}/simpleSettingValue/value", text)


def instances(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every setting instance of a policy with its pointer, without recursion: the depth of a document is not ours."""
    settings = value.get("settings") if isinstance(value, dict) else None
    waiting: list[tuple[str, Any]] = [
        (pointer("settings", index, "settingInstance"), one.get("settingInstance"))
        for index, one in enumerate(settings if isinstance(settings, list) else ())
        if isinstance(one, dict)
    ]
    while waiting:
        place, instance = waiting.pop()
        if not isinstance(instance, dict):
            continue
        yield place, instance
        for at, held in _holding(instance, place):
            children = held.get("children")
            waiting += [
                (f"{at}/children/{index}", one)
                for index, one in enumerate(children if isinstance(children, list) else ())
            ]


def _holding(instance: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the values of an instance that may hold further instances."""
    for key in ("groupSettingValue", "choiceSettingValue"):
        if isinstance(instance.get(key), dict):
            yield f"{place}/{key}", instance[key]
    for key in ("groupSettingCollectionValue", "choiceSettingCollectionValue"):
        listed = instance.get(key)
        for index, one in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(one, dict):
                yield f"{place}/{key}/{index}", one


def read_app_control_setting(c: Collector, instance: dict[str, Any], at: str) -> bool:
    """Read a setting of App Control; returns whether it is one."""
    definition = str(instance.get("settingDefinitionId")).casefold()
    if not definition.startswith(_PREFIX):
        return False
    choice = c.optional(instance, "choiceSettingValue", at)
    if definition == _OPTIONS and choice.get("value") == _XML_SELECTED:
        for place, child in c.mappings(choice, "children", f"{at}/choiceSettingValue"):
            if child.get("settingDefinitionId") == _XML:
                _xml(c, child, place)
            else:
                _unread(c, place)
    elif definition == _OPTIONS and choice.get("value") == _BUILT_IN_SELECTED:
        _built_in(c, choice, f"{at}/choiceSettingValue")
    else:
        _unread(c, at)
    return True


def read_network_protection(c: Collector, instance: dict[str, Any], at: str) -> bool:
    """Read whether Defender's network protection blocks, which its indicators for sites need; returns whether it is that.

    `_1` blocks, `_2` audits, `_0` is off (windows/client-management/mdm/policy-csp-defender EnableNetworkProtection).
    """
    definition = str(instance.get("settingDefinitionId")).casefold()
    if definition != NETWORK_PROTECTION:
        return False
    place = f"{at}/choiceSettingValue"
    value = c.text(c.optional(instance, "choiceSettingValue", at), "value", place)
    c.switches.append(Switch("defender-indicators", value == f"{definition}_1", f"{place}/value"))
    return True


def read_browser_setting(c: Collector, instance: dict[str, Any], at: str) -> bool:
    """Read an address list of Edge or Chrome; returns whether it is one.

    A choice turns the policy on (`_1`) or off (`_0`), and its child holds the list (IntunePMFiles/DeviceConfig, 2025-03-12). What
    is set for a user holds in that user's profiles alone.
    """
    definition = str(instance.get("settingDefinitionId")).casefold()
    match = _URL_LIST.fullmatch(definition)
    installed = _INSTALLED.fullmatch(definition)
    if installed is not None:
        _installed(c, instance, "edge" if installed["browser"] == "microsoft_edge" else "chrome", at)
        return True
    if match is None:
        return _mac_list(c, instance, definition, at)
    browser: Browser = "edge" if match["browser"] == "microsoft_edge" else "chrome"
    choice = c.optional(instance, "choiceSettingValue", at)
    place = f"{at}/choiceSettingValue"
    if choice.get("value") != f"{definition}_1":
        if choice.get("value") != f"{definition}_0":
            said = "the choice is neither on (_1) nor off (_0), so the list has no effect"
            c.say("error", "setting-instance-type", said, f"{place}/value", f"write {definition}_1")
        return True
    before = c.uncertain_because
    if match["scope"] == "user":
        said = "the list is set for users, and holds in their profiles of the browser alone"
        c.uncertain_because = Why("condition", said)
        c.say("warning", "url-list-of-users", said, at, "set it for devices")
    key = BLOCK if match["list"] == "block" else ALLOW
    for where, child in c.mappings(choice, "children", place):
        if str(child.get("settingDefinitionId")).casefold() == f"{definition}_url{match['list']}listdesc":
            records = c.records(child, "simpleSettingCollectionValue", where)
            read_list(c, browser, key, records.each("value"), where)
    c.uncertain_because = before
    return True


def _installed(c: Collector, instance: dict[str, Any], browser: Browser, at: str) -> None:
    """Take down the web apps that a browser installs: a text of JSON under the choice that turns the policy on."""
    choice = c.optional(instance, "choiceSettingValue", at)
    for where, child in c.mappings(choice, "children", f"{at}/choiceSettingValue"):
        value = child.get("simpleSettingValue")
        if isinstance(value, dict):
            read_installed(c, browser, value.get("value"), f"{where}/simpleSettingValue/value")


def _mac_list(c: Collector, instance: dict[str, Any], definition: str, at: str) -> bool:
    """Read the address list of Edge on a Mac, which is a list by itself."""
    key = _MAC_LISTS.get(definition)
    if key is None:
        return False
    read_list(c, "edge", key, c.records(instance, "simpleSettingCollectionValue", at).each("value"), at)
    return True


def _unread(c: Collector, at: str) -> None:
    c.rule(UNREAD)
    said = "this App Control setting has a form that mdm-policy does not read, so what it refuses is unknown"
    c.say("warning", "app-control-unread", said, at, "use the template App Control for Business with XML")


def _xml(c: Collector, instance: dict[str, Any], at: str) -> None:
    value = c.optional(instance, "simpleSettingValue", at)
    text = c.text(value, "value", f"{at}/simpleSettingValue")
    place = f"{at}/simpleSettingValue/value"
    if not text.strip():
        c.say("warning", "app-control-empty", "the XML is empty, so no policy is configured", place)
        return
    document = dict(c.document.inner).get(place)
    if document is None or document.kind not in (APP_CONTROL.name, APP_CONTROL_SUPPLEMENT.name):
        said = "the value holds no App Control policy that can be read, and Intune refuses it"
        c.say("error", "payload-unreadable", said, place, "write the whole <SiPolicy> element")
        return
    before, doubt = c.rejected_because, c.uncertain_because
    if len(text) > _LONGEST:
        why, hint = (
            f"the XML has more than {_LONGEST:,} characters, which Intune refuses",
            "split it into several policies",
        )
        c.refuse(why, place, hint)
        c.say("error", "list-too-long", why, place, hint)
    family = c.optional(c.mapping(c.document.value, ""), "templateReference", "").get("templateFamily")
    if family != _FAMILY:
        said = f"Intune offers the setting in policies of the template {_FAMILY} alone, and this is none"
        c.uncertain_because = Why("undocumented", said)
        c.say("error", "app-control-template", said, "/templateReference", "make it under Endpoint security")
    c.lift(place, document)
    c.rejected_because, c.uncertain_because = before, doubt


def _built_in(c: Collector, choice: dict[str, Any], at: str) -> None:
    """Read the built-in controls: `_0` enforces and `_1` audits, whatever some tools write (the recorded answer)."""
    values = sorted(
        str(held["value"])
        for _, child in instances({"settings": [{"settingInstance": {"choiceSettingValue": choice}}]})
        for _, held in _holding(child, "")
        if isinstance(held.get("value"), str)
    )
    if any(value.endswith("enable_app_control_1") for value in values):
        said = "the built-in controls only audit: they stop nothing"
        c.say("error", "app-control-audit", said, at, "choose Enforce")
        return
    told = [Condition("exceptions", value) for value in values if "trust_apps" in value]
    c.rule(BUILT_IN, conditions=narrowed(*told))

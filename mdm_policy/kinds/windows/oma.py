"""Read Intune's custom Windows settings (OMA-URI): which of them carry AppLocker rules that a device accepts.

The value of an AppLocker node is one bare `<RuleCollection>` (MicrosoftDocs/windows-itpro-docs applocker-csp.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from mdm_policy.kinds.collector import Why
from mdm_policy.kinds.intune import rules
from mdm_policy.kinds.intune.graph import odata_type
from mdm_policy.kinds.windows.documents import APPLOCKER
from mdm_policy.reading import Condition, DeviceSlot, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.kinds.collector import Collector

_URI = re.compile(
    r"\./(?:Device/)?Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/[^/]+/(EXE|MSI|Script|StoreApps|DLL)/Policy",
    re.IGNORECASE,
)
_APP_CONTROL_URI = re.compile(
    r"\./(?:Device/)?Vendor/MSFT/(?:ApplicationControl/Policies/[^/]+|AppLocker/ApplicationLaunchRestrictions/[^/]+"
    r"/CodeIntegrity)/Policy",
    re.IGNORECASE,
)
_NETWORK_PROTECTION = re.compile(
    r"\./(?:Device/)?Vendor/MSFT/Policy/Config/Defender/EnableNetworkProtection", re.IGNORECASE
)
"""1 blocks, 2 audits, 0 is off (windows/client-management/mdm/policy-csp-defender)."""
_SIBLING = re.compile(
    r"(\./(?:Device/)?Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/[^/]+/(?:EXE|MSI|Script|StoreApps|DLL)/)"
    r"(EnforcementMode|NonInteractiveProcessEnforcement)",
    re.IGNORECASE,
)
"""Nodes beside a policy whose effect the vendor's page does not describe (windows/client-management/mdm/applocker-csp.md)."""
_TEXTS = frozenset({"", "omaSettingString", "omaSettingStringXml"})
"""Types of a setting that hold text (microsoftgraph/msgraph-metadata@f54f11b6 v1.0-Prod.csdl)."""
_NODES = "MicrosoftDocs/windows-itpro-docs applocker-csp.md"
_COLLECTIONS = {"exe": "Exe", "msi": "Msi", "script": "Script", "storeapps": "Appx", "dll": "Dll"}


def is_read(uri: str) -> bool:
    """Tell whether a setting of a node is read whatever its value."""
    return any(one.fullmatch(uri) for one in (_APP_CONTROL_URI, _NETWORK_PROTECTION))


def takes_rules(uri: str) -> bool:
    """Tell whether a node takes AppLocker's rules."""
    return _URI.fullmatch(uri) is not None


def nodes_of(document: Document) -> tuple[DeviceSlot, ...]:
    """Name the AppLocker nodes that a configuration writes: a device keeps one value of each."""
    settings = document.value.get("omaSettings") if isinstance(document.value, dict) else None
    uris = (
        [setting.get("omaUri") for setting in settings if isinstance(setting, dict)]
        if isinstance(settings, list)
        else []
    )
    matches = [_URI.fullmatch(uri) for uri in uris if isinstance(uri, str)]
    return tuple(DeviceSlot("node", node) for node in sorted({match[0].lower() for match in matches if match}))


def read_oma_settings(c: Collector, top: dict[str, Any]) -> None:
    """Read each setting: its URI says which collection the device expects, its embedded document what it holds."""
    inner = dict(c.document.inner)
    nodes: set[str] = set()
    settings = c.mappings(top, "omaSettings", "")
    values: dict[str, set[str]] = {}
    for _, setting in settings:
        values.setdefault(str(setting.get("omaUri")).lower(), set()).add(str(setting.get("value")))
    siblings = dict(_siblings(c, settings))
    c.switches += [
        Switch("defender-indicators", str(setting.get("value")) == "1", f"{at}/value")
        for at, setting in settings
        if _NETWORK_PROTECTION.fullmatch(str(setting.get("omaUri")))
    ]
    before = c.uncertain_because
    for at, setting in settings:
        value = setting.get("value")
        masked = setting.get("isEncrypted") is True or setting.get("secretReferenceValueId") or value == "****"
        match = _URI.fullmatch(c.text(setting, "omaUri", at))
        document = inner.get(f"{at}/value")
        if _APP_CONTROL_URI.fullmatch(c.text(setting, "omaUri", at)):
            _app_control(c, str(value), f"{at}/value")
            continue
        if match is not None:
            node = match[0].lower()
            if node in nodes:
                message = "two settings write the same AppLocker node; only one of them counts"
                c.say("error", "oma-uri-duplicate", message, f"{at}/omaUri", "put all rules into one <RuleCollection>")
            nodes.add(node)
        if document is None and masked:
            c.rule(rules.OMA_MASKED)
            message = "the value is masked in this export, so what it blocks is unknown"
            c.say("error", "masked-value", message, f"{at}/value", "read it with getOmaSettingPlainTextValue")
        elif document is None and match is not None:
            message = "the value holds no AppLocker rules that can be read"
            c.say("error", "payload-unreadable", message, f"{at}/value", "write one plain <RuleCollection> element")
        elif document is not None and document.kind == APPLOCKER.name:
            if match is not None and len(values[match[0].lower()]) > 1:
                said = "another setting writes the same AppLocker node, and which of them counts is not documented"
                c.uncertain_because = Why("undocumented", said)
            elif match is not None and match[0].lower() in siblings:
                c.uncertain_because = Why("undocumented", siblings[match[0].lower()])
            kind = odata_type(setting)
            if kind not in _TEXTS:
                c.uncertain_because = Why(
                    "undocumented", f"whether the server takes a {kind} for AppLocker rules is not documented"
                )
                c.say(
                    "error",
                    "oma-type",
                    c.uncertain_because.text,
                    f"{at}/@odata.type",
                    "write #microsoft.graph.omaSettingString",
                )
            _applocker(c, document, f"{at}/value", match[1].lower() if match else "", match[0].lower() if match else "")
            c.uncertain_because = before


def _app_control(c: Collector, value: str, at: str) -> None:
    """Say that an App Control policy is there: its binary form is not read, and no other form is taken there."""
    from hashlib import sha256  # noqa: PLC0415 - 10 ms that most documents never need

    digest = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    c.rule(rules.OMA_APP_CONTROL, conditions=(Condition("expression", f"sha256:{digest}"),))
    message = "the setting carries an App Control policy in its binary form, which mdm-policy does not read"
    c.say("warning", "app-control-unread", message, at, "verify the XML that it was made from")


def _siblings(c: Collector, settings: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Yield the policy nodes beside which another node sets something of which nobody knows what it does."""
    for at, setting in settings:
        uri = setting.get("omaUri")
        match = _SIBLING.fullmatch(uri) if isinstance(uri, str) else None
        if match is not None:
            said = f"the node {match[2]} beside the policy is set, and what it does is not documented"
            c.say("warning", "applocker-sibling-node", said, f"{at}/omaUri", "set the mode in the RuleCollection alone")
            yield f"{match[1]}Policy".lower(), said


def _applocker(c: Collector, document: Document, at: str, node: str, uri: str) -> None:
    root = str(document.value.tag).rpartition("}")[2]
    kind = str(document.value.get("Type"))
    before = c.rejected_because
    _refuse_wrong_node(c, at, node, root, kind)
    count = len(c.rule_sets)
    c.lift(at, document)
    c.rule_sets[count:] = [structs.replace(one, node=uri) for one in c.rule_sets[count:]]
    c.rejected_because = before


def _refuse_wrong_node(c: Collector, at: str, node: str, root: str, kind: str) -> None:
    """Refuse the XML that a node does not take."""
    if not node:
        why, hint = (
            "the OMA-URI is not an AppLocker node",
            "use ./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/...",
        )
        c.say("error", "oma-uri-unknown", why, at, hint)
    elif root != "RuleCollection":
        why, hint = (
            "the node takes one <RuleCollection>, not a whole <AppLockerPolicy>",
            "paste only the <RuleCollection> element",
        )
        c.say("error", "applocker-full-policy", why, at, hint)
    elif kind != _COLLECTIONS[node]:
        why = f"the node is for {_COLLECTIONS[node]} rules, the collection holds {kind}"
        hint = "match the OMA-URI and the Type of the collection"
        c.say("error", "applocker-wrong-node", why, at, hint)
    else:
        return
    c.refuse(why, at, hint, _NODES)

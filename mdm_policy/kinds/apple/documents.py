"""Describe Apple's document kinds: profiles, and the declarations that configure and activate."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Literal

from mdm_policy.kinds import browsers
from mdm_policy.kinds.apple import forms, keys, rules, santa, santa_keys, santa_rules
from mdm_policy.kinds.apple.declarations import read_activation, read_configuration
from mdm_policy.kinds.apple.profile import read_profile, target_platforms
from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.reading import DeviceSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.documents import Document

_DECLARATION_RULES = (
    rules.DENIED_APPS,
    rules.ALLOWED_APPS,
    rules.DENIED_BINARIES,
    rules.ALLOWED_BINARIES,
    rules.PARTLY_ALLOWED_BINARIES,
    rules.MANAGED_APPS_ALLOWED,
    rules.MANAGED_APP,
)


def _is_profile(value: Any) -> bool:
    """Tell whether a dictionary is a configuration profile, or was meant to be one."""
    if not isinstance(value, dict):
        return False
    if value.get("PayloadType") == "Configuration":
        return True
    content = value.get("PayloadContent")
    return isinstance(content, list) and any(isinstance(item, dict) and "PayloadType" in item for item in content)


def _is_preferences(value: Any) -> bool:
    """Tell whether a dictionary holds the keys of Santa's preference domain, and is no payload of a profile."""
    if not isinstance(value, dict) or not value.keys().isdisjoint(("PayloadType", "PayloadContent")):
        return False
    return not value.keys().isdisjoint(santa_keys.ACTING)


def _is_exported(value: Any) -> bool:
    """Tell whether a dictionary lists Santa's rules: some entry has a rule type, in whatever case."""
    listed = value.get("rules") if isinstance(value, dict) else None
    if not isinstance(listed, list) or "@odata.type" in value:
        return False
    return any(isinstance(one, dict) and any(str(key).lower() == "rule_type" for key in one) for one in listed)


def _typed(prefix: str) -> Callable[[Any], bool]:
    """Recognise declarations whose `Type` begins so."""

    def recognise(value: Any) -> bool:
        named = value.get("Type") if isinstance(value, dict) else None
        return isinstance(named, str) and named.startswith(prefix)

    return recognise


def _named(key: str, kind: Literal["profile", "declaration"]) -> Callable[[Document], tuple[DeviceSlot, ...]]:
    """Name a document by the identifier under a key: a device keeps one of each, the last that is sent."""

    def identities(document: Document) -> tuple[DeviceSlot, ...]:
        top = document.value if isinstance(document.value, dict) else {}
        named = top.get(key)
        platforms = tuple(sorted(target_platforms(top) or ())) if kind == "profile" else ()
        return (DeviceSlot(kind, named, platforms),) if isinstance(named, str) and named else ()

    return identities


PROFILE = DocumentKind(
    name="apple-profile",
    title="Apple configuration profile",
    formats=("plist",),
    recognise=_is_profile,
    read=read_profile,
    keys=keys.PROFILE,
    rules=(*(rule for rule in rules.RULES if rule not in _DECLARATION_RULES), *santa_rules.RULES, *browsers.RULES),
    identities=_named("PayloadIdentifier", "profile"),
    schemas=("apple-ios-restrictions", "apple-web-filter", "macos-browsers", "macos-santa"),
    is_gitops_profile=True,
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadIdentifier</key><string>a.b</string>
  <key>PayloadUUID</key><string>6F7B1F8A-0000-4000-8000-000000000001</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.applicationaccess</string>
      <key>PayloadIdentifier</key><string>a.b.c</string>
      <key>PayloadUUID</key><string>6F7B1F8A-0000-4000-8000-000000000002</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>blockedAppBundleIDs</key><array><string>com.a.b</string></array>
    </dict>
  </array>
</dict>
</plist>
""",
)
CONFIGURATION = DocumentKind(
    name="apple-declaration-configuration",
    title="Apple declaration: configuration",
    formats=("json", "plist"),
    recognise=_typed("com.apple.configuration."),
    read=read_configuration,
    keys=keys.CONFIGURATION,
    rules=_DECLARATION_RULES,
    identities=_named("Identifier", "declaration"),
    schemas=("apple-ddm-apps", "apple-ddm-binaries"),
    activated_by="apple-declaration-activation",
    is_gitops_profile=True,
    sample=b"""\
{
  "Type": "com.apple.configuration.app.settings",
  "Identifier": "a.b",
  "Payload": {"Allowed": {"DeniedApps": ["com.a.b"]}}
}
""",
)
ACTIVATION = DocumentKind(
    name="apple-declaration-activation",
    title="Apple declaration: activation",
    formats=("json", "plist"),
    recognise=_typed("com.apple.activation."),
    read=read_activation,
    keys=keys.ACTIVATION,
    schemas=("apple-ddm-activation",),
    activates=True,
    is_gitops_profile=True,
    sample=b"""\
{
  "Type": "com.apple.activation.simple",
  "Identifier": "a.c",
  "Payload": {"StandardConfigurations": ["a.b"]}
}
""",
)
SANTA_PREFERENCES = DocumentKind(
    name="santa-preferences",
    title="Santa preferences",
    formats=("plist",),
    recognise=_is_preferences,
    read=santa.read_preferences,
    keys=santa_keys.PREFERENCES,
    rules=santa_rules.RULES,
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>ClientMode</key><integer>1</integer>
  <key>StaticRules</key>
  <array>
    <dict>
      <key>identifier</key><string>5A4RE8SF68</string>
      <key>rule_type</key><string>TEAMID</string>
      <key>policy</key><string>BLOCKLIST</string>
    </dict>
  </array>
</dict>
</plist>
""",
)
SANTA_RULES = DocumentKind(
    name="santa-rules",
    title="Santa rules",
    formats=("json",),
    recognise=_is_exported,
    read=santa.read_exported,
    keys=santa_keys.EXPORTED,
    rules=santa_rules.RULES,
    sample=b"""\
{
  "rules": [{"identifier": "5A4RE8SF68", "rule_type": "TEAMID", "policy": "BLOCKLIST"}]
}
""",
)
PAYLOAD = DocumentKind(
    name="apple-payload",
    title="Apple payload without its profile",
    formats=("plist",),
    recognise=forms.is_payload,
    read=forms.read_bare_payload,
    keys=keys.PAYLOAD,
    rules=PROFILE.rules,
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>com.apple.applicationaccess</string>
  <key>blockedAppBundleIDs</key><array><string>com.a.b</string></array>
</dict>
</plist>
""",
)
INSTALL = DocumentKind(
    name="apple-install-profile",
    title="Apple MDM command: InstallProfile",
    formats=("plist",),
    recognise=forms.is_install,
    read=forms.read_install,
    keys=keys.INSTALL,
    embedded=forms.installed,
    delivers_embedded=True,
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>CommandUUID</key><string>a</string>
  <key>Command</key>
  <dict>
    <key>RequestType</key><string>InstallProfile</string>
    <key>Payload</key><data>"""
    + b64encode(PROFILE.sample)
    + b"""</data>
  </dict>
</dict>
</plist>
""",
)
ANSWER = DocumentKind(
    name="apple-restrictions-answer",
    title="Apple MDM answer: Restrictions of a device",
    formats=("plist",),
    recognise=forms.is_answer,
    read=forms.read_answer,
    keys=keys.ANSWER,
    rules=(
        rules.BLOCKED,
        rules.BLACKLISTED,
        rules.ALLOW_LISTED,
        rules.WHITELISTED,
        rules.NO_INSTALLATION,
        rules.NO_STORE,
    ),
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>Status</key><string>Acknowledged</string>
  <key>GlobalRestrictions</key>
  <dict>
    <key>union</key>
    <dict>
      <key>blockedAppBundleIDs</key><dict><key>values</key><array><string>com.a.b</string></array></dict>
    </dict>
  </dict>
</dict>
</plist>
""",
)
LISTING = DocumentKind(
    name="apple-undocumented-form",
    title="Tools' own forms of Apple profiles",
    formats=("plist", "json"),
    recognise=forms.is_undocumented,
    read=forms.read_undocumented,
    rules=(rules.UNDOCUMENTED,),
    sample=b"""\
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
  <key>_computerlevel</key>
  <array>
    <dict><key>ProfileIdentifier</key><string>a.b</string><key>ProfileItems</key><array/></dict>
  </array>
</dict>
</plist>
""",
)

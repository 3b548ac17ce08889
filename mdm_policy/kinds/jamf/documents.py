"""Describe the document kinds of Jamf Pro: objects of its Classic API."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import EmbeddedText, pointer
from mdm_policy.kinds.apple.documents import PROFILE
from mdm_policy.kinds.jamf import keys, objects
from mdm_policy.kinds.kind import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Embedded

_ESCAPED = 3
"""How often the text of payloads may have been escaped once too much: Jamf gives payloads back with entities encoded once
more than they were sent (github.com/deploymenthetheory/terraform-provider-jamfpro, docs/plist_payloads.md)."""
_SAMPLE = """\
<{root}>
  <general>
    <name>a</name>
    <payloads>{profile}</payloads>
  </general>
  <scope><{everyone}>true</{everyone}></scope>
</{root}>
"""
_SANTA_RULE = """\
<key>StaticRules</key>
      <array>
        <dict>
          <key>rule_type</key><string>TEAMID</string>
          <key>policy</key><string>BLOCKLIST</string>
          <key>identifier</key><string>5A4RE8SF68</string>
        </dict>
      </array>"""


def _rooted(tag: str) -> Callable[[Any], bool]:
    """Recognise an object by its root; Jamf's list of titles has the root of the object, but no `general`."""

    def recognise(root: Any) -> bool:
        return root.tag == tag and root.find("general") is not None

    return recognise


def _payloads(root: Any) -> Iterator[Embedded]:
    payloads = root.findtext("general/payloads")
    if payloads and not payloads.isspace():
        yield EmbeddedText(pointer(root.tag, "general", "payloads"), payloads, unescapes=_ESCAPED)


def _sample(root: str, everyone: str, profile: str) -> bytes:
    return _SAMPLE.format(root=root, everyone=everyone, profile=escape(profile)).encode()


_MOBILE = PROFILE.sample.decode()
_MACOS = _MOBILE.replace("com.apple.applicationaccess", "com.northpolesec.santa").replace(
    "<key>blockedAppBundleIDs</key><array><string>com.a.b</string></array>", _SANTA_RULE
)
RESTRICTED_SOFTWARE = DocumentKind(
    name="jamf-restricted-software",
    title="Jamf restricted software record",
    formats=("xml",),
    recognise=_rooted("restricted_software"),
    read=objects.read_restricted_software,
    keys=keys.RESTRICTED_SOFTWARE,
    rules=objects.RULES,
    schemas=("jamf-restricted-software",),
    sample=b"""\
<restricted_software>
  <general>
    <name>a</name>
    <process_name>a</process_name>
    <match_exact_process_name>true</match_exact_process_name>
    <kill_process>true</kill_process>
  </general>
  <scope><all_computers>true</all_computers></scope>
</restricted_software>
""",
)
# Jamf gives each profile a PayloadIdentifier of its own (terraform-provider-jamfpro, docs/plist_payloads.md), so a profile
# object does not deliver what it holds under the identity that stands in it.
MOBILE_PROFILE = DocumentKind(
    name="jamf-mobile-profile",
    title="Jamf configuration profile for mobile devices",
    formats=("xml",),
    recognise=_rooted("configuration_profile"),
    read=objects.read_mobile_profile,
    keys=keys.PROFILE,
    embedded=_payloads,
    schemas=("jamf-mobile-profile",),
    sample=_sample("configuration_profile", "all_mobile_devices", _MOBILE),
)
MACOS_PROFILE = DocumentKind(
    name="jamf-macos-profile",
    title="Jamf configuration profile for Macs",
    formats=("xml",),
    recognise=_rooted("os_x_configuration_profile"),
    read=objects.read_macos_profile,
    keys=keys.PROFILE,
    embedded=_payloads,
    schemas=("jamf-macos-profile",),
    sample=_sample("os_x_configuration_profile", "all_computers", _MACOS),
)

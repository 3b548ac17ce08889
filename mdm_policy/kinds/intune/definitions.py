"""Say of each setting of Intune's settings catalog, by its definition id, what it has to do with apps.

An id names what it sets: Apple's payload type and key (`com.apple.wifi.managed_ssid_str`), or the node of a configuration
service provider (`device_vendor_msft_policy_config_update_allowautoupdate`), in small letters (IntunePMFiles/DeviceConfig settings
definitions export 2025-03-12). Of Apple's, Apple's own table decides; of Windows', the areas and providers named here. Any
other setting is unjudged.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds import browsers
from mdm_policy.kinds.apple.keys import ACTING, ACTING_RESTRICTIONS
from mdm_policy.kinds.keys import Keys, roles, vendor_table

if TYPE_CHECKING:
    from mdm_policy.kinds.keys import Role

_RESTRICTIONS = "com.apple.applicationaccess"
_READ = frozenset(f"{_RESTRICTIONS}_{key}" for key in ("blockedappbundleids", "allowlistedappbundleids"))
_CARRIED = re.compile(
    r"device_vendor_msft_policy_config_applicationcontrol_.*"
    r"|(?:device|user)_vendor_msft_policy_config_(?:microsoft_edge|chromeintune)[a-z0-9_~]*_url(?:block|allow)list(?:_.*)?"
    r"|device_vendor_msft_policy_config_defender_enablenetworkprotection(?:_[0-9])?"
    r"|com\.apple\.managedclient\.preferences_url(?:block|allow)list"
)
"""Settings whose meaning the readers give in full (kinds/windows/catalog.py)."""
_POLICY = re.compile(r"(?:device|user)_vendor_msft_policy_config_(?P<area>admx_[a-z0-9-]+|[a-z0-9]+)(?P<rest>.*)")
_PROVIDER = re.compile(r"(?:device_|user_)?vendor_msft_(?P<name>[a-z0-9]+)(?P<rest>.*)")
_AREAS = frozenset(
    [
        "abovelock",
        "accounts",
        "activexcontrols",
        "applicationdefaults",
        "attachmentmanager",
        "audit",
        "authentication",
        "autoplay",
        "bitlocker",
        "bits",
        "bluetooth",
        "camera",
        "cellular",
        "cloudpc",
        "connectivity",
        "credentialproviders",
        "credentialsdelegation",
        "credentialsui",
        "cryptography",
        "dataprotection",
        "datausage",
        "defender",
        "deliveryoptimization",
        "desktop",
        "deviceguard",
        "devicehealthmonitoring",
        "deviceinstallation",
        "devicelock",
        "display",
        "dmaguard",
        "education",
        "enterprisecloudprint",
        "errorreporting",
        "eventlogging",
        "eventlogservice",
        "experience",
        "exploitguard",
        "federatedauthentication",
        "fileexplorer",
        "filesystem",
        "games",
        "handwriting",
        "humanpresence",
        "internetexplorer",
        "kerberos",
        "languagepackmanagement",
        "lanmanserver",
        "lanmanworkstation",
        "licensing",
        "localpoliciessecurityoptions",
        "localusersandgroups",
        "lockdown",
        "lsa",
        "maps",
        "memorydump",
        "messaging",
        "msslegacy",
        "mssecurityguide",
        "multitasking",
        "networkisolation",
        "networklistmanager",
        "newsandinterests",
        "notifications",
        "power",
        "printers",
        "privacy",
        "remoteassistance",
        "remotedesktop",
        "remotedesktopservices",
        "remotemanagement",
        "remoteprocedurecall",
        "remoteshell",
        "restrictedgroups",
        "search",
        "security",
        "servicecontrolmanager",
        "settings",
        "settingssync",
        "speech",
        "start",
        "stickers",
        "storage",
        "sudo",
        "system",
        "systemservices",
        "taskmanager",
        "taskscheduler",
        "tenantrestrictions",
        "textinput",
        "timelanguagesettings",
        "troubleshooting",
        "update",
        "userrights",
        "virtualizationbasedtechnology",
        "webthreatdefense",
        "wifi",
        "windowsautopilot",
        "windowsconnectionmanager",
        "windowsdefendersecuritycenter",
        "windowsinkworkspace",
        "windowslogon",
        "windowspowershell",
        "wirelessdisplay",
        "admx_bits",
        "admx_ciphersuiteorder",
        "admx_controlpanel",
        "admx_controlpaneldisplay",
        "admx_cpls",
        "admx_credui",
        "admx_desktop",
        "admx_devicesetup",
        "admx_dnsclient",
        "admx_dwm",
        "admx_errorreporting",
        "admx_eventlog",
        "admx_filesys",
        "admx_globalization",
        "admx_grouppolicy",
        "admx_help",
        "admx_icm",
        "admx_kdc",
        "admx_kerberos",
        "admx_lanmanserver",
        "admx_lanmanworkstation",
        "admx_logon",
        "admx_ncsi",
        "admx_netlogon",
        "admx_networkconnections",
        "admx_offlinefiles",
        "admx_power",
        "admx_powershellexecutionpolicy",
        "admx_previousversions",
        "admx_printing",
        "admx_reliability",
        "admx_remoteassistance",
        "admx_rpc",
        "admx_scripts",
        "admx_securitycenter",
        "admx_sensors",
        "admx_settingsync",
        "admx_smartcard",
        "admx_snmp",
        "admx_startmenu",
        "admx_systemrestore",
        "admx_taskbar",
        "admx_tcpip",
        "admx_terminalserver",
        "admx_thumbnails",
        "admx_tpm",
        "admx_userprofiles",
        "admx_w32time",
        "admx_wcm",
        "admx_wdi",
        "admx_windowsconnectnow",
        "admx_windowsmediaplayer",
        "admx_windowsremotemanagement",
        "admx_winlogon",
        "admx_wlansvc",
    ]
)
"""Areas of the Policy CSP that say neither which apps may be installed or run, nor from where (MicrosoftDocs/windows-itpro-docs
policy-configuration-service-provider.md). Left out on purpose: ApplicationManagement, Browser, DesktopAppInstaller, Kiosk Browser,
Mixed Reality, SmartScreen, WindowsAI, WindowsSandbox, and the ADMX areas of Windows Installer, the Store and `DisallowRun`."""
_PROVIDERS = frozenset(
    [
        "accounts",
        "bitlocker",
        "certificatestore",
        "clientcertificateinstall",
        "cloudpc",
        "declaredconfiguration",
        "defender",
        "devicepreparation",
        "diagnosticlog",
        "dmclient",
        "firewall",
        "healthattestation",
        "laps",
        "language",
        "localusersandgroups",
        "networkproxy",
        "networkqospolicy",
        "passportforwork",
        "personalization",
        "pkcscertificate",
        "printerprovisioning",
        "reboot",
        "rootcatrustedcertificates",
        "secureassessment",
        "sharedpc",
        "supl",
        "surfacehub",
        "tenantlockdown",
        "tpmpolicy",
        "update",
        "vpnv2",
        "w4application",
        "wifi",
        "windowsadvancedthreatprotection",
        "windowslicensing",
        "wirednetwork",
    ]
)
"""Configuration service providers of which the same holds (configuration-service-provider-ddf.md)."""
_FIREWALL_RULES = "_mdmstore_firewallrules"
_PROGRAMS = ("microsoft_edge", "chromeintune")
_OFFICE = re.compile(
    r"(?:access|excel|lync|office|onent|outlk|ppt|proj|pub|visio|word)16|onedrivengsc|fslogix|microsoft_edgeupdate"
)
"""Ingested templates of programs that stop no other program: Office, OneDrive, FSLogix, the updates of Edge."""
_INGESTED = re.compile(r"vendor_msft_policy_config_[^~]+~policy~(?:googlechrome|microsoft_edge)(?![a-z])")
_OF_ADDRESSES = frozenset(key.casefold() for key in browsers.ROLES if key != browsers.INSTALLED)
"""The policies of Edge and Chrome that open, close or lead round addresses; a web app that is installed does none of it."""


def _role(definition: str) -> Role:
    """Return the role of a setting; `served` for what only holds others."""
    named = definition.casefold()
    if named in _READ or _CARRIED.fullmatch(named):
        return "carried"
    if named.startswith(("com.apple.", ".")):
        return _of_apple(named)
    policy = _POLICY.fullmatch(named)
    if policy is not None:
        return _of_policy(policy["area"], named)
    provider = _PROVIDER.fullmatch(named)
    if provider is None or provider["rest"].startswith(_FIREWALL_RULES):
        return "unjudged"
    return "harmless" if provider["name"] in _PROVIDERS else "unjudged"


def acts(instance: dict[str, Any]) -> bool:
    """Tell whether a setting, or one below it, may have to do with apps: one that is read, or that nobody knows."""
    waiting: list[Any] = [instance]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            named = one.get("settingDefinitionId")
            if isinstance(named, str) and _role(named) in ("carried", "unjudged"):
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def of_uri(uri: str) -> Role:
    """Return the role of the node that an OMA-URI names: it says what the id of the same setting says.

    What a policy of Chrome or Edge is called stands last in the node of its ingested template.
    """
    named = uri.removeprefix("./").casefold().replace("/", "_")
    named = f"device_{named}" if named.startswith("vendor_") else named
    if _INGESTED.search(named):
        return "harmless" if _OF_ADDRESSES.isdisjoint(named.split("_")) else "unjudged"
    role = _role(named)
    return "unjudged" if role == "carried" else role


def _of_policy(area: str, named: str) -> Role:
    if area in _AREAS or _OFFICE.match(area):
        return "harmless"
    browser = any(f"_config_{one}" in named for one in _PROGRAMS)
    return "harmless" if browser and _OF_ADDRESSES.isdisjoint(named.split("_")) else "unjudged"


def _of_apple(named: str) -> Role:
    """Return the role of a setting of a payload, by Apple's table: the longest payload type in front of it."""
    if named == f"{_RESTRICTIONS}_{_RESTRICTIONS}":
        return "served"
    types = _payload_types()
    kind = max((one for one in types if named.startswith(f"{one}_")), key=len, default="")
    if kind == _RESTRICTIONS:
        key = named.removeprefix(f"{kind}_").partition("_")[0]
        return "harmless" if key in _restrictions() else "unjudged"
    return "harmless" if types.get(kind) else "unjudged"


@functools.cache
def _payload_types() -> dict[str, bool]:
    """Map each payload type, in small letters, to whether it says nothing of apps."""
    return {kind.casefold(): kind not in ACTING for kind in vendor_table("apple-profiles")["payloads"]}


@functools.cache
def _restrictions() -> frozenset[str]:
    known = vendor_table("apple-profiles")["payloads"][_RESTRICTIONS]
    return frozenset(key.casefold() for key in known if key not in ACTING_RESTRICTIONS)


def _of_instance(instance: dict[str, Any]) -> Role | Keys:
    definition = instance.get("settingDefinitionId")
    role = _role(definition) if isinstance(definition, str) else "unjudged"
    return _HOLDING if role == "served" else role if role != "unjudged" else _STRANGE


_INSTANCE = Keys(choose=_of_instance)
_NAMES = ("@odata.type", "settingInstanceTemplateReference", "settingValueTemplateReference", "auditRuleInformation")
_GROUP = Keys({**roles("name", _NAMES), "children": _INSTANCE})
_CONTAINERS: dict[str, Role | Keys] = dict.fromkeys(
    ("groupSettingCollectionValue", "groupSettingValue", "choiceSettingValue", "choiceSettingCollectionValue"), _GROUP
)
_HOLDING = Keys({**roles("name", _NAMES), "settingDefinitionId": "carried", **_CONTAINERS})
_STRANGE = Keys({**roles("name", _NAMES), **_CONTAINERS})
SETTINGS = Keys({**roles("name", ("id", "@odata.type", "settingDefinitions")), "settingInstance": _INSTANCE})
"""The keys of the entries of `settings`."""

"""Say of each key of Santa's configuration what it has to do with which programs launch."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.keys import Keys, roles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.kinds.keys import Role

DOMAINS = frozenset({"com.northpolesec.santa", "com.google.santa"})
"""The preference domains of Santa, and of Google's Santa, which it comes from."""
MODES = (1, 2, 3)
"""What ClientMode may be: Monitor, which is the default, Lockdown, Standalone."""
STRICT = (2, 3)
"""The modes in which what nothing allows is refused."""
BLOCKED_PATHS = ("BlockedPathRegex", "BlacklistRegex")
ALLOWED_PATHS = ("AllowedPathRegex", "WhitelistRegex")
"""The path expressions, each with the name it had before (northpolesec/santa@010218a1 SNTConfigurator.mm)."""
ACTING = frozenset({"StaticRules", "ClientMode", "SyncBaseURL", *BLOCKED_PATHS, *ALLOWED_PATHS})
"""Keys that say which programs launch; SyncBaseURL names a server that may send rules and another mode."""
_HARMLESS = (
    # What people are shown.
    *("AboutText", "BannedBlockMessage", "BannedUSBBlockMessage", "DismissText", "EventDetailText", "EventDetailURL"),
    *("EnableNotificationSilences", "EnableSilentMode", "EnableSilentTTYMode", "FileAccessBlockMessage"),
    *("FunFontsOnSpecificDays", "ModeNotificationLockdown", "ModeNotificationMonitor", "ModeNotificationStandalone"),
    *("MoreInfoURL", "RemountUSBBlockMessage", "UnknownBlockMessage"),
    # What is recorded, and who is told.
    *("DisableUnknownEventUpload", "EnableAllEventUpload", "EnableForkAndExitLogging", "EnableMachineIDDecoration"),
    *("EnableStatsCollection", "EnableTelemetryExport", "EnabledProcessAnnotations", "EntitlementsPrefixFilter"),
    *("EntitlementsTeamIDFilter", "EventLogPath", "EventLogType", "FileAccessGlobalLogsPerSec"),
    *("FileAccessGlobalWindowSizeSec", "FileChangesPrefixFilters", "FileChangesRegex", "MetricExportInterval"),
    *("MetricExportTimeout", "MetricExtraLabels", "MetricFormat", "MetricURL", "SpoolDirectory"),
    *("SpoolDirectoryEventMaxFlushTimeSec", "SpoolDirectoryFileSizeThresholdKB", "SpoolDirectorySizeThresholdMB"),
    *("StatsOrganizationID", "Telemetry", "TelemetryExportBatchThresholdSizeMB", "TelemetryExportIntervalSec"),
    *("TelemetryExportMaxFilesPerBatch", "TelemetryExportTimeoutSec"),
    # Whose Mac it is, and removable media.
    *("BlockUSBMount", "MachineID", "MachineIDKey", "MachineIDPlist", "MachineOwner", "MachineOwnerGroups"),
    *("MachineOwnerGroupsKey", "MachineOwnerKey", "MachineOwnerPlist", "OnStartUSBOptions", "RemountUSBMode"),
)
"""Keys that are shown, logged or about removable media, by the list in northpolesec/santa@010218a1 SNTConfigurator.mm
and google/santa@03ff3cb7 docs/deployment/configuration.md."""
_SERVED = frozenset({"identifier", "sha256", "rule_type", "policy", "cel_expr"})
_SHOWN = frozenset({"comment", "custom_msg", "custom_url", "event_detail_button_label", "event_detail_button_text"})
"""Keys of a rule that are only shown (SNTRule.mm)."""


def santa_roles(settings: Mapping[str, Any]) -> dict[str, Role | Keys]:
    """Return the role of each key of Santa's domain: the mode says whether an expression that allows does anything."""
    mode = settings.get("ClientMode", 1)
    known = type(mode) is int and mode in MODES
    strict = known and mode in STRICT
    return {
        **_plain(),
        **roles("carried" if strict else "harmless", ALLOWED_PATHS),
        "ClientMode": "carried" if known else "unjudged",
    }


@functools.cache
def _plain() -> dict[str, Role | Keys]:
    return {**roles("harmless", _HARMLESS), **roles("carried", BLOCKED_PATHS), "StaticRules": _STATIC_RULES}


def _of_rule(rule: Mapping[str, Any]) -> Keys:
    """Return the role of each key of a rule, whose keys are in any case."""
    return _of_keys(tuple(map(str, rule)))


@functools.lru_cache(maxsize=256)
def _of_keys(names: tuple[str, ...]) -> Keys:
    served = roles("served", (name for name in names if name.lower() in _SERVED))
    return Keys({**served, **roles("name", (name for name in names if name.lower() in _SHOWN))})


_STATIC_RULES = Keys(choose=_of_rule)
PREFERENCES = Keys(choose=lambda settings: Keys(santa_roles(settings)))
EXPORTED = Keys({"rules": _STATIC_RULES})

"""Name the files of known tools that mdm-policy does not read, so that nobody takes its silence for a missing ban.

The marks are those that the tools' own exports bear; a file of another shape is merely unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.kind import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

_KNOX = "com.samsung.android.knox.kpu"
_MX = frozenset({"accessmgr", "appmgr", "mx", "persistmgr", "powermgr", "profile", "xmlmgr"})
"""Zebra's configuration service providers (techdocs.zebra.com/mx): a Windows file has others."""


def _zebra(value: Any) -> bool:
    if getattr(value, "tag", "") != "wap-provisioningdoc":
        return False
    return any(str(one.get("type", "")).casefold() in _MX for one in value.iter("characteristic"))


def _workspace_one(value: Any) -> bool:
    own = value.iter("characteristic") if getattr(value, "tag", "") in ("characteristic", "wap-provisioningdoc") else ()
    return any(str(one.get("type", "")).startswith("com.airwatch.android.") for one in own)


def _knox(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    named = value.get("productId", value.get("packageName", value.get("packageId", "")))
    if isinstance(named, str) and named.removeprefix("app:") == _KNOX:
        return "managedProperty" in value or "managedConfiguration" in value or "payloadJson" in value
    return bool({"doPolicies", "poPolicies"} & value.keys()) and "profileName" in value


def _headwind(value: Any) -> bool:
    listed = value.get("applications") if isinstance(value, dict) else None
    return isinstance(listed, list) and any(isinstance(one, dict) and "pkg" in one for one in listed)


def _chrome(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and "chromeMetadata" in value
        and bool({"chromePolicies", "policyValues"} & value.keys())
    )


_TOOLS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("a Zebra MX file", _zebra),
    ("a custom setting of Workspace ONE for Android", _workspace_one),
    ("a configuration of Samsung's Knox Service Plugin", _knox),
    ("a configuration of Headwind MDM", _headwind),
    ("an export of chrome://policy", _chrome),
)
"""techdocs.zebra.com/mx; docs.omnissa.com Workspace ONE custom settings (characteristic types com.airwatch.android); Android
Enterprise managedConfigurations of com.samsung.android.knox.kpu; h-mdm.com configuration export (`pkg`); Chromium
components/policy (chromeMetadata). The marks are believed, not tried with each version."""


def tool_of(value: Any) -> str:
    """Say what a document is, if it is of a tool that is known and not read; else nothing."""
    return next((name for name, is_one in _TOOLS if is_one(value)), "")


STRANGER = Unread(formats=("json", "xml"), recognise=lambda value: bool(tool_of(value)))
"""Claims what is known and not read, before a kind takes it for its own."""

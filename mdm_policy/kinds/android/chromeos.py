"""Read what ChromeOS is told about Android apps: the policy ArcPolicy, and the app policies of the Chrome Policy API.

ArcPolicy is a text that holds JSON, and looks like an Android policy without being one: other fields, other words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents import EmbeddedPart, pointer
from mdm_policy.kinds.android import rules
from mdm_policy.kinds.keys import Keys, roles
from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.kinds.page import listed_objects, read_page
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Embedded
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule

_SIDELOADING = ("CrostiniArcAdbSideloadingAllowed", "DeviceCrostiniArcAdbSideloadingAllowed")
_DECODED = "ArcPolicy as it is handed over"
_ARC_WORDS = frozenset({"", "AVAILABLE", "FORCE_INSTALLED"})
_APP_SCHEMA = "chrome.users.apps.InstallType"
_ANDROID = "android:"
_LETTING = frozenset({"ALLOWED", "FORCED", "FORCED_AND_PIN_TO_TOOLBAR"})


def _is_policy(value: Any) -> bool:
    return isinstance(value, dict) and "ArcPolicy" in value


def _is_decoded(value: Any) -> bool:
    return isinstance(value, dict) and _DECODED in value


def _arc(value: Any) -> Iterator[Embedded]:
    """Yield what ArcPolicy hands over, opened: the reader of the whole says where that fails."""
    opened = _opened(value["ArcPolicy"])
    if opened is not None:
        yield EmbeddedPart(
            pointer("ArcPolicy"), {_DECODED: opened, **{key: value[key] for key in _SIDELOADING if key in value}}
        )


def _opened(text: Any) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any]) if isinstance(text, str) else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _read_policy(c: Collector) -> Reading:
    top = c.mapping(c.document.value, "")
    for at, inner in c.document.inner:
        c.lift(at, inner)
    text = top.get("ArcPolicy")
    if text and not c.document.inner:
        message = "ArcPolicy must be a text that holds a JSON object; ChromeOS ignores what it holds here"
        c.say("error", "arc-policy-not-json", message, "/ArcPolicy", "write the JSON as a text")
    return c.reading(silent=bool(c.document.inner))


def _read_arc(c: Collector) -> Reading:
    """Read the apps; the text names no place of its own, so its findings stand at the text."""
    top = c.mapping(c.document.value, "")
    opened = any(top.get(key) not in (None, 0) for key in _SIDELOADING)
    rule = rules.ARC_BLOCKED_OPEN if opened else rules.ARC_BLOCKED
    if opened:
        c.rule(rules.ARC_SIDELOADING)
        c.say("warning", "sideload-open", rules.ARC_SIDELOADING.why, "", rules.ARC_SIDELOADING.remedy)
    held = c.optional(top, _DECODED, "")
    for at, app in c.mappings(held, "applications", pointer(_DECODED)):
        package, word = c.identifier(app, "packageName", at), c.text(app, "installType", at)
        if not package:
            continue
        if word == "BLOCKED":
            c.add(c.rule(rule), "android", "package_name", package, at)
        elif word in _ARC_WORDS:
            c.add(c.rule(rules.ARC_ALLOWED), "android", "package_name", package, at)
        else:
            message = f"{word!r} is not a valid installType of ArcPolicy, so nobody can tell what becomes of the app"
            c.say("error", "install-type-word", message, f"{at}/installType", "write BLOCKED for a ban")
    return c.reading()


_APPLICATION = Keys(
    {
        **roles("carried", ("installType", "packageName")),
        **roles("harmless", ("defaultPermissionPolicy", "permissionGrants")),
    }
)
CHROMEOS = DocumentKind(
    name="chromeos-policy",
    title="ChromeOS policy with ArcPolicy",
    formats=("json",),
    recognise=_is_policy,
    read=_read_policy,
    embedded=_arc,
    keys=Keys(roles("carried", _SIDELOADING)),
    sample=b"""\
{
  "ArcEnabled": true,
  "ArcPolicy": "{\\"applications\\": [{\\"packageName\\": \\"a.b\\", \\"installType\\": \\"BLOCKED\\"}]}"
}
""",
)
ARC = DocumentKind(
    name="chromeos-arc-policy",
    title="ArcPolicy, as it is handed over",
    formats=("json",),
    recognise=_is_decoded,
    read=_read_arc,
    keys=Keys({_DECODED: Keys({"applications": _APPLICATION}), **roles("carried", _SIDELOADING)}),
    rules=(rules.ARC_BLOCKED, rules.ARC_BLOCKED_OPEN, rules.ARC_ALLOWED, rules.ARC_SIDELOADING),
    sample=b"""\
{
  "@": {
    "applications": [{"packageName": "a.b", "installType": "BLOCKED"}]
  }
}
""".replace(b"@", _DECODED.encode()),
)


def _is_app(value: Any) -> bool:
    """Recognise what is set for one Android app: in a request, in an answer, or taken back (batchInherit)."""
    if not isinstance(value, dict):
        return False
    target = value.get("policyTargetKey", value.get("targetKey"))
    held = value if "policySchema" in value else value.get("policyValue", value.get("value"))
    keys = target.get("additionalTargetKeys") if isinstance(target, dict) else None
    app = keys.get("app_id") if isinstance(keys, dict) else None
    schema = held.get("policySchema") if isinstance(held, dict) else None
    return schema == _APP_SCHEMA and isinstance(app, str) and app.startswith(_ANDROID)


def _listed(value: Any) -> tuple[str, list[Any]]:
    for key in ("requests", "resolvedPolicies"):
        found = value.get(key) if isinstance(value, dict) else None
        if isinstance(found, list) and any(map(_is_app, found)):
            return key, found
    return "", []


def _apps(value: Any) -> Iterator[Embedded]:
    key, found = _listed(value)
    yield from listed_objects([one if _is_app(one) else None for one in found], key)


def _further(c: Collector) -> Reading | None:
    """Say that a page lacks policies of apps: each app's is set once for a unit, so they can only add blocks."""
    token = c.document.value.get("nextPageToken") if isinstance(c.document.value, dict) else None
    if not token:
        return None
    message = "there are more policies than this page holds; what they block is not counted"
    c.say("note", "page-incomplete", message, "/nextPageToken", "resolve the policies to the last page")
    return c.reading(silent=True)


def _read_app(c: Collector) -> Reading:
    """Read what is set for one app in one organizational unit, or one group."""
    top = c.mapping(c.document.value, "")
    asked = "policyTargetKey" in top
    target = c.optional(top, "policyTargetKey" if asked else "targetKey", "")
    at = "/policyValue" if asked else "/value"
    named = c.text(target, "targetResource", "/policyTargetKey" if asked else "/targetKey")
    scope = Scope("groups", (named,)) if named else Scope()
    app = c.identifier(c.optional(target, "additionalTargetKeys", ""), "app_id", "")
    held = c.optional(top, at[1:], "")
    if not app.startswith(_ANDROID) or not held:  # taken back: what the unit above has set counts
        return c.reading(scope)
    mask = top.get("updateMask")
    paths = mask.get("paths") if isinstance(mask, dict) else mask
    if asked and not (isinstance(paths, str) and "appInstallType" in [path.strip() for path in paths.split(",")]):
        message = "appInstallType is not in the updateMask, so the server ignores it"
        c.say("error", "outside-update-mask", message, "/updateMask", "add it to the updateMask")
        return c.reading(scope)
    word = c.text(c.optional(held, "value", at), "appInstallType", f"{at}/value")
    rule: Rule | None = (
        rules.CHROME_APP_BLOCKED if word == "BLOCKED" else rules.CHROME_APP_ALLOWED if word in _LETTING else None
    )
    if rule is None:
        message = f"{word!r} is not a valid appInstallType of an Android app"
        c.say("error", "install-type-word", message, f"{at}/value/appInstallType", "write BLOCKED for a ban")
        return c.reading(scope)
    c.add(c.rule(rule), "android", "package_name", app.removeprefix(_ANDROID), f"{at}/value/appInstallType")
    return c.reading(scope)


_TARGET = Keys({"targetResource": "carried", "additionalTargetKeys": Keys({"app_id": "carried"})})
_VALUE = Keys({"policySchema": "carried", "value": Keys({"appInstallType": "served"})})
APP = DocumentKind(
    name="chrome-policy-app",
    title="Policy of the Chrome Policy API",
    formats=("json",),
    recognise=_is_app,
    read=_read_app,
    rules=(rules.CHROME_APP_BLOCKED, rules.CHROME_APP_ALLOWED),
    keys=Keys(
        {
            **dict.fromkeys(("policyTargetKey", "targetKey"), _TARGET),
            **dict.fromkeys(("policyValue", "value"), _VALUE),
            **roles("carried", ("policySchema", "updateMask")),
            **roles("name", ("addedSourceKey", "sourceKey")),
        }
    ),
    sample=b"""\
{
  "policyTargetKey": {"targetResource": "orgunits/a", "additionalTargetKeys": {"app_id": "android:a.b"}},
  "policyValue": {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": "BLOCKED"}},
  "updateMask": "appInstallType"
}
""",
)
APPS = DocumentKind(
    name="chrome-policy-page",
    title="Chrome Policy API: batchModify and resolve",
    formats=("json",),
    recognise=lambda value: bool(_listed(value)[0]),
    read=read_page,
    embedded=_apps,
    unseen=_further,
    is_page=True,
    keys=Keys(roles("carried", ("nextPageToken",))),
    sample=b"""\
{
  "resolvedPolicies": [
    {
      "targetKey": {"targetResource": "orgunits/a", "additionalTargetKeys": {"app_id": "android:a.b"}},
      "value": {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": "BLOCKED"}}
    }
  ]
}
""",
)

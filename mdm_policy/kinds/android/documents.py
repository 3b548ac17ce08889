"""Describe the document kinds of the Android Management API: policies, pages of them, and requests that change one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents import EmbeddedPart, pointer
from mdm_policy.kinds.android import configuration, keys, policy, rules
from mdm_policy.kinds.kind import DocumentKind, Unread
from mdm_policy.kinds.page import listed_objects, read_page
from mdm_policy.reading import DeviceSlot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document, Embedded
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

_POLICY_KEYS = frozenset(
    {
        "playStoreMode",
        "personalUsagePolicies",
        "advancedSecurityOverrides",
        "statusReportingSettings",
        "policyEnforcementRules",
        "permittedAccessibilityServices",
        "permittedInputMethods",
        "crossProfilePolicies",
        "deviceConnectivityManagement",
        "kioskCustomization",
        "persistentPreferredActivities",
        "shortSupportMessage",
        "workProfileWidgets",
    }
)
"""Top-level keys of an AMAPI Policy that no other kind has
(developers.google.com/android/management/reference/rest/v1/enterprises.policies)."""
_LISTS = frozenset({"applications", "personalUsagePolicies"})
_CHANGE_RULES = (rules.MODIFY_BLOCKED, rules.DISABLED, rules.CHROME_BLOCKED, rules.CHROME_ALLOWED)


CONFIGURATION = DocumentKind(
    name="android-managed-configuration",
    title="Managed configuration of an Android app",
    formats=("json",),
    recognise=configuration.is_configuration,
    read=configuration.read_configuration,
    keys=configuration.KEYS,
    rules=configuration.RULES,
    schemas=("intune-android-chrome",),
    sample=b"""\
{
  "kind": "androidenterprise#managedConfiguration",
  "productId": "app:com.android.chrome",
  "managedProperty": [{"key": "URLBlocklist", "valueStringArray": ["a.example"]}]
}
""",
)


def _is_page(value: Any) -> bool:
    """Recognise the answer that lists an enterprise's policies."""
    listed = value.get("policies") if isinstance(value, dict) else None
    return isinstance(listed, list) and any(
        isinstance(item, dict) and _is_policy_name(item.get("name")) for item in listed
    )


def _is_policy(value: Any) -> bool:
    return isinstance(value, dict) and bool(
        _is_policy_name(value.get("name")) or value.keys() & _POLICY_KEYS or isinstance(value.get("applications"), list)
    )


def _wrapped(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is in an envelope, each with its pointer: policies, or one page of them, by what they are."""
    if isinstance(value, list):
        yield from ((pointer(place), item) for place, item in enumerate(value) if _is_marked(item))
    elif isinstance(value, dict) and "method" not in value:  # a request that is none is no answer
        for key, item in value.items():
            if _is_marked(item) or _is_page(item) or (key == "policy" and _is_policy(item)):
                yield pointer(key), item


def _is_marked(value: Any) -> bool:
    """Tell whether a value is a policy by its name or by a key that nothing else has: a list of apps alone may be anything."""
    return isinstance(value, dict) and bool(_is_policy_name(value.get("name")) or value.keys() & _POLICY_KEYS)


def _is_envelope(value: Any) -> bool:
    return any(True for _ in _wrapped(value))


def _is_request(value: Any) -> bool:
    return isinstance(value, dict) and value.get("method") == "PATCH" and isinstance(value.get("body"), dict)


def _is_patch(value: Any) -> bool:
    if not _is_request(value):
        return False
    query, body = value.get("query"), value["body"]
    return (isinstance(query, dict) and "updateMask" in query) or (_is_policy(body) and not _is_page(body))


def _is_modify(value: Any) -> bool:
    changes = value.get("changes") if isinstance(value, dict) else None
    return isinstance(changes, list) and all(isinstance(change, dict) and "application" in change for change in changes)


def _is_policy_name(name: Any) -> bool:
    """Tell whether a text is the name of a stored policy: `enterprises/ID/policies/NAME`."""
    return isinstance(name, str) and name.startswith("enterprises/") and "/policies/" in name


def _replaced(document: Document) -> tuple[DeviceSlot, ...]:
    """Name the lists that a request replaces as a whole: of two requests one counts."""
    query = document.value.get("query") if isinstance(document.value, dict) else None
    mask = query.get("updateMask") if isinstance(query, dict) else None
    fields = {path.strip().partition(".")[0] for path in mask.split(",")} if isinstance(mask, str) else set()
    return tuple(DeviceSlot("policy-field", field) for field in sorted(fields & _LISTS))


def _policies(value: Any) -> Iterator[Embedded]:
    yield from listed_objects(value["policies"], "policies")


def _unwrapped(value: Any) -> Iterator[Embedded]:
    for at, item in _wrapped(value):
        if _is_page(item):
            listed = ((place, one) for place, one in enumerate(item["policies"]) if isinstance(one, dict))
            yield from (EmbeddedPart(at + pointer("policies", place), one) for place, one in listed)
        else:
            yield EmbeddedPart(at, item)


def _body(value: Any) -> Iterator[Embedded]:
    yield EmbeddedPart(pointer("body"), value["body"])


_GOOGLE_READER = "Google's parser"
"""protocolbuffers/protobuf, JSON parsers for C++ and Java: a field that is given twice "has already been set".

Neither of those for C++ skips a byte order mark: util/internal/json_stream_parser.cc@00325ed knows white space alone before
a value, and json/internal/lexer.cc@003bf40 calls it an unexpected character (RFC 8259 section 8.1 forbids to add one, and
allows to ignore it). What the service's own front end does is not published.
"""

POLICY = DocumentKind(
    name="amapi-policy",
    repeats_refused_by=_GOOGLE_READER,
    marks_refused_by=_GOOGLE_READER,
    title="Android Management API policy",
    formats=("json",),
    recognise=_is_policy,
    read=policy.read_policy,
    keys=keys.POLICY,
    rules=rules.RULES,
    schemas=("amapi-policy",),
    is_alternative=True,
    is_gitops_profile=True,
    sample=b"""\
{
  "playStoreMode": "BLACKLIST",
  "applications": [{"packageName": "a.b", "installType": "BLOCKED"}],
  "advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"}
}
""",
)


def _further_pages(c: Collector) -> Reading | None:
    """Stand for the policies on the pages that are not here: nobody knows what they block."""
    value = c.document.value
    pages = [("", value), *_wrapped(value)] if not _is_page(value) else [("", value)]
    tokens = (f"{at}/nextPageToken" for at, page in pages if _is_page(page) and page.get("nextPageToken"))
    at = next(tokens, "")
    if not at:
        return None
    said = "there are more policies than this page holds, and a device may be under any of them"
    c.say("error", "page-incomplete", said, at, rules.UNSEEN.remedy)
    c.rule(rules.UNSEEN)
    c.settings[rules.UNSEEN.id] = at
    reading = c.reading(mdm="amapi", name="on a page that is not here", place=at)
    return msgspec.structs.replace(reading, kind=POLICY.name)


PAGE = DocumentKind(
    name="amapi-page",
    title="Page of Android Management API policies",
    formats=("json",),
    recognise=_is_page,
    read=read_page,
    keys=keys.PAGE,
    embedded=_policies,
    rules=(rules.UNSEEN,),
    unseen=_further_pages,
    is_page=True,
    sample=b"""\
{
  "policies": [
    {
      "name": "enterprises/a/policies/b",
      "playStoreMode": "BLACKLIST",
      "applications": [{"packageName": "a.b", "installType": "BLOCKED"}]
    }
  ]
}
""",
)
ANSWER = DocumentKind(
    name="amapi-answer",
    title="Answer, or list, of Android Management API policies",
    formats=("json",),
    recognise=_is_envelope,
    read=read_page,
    keys=keys.ANSWER,
    embedded=_unwrapped,
    rules=(rules.UNSEEN,),
    unseen=_further_pages,
    is_page=True,
    sample=b"""\
{
  "policy": {
    "name": "enterprises/a/policies/b",
    "version": "1",
    "playStoreMode": "BLACKLIST",
    "applications": [{"packageName": "a.b", "installType": "BLOCKED"}]
  }
}
""",
)
MODIFY = DocumentKind(
    name="amapi-modify-applications",
    repeats_refused_by=_GOOGLE_READER,
    marks_refused_by=_GOOGLE_READER,
    title="Android Management API request: modifyPolicyApplications",
    formats=("json",),
    recognise=_is_modify,
    read=policy.read_modify,
    keys=keys.CHANGES,
    rules=_CHANGE_RULES,
    schemas=("amapi-modify-applications",),
    changes="amapi-policy",
    sample=b"""\
{
  "changes": [
    {"application": {"packageName": "a.b", "installType": "BLOCKED"}, "updateMask": "installType"}
  ]
}
""",
)
PATCH = DocumentKind(
    name="amapi-patch",
    repeats_refused_by=_GOOGLE_READER,
    marks_refused_by=_GOOGLE_READER,
    title="Android Management API request: patch of a policy",
    formats=("json",),
    recognise=_is_patch,
    read=policy.read_patch,
    keys=keys.PATCH,
    embedded=_body,
    rules=rules.RULES,
    identities=_replaced,
    schemas=("amapi-patch-personal",),
    changes="amapi-policy",
    sample=b"""\
{
  "method": "PATCH",
  "query": {"updateMask": "personalUsagePolicies"},
  "body": {
    "personalUsagePolicies": {
      "personalPlayStoreMode": "BLOCKLIST",
      "personalApplications": [{"packageName": "a.b", "installType": "BLOCKED"}]
    }
  }
}
""",
)
OTHER_REQUEST = Unread(formats=("json",), recognise=_is_request)

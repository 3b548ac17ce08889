"""Read a tenant of Intune through Microsoft Graph, in beta: policies, configurations, compliance policies, apps.

Permissions, all of them read-only (learn.microsoft.com/graph/permissions-reference):
DeviceManagementConfiguration.Read.All, and DeviceManagementApps.Read.All for apps. Defender's indicators have no read-only permission in
Microsoft's own API, so they are never asked for, and count as not read.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from mdm_policy.push.answers import Failure
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.model import DestinationSpec
    from mdm_policy.tenant.asking import Asker
    from mdm_policy.tenant.model import Collection

_CATALOG = "configurationPolicies"
_COLLECTIONS: tuple[tuple[str, str, Collection], ...] = (
    ("deviceManagement", _CATALOG, "intune-policies"),
    ("deviceManagement", "deviceConfigurations", "intune-policies"),
    ("deviceManagement", "deviceCompliancePolicies", "intune-policies"),
    ("deviceAppManagement", "mobileApps", "intune-apps"),
)
"""The collections of which a reader knows objects: where they are, and what they can do."""
_PAGES = 10_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)
_MASK = "****"
_INDICATORS = "Microsoft offers no read-only permission for them; give `verify` an export of them"


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every object of the tenant, and what could not be read."""
    names = {id_: name for name, id_ in sorted(spec.groups.items(), reverse=True)}
    held: list[FoundObject] = []
    missing = [Missing("web-indicators", "GET indicators", _INDICATORS)]
    for part, collection, what in _COLLECTIONS:
        path = f"beta/{part}/{collection}"
        try:
            listed = _pages(asker, path)
        except Failure as bad:
            missing.append(Missing(what, f"GET {path}", why(bad)))
            continue
        found = asker.each(partial(_one, asker, path, collection, what, names), listed)
        held += [one for one in found if isinstance(one, FoundObject)]
        missing += [one for one in found if isinstance(one, Missing)]
    return held, missing


def _one(
    asker: Asker,
    path: str,
    collection: str,
    what: Collection,
    names: Mapping[str, str],
    listed: dict[str, Any],
) -> FoundObject | Missing | None:
    """Read one object whole: settings and assignments are asked for apart; None where it is gone meanwhile."""
    id_ = listed.get("id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Missing(what, f"GET {path}", "the listing holds an object without an id")
    here = f"{path}/{quote(id_, safe='')}"
    file = f"{collection}/{file_name(listed.get('name' if collection == _CATALOG else 'displayName'), id_)}.json"
    try:
        value = asker.object(here) if collection == _CATALOG else dict(listed)
        if collection == _CATALOG:
            value["settings"] = _pages(asker, f"{here}/settings?$top=1000")
        _unmask(asker, here, value)
        value["assignments"] = _pages(asker, f"{here}/assignments")
    except Failure as bad:
        return None if bad.fault == "not-found" else Missing(what, f"GET {here}", why(bad), file)
    for assignment in value["assignments"]:
        target = assignment.get("target")
        if isinstance(target, dict) and target.get("groupId") in names:
            target["groupName"] = names[target["groupId"]]
    return FoundObject(file, _text(value), id_)


def _unmask(asker: Asker, here: str, value: dict[str, Any]) -> None:
    """Put the plain text of Windows' rules in place of the mask, where Graph gives it; other secrets are left alone."""
    settings = value.get("omaSettings")
    for setting in settings if isinstance(settings, list) else ():
        if not isinstance(setting, dict):
            continue
        secret, node = setting.get("secretReferenceValueId"), str(setting.get("omaUri")).casefold()
        if setting.get("value") != _MASK or not isinstance(secret, str) or not _is_rules(node):
            continue
        named = quote(secret.replace("'", "''"), safe="")
        try:
            plain = asker.object(f"{here}/getOmaSettingPlainTextValue(secretReferenceValueId='{named}')").get("value")
        except Failure as bad:
            if bad.fault not in ("forbidden", "not-found", "refused"):
                raise
            continue
        if isinstance(plain, str) and plain != _MASK:
            setting |= {"value": plain, "isEncrypted": False}
            del setting["secretReferenceValueId"]


def _is_rules(node: str) -> bool:
    return "/applocker/" in node or "/applicationcontrol/" in node


def _pages(asker: Asker, path: str) -> list[dict[str, Any]]:
    """Return the entries of a listing, page after page; one that cannot be trusted to its end is no listing."""
    seen: set[str] = set()
    entries: list[dict[str, Any]] = []
    following: str | None = path
    while following is not None:
        if following in seen or len(seen) >= _PAGES:
            raise Failure("answer", f"GET {path}: the listing leads back to itself or has no end", call=path)
        seen.add(following)
        page = asker.object(following)
        values, following = page.get("value"), page.get("@odata.nextLink")
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            raise Failure("answer", f"GET {path}: the answer is not a listing", call=path)
        if following is not None and (not isinstance(following, str) or not urlsplit(following).scheme):
            raise Failure("answer", f"GET {path}: the next page is at no address", call=path)
        entries += values
    return entries


def _text(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")

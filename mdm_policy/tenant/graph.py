"""Read a tenant of Intune through Microsoft Graph, in beta: policies, configurations, compliance policies, apps and their configurations.

Permissions, all of them read-only (learn.microsoft.com/graph/permissions-reference):
DeviceManagementConfiguration.Read.All, and DeviceManagementApps.Read.All for apps. Defender's indicators have no read-only permission in
Microsoft's own API, so they are never asked for, and count as not read.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mdm_policy.push.answers import Failure
from mdm_policy.push.listings import graph_pages, unmask
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
    ("deviceAppManagement", "mobileAppConfigurations", "intune-app-configurations"),
)
"""The collections of which a reader knows objects: where they are, and what they can do."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)
_INDICATORS = "Microsoft offers no read-only permission for them; give `verify` an export of them"


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every object of the tenant, and what could not be read."""
    names = {id_: name for name, id_ in sorted(spec.groups.items(), reverse=True)}
    held: list[FoundObject] = []
    missing = [Missing("web-indicators", "GET indicators", _INDICATORS)]
    for part, collection, what in _COLLECTIONS:
        path = f"beta/{part}/{collection}"
        try:
            listed = [*graph_pages(asker.get, path)]
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
            value["settings"] = [*graph_pages(asker.get, f"{here}/settings?$top=1000")]
        unmask(asker.get, here, value, _is_rules)
        value["assignments"] = [*graph_pages(asker.get, f"{here}/assignments")]
    except Failure as bad:
        return None if bad.fault == "not-found" else Missing(what, f"GET {here}", why(bad), file)
    for assignment in value["assignments"]:
        target = assignment.get("target")
        if isinstance(target, dict) and target.get("groupId") in names:
            target["groupName"] = names[target["groupId"]]
    return FoundObject(file, _text(value), id_)


def _is_rules(setting: Mapping[str, Any]) -> bool:
    node = str(setting.get("omaUri")).lower()
    return "/applocker/" in node or "/applicationcontrol/" in node


def _text(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")

"""How objects of Intune are drawn: assignments, lists of apps, and the files that hold them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oracle.common import Document, chosen

if TYPE_CHECKING:
    import random

PREFIX = "#microsoft.graph."
GROUPS = {
    "field": "11111111-0000-4000-8000-000000000001",
    "lab": "22222222-0000-4000-8000-000000000002",
    "staff": "33333333-0000-4000-8000-000000000003",
}
FILTER = "99999999-0000-4000-8000-000000000009"


def targets(rng: random.Random, *, ours: list[str]) -> list[dict[str, Any]]:
    """Draw whom a policy is assigned to."""
    style = chosen(rng, {"devices": 44, "groups": 34, "users": 12, "nobody": 8, "collection": 2})
    found: list[dict[str, Any]] = []
    if style == "devices":
        found = [{"@odata.type": f"{PREFIX}allDevicesAssignmentTarget"}]
    elif style == "users":
        found = [{"@odata.type": f"{PREFIX}allLicensedUsersAssignmentTarget"}]
    elif style == "groups":
        names = sorted(set(ours or ["field"]) | ({"staff"} if rng.random() < 0.3 else set()))
        if rng.random() < 0.2:
            names = [rng.choice(["staff", "lab"])]
        found = [{"@odata.type": f"{PREFIX}groupAssignmentTarget", "groupId": GROUPS[one]} for one in names]
    elif style == "collection":
        found = [{"@odata.type": f"{PREFIX}configurationManagerCollectionAssignmentTarget", "collectionId": "SMS00001"}]
    if found and rng.random() < 0.08:
        word = rng.choice(["include", "exclude", "none"])
        found[0]["deviceAndAppManagementAssignmentFilterType"] = word
        found[0]["deviceAndAppManagementAssignmentFilterId"] = None if word == "none" else FILTER
    if rng.random() < 0.1:
        name = rng.choice(sorted(GROUPS))
        found.append({"@odata.type": f"{PREFIX}exclusionGroupAssignmentTarget", "groupId": GROUPS[name]})
    return found


def assigned(rng: random.Random, policy: dict[str, Any], *, ours: list[str], share: float = 0.6) -> dict[str, Any]:
    """Give a policy assignments, or none, as an export without them."""
    if rng.random() < share:
        policy["assignments"] = [{"target": one} for one in targets(rng, ours=ours)]
    return policy


def listed(name: str, app_id: str | None, url: str | None = None) -> dict[str, Any]:
    """Return one entry of a list of apps."""
    return {
        "@odata.type": f"{PREFIX}appListItem",
        "name": name,
        "publisher": "Example",
        "appStoreUrl": url,
        "appId": app_id,
    }


def into_files(rng: random.Random, policies: list[dict[str, Any]]) -> tuple[Document, ...]:
    """Put policies into files of their own, into one page of an answer, or into exports with a byte order mark."""
    form = chosen(rng, {"alone": 72, "page": 14, "utf16": 14})
    if form == "page":
        page: dict[str, Any] = {"@odata.context": "https://graph.microsoft.com/beta/$metadata#x", "value": policies}
        if rng.random() < 0.3:
            page["@odata.nextLink"] = "https://graph.microsoft.com/beta/x?$skiptoken=2"
        return (Document("page.json", page),)
    return tuple(
        Document(f"{number}.{'utf16' if form == 'utf16' else 'json'}", one) for number, one in enumerate(policies)
    )


def policies_of(documents: tuple[Document, ...]) -> tuple[list[dict[str, Any]], bool]:
    """Return the policies of all files, and whether there is a page that was not seen."""
    found: list[dict[str, Any]] = []
    for document in documents:
        found += document.tree.get("value", [document.tree])
    return found, any("@odata.nextLink" in one.tree for one in documents)


def written(document: Document, tree: Any) -> bytes:
    """Write JSON, in UTF-16 with a byte order mark where the path says so."""
    text = json.dumps(tree, indent=1)
    return text.encode("utf-16") if document.path.endswith(".utf16") else text.encode()


def device_keys(rng: random.Random) -> dict[str, Any]:
    """Draw what matters to assignments in a class of devices."""
    keys: dict[str, Any] = {}
    if rng.random() < 0.6:
        names = rng.choice([["field"], ["field"], ["lab"], ["field", "lab"]])
        keys["groups"] = [GROUPS[one] for one in names]
    if rng.random() < 0.5:
        keys["user_affinity"] = rng.random() < 0.75
    managed = chosen(rng, {"none": 60, "intune": 36, "jamf": 4})
    return keys if managed == "none" else {**keys, "managed_by": managed}


def names_of(device: dict[str, Any]) -> list[str]:
    """Return our short names of the class's groups."""
    return [name for name, group in GROUPS.items() if group in device.get("groups", [])]

"""Turn objects of ours into somebody else's, and let that somebody change, unassign and delete them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from emulators.amapi import ENTERPRISE
from push.kits import graph, jamf, kmfddm

if TYPE_CHECKING:
    from collections.abc import Callable

    from push.stage import Stage

_MARK = re.compile(r"\s*\[mdm-policy:[^\]]*\]|Built by mdm-policy.*", re.DOTALL)
_DECLARED = re.compile(r"gov\.example\.agency\.mdmp\.")
KIOSKS, THEIRS = f"{ENTERPRISE}/policies/kiosks", f"{ENTERPRISE}/policies/theirs"


def disown(one: Stage) -> None:
    """Let all objects of ours bear no mark any more, and be in use."""
    server: Any = one.emulator
    if one.kit.name == "graph":
        for held in server.objects.values():
            held["data"]["description"] = _MARK.sub("", held["data"].get("description") or "") or "by hand"
    elif one.kit.name == "jamf":
        for objects in server.objects.values():
            for held in objects.values():
                held["general"]["name"] = _MARK.sub("", held["general"]["name"]) + " by hand"
    elif one.kit.name == "amapi":
        server.policies[THEIRS] = {**server.policies.pop(KIOSKS), "name": THEIRS}
        server.enroll("two", policyName=THEIRS)
    else:
        for name in [name for name in server.declarations if _DECLARED.match(name)]:
            value = copy.deepcopy(server.declarations.pop(name))
            value["Identifier"] = renamed = _DECLARED.sub("theirs.", name)
            named = value["Payload"].get("StandardConfigurations")
            if named:
                value["Payload"]["StandardConfigurations"] = [_DECLARED.sub("theirs.", each) for each in named]
            server.declarations[renamed] = value
        for set_, members in server.sets.items():
            server.sets[set_] = [_DECLARED.sub("theirs.", each) for each in members]


def lists(one: Stage) -> list[tuple[Any, list[Any]]]:
    """Return each object of theirs that holds a list of apps, with the list."""
    server: Any = one.emulator
    if one.kit.name == "graph":
        held = [each for each in server.objects.values() if each["collection"] == "configurationPolicies"]
        return [(each, graph._values(each)) for each in held if len(graph._values(each)) > 1]
    if one.kit.name == "jamf":
        payloads = [(each, each["payload"]["PayloadContent"][0]) for each in server.objects[jamf.MOBILE].values()]
        return [
            (each, payload["blockedAppBundleIDs"])
            for each, payload in payloads
            if len(payload.get("blockedAppBundleIDs", ())) > 1
        ]
    if one.kit.name == "amapi":
        return [(server.policies[THEIRS], server.policies[THEIRS]["applications"])]
    apps = [each for each in server.declarations.values() if each["Identifier"].startswith("theirs.")]
    lists = [(each, each["Payload"].get("Allowed", {}).get("DeniedApps")) for each in apps]
    return [(each, denied) for each, denied in lists if denied]


def lift(one: Stage) -> None:
    """Drop a ban from their objects."""
    for _, apps in lists(one):
        apps.pop()


def rename(one: Stage) -> None:
    """Change their objects, so that they block no less."""
    for held, apps in lists(one):
        if one.kit.name == "graph":
            held["data"]["name"] = "renamed"
        elif one.kit.name == "jamf":
            held["general"]["description"] = "another text"
        elif one.kit.name == "amapi":
            apps.append({"packageName": "com.example.more", "installType": "BLOCKED"})
        else:
            apps.append({"BundleID": "com.example.more"} if isinstance(apps[0], dict) else "com.example.more")


def unassign(one: Stage) -> None:
    """Let their objects reach nobody."""
    server: Any = one.emulator
    for held, _ in lists(one):
        if one.kit.name == "graph":
            held["assignments"] = []
        elif one.kit.name == "jamf":
            held["scope"]["all_mobile_devices"] = "false"
        elif one.kit.name == "amapi":
            server.enroll("two", policyName=f"{ENTERPRISE}/policies/company")
        else:
            server.sets[kmfddm.SET].remove(held["Identifier"])


def delete(one: Stage) -> None:
    """Delete their objects."""
    server: Any = one.emulator
    gone = [held for held, _ in lists(one)]
    unassign(one)
    if one.kit.name == "graph":
        server.objects = {id_: each for id_, each in server.objects.items() if each not in gone}
    elif one.kit.name == "jamf":
        server.objects[jamf.MOBILE] = {
            id_: each for id_, each in server.objects[jamf.MOBILE].items() if each not in gone
        }
    elif one.kit.name == "amapi":
        del server.policies[THEIRS]
    else:
        for held in gone:
            del server.declarations[held["Identifier"]]


def restore(one: Stage, state: Any) -> None:
    """Bring back what an emulator's `snapshot` was."""
    server, kept = one.emulator, copy.deepcopy(state)
    names: dict[str, tuple[str, ...]] = {"jamf": ("objects", "_next"), "amapi": ("policies", "devices")}
    names["kmfddm"] = ("declarations", "sets", "enrollments", "reports")
    if one.kit.name == "graph":
        server.objects = kept
        return
    for name, value in zip(names[one.kit.name], kept, strict=True):
        setattr(server, name, value)


CHANGES: dict[str, Callable[[Stage], None]] = {
    "a ban less": lift,
    "assigned to nobody": unassign,
    "gone": delete,
}
"""What lifts a ban that others hold."""

"""Make foreign mutants: what somebody else does to objects of theirs in a tenant where our bans are in place.

A step adds an object that is not ours, changes it, gives it to others, calls its group by another name, or deletes it. The
objects are the golden documents of every target, with the edits of `policy_mutants`, and the readers' own samples; what a
server would refuse is no step. The steps of a destination are the same in every run, and each has a name.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import policy_mutants
from build_kit import ALL_OPTIONS, TARGETS, built
from push.kits import amapi, git, graph, jamf, kmfddm
from push.stage import DAY, DEVICES

from mdm_policy.errors import PolicyError
from mdm_policy.kinds import KINDS, open_document
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from tenant.foreign_places import PILOT, Amapi, Foreign, Git, Graph, Jamf, Kmfddm, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_PILOTS = {"name": "pilots", "platform": "ios", "os": ">=17, <27", "supervised": True, "groups": ["pilot"]}


class Step(NamedTuple):
    """Hold one mutation: its name, what kind it is, and how it is made."""

    name: str
    kind: str
    make: Callable[[], None]


class _GraphKit(graph.Kit):
    devices = [*DEVICES, _PILOTS, {"name": "pilot PCs", "platform": "windows", "os": ">=10", "groups": ["pilot"]}]

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["pilot"], "groups": {"pilot": PILOT}}


class _JamfKit(jamf.Kit):
    targets: Any = ("jamf-mobile-profile", "jamf-macos-profile")
    devices = [
        *DEVICES,
        {**_PILOTS, "groups": ["Kiosks"]},
        {"name": "pilot Macs", "platform": "macos", "os": ">=14", "supervised": True, "groups": ["Kiosks"]},
    ]

    def emulator(self) -> Any:
        server = super().emulator()
        server.groups["computer_groups"][13] = "Kiosks"
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["Kiosks"]}


class _KmfddmKit(kmfddm.Kit):
    devices = [
        *kmfddm.Kit.devices,
        {"name": "Macs", "platform": "macos", "os": ">=27", "supervised": True, "enrollment": "automated"},
        {**_PILOTS, "os": ">=27", "enrollment": "automated"},
        {
            "name": "pilot Macs",
            "platform": "macos",
            "os": ">=27",
            "supervised": True,
            "enrollment": "automated",
            "groups": ["pilot"],
        },
    ]

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["pilot"], "groups": {"pilot": "pilots"}}


class _AmapiKit(amapi.Kit):
    devices = [*DEVICES, {"name": "work profiles", "platform": "android", "os": ">=13", "mode": "byod"}]


class _GitKit(git.Kit):
    targets: Any = ("amapi-fully-managed",)

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        made = super().deployment(url, folder)
        return {"git": {"path": made["git"]["path"]}}


KITS: dict[str, Callable[[], Any]] = {
    "graph": _GraphKit,
    "jamf": _JamfKit,
    "amapi": _AmapiKit,
    "kmfddm": _KmfddmKit,
    "git": _GitKit,
}
"""The destinations that can be read back, each with targets that leave some of its devices to others' objects."""
PLACES: dict[str, Callable[[Any], Place]] = {
    "graph": Graph,
    "jamf": Jamf,
    "amapi": Amapi,
    "kmfddm": Kmfddm,
    "git": Git,
}


def golden(deployment: Path) -> dict[str, bytes]:
    """Build every target for a deployment's order."""
    read = inputs.gather(deployment, ())
    resolution = resolve(read.lists, read.deployment, read.catalogue, DAY)
    return built(resolution, None, TARGETS, ALL_OPTIONS, "order")[1]


_TAKES = {
    "graph": re.compile(r"(intune-.*\.json)\Z"),
    "jamf": re.compile(r"(jamf-.*\.xml)\Z"),
    "amapi": re.compile(r"(amapi-.*\.policy\.json)\Z"),
    "kmfddm": re.compile(r"(apple-ddm-.*\.json)\Z"),
    "git": re.compile(
        r"(?!.*(?:audit|modify-app|approve-app|patch-pers|packaged-apps))(.*\.(?:json|xml|mobileconfig))\Z"
    ),
}
_SAMPLES = {
    "graph": (
        "intune-settings-catalog",
        "intune-device-configuration",
        "intune-mobile-app",
        "intune-app-configuration",
    ),
    "jamf": ("jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile"),
    "amapi": ("amapi-policy",),
    "kmfddm": ("apple-declaration-configuration", "apple-declaration-activation"),
    "git": (
        "apple-profile",
        "santa-rules",
        "applocker-rules",
        "intune-mobile-app",
        "jamf-macos-profile",
        "amapi-policy",
    ),
}


def documents(name: str, files: dict[str, bytes]) -> list[Foreign]:
    """Return what somebody else may have at a destination."""
    taken = [Foreign(file, file, data) for file, data in files.items() if _TAKES[name].match(file)]
    taken = (
        [one for one in taken if not one.file.endswith(("approve-apps.json", "mobileconfig"))]
        if name != "git"
        else taken
    )
    if name == "kmfddm":
        taken = _declarations(files)
    suffixes = {"plist": "mobileconfig"}
    for kind in _SAMPLES[name]:
        form = KINDS[kind].formats[0]
        taken.append(Foreign(f"sample of {kind}", f"{kind}.{suffixes.get(form, form)}", KINDS[kind].sample))
    if name == "graph":
        profile = base64.b64encode(files["macos-santa/order.mobileconfig"]).decode()
        macs = {
            "@odata.type": "#microsoft.graph.macOSCustomConfiguration",
            "displayName": "Santa by hand",
            "payloadName": "Santa",
            "payloadFileName": "santa.mobileconfig",
            "deploymentChannel": "deviceChannel",
            "payload": profile,
        }
        taken.append(Foreign("Santa through Intune", "santa.json", json.dumps(macs).encode()))
    return taken


def _declarations(files: dict[str, bytes]) -> list[Foreign]:
    """Return configurations, each with the activation that turns it on, and an activation with its configuration."""
    made = []
    for target in ("apple-ddm-apps", "apple-ddm-binaries"):
        configuration, activation = (files[f"{target}/order.{kind}.json"] for kind in ("configuration", "activation"))
        made += [
            Foreign(target, "configuration.json", configuration, activation),
            Foreign(f"{target}, on", "activation.json", activation, configuration),
        ]
        let = json.loads(configuration)
        let["Payload"]["Allowed"]["AlwaysAllowManagedApps"] = True
        made.append(Foreign(f"{target}, managed apps let past", "let.json", json.dumps(let).encode(), activation))
    return made


def steps(name: str, place: Place, given: Sequence[Foreign], rounds: int, edits: int) -> Iterator[list[Step]]:
    """Yield the steps of each object, in their order: every round edits it in other ways, and ends with its deletion."""
    weak: dict[str, list[policy_mutants.Mutant]] = {}
    for number in range(rounds):
        for one in given:
            if number and one.label.startswith("sample"):
                continue  # of apps that nobody bans: once is enough
            if one.label not in weak:
                weak[one.label] = _weakened(one)
            dice = random.Random(f"{name} {one.label} {number}")  # noqa: S311 - the same in each run
            drawn = dice.sample(weak[one.label], min(edits, len(weak[one.label])))
            yield list(_life(place, one, f"{_slug(one.label)}-{number}", drawn, dice))


def _weakened(one: Foreign) -> list[policy_mutants.Mutant]:
    """Return the edits of a document, as far as they are known for its kind."""
    made: list[policy_mutants.Mutant] = []
    with contextlib.suppress(PolicyError, TypeError, AttributeError, AssertionError, KeyError):
        made.extend(policy_mutants.weakening(open_document(one.file, one.data)))
    return made


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def _life(
    place: Place, one: Foreign, key: str, drawn: Sequence[policy_mutants.Mutant], dice: random.Random
) -> Iterator[Step]:
    """Yield what becomes of one object: it comes, goes to others and back, is edited and mended, renamed and deleted."""

    def put(data: bytes, who: str) -> Callable[[], None]:
        return lambda: place.put(key, one, data, who)

    everyone, *others = place.scopes
    yield Step(f"{key}: add, for nobody", "add", put(one.data, "nobody"))
    yield Step(f"{key}: assign to everyone", "assign", put(one.data, everyone))
    for who in dice.sample(others, len(others)):
        yield Step(f"{key}: assign to {who}", "assign", put(one.data, who))
        if dice.random() < 0.7:
            yield Step(f"{key}: back to everyone", "assign", put(one.data, everyone))
    yield Step(f"{key}: to everyone again", "assign", put(one.data, everyone))
    for edit in drawn:
        yield Step(f"{key}: change: {edit.label[:60]}", "change", put(edit.data, everyone))
        yield Step(f"{key}: mend: {edit.label[:60]}", "change", put(one.data, everyone))
    yield Step(f"{key}: assign to {others[0]} once more", "assign", put(one.data, others[0]))
    yield Step(f"{key}: rename", "rename", lambda: place.rename(key))
    yield Step(f"{key}: to everyone at last", "assign", put(one.data, everyone))
    yield Step(f"{key}: delete", "delete", lambda: place.drop(key))

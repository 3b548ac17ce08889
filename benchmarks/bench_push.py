"""Measure planning against a server that takes 50 ms for each answer.

The floor is what the allowed concurrency permits: the calls that are made, each 50 ms, shared among the connections.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figure, ratio

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from push.kits.fake import SECRET, Destination, FakeServer

from mdm_policy.diff import Question
from mdm_policy.errors import Origin
from mdm_policy.model import DestinationSpec
from mdm_policy.push.model import Assignment, Item
from mdm_policy.push.observing import observe
from mdm_policy.push.planning import Wanted, make_plan
from mdm_policy.push.protocol import Edge, marker

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTS = 1000
_LATENCY = 0.05
_OWNER = "gov.example.agency"


def figures(runs: int) -> Iterator[Figure]:
    """Plan 1,000 objects that are as they should be."""
    items = tuple(_item(number) for number in range(_OBJECTS))
    timed = []
    with FakeServer(latency=_LATENCY) as server:
        _fill(server, items)
        edge = Edge(lambda _: SECRET, time.sleep)
        spec = DestinationSpec("there", "fake", {"path": server.url}, Origin(""), assign="everyone")
        for _ in range(max(2, runs // 3)):
            destination = Destination(spec, _OWNER, edge)
            server.arm()
            start = time.perf_counter()
            plan = make_plan(destination, Wanted(items), observe(destination, _OWNER), Question("2026-11-25"), None)
            took = time.perf_counter() - start
            if plan.changes:
                raise AssertionError("the plan has changes")
            timed.append((took, len(server.calls) * _LATENCY / destination.concurrency))
    yield ratio(f"plan {_OBJECTS:,} objects, {_LATENCY * 1000:.0f} ms each", timed, 2.0)


def _item(number: int) -> Item:
    setting = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
        "name": f"Banned apps {number}",
        "platforms": "iOS",
        "technologies": "mdm,appleRemoteManagement",
        "settings": [
            {
                "settingInstance": {
                    "@odata.type": "#microsoft.graph.deviceManagementConfigurationSimpleSettingCollectionInstance",
                    "settingDefinitionId": "com.apple.applicationaccess_blockedappbundleids",
                    "simpleSettingCollectionValue": [{"value": f"com.example.app{number}"}],
                }
            }
        ],
    }
    body = json.dumps(setting, sort_keys=True).encode()
    return Item(marker(_OWNER, str(number)), "policy", f"policy {number}", body, "", Assignment(everyone=True))


def _fill(server: FakeServer, items: tuple[Item, ...]) -> None:
    everyone = {"everyone": True, "groups": [], "excluded": []}
    for number, item in enumerate(items):
        server.objects[f"o{number:04}"] = {
            "name": item.name,
            "key": item.key,
            "owner": _OWNER,
            "body": json.loads(item.body),
            "assignment": everyone,
        }

"""Measure assessing a large tenant of Intune whose server takes 50 ms for each answer: the time, and the memory at its peak.

The floor is what the allowed concurrency permits: the calls that are made, each 50 ms, shared among the connections. Half of the
objects are settings catalog policies, which take three calls each, and one in twenty holds a deny list.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import Figure, duration

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from emulators.graph import GraphServer
from push.kits.graph import Kit, catalog

from mdm_policy.push.logins import CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTS = 2000
_ASSIGNMENTS = 5
_LATENCY = 0.05
_AIM_SECONDS, _AIM_MIB = 60.0, 300.0
_DENYING = 20
_FOUND = (0, 11)
"""Exit codes of an assessment that read everything."""
_ORDER = """\
ban_list: order
authority: {citation: "Order 1 (example)", effective: 2026-01-01}
bans: [{app: wechat}, {app: qq}, {app: tiktok}]
"""


def figures(runs: int) -> Iterator[Figure]:
    """Assess once: a run takes most of a minute, and the server is the slow part."""
    del runs
    with GraphServer(latency=_LATENCY) as server, tempfile.TemporaryDirectory() as name:
        server.page = 1000
        for number in range(_OBJECTS):
            _seed(server, number)
        start = time.perf_counter()
        _assess(server, Path(name))
        took = time.perf_counter() - start
        floor = len(server.calls) * _LATENCY / CONNECTIONS["graph"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    named = f"assess {_OBJECTS:,} objects, {_OBJECTS * _ASSIGNMENTS:,} assignments"
    yield Figure(f"{named}: time", duration(took), duration(floor), [took], _AIM_SECONDS, "s")
    yield Figure(f"{named}: memory", f"{peak:.0f} MiB", "-", [peak], _AIM_MIB, "MiB")


def _assess(server: GraphServer, folder: Path) -> None:
    """Run the program in a process of its own, so that its memory is its own."""
    kit = Kit()
    deployment: dict[str, Any] = {
        "organization": {"name": "Example Agency", "identifier": "gov.example.agency"},
        "lists": ["order.yaml"],
        "devices": [
            {"name": "phones", "platform": "ios", "os": ">=17", "supervised": True, "enrollment": "automated"},
            {"name": "laptops", "platform": "windows", "os": ">=10"},
        ],
        "destinations": {"there": kit.deployment(server.url, folder)},
    }
    (folder / "deployment.yaml").write_text(json.dumps(deployment), "utf-8")
    (folder / "order.yaml").write_text(_ORDER, "utf-8")
    command = [sys.executable, "-m", "mdm_policy", "assess", "--deployment", str(folder / "deployment.yaml")]
    asked = [*command, "--as-of", "2026-11-25", "--format", "json"]
    done = subprocess.run(asked, capture_output=True, check=False, env={**os.environ, **kit.env})
    read = json.loads(done.stdout)["read"] if done.returncode in _FOUND else []
    if sum(one["objects"] for one in read) != _OBJECTS:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr.decode()[-2000:]}{read}")


def _seed(server: GraphServer, number: int) -> None:
    assignments = [_group(number, place) for place in range(_ASSIGNMENTS)]
    if number % 2:
        camera = {
            "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
            "displayName": f"Cameras {number}",
            "cameraBlocked": True,
        }
        server.seed("deviceConfigurations", camera, assignments)
        return
    body: Any = catalog(f"Policy {number}", "by hand", "com.example.one", f"com.example.app{number}")
    if number % _DENYING:
        setting = body["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]["children"][0]
        setting["settingDefinitionId"] = "com.apple.applicationaccess_autonomoussingleappmodepermittedappids"
    server.seed("configurationPolicies", body, assignments)


def _group(number: int, place: int) -> dict[str, Any]:
    group = f"{number:08x}-0000-4000-8000-{place:012x}"
    return {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}}

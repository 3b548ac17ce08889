"""Hold the bodies that are handed over to Intune against Microsoft's typings, as far as these go (`make vendor-check`)."""

from __future__ import annotations

import json

import vendor_graph
from build_kit import DAY, EVERY_TARGET, NOTHING_KNOWN, ban_list, built, deployment, identifier, inline

from mdm_policy.resolve import resolve


def test_the_bodies_of_a_removal_are_of_their_types() -> None:
    ban = inline("App", identifier("windows", "winget_id", "Maker.App"))
    resolution = resolve([ban_list(ban)], deployment(removal="enforce"), NOTHING_KNOWN, DAY)
    files = built(resolution, ["intune-windows-removal"], EVERY_TARGET)[1]
    bodies = {path.partition(".")[2]: json.loads(data) for path, data in files.items() if path.endswith(".json")}
    assert vendor_graph.check_typed(bodies["remediation.json"]) == []
    (assignment,) = bodies["uninstall-assignment.json"]["mobileAppAssignments"]
    assert vendor_graph.check_typed(assignment) == []

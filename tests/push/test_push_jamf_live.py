"""Run the life of an object against a real Jamf Pro sandbox, where the environment names one."""

from __future__ import annotations

import os
import time

import pytest
from lxml import etree

from mdm_policy.errors import Origin
from mdm_policy.model import DestinationSpec
from mdm_policy.push.model import Assignment, Remote
from mdm_policy.push.protocol import Edge, connect
from push.jamf_setup import TARGETS, again, item, read

_VARIABLES = [f"MDM_POLICY_TEST_JAMF_{name}" for name in ("URL", "CLIENT_ID", "CLIENT_SECRET")]
pytestmark = pytest.mark.skipif(
    not all(name in os.environ for name in _VARIABLES), reason=f"needs a sandbox, named by {', '.join(_VARIABLES)}"
)


def _uuid(remote: Remote) -> str | None:
    return etree.fromstring(remote.body).findtext("general/uuid")


@pytest.mark.parametrize("target", TARGETS)
def test_the_life_of_an_object_on_a_real_server(target: str) -> None:
    url, client, secret = (os.environ[name] for name in _VARIABLES)
    settings = {"url": url, "client_id": client, "client_secret": {"env": _VARIABLES[2]}}
    spec = DestinationSpec("live", "jamf", settings, Origin("deployment.yaml", 1, 1))
    there = connect(spec, "mdm-policy.test", Edge(lambda _: secret, time.sleep))
    wanted = item(there, target, "com.example.one")
    found = read(there, there.create(wanted))
    try:
        assert there.differs(wanted, found) == ()
        assert (found.key, found.extra, found.assignment) == (wanted.key, (), Assignment())
        new = item(there, target, "com.example.one", "com.example.two")
        there.update(new, found)
        after = again(there, found)
        assert there.differs(new, after) == ()
        assert _uuid(after) == _uuid(found)
        assert after.assignment == Assignment()
    finally:
        there.delete(found)

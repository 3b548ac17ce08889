"""Hold that not reading an object, or a list, never leaves more proven than reading it would."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import pytest
from emulators.base import Answer, reply
from push.stage import DAY, stage

from mdm_policy.kinds.snapshot import FORMAT
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.sources.files import read_policies
from mdm_policy.sources.trees import MemoryTree
from mdm_policy.workflows import assess, prove
from tenant import foreign
from tenant.foreign_judge import Judge, held
from tenant.foreign_places import NotRealError, _collection, _each, _own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from emulators.base import Request

    from mdm_policy.model import Resolution
    from tenant.foreign_places import Foreign

_ALL = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
_OF_INTUNE = {"mobileApps": "intune-apps", "mobileAppConfigurations": "intune-app-configurations"}
_OF_JAMF = {
    "jamf-macos": "jamf-macos-profiles",
    "jamf-mobile": "jamf-mobile-profiles",
    "jamf-restricted": "jamf-software",
}
_EVERY = {"graph": 60, "jamf": 60, "amapi": 120, "kmfddm": 40}
"""Of each document's edits, each so many are tried as what is not read."""


class Tried(NamedTuple):
    """Hold an object as a snapshot has it: its file, its bytes, and the collection it is of."""

    path: str
    data: bytes
    collection: str


def objects(name: str, one: Foreign, data: bytes, key: str = "first") -> list[Tried]:
    """Return the objects of a document, each for everyone; a declaration's identifier is of its `key`."""
    if name == "jamf":
        what = next((what for start, what in _OF_JAMF.items() if start in one.label), "jamf-macos-profiles")
        return [Tried("object.xml", data, what)]
    if name == "amapi":
        return [Tried("object.json", data, "amapi-policies")]
    if name == "kmfddm":
        both = [data, *([one.beside] if one.beside else [])]
        own = [_own(key, each) for each in both]
        return [Tried(f"object-{at}.json", each, "apple-declarations") for at, each in enumerate(own)]
    made = []
    for at, (each, was) in enumerate(zip(_each(json.loads(data)), _each(json.loads(one.data)), strict=False)):
        if isinstance(each, dict):
            whole = each if "assignments" in was else {**each, "assignments": _ALL}
            what = _OF_INTUNE.get(_collection(was), "intune-policies")
            made.append(Tried(f"object-{at}.json", json.dumps(whole).encode(), what))
    return made[:2]


class Tenant:
    """Judge what a snapshot holds, without any server."""

    def __init__(self, deployment: Path, name: str) -> None:
        """Read the order."""
        self._name = name
        self._read = inputs.gather(deployment, ())
        known = self._read
        self._resolution: Resolution = resolve(known.lists, known.deployment, known.catalogue, DAY)

    def held(self, files: Mapping[str, bytes], missing: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        """Return what `verify` takes for held; `missing` names files that were not read, each of a collection."""
        scope = {"state": "everyone", "groups": [], "why": ""}
        scoped = self._name == "kmfddm"
        index = {
            "format": FORMAT,
            "scopes": dict.fromkeys(files, scope) if scoped else {},
            "notRead": [{"collection": what, "why": "forbidden (403)", "path": at} for at, what in missing.items()],
        }
        tree = MemoryTree(PurePosixPath("there"), {"snapshot.json": json.dumps(index).encode(), **files})
        policies = read_policies([Path("there")], tree=tree)
        asked = prove.ProveRequest((), DAY)
        return held(prove.prove_by(asked, policies, self._resolution, self._read).verification)


@contextlib.contextmanager
def staged(name: str, folder: Path) -> Iterator[Any]:
    """Set the stage of the foreign mutants."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("push.stage.kit", lambda known: foreign.KITS[known]()))
        one = stack.enter_context(stage(name, folder))
        stack.enter_context(mock.patch.dict(os.environ, one.kit.env))
        yield one


@pytest.mark.parametrize("name", _EVERY)
def test_an_object_that_is_not_read_counts_as_what_it_may_be(name: str, tmp_path: Path) -> None:
    """Of each two objects the second, as it is or spoilt, is read or not."""
    lifting = 0
    milder: list[str] = []
    with staged(name, tmp_path) as one:
        tenant = Tenant(one.deployment, name)
        given = foreign.documents(name, foreign.golden(one.deployment))
    for first in given:
        there = {f"a/{each.path}": each.data for each in objects(name, first, first.data)}
        before = tenant.held(there, {})
        for second in given if before else ():
            edits = [second.data, *(edit.data for edit in foreign._weakened(second)[:: _EVERY[name]])]
            for number, data in enumerate(edits):
                with contextlib.suppress(ValueError):
                    found = _asked(tenant, there, objects(name, second, data, "second"), before)
                    lifting += found is not None
                    milder += [f"{first.label}, {second.label} {number}: {found}"] if found else []
    sys.stdout.write(f"{name}: {lifting} objects that lift a block are not read, {len(milder)} milder\n")
    assert milder == []
    assert lifting >= {"graph": 10, "jamf": 2, "amapi": 2, "kmfddm": 0}[name]


def _asked(
    tenant: Tenant, there: Mapping[str, bytes], others: list[Tried], before: frozenset[tuple[str, str]]
) -> list[tuple[str, str]] | None:
    """Return what is held more when objects are not read, None where they lift nothing."""
    read = tenant.held({**there, **{f"b/{each.path}": each.data for each in others}}, {})
    if not before - read:
        return None
    return sorted(tenant.held(there, {f"b/{each.path}": each.collection for each in others}) - read)


_FORBIDDEN: dict[str, Answer] = {
    "graph": reply({"error": {"code": "Forbidden", "message": "Access is denied."}}, 403),
    "jamf": Answer(403, b"<html><body>Forbidden</body></html>", (), "text/html"),
    "amapi": reply({"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}, 403),
    "kmfddm": Answer(403, b"Forbidden\n", (), "text/plain"),
}
_BROKEN = Answer(200, b'{"value": [', (), "application/json")
_LIFTING = {
    "graph": "Santa through Intune",
    "jamf": "jamf-macos-profile/order.xml",
    "amapi": "sample of amapi-policy",
    "kmfddm": "apple-ddm-binaries, managed apps let past",
}
"""What somebody else has in the tenant while calls are refused."""


@contextlib.contextmanager
def _refusing(judge: Judge, answer: Answer, covers: Callable[[str], bool]) -> Iterator[None]:
    given = judge.one.emulator.handle

    def handle(request: Request) -> Answer:
        found: Answer = answer if request.method == "GET" and covers(request.path) else given(request)
        return found

    with mock.patch.object(judge.one.emulator, "handle", handle):
        yield


def _whole(judge: Judge) -> frozenset[tuple[str, str]]:
    result = assess.assess(assess.AssessRequest((), DAY, deployment=judge.one.deployment), judge.services)
    return held(result.proof.verification)


@pytest.mark.parametrize("answer", ["forbidden", "broken"])
@pytest.mark.parametrize("name", _EVERY)
def test_no_call_that_is_refused_leaves_more_proven(name: str, answer: str, tmp_path: Path) -> None:
    """Each path that is asked for is refused in turn: lists, objects, their settings, assignments and sets."""
    with staged(name, tmp_path) as one:
        judge = Judge(one, name)
        given = foreign.documents(name, foreign.golden(one.deployment))
        lifting = next(each for each in given if each.label == _LIFTING[name])
        with contextlib.suppress(NotRealError):
            judge.place.put("by-hand", lifting, lifting.data, "everyone")
        one.emulator.arm()
        whole = _whole(judge)
        paths = dict.fromkeys(call.path for call in one.emulator.calls if call.method == "GET")
        assert len(paths) >= 2
        given_back = _FORBIDDEN[name] if answer == "forbidden" else _BROKEN
        for path in paths:
            with _refusing(judge, given_back, lambda asked, path=path: asked == path):  # type: ignore[misc]
                assert _whole(judge) <= whole, path

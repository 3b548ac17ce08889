"""Hold the short cut to the long way: apps judged as a group fare as each of them does alone, on all documents."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, TARGETS, built
from kind_documents import as_json, blocking, device, plist, restrictions

from mdm_policy import catalogue
from mdm_policy.decide import Index, judge
from mdm_policy.kinds import open_document
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.verify import Rules, piece, verify
from mdm_policy.verify.judging import ClassJudge

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import Resolution

CLASSES = (
    device("ios", ">=17", "iPhones", supervised=True, enrollment="automated"),
    device("ios", name="any iPhones"),
    device("tvos", name="TVs"),
    device("android", ">=12", "phones", mode="fully-managed"),
    device("android", name="any phones"),
    device("macos", ">=14", "Macs", supervised=True, enrollment="automated"),
    device("windows", name="PCs"),
)


def _resolution(*lists: str) -> Resolution:
    reader = inputs.Reader()
    found = reader.lists([(name, None) for name in lists], None)
    made = resolve(found, None, catalogue.load(), DAY, enforce=False)
    return type(made)(**{**{name: getattr(made, name) for name in made.__struct_fields__}, "devices": CLASSES})


def _random_documents(resolution: Resolution, seed: int) -> list[Document]:
    """Make documents that block, allow or forget some of what is banned, in no order."""
    dice = random.Random(seed)  # noqa: S311 - a choice, the same in each run
    ids: dict[str, list[str]] = {}
    for app in resolution.apps:
        for one in app.identifiers:
            ids.setdefault(f"{one.family} {one.kind}", []).append(one.value)

    def some(kind: str) -> list[str]:
        return dice.sample(ids[kind], dice.randrange(len(ids[kind]) + 1))

    def policy(name: str) -> Document:
        rows: list[dict[str, Any]] = [
            {"packageName": value, "installType": dice.choice(["BLOCKED", "BLOCKED", "AVAILABLE"])}
            for value in some("android package_name")
        ]
        return as_json({"playStoreMode": dice.choice(["BLACKLIST", "WHITELIST"]), "applications": rows}, name)

    allow = plist(restrictions(allowListedAppBundleIDs=some("ios bundle_id")), name="allow")
    return [
        blocking(*some("ios bundle_id"), name="one"),
        blocking(*some("ios bundle_id"), name="two"),
        *([allow] if dice.random() < 0.3 else []),
        policy("p1"),
        *([policy("p2")] if dice.random() < 0.5 else []),
    ]


def _same(resolution: Resolution, documents: list[Document]) -> int:
    pieces = [piece(document) for document in documents]
    found = verify(resolution, pieces, catalogue.load(), Rules(DAY))
    readings = [reading for one in pieces for reading in one.readings]
    groups = 0
    for verdict in found.classes:
        index = Index(readings, verdict.cls)
        court = ClassJudge(pieces, verdict.cls, Rules(DAY), declared=True)
        index.site_is_closed = court.index.site_is_closed
        groups = max(groups, len(verdict.groups))
        for group in verdict.groups:
            for app in group.apps:
                alone = judge(index, verdict.cls, app, DAY)
                assert alone.proven is group.cell.held, (verdict.cls.name, app.key)
                assert [(g.state, g.decision.verdict) for g in alone.gaps] == [
                    (g.state, g.decision.verdict) for g in group.cell.gaps
                ]
                assert alone.worst_state is not None
                own = verdict.decide(app, alone.worst_state)
                assert (own, own.verdict) == (alone.worst, court.decide(app, alone.worst_state).verdict)
    return groups


def test_on_everything_a_build_makes() -> None:
    resolution = _resolution("tx-prohibited-tech", "us-eo-13971", "us-kaspersky", "in-59")
    made, files = built(resolution, list(TARGETS))
    documents = [open_document(path, files[path]) for path in (record.path for record in made.documents)]
    assert 1 < _same(resolution, documents) < len(resolution.apps) * 2 / 3


@pytest.mark.parametrize("seed", range(12))
def test_on_documents_that_hold_some_of_it(seed: int) -> None:
    resolution = _resolution("us-eo-13971", "us-kaspersky")
    assert _same(resolution, _random_documents(resolution, seed)) > 1

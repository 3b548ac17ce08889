"""Say what a verification found as records: who orders, what names the app, what decides, and on whose word."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, PLACE, ban_list, deployment, identifier, inline, waiver
from kind_documents import as_json, blocking, device

from mdm_policy.model import AcceptedGap
from mdm_policy.reading import Fact, Rule
from mdm_policy.report import verification as report
from mdm_policy.resolve import resolve
from mdm_policy.verify import EvidenceRecord, Places, Rules, Verification, evidence, piece, verify

if TYPE_CHECKING:
    from mdm_policy.verify import Piece

IPHONES = device("ios", ">=17,<27", "iPhones", supervised=True, enrollment="automated")
LAB = device("ios", ">=17,<27", "lab", supervised=True, enrollment="automated", groups=("lab",))
OWN = device("ios", ">=17,<27", "own", supervised=False, enrollment="user")
LAPTOPS = device("windows", ">=10", "laptops")
GAP = AcceptedGap("inline:held", "own", "no control", "CISO (example)", "MEMO-2 (example)", "2027-01-01", PLACE)
PROFILE = blocking("com.example.held", "com.example.free")
SHOPPING = as_json({"shopping": ["com.example.said"]}, "shop.json")
CLAIM = Rule(
    "declared-ban", "declared", "block", "hidden", "strong", Fact("declared", "vendor"), introduced={"ios": (15,)}
)


def _found() -> tuple[Verification, Places]:
    bans = [
        inline("held", identifier("ios", "bundle_id", "com.example.held", 7)),
        inline("free", identifier("ios", "bundle_id", "com.example.free", 8)),
        inline("said", identifier("ios", "bundle_id", "com.example.said", 9)),
        inline("open", identifier("ios", "bundle_id", "com.example.open", 10), not_on=("windows",)),
    ]
    classes = (IPHONES, LAB, OWN, LAPTOPS)
    lists = [ban_list(*bans, exceptions=[waiver("inline:free", "lab")]), ban_list(bans[0], name="second")]
    made = resolve(lists, deployment(devices=classes, accepted_gaps=(GAP,)), NOTHING_KNOWN, DAY, enforce=False)
    pieces: tuple[Piece, ...] = (
        piece(PROFILE),
        piece(SHOPPING, read_back=[("/shopping/*", "ios", "bundle_id", CLAIM)]),
    )
    places = Places({one.name: one.document for one in pieces})
    return verify(made, pieces, NOTHING_KNOWN, Rules(DAY), places=places), places


@pytest.fixture(scope="module")
def records() -> dict[tuple[str, str], EvidenceRecord]:
    found, places = _found()
    every = list(evidence(found, places))
    assert [(one.app, one.device_class) for one in every] == sorted((one.app, one.device_class) for one in every)
    assert len(every) == len(found.apps) * len(found.classes)
    return {(one.app.removeprefix("inline:"), one.device_class): one for one in every}


Records = dict[tuple[str, str], EvidenceRecord]


def test_a_blocked_app_rests_on_a_line_of_a_document(records: Records) -> None:
    one = records["held", "iPhones"]
    assert (one.verdict, one.word, one.strength, one.proof, one.held, one.gap) == (
        "hidden",
        "hidden",
        "strong",
        "modelled",
        True,
        False,
    )
    deciding = one.deciding
    assert (deciding.document, deciding.sha256) == (PROFILE.name, hashlib.sha256(PROFILE.data).hexdigest())
    assert deciding.pointer == "/PayloadContent/0/blockedAppBundleIDs/0"
    assert deciding.origin is not None
    assert (deciding.origin.file, deciding.origin.line > 1) == (PROFILE.name, True)
    assert deciding.rule
    assert deciding.fact
    assert deciding.source
    assert deciding.scope == "not-stated"
    assert one.identifier is not None
    assert (one.identifier.kind, one.identifier.value) == ("bundle_id", "com.example.held")


def test_every_list_that_orders_it_is_named_with_its_place(records: Records) -> None:
    assert [(r.list, r.citation, str(r.origin)) for r in records["held", "iPhones"].ordered_by] == [
        ("our-list", "Order our-list", "our-list.yaml:5:5"),
        ("second", "Order second", "our-list.yaml:5:5"),
    ]


def test_what_only_a_targets_manifest_says_is_declared(records: Records) -> None:
    one = records["said", "iPhones"]
    assert (one.proof, one.deciding.document, one.deciding.rule) == ("declared", "shop.json", "declared-ban")


def test_what_nothing_holds_rests_on_nothing(records: Records) -> None:
    one = records["open", "iPhones"]
    assert (one.verdict, one.proof, one.held, one.gap, one.strength) == ("allowed", "", False, True, None)
    assert (one.deciding.document, one.deciding.sha256, one.deciding.pointer) == ("", "", "")
    assert one.state
    assert one.because


def test_exceptions_and_accepted_gaps_are_no_gaps(records: Records) -> None:
    lab, own = records["free", "lab"], records["held", "own"]
    assert (lab.verdict, lab.word, lab.gap) == ("excepted", "excepted", False)
    assert (own.held, own.gap, own.accepted_by) == (False, False, "MEMO-2 (example)")
    assert records["free", "own"].gap


def test_what_has_no_identifier_there_names_none(records: Records) -> None:
    assert {records[name, "laptops"].identifier for name in ("held", "free", "said", "open")} == {None}
    assert records["open", "laptops"].verdict == "not-applicable"
    assert records["held", "laptops"].verdict == "unknown"


_SAME = ("app", "verdict", "held", "accepted_by", "state", "because", "escapes", "unmet_duties", "states", "gap")


def test_the_json_report_says_the_same(records: Records) -> None:
    found, places = _found()
    rows: list[dict[str, Any]] = json.loads(report.data(found, places))["verdicts"]
    assert len(rows) == len(records)
    for row in rows:
        one = records[row["app"].removeprefix("inline:"), row["class"]]
        assert {key: row[key] for key in _SAME} == {
            key: list(value) if isinstance(value := getattr(one, key), tuple) else value for key in _SAME
        }
        assert (row["rule"], row["pointer"], row["strength"]) == (
            one.deciding.rule,
            one.deciding.pointer,
            one.strength or "",
        )
        assert (row["document"], row["sha256"], row["proof"]) == (
            one.deciding.document,
            one.deciding.sha256,
            one.proof,
        )
        assert row["identifier"] == (f"{one.identifier.kind}:{one.identifier.value}" if one.identifier else "")
        assert [(r["list"], r["citation"]) for r in row["ordered_by"]] == [(r.list, r.citation) for r in one.ordered_by]

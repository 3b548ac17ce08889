"""Each pair of app and device class stands in one row, and the sentence says what the rows come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, NOTHING_KNOWN, PLACE, ban_list, deployment, identifier, inline, waiver
from kind_documents import blocking, device
from lxml import etree

from mdm_policy import kinds
from mdm_policy.model import AcceptedGap, BannedApp, Resolution
from mdm_policy.reading import Fact, Rule, Scope
from mdm_policy.report import verification as report
from mdm_policy.report.sarif import sarif
from mdm_policy.resolve import resolve
from mdm_policy.verify import Counts, Places, Rules, Verification, piece, sentence, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import Ban, DeviceClass
    from mdm_policy.verify import Piece

PHONES = device("ios", ">=17", "phones", supervised=True, enrollment="automated")
OWN = device("ios", ">=17", "own phones", supervised=False, enrollment="user")
LAB = msgspec.structs.replace(PHONES, name="lab", groups=("lab",))
LAPTOPS = device("windows", ">=10", "laptops")
NONE = device("ios", ">=17,<16", "none")
A = inline("a", identifier("ios", "bundle_id", "com.example.a"))
B = inline("b", identifier("ios", "bundle_id", "com.example.b"))
ABSENT = inline("absent", identifier("android", "package_name", "com.example.c"), not_on=("ios",))
NAMELESS = inline("nameless", identifier("android", "package_name", "com.example.d"))
STORE_ONLY = inline("store", identifier("ios", "app_store_id", "414478124"))
PACKAGE = inline("package", identifier("windows", "winget_id", "A.B"))
GAP = AcceptedGap("inline:b", "phones", "no control", "CISO", "MEMO-2", "2027-01-01", PLACE)
DECLARED: Any = (
    "/apps/*",
    "ios",
    "bundle_id",
    Rule("x", "declared", "block", "hidden", "strong", Fact("f", "s"), introduced={"ios": (1,)}),
)


def judged(
    bans: Sequence[Ban], *classes: DeviceClass, pieces: Sequence[Piece] = (), min_strength: Any = "partial", **more: Any
) -> Verification:
    exceptions = more.pop("exceptions", ())
    made = resolve([ban_list(*bans, exceptions=exceptions)], deployment(devices=classes, **more), NOTHING_KNOWN, DAY)
    return verify(made, pieces or [piece(blocking("com.example.a"))], NOTHING_KNOWN, Rules(DAY, min_strength))


def declared(*values: str, name: str = "own.json") -> Piece:
    data = msgspec.json.encode({"apps": values})
    return piece(kinds.open_document(name, data), read_back=(DECLARED,), named=False)


def doubtful(*values: str) -> Piece:
    return msgspec.structs.replace(
        piece(blocking(*values)), readings=piece(blocking(*values), scope=Scope("groups", ("others",))).readings
    )


_SENTENCES: list[Any] = [
    pytest.param(([A], PHONES), {}, "PROVEN: 1 banned app on 1 device class: blocked 1 (strong 1).", id="blocked"),
    pytest.param(([A, B], PHONES), {}, "NOT PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), open 1.", id="open"),
    pytest.param(([A, ABSENT], PHONES), {}, "PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), does not exist there 1 (the list says so).", id="does not exist"),
    pytest.param(([ABSENT], PHONES), {}, "NOTHING TO BLOCK: 1 banned app on 1 device class: blocked 0, does not exist there 1 (the list says so).", id="nothing to block"),
    pytest.param(([A], OWN), {}, "NOT PROVEN: 1 banned app on 1 device class: blocked 0, cannot be enforced by anyone 1.", id="unenforceable"),
    pytest.param(([A, NAMELESS], PHONES), {}, "NOT PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), no identifier known 1.", id="no identifier"),
    pytest.param(([A, STORE_ONLY], PHONES), {}, "NOT PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), no identifier known 1.", id="a store id alone"),
    pytest.param(([PACKAGE], LAPTOPS), {}, "NOT PROVEN: 1 banned app on 1 device class: blocked 0, no identifier known 1.", id="a winget id alone"),
    pytest.param(([A], NONE), {}, "NOT PROVEN: 1 banned app on 1 device class: blocked 0, not judged 1.", id="a class without devices"),
    pytest.param(([A], PHONES), {"pieces": [doubtful("com.example.a")]}, "NOT PROVEN: 1 banned app on 1 device class: blocked 0, not judged 1.", id="assigned to others"),
    pytest.param(([A, B], PHONES), {"accepted_gaps": (GAP,)}, "PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), accepted 1.", id="accepted"),
    pytest.param(([B], PHONES), {"accepted_gaps": (GAP,)}, "NOTHING TO BLOCK: 1 banned app on 1 device class: blocked 0, accepted 1.", id="all accepted"),
    pytest.param(([A, B], LAB), {"exceptions": [waiver("inline:b", "lab")]}, "PROVEN: 2 banned apps on 1 device class: blocked 1 (strong 1), excepted 1.", id="excepted"),
    pytest.param(([A, B], PHONES, OWN), {}, "NOT PROVEN: 2 banned apps on 2 device classes: blocked 1 (strong 1), cannot be enforced by anyone 2, open 1.", id="several classes"),
    pytest.param(([A], PHONES), {"pieces": [declared("com.example.a")]}, "PROVEN: 1 banned app on 1 device class: blocked 1 (declared, not modelled, 1).", id="declared"),
    pytest.param(([A], PHONES), {"pieces": [declared("com.example.a"), piece(blocking("com.example.a"))]}, "PROVEN: 1 banned app on 1 device class: blocked 1 (strong 1); 1 document declared, not modelled.", id="declared and modelled"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "more", "said"), _SENTENCES)
def test_the_sentence(what: Any, more: dict[str, Any], said: str) -> None:
    bans, *classes = what
    found = judged(bans, *classes, **more)
    assert sentence(found) == said
    assert found.counts.pairs == len(found.apps) * len(found.classes)
    assert found.passes is not said.startswith("NOT PROVEN")


@pytest.mark.parametrize(
    ("strength", "row"), [pytest.param("weak", "weak", id="enough"), pytest.param("partial", "open", id="not enough")]
)
def test_a_weak_block_counts_by_what_is_asked(strength: str, row: str) -> None:
    rule = Rule("x", "santa", "block", "blocked", "weak", Fact("f", "s"), introduced={"ios": (1,)})
    one = piece(
        kinds.open_document("own.json", b'{"apps": ["com.example.a"]}'),
        read_back=(("/apps/*", "ios", "bundle_id", rule),),
    )
    modelled = tuple(
        msgspec.structs.replace(
            reading, modelled=True, effects=tuple(msgspec.structs.replace(e, rule=rule) for e in reading.effects)
        )
        for reading in one.readings
    )
    found = judged([A], PHONES, pieces=[msgspec.structs.replace(one, readings=modelled)], min_strength=strength)
    assert found.counts == Counts(**{row: 1})


def test_a_pair_takes_the_worst_of_its_states() -> None:
    byod = device("android", ">=12", "own", mode="byod")
    ban = inline("x", identifier("android", "package_name", "com.example.x"))
    found = judged([ban], byod)
    verdicts = {gap.decision.verdict for gap in found.classes[0].groups[0].cell.gaps}
    assert verdicts == {"allowed", "unenforceable"}
    assert found.counts == Counts(open=1)


def test_nothing_banned_and_nothing_read_prove_nothing() -> None:
    nothing = Resolution("", "", DAY, (), (), (), (PHONES,), (), ())
    found = verify(nothing, [piece(blocking("com.example.a"))], NOTHING_KNOWN, Rules(DAY))
    assert sentence(found) == "NOT PROVEN: nothing was checked, for no app is banned."
    app = BannedApp("x", "x", "", (identifier("windows", "executable", "a.exe"),), (), ())
    found = verify(msgspec.structs.replace(nothing, apps=(app,), devices=()), [], NOTHING_KNOWN, Rules(DAY))
    assert sentence(found) == "NOT PROVEN: nothing was checked, for no document says anything about 1 banned app."
    assert (found.proven, found.passes) == (False, False)


def test_what_cannot_be_read_is_never_proven() -> None:
    assert sentence(judged([A], PHONES), 2).startswith("NOT PROVEN: ")
    assert sentence(judged([A], PHONES), 2).endswith("; 2 problems with files that could not be read.")


def test_every_output_carries_the_sentence_and_the_counts() -> None:
    found = judged([A, B, ABSENT], PHONES, OWN)
    places = Places({})
    said = sentence(found)
    lines = report.text(found, 400).splitlines()
    assert (lines[0], lines[-1]) == (said, said)
    page = report.for_pull_request(found).strip().splitlines()
    assert (page[0], page[-1]) == (f"### {said}", f"**{said}**")
    plain = msgspec.json.decode(report.data(found, places))
    assert (plain["sentence"], plain["counts"], plain["outcome"]) == (said, found.counts.plain, "NOT PROVEN")
    assert sum(cls["counts"]["pairs"] for cls in plain["classes"]) == plain["counts"]["pairs"] == 6
    run = msgspec.json.decode(sarif(report.as_findings(found), "1", report.properties(found)))["runs"][0]
    assert run["properties"] == {"sentence": said, **found.counts.plain}
    suite = etree.fromstring(report.junit(found, places).encode())
    told = {one.get("name"): one.get("value") for one in suite.findall("testsuite/properties/property")}
    assert told == {"sentence": said, **{name: str(number) for name, number in found.counts.plain.items()}}


def test_what_is_declared_is_called_so_in_every_output() -> None:
    found = judged([A], PHONES, pieces=[declared("com.example.a")])
    places = Places({})
    assert "declared" in report.matrix(found).split()
    assert "\n  declared: " in report.text(found)
    plain = msgspec.json.decode(report.data(found, places))
    assert [(one["verdict"], one["word"], one["proof"]) for one in plain["verdicts"]] == [
        ("hidden", "declared", "declared")
    ]
    assert plain["counts"]["declared"] == 1
    assert "read-back-declared" in [one.id for one in report.as_findings(found)]
    suite = etree.fromstring(report.junit(found, places).encode())
    [proof] = suite.findall(".//testcase/properties/property")
    assert (proof.get("name"), proof.get("value")) == ("proof", "declared, not modelled")


@pytest.mark.parametrize(
    ("own", "known", "row"),
    [
        pytest.param(("com.example.a",), (), "declared", id="declared alone"),
        pytest.param(("com.example.a",), ("com.example.a",), "strong", id="a reader says so too"),
        pytest.param(("com.example.x",), ("com.example.a",), "strong", id="declared of another app"),
        pytest.param(("com.example.a", "com.example.b"), ("com.example.b",), "declared", id="declared for one build"),
    ],
)
def test_only_what_needs_the_manifests_word_is_declared(own: tuple[str, ...], known: tuple[str, ...], row: str) -> None:
    builds = [identifier("ios", "bundle_id", value) for value in ("com.example.a", "com.example.b")]
    ban = inline("both", *builds) if len(own) == 2 else A
    pieces = [declared(*own), *([piece(blocking(*known))] if known else [])]
    for ordered in (pieces, pieces[::-1]):
        found = judged([ban], PHONES, pieces=ordered)
        assert found.counts == Counts(**{row: 1})
        assert "declared" in sentence(found)

"""Hold the reports to what they are made from, at sizes and with texts no example has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from kind_documents import blocking, device
from lxml import etree

from mdm_policy.errors import Origin, note
from mdm_policy.report import verification as report
from mdm_policy.report.junit import Case, junit
from mdm_policy.resolve import resolve
from mdm_policy.verify import Places, Rules, Verification, piece, sentence, verify

if TYPE_CHECKING:
    from mdm_policy.model import DeviceClass

IPHONES = device("ios", ">=17", "iPhones", supervised=True, enrollment="automated")


def many(count: int, *classes: DeviceClass, held: int | None = None) -> Verification:
    bans = [inline(f"App {n:05}", identifier("ios", "bundle_id", f"app.number{n}")) for n in range(count)]
    made = resolve([ban_list(*bans)], deployment(devices=classes or (IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    names = [f"app.number{n}" for n in range(count if held is None else held)]
    return verify(made, [piece(blocking(*names))], NOTHING_KNOWN, Rules(DAY))


def test_very_many_apps_are_counted_in_the_matrix() -> None:
    text = report.text(many(300, held=290))
    assert "290 apps" in text
    assert "10 apps" in text
    assert "App 00299" in text
    assert "App 00001" not in text


def test_long_names_are_broken_and_stay_in_their_column() -> None:
    long_name = "漢" * 60
    bans = [inline(long_name, identifier("ios", "bundle_id", "a.b"))]
    made = resolve([ban_list(*bans)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    text = report.matrix(verify(made, [piece(blocking("a.b"))], NOTHING_KNOWN, Rules(DAY)), 60)
    assert text.replace("\n", "").replace(" ", "").count("漢") == 60
    assert "hidden" in text


def test_a_class_that_cannot_exist_is_a_gap_without_a_state() -> None:
    found = many(1, device("ios", ">=17,<16", "none"))
    places = Places({})
    assert "contradict" in report.text(found)
    assert "contradict" in report.junit(found, places)
    assert '"counterexample": ""' in report.data(found, places)


def test_many_notes_are_cut_and_findings_without_place_are_shown() -> None:
    found = many(1)
    notes = tuple(note(f"some-note-{n}", "said", Origin("x.json", n)) for n in range(50))
    made = type(found)(**{**{f: getattr(found, f) for f in found.__struct_fields__}, "findings": notes})
    text = report.text(made)
    assert "more; --format json has them all" in text


def test_the_sentence_speaks_of_one_as_of_one() -> None:
    assert sentence(many(1)) == "PROVEN: 1 banned app on 1 device class: blocked 1 (strong 1)."
    assert sentence(many(1, held=0)).startswith(
        "NOT PROVEN: 1 banned app on 1 device class: blocked 0, open 1; 1 document"
    )
    assert sentence(many(1), 2).startswith("NOT PROVEN: ")


def test_a_gap_without_a_line_stands_in_sarif_where_it_is_ordered() -> None:
    [gap] = [f for f in report.as_findings(many(2, held=1)) if f.id == "ban-gap"]
    assert gap.origin is not None
    assert gap.origin.file == "our-list.yaml"


def test_junit_holds_any_text_and_is_well_formed() -> None:
    cases = [
        Case("a & b", 'say "hi"\n<there>', "failed\x00\ud800", "more\x1b & <text>\ttab"),
        Case("a", "skipped", skipped="why"),
        Case("a", "passed", file="x.json"),
    ]
    root = etree.fromstring(junit("s", cases, {"sentence": 'a "b" <c>', "open": 2}).encode())
    assert [(c.get("name"), len(c)) for c in root.iter("testcase")] == [
        ('say "hi"\n<there>', 1),
        ("skipped", 1),
        ("passed", 0),
    ]
    assert root.get("failures") == "1"
    told = [(one.get("name"), one.get("value")) for one in root.findall("testsuite/properties/property")]
    assert told == [("sentence", 'a "b" <c>'), ("open", "2")]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text == "more\ufffd & <text>\ttab"

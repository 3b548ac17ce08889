"""Hold a build to `verify`: what it prints and records of itself is what the verifier says of the files it wrote.

And hold every proof to its word: none that rests on a target's own manifest is called proven without saying so.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import (
    DAY,
    NOTHING_KNOWN,
    PLACE,
    TARGETS,
    ban_list,
    bans_for,
    built,
    choices,
    deployment,
    identifier,
    inline,
    judged,
    one_of_each,
    waiver,
)
from cli_kit import AS_OF, ROOT, run
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import blocking

from mdm_policy import kinds
from mdm_policy.build.manifest import record_of
from mdm_policy.build.record import BuildCommand, encode
from mdm_policy.model import AcceptedGap, DeviceClass, OsBound
from mdm_policy.reading import Fact, Rule
from mdm_policy.resolve import resolve
from mdm_policy.sources.files import read_policies
from mdm_policy.verify import Rules, piece, rows, sentence, verify
from mdm_policy.workflows.pieces import pieces_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import Ban, Resolution
    from mdm_policy.verify import Verification

FEDERAL = ROOT / "examples" / "federal" / "deployment.yaml"
_GROUPS: tuple[tuple[str, ...], ...] = ((), ("lab",), ("field",), ("lab", "field"))


def _classes() -> tuple[DeviceClass, ...]:
    """Return classes of every platform: of every MDM, supervised and not, in every mode, in and out of every group."""
    made = [
        DeviceClass(
            f"{platform} {owner} {groups}",
            platform,
            PLACE,
            (OsBound(">=", (17,)),),
            True,
            "automated",
            None,
            owner,
            groups,
        )
        for platform in ("ios", "macos", "windows")
        for owner in (None, "jamf", "intune")
        for groups in _GROUPS
    ]
    made += [
        DeviceClass(f"{mode} {owner} {groups}", "android", PLACE, (), None, None, mode, owner, groups)
        for mode in ("fully-managed", "cope", "byod")
        for owner in (None, "amapi", "intune")
        for groups in _GROUPS
    ]
    own = DeviceClass("own", "ios", PLACE, (), False, "user")
    return (
        *made,
        own,
        msgspec.structs.replace(own, name="tablets", platform="ipados", supervised=None, enrollment=None),
    )


CLASSES = _classes()


def _resolved(bans: Sequence[Ban], classes: Sequence[DeviceClass], excepted: int = 0) -> Resolution:
    plain = resolve([ban_list(*bans)], deployment(), NOTHING_KNOWN, DAY)
    keys = [app.key for app in plain.apps]
    waivers = [waiver(key, "lab", document=f"MEMO-{key}") for key in keys[:excepted]]
    waivers += [waiver(key, "field", "lab") for key in keys[1 : excepted + 1]]
    gaps = tuple(
        AcceptedGap(key, cls.name, "no control", "CISO (example)", "MEMO-9", "2027-01-01", PLACE)
        for key in keys[:2]
        for cls in classes[:3]
    )
    made = deployment(devices=tuple(classes), accepted_gaps=gaps if classes else ())
    return resolve([ban_list(*bans, exceptions=waivers)], made, NOTHING_KNOWN, DAY)


def _said(found: Verification, folder: str = "") -> Any:
    """Return everything a verification says of the ban, without where the build lies."""

    def local(value: str) -> str:
        return value.replace(f"{folder}/", "") if folder else value

    return {
        "sentence": sentence(found),
        "counts": found.counts.plain,
        "rows": rows(found),
        "classes": [(v.cls.name, sorted(map(local, v.documents)), found.counted(v).plain) for v in found.classes],
        "gaps": [
            (
                [app.key for app in g.apps],
                g.cls.name,
                g.verdict,
                g.state,
                local(g.sentence),
                g.states,
                g.escapes,
                g.hint,
                g.accepted,
            )
            for g in (*found.gaps, *found.accepted)
        ],
        "notes": list(map(local, found.notes)),
        "failures": [(f.id, local(f.message)) for f in found.failures],
        "variants": found.variants,
    }


def _check(resolution: Resolution, names: Sequence[str] | None, options: dict[str, Any]) -> None:
    made, files = built(resolution, names, options=options)
    if not made.documents:
        return
    ours = judged(resolution, made)
    record = record_of(resolution, made, ours, [], {}, "p", BuildCommand())
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "out"
        for path, data in {**files, "manifest.json": encode(record)}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        theirs = verify(resolution, pieces_of(read_policies([folder])), NOTHING_KNOWN, Rules(DAY))
        assert _said(ours) == _said(theirs, str(folder))
    assert (record.sentence, record.counts, record.outcome) == (sentence(theirs), theirs.counts.plain, theirs.outcome)
    assert [one.counts for one in record.device_classes] == [theirs.counted(one).plain for one in theirs.classes]
    assert [tuple(one.classes.values()) for one in record.coverage] == [row.words for row in rows(theirs)]
    assert theirs.counts.pairs == len(theirs.apps) * len(theirs.classes)


@pytest.mark.parametrize("classes", [pytest.param(CLASSES, id="classes"), pytest.param((), id="no-classes")])
@pytest.mark.parametrize("name", TARGETS)
def test_a_build_of_each_target_says_what_verify_says(name: str, classes: Sequence[DeviceClass]) -> None:
    for options in ({}, *choices(name)):
        _check(_resolved(one_of_each(), classes, excepted=3), [name], options)


@settings(max_examples=25, deadline=None)
@given(
    bans_for([(claim.family, claim.kind) for target in TARGETS.values() for claim in target.manifest.blocks]),
    st.lists(st.sampled_from(CLASSES), unique_by=lambda cls: cls.name, max_size=4),
    st.integers(0, 3),
    st.lists(st.sampled_from(sorted(TARGETS)), unique=True, min_size=1, max_size=5),
)
def test_any_build_says_what_verify_says(
    bans: list[Ban], classes: list[DeviceClass], excepted: int, names: list[str]
) -> None:
    _check(_resolved(bans, classes, excepted), names, {})


def test_the_golden_build_says_what_verify_says(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    printed = run("build", "--deployment", FEDERAL, *AS_OF, "-o", folder)
    assert printed.code == 0
    recorded = json.loads((folder / "manifest.json").read_bytes())
    found = run("verify", folder, "--deployment", FEDERAL, *AS_OF, "--format", "json").json
    assert " ".join(printed.out.split()).startswith(found["sentence"])
    assert " ".join(printed.out.split()).endswith(found["sentence"])
    for key in ("sentence", "counts", "outcome"):
        assert recorded[key] == found[key]
    assert {cls["name"]: cls["counts"] for cls in recorded["device_classes"]} == {
        cls["name"]: cls["counts"] for cls in found["classes"]
    }
    words = {(one["app"], one["class"]): one["word"] for one in found["verdicts"]}
    assert {(row["app"], cls): word for row in recorded["coverage"] for cls, word in row["classes"].items()} == words


_FACT = Fact("the target's manifest says so", "a test")
_RULES = st.builds(
    Rule,
    st.just("x"),
    st.just("declared"),
    st.just("block"),
    st.sampled_from(["hidden", "blocked", "removed", "not-installable"]),
    st.sampled_from(["strong", "partial", "weak"]),
    st.just(_FACT),
    introduced=st.sampled_from([{"ios": (1,)}, {"ios": (18,)}, {"macos": (1,)}]),
    supervised=st.sampled_from([None, True]),
)
_PHONES = DeviceClass("phones", "ios", PLACE, (OsBound(">=", (17,)),), True, "automated")
_NAMES = ("com.example.a", "com.example.b")


@settings(max_examples=200, deadline=None)
@given(
    _RULES,
    st.sets(st.sampled_from(_NAMES)),
    st.sets(st.sampled_from(_NAMES)),
    st.booleans(),
    st.sampled_from(["weak", "partial"]),
)
def test_nothing_is_proven_by_a_manifests_word_without_saying_so(
    rule: Rule, own: set[str], known: set[str], first: bool, strength: Any
) -> None:
    bans = [inline(name, identifier("ios", "bundle_id", name)) for name in _NAMES]
    made = resolve([ban_list(*bans)], deployment(devices=(_PHONES,)), NOTHING_KNOWN, DAY)
    document = kinds.open_document("own.json", json.dumps({"apps": sorted(own)}).encode())
    declared = piece(document, read_back=(("/apps/*", "ios", "bundle_id", rule),), named=False)
    pieces = [declared, piece(blocking(*sorted(known)), named=False)]
    found = verify(made, pieces if first else pieces[::-1], NOTHING_KNOWN, Rules(DAY, strength))
    assert "declared" in sentence(found)
    alone = verify(made, [piece(blocking(*sorted(known)), named=False)], NOTHING_KNOWN, Rules(DAY, strength))
    assert found.counts.blocked - found.counts.declared == alone.counts.blocked

"""What the program knows, in words: claims with their conditions, targets, and whether a list is in force."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from build_kit import TARGETS

from mdm_policy.errors import Origin
from mdm_policy.model import ListStatus
from mdm_policy.report import reference
from mdm_policy.targets import Claim, Option


def claim(**more: Any) -> Claim:
    return Claim(
        **{
            "family": "ios",
            "kind": "bundle_id",
            "verdict": "hidden",
            "strength": "strong",
            "platforms": {"ios": "15"},
            "source": "x",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({}, "hidden (strong) on ios 15 and later", id="bare"),
        pytest.param({"platforms": {"android": "0"}}, "hidden (strong) on android", id="any-version"),
        pytest.param(
            {"platforms": {"tvos": "11", "ios": "9.3"}},
            "hidden (strong) on ios 9.3 and later, tvos 11 and later",
            id="sorted",
        ),
        pytest.param({"supervised": True}, "hidden (strong) on ios 15 and later; only: supervised", id="supervised"),
        pytest.param({"supervised": False}, "hidden (strong) on ios 15 and later", id="not-supervised"),
        pytest.param(
            {"enrollments": ("automated", "device")},
            "hidden (strong) on ios 15 and later; only: automated or device enrollment",
            id="enrollments",
        ),
        pytest.param(
            {"modes": ("cope",), "sides": ("personal",), "origins": ("store", "sideloaded")},
            "hidden (strong) on ios 15 and later; only: cope mode, personal side, store or sideloaded apps",
            id="android",
        ),
        pytest.param(
            {"option": "a", "unless": "b"},
            "hidden (strong) on ios 15 and later; only: with option a, without option b",
            id="options",
        ),
        pytest.param({"capacity": 500}, "hidden (strong) on ios 15 and later; at most 500 entries", id="capacity"),
    ],
)
def test_the_terms_of_a_claim(more: dict[str, Any], said: str) -> None:
    assert reference.terms(claim(**more)) == said
    assert reference.claim_sentence(claim(**more)) == f"ios bundle_id: {said}"


def test_every_condition_a_claim_can_have_is_in_its_terms() -> None:
    """A field that is added to claims and forgotten here would promise more than the target does."""
    told = {
        "platforms",
        "supervised",
        "enrollments",
        "modes",
        "sides",
        "origins",
        "option",
        "unless",
        "capacity",
        "cannot_hold",
    }
    named = {"family", "kind", "joined_with", "verdict", "strength", "name", "source", "capacity_source"}
    assert set(Claim.__struct_fields__) == told | named


def test_a_target_with_nothing_to_need_or_lack_has_no_empty_headings() -> None:
    target = TARGETS["macos-santa"]
    manifest = msgspec.structs.replace(target.manifest, needs=(), cannot=(), options={}, alternative_group="")
    printed = reference.target(msgspec.structs.replace(target, manifest=manifest), 80)
    assert not {"Needs", "Cannot", "Options"} & set(printed.splitlines())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        pytest.param(Option("Do it.", False), "  - x: Do it. Default: false.", id="flag"),
        pytest.param(Option("How many.", 3), "  - x: How many. Default: 3.", id="number"),
        pytest.param(Option("Which.", "a", ("a", "b")), "  - x: Which. Default: a (a | b).", id="choice"),
    ],
)
def test_an_option_says_its_default_and_choices(option: Option, said: str) -> None:
    target = TARGETS["macos-santa"]
    manifest = msgspec.structs.replace(target.manifest, options={"x": option})
    printed = reference.target(msgspec.structs.replace(target, manifest=manifest), 80)
    assert said in printed.splitlines()


@pytest.mark.parametrize(
    ("state", "sentence", "said"),
    [
        pytest.param("in-force", "in force since 2020-01-01", "in force since 2020-01-01", id="in-force"),
        pytest.param("revoked", "revoked on 2021-06-09 by X", "revoked on 2021-06-09 by X", id="revoked"),
        pytest.param(
            "pending", "not in force before 2027-01-01", "pending: not in force before 2027-01-01", id="pending"
        ),
        pytest.param("adopted", "revoked on 2021-06-09 by X", "adopted: revoked on 2021-06-09 by X", id="adopted"),
    ],
)
def test_the_standing_of_a_list_is_said_once(state: str, sentence: str, said: str) -> None:
    assert reference.standing(ListStatus("x", "X", "Memo", state, sentence, Origin("x.yaml"))) == said

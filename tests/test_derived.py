"""What follows from the identifiers of an app."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mdm_policy.derived import derive
from mdm_policy.errors import Origin
from mdm_policy.identifiers import is_valid
from mdm_policy.model import Identifier


def one(family: Any, kind: Any, value: str, confidence: Any = "verified", line: int = 1) -> Identifier:
    return Identifier(family, kind, value, Origin("list.yaml", line), confidence, (f"source {line}",))


def test_each_team_and_bundle_id_make_a_signing_id_as_sure_as_the_weaker() -> None:
    team, weak = one("macos", "team_id", "5A4RE8SF68"), one("macos", "bundle_id", "com.b.c", "unsourced", 2)
    made = derive([team, weak, one("macos", "bundle_id", "com.a.b", "verified", 3)])
    assert [(m.kind, m.value, m.confidence, m.origin.line, m.derived_from) for m in made] == [
        ("signing_id", "5A4RE8SF68:com.a.b", "verified", 3, "com.a.b"),
        ("signing_id", "5A4RE8SF68:com.b.c", "unsourced", 2, "com.b.c"),
    ]
    assert made[1].sources == weak.sources


def test_the_team_is_the_weaker_parent_when_it_is() -> None:
    made = derive([one("macos", "team_id", "5A4RE8SF68", "unverified", 7), one("macos", "bundle_id", "com.a.b")])
    assert (made[0].confidence, made[0].origin.line) == ("unverified", 7)


def test_package_families_make_appx_names_and_the_surest_wins() -> None:
    made = derive(
        [
            one("windows", "package_family_name", "A.B_8wekyb3d8bbwe", "unsourced", 1),
            one("windows", "package_family_name", "A.B_a99ra4d2cbcxa", "verified", 2),
            one("windows", "package_family_name", "A.B_924xes6e8q1tw", "single-source", 3),
        ]
    )
    assert [(m.kind, m.value, m.confidence, m.derived_from) for m in made] == [
        ("appx_name", "A.B", "verified", "A.B_a99ra4d2cbcxa")
    ]


def test_a_publisher_with_a_comma_has_two_spellings() -> None:
    made = derive([one("windows", "publisher", "O=A, INC, C=US"), one("windows", "publisher", "O=B, C=US")])
    assert [(m.kind, m.value, m.derived_from) for m in made] == [("publisher", 'O="A, INC", C=US', "O=A, INC, C=US")]


def test_a_signing_id_has_the_role_of_its_bundle_id() -> None:
    helper = replace(one("macos", "bundle_id", "com.a.b"), role="helper")
    (made,) = derive([one("macos", "team_id", "5A4RE8SF68", "unsourced"), helper])
    assert made.role == "helper"


def test_nothing_is_derived_that_is_given_or_that_lacks_a_parent() -> None:
    given_ = [
        one("macos", "team_id", "5A4RE8SF68"),
        one("macos", "bundle_id", "com.a.b"),
        one("macos", "signing_id", "5A4RE8SF68:com.a.b"),
        one("ios", "bundle_id", "com.c.d"),
    ]
    assert derive(given_) == ()
    assert derive(iter([one("ios", "bundle_id", "com.c.d"), one("macos", "team_id", "5A4RE8SF68")])) == ()


@given(
    st.permutations([one("macos", "team_id", f"{n}A4RE8SF68") for n in range(2)] + [one("macos", "bundle_id", "a.b")])
)
def test_derivation_does_not_depend_on_order(given_: list[Identifier]) -> None:
    made = derive(given_)
    assert [m.value for m in made] == ["0A4RE8SF68:a.b", "1A4RE8SF68:a.b"]
    assert all(is_valid(m.family, m.kind, m.value) for m in made)

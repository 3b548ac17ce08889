"""Hold that what a rule asks for at once is one identifier, the same for the rule and for an app that bears all of it."""

from __future__ import annotations

from typing import Any

import pytest
from kind_documents import app

from mdm_policy.decide.builds import Key, plan
from mdm_policy.joined import joined
from mdm_policy.vocabulary import Kind  # noqa: TC001 - tables at run time

_SIGNER: dict[Kind, str] = {"publisher_cn": "Example, Inc.", "certificate": "AB" * 20}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({"product_name": "Example Tool"}, ("product_name", "Example Tool"), id="one by itself"),
        pytest.param(_SIGNER, ("publisher_cn", f"Example, Inc.; certificate={'ab' * 20}"), id="signer"),
        pytest.param(
            {"publisher": 'O="A, INC.", C=US', "original_file_name": "Tool.EXE"},
            ("original_file_name", "tool.exe; publisher=O=A, INC., C=US"),
            id="publisher and file",
        ),
        pytest.param(
            {**_SIGNER, "product_name": "Tool"},
            ("product_name", f"tool; publisher_cn=Example, Inc.; certificate={'ab' * 20}"),
            id="signer and product",
        ),
    ],
)
def test_the_parts_of_a_rule_are_one_identifier(parts: dict[Kind, str], expected: tuple[Kind, str]) -> None:
    assert joined(parts) == expected
    assert joined(dict(reversed(parts.items()))) == expected


def _matches(*identifiers: Any) -> list[set[Key]]:
    return [set(match) for build in plan(app(*identifiers), "windows").builds for match in build.matches]


def test_every_combination_that_an_app_may_bear_is_asked_for() -> None:
    names = [("windows", "publisher", "O=A"), ("windows", "publisher", "O=B"), ("windows", "product_name", "T")]
    found = _matches(*names)
    assert {("windows", "publisher", "O=A"), ("windows", "publisher", "O=B")} in found
    assert {("windows", "product_name", "t")} in found
    assert {("windows", "product_name", "t; publisher=o=a"), ("windows", "product_name", "t; publisher=o=b")} in found
    assert len(found) == 3


def test_a_signer_is_a_name_with_every_certificate() -> None:
    issuers = [("windows", "certificate", digit * 40) for digit in "ab"]
    found = _matches(("windows", "publisher_cn", "N"), *issuers)
    assert {("windows", "publisher_cn", f"N; certificate={digit * 40}") for digit in "ab"} in found
    assert {("windows", "publisher_cn", "N")} in found
    assert set(issuers) in found


def test_a_certificate_alone_tells_of_no_program() -> None:
    assert _matches(("windows", "certificate", "a" * 40)) == []


def test_a_name_on_disk_may_be_the_original_file_name() -> None:
    (build,) = plan(app(("windows", "executable", "Tool.exe")), "windows").builds
    assert build.matches == ((("windows", "executable", "tool.exe"),),)
    assert build.guesses == ((("windows", "original_file_name", "tool.exe"),),)


def test_a_family_name_is_a_name_of_its_package() -> None:
    found = _matches(("windows", "package_family_name", "A.B_8wekyb3d8bbwe"))
    assert found == [{("windows", "appx_name", "A.B")}, {("windows", "package_family_name", "A.B_8wekyb3d8bbwe")}]


def test_too_many_combinations_are_not_asked_for() -> None:
    many = [
        ("windows", kind, f"{kind}{n}") for kind in ("product_name", "publisher_cn", "certificate") for n in range(50)
    ]
    assert max(map(len, _matches(*many))) == 50

"""Hold the lists of words to one another: each stands once, and none has a word that its type lacks."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from mdm_policy import vocabulary as words

ROOM = Path(words.__file__).parent


@pytest.mark.parametrize(
    ("listed", "typed"),
    [
        pytest.param(words.FAMILIES, words.Family, id="families"),
        pytest.param(words.FAMILY_OF, words.Platform, id="families of platforms"),
        pytest.param(words.KINDS_BY_FAMILY, words.Family, id="kinds by family"),
        pytest.param(words.MODES_BY_CONTROL, words.Mode, id="modes by control"),
        pytest.param(words.SIDES_OF, words.Mode, id="sides of modes"),
        pytest.param((*words.CATALOGUE_CONFIDENCES, "stated"), words.Confidence, id="confidences"),
        pytest.param((*words.INSTALLED_ORIGINS, "web"), words.AppOrigin, id="origins"),
        pytest.param(words.STRENGTH_RANK, words.Strength, id="strengths"),
        pytest.param((*words.VERDICT_RANK, "excepted", "not-applicable"), words.Verdict, id="verdicts"),
    ],
)
def test_a_list_has_the_words_of_its_type(listed: object, typed: object) -> None:
    assert sorted(listed) == sorted(get_args(typed))  # type: ignore[call-overload]


def test_each_kind_belongs_to_a_family_and_each_apple_platform_to_one_of_apple() -> None:
    assert {kind for kinds in words.KINDS_BY_FAMILY.values() for kind in kinds} == set(words.KINDS)
    assert [one for one in words.PLATFORMS if words.FAMILY_OF[one] in ("ios", "macos")] == list(words.APPLE_PLATFORMS)
    assert {side for sides in words.SIDES_OF.values() for side in sides} == set(get_args(words.Side))
    assert set(words.DEFAULT_DUTIES) < set(words.DUTIES)


def test_what_targets_may_claim_is_what_holds_an_app_back() -> None:
    holding = [verdict for verdict, rank in words.VERDICT_RANK.items() if rank >= words.VERDICT_RANK["not-installable"]]
    assert sorted(holding) == sorted(get_args(words.ClaimedVerdict))


_ONCE = {
    frozenset(one): name
    for name, one in {
        "families": words.FAMILIES,
        "platforms": words.PLATFORMS,
        "Apple's platforms": words.APPLE_PLATFORMS,
        "duties": words.DUTIES,
        "default duties": words.DEFAULT_DUTIES,
        "enrollments": words.ENROLLMENTS,
        "modes": words.MODES,
        "origins": words.APP_ORIGINS,
        "installed origins": words.INSTALLED_ORIGINS,
        "MDMs": words.MDMS,
        "strengths": words.STRENGTH_RANK,
        "verdicts by rank": words.VERDICT_RANK,
        "confidences": words.CATALOGUE_CONFIDENCES,
    }.items()
}


def test_no_module_writes_one_of_the_lists_again() -> None:
    again = [
        f"{path.relative_to(ROOM)}:{node.lineno}: {_ONCE[found]}"
        for path in sorted(ROOM.rglob("*.py"))
        if path.name != "vocabulary.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.expr)
        for found in [_texts(node)]
        if found in _ONCE
    ]
    assert again == []


def _texts(node: ast.expr) -> frozenset[str]:
    """Return the texts of a literal list, tuple, set, mapping's keys, or `Literal`."""
    if isinstance(node, ast.Dict):
        # A mapping to texts gives words for words, such as a sentence for each verdict: that is no second list.
        if any(not isinstance(value, ast.Constant) or isinstance(value.value, str) for value in node.values):
            return frozenset()
        elements: list[ast.expr | None] = list(node.keys)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        elements = list(node.elts)
    else:
        return frozenset()
    texts = [one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return frozenset(texts) if len(texts) == len(elements) else frozenset()

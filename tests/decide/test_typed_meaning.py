"""Hold what rules and scopes carry in typed fields, and that each of them is compared as what it is."""

from __future__ import annotations

from typing import get_args

import pytest

from mdm_policy.decide.contests import CONTESTS, DENY_WINS
from mdm_policy.diff.conditions import Stand, compare
from mdm_policy.kinds import RULES
from mdm_policy.reading import Audience, Condition, DeviceSlot, Expiry, Mechanism

USERS, VERSIONS, OTHERS = Condition("users", "S-1-5-21"), Condition("versions", "1..2"), Condition("users", "S-1-5-32")


def test_every_mechanism_has_a_contest_and_a_rule() -> None:
    assert set(CONTESTS) == set(get_args(Mechanism))
    assert {rule.mechanism for rule in RULES} == set(CONTESTS) - {"declared"}


def test_apple_denies_whoever_delivers_its_keys() -> None:
    assert {by for by, contest in CONTESTS.items() if contest in DENY_WINS} >= {
        "apple-restrictions",
        "apple-app-settings",
        "intune-settings-catalog",
    }
    assert CONTESTS["apple-path-lists"] not in DENY_WINS


Conditions = tuple[Condition, ...]


def _stand(*conditions: Condition, score: int = 9) -> Stand:
    return Stand(score, frozenset(conditions))


@pytest.mark.parametrize(
    ("old", "new", "order"),
    [
        pytest.param((), (), 0, id="none"),
        pytest.param((USERS, VERSIONS), (VERSIONS, USERS), 0, id="the-order-counts-for-nothing"),
        pytest.param((USERS, VERSIONS), (VERSIONS,), -1, id="one-condition-less"),
        pytest.param((), (USERS,), 1, id="a-condition-more"),
        pytest.param((USERS,), (USERS, VERSIONS), 1, id="a-condition-beside-another"),
        pytest.param((USERS,), (OTHERS,), 1, id="other-users"),
        pytest.param((USERS,), (VERSIONS,), 1, id="another-condition"),
    ],
)
def test_conditions_are_compared_as_sets(old: Conditions, new: Conditions, order: int) -> None:
    assert compare([_stand(*old)], [_stand(*new)]) == order


@pytest.mark.parametrize(
    ("old", "new", "order"),
    [
        pytest.param([(USERS,), (OTHERS,)], [(OTHERS,), (USERS,)], 0, id="the-order-of-rules"),
        pytest.param([(USERS,), (OTHERS,)], [(USERS,)], 1, id="the-second-is-gone"),
        pytest.param([(USERS,), (OTHERS,)], [(OTHERS,)], 1, id="the-first-is-gone"),
        pytest.param([(USERS,)], [(USERS,), (OTHERS,)], -1, id="a-second-one"),
        pytest.param([(), (OTHERS,)], [()], 0, id="a-wider-one-stays"),
        pytest.param([(USERS,), (OTHERS,)], [()], -1, id="a-wider-one-for-both"),
        pytest.param([(USERS, VERSIONS), (OTHERS,)], [(USERS,), (VERSIONS,)], 1, id="one-wider-and-one-gone"),
        pytest.param([], [(USERS,)], -1, id="the-first-one"),
    ],
)
def test_all_rules_on_a_build_count(old: list[Conditions], new: list[Conditions], order: int) -> None:
    assert compare([_stand(*one) for one in old], [_stand(*one) for one in new]) == order


def test_a_weaker_rule_makes_up_for_none() -> None:
    assert compare([_stand(USERS, score=9)], [_stand(USERS, score=8)]) == 1
    assert compare([_stand(USERS, score=8)], [_stand(USERS, score=9)]) == -1


@pytest.mark.parametrize(
    ("expiry", "said", "fixed"),
    [
        pytest.param(Expiry("2027-01-02"), "on 2027-01-02", "2027-01-02", id="a-day"),
        pytest.param(Expiry(after=60), "after 60 s", "", id="a-time"),
        pytest.param(Expiry("2027-01-02", 60), "after 60 s, or on 2027-01-02", "", id="the-earlier-of-both"),
        pytest.param(Expiry(unreadable="date"), "on a date that cannot be read", "", id="no-date"),
        pytest.param(Expiry(after=5, unreadable="date"), "after 5 s, or on a date that cannot be read", "", id="both"),
        pytest.param(Expiry(unreadable="time"), "after a time that cannot be read", "", id="no-time"),
    ],
)
def test_when_a_rule_lifts_itself(expiry: Expiry, said: str, fixed: str) -> None:
    assert (str(expiry), expiry.fixed) == (said, fixed)


@pytest.mark.parametrize(
    ("one", "other", "lasts"),
    [
        pytest.param(Expiry(after=60), Expiry(after=5), True, id="longer"),
        pytest.param(Expiry(after=5), Expiry(after=60), False, id="shorter"),
        pytest.param(Expiry("2027-01-02", 60), Expiry(after=60), False, id="a-day-beside"),
        pytest.param(Expiry("2027-01-02", 60), Expiry("2026-12-31", 60), True, id="a-later-day-beside"),
        pytest.param(Expiry(unreadable="time"), Expiry(after=1), False, id="unreadable"),
        pytest.param(Expiry("2027-01-02"), Expiry(after=1), False, id="a-day-is-no-time"),
    ],
)
def test_how_long_a_rule_lasts(one: Expiry, other: Expiry, lasts: bool) -> None:
    assert one.lasts_as_long_as(other) is lasts


@pytest.mark.parametrize(
    ("named", "said"),
    [
        pytest.param(Audience("all-of", of=("lab", "pilot")), "lab and pilot", id="both"),
        pytest.param(Audience("filter", "x", "include", ("lab",)), "lab under the filter x (include)", id="filter"),
        pytest.param(Audience("member", "Mac 1", "computers"), "computers: Mac 1", id="single"),
        pytest.param(Audience("unsure", of=("lab",)), "lab, if nothing takes it away again", id="unsure"),
        pytest.param(Audience("predicate", "a == b"), "the devices of the predicate a == b", id="predicate"),
        pytest.param(Audience("everyone", "allDevices"), "allDevices", id="everyone"),
        pytest.param(
            Audience("applicability-rule", of=("lab",)), "lab under an applicability rule", id="applicability-rule"
        ),
        pytest.param(Audience("limits", of=("lab", "b", "a")), "lab within a, b", id="limits"),
    ],
)
def test_how_devices_are_named_to_a_reader(named: Audience, said: str) -> None:
    assert str(named) == said
    assert {named}.isdisjoint({said})


def test_what_a_device_keeps_one_of_is_named() -> None:
    assert str(DeviceSlot("profile", "a.b")) == "the profile a.b"
    assert str(DeviceSlot("policy-field", "applications")) == "the field applications of an Android policy"

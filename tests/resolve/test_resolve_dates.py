"""Decide what holds on a day: each boundary has its two days, and a refusal says what ended and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from build_kit import NOTHING_KNOWN, PLACE, ban_list, deployment, identifier, ids_of, inline, waiver

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import AcceptedGap, Adoption, Resolution, Revocation
from mdm_policy.resolve import NO_ORGANIZATION, resolve, status

APP = inline("App", identifier("ios", "bundle_id", "com.example.app"))
REVOKED = Revocation("2021-06-09", "E.O. 14034")


def _adopted(since: str, *duties: Any, name: str = "our-list") -> Adoption:
    return Adoption(name, "CIO memo", since, duties or ("no-install", "no-launch"), Origin("deployment.yaml", 7, 3))


_STATES = [
    pytest.param({"effective": "2026-01-01"}, None, "2025-12-31", "pending", "not in force before 2026-01-01", id="the day before it begins"),
    pytest.param({"effective": "2026-01-01"}, None, "2026-01-01", "in-force", "in force since 2026-01-01", id="the day it begins"),
    pytest.param({"effective": None, "issued": "2026-01-01"}, None, "2025-12-31", "pending", "not in force before 2026-01-01", id="before its issue, no effective day"),
    pytest.param({"effective": None, "issued": "2026-01-01"}, None, "2026-01-01", "in-force", "in force since 2026-01-01", id="the day of its issue"),
    pytest.param({"effective": "2026-02-01", "issued": "2026-01-01"}, None, "2026-01-31", "pending", "not in force before 2026-02-01", id="issued but not effective"),
    pytest.param({"effective": None}, None, "1999-01-01", "in-force", "in force", id="no day at all"),
    pytest.param({"effective": "2021-02-19", "revoked": REVOKED}, None, "2021-06-08", "in-force", "in force since 2021-02-19", id="the last day"),
    pytest.param({"effective": "2021-02-19", "revoked": REVOKED}, None, "2021-06-09", "revoked", "revoked on 2021-06-09 by E.O. 14034", id="the day of its revocation"),
    pytest.param({"effective": "2022-01-01", "revoked": REVOKED}, None, "2021-07-01", "revoked", "revoked on 2021-06-09 by E.O. 14034", id="revoked before it began"),
    pytest.param({"duties": ()}, None, "2026-02-01", "lapsed", "its authority orders nothing about devices", id="nothing ordered"),
    pytest.param({"duties": ()}, "2026-05-01", "2026-04-30", "lapsed", "its adoption by CIO memo begins on 2026-05-01", id="the day before its adoption"),
    pytest.param({"duties": ()}, "2026-05-01", "2026-05-01", "adopted", "adopted since 2026-05-01 by CIO memo", id="the day of its adoption"),
    pytest.param({"effective": "2021-02-19", "revoked": REVOKED}, "2026-05-01", "2026-05-01", "adopted", "revoked on 2021-06-09 by E.O. 14034; adopted since", id="revoked and adopted"),
    pytest.param({"effective": "2027-01-01"}, "2026-05-01", "2026-06-01", "adopted", "not in force before 2027-01-01; adopted since", id="pending and adopted"),
    pytest.param({"effective": "2026-01-01"}, "2026-05-01", "2026-06-01", "in-force", "in force since 2026-01-01", id="in force needs no adoption"),
]  # fmt: skip


@pytest.mark.parametrize(("authority", "since", "day", "state", "sentence"), _STATES)
def test_the_state_of_a_list_on_a_day(
    authority: dict[str, Any], since: str | None, day: str, state: str, sentence: str
) -> None:
    made = ban_list(APP, **authority)
    found = status(made, _adopted(since) if since else None, day)
    assert (found.state, sentence in found.sentence) == (state, True), found.sentence
    assert (found.list, found.citation, found.origin) == ("our-list", "Order our-list", made.authority.origin)
    if state in ("in-force", "adopted"):
        assert resolve([made], deployment(adopt=(_adopted(since),)) if since else None, NOTHING_KNOWN, day).apps
    else:
        with pytest.raises(PolicyError) as failed:
            resolve([made], deployment(adopt=(_adopted(since),)) if since else None, NOTHING_KNOWN, day)
        assert f"list-{state}" in ids_of(failed.value)


_REFUSALS = [
    pytest.param({"effective": "2027-01-01"}, "list-pending", "on 2026-06-01, our-list (Order our-list) is not in force before 2027-01-01", "--as-of on or after that day, or adopt it: --adopt our-list", id="pending"),
    pytest.param({"revoked": REVOKED}, "list-revoked", "is not in force: revoked on 2021-06-09 by E.O. 14034", "write it under `adopt:` in the deployment or pass --adopt our-list", id="revoked"),
    pytest.param({"duties": ()}, "list-lapsed", "is not in force: its authority orders nothing about devices", "--adopt our-list", id="lapsed"),
]  # fmt: skip


@pytest.mark.parametrize(("authority", "finding", "message", "hint"), _REFUSALS)
def test_a_refusal_names_the_day_the_act_and_the_way_out(
    authority: dict[str, Any], finding: str, message: str, hint: str
) -> None:
    made = ban_list(APP, **authority)
    with pytest.raises(PolicyError) as failed:
        resolve([made], None, NOTHING_KNOWN, "2026-06-01")
    [refusal] = [one for one in failed.value.findings if one.severity == "error"]
    assert refusal.id == finding
    assert message in refusal.message
    assert hint in refusal.hint
    assert refusal.origin == made.authority.origin


def test_every_list_that_does_not_hold_is_refused_at_once() -> None:
    lists = [ban_list(APP, name="a", effective="2027-01-01"), ban_list(APP, name="b", revoked=REVOKED)]
    with pytest.raises(PolicyError) as failed:
        resolve(lists, None, NOTHING_KNOWN, "2026-06-01")
    assert [one.id for one in failed.value.findings if one.severity == "error"] == ["list-pending", "list-revoked"]


def test_without_enforcing_a_list_is_judged_as_it_is_written() -> None:
    made = resolve([ban_list(APP, revoked=REVOKED)], None, NOTHING_KNOWN, "2026-06-01", enforce=False)
    assert [one.state for one in made.statuses] == ["revoked"]
    assert [one.key for one in made.apps] == ["inline:" + "app-" + made.apps[0].key[-8:]]


def test_the_command_line_adopts_as_the_deployment_does_and_goes_before_it() -> None:
    lists = [ban_list(APP, duties=())]
    later = deployment(adopt=(_adopted("2030-01-01"),))
    assert _state(resolve(lists, None, NOTHING_KNOWN, "2026-06-01", adopt=[_adopted("2026-06-01")])) == "adopted"
    assert _state(resolve(lists, later, NOTHING_KNOWN, "2026-06-01", adopt=[_adopted("2026-06-01")])) == "adopted"
    with pytest.raises(PolicyError):
        resolve(lists, later, NOTHING_KNOWN, "2026-06-01", adopt=[_adopted("2026-06-01", name="another")])


def _state(made: Resolution) -> str:
    [only] = made.statuses
    return only.state


_DUTIES = [
    pytest.param(("no-traffic",), None, ("no-traffic",), id="the authority's own"),
    pytest.param((), ("no-install", "remove"), ("no-install", "remove"), id="the adoption supplies them"),
    pytest.param((), None, ("no-install", "no-launch"), id="the default, when judged as written"),
]


@pytest.mark.parametrize(("ordered", "adopted", "expected"), _DUTIES)
def test_duties(ordered: tuple[str, ...], adopted: tuple[str, ...] | None, expected: tuple[str, ...]) -> None:
    decision = [_adopted("2026-01-01", *adopted)] if adopted else []
    made = resolve([ban_list(APP, duties=ordered)], None, NOTHING_KNOWN, "2026-06-01", adopt=decision, enforce=False)
    assert [one.duties for one in made.apps] == [expected]


def test_duties_of_several_lists_add_up() -> None:
    lists = [ban_list(APP, name="a", duties=("no-install",)), ban_list(APP, name="b", duties=("remove", "no-install"))]
    [app] = resolve(lists, None, NOTHING_KNOWN, "2026-06-01").apps
    assert app.duties == ("no-install", "remove")
    assert [reason.list for reason in app.reasons] == ["a", "b"]


def test_a_deployment_names_the_organization() -> None:
    alone = resolve([ban_list(APP)], None, NOTHING_KNOWN, "2026-06-01")
    assert (alone.organization_name, alone.organization_id) == NO_ORGANIZATION
    made = resolve([ban_list(APP)], deployment(), NOTHING_KNOWN, "2026-06-01")
    assert (made.organization_name, made.organization_id) == ("Example Agency", "gov.example.agency")
    assert made.as_of == "2026-06-01"


def _gap(app: str, until: str) -> AcceptedGap:
    return AcceptedGap(app, "own iPhones", "no control", "CISO (example)", "MEMO-2 (example)", until, PLACE)


_ENDS = [
    pytest.param("2026-06-01", None, id="its last day"),
    pytest.param("2026-05-31", "ended on 2026-05-31", id="the day after"),
]


@pytest.mark.parametrize(("until", "told"), _ENDS)
def test_an_accepted_gap_holds_through_its_last_day(until: str, told: str | None) -> None:
    catalogued = inline("App", identifier("ios", "bundle_id", "com.example.app"))
    key = resolve([ban_list(catalogued)], None, NOTHING_KNOWN, "2026-06-01").apps[0].key
    made = resolve([ban_list(catalogued)], deployment(accepted_gaps=(_gap(key, until),)), NOTHING_KNOWN, "2026-06-01")
    found = [one for one in made.findings if one.id.startswith("accepted-gap")]
    assert [(one.id, (told or "") in one.message) for one in found] == (
        [("accepted-gap-expired", True)] if told else []
    )
    assert made.accepted_gaps[0].until == until


def test_an_accepted_gap_for_what_no_list_bans_is_told() -> None:
    made = resolve(
        [ban_list(APP)], deployment(accepted_gaps=(_gap("nothing", "2030-01-01"),)), NOTHING_KNOWN, "2026-06-01"
    )
    assert [one.id for one in made.findings if one.id.startswith("accepted-gap")] == ["accepted-gap-unused"]


_WAIVED = [
    pytest.param("2026-05-31", 1, ["exception-expired"], id="the day after its last"),
    pytest.param("2026-06-01", 2, ["exception-ends-soon"], id="its last day"),
    pytest.param("2026-07-01", 2, ["exception-ends-soon"], id="thirty days before its last"),
    pytest.param("2026-07-02", 2, [], id="thirty-one days before its last"),
]


@pytest.mark.parametrize(("until", "count", "told"), _WAIVED)
def test_an_exception_holds_through_its_last_day(until: str, count: int, told: list[str]) -> None:
    other = inline("other", identifier("ios", "bundle_id", "com.example.other"))
    made = resolve(
        [ban_list(APP, other, exceptions=[waiver("inline:other", "lab", until=until)])],
        None,
        NOTHING_KNOWN,
        "2026-06-01",
    )
    assert len(made.variants) == count
    assert [one.id for one in made.findings if one.id.startswith("exception")] == told
    if told == ["exception-expired"]:
        assert "the ban applies to lab again" in next(one for one in made.findings if one.id == told[0]).message

"""Hold columns of effects to what the effects say one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy.decide.builds import compared
from mdm_policy.decide.columns import Acts, Sets, by_kind, places_in, select
from mdm_policy.kinds import RULES
from mdm_policy.reading import Column, Effect, Effects, Reading, Run, Scope

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Family, Kind

_KINDS: tuple[tuple[Family, Kind], ...] = (("ios", "bundle_id"), ("windows", "executable"), ("web", "domain"))
_EFFECTS = st.lists(
    st.builds(
        lambda rule, kind, value, place: Effect(rule, kind[0], kind[1], value, f"/{place}"),
        st.sampled_from(RULES[:3]),
        st.sampled_from(_KINDS),
        st.sampled_from(["a", "A", "b", "B.exe"]),
        st.integers(0, 9),
    ),
    max_size=12,
).map(tuple)


def reading(effects: tuple[Effect, ...]) -> Reading:
    return Reading("f", "apple-profile", effects, (), Scope(), ())


@given(_EFFECTS)
def test_columns_hold_what_a_sequence_of_effects_holds(effects: tuple[Effect, ...]) -> None:
    made = Effects.of(effects)
    assert Effects.of(made) is made
    assert (len(made), tuple(made), made == effects) == (len(effects), effects, True)
    assert made == Effects(made.columns)
    assert hash(made) == hash(Effects.of(effects))
    assert made != list(effects)
    assert made[1:3] == effects[1:3]
    assert [made[place] for place in range(len(made))] == list(effects)
    assert [effect for column in made.columns for effect in column] == list(effects)


@given(_EFFECTS, st.sets(st.sampled_from(["a", "A", "b.exe", "b"])))
def test_some_effects_are_selected_as_devices_compare_them(effects: tuple[Effect, ...], values: set[str]) -> None:
    keys = {(*kind, value) for kind in _KINDS[:2] for value in values}
    wanted = by_kind(keys)
    assert select(reading(effects), wanted).effects == tuple(e for e in effects if compared(e.key) in keys)
    kept = tuple(e for e in effects if e.family == "web" or compared(e.key) in keys)
    assert select(reading(effects), wanted, ("web",)).effects == kept


@given(_EFFECTS, _EFFECTS)
def test_acts_tell_two_sides_apart(old: tuple[Effect, ...], new: tuple[Effect, ...]) -> None:
    sets = Sets()
    sides = (Acts(sets), Acts(sets))
    plain: tuple[dict[tuple[str, str, str], set[int]], ...] = ({}, {})
    for effects, acts, said in zip((old, new), sides, plain, strict=True):
        for column in Effects.of(effects).columns:
            acts.add(RULES.index(column.rule), column)
        for effect in effects:
            said.setdefault(compared(effect.key), set()).add(RULES.index(effect.rule))
    every = plain[0].keys() | plain[1].keys()
    for acts, said in zip(sides, plain, strict=True):
        assert acts.keys() == said.keys()
        assert {key: set(acts.on(key)) for key in every} == {key: said.get(key, set()) for key in every}
    for wanted, asked in ((every, True), ({key for key in every if plain[0].get(key) != plain[1].get(key)}, False)):
        found = sides[0].beside(sides[1], every=asked)
        assert {(*kind, value) for (kind, _, _), values in found.items() for value in values} == wanted
        for (kind, here, there), values in found.items():
            for value in values:
                assert [acts.on((*kind, value)) for acts in sides] == [sets[here], sets[there]]


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from("aAbc"), max_size=3)), max_size=6))
def test_equal_columns_act_as_each_of_them_would(added: list[tuple[int, list[str]]]) -> None:
    acts = Acts()
    said: dict[str, set[int]] = {}
    for number, values in added:
        acts.add(number, Column(RULES[0], "ios", "bundle_id", values, Run("", range(len(values)))))
        for value in values:
            said.setdefault(value, set()).add(number)
    assert {value: set(acts.on(("ios", "bundle_id", value))) for value in "aAbc"} == {
        value: said.get(value, set()) for value in "aAbc"
    }


def test_pointers_are_written_out_when_somebody_asks() -> None:
    run = Run("/a", range(3), "/value")
    assert list(run) == [run[0], run[1], run[2]] == ["/a/0/value", "/a/1/value", "/a/2/value"]
    assert len(run) == 3
    assert list(run.under("/outer").only([0, 2])) == ["/outer/a/0/value", "/outer/a/2/value"]
    column = Column(RULES[0], "ios", "bundle_id", ["x", "y", "x"], run)
    assert [places_in(column, wanted) for wanted in ({"x"}, {"x", "z"}, {"z"}, ())] == [[0, 2], [0, 2], [], []]
    assert [effect.pointer for effect in column.only([2])] == ["/a/2/value"]
    written = msgspec.structs.replace(column, pointers=("/1", "/2", "/3"))
    assert [effect.pointer for effect in written.only([1])] == ["/2"]

"""Say in words which devices a set of states describes: only what tells them apart from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.vocabulary import APPLE_PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.decide import DeviceState
    from mdm_policy.diff.grid import Point

_MANAGED = {"automated", "device"}


def who(chosen: Sequence[Point], all_points: Sequence[Point]) -> str:
    """Describe the devices of some points among all the points that were judged; platforms that read alike are one."""
    lines: dict[str, list[str]] = {}
    atoms = {point.atom.words for point in chosen} if any(p.atom.declared for p in chosen) else None
    beside = [point for point in all_points if atoms is None or point.atom.words in atoms]
    for platform in dict.fromkeys(point.platform for point in chosen):
        mine = {state for p in chosen if p.platform == platform for state in p.states}
        every = {state for p in beside if p.platform == platform for state in p.states}
        lines.setdefault(_states(platform, mine, every), []).append(platform)
    said = "; ".join(f"{', '.join(platforms)}{words}" for words, platforms in lines.items())
    reached = dict.fromkeys(point.atom.words for point in chosen)
    if set(reached) != {point.atom.words for point in all_points} or any(p.atom.declared for p in chosen):
        said = f"{said}; {', '.join(word for word in reached if word)}".removesuffix("; ")
    days = sorted({point.day for point in chosen})
    return f"{said}; from {days[0]} on" if days[0] else said


def _states(platform: str, mine: set[DeviceState], every: set[DeviceState]) -> str:
    words = [_versions({state.os for state in mine}, {state.os for state in every})]
    supervised = {state.supervised for state in mine}
    enrollments = {state.enrollment for state in mine}
    if platform in APPLE_PLATFORMS:
        if len(supervised) < len({state.supervised for state in every}):
            words.append("supervised" if True in supervised else "unsupervised")
        if enrollments != {state.enrollment for state in every} and not (
            supervised == {True} and enrollments == _MANAGED
        ):
            words.append(f"{_either(enrollments)} enrollment")
    sides = {_side(state) for state in mine}
    if sides != {_side(state) for state in every}:
        words.append(_either(sides))
    origins = {state.origin for state in mine}
    if origins != {state.origin for state in every}:
        words.append(f"{_either(origins)} apps")
    kept = [word for word in words if word]
    return f" {', '.join(kept)}" if kept and words[0] else f", {', '.join(kept)}" if kept else ""


def _side(state: DeviceState) -> str:
    return state.mode if state.side == "device" else f"{state.mode} ({state.side} side)"


def _either(values: Iterable[str]) -> str:
    return " or ".join(sorted(value for value in values if value))


def _versions(mine: set[tuple[int, ...]], every: set[tuple[int, ...]]) -> str:
    """Write versions as stretches: every version stands for those up to the next one."""
    if mine == every:
        return ""
    order = sorted(every)
    parts = []
    start: int | None = None
    for place, version in enumerate([*order, None]):
        if version in mine:
            start = place if start is None else start
        elif start is not None:
            parts.append(_stretch(order, start, place))
            start = None
    return " or ".join(parts)


def _stretch(order: Sequence[tuple[int, ...]], start: int, end: int) -> str:
    first = ".".join(map(str, order[start]))
    if end == len(order):
        return f"{first} and later"
    after = ".".join(map(str, order[end]))
    return f"before {after}" if start == 0 else f"{first} to before {after}"

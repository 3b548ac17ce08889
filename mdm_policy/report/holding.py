"""Write which objects of ours are not made, and whose objects hold their bans in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.report import markdown
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.push.model import LeftToOthers


def lines(held: Sequence[LeftToOthers], width: int) -> Iterator[str]:
    """Write them for people."""
    for one in held:
        yield fill(f"not made: {one.kind} {one.name}", width, "  ", "      ")
        yield fill(f"its bans are held by {one.named} (not ours)", width, "      ", "        ")


def rows(held: Sequence[LeftToOthers]) -> list[tuple[str, ...]]:
    """Write them as rows of the table of a plan's actions."""
    means = "its bans are held by {} (not ours)"
    return [
        tuple(map(markdown.escape, ("not made", f"{one.kind} {one.name}", "", means.format(one.named)))) for one in held
    ]


def plain(held: Sequence[LeftToOthers]) -> list[Any]:
    """Write them for programs."""
    made: list[Any] = msgspec.to_builtins(held)
    return made


def counted(held: Sequence[LeftToOthers]) -> str:
    """Say how many there are, in the words that end the counts of a plan; nothing where there are none."""
    return f", {len(held)} left to others" if held else ""

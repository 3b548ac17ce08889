"""Decisions are numbered: each number once, none left out, and the title bears it."""

from __future__ import annotations

from pathlib import Path

FILES = sorted((Path(__file__).parent.parent / "docs" / "adr").glob("*.md"))


def test_every_decision_has_a_number_of_its_own() -> None:
    assert [int(path.name[:4]) for path in FILES] == list(range(1, len(FILES) + 1))
    heads = [path.read_text(encoding="utf-8").splitlines()[0] for path in FILES]
    assert [head for place, head in enumerate(heads, 1) if not head.startswith(f"# {place}. ")] == []

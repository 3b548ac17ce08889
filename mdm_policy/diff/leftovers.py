"""Find out whether what lost its effect still stands in the new documents, where a person takes it for a ban."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mdm_policy.decide.columns import values_of
from mdm_policy.joined import parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.decide.columns import KindOf
    from mdm_policy.diff.mentions import Mentions
    from mdm_policy.diff.model import Direction
    from mdm_policy.diff.parts import Coded
    from mdm_policy.diff.units import Unit
    from mdm_policy.vocabulary import Kind

SUBJECT = "\0"
"""What stands for each member's own name in what is said of all members of a unit; no document may hold it."""

_Found = tuple["Direction", str]


class Remains:
    """Look for texts of one part's old side among all that both sides write."""

    def __init__(self, old: Coded, mentions: tuple[Mentions, Mentions]) -> None:
        """Remember the sides; nothing is read yet."""
        self._old = old
        self._was, self._now = mentions

    def of(self, unit: Unit) -> _Found | None:
        """Return what a unit's own entries have become, if they still stand there."""
        values = dict.fromkeys(e.value for key in sorted(unit.keys) for _, e in self._old.effects.get(key, ()))
        parts = (value.partition(":")[2] for value in values if ":" in value)
        found = self._found(tuple(dict.fromkeys((*values, *(part for part in parts if part)))))
        mine = (e for key in sorted(unit.keys) for _, e in self._old.effects.get(key, ()))
        return found or next(filter(None, (self._in_parts(e.kind, e.value) for e in mine)), None)

    def of_members(self, unit: Unit) -> list[tuple[_Found | None, Sequence[str]]]:
        """Return what the entries of a unit's members have become, with those of whom it is true.

        `SUBJECT` stands for the name of a member that is written as it is compared.
        """
        kind = (unit.family, unit.app.identifiers[0].kind)
        forms = self._forms(kind, unit.members) if kind[1] == "executable" else {}
        written = [text for value in unit.members for text in forms[value]] if forms else unit.members
        suspects = self._now.among(written, self._was)
        found: defaultdict[_Found | None, list[str]] = defaultdict(list)
        for value in unit.members:
            texts = forms.get(value, (value,))
            said = None if suspects.isdisjoint(texts) else self._found(texts)
            said = said or self._in_parts(kind[1], value)
            found[(said[0], said[1].replace(repr(value), f"'{SUBJECT}'")) if said else None].append(value)
        return list(found.items())

    def _found(self, texts: Sequence[str]) -> _Found | None:
        was, now = self._was, self._now
        for text in texts:
            whole = [value for value in texts if value.endswith(f":{text}")]
            if now.count(text) and now.idle(text, *whole) > was.idle(text, *whole):
                return "INEFFECTIVE", f"{text!r} still stands in the documents, in a place where it has no effect"
        for text in texts:
            alike = now.alike(text, was)
            if alike:
                said = f"{text!r} is now written {alike[0]!r}, which names no such app: devices compare every character"
                return "INEFFECTIVE", said
        return None

    def _in_parts(self, kind: Kind, value: str) -> _Found | None:
        """Return what has become of an identifier that is written in several places, a product and its publisher say."""
        parts = parted(kind, value).values()
        if len(parts) < 2 or not self._now.stand(parts, self._was):
            return None
        return "INEFFECTIVE", f"{value!r} still stands in the documents, in a place where it has no effect"

    def _forms(self, kind: KindOf, values: Iterable[str]) -> dict[str, list[str]]:
        """Return how the old documents write identifiers that devices compare without regard to case."""
        forms: dict[str, list[str]] = {value: [] for value in values}
        for _, column in self._old.columns(kind):
            for value, text in zip(values_of(column), column.values, strict=True):
                known = forms.get(value)
                if known is not None and text not in known:
                    known.append(text)
        return forms

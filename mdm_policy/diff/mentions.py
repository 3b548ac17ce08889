"""Find what is still written in documents though no reader gives it an effect: the mark of a ban that went wrong.

A list under a misspelt key, an entry in another case, a look-alike letter: the person who looks at the console sees the
app, and the device does not.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.publishers import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.reading import Column, Reading

_LONGEST = 1000
"""No identifier is longer; a text that is may be a whole document."""
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u03bf\u03bd\u03b101i|",
    "aeopcxyljsdhkmtova" + "olll",
)
"""Cyrillic and Greek letters and digits that look like a Latin letter; `i`, `l`, `1` and `|` all count as `l`."""


class Mentions:
    """Hold every text of some documents, counted; read only when somebody asks."""

    def __init__(self, documents: Iterable[Document], readings: Iterable[Reading] = ()) -> None:
        """Remember the documents, and what they do."""
        self._documents = tuple(documents)
        self._readings = tuple(readings)
        self._acting: Counter[str] | None = None
        self._counted: Counter[str] | None = None
        self._caseless: Counter[str] | None = None
        self._folded: tuple[dict[str, str], dict[str, list[str]]] | None = None

    def count(self, value: str) -> int:
        """Return how often a text stands in the documents, whole or as the last part of a path."""
        return self._texts()[value]

    def idle(self, value: str, *whole: str) -> int:
        """Return in how many places a text stands where it has no effect, by itself or as a part of `whole` identifiers."""
        if self._acting is None:
            self._acting = Counter()
            for reading in self._readings:
                self._acting.update(_acting(reading))
        return max(0, self.count(value) - sum(map(self._acting.__getitem__, {value, *whole})))

    def stand(self, parts: Iterable[str], before: Mentions) -> bool:
        """Tell whether all the parts of an identifier stand in the documents as often as before, in whatever case."""
        mine, was = self._without_case(), before._without_case()
        return all(mine[part] >= was[part] > 0 for part in map(_caseless, parts))

    def alike(self, value: str, before: Mentions) -> tuple[str, ...]:
        """Return the texts, new since `before`, that a person takes for the given one, and a device does not."""
        first, rest = self._fresh(before)
        look = fold(value)
        found = {first[look], *rest.get(look, ())} if look in first else set()
        return tuple(sorted(found - {value}))

    def among(self, values: Sequence[str], before: Mentions) -> set[str]:
        """Return those of many texts that stand in the documents, or that a person takes for one that is new."""
        counted, (first, _) = self._texts(), self._fresh(before)
        looks = zip(values, fold_all(values), strict=True) if first else ()
        return {value for value in values if value in counted}.union(value for value, look in looks if look in first)

    def _fresh(self, before: Mentions) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Map what texts that are new since `before` look like to the first of them, and to any others."""
        if self._folded is None:
            fresh = [text for text in self._texts().keys() - before._texts().keys() if len(text) <= _LONGEST]
            looks = fold_all(fresh)
            first = dict(zip(reversed(looks), reversed(fresh), strict=True))
            rest: dict[str, list[str]] = {}
            for text, look in zip(fresh, looks, strict=True) if len(first) < len(fresh) else ():
                if first[look] is not text:
                    rest.setdefault(look, []).append(text)
            self._folded = first, rest
        return self._folded

    def _without_case(self) -> Counter[str]:
        if self._caseless is None:
            self._caseless = Counter()
            for text, count in self._texts().items():
                self._caseless[_caseless(text)] += count
        return self._caseless

    def _texts(self) -> Counter[str]:
        if self._counted is None:
            found = Counter(chain.from_iterable(map(texts, self._documents)))
            self._counted = Counter(found)
            for text, count in found.items():
                if ("\\" in text or "/" in text) and (tail := _tail(text)):
                    self._counted[tail] += count
        return self._counted


def _acting(reading: Reading) -> Iterator[str]:
    """Yield the identifiers that have an effect, once for each place."""
    kinds: dict[tuple[str, str], list[Column]] = {}
    for column in reading.columns:
        kinds.setdefault((column.family, column.kind), []).append(column)
    for columns in kinds.values():
        values: Iterable[str] = columns[0].values
        if len(columns) > 1:
            each = (zip(column.values, column.pointers, strict=True) for column in columns)
            values = [value for value, _ in dict.fromkeys(chain.from_iterable(each))]
        yield from values


def fold(text: str) -> str:
    """Fold a text to what it looks like."""
    shown = text
    if not text.isprintable() or " " in text or not text.isascii():
        shown = "".join(char for char in text if char.isprintable() and not char.isspace())
    if not shown.isascii():
        shown = "".join(char for char in unicodedata.normalize("NFKD", shown) if not unicodedata.combining(char))
    return shown.casefold().translate(_ALIKE)


def fold_all(texts: Sequence[str]) -> Sequence[str]:
    """Fold many texts: where they are as plain as identifiers are, all of them at once."""
    joined = "\n".join(texts)
    plain = joined.isascii() and " " not in joined and joined.count("\n") == len(texts) - 1
    if plain and joined.replace("\n", "").isprintable():
        return joined.casefold().translate(_ALIKE).split("\n")
    return list(map(fold, texts))


def texts(document: Document) -> list[str]:
    """Return every text of a document and of what is embedded in it, each once for every place it stands in."""
    if document.format == "xml":
        parts = [part for element in document.value.iter() for part in (element.text, *element.attrib.values()) if part]
        found = [part.strip() for part in parts]
    else:
        found = _texts(document.value)
    for _, inner in document.inner:
        if not inner.part:
            found += texts(inner)
        else:
            found += [text for _, deeper in inner.inner for text in texts(deeper)]
    return found


def _texts(value: Any) -> list[str]:
    """Return the texts of plain data, level by level: a few passes over each, no step for each value."""
    found: list[str] = []
    level = [value]
    while level:
        kinds = set(map(type, level))
        strings: list[str] = _only(level, kinds, str)
        dicts, lists = _only(level, kinds, dict), _only(level, kinds, list)
        found += strings
        level = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
        if "[" in "".join(strings):
            for one in strings:
                if one.lstrip().startswith("["):
                    level += _packed(one)
    return found


def _only(level: list[Any], kinds: set[type], kind: type) -> list[Any]:
    """Return the values of one type; most levels hold a single one."""
    if kind not in kinds:
        return []
    return level if len(kinds) == 1 else [one for one in level if type(one) is kind]


def _caseless(text: str) -> str:
    return unquoted(text).casefold()


def _tail(path: str) -> str:
    """Return the last part of a path, or nothing where it ends in several separators."""
    bare = path[:-1] if path[-1] in "\\/" else path
    cut = max(bare.rfind("/"), bare.rfind("\\"))
    return bare[cut + 1 :] if cut >= 0 else ""


def _packed(text: str) -> list[Any]:
    """Return what a list that is written as a text holds: so Android hands lists to browsers."""
    try:
        return msgspec.json.decode(text, type=list)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return []

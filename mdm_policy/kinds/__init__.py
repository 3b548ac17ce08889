"""Say what a document does: whom it blocks, allows or reports, under which conditions, resting on which vendor fact.

One object per document kind (`kind.py`) in its vendor's room, listed in `registry.py`. Its reader is independent of the
templates: it knows each vendor's keys from the vendor's own pages, and shares none of them with rendering, so that reading
a rendered document back proves something. Readers are pure and never raise: what they do not understand becomes a finding
and has no effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.documents import LINES, MAX_SIZE, open_with, places
from mdm_policy.kinds import page, text_forms
from mdm_policy.kinds.collector import SAID_OF_ENTRIES, Collector
from mdm_policy.kinds.doubted import question_doubted
from mdm_policy.kinds.kind import UNKNOWN, DocumentKind
from mdm_policy.kinds.registry import KINDS, RULES, Registry, identities, kind_named
from mdm_policy.reading import Effects, by_audience

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.documents import Document, Format, Written
    from mdm_policy.reading import Reading

__all__ = [
    "KINDS",
    "LOGS_ONLY",
    "MATCHING_NOTHING",
    "RULES",
    "UNKNOWN",
    "DocumentKind",
    "boundaries",
    "kind_named",
    "known_kinds",
    "open_document",
    "read",
    "read_each",
    "recognise",
]

LOGS_ONLY = ("app-control-audit", "applocker-not-enforced")
"""Findings that say of a document that it only logs: of one for a trial that is no fault."""
MATCHING_NOTHING = ("entry-matches-nothing", *SAID_OF_ENTRIES, "binary-identity-shape", "santa-identifier")
"""Findings that say of an entry that it can match nothing."""
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_REGISTRY = Registry()
recognise = _REGISTRY.recognise


def known_kinds() -> tuple[str, ...]:
    """Return the document kinds that have a reader, sorted."""
    return tuple(sorted(KINDS))


def open_document(
    name: str,
    data: bytes,
    format: Written | None = None,  # noqa: A002 - the word of the field
    *,
    max_size: int = MAX_SIZE,
) -> Document:
    """Open a document: sniff its format unless given (plain lines are always sniffed), parse, recognise, and open what is inside.

    White space around strings is kept, since a device compares it too. The content of a signed file is opened without
    judging the signature, which a note says; `data` is then that content.

    Raises:
        PolicyError: when the document itself cannot be read; an inner one that cannot only yields findings.

    """
    made = text_forms.as_json(name, data, max_size) if format is None or format in LINES else None
    if made is not None:
        opened = open_with(_REGISTRY, name, made, "json", max_size=text_forms.GROWTH * max_size)
        return msgspec.structs.replace(opened, written=data)
    return open_with(_REGISTRY, name, data, _parsed_as(format), max_size=max_size)


def _parsed_as(written: Written | None) -> Format | None:
    """Return the format that a text is parsed as: lines that are of no known sort may be of any."""
    return written if written in ("plist", "json", "xml") else None


def read(document: Document) -> Reading:
    """Return what a document does; a document of an unknown kind does nothing, and says so."""
    return _with_places(document, [_read(document)])[0]


def read_each(document: Document) -> tuple[Reading, ...]:
    """Return one reading for each object of a page, and for each audience of it; any other document is one reading."""
    return tuple(one for reading in _each(document) for one in by_audience(reading))


def _each(document: Document) -> tuple[Reading, ...]:
    if not kind_named(document.kind).is_page:
        return (read(document),)
    found = page.read_each(document, _read)
    collector = Collector(document, _read)
    unseen = kind_named(document.kind).unseen(collector)
    return _with_places(document, found if unseen is None else [*found, (unseen, collector.places)])


def _read(document: Document) -> tuple[Reading, list[str]]:
    """Read a document and return the pointers of its findings beside it."""
    collector = Collector(document, _read)
    refused = document.unreadable or _refused_repeats(collector)
    if refused:
        collector.reject_all(refused)  # before anything is read, so that all that is made of it is refused
    _say_marked(collector)
    reading = kind_named(document.kind).read(collector)
    if question_doubted(collector, document) or refused:
        names = () if kind_named(document.kind).activates else reading.activates
        read, rules = Effects(collector.columns), tuple(collector.rules)
        refusals = collector.refusals
        reading = msgspec.structs.replace(reading, effects=read, rules=rules, activates=names, refusals=refusals)
    kept = identities(document)
    return msgspec.structs.replace(reading, identities=kept) if kept else reading, collector.places


def _refused_repeats(c: Collector) -> str:
    """Say why a document is refused whole for a key that stands twice, and add the finding; empty when it is not."""
    by = kind_named(c.document.kind).repeats_refused_by
    if not by or not c.document.repeated:
        return ""
    why = f"a key stands twice in it, for which {by} refuses the whole document"
    c.say("warning", "json-unreadable", why, c.document.repeated[0], "keep one")
    return why


def _say_marked(c: Collector) -> None:
    """Say that a file begins with a mark that is refused where it is sent as it is; what it says when read counts."""
    by = kind_named(c.document.kind).marks_refused_by
    if by and c.document.data.startswith(_MARKS):
        said = f"the file begins with a byte order mark, and {by} refuses a request that does"
        c.say("warning", "json-marked", said, "", "save it as UTF-8 without a byte order mark before it is sent")


def _with_places(document: Document, read: Iterable[tuple[Reading, list[str]]]) -> tuple[Reading, ...]:
    """Give each finding its line; a text is searched once for all objects of a page, and only when there is a finding."""
    each = list(read)
    asked = dict.fromkeys(pointer for _, pointers in each for pointer in pointers)
    if not asked:
        return tuple(reading for reading, _ in each)
    found = places(document, asked)
    return tuple(
        msgspec.structs.replace(
            reading,
            findings=tuple(
                msgspec.structs.replace(finding, origin=found[pointer])
                for finding, pointer in zip(reading.findings, pointers, strict=True)
            ),
        )
        for reading, pointers in each
    )


def boundaries(platform: str) -> tuple[tuple[int, ...], ...]:
    """Return the OS versions of a platform at which some rule begins, is deprecated or ends, sorted."""
    found = {
        versions[platform]
        for rule in RULES
        for versions in (rule.introduced, rule.deprecated, rule.removed)
        if platform in versions
    }
    return tuple(sorted(found - {(0,)}))

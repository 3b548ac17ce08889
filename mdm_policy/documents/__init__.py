"""Read and write documents: strict parse, canonical dump, opening what is inside, and where things stand."""

from __future__ import annotations

from mdm_policy.documents.embedded import Embedded, EmbeddedBase64, EmbeddedPart, EmbeddedText
from mdm_policy.documents.formats import Written, dump, parse
from mdm_policy.documents.lines import LINES
from mdm_policy.documents.locate import Format, locate, locate_all
from mdm_policy.documents.opening import Document, Recogniser, open_with, place, places
from mdm_policy.documents.pointers import elements, pointer, split
from mdm_policy.documents.sniff import sniff
from mdm_policy.documents.texts import MAX_DEPTH, MAX_SIZE, escaped

__all__ = [
    "LINES",
    "MAX_DEPTH",
    "MAX_SIZE",
    "Document",
    "Embedded",
    "EmbeddedBase64",
    "EmbeddedPart",
    "EmbeddedText",
    "Format",
    "Recogniser",
    "Written",
    "dump",
    "elements",
    "escaped",
    "locate",
    "locate_all",
    "open_with",
    "parse",
    "place",
    "places",
    "pointer",
    "sniff",
    "split",
]

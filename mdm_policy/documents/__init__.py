"""Read and write documents: strict parse, canonical dump, recognition, what is inside, and where things stand."""

from __future__ import annotations

from mdm_policy.documents.formats import dump, parse
from mdm_policy.documents.kinds import KINDS, recognise
from mdm_policy.documents.locate import Format, locate, locate_all
from mdm_policy.documents.opening import Document, open_document, place, places
from mdm_policy.documents.pointers import elements, pointer, split
from mdm_policy.documents.sniff import sniff
from mdm_policy.documents.texts import MAX_DEPTH, MAX_SIZE

__all__ = [
    "KINDS",
    "MAX_DEPTH",
    "MAX_SIZE",
    "Document",
    "Format",
    "dump",
    "elements",
    "locate",
    "locate_all",
    "open_document",
    "parse",
    "place",
    "places",
    "pointer",
    "recognise",
    "sniff",
    "split",
]

"""Turn documents that are plain text (registration files, tables, zones, lists) into the JSON that their kinds are read from.

Each line of the JSON says what the same line of the text says, so a finding's line is the user's. Whatever opens a document
comes through here: files of people, what a build has written, what an MDM answers.
"""

from __future__ import annotations

from typing import Protocol

from mdm_policy.kinds.network import list_file, zone_file
from mdm_policy.kinds.windows import indicator_csv, registry_file

GROWTH = 8
"""How many times as large as its text the JSON may be."""


class TextForm(Protocol):
    """Know one sort of text."""

    def claims(self, data: bytes) -> bool:
        """Tell by the beginning whether bytes are of this sort."""

    def as_json(self, name: str, data: bytes, max_size: int) -> bytes:
        """Return the JSON, or raise PolicyError."""


TEXT_FORMS: tuple[TextForm, ...] = (registry_file, indicator_csv, zone_file, list_file)
"""Every sort of text, those with a mark of their own first."""
SUFFIXES: dict[str, TextForm] = {".csv": indicator_csv, ".txt": list_file}
"""The sorts that stand in files which mostly people alone read."""
HEAD = 4097
"""How much of a file tells what it is."""


def as_json(name: str, data: bytes, max_size: int) -> bytes | None:
    """Return the JSON of a text of a known sort; None for what is none.

    Raises:
        PolicyError: what keeps a text that claims to be of a sort from being one.

    """
    form = next((one for one in TEXT_FORMS if one.claims(data)), None)
    return form.as_json(name, data, max_size) if form is not None else None


def is_table(suffix: str, head: bytes) -> bool:
    """Tell by its beginning whether a file that would be prose by its suffix is a document by what it holds."""
    form = SUFFIXES.get(suffix.lower())
    return form is not None and form.claims(head)

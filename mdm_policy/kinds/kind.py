"""Describe a document kind as one object: all that the program knows about a kind of document stands in it.

Each kind lives in its vendor's room; `mdm_policy.kinds` lists them in one registry. Whoever needs to know something about
a kind (what is inside, whether a device has exactly one, which rules it can give) asks the object, and lists no names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Document, Embedded, Format
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Keys, Role
    from mdm_policy.reading import DeviceSlot, Reading, Rule

UNKNOWN = "unknown"
"""The kind of a document that no reader knows."""


def _nothing(value: Any) -> Iterator[Embedded]:
    """Yield nothing: most kinds hold no other document."""
    del value
    yield from ()


def _no_identity(document: Document) -> tuple[DeviceSlot, ...]:
    """Name nothing: of most kinds a device keeps as many documents as it is sent."""
    del document
    return ()


def _all_here(collector: Collector) -> None:
    """Find nothing lacking: most kinds are no page."""
    del collector


class DocumentKind(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Hold all that is known about one kind of document.

    `recognise` tells whether a parsed value (plain data for plist and JSON, lxml's root element for XML) is of this kind;
    it asks for the fewest marks that tell kinds apart, so that a document with a wrong value in it is still recognised,
    and its reader can say what is wrong. The registry asks in its order, and the first that says yes wins.
    """

    name: str
    """The permanent name, kebab-case: manifests and reports bear it."""
    title: str
    """What people call it; the heading under which docs/documents.md says which shapes are read."""
    formats: tuple[Format, ...]
    """The formats it is written in."""
    recognise: Callable[[Any], bool]
    read: Callable[[Collector], Reading]
    """Say what a document of the kind does; it never raises."""
    sample: bytes
    """The smallest document of the kind that says something about apps: fuzz tests start from it."""
    rules: tuple[Rule, ...] = ()
    """Every rule that its reader itself can give; what is embedded brings the rules of its own kind."""
    embedded: Callable[[Any], Iterator[Embedded]] = _nothing
    """Yield the documents packed inside a value, in document order."""
    identities: Callable[[Document], tuple[DeviceSlot, ...]] = _no_identity
    """Name what the document is or holds of which a device keeps one: the profile of an identifier, the value of a node."""
    delivers_embedded: bool = False
    """Whether what is embedded reaches devices under its own identities."""
    schemas: tuple[str, ...] = ()
    """The packaged vendor schemas that documents of the kind are held against, by name."""
    is_page: bool = False
    """Whether it only lists objects, each with a scope of its own, and does nothing by itself."""
    unseen: Callable[[Collector], Reading | None] = _all_here
    """Stand for the objects that a page says it lacks: what they may do, or None where nothing is lacking."""
    is_alternative: bool = False
    """Whether a device has exactly one document of the kind, so that each is judged alone and the worst counts."""
    changes: str = ""
    """The kind of document that it changes when it is sent, or empty."""
    activated_by: str = ""
    """The kind of document that must turn it on, or empty; devices apply none that no such document names."""
    activates: bool = False
    """Whether all it does is to turn others on."""
    is_of_network: bool = False
    """Whether it is given to a network, and acts on those devices alone of which somebody says that they always go through it."""
    is_gitops_profile: bool = False
    """Whether Fleet's GitOps files name such documents: in a folder of theirs, one that none of them names counts nowhere."""
    repeats_refused_by: str = ""
    """Whose parser refuses a document of the kind whole when one key of it stands twice, with its source, or empty."""
    marks_refused_by: str = ""
    """Whose parser takes no byte order mark, and so no UTF-16, before a document of the kind, with its source, or empty."""
    keys: Role | Keys = "unjudged"
    """What each of its keys has to do with apps: what no effect holds, and no table shows to be harmless, is unjudged."""


class Unread(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Claim for a vendor what no reader of its room reads, so that no other kind takes it for its own."""

    formats: tuple[Format, ...]
    recognise: Callable[[Any], bool]

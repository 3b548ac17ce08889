"""Hold what documents block already, and what is proposed of it."""

from __future__ import annotations

from mdm_policy.model import Ban, DeviceClass, Frozen
from mdm_policy.reading import Rule, Scope  # noqa: TC001 - as above
from mdm_policy.vocabulary import Family, Kind  # noqa: TC001 - as above


class BlockingPlace(Frozen, frozen=True):
    """Say where a document blocks something: the rule, whom the document reaches, and whose document it is (`mdm`)."""

    document: str
    pointer: str
    rule: Rule
    scope: Scope
    mdm: str = ""


class BlockedIdentifier(Frozen, frozen=True):
    """Hold one identifier that documents block, as a list can name it, and all places that block it."""

    family: Family
    kind: Kind
    value: str
    places: tuple[BlockingPlace, ...]


class ProposedBan(Frozen, frozen=True):
    """Propose one ban with the places it comes from; `open` says where and why it does not hold wholly."""

    ban: Ban
    places: tuple[BlockingPlace, ...]
    open: tuple[str, ...] = ()


class Left(Frozen, frozen=True):
    """Say what is not proposed though a document names it, and why."""

    what: str
    why: str
    place: BlockingPlace | None = None


class Proposal(Frozen, frozen=True):
    """Hold all that is proposed, and what is not."""

    entries: tuple[ProposedBan, ...]
    devices: tuple[DeviceClass, ...]
    left: tuple[Left, ...]

"""Say which documents act on which device class, and which are only another way to the same effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import kinds
from mdm_policy.decide.reach import both
from mdm_policy.documents import Document, places
from mdm_policy.kinds.accounting import Unjudged, unjudged
from mdm_policy.kinds.declared import declared
from mdm_policy.model import DeviceClass, Frozen
from mdm_policy.reading import Reading  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.vocabulary import APPLE_PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.errors import Origin
    from mdm_policy.kinds.declared import Place
    from mdm_policy.reading import Scope


class Piece(Frozen, frozen=True):
    """Hold one document with what is known of its use.

    `named` is False for a document found in a folder, which may well be about something else. `classes` are those that
    `--for` names. The rest comes from a build's manifest: `managed_by` and `modes` say which devices it is for, `groups`
    those of its variant; `slot` is the same for the base and the variants of one document; `way` is the same for
    documents of which a device gets exactly one, and only the one with `leads` acts, the others must block as much;
    `kinds` are the (family, kind) of identifiers that it is said to block. `unjudged` are the parts of it that no reader
    judges; of a document of no known kind that is said by itself. `audit`: it is for a trial, and only logs what the one
    that `leads` blocks.
    """

    document: Document
    readings: tuple[Reading, ...]
    named: bool = True
    classes: tuple[str, ...] = ()
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    slot: str = ""
    way: str = ""
    leads: bool = True
    kinds: tuple[tuple[str, str], ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    audit: bool = False

    @property
    def name(self) -> str:
        """Return the document's name."""
        return self.document.name

    @property
    def of_network(self) -> bool:
        """Tell whether it acts on those classes alone of which `--for` says that they always go through it."""
        return kinds.kind_named(self.document.kind).is_of_network

    @property
    def declared(self) -> bool:
        """Tell whether only its target's own manifest says what the document does."""
        return not all(reading.modelled for reading in self.readings)

    @property
    def acts(self) -> bool:
        """Tell whether the document blocks, allows or reports anything, or turns on one that does."""
        return any(
            reading.activates
            or reading.restricts
            or any(rule.sense == "allow-only" for rule in reading.rules)
            or any(column.rule.sense != "none" for column in reading.columns)
            or any(one.rules and one.rule.sense != "none" for one in reading.rule_sets)
            for reading in self.readings
        )

    def addresses(self, platform: str) -> bool:
        """Tell whether the document says anything on a platform, be it without effect."""
        return not (self.of_network and not self.classes) and any(
            any(platform in rule.introduced for rule in reading.rules)
            or (bool(reading.activates) and platform in APPLE_PLATFORMS)
            for reading in self.readings
        )


def piece(document: Document, *, scope: Scope | None = None, read_back: Sequence[Place] = (), **known: object) -> Piece:
    """Read a document, one reading for each object of a page; `scope` is whom another file says it reaches."""
    if document.kind == kinds.UNKNOWN and read_back:
        readings: tuple[Reading, ...] = (declared(document, read_back),)
    else:
        readings = kinds.read_each(document)
    if scope is not None:  # an activation's own predicate still decides
        scopes = [both(one.scope, scope) if one.activates else scope for one in readings]
        readings = tuple(msgspec.structs.replace(one, scope=s) for one, s in zip(readings, scopes, strict=True))
    parts: tuple[Unjudged, ...] = ()
    if document.kind != kinds.UNKNOWN:
        parts = unjudged(document, [column for reading in readings for column in reading.columns])
    return msgspec.structs.replace(Piece(document, readings, unjudged=parts), **known)


class BuildPart(Frozen, frozen=True):
    """Say what part a document plays in a build: by the build itself, or by the manifest it left.

    `build` tells builds apart. `instead_of` names the document of the same target that this one is another way to send;
    `variant` is empty for the base, else the document is for `groups`. `kinds` are the (family, kind) of identifiers that
    it is said to block. `audit`: it only logs what the document of `instead_of` blocks.
    """

    build: str
    target: str
    document: str
    variant: str = ""
    instead_of: str = ""
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    alternative_group: str = ""
    groups: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    audit: bool = False


def placed(pieces: Iterable[Piece], parts: Iterable[BuildPart | None]) -> tuple[Piece, ...]:
    """Give each document its part in a build, if it has one; of several ways to one effect, the first target leads."""
    first: dict[str, str] = {}
    made = []
    for one, part in zip(pieces, parts, strict=True):
        if part is None:
            made.append(one)
            continue
        if part.alternative_group:
            way = f"{part.build}|{part.alternative_group}|{part.variant}"
            leads = first.setdefault(way, part.target) == part.target
        else:
            way = f"{part.build}|{part.target}|{part.variant}|{part.instead_of or part.document}"
            leads = not part.instead_of
        leads = leads and not part.audit
        made.append(
            msgspec.structs.replace(
                one,
                managed_by=part.managed_by,
                modes=part.modes,
                groups=part.groups,
                slot=f"{part.build}|{part.target}|{part.document}",
                way=way,
                leads=leads,
                kinds=part.kinds,
                audit=part.audit,
            )
        )
    led = {one.way for one in made if one.leads}
    return tuple(one if one.leads or one.way in led else msgspec.structs.replace(one, leads=True) for one in made)


def acting(pieces: Iterable[Piece], cls: DeviceClass) -> list[Piece]:
    """Return the documents that act on a class: its variant's in place of the base's, of its own MDM, for its mode.

    What a class leaves open excludes nothing; what `--for` says prevails.
    """
    meant = [one for one in pieces if one.leads and _meant(one, cls)]
    varied = {one.slot for one in meant if one.groups}
    return [one for one in meant if one.groups or not one.slot or one.slot not in varied]


def _meant(one: Piece, cls: DeviceClass) -> bool:
    if one.groups and not (cls.groups and set(cls.groups) <= set(one.groups)):
        return False
    if one.classes or one.of_network:
        return cls.name in one.classes
    if cls.managed_by and one.managed_by and cls.managed_by != one.managed_by:
        return False
    if cls.managed_by and not one.managed_by and all(r.mdm and r.mdm != cls.managed_by for r in one.readings):
        return False
    return not (one.modes and cls.mode and cls.mode not in one.modes)


def readings_for(pieces: Iterable[Piece], cls: DeviceClass) -> list[Reading]:
    """Return what acts on a class, object by object."""
    mdm = cls.managed_by
    return [
        reading
        for one in acting(pieces, cls)
        for reading in one.readings
        if one.classes or one.managed_by or not (mdm and reading.mdm and reading.mdm != mdm)
    ]


class Places:
    """Find the lines of pointers, asking each document once for all of them."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        """Know the documents by name."""
        self._documents = documents
        self._known: dict[tuple[str, str], Origin] = {}

    def want(self, asked: Iterable[tuple[str, str]]) -> None:
        """Find many (document, pointer) at once."""
        grouped: dict[str, dict[str, None]] = {}
        for name, pointer in asked:
            if (name, pointer) not in self._known and name in self._documents:
                grouped.setdefault(name, {})[pointer] = None
        for name, pointers in grouped.items():
            for pointer, origin in places(self._documents[name], pointers).items():
                self._known[name, pointer] = origin

    def __call__(self, name: str, pointer: str) -> Origin | None:
        """Return the place of a pointer; None for a document that is not there."""
        self.want([(name, pointer)])
        return self._known.get((name, pointer))

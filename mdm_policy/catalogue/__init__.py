"""Know the apps and vendors that lists name: their identifiers, where they exist, what must not be blocked, what is wrong.

The data are packaged JSON, read once per process; a ban list reaches them by key. What the catalogue says about the
identifiers of a list (dangerous, wrong, nearly right) is worked out in `guards`.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from mdm_policy import publishers, resources
from mdm_policy.catalogue.rows import AppRow, FileRow, RowEvidence, VendorRow
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import CatalogueApp, CatalogueVendor, Frozen, Identifier, Revocation
from mdm_policy.vocabulary import Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Key = tuple[str, str, str]
Level = Literal["brick", "unmanage", "vital", "function"]
_FIELDS = ("key", "name", "alias", "identifier", "vendor")
_PLAIN = {code: chr(code).lower() if chr(code).isalnum() else None for code in range(128)}
_T = TypeVar("_T")


class AuthorityRecord(Frozen, frozen=True, gc=False, forbid_unknown_fields=True):
    """Hold what is known of a legal source: when it was issued, took effect and ended, and whom it binds."""

    jurisdiction: str
    title: str
    citation: str
    issued: str | None = None
    effective: str | None = None
    revoked: Revocation | None = None
    scope: str = ""
    sources: tuple[str, ...] = ()
    note: str = ""


class NeverBlock(Frozen, frozen=True, gc=False, forbid_unknown_fields=True):
    """Say why an identifier must not be blocked: `brick`, `unmanage`, `vital`, or `function` (a documented side effect)."""

    kind: Kind
    level: Level
    note: str = ""
    sources: tuple[str, ...] = ()


class WrongId(Frozen, frozen=True, gc=False, forbid_unknown_fields=True):
    """Record a wrong identifier that circulates, under which name, and the right one.

    `pairing_only`: the identifier is real, and wrong only for `circulates_as`. `pattern`: `value` ends in `*` and stands
    for all identifiers that begin with the rest.
    """

    value: str
    family: Family | Literal["any"] = "any"
    circulates_as: str = ""
    right: str | None = None
    note: str = ""
    pairing_only: bool = False
    pattern: bool = False


class LookupHit(Frozen, frozen=True, gc=False):
    """Answer one search: an app or a vendor, and which text of it matched (`what` names the field)."""

    app: CatalogueApp | None
    vendor: CatalogueVendor | None
    what: str
    text: str
    exact: bool


class Catalogue(msgspec.Struct, frozen=True, dict=True, eq=False):
    """Hold all apps, vendors, dangerous and wrong identifiers by key; the indexes are made when first asked for.

    Two catalogues are the same when they are one object, so that others can keep indexes of their own for it.
    """

    version: str
    apps: dict[str, CatalogueApp]
    vendors: dict[str, CatalogueVendor]
    never_block: dict[Key, NeverBlock] = msgspec.field(default_factory=dict)
    wrong_ids: tuple[WrongId, ...] = ()
    evidence: dict[Key, RowEvidence] = msgspec.field(default_factory=dict)

    @cached_property
    def owners(self) -> dict[Key, tuple[CatalogueApp | CatalogueVendor, ...]]:
        """Map each identifier to the apps that bear it, then the vendors, each in the order of their keys."""
        found: dict[Key, tuple[CatalogueApp | CatalogueVendor, ...]] = {}
        for owner, identifier in self._borne():
            key = folded_key(*identifier.key)
            found[key] = (*found.get(key, ()), owner)
        return found

    @cached_property
    def identifiers(self) -> dict[Key, Identifier]:
        """Map each identifier's folded key to the catalogue's entry for it: an app's goes before a vendor's."""
        found: dict[Key, Identifier] = {}
        for _, identifier in self._borne():
            found.setdefault(folded_key(*identifier.key), identifier)
        return found

    @cached_property
    def names(self) -> dict[str, tuple[CatalogueApp, ...]]:
        """Map each plain key, name and alias of an app to the apps that are called so."""
        found: dict[str, tuple[CatalogueApp, ...]] = {}
        for key in sorted(self.apps):
            app = self.apps[key]
            for text in dict.fromkeys(map(plain_name, (app.key, app.name, *app.aliases))):
                found[text] = (*found.get(text, ()), app)
        return found

    @cached_property
    def _called(self) -> dict[str, dict[str, CatalogueApp]]:
        """Map each name and alias, without regard to case, to the apps that are called so, by key."""
        found: dict[str, dict[str, CatalogueApp]] = {}
        for key in sorted(self.apps):
            for text in (self.apps[key].name, *self.apps[key].aliases):
                found.setdefault(text.casefold(), {})[key] = self.apps[key]
        return found

    @cached_property
    def _bearers(self) -> dict[str, dict[str, CatalogueApp | CatalogueVendor]]:
        """Map the text of each identifier, on whatever platform, to all that bear it, by key."""
        found: dict[str, dict[str, CatalogueApp | CatalogueVendor]] = {}
        for owner, identifier in self._listed():
            text = folded_key(*identifier.key)[2]
            mark = owner.key if isinstance(owner, CatalogueApp) else f"vendor:{owner.key}"
            found.setdefault(text, {})[mark] = owner
        return found

    def meant(self, text: str) -> tuple[CatalogueApp | CatalogueVendor, ...]:
        """Return what a text names exactly: the app of that key, else those so called, else all that bear the identifier.

        More than one means that the text does not say which.
        """
        if text in self.apps:
            return (self.apps[text],)
        named = self._called.get(text.casefold())
        if named is not None:
            return tuple(named.values())
        return tuple((self._bearers.get(text) or self._bearers.get(text.casefold()) or {}).values())

    @cached_property
    def _apps_by_vendor(self) -> dict[str, tuple[CatalogueApp, ...]]:
        found: dict[str, tuple[CatalogueApp, ...]] = {}
        for key in sorted(self.apps):
            app = self.apps[key]
            found[app.vendor] = (*found.get(app.vendor, ()), app)
        return found

    def _borne(self) -> Iterator[tuple[CatalogueApp | CatalogueVendor, Identifier]]:
        """Yield what each app and vendor bears of its own: the certificate of who certified it is many vendors'."""
        yield from (pair for pair in self._listed() if pair[1].kind != "certificate")

    def _listed(self) -> Iterator[tuple[CatalogueApp | CatalogueVendor, Identifier]]:
        for app in sorted(self.apps):
            for identifier in self.apps[app].identifiers:
                yield self.apps[app], identifier
        for vendor in sorted(self.vendors):
            for identifier in self.vendors[vendor].identifiers:
                yield self.vendors[vendor], identifier

    def find(self, family: str, kind: str, value: str) -> CatalogueApp | CatalogueVendor | None:
        """Return the app that bears an identifier, else the vendor, else nothing; `owners` has all of them."""
        owners = self.owners.get(folded_key(family, kind, value))
        return owners[0] if owners else None

    def apps_of(self, vendor: str) -> tuple[CatalogueApp, ...]:
        """Return the apps of a vendor's key, in the order of their keys."""
        return self._apps_by_vendor.get(vendor, ())

    def suggest(self, key: str, among: Literal["apps", "vendors"] | None = None) -> str | None:
        """Return the key a person most likely meant by an unknown one, of an app, of a vendor, or of either; or nothing."""
        texts: dict[str, str] = {}
        if among != "vendors":
            texts = {plain_name(known): known for known in sorted(self.apps)}
            for text, apps in self.names.items():
                texts.setdefault(text, apps[0].key)
        if among != "apps":
            for known in sorted(self.vendors):
                texts.setdefault(plain_name(known), known)
                texts.setdefault(plain_name(self.vendors[known].name), known)
        wanted = plain_name(key)
        if wanted in texts:
            return texts[wanted]
        from difflib import get_close_matches  # noqa: PLC0415 - only a mistaken key needs it

        close = get_close_matches(wanted, sorted(texts), n=1, cutoff=0.7)
        return texts[close[0]] if close else None

    def lookup(self, query: str) -> tuple[LookupHit, ...]:
        """Search keys, names, aliases, vendors and identifiers without regard to case.

        Each app and vendor answers once, with its best match: exact ones first, then those that contain the query; within
        these in the order key, name, alias, identifier, vendor, and by key. An empty query finds nothing.
        """
        wanted = query.strip().casefold()
        if not wanted:
            return ()
        hits: list[tuple[int, int, str, LookupHit]] = []
        for vendor in self.vendors.values():
            texts = (("key", vendor.key), ("name", vendor.name), *_identifier_texts(vendor))
            hits += _best(wanted, vendor.key, texts, None, vendor)
        for app in self.apps.values():
            hits += _best(wanted, app.key, self._app_texts(app), app, None)
        return tuple(hit for *_, hit in sorted(hits, key=lambda ranked: ranked[:3]))

    def _app_texts(self, app: CatalogueApp) -> Iterator[tuple[str, str]]:
        yield "key", app.key
        yield "name", app.name
        for alias in app.aliases:
            yield "alias", alias
        yield from _identifier_texts(app)
        yield "vendor", app.vendor
        if app.vendor in self.vendors:
            yield "vendor", self.vendors[app.vendor].name


def load() -> Catalogue:
    """Return the packaged catalogue: read once, then the same object.

    Raises:
        PolicyError: `catalogue-unreadable`, when the packaged data are missing or spoiled.

    """
    return _load()


def parse(catalogue: bytes, never_block: bytes = b"{}", wrong_ids: bytes = b"[]") -> Catalogue:
    """Make a catalogue from the bytes of its three data files.

    Raises:
        PolicyError: `catalogue-unreadable`, when one of them is not what its format says.

    """
    raw = _decode("catalogue.json", catalogue, FileRow)
    never = _decode("never_block.json", never_block, dict[Family, dict[str, NeverBlock]])
    evidence: dict[Key, RowEvidence] = {}
    borne: list[VendorRow | AppRow] = [*raw.vendors.values(), *raw.apps.values()]
    for owner in borne:
        for one in owner.identifiers:
            evidence[folded_key(one.family, one.kind, one.value)] = one.evidence()
    return Catalogue(
        version=raw.version,
        apps={key: app.model(key) for key, app in raw.apps.items()},
        vendors={key: vendor.model(key) for key, vendor in raw.vendors.items()},
        never_block={
            folded_key(family, entry.kind, value): entry
            for family, rows in never.items()
            for value, entry in rows.items()
        },
        wrong_ids=_decode("wrong_ids.json", wrong_ids, tuple[WrongId, ...]),
        evidence=evidence,
    )


@cache
def authorities() -> dict[str, AuthorityRecord]:
    """Return the packaged legal sources by id.

    Raises:
        PolicyError: `catalogue-unreadable`, when the packaged data are missing or spoiled.

    """
    return parse_authorities(_read("authorities.json"))


def parse_authorities(data: bytes) -> dict[str, AuthorityRecord]:
    """Make the legal sources from the bytes of their data file.

    Raises:
        PolicyError: `catalogue-unreadable`, when it is not what its format says.

    """
    return _decode("authorities.json", data, dict[str, AuthorityRecord])


def inherit(identifier: Identifier, catalogue: Catalogue) -> Identifier:
    """Give an identifier that a list states itself what the catalogue knows of it: confidence, sources, role and flags.

    It keeps its own place, for that is where a person would change it. What the catalogue holds without proof stays as the
    list states it: the list's own word stands for it.
    """
    known = catalogue.identifiers.get(folded_key(identifier.family, identifier.kind, identifier.value))
    if known is None or identifier.confidence != "stated":
        return identifier
    proven = known.confidence != "unverified"
    return msgspec.structs.replace(
        identifier,
        confidence=known.confidence if proven else identifier.confidence,
        sources=known.sources if proven else (),
        role=known.role,
        runs_as_service=known.runs_as_service,
        shared=known.shared,
    )


def folded_key(family: str, kind: str, value: str) -> Key:
    """Return the key under which a device finds an identifier.

    Windows alone does not mind the case of letters, and a publisher is the same with and without quotation marks.
    """
    if family != "windows":
        return (family, kind, value)
    return (family, kind, (publishers.unquoted(value) if kind == "publisher" else value).casefold())


def plain_name(name: str) -> str:
    """Fold a name to what people mean by it: no case, no punctuation, no spaces."""
    if name.isascii():
        return name.translate(_PLAIN) or name
    folded = name.casefold()
    return "".join(filter(str.isalnum, folded)) or folded


@cache
def _load() -> Catalogue:
    return parse(_read("catalogue.json"), _read("never_block.json"), _read("wrong_ids.json"))


def _read(name: str) -> bytes:
    try:
        return resources.data(name).read_bytes()
    except OSError as fault:
        raise _unreadable(name, str(fault.strerror)) from fault


def _decode(name: str, data: bytes, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.MsgspecError as fault:
        raise _unreadable(name, str(fault)) from fault


def _unreadable(name: str, why: str) -> PolicyError:
    said = f"the packaged data cannot be read: {why}"
    return PolicyError([error("catalogue-unreadable", said, Origin(name), "reinstall mdm-policy")])


def _identifier_texts(owner: CatalogueApp | CatalogueVendor) -> Iterator[tuple[str, str]]:
    return (("identifier", one.value) for one in owner.identifiers)


def _best(
    wanted: str,
    key: str,
    texts: Iterable[tuple[str, str]],
    app: CatalogueApp | None,
    vendor: CatalogueVendor | None,
) -> list[tuple[int, int, str, LookupHit]]:
    """Return the best match of one app or vendor, as a list of one, ranked; an empty list when nothing matches."""
    best: tuple[int, int, str, LookupHit] | None = None
    for what, text in texts:
        folded = text.casefold()
        if wanted in folded:
            rank = (0 if folded == wanted else 1, _FIELDS.index(what))
            if best is None or rank < best[:2]:
                best = (*rank, key, LookupHit(app, vendor, what, text, folded == wanted))
    return [best] if best else []

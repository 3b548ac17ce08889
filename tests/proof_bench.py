"""Say how `verify` is asked about each golden document, so that it proves the document as it was built.

A proof needs the device classes on which the document acts, the documents it is sent beside, and the strength its
mechanism has. What is proven of a golden must not be proven of a mutant any more: neither for the identifier that was
edited nor, where the edit hits the whole document, for everything it bans.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy import catalogue, kinds
from mdm_policy.errors import Origin
from mdm_policy.kinds import open_document
from mdm_policy.model import BannedApp, DeviceClass, Identifier, OsBound, Resolution
from mdm_policy.reading import Fact, Rule
from mdm_policy.verify import Piece, Rules, Verification, piece, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.documents import Document
    from mdm_policy.reading import Effect
    from mdm_policy.vocabulary import Platform, Strength

Pair = tuple[str, str]
"""Family and value of an identifier."""
_HERE = Origin("devices.yaml")


def _cls(platform: Platform, low: str = "", high: str = "", **more: object) -> DeviceClass:
    bounds = [OsBound(op, tuple(map(int, text.split(".")))) for op, text in ((">=", low), ("<", high)) if text]
    made = DeviceClass(f"{platform} {low}-{high} {more}", platform, _HERE, os=tuple(bounds))
    return msgspec.structs.replace(made, **more)


def _apple(*classes: tuple[Platform, str, str]) -> tuple[DeviceClass, ...]:
    return tuple(_cls(*one, supervised=True, enrollment="automated") for one in classes)


_DDM = _apple(("ios", "27", ""), ("ipados", "27", ""), ("tvos", "27", ""), ("visionos", "27", ""))
_MOBILE = _apple(("ios", "15", ""), ("ipados", "15", ""), ("tvos", "15", ""), ("visionos", "27", ""))
_LEGACY = _apple(("ios", "9.3", "14.5"), ("ios", "15", ""), ("tvos", "11", ""), ("visionos", "27", ""))
_INTUNE = _apple(("ios", "15", ""), ("ipados", "15", ""))
_MACS = (_cls("macos", "13"),)
_COPE = (_cls("android", "12", mode="cope", origins=("store",)),)
_MANAGED = (_cls("android", "12", mode="fully-managed", origins=("store", "sideloaded", "preinstalled")),)
_CORPORATE = (*_COPE, _cls("android", "12", mode="fully-managed", origins=("store",)))
_PCS = (_cls("windows", "10"),)


class Bench(NamedTuple):
    """Hold the classes, the golden documents sent beside, and how weak a block may be.

    `work` adds a document that blocks everything on the work side, for one that acts on the personal side alone.
    `remove` orders that copies be deleted, and `net` gives the classes on which addresses are refused, if any: where one
    browser of several refuses them, nothing proves that nobody reaches them.
    """

    classes: tuple[DeviceClass, ...]
    beside: tuple[str, ...] = ()
    strength: Strength = "partial"
    work: bool = False
    remove: bool = False
    net: tuple[DeviceClass, ...] = ()


BENCHES: dict[str, Bench] = {
    "amapi-cope/banned.modify-applications.json": Bench(_COPE, ("amapi-cope/banned.patch-personal.json",)),
    "amapi-cope/banned.patch-personal.json": Bench(_COPE, ("amapi-cope/banned.modify-applications.json",)),
    "amapi-cope/banned.policy.json": Bench((*_COPE, *_MANAGED)),
    "amapi-fully-managed/banned.policy.json": Bench(_MANAGED),
    "apple-ddm-apps/banned.configuration.json": Bench(_DDM),
    "apple-ddm-binaries/banned.configuration.json": Bench(_apple(("macos", "27", ""))),
    "apple-ios-restrictions/banned.mobileconfig": Bench(_LEGACY, net=_apple(("ios", "15", ""), ("visionos", "27", ""))),
    "intune-android-corporate/banned.device-restrictions.json": Bench(_COPE, work=True),
    "intune-android-corporate/banned.uninstall-assignments.json": Bench(_CORPORATE),
    "intune-ios-custom/banned.json": Bench(_INTUNE),
    "intune-ios-device-restrictions/banned.json": Bench(_INTUNE),
    "intune-ios-settings-catalog/banned.json": Bench(_INTUNE),
    "intune-windows-applocker/banned.json": Bench(_PCS, strength="weak"),
    "jamf-macos-profile/banned.xml": Bench(_MACS),
    "jamf-mobile-profile/banned.xml": Bench(_MOBILE),
    "jamf-restricted-software/wechat-b583907a.xml": Bench(_MACS, strength="weak", remove=True),
    "macos-santa/banned.mobileconfig": Bench(_MACS),
    "windows-applocker-appx/banned.xml": Bench(_PCS),
    "windows-applocker-exe/banned.xml": Bench(_PCS, strength="weak"),
}
"""One bench for each golden document that bans something by itself."""
_WORK_SIDE = Rule(
    "declared-work-side",
    "declared",
    "block",
    "removed",
    "strong",
    Fact("blocks it at work", "a test"),
    {"android": (0,)},
    sides=("work",),
)


class Prover:
    """Ask `verify` about one golden and its mutants."""

    def __init__(self, path: str, files: Mapping[str, bytes], day: str) -> None:
        """Work out what the golden bans, and the apps to ask for."""
        self.path, self.day = path, day
        self.bench = BENCHES[path]
        self.golden = open_document(path, files[path])
        self._effects = [
            effect
            for reading in kinds.read_each(self.golden)
            for effect in reading.effects
            if effect.rule.sense in ("block", "remove")
        ]
        self._beside = [piece(open_document(one, files[one])) for one in self.bench.beside]
        if self.bench.work:
            packages = [effect.value for effect in self._effects]
            everything = open_document("work.json", json.dumps({"blocked": packages}).encode())
            self._beside.append(piece(everything, read_back=(("/blocked/*", "android", "package_name", _WORK_SIDE),)))
        self._apps = functools.cache(self._made)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Return every identifier the golden bans."""
        found = dict.fromkeys((effect.family, effect.value) for effect in self._effects)
        return tuple(pair for pair in found if self.bench.net or pair[0] != "web")

    def unproven(
        self,
        document: Document,
        values: Iterable[Pair] = (),
        *,
        day: str = "",
        classes: tuple[DeviceClass, ...] = (),
        require_scope: bool = False,
        beside: Iterable[Piece] = (),
    ) -> bool:
        """Tell whether a document leaves one of some bans unproven: of those of `values`, else of all."""
        asked = tuple(values)
        if not self.bench.net and any(family == "web" for family, _ in asked):
            return True
        return any(not one.proven for one in self._asked(document, asked, day, classes, require_scope, tuple(beside)))

    def _asked(
        self,
        document: Document,
        values: tuple[Pair, ...],
        day: str,
        classes: tuple[DeviceClass, ...],
        require_scope: bool,
        beside: tuple[Piece, ...],
    ) -> Iterable[Verification]:
        pieces = (piece(document), *self._beside, *beside)
        wanted = values or self.pairs
        for net in (False, True):
            apps = tuple(self._apps(*pair) for pair in wanted if (pair[0] == "web") is net)
            if not apps:
                continue
            rules = Rules(day or self.day, self.bench.strength, require_scope, require_duty=net or self.bench.remove)
            where = classes or (self.bench.net if net else self.bench.classes)
            yield verify(_ordered(apps, where, self.day), pieces, _catalogue(), rules)

    def _made(self, family: str, value: str) -> BannedApp:
        """Make an app of a single identifier; an address belongs to an app that is blocked besides."""
        mine = self._lone(next(e for e in self._effects if (e.family, e.value) == (family, value)))
        if family != "web":
            return BannedApp(value, value, "", (mine,), (), ("remove",) if self.bench.remove else ())
        carrier = next(e for e in reversed(self._effects) if e.family != "web")
        return BannedApp(value, value, "", (self._lone(carrier), mine), (), ("no-traffic",))

    def _lone(self, effect: Effect) -> Identifier:
        return Identifier(effect.family, effect.kind, effect.value, _HERE)


def _ordered(apps: tuple[BannedApp, ...], classes: tuple[DeviceClass, ...], day: str) -> Resolution:
    return Resolution("Example Agency", "gov.example.agency", day, apps, (), (), classes, (), ())


@functools.cache
def _catalogue() -> catalogue.Catalogue:
    return catalogue.load()

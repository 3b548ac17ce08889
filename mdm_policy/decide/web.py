"""Say which entry of an address list decides for an address, and by which routes a device can still reach a site.

Of the entries that cover an address the most specific decides: the longest host, then the longest path; at a tie the one
that allows does (MicrosoftDocs/Edge-Enterprise@1b9f554 "url-list-filter format"; Defender: "Allow > Warn > Block",
MicrosoftDocs/defender-docs@0596477 indicators-overview.md). Every list that is read here covers subdomains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy.decide.index import in_force
from mdm_policy.decide.reach import reach
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.states import DeviceState
    from mdm_policy.model import DeviceClass
    from mdm_policy.reading import Mechanism, Reading, Rule

_EVERYTHING = "*"
_MOST_LABELS = 128
"""A name has at most 127 labels (RFC 1035, 255 octets)."""
ROUTES: dict[Mechanism, str] = {
    "apple-web-filter": "every browser",
    "chrome-url-lists": "Google Chrome",
    "defender-indicators": "every app where network protection blocks",
    "domain-blocking": "everything that goes through the list",
    "edge-url-lists": "Microsoft Edge",
    "managed-browser": "the managed browser",
    "dns-policy-zone": "every app that resolves through the zone",
}
"""Through what a mechanism closes an address; Apple's built-in filter sees what is asked for in browsers, all of them WebKit's."""
_SWITCHED: frozenset[Mechanism] = frozenset({"defender-indicators"})
"""Mechanisms that act only where another document turns them on: without it nobody can tell whether they do."""
_EVERY_BROWSER: frozenset[Mechanism] = frozenset({"apple-web-filter"})
_NETWORK: frozenset[Mechanism] = frozenset({"defender-indicators", "domain-blocking", "dns-policy-zone"})
"""Mechanisms that close an address to every process of a device, and not in browsers alone."""

WebWord = Literal["network", "browser", "none", "unknown"]
_WORDS: tuple[WebWord, ...] = ("none", "unknown", "browser", "network")
"""The worst first."""


class WebVerdict(Frozen, frozen=True, gc=False):
    """Say how well the addresses of an app are closed on a class.

    `network`: to every process; `browser`: in the browsers that `routes` names, where `whole` says that a device has no
    others; `unknown`: nobody can tell whether what closes them reaches the devices; `none`. `whole` is True of `network` too.
    """

    word: WebWord
    routes: tuple[str, ...] = ()
    whole: bool = False


def worst(found: Iterable[WebVerdict]) -> WebVerdict:
    """Return the verdict that counts where a device is under one of several sets of documents, nobody says which."""
    return min(found, key=lambda one: (_WORDS.index(one.word), one.whole), default=WebVerdict("none"))


class AddressEntry(Frozen, frozen=True, gc=False):
    """Hold an entry of an address list: its rule, what it covers, how specific it is, and whether it surely holds."""

    rule: Rule
    host: str
    path: str
    sure: bool

    @property
    def parts(self) -> tuple[str, str]:
        """Return host and path: what it covers."""
        return self.host, self.path


def parts(kind: str, value: str) -> tuple[str, str]:
    """Return the host and the path of an address; the host is empty for `*`, which covers everything."""
    if kind == "domain":
        return value, ""
    bare = value.partition("://")[2] or value
    cut = min((place for place in map(bare.find, "/?#") if place >= 0), default=len(bare))
    host = bare[:cut].partition(":")[0].lower().lstrip(".")
    return ("" if host == _EVERYTHING else host), bare[cut:].rstrip("/")


def above(key: Key) -> tuple[Key, ...]:
    """Return an address and every key under which an entry of a list may cover it, the most specific first."""
    family, kind, value = key
    host, path = parts(kind, value)
    labels = host.split(".")[-_MOST_LABELS:]
    found: list[Key] = [key]
    first = 0 if path or kind == "url" else 1
    for place in range(first, len(labels)):
        name = ".".join(labels[place:])
        if name:
            found.append((family, "domain" if "." in name else "url", name))
    found.append((family, "url", _EVERYTHING))
    return tuple(dict.fromkeys(found))


def opens(allow: tuple[str, str], block: tuple[str, str]) -> bool:
    """Tell whether an entry that allows, by its host and path, is as specific as one that blocks."""
    return (len(allow[0]), len(allow[1])) >= (len(block[0]), len(block[1]))


class Addresses:
    """Hold what the documents of a class do to addresses, ready for many questions."""

    def __init__(
        self,
        readings: Sequence[Reading],
        cls: DeviceClass | None,
        every: Sequence[DeviceState],
        as_of: str,
        *,
        require_scope: bool = False,
        beside: Sequence[Reading] | None = None,
    ) -> None:
        """Take the entries that hold in every state; `beside` are all documents, if these are some of them."""
        among = readings if beside is None else beside
        self._blocks: dict[Key, list[AddressEntry]] = {}
        self._allows: dict[str, list[AddressEntry]] = {}
        on = _switched_on(readings, cls, among, require_scope=require_scope)
        for reading in readings:
            columns = [one for one in reading.columns if one.family == "web" and one.rule.sense in ("block", "allow")]
            reached = reach(reading, cls, among, require_scope=require_scope) if columns else None
            for column in columns if reached is not None and reached.alive else ():
                rule = column.rule
                held = [in_force(rule, state, as_of) for state in every]
                if not any(held) or (rule.sense == "block" and not all(held)):
                    continue
                ends = rule.expires is not None and not rule.expires.fixed
                sure = not (reached is not None and reached.doubt) and rule.verdict != "unknown" and not ends
                sure = sure and (rule.mechanism not in _SWITCHED or rule.mechanism in on)
                for value in column.values:
                    entry = AddressEntry(rule, *parts(column.kind, value), sure)
                    if rule.sense == "block":
                        self._blocks.setdefault(("web", column.kind, value), []).append(entry)
                    else:
                        for name in _tails(entry.host):
                            self._allows.setdefault(name, []).append(entry)

    def verdict(self, domains: Iterable[str]) -> WebVerdict:
        """Return how well all of an app's domains are closed together."""
        closed = [self._closing(domain) for domain in domains]
        if not closed:
            return WebVerdict("none")
        sure = frozenset.intersection(*(frozenset(by for by, certain in one.items() if certain) for one in closed))
        if sure & _NETWORK:
            return WebVerdict("network", tuple(sorted(ROUTES[by] for by in sure)), whole=True)
        if sure:
            return WebVerdict("browser", tuple(sorted(ROUTES[by] for by in sure)), whole=bool(sure & _EVERY_BROWSER))
        return WebVerdict("unknown" if all(closed) else "none")

    def _closing(self, domain: str) -> dict[Mechanism, bool]:
        """Return through what a domain is closed, and whether for certain."""
        found: dict[Mechanism, bool] = {}
        for key in above(("web", "domain", domain)):
            for entry in self._blocks.get(key, ()):
                by = entry.rule.mechanism
                holes = [
                    one
                    for one in self._holes(domain)
                    if one.rule.mechanism == by and (one.host.endswith(domain) or opens(one.parts, entry.parts))
                ]
                if by in ROUTES and all(one.rule.verdict == "unknown" for one in holes):
                    found[by] = found.get(by, False) or (entry.sure and not holes)
        return found

    def _holes(self, domain: str) -> Iterator[AddressEntry]:
        """Yield the entries that allow a domain, a part of it, or what it is a part of."""
        yield from self._allows.get(domain, ())
        for name in _tails(domain)[1:]:
            yield from (one for one in self._allows.get(name, ()) if one.host == name)


def _switched_on(
    readings: Sequence[Reading], cls: DeviceClass | None, among: Sequence[Reading], *, require_scope: bool
) -> frozenset[Mechanism]:
    """Return the mechanisms that documents turn on for every device of a class, and that none may turn off."""
    on: set[Mechanism] = set()
    off: set[Mechanism] = set()
    for reading in readings:
        reached = reach(reading, cls, among, require_scope=require_scope) if reading.switches else None
        for switch in reading.switches if reached is not None and reached.alive else ():
            if not switch.on:
                off.add(switch.mechanism)
            elif reached is not None and not reached.doubt:
                on.add(switch.mechanism)
    return frozenset(on - off)


def _tails(host: str) -> list[str]:
    """Return a host and every domain it is in, and the empty one, in which all are."""
    labels = host.split(".")[-_MOST_LABELS:] if host else []
    return [*(".".join(labels[place:]) for place in range(len(labels))), ""]

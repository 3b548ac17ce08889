"""Warn of identifiers that a list should not hold: dangerous to block, known to be wrong, or nearly right.

A guard never changes an identifier; it says what is the matter and what to write instead. It sees each of up to 100,000
inline identifiers, nearly all of which the catalogue has never heard of, so those cost a few look-ups and nothing more.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mdm_policy.catalogue import Catalogue, Key, NeverBlock, WrongId, folded_key, plain_name
from mdm_policy.errors import error, note, warning
from mdm_policy.identifiers import quoted
from mdm_policy.model import CatalogueApp, CatalogueVendor, Identifier
from mdm_policy.publishers import fits, publisher_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from mdm_policy.errors import Finding, Origin
    from mdm_policy.model import Override

    _Make = Callable[[str, str, Origin | None, str], Finding]

_Owner = CatalogueApp | CatalogueVendor
_APP_KINDS = ("bundle_id", "package_name")
_DANGER = {
    "brick": "blocking it breaks the device or its management",
    "unmanage": "blocking it makes the MDM lose control of the device",
    "vital": "safety and calls depend on it",
    "function": "blocking it has a side effect",
}
NEVER_HIDDEN = frozenset({"com.apple.Preferences", "com.apple.mobilephone"})
"""Settings and Phone, which no list on iOS hides: MicrosoftDocs/memdocs device-restrictions-apple.md (2026-02); IBM
MaaS360's page on Phone; Miradore, application blacklisting for iOS."""
_SIGNER_KINDS = frozenset(("publisher", "publisher_cn", "certificate", "package_family_name"))
_SHORTEST = 5
"""Below this length one edit turns one real name into another, so a near miss means nothing."""


def guard(
    name: str,
    vendor: str,
    identifiers: Sequence[Identifier],
    overrides: Sequence[Override],
    catalogue: Catalogue,
    protected: Collection[Key],
) -> list[Finding]:
    """Return what is the matter with the identifiers of one ban.

    `name` is what the ban calls the app, `vendor` its maker if known, `protected` the organization's own keys that no
    ban may touch. An override lets a dangerous identifier pass, loudly; one that names no dangerous identifier is found.
    """
    index = _index(catalogue)
    found: list[Finding] = [*_windows_signers(identifiers)]
    suspects, stems, prefixes = index.suspects, index.stems, index.prefixes
    called = index.names.get(plain_name(name), ())
    if vendor:
        called += index.names.get(plain_name(vendor), ())
    for identifier in identifiers:
        value = identifier.value
        dangerous = value.casefold() in suspects or identifier.kind == "signing_id"
        if dangerous or (protected and identifier.key in protected):
            found += _dangers(identifier, identifiers, overrides, index, protected)
        if dangerous or value.startswith(prefixes):
            found += _mistakes(identifier, identifiers, name, called, index)
        elif identifier.family == "macos" and "_" in value and identifier.kind == "bundle_id":
            found.append(_underscore(identifier))
        elif called or value[: value.find(".", value.find(".") + 1)] in stems:
            found += _near_misses(identifier, called, index)
    for override in overrides:
        if not any(one.value == override.id and _whys(one, identifiers, index, protected) for one in identifiers):
            said = f"{quoted(override.id)} is not dangerous to block here"
            found.append(warning("override-unused", said, override.origin, "remove the override"))
    return found


def _underscore(identifier: Identifier) -> Finding:
    said = f"{quoted(identifier.value)} has an underscore, which Apple's rule for bundle ids forbids; some programs have one"
    return note("bundle-id-underscore", said, identifier.origin, "compare it with what `codesign -dv` prints")


def _windows_signers(identifiers: Sequence[Identifier]) -> Iterator[Finding]:
    """Yield what is wrong between the identifiers by which Windows knows a signer."""
    kinds: dict[str, list[Identifier]] = {}
    for one in identifiers:
        if one.kind in _SIGNER_KINDS:
            kinds.setdefault(one.kind, []).append(one)
    if not kinds:
        return
    if "publisher_cn" not in kinds:
        for one in kinds.get("certificate", ()):
            said = (
                f"the certificate {quoted(one.value)} alone names everyone it was issued to, so no rule is made of it"
            )
            yield warning("certificate-alone", said, one.origin, "add the `publisher_cn` it is to narrow, or remove it")
    names = [one.value for one in kinds.get("package_family_name", ())]
    for one in kinds.get("publisher", ()):
        if not names or not one.value.startswith("CN=") or any(fits(one.value, name) for name in names):
            continue
        said = f"no package family name here is one of {quoted(one.value)}: its names end in _{publisher_id(one.value)}"
        hint = "compare it letter by letter with Publisher and PackageFamilyName of `Get-AppxPackage`"
        yield warning("publisher-not-of-package", said, one.origin, hint)


def one_edit(left: str, right: str) -> bool:
    """Tell whether two texts differ by one insertion, deletion or substitution, or by two neighbours changing places."""
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1 or left == right:
        return False
    place = 0
    while place < len(left) and left[place] == right[place]:
        place += 1
    if len(left) < len(right):
        return left[place:] == right[place + 1 :]
    if left[place + 1 :] == right[place + 1 :]:
        return True
    swapped = right[place : place + 2][::-1]
    return left[place : place + 2] == swapped and left[place + 2 :] == right[place + 2 :]


class _Index:
    """Hold a catalogue's identifiers as guards ask for them: whatever is not in `suspects` or `stems` is of no concern."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.known = catalogue.identifiers
        self.never_block = catalogue.never_block
        self._wrong: dict[str, list[WrongId]] = {}
        self._patterns: list[tuple[str, WrongId]] = []
        for row in catalogue.wrong_ids:
            if row.pattern:
                self._patterns.append((row.value.rstrip("*"), row))
            else:
                self._wrong.setdefault(row.value, []).append(row)
        self.prefixes = tuple(prefix for prefix, _ in self._patterns)
        keys = (*self.known, *self.never_block)
        self.suspects = frozenset(value.casefold() for value in (*self._wrong, *(value for _, _, value in keys)))
        self._cases = {(family, kind, value.casefold()): value for family, kind, value in keys}
        self.elsewhere: dict[str, Identifier] = {}
        self._halves: dict[tuple[str, str, str, int, str, str], list[str]] = {}
        for one in self.known.values():
            if one.kind in _APP_KINDS:
                self.elsewhere.setdefault(one.value, one)
                self._put(one)
        self.stems = frozenset(place[2] for place in self._halves)
        self.names: dict[str, tuple[_Owner, ...]] = {**catalogue.names}
        for key, vendor in catalogue.vendors.items():
            for text in dict.fromkeys((plain_name(key), plain_name(vendor.name))):
                self.names[text] = (*self.names.get(text, ()), vendor, *catalogue.apps_of(key))

    def _put(self, one: Identifier) -> None:
        """File an app's id so that two look-ups find all that are one edit away and have the same maker's part.

        An edit leaves the first half of the rest as it was, or else what follows its middle: under both it is filed,
        once for each length the other text can have.
        """
        stem = _stem(one.value)
        if one.value.count(".") < 2:
            return
        rest = one.value[len(stem) + 1 :]
        for length in range(len(rest) - 1, len(rest) + 2):
            half = length // 2
            place = (one.family, one.kind, stem, length)
            self._halves.setdefault((*place, rest[:half], ""), []).append(one.value)
            self._halves.setdefault((*place, "", rest[len(rest) - max(length - half - 1, 0) :]), []).append(one.value)

    def neighbours(self, identifier: Identifier) -> list[str]:
        """Return the known ids with the same maker's part that may be one edit away."""
        stem = _stem(identifier.value)
        rest = identifier.value[len(stem) + 1 :]
        half = len(rest) // 2
        place = (identifier.family, identifier.kind, stem, len(rest))
        halves = self._halves
        return halves.get((*place, rest[:half], ""), []) + halves.get((*place, "", rest[half + 1 :]), [])

    def wrong_rows(self, identifier: Identifier) -> list[WrongId]:
        """Return the rows that call an identifier wrong on its platform; those that call it always wrong go first."""
        rows = [row for prefix, row in self._patterns if identifier.value.startswith(prefix)]
        rows += self._wrong.get(identifier.value, ())
        rows = [row for row in rows if row.family in ("any", identifier.family)]
        return sorted(rows, key=lambda row: row.pairing_only)

    def right_case(self, identifier: Identifier) -> str | None:
        """Return the known identifier that an unknown one equals when the case of letters is folded."""
        if identifier.family == "windows" or identifier.key in self.never_block:
            return None
        return self._cases.get((identifier.family, identifier.kind, identifier.value.casefold()))


@lru_cache(maxsize=2)
def _index(catalogue: Catalogue) -> _Index:
    return _Index(catalogue)


def _stem(value: str) -> str:
    """Return the first two labels: the part of an app's id that stands for its maker."""
    return value[: value.find(".", value.find(".") + 1)]


def _dangers(
    identifier: Identifier,
    beside: Sequence[Identifier],
    overrides: Sequence[Override],
    index: _Index,
    protected: Collection[Key],
) -> Iterator[Finding]:
    """Yield why an identifier must not be blocked, or that the list blocks it all the same and for which reason."""
    whys = _whys(identifier, beside, index, protected)
    shown = quoted(identifier.value)
    override = next((one for one in overrides if one.id == identifier.value), None)
    if override and whys:
        told = ", and ".join(why for _, _, why in whys)
        said = f"{shown} is blocked although {told}; the reason given: {override.reason}"
        yield warning("never-block-overridden", said, identifier.origin, "remove the override when the reason is gone")
        return
    for id_, make, why in whys:
        hint = "remove it, or name it under `allow_dangerous` with a reason"
        yield make(id_, f"{shown} must not be blocked: {why}", identifier.origin, hint)


def _whys(
    identifier: Identifier, beside: Sequence[Identifier], index: _Index, protected: Collection[Key]
) -> list[tuple[str, _Make, str]]:
    """Return each reason not to block an identifier: the finding's id, how grave it is, and the sentence."""
    keys = _keys(identifier, beside)
    entry = next((index.never_block[key] for key in keys if key in index.never_block), None)
    whys: list[tuple[str, _Make, str]] = []
    if entry:
        whys.append(("never-block", warning if entry.level == "function" else error, _why(keys, entry)))
    if any(key in protected for key in keys):
        whys.append(("protected-app", error, "the deployment protects it"))
    return whys


def _keys(identifier: Identifier, beside: Sequence[Identifier]) -> tuple[Key, ...]:
    """Return the keys under which an identifier may be dangerous.

    A signing id blocks one bundle id. A team id beside a bundle id only qualifies it; alone it blocks all of the maker's.
    """
    if identifier.kind == "signing_id":
        return (identifier.key, ("macos", "bundle_id", identifier.value.partition(":")[2]))
    if identifier.kind == "team_id" and any(one.family == "macos" and one.kind == "bundle_id" for one in beside):
        return ()
    return (identifier.key, folded_key(*identifier.key))


def _why(keys: tuple[Key, ...], entry: NeverBlock) -> str:
    if any(key[:2] == ("ios", "bundle_id") and key[2] in NEVER_HIDDEN for key in keys):
        return "the device never hides it, so the rule would be a no-op"
    return _DANGER[entry.level] + (f" ({entry.note})" if entry.note else "")


def _mistakes(
    identifier: Identifier, beside: Sequence[Identifier], name: str, called: tuple[_Owner, ...], index: _Index
) -> Iterator[Finding]:
    """Yield what is wrong with an identifier that someone has heard of: at most one finding, the most telling."""
    shown = quoted(identifier.value)
    for wrong in index.wrong_rows(identifier):
        meant = wrong.circulates_as.partition(" (")[0]
        told = wrong.note or "it is a wrong identifier that circulates"
        if not wrong.pairing_only:
            said = f"{shown} is not the identifier of {meant or 'any app'}: {told}"
            yield error("wrong-identifier", said, identifier.origin, _right(identifier, wrong, index))
            return
        if _paired(wrong, name, beside, index):
            said = f"{shown} does not belong to {meant}: {told}"
            yield error("wrong-pairing", said, identifier.origin, _right(identifier, wrong, index))
            return
    if folded_key(*identifier.key) in index.known:
        return
    right = index.right_case(identifier)
    if right:
        said = f"{shown} differs from the {identifier.family} identifier {quoted(right)} in case alone"
        hint = f"write {quoted(right)}: devices compare letter by letter"
        yield error("identifier-case", said, identifier.origin, hint)
        return
    other = index.elsewhere.get(identifier.value) if identifier.kind in _APP_KINDS else None
    if other:
        yield _other_platform(identifier, other, index)
        return
    yield from _near_misses(identifier, called, index)


def _right(identifier: Identifier, wrong: WrongId, index: _Index) -> str:
    """Say what to write instead; the right identifier may be one of another platform."""
    if not wrong.right:
        return "remove it, or find the right one in the app's store record"
    here = (identifier.family, identifier.kind, wrong.right) in index.known
    other = index.elsewhere.get(wrong.right)
    if other and not here:
        return f"the right one is {quoted(wrong.right)}, on {other.family}"
    return f"write {quoted(wrong.right)}"


def _paired(wrong: WrongId, name: str, beside: Sequence[Identifier], index: _Index) -> bool:
    """Tell whether a ban pairs a real identifier with what it is known to be wrongly paired with: a name or another id."""
    names = {plain_name(name)}
    for app in index.catalogue.names.get(plain_name(name), ()):
        names.update(map(plain_name, (app.key, app.name, *app.aliases)))
    return plain_name(wrong.circulates_as) in names or any(
        one.value == wrong.circulates_as for one in beside if one.kind in (*_APP_KINDS, "app_store_id")
    )


def _other_platform(identifier: Identifier, other: Identifier, index: _Index) -> Finding:
    owner = index.catalogue.owners[folded_key(*other.key)][0]
    here = [one.value for one in owner.identifiers if (one.family, one.kind) == (identifier.family, identifier.kind)]
    hint = f"does it exist on {identifier.family} at all?"
    if here:
        hint = f"{owner.name} is {', '.join(map(quoted, here))} there"
    said = f"{quoted(identifier.value)} is known on {other.family} only, as {owner.name}, not on {identifier.family}"
    return warning("identifier-other-platform", said, identifier.origin, hint)


def _near_misses(identifier: Identifier, called: tuple[_Owner, ...], index: _Index) -> Iterator[Finding]:
    """Yield the known identifier one edit away, when the ban's name or the maker's part of the identifier speaks for it."""
    value = identifier.value
    if len(value) < _SHORTEST:
        return
    kind = (identifier.family, identifier.kind)
    near = index.neighbours(identifier)
    near += [one.value for owner in called for one in owner.identifiers if (one.family, one.kind) == kind]
    folded = folded_key(*kind, value)[2]
    hits = sorted({known for known in near if one_edit(folded, folded_key(*kind, known)[2])})
    if hits:
        said = f"{quoted(value)} is unknown, and one letter away from the known {', '.join(map(quoted, hits))}"
        yield warning("near-miss", said, identifier.origin, f"did you mean {quoted(hits[0])}?")

"""Hold what a target's manifest states beside the ban against what the readers find in its documents, and tell it.

What a document stops, opens or removes beside the ban is stated by the manifest and found by the readers, each by itself. Found and
not stated is a warning, and an error where whatever is not listed is refused: nobody orders that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy import collateral
from mdm_policy.decide import beside_together
from mdm_policy.errors import Finding, Origin, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.reading import Collateral, Reading
    from mdm_policy.target_model import StatedCollateral
    from mdm_policy.targets import Target
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.vocabulary import CollateralCase, CollateralEffect, CollateralThing

_REFUSES: frozenset[CollateralThing] = frozenset({"packaged-apps", "unlisted-apps", "unlisted-programs"})
"""What is hit where all that is not listed is refused."""


class FoundCollateral(NamedTuple):
    """Say that a document of a target does something beside the ban."""

    target: str
    document: str
    path: str
    one: Collateral

    @property
    def sort(self) -> tuple[str, str, str]:
        """Return what is told once for a target."""
        return self.one.effect, self.one.what, self.one.when


class ToldCollateral(NamedTuple):
    """Say in words what files of a target do beside the ban."""

    effect: CollateralEffect
    what: CollateralThing
    when: CollateralCase
    files: tuple[str, ...]
    sentence: str


def stated(target: Target, options: Mapping[str, Any], document: str = "") -> tuple[StatedCollateral, ...]:
    """Return what the manifest states under these options: of one document, or of all."""
    return tuple(
        one
        for one in target.manifest.collateral
        if (not document or not one.documents or document in one.documents)
        and (not one.option or options.get(one.option))
        and not (one.unless and options.get(one.unless))
    )


def found(target: Target, documents: Iterable[tuple[str, str, Sequence[Reading]]]) -> tuple[FoundCollateral, ...]:
    """Return what the documents (name, path, readings) of a target do beside the ban on the devices it is for.

    What one of them makes good in another is left out: they are a set.
    """
    named = [(reading, name, path) for name, path, readings in documents for reading in readings]
    where = {id(reading): (name, path) for reading, name, path in named}
    modes = set(target.manifest.modes)
    return tuple(
        FoundCollateral(target.name, *where[id(reading)], one)
        for reading, one in beside_together([reading for reading, _, _ in named])
        if not one.modes or not modes or modes & set(one.modes)
    )


def defects(target: Target, options: Mapping[str, Any], every: Iterable[FoundCollateral]) -> Iterator[Finding]:
    """Yield what was found and is not stated, each sort once."""
    told: set[tuple[str, str, str]] = set()
    for one in every:
        known = {(each.effect, each.what, each.when) for each in stated(target, options, one.document)}
        if one.sort in known or one.sort in told:
            continue
        told.add(one.sort)
        said = f"{target.name}: the document {collateral.sentence(one.one.what, one.one.when)}"
        if one.one.what in _REFUSES:
            hint = "let it allow what is not banned, or state it under `collateral` in target.yaml"
            yield error("read-back-extra", f"{said}, which nothing orders", Origin(one.path), hint)
        else:
            hint = f"add {{effect: {one.one.effect}, what: {one.one.what}, when: {one.one.when}}} to `collateral` in target.yaml"
            yield warning("collateral-unstated", f"{said}, which its manifest does not state", Origin(one.path), hint)


def findings(every: Sequence[FoundCollateral], pieces: Iterable[Piece]) -> Iterator[Finding]:
    """Yield one finding for each sort of a target; what another target of the build makes good is left out."""
    whole = {
        (one.what, one.when)
        for _, one in beside_together([reading for piece in pieces if piece.leads for reading in piece.readings])
    }
    told: set[tuple[str, tuple[str, str, str]]] = set()
    for one in every:
        if one.one.said or (one.target, one.sort) in told:
            continue
        told.add((one.target, one.sort))
        if one.one.when == "alone" and (one.one.what, one.one.when) not in whole:
            continue
        finding = collateral.on_adding(f"{one.target}:", one.one.what, one.one.when, Origin(one.path))
        if finding is not None:
            yield finding


def told(target: Target, options: Mapping[str, Any], written: Iterable[tuple[str, str]]) -> tuple[ToldCollateral, ...]:
    """Return what the manifest states of the documents (name, path) that were written."""
    files = list(written)
    made = [
        ToldCollateral(
            one.effect,
            one.what,
            one.when,
            tuple(path for name, path in files if not one.documents or name in one.documents),
            collateral.sentence(one.what, one.when),
        )
        for one in stated(target, options)
    ]
    return tuple(one for one in made if one.files)

"""Work out the identifiers that follow from those of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import publishers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.model import Identifier
    from mdm_policy.vocabulary import Confidence

_CONFIDENCE: dict[Confidence, int] = {"verified": 0, "single-source": 1, "stated": 2, "unsourced": 3, "unverified": 4}


def derive(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return what follows from the identifiers of one app, sorted, without what the app already has.

    A macOS team id and bundle id make the `signing_id` that binaries are denied by; the Name of a Windows package
    family is the `appx_name` AppLocker compares; a publisher with a comma in a name is written in two ways. A derived
    identifier is as trustworthy as its weaker parent, and has the role of the one it names.
    """
    given = tuple(identifiers)
    have = {one.key for one in given}
    made: dict[tuple[str, str, str], Identifier] = {}
    for child in (*_signing_ids(given), *_appx_names(given), *_spellings(given)):
        known = made.get(child.key)
        if child.key not in have and (known is None or _rank(child) < _rank(known)):
            made[child.key] = child
    return tuple(made[key] for key in sorted(made))


def _rank(identifier: Identifier) -> int:
    return _CONFIDENCE[identifier.confidence]


def _signing_ids(given: tuple[Identifier, ...]) -> Iterator[Identifier]:
    teams = [one for one in given if one.family == "macos" and one.kind == "team_id"]
    bundles = [one for one in given if one.family == "macos" and one.kind == "bundle_id"]
    for bundle in bundles:
        for team in teams:
            weaker = max(bundle, team, key=_rank)
            value = f"{team.value}:{bundle.value}"
            yield msgspec.structs.replace(
                weaker, kind="signing_id", value=value, derived_from=bundle.value, role=bundle.role
            )


def _appx_names(given: tuple[Identifier, ...]) -> Iterator[Identifier]:
    for one in given:
        if one.kind == "package_family_name":
            yield msgspec.structs.replace(
                one, kind="appx_name", value=one.value.rpartition("_")[0], derived_from=one.value
            )


def _spellings(given: tuple[Identifier, ...]) -> Iterator[Identifier]:
    for one in given:
        if one.kind == "publisher":
            other = publishers.other_spelling(one.value)
            if other:
                yield msgspec.structs.replace(one, value=other, derived_from=one.value)

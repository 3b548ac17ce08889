"""Lay the verdicts out as rows of a matrix: a word for each banned thing on each class of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.model import BannedApp
    from mdm_policy.verify.model import Verification


class MatrixRow(Frozen, frozen=True, gc=False):
    """Hold a banned thing with a word for each class, in the order of the classes.

    `through` is the app that a row for a feature stands in for, or empty.
    """

    app: str
    name: str
    through: str
    words: tuple[str, ...]


def rows(found: Verification) -> tuple[MatrixRow, ...]:
    """Return a row for each banned app and each banned feature of one, in the order of their names."""
    words: dict[str, tuple[str, ...]] = dict.fromkeys((app.key for app in found.apps), ())
    for verdict in found.classes:
        for group in verdict.groups:
            longer = (*words[group.apps[0].key], group.cell.label)
            words.update(dict.fromkeys((app.key for app in group.apps), longer))
    made = [row for app in found.apps for row in _rows(app, words[app.key])]
    return tuple(sorted(made, key=lambda row: (row.name.casefold(), row.name, row.app)))


def _rows(app: BannedApp, words: tuple[str, ...]) -> Iterator[MatrixRow]:
    features = {reason.feature for reason in app.reasons}
    if "" in features or not features:
        yield MatrixRow(app.key, app.name, "", words)
    for feature in sorted(features - {""}):
        yield MatrixRow(app.key, feature, app.name, words)

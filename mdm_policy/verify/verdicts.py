"""Judge every app on every class: the verdicts alone, before anybody looks up lines or writes sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import Frozen
from mdm_policy.verify.alike import alike, cut
from mdm_policy.verify.classes import strongest
from mdm_policy.verify.judging import ClassJudge
from mdm_policy.verify.table import AppTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.verify.judging import Allowances, Rules
    from mdm_policy.verify.model import ClassVerdict
    from mdm_policy.verify.pieces import Piece


class AllVerdicts(Frozen, frozen=True):
    """Hold the verdict of each class with its judge, the apps in columns, and what weaker devices nobody judged."""

    table: AppTable
    courts: tuple[ClassJudge, ...]
    verdicts: tuple[ClassVerdict, ...]
    weaker: tuple[str, ...]


def verdicts_of(
    apps: Sequence[BannedApp],
    classes: Sequence[DeviceClass],
    pieces: Sequence[Piece],
    rules: Rules,
    leave: Allowances,
) -> AllVerdicts:
    """Judge apps on classes; without any classes, on the strongest of each platform that the documents address."""
    alone = {waiver.app for waiver in leave.waivers} | {gap.app for gap in leave.accepted}
    table = AppTable(apps)
    groups = alike(table, pieces, alone)
    small = cut(pieces, groups)
    judged, weaker = tuple(classes), tuple[str, ...]()
    if not classes:
        chosen = strongest(small, [group[0] for group in groups], rules.as_of, rules.min_strength)
        judged, weaker = chosen.classes, chosen.weaker
    courts = tuple(ClassJudge(small, cls, rules, declared=bool(classes), whole=pieces) for cls in judged)
    return AllVerdicts(table, courts, tuple(court.verdict(groups, leave) for court in courts), weaker)

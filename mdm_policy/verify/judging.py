"""Judge every app on one class: by groups that fare alike, with exceptions, accepted gaps and duties applied."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import Decision, Gap, Index, Note, decide, decide_each, holds, judge, preinstalled, states
from mdm_policy.decide.builds import plan
from mdm_policy.decide.web import Addresses, worst
from mdm_policy.model import Frozen, GrantedException
from mdm_policy.verify.counts import Row, row_of, weak
from mdm_policy.verify.model import Alike, Cell, ClassVerdict, IdentifierVerdict
from mdm_policy.verify.pieces import acting, readings_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.decide import DeviceState
    from mdm_policy.decide.web import WebVerdict
    from mdm_policy.model import AcceptedGap, BannedApp, DeviceClass, Resolution
    from mdm_policy.reading import Reading
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.vocabulary import Strength


UNMET = "unmet-duty"
"""The word for a ban that holds where a duty beyond it is not met, and required."""


class Rules(Frozen, frozen=True):
    """Say by what to judge: the day, how strong a block must be, and what a note would otherwise say is a gap."""

    as_of: str
    min_strength: Strength = "partial"
    require_scope: bool = False
    require_duty: bool = False


class Allowances(Frozen, frozen=True):
    """Hold what the organization has decided by itself: live exceptions, and gaps it accepts."""

    waivers: tuple[GrantedException, ...] = ()
    accepted: tuple[AcceptedGap, ...] = ()

    def waived(self, app: str, cls: DeviceClass) -> tuple[GrantedException, ...]:
        """Return the exceptions that free every device of a class from the ban of an app, if there are any."""
        mine = tuple(waiver for waiver in self.waivers if waiver.app == app)
        freed = {group for waiver in mine for group in waiver.groups}
        if not cls.groups or not set(cls.groups) <= freed:
            return ()
        return tuple(waiver for waiver in mine if set(waiver.groups) & set(cls.groups))

    def acceptance(self, app: str, cls: DeviceClass, as_of: str) -> AcceptedGap | None:
        """Return the acceptance that covers an app on a class on a day; one that has ended covers nothing."""
        return next((g for g in self.accepted if (g.app, g.device) == (app, cls.name) and as_of <= g.until), None)


def allowances(resolution: Resolution) -> Allowances:
    """Return what an organization's lists and deployment have decided."""
    waivers = tuple(dict.fromkeys(w for variant in resolution.variants for w in variant.waivers))
    return Allowances(waivers, resolution.accepted_gaps)


def known_from(app: BannedApp, build: str) -> str:
    """Say that the catalogue gives an identifier, and how well it knows it; nothing where the list itself gives it."""
    files = {reason.origin.file for reason in app.reasons}
    mine = [one for one in app.identifiers if one.value == build]
    if not mine or any(one.confidence == "stated" or one.origin.file in files for one in mine):
        return ""
    return f"catalogue, {mine[0].confidence.replace('-', ' ')}"


class ClassJudge:
    """Judge one class."""

    def __init__(
        self, pieces: Sequence[Piece], cls: DeviceClass, rules: Rules, *, declared: bool, whole: Sequence[Piece] = ()
    ) -> None:
        """Gather what acts on the class; `whole` are the documents with all their effects, where `pieces` are cut."""
        self.cls = cls
        self.rules = rules
        self.documents = tuple(one.name for one in acting(pieces, cls) if one.addresses(cls.platform))
        self.readings: tuple[Reading, ...] = tuple(readings_for(pieces, cls))
        # Which MDM's documents act has been said above, where --for may overrule it.
        plain = msgspec.structs.replace(cls, managed_by=None) if declared else None
        self._scope = plain
        self.index = Index(self.readings, plain, require_scope=rules.require_scope, as_of=rules.as_of)
        self.index.site_is_closed = self._site_is_closed
        self._whole = whole or pieces

    @cached_property
    def _everything(self) -> Index:
        """Index all effects, only when somebody asks for the line of an app that others stand in for."""
        rules = self.rules
        readings = readings_for(self._whole, self.cls)
        made = Index(readings, self._scope, require_scope=rules.require_scope, as_of=rules.as_of)
        made.site_is_closed = self._site_is_closed
        return made

    def _site_is_closed(self, app: BannedApp) -> bool:
        """Tell whether no browser of a device of the class opens the app's site."""
        return self.web(app).whole

    def verdict(self, groups: Iterable[tuple[BannedApp, ...]], leave: Allowances) -> ClassVerdict:
        """Judge all groups by their first app; one whose devices can't exist proves nothing and is a gap."""
        made = tuple(Alike(apps, self.cell(apps[0], leave)) for apps in groups)
        return ClassVerdict(self.cls, made, self.documents, self.decide)

    def cell(self, app: BannedApp, leave: Allowances) -> Cell:
        """Judge one app."""
        judged = judge(self.index, self.cls, app, self.rules.as_of, self.rules.min_strength)
        waived = leave.waived(app.key, self.cls)
        if waived and judged.worst.verdict != "not-applicable":
            return self._excepted(judged.proven, waived, judged.states)
        duties = (
            self._unmet(app, held=judged.proven)
            if judged.worst.verdict not in ("not-applicable", "unenforceable")
            else ()
        )
        gaps = judged.gaps
        idle = self.rules.require_duty and bool(duties) and not gaps
        if idle:
            gaps = (Gap(judged.worst_state, judged.worst, f"the duty {' and '.join(duties)} is not met"),)
        held = not gaps
        shown, state = (judged.worst, judged.worst_state) if held else (gaps[0].decision, gaps[0].state)
        accepted = None if held else leave.acceptance(app.key, self.cls, self.rules.as_of)
        return Cell(
            judged.worst.verdict if held else UNMET if idle else _word(gaps[0]),
            held,
            shown,
            state,
            gaps,
            accepted,
            duties,
            (*judged.notes, *self._routes(app, duties)),
            judged.states,
            _row(judged.worst, gaps, accepted),
            held and judged.declared,
            () if held else self._identifiers(app, gaps[0]),
        )

    def _identifiers(self, app: BannedApp, gap: Gap) -> tuple[IdentifierVerdict, ...]:
        """Say what becomes of an app under each identifier, unless it has one alone and the list gives that."""
        if gap.state is None or gap.decision.verdict == "unenforceable" or not plan(app, self.cls.platform).builds:
            return ()
        each = decide_each(self.index, gap.state, app, self.rules.as_of)
        found = tuple(
            IdentifierVerdict(build, made.verdict, holds(made, installed=gap.state.installed), known_from(app, build))
            for build, made in each
        )
        return found if len(found) > 1 or any(one.known_from for one in found) else ()

    def _excepted(self, proven: bool, waived: tuple[GrantedException, ...], count: int) -> Cell:
        told = "; ".join(f"{w.document}, approved by {w.approved_by}, until {w.until}" for w in waived)
        said = f"{waived[0].app} is excepted, and the documents block it all the same"
        notes = (Note("excepted", "", said),) if proven else ()
        return Cell(
            "excepted",
            True,
            Decision("excepted", None, None, "", "", "", told, cause="excepted"),
            None,
            notes=notes,
            states=count,
            row="excepted",
        )

    def decide(self, app: BannedApp, state: DeviceState) -> Decision:
        """Return what becomes of an app in a state, with its own line."""
        return decide(self._everything, state, app, self.rules.as_of)

    def _states(self, app: BannedApp) -> tuple[DeviceState, ...]:
        platform = self.cls.platform
        return states(self.cls, platform, preinstalled(app, platform), versions=self.index.versions(platform))

    def _routes(self, app: BannedApp, duties: Sequence[str]) -> Iterator[Note]:
        """Say by which routes the app's sites are closed, where that is less than the duty asks for, or asks more to hold."""
        if "no-traffic" not in app.duties:
            return
        web = self.web(app)
        routes = " and ".join(web.routes)
        if web.word == "network":
            yield Note("", "", f"no-traffic: sites are closed in {routes}")
        elif web.word == "browser":
            rest = (
                "what apps and embedded pages ask for goes on"
                if web.whole
                else "other browsers, and apps, still reach them"
            )
            yield Note("", "", f"no-traffic: sites are closed in {routes}; {rest}")
        if web.word in ("network", "browser") and self.web(app, every=True).word != web.word:
            shared = ", ".join(i.value for i in app.identifiers if i.family == "web" and i.shared)
            yield Note("", "", f"no-traffic: {shared}, which serve others too, are not closed")
        elif web.word == "unknown" and "no-traffic" in duties:
            yield Note("", "", "no-traffic: sites are on a list, and nobody can tell whether it holds on these devices")

    def _silent(self, app: BannedApp, *, held: bool) -> bool:
        """Tell whether nothing on a device of the class reaches the app's addresses.

        Closed in every browser, they are still open to the app itself, so it must be held too (OMB M-23-13 forbids traffic
        from a device, whatever the route).
        """
        web = self.web(app, every=True)
        return web.word == "network" or (web.whole and held)

    def _unmet(self, app: BannedApp, *, held: bool) -> tuple[str, ...]:
        """Return the duties beyond not installing and not launching that nothing here fulfils."""
        found = []
        if "remove" in app.duties and any(self._stays(app, state) for state in self._states(app) if state.installed):
            found.append("remove")
        if "no-traffic" in app.duties and plan(app, self.cls.platform).builds and not self._silent(app, held=held):
            found.append("no-traffic")
        return tuple(found)

    def _stays(self, app: BannedApp, state: DeviceState) -> bool:
        """Tell whether a copy that is installed already stays, be it hidden."""
        decision = decide(self.index, state, app, self.rules.as_of)
        return holds(decision, installed=True) and decision.verdict != "removed"

    def web(self, app: BannedApp, *, every: bool = False) -> WebVerdict:
        """Return how well the app's addresses are closed on the class; `none` where no domain of it is known.

        Those that others share count where the app has no others, and where `every` one is asked for: traffic to them is
        traffic to the app.
        """
        domains = [i for i in app.identifiers if i.family == "web" and i.kind == "domain"]
        own = [i for i in domains if not i.shared]
        asked = [i.value for i in (domains if every or not own else own)]
        return worst(one.verdict(asked) for one in self._addresses)

    @cached_property
    def _addresses(self) -> tuple[Addresses, ...]:
        """Return the addresses that are closed under each set of documents of which a device has one."""
        platform = self.cls.platform
        every = states(self.cls, platform, False, versions=self.index.versions(platform))
        strict = self.rules.require_scope
        return tuple(
            Addresses(
                one.readings, self._scope, every, self.rules.as_of, require_scope=strict, beside=self.index.readings
            )
            for one in self.index.sets(platform)
        )


def _row(worst: Decision, gaps: Sequence[Gap], accepted: AcceptedGap | None) -> Row:
    if accepted is not None:
        return "accepted"
    return "does-not-exist" if not gaps and worst.verdict == "not-applicable" else row_of(gaps)


def _word(gap: Gap) -> str:
    """Return a gap in a word: the verdict, or the strength where the ban holds but too weakly."""
    return str(gap.decision.strength if weak(gap) else gap.decision.verdict)

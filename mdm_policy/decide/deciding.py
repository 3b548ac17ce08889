"""Decide what becomes of a banned app in one device state, and name the line that decides it.

The law, in the order in which it is applied:

1. The app has no build on the platform (see `builds`): `not-applicable` if it does not exist there, else `unknown`.
2. The personal side of a personally owned Android device is beyond every setting: `unenforceable`.
3. Each build is judged by the rules in force. Apple's deny lists add up, its allow lists intersect, and deny beats
   allow, but for macOS's old path lists. Elsewhere a block and an explicit allow of the same mechanism, be it a place on an
   allow list, contradict each other, and nobody knows which wins: `unknown`. A document that may not reach the device, or
   lifts itself at a time nobody can tell, counts only as `unknown`. Of one document's rules of Santa the most special
   decides, and its mode last (see `precedence`).
4. Among the rules on one build the best counts: one that holds before one that does not, then the stronger, then the
   verdict in the order removed, blocked, hidden, not-installable. Among the builds the worst counts.
5. `removed` is `hidden` for a preinstalled app: a system app is disabled, never deleted. `not-installable` does not hold
   where the app is installed already.
6. Where nothing holds and no setting could have held, the verdict is `unenforceable`, with the fact.
7. An app that is a web app too is held partially at best, unless its site is closed as well: in every browser of the
   device, or to every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.builds import by_store_alone
from mdm_policy.decide.contests import ALLOW_WINS, DENY_WINS, contest
from mdm_policy.decide.index import Hit, Index, in_force
from mdm_policy.decide.law import law_against
from mdm_policy.decide.precedence import PACKAGED, may_let_in, without
from mdm_policy.model import Frozen
from mdm_policy.reading import Cause, Condition, Effect, Rule
from mdm_policy.vocabulary import STRENGTH_RANK, VERDICT_RANK, Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.contests import Contest
    from mdm_policy.decide.gathering import FoundRules
    from mdm_policy.decide.index import AllowList, Prepared, Together, View
    from mdm_policy.decide.law import Against
    from mdm_policy.decide.precedence import Document
    from mdm_policy.decide.states import DeviceState
    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading

_HELD = 100
_PACKAGED = Condition("packaged-apps")


def _score(verdict: Verdict, strength: Strength, *, installed: bool) -> int:
    """Return how good a verdict is; that a copy which is there cannot be installed again is less than what may hold it."""
    if verdict == "not-installable" and installed:
        return VERDICT_RANK["unenforceable"]
    rank = VERDICT_RANK[verdict]
    return _HELD + 10 * STRENGTH_RANK[strength] + rank if rank > VERDICT_RANK["unknown"] else rank


_SCORES = {
    (verdict, strength, installed): _score(verdict, strength, installed=installed)
    for verdict in VERDICT_RANK
    for strength in STRENGTH_RANK
    for installed in (False, True)
}
_ALLOWED = _SCORES["allowed", "weak", False]
_UNKNOWN = _SCORES["unknown", "weak", False]
_GUESSED = "the rule means the original file name in the program's version resource, and of this program the name on disk is known"
_UNSIGNED = (
    "rules let programs in by who signed them, and of this one too little is known to tell whether it is among them"
)
_SITE = "its web app, in any browser"


class Note(Frozen, frozen=True, gc=False):
    """Say what is worth telling and decides nothing: about which document, in a word and in words."""

    cause: Cause
    path: str
    text: str


class Decision(Frozen, frozen=True, gc=False):
    """Say what becomes of an app in a state, and why.

    `strength` and `rule` are None where no rule decided. `pointer` is empty when a whole list decided (an allow list
    that does not hold the app). `build` is the identifier of the build that decided: the weakest. Where the ban does not
    hold, or nobody can tell, `cause` says why in a word, and `reason` in words, without the subject that `sentence` has;
    `would_be` is the verdict of the rule but for that cause. Nothing is read out of the words.
    """

    verdict: Verdict
    strength: Strength | None
    rule: Rule | None
    path: str
    pointer: str
    build: str
    sentence: str
    escapes: str = ""
    notes: tuple[Note, ...] = ()
    cause: Cause = ""
    reason: str = ""
    would_be: Verdict | None = None

    @property
    def modelled(self) -> bool:
        """Tell whether what decided is a vendor's fact, or nothing; False for the word of a target's own manifest."""
        return self.rule is None or self.rule.modelled


class _Outcome(Frozen, frozen=True, gc=False):
    score: int
    verdict: Verdict
    hit: Hit | None
    build: str
    doubt: str = ""
    cause: Cause = ""


def decide(readings: Sequence[Reading] | Index, state: DeviceState, app: BannedApp, as_of: str) -> Decision:
    """Return what becomes of an app in a state on a day; pass an Index when asking more than once."""
    index = readings if isinstance(readings, Index) else Index(readings, as_of=as_of)
    sets = index.sets(state.platform)
    if len(sets) == 1:
        decided = _placed(_decide(sets[0], state, app, as_of), sets[0].alternative, several=False)
        return _capped(index, app, decided, state)
    each = [(_decide(one, state, app, as_of), one) for one in sets]
    worst, where = min(each, key=lambda one: (rank(one[0], installed=state.installed), one[0].modelled))
    return _capped(index, app, _managed(_placed(worst, where.alternative, several=True), where), state)


def _managed(decision: Decision, where: Together) -> Decision:
    """Say under which of several MDMs a ban fails: which of them has the device, the documents do not tell."""
    if where.alternative is not None or not where.mdm or decision.path or decision.cause != "unnamed":
        return decision
    said = f"{decision.sentence}, where {where.mdm} manages the device (say `managed_by` for the class if it does not)"
    return msgspec.structs.replace(decision, sentence=said)


def decide_each(index: Index, state: DeviceState, app: BannedApp, as_of: str) -> tuple[tuple[str, Decision], ...]:
    """Return what becomes of each build of an app in a state, under the policy that holds the app least."""
    sets = index.sets(state.platform)
    worst = min(sets, key=lambda one: rank(_decide(one, state, app, as_of), installed=state.installed))
    prepared = worst.prepared(app, state.platform)
    outcomes = _outcomes(worst, prepared, worst.view(state, as_of))
    return tuple((one.build, _said(one, state)) for one in outcomes)


def _said(outcome: _Outcome, state: DeviceState) -> Decision:
    if outcome.score > _HELD and outcome.hit is not None:
        return _held(outcome.verdict, outcome.hit, outcome.build, state)
    return _open(outcome, state)


def _placed(decision: Decision, policy: Reading | None, *, several: bool) -> Decision:
    """Say in which of the policies of which a device has exactly one a ban fails, and where it would have to stand."""
    if policy is None or not (decision.path or decision.cause == "unnamed"):
        return decision
    named = f"{decision.sentence}, in the policy {policy.name}" if several and policy.name else decision.sentence
    if decision.path:
        return msgspec.structs.replace(decision, sentence=named) if named is not decision.sentence else decision
    faulty = next((rule for rule in policy.rules if rule.cause == "refused"), None)
    if faulty is None:
        return msgspec.structs.replace(decision, path=policy.path, pointer=policy.place, sentence=named)
    said = f"nothing holds {decision.build}: {faulty.why}"
    return msgspec.structs.replace(
        decision, path=policy.path, pointer=policy.place, sentence=said, cause="refused", reason=faulty.why
    )


def rank(decision: Decision, *, installed: bool) -> int:
    """Return how good a decision is: above 100 the ban holds."""
    if decision.verdict in ("not-applicable", "excepted"):
        return 2 * _HELD
    return _SCORES[decision.verdict, decision.strength or "weak", installed]


def holds(decision: Decision, *, installed: bool) -> bool:
    """Tell whether the ban holds, at whatever strength."""
    return rank(decision, installed=installed) > _HELD


def _decide(together: Together, state: DeviceState, app: BannedApp, as_of: str) -> Decision:
    prepared = together.prepared(app, state.platform)
    if not prepared.plan.builds:
        verdict: Verdict = "not-applicable" if prepared.plan.verdict == "not-applicable" else "unknown"
        return Decision(verdict, None, None, "", "", "", prepared.plan.sentence, cause=prepared.plan.cause)
    against = law_against(state)
    if against is not None and against.always:
        return _impossible(against, prepared.plan.builds[0].name)
    view = together.view(state, as_of)
    outcome = min(_outcomes(together, prepared, view), key=_better)
    if outcome.score > _HELD and outcome.hit is not None:
        return _held(outcome.verdict, outcome.hit, outcome.build, state)
    if against is not None:
        return _impossible(against, outcome.build)
    return _open(outcome, state)


def _capped(index: Index, app: BannedApp, held: Decision, state: DeviceState) -> Decision:
    """Return a decision on packages alone for an app that runs in a browser as well: it holds, and an open site escapes."""
    if not app.web_app or held.strength != "strong" or not holds(held, installed=state.installed):
        return held
    if index.site_is_closed(app):
        return held
    escapes = f"{held.escapes} and {_SITE}" if held.escapes else _SITE
    return msgspec.structs.replace(held, strength="partial", escapes=escapes)


def _impossible(against: Against, build: str) -> Decision:
    return Decision("unenforceable", None, None, "", "", build, against.fact, cause=against.cause, reason=against.fact)


def _build(prepared: Prepared, place: int, view: View) -> _Outcome:
    """Judge one build by the rules in force."""
    state = view.state
    name = prepared.plan.builds[place].name
    candidates: list[_Outcome] = []
    letting: dict[Contest, Hit] = {}
    sure = len(prepared.plan.builds[place].matches)
    for number, match in enumerate(prepared.hits[place]):
        found = _weakest(match, view, name, letting)
        if found is not None and number >= sure and found.score > _HELD:
            found = msgspec.structs.replace(found, score=_UNKNOWN, doubt=_GUESSED, cause="condition")
        if found is not None:
            candidates.append(found)
    keys = prepared.keys[place]
    decided = prepared.decided[place]
    lists = without(view.lists, decided) if decided else view.lists
    if candidates:  # a list that lets an app in says so as plainly as an entry of its own
        for one in lists:
            if one.hit.reach.alive and contest(one.hit.rule) not in DENY_WINS and not one.members.isdisjoint(keys):
                letting.setdefault(contest(one.hit.rule), one.hit)
    if not by_store_alone(keys):  # no list of bundle ids says whether it holds such an app
        doubted = prepared.doubted[place]
        packaged = any(kind in PACKAGED for _, kind, _ in keys)
        candidates += [
            _refused(one, state, name, keys, doubted)
            for one in lists
            if one.members.isdisjoint(keys) and (packaged or _PACKAGED not in one.hit.rule.conditions)
        ]
    candidates += [_by_file_rules(one, state, name) for one in (prepared.found[place] if prepared.found else ())]
    if letting:
        candidates = [_against(one, letting) for one in candidates]
    if candidates:
        return max(candidates, key=_better)
    if by_store_alone(keys):
        said = f"only the number of {name} in the store is known, and what is in force names apps by their bundle ids"
        return _Outcome(_UNKNOWN, "unknown", None, name, said, "no-comparable-identifier")
    if not prepared.hits[place]:
        said = f"no device rule can match {name}, which is only known to a package manager"
        return _Outcome(_UNKNOWN, "unknown", None, name, said, "no-comparable-identifier")
    return _Outcome(_ALLOWED, "allowed", None, name)


def _against(outcome: _Outcome, letting: Mapping[Contest, Hit]) -> _Outcome:
    """Return an outcome as it is beside what lets the app in, or may do so, in the same contest."""
    hit = letting.get(contest(outcome.hit.rule)) if outcome.hit is not None else None
    if hit is None or outcome.hit is None or not (outcome.score > _HELD or _wins(hit)):
        return outcome
    if _wins(hit) and (not hit.reach.cause or hit.reach == outcome.hit.reach):
        if outcome.score <= _HELD:
            return _Outcome(_ALLOWED, "allowed", hit, outcome.build)
        return msgspec.structs.replace(outcome, score=_ALLOWED, doubt=hit.rule.fact.text, cause="conflict")
    if hit.rule.sense == "none":
        return msgspec.structs.replace(outcome, score=_UNKNOWN, doubt=hit.rule.why, cause=hit.rule.cause)
    said = "the documents both block and allow it, and nobody can tell which wins"
    return msgspec.structs.replace(outcome, score=_UNKNOWN, doubt=said, cause="conflict")


def _wins(hit: Hit) -> bool:
    """Tell whether a rule lets an app in for certain, whatever blocks it."""
    return hit.rule.mechanism in ALLOW_WINS and not hit.reach.doubt


def _outcomes(together: Together, prepared: Prepared, view: View) -> list[_Outcome]:
    """Judge every build; of one that nothing in force names, say which entry would hold it but for a fault."""
    found = []
    for place in range(len(prepared.plan.builds)):
        outcome = _build(prepared, place, view)
        if outcome.hit is None and not outcome.doubt:
            outcome = _voided(together.void(prepared, place, view), outcome)
        found.append(outcome)
    return found


def _voided(hit: Hit | None, outcome: _Outcome) -> _Outcome:
    """Say of a build that nothing names in force which entry would hold it, and why that has no effect."""
    if hit is None:
        return outcome
    rule = hit.rule
    return _Outcome(_ALLOWED, rule.verdict, hit, outcome.build, rule.why or rule.fact.text, rule.cause or "no-effect")


def _weakest(match: tuple[tuple[Hit, ...], ...], view: View, name: str, letting: dict[Contest, Hit]) -> _Outcome | None:
    """Return what becomes of a build by a set of keys, each of which is needed; None where some key has no rule."""
    weakest: _Outcome | None = None
    for hits in match:
        best = _best(hits, view, name, letting)
        if best is None:
            return None
        if weakest is None or _better(best) < _better(weakest):
            weakest = best
    return weakest


def _best(hits: tuple[Hit, ...], view: View, name: str, letting: dict[Contest, Hit]) -> _Outcome | None:
    best: _Outcome | None = None
    for hit in hits:
        if not view.in_force(hit.rule):
            continue
        if hit.rule.sense in ("allow", "none"):  # none: an entry of which nobody knows whether it lets the app in
            if not hit.reach.alive:
                continue
            if contest(hit.rule) not in DENY_WINS:
                if contest(hit.rule) not in letting or _wins(hit):
                    letting[contest(hit.rule)] = hit
                continue
            if hit.rule.sense == "allow":
                continue
        outcome = _outcome(hit, view.state, name)
        if best is None or _better(outcome) > _better(best):
            best = outcome
    return best


def _better(outcome: _Outcome) -> tuple[int, bool, int]:
    """Order outcomes: of two that hold with equal strength, the one that a vendor's fact bears out decides."""
    held = outcome.score > _HELD
    modelled = outcome.hit is None or outcome.hit.rule.modelled
    return (outcome.score // 10 if held else 0, held and modelled, outcome.score)


def _outcome(hit: Hit, state: DeviceState, name: str) -> _Outcome:
    rule = hit.rule
    verdict = rule.verdict
    if verdict == "removed" and state.origin == "preinstalled":
        verdict = "hidden"
    score = _SCORES[verdict, rule.strength, state.installed]
    if not hit.reach.alive:
        return _Outcome(_ALLOWED, verdict, hit, name, hit.reach.note, hit.reach.cause)
    if score > _HELD and hit.reach.doubt:
        return _Outcome(_UNKNOWN, verdict, hit, name, hit.reach.doubt, hit.reach.cause)
    if score > _HELD and rule.expires is not None and not rule.expires.fixed:
        return _Outcome(_UNKNOWN, verdict, hit, name, f"{hit.path} lifts itself {rule.expires}", "expires")
    return _Outcome(score, verdict, hit, name)


def _refused(
    one: AllowList, state: DeviceState, name: str, keys: Collection[Key], doubted: Collection[Document]
) -> _Outcome:
    """Return what becomes of a build that is no member of a list."""
    found = _outcome(one.hit, state, name)
    if found.score > _HELD and ((one.hit.path, one.hit.reach) in doubted or may_let_in(one, keys)):
        return msgspec.structs.replace(found, score=_UNKNOWN, doubt=_UNSIGNED, cause="condition")
    return found


def _by_file_rules(found: FoundRules, state: DeviceState, name: str) -> _Outcome:
    """Return what rules for files make of a build as any other rule's outcome."""
    if found.rule is None or not in_force(found.rule, state, ""):
        return _Outcome(_ALLOWED, "allowed", None, name)
    rule = found.rule
    effect = Effect(rule, "windows", "executable", name, found.pointer) if found.pointer else None
    hit = Hit(rule, effect, found.path, found.reach)
    verdict: Verdict = "not-installable" if rule.mechanism == "applocker-msi" else "blocked"
    if found.kind == "blocked":
        return _Outcome(_SCORES[verdict, rule.strength, state.installed], verdict, hit, name)
    if found.kind == "reported":
        return _Outcome(_SCORES["reported-only", rule.strength, state.installed], "reported-only", hit, name)
    score = _UNKNOWN if found.kind == "unknown" else _ALLOWED
    return _Outcome(score, verdict, hit, name, found.why, found.cause)


def _held(verdict: Verdict, hit: Hit, build: str, state: DeviceState) -> Decision:
    rule = hit.rule
    pointer = hit.pointer
    notes: tuple[Note, ...] = (Note(hit.reach.cause, hit.path, hit.reach.note),) if hit.reach.note else ()
    if rule.expires is not None:
        notes += (Note("expires", hit.path, f"{hit.path} lifts itself {rule.expires}"),)
    gone = rule.deprecated.get(state.platform)
    if gone is not None and state.os >= gone:
        since = ".".join(map(str, gone))
        notes += (Note("deprecated", hit.path, f"the key is deprecated since {state.platform} {since}"),)
    said = f"{build} is {verdict}: {rule.fact.text}"
    return Decision(verdict, rule.strength, rule, hit.path, pointer, build, said, rule.escapes, notes)


def _open(outcome: _Outcome, state: DeviceState) -> Decision:
    """Say why an app is not held: what comes nearest, or that nothing in force names it."""
    hit, build = outcome.hit, outcome.build
    if hit is None:
        if outcome.doubt:
            return Decision("unknown", None, None, "", "", build, outcome.doubt, cause=outcome.cause)
        said = f"nothing in force on {state} names {build}"
        return Decision("allowed", None, None, "", "", build, said, cause="unnamed")
    pointer = hit.pointer
    if outcome.score == _ALLOWED:
        verdict: Verdict = "allowed"
    elif outcome.score == _UNKNOWN:
        verdict = "unknown"
    else:
        verdict = outcome.verdict
    cause, would_be = hit.rule.cause, None
    if outcome.doubt:
        reason, cause, would_be = outcome.doubt, outcome.cause, outcome.verdict
        said = f"{build} would be {outcome.verdict}, but {reason}"
    elif verdict == "not-installable":
        reason = f"a copy that is installed already keeps running: {hit.rule.fact.text}"
        said = f"{build} can't be installed, but {reason}"
    else:
        reason = hit.rule.why or hit.rule.fact.text
        said = f"{build} is {verdict}: {reason}"
    shown = (verdict, hit.rule.strength, hit.rule, hit.path, pointer, build, said, hit.rule.escapes)
    return Decision(*shown, cause=cause, reason=reason, would_be=would_be)

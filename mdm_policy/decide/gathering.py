"""Put the rule sets of all documents of a device together, and say what they make of a build.

Microsoft's law (MicrosoftDocs/windows-itpro-docs, applocker/): the rules of several policies add up, and one enforcement mode counts
for each sort of files, the one written last (understand-applocker-rules-and-enforcement-setting-inheritance-in-group-policy.md,
2023-12); which policy is last stands in no document, so two modes are unknown. Rules under NotConfigured are enforced, unless
another policy sets AuditOnly (working-with-applocker-rules.md). How the groupings of an MDM combine, or an MDM with Group Policy, is
not documented: what each of them alone, and all together, would do has to agree. Where rules for programs are enforced and there is
none for packaged apps, no packaged app runs (using-event-viewer-with-applocker.md, event 8027).
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from mdm_policy.decide.builds import PARTS, plan
from mdm_policy.decide.filerules import SeenFile, book, unlisted
from mdm_policy.decide.programs import Program
from mdm_policy.decide.reach import Reach
from mdm_policy.joined import parted
from mdm_policy.model import BannedApp, Frozen
from mdm_policy.reading import EVERYBODY, Cause, Fact, FileCondition, FileRule, Refusal, Rule, RuleSet
from mdm_policy.vocabulary import STRENGTH_RANK, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.decide.builds import Build
    from mdm_policy.decide.filerules import Book
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Kind

_IN_PART = "Windows refuses the rules for packaged apps, and whether it then takes none of them is not documented"
_MOST_FACES = 1_024
"""How many combinations of an app's publishers, products and file names are asked; where there are more, the last stay open."""
_MOST_ASKED = 16
"""How many sets are asked one by one of which it is not sure that they count."""
_NOTHING = Reach()

_Kind = Literal["blocked", "unknown", "reported", "allowed"]
_ORDER: dict[_Kind, int] = {"allowed": 0, "reported": 1, "unknown": 2, "blocked": 3}


class Witness(BannedApp, frozen=True):
    """Stand for the programs that a rule means, in a comparison of two sides; no list bans it."""

    programs: tuple[Program, ...] = ()
    sort: str = "exe"


class Placed(Frozen, frozen=True, gc=False):
    """Hold a rule set with the document it stands in, and how sure it is that the document reaches the device."""

    set: RuleSet
    path: str
    reach: Reach
    fault: Refusal | None = None
    """For what Windows refuses the set, where the reader names the place."""


class FoundRules(Frozen, frozen=True, gc=False):
    """Say what becomes of a build, by which rule of which document, and why nobody can tell where that is so.

    `pointer` is empty where a whole set decides. `reach` is that of the document.
    """

    kind: _Kind
    rule: Rule | None = None
    path: str = ""
    pointer: str = ""
    reach: Reach = _NOTHING
    why: str = ""
    cause: Cause = ""

    @property
    def worth(self) -> tuple[int, int]:
        """Return how well it holds the build."""
        return _ORDER[self.kind], STRENGTH_RANK[self.rule.strength] if self.rule is not None else 0


NOTHING = FoundRules("allowed")


class Gathered:
    """Hold the rule sets that act on a device at the same time."""

    def __init__(self) -> None:
        """Start with none."""
        self._sets: dict[str, list[Placed]] = {}
        self._unruled: FoundRules | None = None
        self._refused: set[str] = set()

    def add(self, found: RuleSet, reading: Reading, reach: Reach) -> None:
        """Take a set in; one that Windows refuses reaches nobody."""
        placed = Placed(found, reading.path, reach)
        if found.rule.sense == "none" and found.rule.verdict != "unknown":
            why = found.rule.why or found.rule.fact.text
            fault = reading.refusals.get(why)
            nobody = Reach(alive=False, note=why, cause=found.rule.cause or "no-effect")
            placed = Placed(found, reading.path, nobody, fault)
            self._refused.add(found.collection)
        self._sets.setdefault(found.collection, []).append(placed)

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._sets)

    def outcomes(self, app: BannedApp, build: Build) -> tuple[FoundRules, ...]:
        """Return what the sets make of a build: of its programs, and of its installers, where anything is said of it."""
        found = []
        for collection, programs in faces(app, build):
            sets = self._sets.get(collection, [])
            unruled = self._packages() if collection == "appx" else NOTHING
            if programs and (sets or unruled is not NOTHING):
                worst = min((_outcome(sets, program, unruled) for program in programs), key=lambda one: one.worth)
                known = worst.kind == "blocked" or any(one.known for one in programs)
                if known and (worst.rule is not None or worst.kind != "allowed"):
                    found.append(worst)
        return tuple(found)

    def _packages(self) -> FoundRules:
        """Return what becomes of a packaged app where no rule for these is there; what is only logged stops none.

        Rules for these that are refused count as neither there nor absent: no page says that a device takes nothing of them.
        A document that has rules for both brings both, wherever it comes.
        """
        if self._unruled is None:
            ruled = {(one.path, one.reach) for one in self._sets.get("appx", ()) if one.set.rules}
            sets = [_of_packages(one) for one in self._sets.get("exe", ()) if (one.path, one.reach) not in ruled]
            found = _outcome(sets, Program(packaged=True)) if any(one.set.rules for one in sets) else NOTHING
            found = NOTHING if found.kind == "reported" else found
            self._unruled = _agreed([found, NOTHING], _IN_PART, "undocumented") if "appx" in self._refused else found
        return self._unruled


def _of_packages(one: Placed) -> Placed:
    """Return rules for programs as what they are to packaged apps that have none of their own: a refusal of all."""
    rule = one.set.packages
    if rule is None:
        return one
    every = FileRule(rule, False, "S-1-1-0", FileCondition("publisher", "*", "*", "*"), pointer=one.set.pointer)
    return structs.replace(one, set=structs.replace(one.set, rule=rule, collection="appx", rules=(every,)))


def signature(sets: Sequence[RuleSet], app: BannedApp) -> object:
    """Return what apps have in common that fare alike under some rule sets, in whatever way these are combined."""
    return signatures((sets,), app)[0]


def signatures(sides: Sequence[Sequence[RuleSet]], app: BannedApp) -> tuple[object, ...]:
    """Return the signature of an app on each of several sides: what the app looks like is worked out once."""
    seen = [one for build in plan(app, "windows").builds for one in faces(app, build)]
    made = []
    for sets in sides:
        found: list[object] = []
        unruled = any(one.packages for one in sets)
        for collection, programs in seen:
            mine = [book(one) for one in sets if one.collection == collection]
            if mine or (unruled and collection == "appx"):
                told = ((one.known, one.service, *(_gist(own, own.see(one)) for own in mine)) for one in programs)
                found.append((collection, frozenset(told)))
        made.append(tuple(found))
    return tuple(made)


def _gist(own: Book, seen: SeenFile) -> object:
    told = (own.empty, seen.allows is None, seen.may_allow is None, seen.unlisted)
    return (*told, *(0 if one is None else id(one.rule) for one in (seen.denies, seen.may_deny)))


def denying(sets: Sequence[RuleSet], app: BannedApp) -> Iterator[Rule]:
    """Yield the Deny rules that mean an app, or may do so, by what is known of it."""
    if sets:
        for build in plan(app, "windows").builds:
            for collection, programs in faces(app, build):
                mine = [book(one) for one in sets if one.collection == collection]
                yield from (rule.rule for own in mine for one in programs for rule in own.denying(one))


def faces(app: BannedApp, build: Build) -> tuple[tuple[str, tuple[Program, ...]], ...]:
    """Return what a build may look like to each sort of rules: each of these has to be held."""
    if isinstance(app, Witness):
        return ((app.sort, app.programs),)
    values: dict[Kind, list[str]] = {}
    service = False
    for one in app.identifiers:
        if one.family == "windows" and one.role not in PARTS:
            for kind, value in parted(one.kind, one.value).items():
                values.setdefault(kind, []).append(value)
            service = service or one.runs_as_service
    vendors = [one.value for one in app.signers if one.kind == "publisher"]
    publishers = values.get("publisher", []) or vendors
    packages = [key[2] for match in build.matches for key in match if key[1] == "appx_name"]
    certificates = [one for one in publishers if one.startswith("CN=")]
    if packages or (build.matches and build.name in certificates):
        return (("appx", _packages(packages, certificates, values.get("package_family_name", []))),)
    signers = [one for one in publishers if not one.startswith("CN=")]
    names = [
        signers,
        values.get("product_name", []),
        values.get("original_file_name", []),
        values.get("executable", []),
    ]
    programs = tuple(
        Program(publisher=p, product=q, original=o, disk=d, service=service) for p, q, o, d in product(*_few(names))
    )
    return ("exe", programs), ("msi", tuple(Program(publisher=one) for one in signers))


def _packages(names: Sequence[str], certificates: Sequence[str], families: Sequence[str]) -> tuple[Program, ...]:
    if not names:
        return tuple(Program(packaged=True, publisher=one) for one in certificates)
    mine = tuple(one for one in families if one.rpartition("_")[0] == names[0])
    publishers = certificates or (None,)
    return tuple(Program(packaged=True, package=names[0], families=mine, publisher=one) for one in publishers)


def _few(names: Sequence[Sequence[str]]) -> list[Sequence[str | None]]:
    """Return what is known of each attribute, `None` for nothing, and no more than can be asked."""
    made: list[Sequence[str | None]] = [list(dict.fromkeys(one)) or [None] for one in names]
    for place in (1, 2, 0, 3):
        count = 1
        for one in made:
            count *= len(one)
        if count > _MOST_FACES:
            made[place] = [None]
    return made


def _outcome(sets: Sequence[Placed], program: Program, unruled: FoundRules = NOTHING) -> FoundRules:
    """Judge one program by the sets of one sort; those that may not count are asked with and without.

    `unruled` is what becomes of it where none of the sets that count has a rule.
    """
    sure = [one for one in sets if one.reach.alive and not _doubt(one)[0]]
    doubtful = [one for one in sets if one.reach.alive and _doubt(one)[0]]
    found = _together(sure, program, unruled)
    if doubtful:
        others = [_together([*sure, *chosen], program, unruled) for chosen in _choices(doubtful)]
        if any(one.set.node and one.set.rules and one.set.mode == "not-configured" for one in doubtful):
            others.append(NOTHING)  # its node may be the one that counts, and may enforce nothing
        found = _agreed([found, *others], *_doubt(doubtful[0]))
    if found.kind == "allowed":
        dead = [one for one in sets if not one.reach.alive]
        would = _together(dead, program) if dead else NOTHING
        if would.kind == "blocked":
            return _dead(would, next((one.fault for one in dead if one.path == would.path), None))
    return found


def _dead(would: FoundRules, fault: Refusal | None) -> FoundRules:
    """Return what sets that reach nobody would do; where Windows refuses them, at the place of the fault."""
    reach, rule, pointer = would.reach, would.rule, would.pointer
    if fault is not None and rule is not None:
        fact = Fact(reach.note, fault.source or rule.fact.source)
        rule, pointer = structs.replace(rule, fact=fact, remedy=fault.hint), fault.pointer
    return FoundRules("allowed", rule, would.path, pointer, reach, reach.note, reach.cause)


def _doubt(one: Placed) -> tuple[str, Cause]:
    """Say why nobody can tell whether a set counts; nothing where it does."""
    if one.reach.doubt:
        return one.reach.doubt, one.reach.cause
    if one.set.rule.verdict == "unknown":
        return one.set.rule.why, one.set.rule.cause
    return "", ""


def _choices(doubtful: Sequence[Placed]) -> Iterable[Sequence[Placed]]:
    yield doubtful
    if len(doubtful) > 1:
        yield from ([one] for one in islice(doubtful, _MOST_ASKED))


def _agreed(found: Sequence[FoundRules], why: str, cause: Cause) -> FoundRules:
    """Return what all of some possible outcomes come to: the worst of them, or that nobody can tell."""
    worst = min(found, key=lambda one: one.worth)
    best = max(found, key=lambda one: one.worth)
    if best.kind in ("blocked", "unknown") and worst.kind not in ("blocked", "unknown"):
        return FoundRules("unknown", best.rule, best.path, best.pointer, best.reach, why, cause)
    return worst


def _together(sets: Sequence[Placed], program: Program, unruled: FoundRules = NOTHING) -> FoundRules:
    """Judge a program by sets that are there for certain."""
    options = _options(sets)
    if len(options) == 1:
        return _by_mode(options[0], program, unruled)
    why = f"{_paths(sets)} set rules of one sort differently, and how they combine is not documented"
    return _agreed([_by_mode(one, program, unruled) for one in options], why, "conflict")


def _options(sets: Sequence[Placed]) -> list[Sequence[Placed]]:
    """Return which sets may count: policies add up, but of the nodes of an MDM nobody can tell."""
    policies = [one for one in sets if not one.set.node]
    nodes: dict[object, Placed] = {}
    for one in sets:
        if one.set.node:
            nodes.setdefault(book(one.set).meaning, one)
    spoken = [one for one in policies if one.set.rules or one.set.mode != "not-configured"]
    if not nodes or (len(nodes) == 1 and not spoken):
        return [[*spoken, *nodes.values()]]
    alone: list[Sequence[Placed]] = [[one] for one in nodes.values()]
    return [*([spoken] if spoken else []), *alone, [*spoken, *nodes.values()]]


def _by_mode(sets: Sequence[Placed], program: Program, unruled: FoundRules) -> FoundRules:
    if not any(one.set.rules for one in sets):
        return unruled
    modes = {one.set.mode for one in sets}
    enforced = _enforced(sets, program)
    if "audit" not in modes:
        return enforced
    logged = FoundRules("allowed")
    if enforced.kind == "blocked":
        logged = FoundRules("reported", enforced.rule, enforced.path, enforced.pointer, enforced.reach)
    if "enabled" not in modes:
        return logged
    said = ", ".join(f"{one.path} says {one.set.mode}" for one in sets if one.set.mode != "not-configured")
    why = f"the documents set two enforcement modes ({said}), and which of them the device takes last is not known"
    return _agreed([enforced, logged], why, "conflict")


def _enforced(sets: Sequence[Placed], program: Program) -> FoundRules:
    """Judge a program by rules that add up and are enforced: deny before allow, and what none allows is refused."""
    full = [one for one in sets if one.set.rules]
    seen = [(one, book(one.set).see(program)) for one in full]
    denying = [(one, s.denies) for one, s in seen if s.denies is not None]
    nothing_allows = all(s.allows is None and s.may_allow is None for _, s in seen)
    also = [_unlisted(seen)] if nothing_allows else []
    if denying:
        where, rule = max(denying, key=lambda one: STRENGTH_RANK[one[1].rule.strength])
        denied = FoundRules("blocked", rule.rule, where.path, rule.pointer, where.reach)
        found = max((denied, *also), key=lambda one: one.worth)
        return _held(found, full, program)
    if also:
        return _held(also[0], full, program)
    doubts = [(one, s.may_deny) for one, s in seen if s.may_deny is not None]
    if doubts:
        where, rule = doubts[0]
        return FoundRules(
            "unknown", rule.rule, where.path, rule.pointer, where.reach, why_open(rule, program), "condition"
        )
    if all(s.allows is None for _, s in seen):
        if any(s.may_allow is not None and s.may_allow.condition.kind == "path" for _, s in seen):
            return NOTHING  # whoever may install a program chooses its folder
        where, rule = next((one, s.may_allow) for one, s in seen if s.may_allow is not None)
        why = f"the Allow rule for {rule.condition} may let it run"
        return FoundRules("unknown", where.set.rule, where.path, rule.pointer, where.reach, why, "condition")
    return NOTHING


def _unlisted(seen: Sequence[tuple[Placed, SeenFile]]) -> FoundRules:
    where = seen[0][0]
    strength: Strength = min((one.unlisted for _, one in seen), key=STRENGTH_RANK.__getitem__)
    return FoundRules("blocked", unlisted(where.set.rule, strength), where.path, "", where.reach)


def _held(found: FoundRules, sets: Sequence[Placed], program: Program) -> FoundRules:
    """Return a block as it is for a program that may run as a service."""
    if program.service and not all(one.set.services for one in sets):
        why = "it runs as a service too, which the rules do not hold without the enforcement of services"
        return FoundRules("unknown", found.rule, found.path, found.pointer, found.reach, why, "condition")
    return found


def why_open(rule: FileRule, program: Program) -> str:
    """Say why nobody can tell whether a Deny rule holds a program."""
    one = rule.condition
    if rule.users not in EVERYBODY and rule.users != program.users:
        return f"the rule stops {rule.users} alone, and others launch the app"
    if one.kind == "path":
        return f"the Deny rule is for {one} alone, and whether the app stands there and nowhere else is not known"
    if one.bounded and program.version is None:
        return f"the Deny rule is for {one} alone, and other versions may run"
    if rule.exceptions:
        return f"the Deny rule leaves out {rule.exceptions[0]}, which may be the app"
    return f"the Deny rule is for {one} alone; whether the app is theirs is not known here"


def _paths(sets: Iterable[Placed]) -> str:
    return " and ".join(dict.fromkeys(one.path for one in sets))

"""Hold results as a program gets them: the keys of `--format json`, as typed values.

The fields are those of docs/formats.md, under the same names (but `class`, which no field can be called), and grow as
the formats grow: there is one account of a result, whoever reads it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from mdm_policy.errors import Finding  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Frozen

Result = TypeVar("Result", bound=msgspec.Struct)


class OrderedBy(Frozen, frozen=True):
    """Name one list that bans an app, its citation, what it bans the app through, and where the entry stands."""

    list: str
    citation: str = ""
    through: str = ""
    file: str = ""
    line: int = 0


class AppVerdict(Frozen, frozen=True):
    """Judge one app on one class of devices: the verdict, whether it holds, and the line and fact it rests on.

    `row` is where the pair is counted: blocked, excepted, accepted, does-not-exist, unenforceable, no-identifier,
    not-judged or open. `held` and `gap` are both false where the organization has accepted the gap (`accepted_by`). `pointer` is a JSON
    pointer through all layers; `line` is 0 where no document decided, and in binary files. `proof` is `modelled`,
    `declared` (only the target's own manifest says what the document does), or empty where no rule decided; `identifier`
    (`KIND:VALUE`) is the one that fares worst, `sha256` (hex) that of the document's content.
    """

    app: str
    device_class: str = msgspec.field(name="class")
    verdict: str = ""
    row: str = ""
    strength: str = ""
    held: bool = False
    gap: bool = False
    accepted_by: str = ""
    state: str = ""
    because: str = ""
    escapes: str = ""
    rule: str = ""
    fact: str = ""
    source: str = ""
    document: str = ""
    pointer: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    unmet_duties: tuple[str, ...] = ()
    ordered_by: tuple[OrderedBy, ...] = ()
    identifier: str = ""
    proof: str = ""
    sha256: str = ""
    scope: str = ""


class ReportedGap(Frozen, frozen=True):
    """Report a gap: the apps that share it, the plainest state of a device that shows it, why, and what to do."""

    apps: tuple[str, ...]
    device_class: str = msgspec.field(name="class")
    verdict: str = ""
    counterexample: str = ""
    states: int = 0
    because: str = ""
    escapes: str = ""
    hint: str = ""
    fact: str = ""
    source: str = ""
    document: str = ""
    pointer: str = ""
    file: str = ""
    line: int = 0
    column: int = 0


class VerifyReport(Frozen, frozen=True):
    """Hold what `verify` found: the sentence, a verdict for each app and class, and the gaps.

    `outcome` is PROVEN, NOTHING TO BLOCK or NOT PROVEN, and `counts` says how many pairs of app and class stand in each
    row. `exit_code` is that of the command: 11 for NOT PROVEN, 1 when something could not be read, else 0. `failures` are
    findings that alone keep the ban from being proven; `findings` begin with what could not be read.
    """

    proven: bool
    outcome: str
    sentence: str
    counts: dict[str, int]
    as_of: str
    verdicts: tuple[AppVerdict, ...]
    gaps: tuple[ReportedGap, ...]
    accepted_gaps: tuple[ReportedGap, ...]
    exit_code: int = 0
    failures: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()


class ReportedPlace(Frozen, frozen=True):
    """Name a place in a file; line and column count from 1, and are 0 where they are unknown."""

    file: str = ""
    line: int = 0
    column: int = 0


class ReportedChange(Frozen, frozen=True):
    """Say what changed for an app on a platform: in which direction, for which devices, from what to what, and why.

    `direction` is LOOSENED, INEFFECTIVE, NARROWED, UNJUDGED, TIGHTENED, EQUIVALENT or COSMETIC. `count` is how many
    identifiers share one line.
    """

    direction: str
    app: str
    name: str
    platform: str
    identifiers: tuple[str, ...]
    who: str
    before: str
    after: str
    why: str
    old: ReportedPlace
    new: ReportedPlace
    banned_by: tuple[str, ...] = ()
    count: int = 1


class DiffReport(Frozen, frozen=True):
    """Hold what `diff` found: the sentence, and every change, worst first; `counts` are by direction.

    `exit_code` is that of the command: 0 no difference in effect, 10 differences, none weakens a ban, 11 a ban is weaker.
    """

    old: str
    new: str
    as_of: str
    exit_code: int
    sentence: str = msgspec.field(name="summary")
    counts: dict[str, int] = {}
    changes: tuple[ReportedChange, ...] = ()
    findings: tuple[Finding, ...] = ()


class BuiltDocument(Frozen, frozen=True):
    """Name a document of a build: its path in it, what it is, and the device classes it addresses.

    `sha256` (hex) and `size` are those of the profile inside, where a document is signed. `variant` is empty for the base,
    else names a set of exceptions.
    """

    path: str
    sha256: str
    size: int = msgspec.field(name="bytes")
    target: str = ""
    document: str = ""
    variant: str = ""
    kind: str = ""
    addresses: tuple[str, ...] = ()
    signing: str = "no"


class BuildReport(Frozen, frozen=True):
    """Hold what `build` wrote; `manifest` are the bytes of its `manifest.json`, where everything else stands.

    `outcome`, `sentence` and `counts` are what `verify` says of the build. `exit_code` is that of the command. A build
    with a file that does not do what its target claims is not written: it raises.
    """

    program: str
    as_of: str
    outcome: str
    sentence: str
    counts: dict[str, int]
    documents: tuple[BuiltDocument, ...]
    manifest: bytes = b""
    exit_code: int = 0
    findings: tuple[Finding, ...] = ()


class PlannedEffect(Frozen, frozen=True):
    """Say what an action changes for one app on one platform."""

    direction: str
    app: str
    platform: str
    before: str
    after: str
    who: str = ""
    why: str = ""


class PlannedAction(Frozen, frozen=True):
    """Plan what to do with one object: `op` is create, update, assign, delete or noop.

    `held` is true for an action that weakens a ban, which `apply` leaves out unless that is asked for. `path` is the
    document of the build that is sent.
    """

    op: str
    kind: str
    id: str
    name: str
    direction: str = ""
    path: str = ""
    reasons: tuple[str, ...] = ()
    held: bool = False
    effects: tuple[PlannedEffect, ...] = ()


class PlannedDestination(Frozen, frozen=True):
    """Plan for one destination; `direction` is the worst change of all its actions together."""

    destination: str
    type: str
    where: str
    direction: str
    actions: tuple[PlannedAction, ...]


class PlanReport(Frozen, frozen=True):
    """Hold what `plan` found.

    `exit_code` is that of the command: 0 nothing to do, 10 changes, none weakens a ban, 11 a change weakens a ban.
    """

    exit_code: int
    sentence: str = msgspec.field(name="summary")
    destinations: tuple[PlannedDestination, ...] = ()
    findings: tuple[Finding, ...] = ()


def typed(data: str | bytes, kind: type[Result], **known: object) -> Result:
    """Return a result as a program gets it, from what is printed; `known` are the fields that are no text there.

    Findings are told apart: as printed they have a file, a line and a column, as a value an `Origin`.
    """
    raw = msgspec.json.decode(data)
    for key in known:
        raw.pop(key, None)
    return msgspec.structs.replace(msgspec.convert(raw, kind), **known)

"""Hold the words of push: what should be at a destination, what is there, what a plan does about it, and the evidence."""

from __future__ import annotations

from typing import Literal

from mdm_policy.diff.model import Direction  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.errors import Finding  # noqa: TC001 - see above
from mdm_policy.model import Frozen
from mdm_policy.reading import Scope  # noqa: TC001 - msgspec reads the fields' types at run time

Op = Literal["noop", "create", "update", "delete"]
"""What a plan does with an object."""
OPS: tuple[Op, ...] = ("create", "update", "delete", "noop")


class Assignment(Frozen, frozen=True, gc=False):
    """Say whom an object is for, in the destination's own names or ids.

    An assignment that is absent (None, wherever one may stand) leaves what is there as it is.
    """

    everyone: bool = False
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class MadeDocument(Frozen, frozen=True):
    """Hold one document of a build on its way to a destination.

    `data` are the canonical bytes that were proven. `variant` is empty for the base; else the document is for `groups`.
    `excluded` are the groups that get a variant in place of this document. `instead_of` names the document that this one
    is another way to send. `families` are the platforms' families whose identifiers it blocks, or its target does.
    """

    path: str
    target: str
    document: str
    variant: str
    kind: str
    data: bytes
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    instead_of: str = ""
    families: tuple[str, ...] = ()


class Item(Frozen, frozen=True):
    """Describe one object that should be at a destination.

    `key` is the marker by which it is found again: a UUID worked out from the organization, the target, the document and
    the variant, never from the content. `kind` is the destination's word for such objects, `body` what is sent, with
    the marker in it; `path` is the build's document it was made from, and `variant` that document's variant.
    """

    key: str
    kind: str
    name: str
    body: bytes
    path: str
    assignment: Assignment | None = None


class Summary(Frozen, frozen=True, gc=False):
    """Name an object as a listing shows it; `key` is the marker found in it, empty for an object that is not ours.

    `owner` is whose marker it is: an object of another owner is as foreign as one without a marker.
    """

    kind: str
    id: str
    name: str
    key: str = ""
    owner: str = ""


class Remote(Frozen, frozen=True):
    """Hold an object as it is at a destination.

    `body` is what a reader reads: the object as the MDM tells it, assignments included where it has them there.
    `fingerprint` is the SHA-256 (hex) of all of it that a person can change, `version` what the MDM counts changes by.
    `scope` says whom it reaches where the body does not. `extra` are pointers of keys that are set there, that we never
    set, and that no normalization of the vendor's explains.
    """

    kind: str
    id: str
    name: str
    key: str
    body: bytes
    fingerprint: str
    assignment: Assignment | None = None
    version: str = ""
    scope: Scope | None = None
    extra: tuple[str, ...] = ()


class ActionEffect(Frozen, frozen=True, gc=False):
    """Say what an action changes for one app on one platform, as `diff` says it."""

    direction: Direction
    app: str
    platform: str
    before: str
    after: str
    who: str = ""
    why: str = ""


class Use(Frozen, frozen=True, gc=False):
    """Say which devices a document is for, as its target's manifest and the exceptions have it.

    `slot` is the same for the base and the variants of one document; `groups` are those of a variant.
    """

    slot: str = ""
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Action(Frozen, frozen=True):
    """Plan what to do with one object.

    `based_on` is the fingerprint of the object the plan saw, empty where it saw none. `body` is what is to be sent,
    `before` what would bring the former state back. `reasons` say what differs. `held` is True for an action that
    weakens a ban, which is not carried out unless that is asked for. `digest` is the SHA-256 (hex) of the item's body,
    also where the body is left out since nothing is done with it.
    """

    op: Op
    kind: str
    id: str
    key: str
    name: str
    direction: Direction | Literal[""] = ""
    based_on: str = ""
    version: str = ""
    path: str = ""
    use: Use = Use()
    body: str = ""
    before: str = ""
    assignment: Assignment | None = None
    assigned_before: Assignment | None = None
    effects: tuple[ActionEffect, ...] = ()
    reasons: tuple[str, ...] = ()
    held: bool = False
    digest: str = ""

    @property
    def item(self) -> Item:
        """Return the object as it should be."""
        return Item(self.key, self.kind, self.name, self.body.encode(), self.path, self.assignment)


class Holder(Frozen, frozen=True, gc=False):
    """Name an object of somebody else that a ban rests on.

    `id` is the server's own, `path` its place in a snapshot, with its name in it for people. `sha256` (hex) is that of what
    it holds and whom it reaches, without what a server counts or dates by itself.
    """

    id: str
    path: str
    sha256: str


class LeftToOthers(Frozen, frozen=True):
    """Say that an object of ours is not made, since objects of others hold all that it would block, for whom it would.

    `key`, `kind` and `name` are those of the object that is not made, `digest` is the SHA-256 (hex) of what would be sent.
    """

    key: str
    kind: str
    name: str
    digest: str
    holders: tuple[Holder, ...]

    @property
    def named(self) -> str:
        """Name what holds it."""
        return " and ".join(one.path for one in self.holders)


class Plan(Frozen, frozen=True):
    """Hold all actions for one destination, in the order in which they are carried out.

    `inputs` are (role, name, SHA-256) of what the plan was made from; `where` is the destination's own address, which a
    plan for another tenant must not share. `direction` is the worst change of all actions together: what one object
    gives up and another takes over is no loosening. `left_to_others` are the objects that are not made, and who holds their bans.
    """

    destination: str
    type: str
    where: str
    as_of: str
    actions: tuple[Action, ...]
    inputs: tuple[tuple[str, str, str], ...] = ()
    direction: Direction | Literal[""] = ""
    findings: tuple[Finding, ...] = ()
    left_to_others: tuple[LeftToOthers, ...] = ()

    @property
    def changes(self) -> tuple[Action, ...]:
        """Return the actions that do something."""
        return tuple(action for action in self.actions if action.op != "noop")


class Done(Frozen, frozen=True):
    """Record what was done to one object, and what would undo it: `after` is its fingerprint afterwards.

    Where `whole` is False the run ended in the middle of it, and `after` is empty if nobody knows how it was left.
    """

    op: str
    kind: str
    id: str
    key: str
    name: str
    use: Use
    before: str = ""
    assigned_before: Assignment | None = None
    after: str = ""
    assignment: Assignment | None = None
    whole: bool = True

    @property
    def undone(self) -> Item:
        """Return the object as it was; for one that was created there is none, and the body is empty."""
        return Item(self.key, self.kind, self.name, self.before.encode(), "", self.assigned_before)


class Waiting(Frozen, frozen=True):
    """Record a write that waits until a second person has approved it.

    `code` names the request, and is empty where another request for the same object is open, which nobody here filed.
    `request` is a hash of what is to be sent. It was filed at `since` and runs out at `until` (ISO text, empty: not known).
    """

    op: str
    kind: str
    key: str
    name: str
    step: str
    code: str
    request: str
    since: str
    until: str = ""


class DeviceEvidence(Frozen, frozen=True, gc=False):
    """Report what proves that devices have an object.

    `state` is `applied`, `pending`, `failed` or `unknown`, of one device where `device` names it, else of `count`
    devices. `said` is the MDM's own answer in words, and `source` the vendor fact by which it counts as proof.
    """

    kind: str
    id: str
    name: str
    state: Literal["applied", "pending", "failed", "unknown"]
    count: int
    said: str
    source: str
    device: str = ""

"""Say what a destination must offer, and find the one a deployment names.

A new kind of destination is one module under `destinations` with `DESTINATION`, a class that satisfies the protocol, a
line in `TYPES`, and a record of its settings in `loading/destinations.py`. Modules are imported when a deployment names
them, so that an extra is needed only by those who use it.
"""

from __future__ import annotations

import importlib
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from mdm_policy.errors import PolicyError, error, warning
from mdm_policy.extras import install_hint
from mdm_policy.model import Frozen
from mdm_policy.push.proxies import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import Assignment, DeviceEvidence, Item, MadeDocument, Remote, Summary

TYPES = {
    "graph": "mdm_policy.push.destinations.graph",
    "git": "mdm_policy.push.destinations.git",
    "jamf": "mdm_policy.push.destinations.jamf",
    "amapi": "mdm_policy.push.destinations.amapi",
    "kmfddm": "mdm_policy.push.destinations.kmfddm",
    "nanomdm": "mdm_policy.push.destinations.nanomdm",
}
"""Every kind of destination: the key a deployment writes its settings under, and its module."""


_SPACE = uuid.UUID("6f1d5f3c-51a2-5d0e-9d0c-8f0a6f3b7c11")


class Edge(Frozen, frozen=True):
    """Hand a destination what it may not fetch itself: secrets, waiting, and how patient to be.

    `secret` gives a credential's text for the settings' `{env: NAME}` or `{file: PATH}`; `sleep` waits so many seconds;
    `timeout` bounds each wait for an answer (seconds); `attempts` is how often a call is tried in all; `base` is the
    folder that relative paths of the deployment start from. `insecure` switches off the check of certificates. `withheld`
    are the variables that hold secrets: no program that a destination starts inherits them. `proxies` are those of the
    environment, for destinations that name none.
    """

    secret: Callable[[Mapping[str, str]], str]
    sleep: Callable[[float], None]
    base: str = "."
    timeout: float = 30.0
    attempts: int = 5
    insecure: bool = False
    withheld: frozenset[str] = frozenset()
    proxies: Proxies = Proxies()


class Destination(Protocol):
    """Offer a place where documents take effect: an MDM, or a folder that an MDM pulls.

    Every method that talks raises `http.Failure` for what the other side or the way to it did wrong, and nothing else.
    """

    name: str
    """The name the deployment gives it."""
    type: str
    where: str
    """The address and tenant, for people and for plans: no secret in it."""
    concurrency: int
    """How many calls may be under way at once."""
    finds_by_marker: bool
    """Whether objects carry our marker; where not (a policy that the deployment names), nothing is ever deleted."""
    takes: str
    """Which documents go there, for people: what they are decides, never the name of the target that makes them."""

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return the objects that should exist, for those documents that belong here; pure.

        Raises:
            PolicyError: settings that do not fit the documents (a group without an id).

        """
        ...

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the object as it will be once the item is applied to what is there, for readers; pure."""
        ...

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Say in words what has to change for the object to be as the item says, normalization aside; pure."""
        ...

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the body of an item that would bring back what is there now; pure, and free of secrets."""
        ...

    def list(self) -> Iterable[Summary]:
        """Return every object of the kinds that items have, ours and foreign."""
        ...

    def get(self, summary: Summary) -> Remote | None:
        """Return one object whole, or None when it is gone."""
        ...

    def create(self, item: Item) -> Summary:
        """Create an object, assigned to nobody yet where the vendor can do that."""
        ...

    def update(self, item: Item, remote: Remote) -> None:
        """Make an object what the item says, touching nothing else of it, nor its assignment."""
        ...

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Replace whom an object is for."""
        ...

    def delete(self, remote: Remote) -> None:
        """Delete an object; one that is gone already is no failure."""
        ...

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Return what proves that devices have these objects; unknown stays unknown."""
        ...


def marker(owner: str, *parts: str) -> str:
    """Return the key of an object: a UUID of its owner and what it is, the same in every build."""
    return str(uuid.uuid5(_SPACE, "\n".join((owner, *parts))))


def is_chosen(spec: DestinationSpec, made: MadeDocument) -> bool:
    """Tell whether a deployment lets a document go to a destination that takes such documents.

    One that is only another way to send a document goes nowhere: the document itself does.
    """
    return not made.instead_of and (spec.targets is None or made.target in spec.targets)


def untaken(
    destination: Destination,
    spec: DestinationSpec,
    made: Sequence[MadeDocument],
    items: Sequence[Item],
    told: Sequence[Finding],
) -> tuple[Finding, ...]:
    """Find the targets that a deployment names for a destination, and of which nothing goes there.

    Those of which a remark in `told` says so already are left out.
    """
    taken = {item.path for item in items}
    said = {f.origin.file for f in told if f.id == "target-not-pushed" and f.origin is not None}
    found = []
    for name in dict.fromkeys(spec.targets or ()):
        ours = [one for one in made if one.target == name]
        if any(one.path in taken or one.path in said for one in ours):
            continue
        kinds = ", ".join(dict.fromkeys(one.kind for one in ours))
        why = (
            f"it makes {kinds}, and {destination.name} takes {destination.takes}"
            if ours
            else "the build makes nothing for it"
        )
        message = f"`targets` of {destination.name} names {name}, and nothing of it is pushed: {why}"
        hint = "push it by a destination that takes such documents, or take it out of `targets`"
        found.append(warning("target-not-pushed", message, spec.origin, hint))
    return tuple(found)


def remarks(destination: Destination, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
    """Return what a destination has to say of documents beside their objects.

    Only those have a method `findings` that have something to say: that a document the ban needs does not go there, or
    that what is there does not reach anybody by itself.
    """
    told: Callable[[Sequence[MadeDocument]], tuple[Finding, ...]] | None = getattr(destination, "findings", None)
    return told(made) if told is not None else ()


def reads_back(destination: Destination) -> bool:
    """Tell whether what is at a destination can be read back; where not, a record of our own says what was delivered."""
    told: bool = getattr(destination, "reads_back", True)
    return told


def unheard(destination: Destination) -> bool:
    """Tell whether something stored there has not been told to the devices that it is for, as far as was read."""
    told: bool = getattr(destination, "unheard", False)
    return told


def finish(destination: Destination) -> None:
    """Let a destination end a run; only those have a method `finish` that gather what was written (a commit).

    It is called after every run, also one that wrote nothing: the run before may have been cut off before its end.

    Raises:
        Failure: what was written is there, and does not take effect.

    """
    end: Callable[[], None] | None = getattr(destination, "finish", None)
    if end is not None:
        end()


def get_ready(destination: Destination) -> None:
    """Let a destination look, before the first write of a run, whether the run can be ended; few have a method `ready`.

    Raises:
        Failure: it cannot, and nothing is written.

    """
    ready: Callable[[], None] | None = getattr(destination, "ready", None)
    if ready is not None:
        ready()


def sent(destination: Destination) -> int:
    """Count the changes a destination has sent: a step of several calls that is refused in the middle was begun."""
    count: int = getattr(destination, "sent", 0)
    return count


def connect(spec: DestinationSpec, owner: str, edge: Edge) -> Destination:
    """Make the client of a destination; nothing is sent yet.

    Raises:
        PolicyError: settings that do not fit together, `extra-missing` when a library is not installed.

    """
    try:
        module = importlib.import_module(TYPES[spec.type])
    except ModuleNotFoundError as bad:
        if bad.name and bad.name.startswith("mdm_policy"):
            raise
        said = f"destination {spec.name!r} needs the library {bad.name!r}, which is not installed"
        raise PolicyError([error("extra-missing", said, spec.origin, install_hint("push"))]) from None
    made: Any = module.DESTINATION(spec, owner, edge)
    destination: Destination = made
    return destination


def noticed(destination: Destination, item: Item, remote: Remote | None) -> tuple[Finding, ...]:
    """Return what a destination has to say of an item and what is there in its place.

    Only those have a method `notes` that leave something as it is although the item would change it.
    """
    told: Callable[[Item, Remote | None], tuple[Finding, ...]] | None = getattr(destination, "notes", None)
    return told(item, remote) if told is not None else ()

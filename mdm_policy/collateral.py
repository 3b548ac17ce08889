"""Say what a document does beside the ban: one table of sentences and findings for pages, builds, proofs and comparisons.

A target's manifest states it, a reader finds it in the bytes; both use the words of `vocabulary`, and neither knows how the
other came to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from mdm_policy.errors import Severity
    from mdm_policy.vocabulary import CollateralCase, CollateralEffect, CollateralThing

_CASES: dict[CollateralCase, str] = {
    "always": "",
    "alone": ", as long as nothing else in force there allows it",
    "closed-before": ", where it was closed",
    "merged": ", where it comes into one policy with it",
    "updated": ", when an object that exists is updated with it",
    "replaced": ", when it takes the place of a policy that exists",
}


class Told(Frozen, frozen=True, gc=False):
    """Hold how one sort of collateral is told.

    `sentence` goes on after the name of a file. `severity` is that of the finding where a build hands it over or a change
    brings it, and empty where only pages tell it; `found` is that where a document that is there already has it, and empty
    where nothing is said of it then, or its reader says it itself.
    """

    id: str
    sentence: str
    severity: Severity | None = None
    found: Severity | None = None
    hint: str = ""


_TOLD: dict[CollateralThing, Told] = {
    "packaged-apps": Told(
        "applocker-packaged-apps-stop",
        "stops every packaged app, such as the start menu, Settings and Teams (event 8027)",
        "warning",
        "warning",
        "send a collection of the type Appx too, with a rule that allows what may run",
    ),
    "unlisted-apps": Told(
        "unlisted-apps-stop",
        "stops every app that it does not list, and removes those that are installed",
        "warning",
        None,
        "list every app that may be there",
    ),
    "unlisted-programs": Told(
        "unlisted-programs-stop",
        "stops everything of its sort that no rule allows",
        "warning",
        None,
        "put the rules into a policy with rules that allow what may run",
    ),
    "unsigned-programs": Told(
        "app-settings-binaries",
        "stops unsigned, ad hoc signed and development-signed programs too",
        "warning",
        "warning",
        "try it on Macs with Homebrew and local builds first; sign what must run",
    ),
    "running-apps": Told(
        "running-apps-quit",
        "quits a banned app that is running, at once; what it has not saved is lost",
        "note",
        "note",
        "tell the users before you send it",
    ),
    "namesakes": Told("", "stops whatever else bears the same name as a banned app's file, process or package"),
    "shared-sites": Told("", "stops whatever else is served from a banned domain"),
    "sideloading": Told("", "stops installing apps from outside the store"),
    "adding-users": Told("", "stops adding users to the device"),
    "compliance": Told(
        "devices-made-non-compliant",
        "makes personally owned devices non-compliant: each reports MANAGEMENT_MODE for a setting that it cannot take",
        "warning",
        "warning",
        "leave the setting out; its default is the safe value",
    ),
    "script-hosts": Told(
        "script-hosts-restricted",
        "stops or restricts scripts, since their hosts enforce the policy too, even in audit mode",
        "warning",
        "warning",
        "add the option Disabled:Script Enforcement",
    ),
    "local-rules": Told("", "stops the rules that were set on the Mac itself"),
    "managed-store": Told(
        "store-opened",
        "opens the store to every app that it does not block",
        "warning",
        "note",
        "keep the store an allow list, or say to whoever runs it that it is none any more",
    ),
    "personal-store": Told("", "opens the store of the personal side to every app it does not block"),
    "allow-list": Told(
        "",
        "opens an allow list, since rules add up and one of these lets everybody run everything that no rule denies",
        None,
        None,
        "put the Deny rules into the allow list's own policy, without a rule that lets everybody run everything",
    ),
    "apps": Told("", "removes installed copies of banned apps with their data; that is not undone when the ban ends"),
    "scope": Told(
        "scope-removed",
        "removes the scope, so that the object reaches nobody any more",
        "warning",
        "warning",
        "remove <scope> from the file: what is not sent is kept",
    ),
    "other-settings": Told("", "removes every setting that it does not name"),
}


def sentence(what: CollateralThing, when: CollateralCase) -> str:
    """Say what is hit and when, as it goes on after the name of a file: a verb first, without a full stop."""
    return _TOLD[what].sentence + _CASES[when]


def on_adding(subject: str, what: CollateralThing, when: CollateralCase, place: Origin | None) -> Finding | None:
    """Return the finding for what a build hands over, or a change brings; None where only pages tell it."""
    told = _TOLD[what]
    if told.severity is None:
        return None
    return Finding(told.id, told.severity, f"{subject} {sentence(what, when)}", place, told.hint)


def on_finding(what: CollateralThing, when: CollateralCase, place: Origin | None) -> Finding | None:
    """Return the finding for a document that is there already; None where nothing is said, or its reader says it."""
    told = _TOLD[what]
    return Finding(told.id, told.found, f"this {sentence(what, when)}", place, told.hint) if told.found else None


def on_opening(closed: str, place: Origin | None) -> Finding:
    """Return the finding for a rule that lets everybody run everything beside an allow list, which stands at `closed`."""
    said = f"a rule here lets everybody run everything, which opens the allow list of {closed}: rules add up"
    return warning("applocker-allow-list-opened", said, place, hint("allow-list"))


def hint(what: CollateralThing) -> str:
    """Return what to do about it; empty where there is nothing to do."""
    return _TOLD[what].hint


def key(effect: CollateralEffect, what: CollateralThing, when: CollateralCase) -> str:
    """Write it for a message: `opens managed-store (closed-before)`."""
    return f"{effect} {what}" + ("" if when == "always" else f" ({when})")

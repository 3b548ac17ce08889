"""Take back what was read of a policy that the Android Management API refuses whole, and say why it would."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.android import words
from mdm_policy.kinds.android.description import faults
from mdm_policy.kinds.android.limits import MOST_APPLICATIONS, application_limits, policy_limits, repeated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.kinds.android.description import FieldFault
    from mdm_policy.kinds.android.limits import Limit
    from mdm_policy.kinds.collector import Collector

_MOST_FAULTS = 1000
"""How many faults of one policy are looked at; of each kind the first hundred places are named."""
_STORED = frozenset({"name", "version"})
"""What an answer of the server holds of a policy that it has stored: `version` is a read-only field of Policy."""
SOURCE = "the discovery document of androidmanagement.googleapis.com and the limits of its reference pages"
_VENDOR = "the API refuses the whole of it"


def say_refused(c: Collector, top: Mapping[str, Any], base: str) -> None:
    """Say of the parts of a policy that are read why the API would refuse it: one bad field, and nothing is stored."""
    for at, rule in c.mappings(top, "policyEnforcementRules", base):
        _enforcement(c, rule, at)
    applications = top.get("applications")
    if isinstance(applications, list) and len(applications) > MOST_APPLICATIONS:
        message = f"applications holds {len(applications)} entries; the API refuses more than {MOST_APPLICATIONS}"
        c.say("error", "list-too-long", message, f"{base}/applications", "keep the apps that are banned by law first")
        why = "the policy has more applications than the API takes"
        c.refuse(why, f"{base}/applications", "keep the apps that are banned by law first", SOURCE)


def _enforcement(c: Collector, rule: Mapping[str, Any], at: str) -> None:
    """Check the pair of actions: `must have a block action and a wipe action` (fleetdm/fleet issue 53296)."""
    block, wipe = c.optional(rule, "blockAction", at), c.optional(rule, "wipeAction", at)
    days = (block.get("blockAfterDays", 0), wipe.get("wipeAfterDays", 0))
    if rule.get("blockAction") is None or rule.get("wipeAction") is None:
        message = "an enforcement rule needs a blockAction and a wipeAction; the API refuses the whole policy"
    elif all(isinstance(day, int) for day in days) and days[0] >= days[1]:
        message = "blockAfterDays must be less than wipeAfterDays; the API refuses the whole policy"
    else:
        return
    hint = "give both actions, the block before the wipe"
    c.say("error", "enforcement-rule-incomplete", message, at, hint)
    c.refuse("the API refuses one of its enforcement rules", at, hint, SOURCE)


def hold_policy(c: Collector, top: Mapping[str, Any], base: str) -> None:
    """Hold a policy against the description of it and the limits stated for it, and take back what cannot count.

    An answer of the server was stored, so a field or a word that the description lacks is newer than it. Where such a
    word decides about apps nobody can tell what it does.
    """
    found = list(islice(faults("Policy", top, base), _MOST_FAULTS))
    newer = [one for one in found if one.sort in ("field", "word")] if top.keys() >= _STORED else []
    newer = [one for one in newer if one.sort == "field" or one.field not in words.DECIDING]
    for one in newer:
        message = f"{one}; the server has stored it, so it is newer than the description that this program has"
        c.say("note", "field-newer", message, one.pointer)
    _judge(c, (one for one in found if one not in newer), policy_limits(top, base))


def hold_changes(c: Collector, top: Mapping[str, Any]) -> None:
    """Hold a request that changes single apps against the description of it, and the limits stated for an app."""
    changes = top.get("changes")
    listed = [change for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []
    entries = [change.get("application") for change in listed]
    found = islice(faults("ModifyPolicyApplicationsRequest", top, ""), _MOST_FAULTS)
    _judge(c, found, application_limits(entries, lambda place: f"/changes/{place}/application"))


def _judge(c: Collector, found: Iterable[FieldFault], limits: Iterable[Limit]) -> None:
    told = set(c.places)
    refused: list[tuple[str, str]] = []
    unsure: list[tuple[str, str]] = []
    for fault in found:
        open_ = fault.sort in ("spelling", "form")
        said = f"nobody can tell what the API makes of it: {fault}" if open_ else f"{_VENDOR}: {fault}"
        (unsure if open_ else refused).append((said, fault.pointer))
        if fault.pointer not in told:
            _say(c, fault)
    for limit in limits:
        said = "the API rejects the policy" if limit.rejected else "what the API makes of it is not documented"
        (refused if limit.rejected else unsure).append((f"{limit.text}, and {said}", limit.place))
        if limit.place not in told:
            c.say(
                "error", "policy-limit", f"{limit.text}; {said}", limit.place, "keep to the limits of the vendor's page"
            )
    if refused:
        c.reject_all(*refused[0], "write what the API's description has", SOURCE)
    elif unsure:
        c.mark_uncertain(unsure[0][0])


def _say(c: Collector, fault: FieldFault) -> None:
    at = fault.pointer
    if fault.sort == "field":
        c.say("warning", "unknown-key", f"{fault}; {_VENDOR}", at, words.INSTEAD.get(fault.field, "remove it"))
    elif fault.sort == "spelling":
        c.say(
            "error",
            "field-spelling",
            f"{fault}; the API refuses it, or reads it all the same",
            at,
            f"write {fault.wanted!r}",
        )
    elif fault.sort == "word":
        c.say("error", "word-unknown", f"{fault}; {_VENDOR}", at, "write one of the words that the field has")
    else:
        said = _VENDOR if fault.sort == "type" else "whether the API takes that is not documented"
        c.say("error", "wrong-type", f"{fault}; {said}", at, f"write {fault.wanted}")


def say_repeated(c: Collector, owner: Mapping[str, Any], key: str, base: str) -> None:
    """Say which package stands twice in a list."""
    twice = repeated(owner, key)
    if not twice:
        return
    more = f" (and {len(twice) - 1} more packages)" if len(twice) > 1 else ""
    message = f"{twice[0]!r} stands twice in {key}; which entry counts is not documented{more}"
    c.say("warning", "duplicate-package", message, f"{base}/{key}", "keep one entry a package")

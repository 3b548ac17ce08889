"""Read Jamf Pro's Classic objects: restricted software, and profiles for mobile devices and Macs.

Element names and scope are those of the Classic API's own description (11.26.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from mdm_policy.kinds.collector import ANY, NOT_STATED, Why, fact
from mdm_policy.kinds.jamf.shape import hold_object
from mdm_policy.reading import Audience, Rule, Scope

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Member, Reading

_SOURCE = "Jamf Pro Classic API 11.26.0, restrictedsoftware; Jamf Pro 10.24 administrator's guide"
_RENAMED = "a copy under another file name, and Macs that have not checked in"

KILL = Rule(
    "jamf-restricted-software-kill",
    "jamf-restricted-software",
    "block",
    "blocked",
    "weak",
    fact("kill_process ends a process of this name when it starts", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RENAMED,
)
DELETE = Rule(
    "jamf-restricted-software-delete",
    "jamf-restricted-software",
    "remove",
    "removed",
    "weak",
    fact("delete_executable deletes the program of this name when it starts", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RENAMED,
)
NOTIFY = Rule(
    "jamf-restricted-software-notify",
    "jamf-restricted-software",
    "report",
    "reported-only",
    "weak",
    fact("without kill_process and delete_executable a restricted software record only notifies", _SOURCE),
    introduced={"macos": ANY},
)
RULES = (KILL, DELETE, NOTIFY)

_MOBILE = frozenset({"ios", "ipados", "tvos", "visionos", "watchos"})
_GROUPS = frozenset({"computer_groups", "mobile_device_groups"})
_USER_LEVELS = frozenset({"user", "user level", "users"})
"""How the servers of the Classic API and its clients write that a profile is one of a user."""
_SELF_SERVICE = frozenset({"make available in self service"})
_AUTOMATIC = frozenset({"", "install automatically"})
"""How a profile is sent: users choose it, or it comes by itself."""
_NEWLY_ASSIGNED = frozenset({"Newly Assigned"})
"""What redeploy_on_update says of an update that devices which have the profile do not get."""
_MEMBERS = frozenset(
    {"computers", "mobile_devices", "buildings", "departments", "users", "user_groups", "jss_users", "jss_user_groups"}
)


def read_restricted_software(c: Collector) -> Reading:
    """Read a restricted software record: it knows a program only by the name of its process."""
    root = _root(c)
    if root is None:
        return c.reading(mdm="jamf")
    name = _text(root, "general/process_name")
    pointer = "/restricted_software/general/process_name"
    if not name:
        c.say("error", "process-name-missing", "the record names no process, so it restricts nothing", pointer)
        return c.reading(_scope(root, "all_computers"), "jamf")
    exact = _text(root, "general/match_exact_process_name") == "true"
    deletes = _text(root, "general/delete_executable") == "true"
    if deletes and not exact:
        message = "Jamf stores delete_executable only where the name is matched exactly, so nothing is deleted"
        where = "/restricted_software/general/delete_executable"
        c.say("error", "delete-needs-exact-name", message, where, "set match_exact_process_name to true")
    _question_site(c, root)
    if deletes and exact:
        rule = c.rule(DELETE)
    elif _text(root, "general/kill_process") == "true":
        rule = c.rule(KILL)
    else:
        rule = c.rule(NOTIFY)
        message = "kill_process is not true, so the program keeps running"
        c.say("error", "report-only-list", message, "/restricted_software/general", "set kill_process to true")
    if not exact:
        message = "the name is matched in part: other programs whose names hold it may be stopped too"
        c.say("warning", "process-name-inexact", message, pointer, "set match_exact_process_name to true")
    if _text(root, "general/display_message").lower() in ("true", "false"):
        message = "display_message is a word for yes or no, not a message: users are told nothing"
        c.say("note", "display-message-lost", message, "/restricted_software/general/display_message", "write the text")
    c.add(rule, "macos", "process_name", name, pointer)
    hold_object(c, root)
    scope = _scope(root, "all_computers")
    _say_nobody(c, scope)
    return c.reading(scope, "jamf")


def read_mobile_profile(c: Collector) -> Reading:
    """Read a profile for mobile devices."""
    return _profile(c, _MOBILE, "deployment_method", "all_mobile_devices")


def read_macos_profile(c: Collector) -> Reading:
    """Read a profile for Macs."""
    return _profile(c, frozenset({"macos"}), "distribution_method", "all_computers")


def _profile(c: Collector, platforms: frozenset[str], method: str, everyone: str) -> Reading:
    root = _root(c)
    if root is None:
        return c.reading(mdm="jamf")
    base = f"/{root.tag}/general"
    c.platforms = platforms
    sent = _text(root, f"general/{method}")
    if sent.lower() in _SELF_SERVICE:
        why, hint = "users choose in Self Service whether they install the profile", "write Install Automatically"
        c.refuse(why, f"{base}/{method}", hint)
        c.say("error", "self-service-only", why, f"{base}/{method}", hint)
    elif sent.lower() not in _AUTOMATIC:
        c.uncertain_because = Why("undocumented", f"{sent[:80]!r} is not a way of sending a profile that is known")
        c.say(
            "warning", "jamf-method-word", c.uncertain_because.text, f"{base}/{method}", "write Install Automatically"
        )
    if _text(root, "general/level").lower() in _USER_LEVELS:
        c.uncertain_because = Why(
            "undocumented", "the profile is one of a user, and whether the whole device obeys it is not documented"
        )
        c.say(
            "warning", "profile-of-a-user", c.uncertain_because.text, f"{base}/level", "write System, or Device Level"
        )
    _question_site(c, root)
    if _text(root, "general/user_removable") == "true":
        message = "users may remove the profile"
        c.say("warning", "user-removable", message, f"{base}/user_removable", "set user_removable to false")
    # What a server answers bears a uuid, and says so of every profile, however it was sent: only an update is meant.
    update = _text(root, "general/id") and not _text(root, "general/uuid")
    if update and _text(root, "general/redeploy_on_update") in _NEWLY_ASSIGNED:
        message = "an update reaches newly assigned devices only; the others keep the old list"
        c.say("warning", "redeploy-newly-assigned", message, f"{base}/redeploy_on_update", "write All in an update")
    for pointer, inner in c.document.inner:
        c.lift(pointer, inner)
    if not c.document.inner:
        c.say("error", "payload-unreadable", "the object holds no profile that can be read", f"{base}/payloads")
    hold_object(c, root)
    scope = _scope(root, everyone)
    _say_nobody(c, scope)
    return c.reading(scope, "jamf")


def _question_site(c: Collector, root: etree._Element) -> None:
    """Question an object that belongs to a site: whether that narrows whom it reaches is not documented.

    Jamf Pro's documentation says of sites which objects a person of Jamf sees and manages. `-1` and `None` are no site.
    """
    number, name = _text(root, "general/site/id"), _text(root, "general/site/name")
    if number in ("", "-1", "0") and name in ("", "None"):
        return
    shown = name or number
    why = f"the object belongs to the site {shown[:80]!r}, and whether it reaches only that site's devices is not documented"
    c.uncertain_because = c.uncertain_because or Why("undocumented", why)
    c.say(
        "warning", "jamf-site", why, f"/{root.tag}/general/site", "look up in Jamf whom it reaches, or remove the site"
    )


def _root(c: Collector) -> etree._Element | None:
    root = c.document.value
    if isinstance(root, etree._Element):  # noqa: SLF001  # lxml has no public name for its element class
        return root
    c.mapping(root, "")
    return None


def _text(root: etree._Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _say_nobody(c: Collector, scope: Scope) -> None:
    root: etree._Element = c.document.value
    if scope.state == "not-stated" and root.find("scope") is not None and not _text(root, "general/id"):
        # Jamf replaces the stored scope by one that is sent, be it empty (terraform-provider-jamfplatform, wire, 2026-07).
        c.beside("removes", "scope", "updated", f"/{root.tag}/scope")
    if scope.state == "nobody":
        message = "the scope names nobody, so the object reaches no device"
        c.say("error", "jamf-scope-nobody", message, f"/{c.document.value.tag}/scope", "put the devices into its scope")


def _scope(root: etree._Element, everyone: str) -> Scope:
    """Return whom the object reaches; a body that no server has stored yet (no id) has no scope to speak of."""
    scope = root.find("scope")
    if scope is None:
        return NOT_STATED
    excluded = tuple(name for child in scope.iterfind("exclusions/*") for name in _names(child))
    limits = [name for child in scope.iterfind("limitations/*") for name in _names(child)]
    named = [name for child in scope for name in _names(child)]
    if _text(scope, everyone) == "true":
        named = [Audience("everyone", "everyone")] if limits else []
    elif _text(root, "general/id") and not named and _text(scope, "all_jss_users") != "true":
        return Scope("nobody", (), excluded)
    elif not named and _text(scope, "all_jss_users") != "true":
        return Scope("not-stated", excluded=excluded, filtered=bool(limits))
    elif not named:
        return Scope("groups", (), excluded, bool(limits))
    if not limits:
        return Scope("groups", tuple(named), excluded) if named else Scope("everyone", (), excluded)
    parts = tuple(Audience("limits", of=(name, *limit)) for name in named for limit in _limits(limits))
    return Scope("groups", parts, excluded, True)


def _limits(limits: list[Member]) -> list[tuple[Member, ...]]:
    """Return what limits a scope: one of the members of a sort, but of several sorts one each."""
    sorts = {one.mode if isinstance(one, Audience) else "" for one in limits}
    return [(one,) for one in limits] if len(sorts) == 1 else [tuple(sorted(limits, key=str))]


def _names(child: etree._Element) -> list[Member]:
    """Return the members of one part of a scope; only device groups can cover a class, so the rest say what they are."""
    part = str(child.tag)
    names = [_text(one, "name") or _text(one, "id") for one in child]
    if part in _GROUPS:
        return [name for name in names if name]
    if part in _MEMBERS or part in ("network_segments", "ibeacons"):
        return [Audience("member", name, part) for name in names if name]
    return []

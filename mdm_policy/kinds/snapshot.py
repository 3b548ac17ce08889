"""Read the index of a snapshot: what of a destination was not read, and what that can do to a ban.

The format is our own: `mdm-policy assess --save` writes it beside the objects. Each collection that was not read stands for what it
may hold; where its kind can lift no block, a note says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.kinds.android import documents as android
from mdm_policy.kinds.android import rules as android_rules
from mdm_policy.kinds.apple import rules as apple_rules
from mdm_policy.kinds.apple import santa_rules
from mdm_policy.kinds.intune.unseen import unseen
from mdm_policy.kinds.kind import DocumentKind

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

FORMAT = "mdm-policy/snapshot/v1"
_HINT = "give the account the permission that docs/assess.md names, or look at what was not read yourself"
_CAN_LIFT = {
    "amapi-policies": "a device may be under a policy that was not read",
    "apple-declarations": "one of them may let the apps that an MDM manages launch past every deny list of Macs",
    "intune-app-configurations": "one of them may let sites past in a browser",
    "intune-apps": "one of them may be the same app, assigned otherwise",
    "intune-policies": "one of them may give a setting another value, or take the place of another policy",
    "jamf-macos-profiles": "one of them may set keys of Santa too",
}
"""Collections that can lift a block, and how; all others can only add one."""
_INTUNE = {"policies": "policies", "apps": "apps", "configurations": "app-configurations"}


def _is_index(value: Any) -> bool:
    return isinstance(value, dict) and value.get("format") == FORMAT


def _read(c: Collector) -> Reading:
    not_read(c)
    return c.reading()


def not_read(c: Collector) -> Reading | None:
    """Stand for what was not read."""
    lacking = set()
    entries = c.mappings(c.mapping(c.document.value, ""), "notRead", "")
    for place, entry in entries:
        what, why = c.text(entry, "collection", place), c.text(entry, "why", place)
        one = c.text(entry, "path", place) or what
        lifting = _CAN_LIFT.get(what)
        said = f"{one} was not read: {why}"
        if lifting is None:
            c.say("note", "not-read", f"{said}; it can lift no block", place, _HINT)
        else:
            c.say("error", "not-read", f"{said}; {lifting}", place, _HINT)
            lacking.add(what)
    if not entries:
        return None
    if "apple-declarations" in lacking:
        c.rule(apple_rules.MANAGED_APPS_ALLOWED)
    if "jamf-macos-profiles" in lacking:
        c.rule(santa_rules.CONFIGURED)
    if "amapi-policies" in lacking:
        c.rule(android_rules.UNSEEN)
        made = c.reading(mdm="amapi", name="that was not read", place="/notRead")
        return msgspec.structs.replace(made, kind=android.POLICY.name)
    intune = {name: f"intune-{word}" in lacking for name, word in _INTUNE.items()}
    if any(intune.values()):
        return unseen(c, c.document.kind, **intune)
    return c.reading(mdm="jamf" if "jamf-macos-profiles" in lacking else "", silent=True)


INDEX = DocumentKind(
    name="snapshot-index",
    title="Index of a snapshot",
    formats=("json",),
    recognise=_is_index,
    read=_read,
    is_page=True,
    unseen=not_read,
    keys="name",
    rules=(),
    sample=b"""\
{
  "format": "mdm-policy/snapshot/v1",
  "destination": "there",
  "notRead": [{"collection": "jamf-software", "query": "GET JSSResource/restrictedsoftware", "why": "forbidden (403)"}]
}
""",
)

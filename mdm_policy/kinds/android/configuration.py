"""Read the managed configuration of a browser on Android: the form of Google Play's EMM API, which Intune takes as JSON.

`{"kind": "androidenterprise#managedConfiguration", "productId": "app:PACKAGE", "managedProperty": [{"key": ..., "valueString...": ...}]}`
(MicrosoftDocs/memdocs manage-ai-android.md, 2025-11, of URLBlocklist: `valueStringArray`). Of other apps nothing is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.android import rules
from mdm_policy.kinds.android.browser import BROWSERS, decoded
from mdm_policy.kinds.collector import Entries
from mdm_policy.kinds.keys import Keys, roles
from mdm_policy.kinds.web import browser_address

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Role
    from mdm_policy.reading import Reading

_KIND = "androidenterprise#managedConfiguration"
_LISTS = {"URLBlocklist": rules.CHROME_BLOCKED, "URLAllowlist": rules.CHROME_ALLOWED}
_LIMIT = 1000
RULES = tuple(_LISTS.values())


def is_configuration(value: Any) -> bool:
    """Recognise a managed configuration by its kind, or by what only it holds."""
    return isinstance(value, dict) and (value.get("kind") == _KIND or isinstance(value.get("managedProperty"), list))


def read_configuration(c: Collector) -> Reading:
    """Read a configuration by itself: whom it reaches is decided where it is assigned."""
    read_lists(c, c.mapping(c.document.value, ""), "")
    return c.reading()


def read_lists(c: Collector, top: dict[str, Any], at: str, modes: tuple[str, ...] | None = None) -> None:
    """Read the address lists of a browser; `modes` are those of the devices that it is for, if that is stated."""
    product = c.text(top, "productId", at).removeprefix("app:")
    if product not in BROWSERS:
        said = f"a configuration of {product[:80] or 'an app that it does not name'}, of which nothing is read"
        c.say("note", "configuration-of-app", said, f"{at}/productId")
        return
    for place, one in c.mappings(top, "managedProperty", at):
        base = _LISTS.get(c.text(one, "key", place))
        if base is None:
            continue
        rule = c.rule(base, modes=modes) if modes is not None else c.rule(base)
        entries = c.entries(one, "valueStringArray", place)
        if isinstance(one.get("valueString"), str):
            values = decoded(one["valueString"])
            entries = Entries((f"{place}/valueString",) * len(values), values)
        if len(entries) > _LIMIT:
            message = f"{one['key']} holds {len(entries)} entries; {_LIMIT} count"
            c.say("warning", "url-blocklist-too-long", message, place)
            entries = entries.only(range(_LIMIT))
        for pointer, text in c.only_texts(entries):
            kind, value = browser_address(text)
            c.add(rule, "web", kind, value, pointer)


def _of_property(one: dict[str, Any]) -> Role | Keys:
    known = str(one.get("key")) in _LISTS and one.keys() <= {"key", "valueStringArray", "valueString"}
    return Keys(roles("carried", one)) if known else "unjudged"


KEYS = Keys({"kind": "name", "productId": "carried", "managedProperty": Keys(choose=_of_property)})

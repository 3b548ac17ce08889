"""Read what a registration file sets for Edge and Chrome: the lists of addresses under their policies' keys.

Each list is a key of its own, whose values bear the names 1, 2, 3 and so on (learn.microsoft.com microsoft-edge-policies
urlblocklist; of Chrome the same form, chromium policy_templates).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import pointer
from mdm_policy.kinds.browsers import ALLOW, BLOCK, INSTALLED, ROLES, read_installed, read_list
from mdm_policy.kinds.collector import Entries, Why
from mdm_policy.kinds.keys import Keys

if TYPE_CHECKING:
    from mdm_policy.kinds.browsers import Browser
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Role
    from mdm_policy.reading import Reading

HEADING = "Windows Registry Editor Version 5.00"
"""The key under which a registration file stands as JSON."""
_KEY = re.compile(
    r"HKEY_(?P<hive>LOCAL_MACHINE|CURRENT_USER)\\SOFTWARE\\Policies\\"
    r"(?P<browser>Microsoft\\Edge|Google\\Chrome)\\URL(?P<list>Block|Allow)list",
    re.IGNORECASE,
)

_POLICIES_KEY = re.compile(
    r"HKEY_(?:LOCAL_MACHINE|CURRENT_USER)\\SOFTWARE\\Policies\\(?:Microsoft\\Edge|Google\\Chrome)", re.IGNORECASE
)
_POLICIES = Keys(ROLES, rest="harmless")


def is_registry(value: Any) -> bool:
    """Recognise a registration file by its heading."""
    return isinstance(value, dict) and value.keys() == {HEADING}


def read_registry(c: Collector) -> Reading:
    """Read the address lists; other keys are not judged."""
    top = c.mapping(c.document.value, "")
    keys = c.optional(top, HEADING, "")
    c.platforms = frozenset({"windows"})
    before = c.uncertain_because
    for key, values in keys.items():
        at = pointer(HEADING, key)
        if _POLICIES_KEY.fullmatch(key) and isinstance(values, dict):
            owner: Browser = "edge" if "edge" in key.lower() else "chrome"
            for name in (one for one in values if one.casefold() == INSTALLED.casefold()):
                read_installed(c, owner, values[name], at + pointer(name))
        match = _KEY.fullmatch(key)
        if match is None or values is None:
            continue
        browser: Browser = "edge" if "edge" in match["browser"].lower() else "chrome"
        if match["hive"].upper() != "LOCAL_MACHINE":
            said = "the list is set for one user, and holds in that user's profiles of the browser alone"
            c.uncertain_because = Why("condition", said)
            c.say("warning", "url-list-of-users", said, at, "set it under HKEY_LOCAL_MACHINE")
        named = c.mapping(values, at)
        entries = [(at + pointer(name), value) for name, value in named.items() if _counts(c, name, at)]
        word = BLOCK if match["list"].lower() == "block" else ALLOW
        read_list(c, browser, word, Entries.of([one for one in entries if one[1] is not None]), at)
        c.uncertain_because = before
    return c.reading()


def _counts(c: Collector, name: str, at: str) -> bool:
    """Tell whether a value is an entry of a list; the browser passes over other names."""
    if name.isascii() and name.isdigit():
        return True
    message = (
        f"{name[:80]!r} is not a number, and the values of a list bear the names 1, 2, 3 and so on: it has no effect"
    )
    c.say("error", "url-list-value-name", message, at + pointer(name), "name it by the next number")
    return False


def _of_keys(value: dict[str, Any]) -> Role | Keys:
    """Give the lists for carried, and the browsers' other policies as they are; all other keys are unjudged."""
    lists: dict[str, Role | Keys] = {key: "carried" for key in value if _KEY.fullmatch(key)}
    return Keys({**lists, **{key: _POLICIES for key in value if _POLICIES_KEY.fullmatch(key)}})


KEYS = Keys({HEADING: Keys(choose=_of_keys)})

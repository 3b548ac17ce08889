"""Read a plain list of domains, as resolvers, proxies and firewalls take it: each domain is refused with all below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.identifiers import is_valid
from mdm_policy.kinds.collector import ANY, fact
from mdm_policy.kinds.keys import Keys
from mdm_policy.kinds.network.list_file import LIST
from mdm_policy.reading import Rule
from mdm_policy.vocabulary import PLATFORMS

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

BLOCKED = Rule(
    "domain-list-refused",
    "domain-blocking",
    "block",
    "blocked",
    "weak",
    fact(
        "whoever blocks by this list refuses the domain and all below it",
        "no standard: so the list's own page of mdm-policy asks for it to be loaded",
    ),
    introduced=dict.fromkeys(PLATFORMS, ANY),
    escapes="every way that does not lead through what has loaded the list",
)
RULES = (BLOCKED,)
KEYS = Keys({LIST: "carried"})


def is_list(value: Any) -> bool:
    """Recognise a list of domains, as `list_file` makes JSON of it."""
    return isinstance(value, dict) and value.keys() == {LIST}


def read_list(c: Collector) -> Reading:
    """Read every domain; what is none is told, and blocks nothing."""
    entries = c.only_texts(c.entries(c.mapping(c.document.value, ""), LIST, ""))
    rule = c.rule(BLOCKED)
    for place, text in entries:
        if is_valid("web", "domain", text):
            c.add(rule, "web", "domain", text, place)
        else:
            message = f"{text[:80]!r} is not a domain, so it blocks nothing"
            c.say("error", "domain-list-entry", message, place, "write a bare domain, one a line, without a wildcard")
    return c.reading()

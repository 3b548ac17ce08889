"""Read a response policy zone: which names a resolver refuses to everybody who asks it.

A record's owner is the name asked for, relative to the zone; its data say what becomes of the question: `CNAME .` no such name,
`CNAME *.` no data, `CNAME rpz-drop.` no answer, `CNAME rpz-passthru.` an exemption, `CNAME rpz-tcp-only.` nothing but another way to
ask, anything else is the answer given in place of the true one. A wildcard covers all names below and not the name itself; the
more special name decides (draft-vixie-dns-rpz-02; Red Hat, Configuring response policy zones in BIND).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mdm_policy.identifiers import is_valid
from mdm_policy.kinds.collector import ANY, Why, fact
from mdm_policy.kinds.keys import Keys, roles
from mdm_policy.kinds.network.zone_file import ZONE
from mdm_policy.reading import Rule
from mdm_policy.vocabulary import PLATFORMS

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.kinds.keys import Role
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Kind

_SOURCE = "draft-vixie-dns-rpz-02 (2016-12-16)"
_ESCAPES = "other resolvers, DNS over HTTPS or TLS of an app or a browser, tunnels, and addresses that need no name"
BLOCKED = Rule(
    "zone-refused-name",
    "dns-policy-zone",
    "block",
    "blocked",
    "weak",
    fact("a resolver with this response policy zone gives no answer for the name and for those below", _SOURCE),
    introduced=dict.fromkeys(PLATFORMS, ANY),
    escapes=_ESCAPES,
)
ALLOWED = Rule(
    "zone-exempted-name",
    "dns-policy-zone",
    "allow",
    "allowed",
    "weak",
    fact("rpz-passthru exempts the name from this and all later zones", _SOURCE),
    introduced=dict.fromkeys(PLATFORMS, ANY),
)
RULES = (BLOCKED, ALLOWED)

_Action = Literal["refused", "exempted", "replaced", "none"]
_ACTIONS: dict[str, _Action] = {
    ".": "refused",
    "*.": "refused",
    "rpz-drop.": "refused",
    "rpz-passthru.": "exempted",
    "rpz-tcp-only.": "none",
}
_OTHER_TRIGGERS = ("rpz-ip", "rpz-nsdname", "rpz-nsip", "rpz-client-ip")
_OF_THE_ZONE = frozenset({"SOA", "NS"})
_NOWHERE = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 - answers of a resolver, nothing listens
_PART = {
    "name": "only the name itself is refused, and not the names below it",
    "below": "only the names below are refused, and not the name itself",
}


def is_zone(value: Any) -> bool:
    """Recognise a master file, as `zone_file` makes JSON of it."""
    return isinstance(value, dict) and value.keys() == {ZONE} and isinstance(value[ZONE], dict)


def read_zone(c: Collector) -> Reading:
    """Read every record: a name is refused where the record for it and the one for all below are both there."""
    top = c.optional(c.mapping(c.document.value, ""), ZONE, "")
    base = f"/{ZONE}"
    records = c.mappings(top, "records", base)
    if not any(record.get("type") == "SOA" for _, record in records):
        said = "the file has no SOA record, without which no server loads a zone"
        c.rejected_because = Why("refused", said)
        c.say("error", "zone-without-start", said, base, "begin the zone with its SOA record")
    _clashes(c, records)
    _exceptions(c, records)
    found: dict[str, dict[str, tuple[str, _Action]]] = {}
    for place, record in records:
        if str(record.get("type")) in _OF_THE_ZONE or "directive" in record:
            continue
        name = c.text(record, "name", place)
        if not name or _other_trigger(name):  # what stands at the zone's own name is no question of anybody
            continue
        below = name == "*" or name.startswith("*.")
        bare = name.removeprefix("*").removeprefix(".")
        action = _action(c, record, name, place)
        if bare and not is_valid("web", "domain", bare) and "." in bare.rstrip("."):
            said = f"{name[:80]!r} is no name that a question can hold, or stands outside of the zone"
            c.say(
                "error", "zone-name", said, f"{place}/name", "write it relative to the zone, without a dot at the end"
            )
            continue
        found.setdefault(bare, {}).setdefault("below" if below else "name", (place, action))
    for bare, ways in found.items():
        _name(c, bare, ways)
    return c.reading()


def _other_trigger(name: str) -> bool:
    return name.endswith(tuple(f".{one}" for one in _OTHER_TRIGGERS))


def _clashes(c: Collector, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Refuse the zone where an alias stands beside other data of its name (RFC 1034 section 3.6.2): no server loads it."""
    seen: dict[str, tuple[Any, Any]] = {}
    aliases: set[str] = set()
    for place, record in records:
        name, held = str(record.get("name")), (record.get("type"), str(record.get("data")).lower())
        first = seen.setdefault(name, held)
        aliases |= {name} if held[0] == "CNAME" else set()
        if held != first and name in aliases:
            said = f"{name[:80]!r} has a CNAME beside other data, and no server loads such a zone"
            c.rejected_because = Why("refused", said)
            c.say("error", "zone-name-twice", said, f"{place}/name", "keep one record for each name")


def _exceptions(c: Collector, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Doubt the whole zone where it exempts by something else than the name, or goes on in another file."""
    for place, record in records:
        if "directive" in record:
            said = f"{record['directive']} stands for records that are not in this file"
            c.uncertain_because = Why("elsewhere", said)
            c.say("error", "zone-goes-on", said, place, "give the whole zone, as `named-compilezone` writes it")
        elif _other_trigger(str(record.get("name"))) and str(record.get("data")).lower() != ".":
            said = "a record that asks for addresses, servers or who asks may exempt a name that another one refuses"
            c.uncertain_because = Why("condition", said)
            c.say("warning", "zone-exempts-by-address", said, place)


def _action(c: Collector, record: dict[str, Any], name: str, place: str) -> _Action:
    kind, data = record.get("type"), c.text(record, "data", place).lower()
    if kind == "CNAME":
        if data.rstrip(".") == name:
            return "exempted"  # the older way to write rpz-passthru
        return _ACTIONS.get(data, "replaced")
    return "refused" if kind in ("A", "AAAA") and data in _NOWHERE else "replaced"


def _name(c: Collector, bare: str, ways: dict[str, tuple[str, _Action]]) -> None:
    """Record what becomes of a name and of all below it."""
    kind: Kind = "domain" if is_valid("web", "domain", bare) else "url"
    value = bare or "*"
    actions = {way: action for way, (_, action) in ways.items()}
    place = next(iter(ways.values()))[0]
    at = f"{place}/name"
    if "exempted" in actions.values():
        c.add(c.rule(ALLOWED), "web", kind, value, at)
    refused = [way for way, action in actions.items() if action == "refused"]
    if len(refused) == len(_PART) or (refused and value == "*"):
        c.add(c.rule(BLOCKED), "web", kind, value, at)
    elif refused or "replaced" in actions.values():
        why = _PART[refused[0]] if refused else "the answer is replaced by another, and where that leads is not known"
        if refused:
            c.say("error", "zone-name-in-part", f"{value}: {why}", at, _both(value))
        else:
            c.say("warning", "zone-answer-replaced", f"{value}: {why}", at, _both(value))
        rule = c.rule(BLOCKED, verdict="unknown", why=why, cause="condition")
        c.add(rule, "web", kind, value, at)


def _both(name: str) -> str:
    return f"write both `{name} CNAME .` and `*.{name} CNAME .`"


def _of_record(record: dict[str, Any]) -> Role | Keys:
    if record.keys() != {"name", "type", "data"} or _other_trigger(str(record["name"])):
        return "unjudged"
    return Keys(roles("harmless" if str(record["type"]) in _OF_THE_ZONE else "carried", ("name", "type", "data")))


KEYS = Keys({ZONE: Keys({"origin": "name", "records": Keys(choose=_of_record)})})

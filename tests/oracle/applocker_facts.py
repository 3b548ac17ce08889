"""What Windows does with AppLocker rules, from Microsoft's pages and its own XML schema alone.

Sources: MicrosoftDocs/windows-itpro-docs, applocker/: working-with-applocker-rules (order, implicit deny, not configured, packaged
apps), understand-applocker-rules-and-enforcement-setting-inheritance-in-group-policy, understanding-the-publisher-rule-condition and
-path-rule-condition, security-considerations; client-management/mdm/applocker-csp; AppIdPolicy.xsd. The publisher id of a family
name: docs.rs package-family-name; devblogs.microsoft.com/insidemsix "Package Identity".
"""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from oracle.common import ANY, BLOCKED, DOUBT, GAP, HELD, NOT_HELD, NOT_OPEN, OPEN, UNKNOWN, either

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODES = {"NotConfigured", "Enabled", "AuditOnly"}
EVERYONE = "S-1-1-0"
BROAD = {"S-1-5-32-545", "S-1-5-11"}
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
STRENGTH = {"weak": 1, "partial": 2, "strong": 3}
KINDS = {"FilePublisherRule", "FilePathRule", "FileHashRule"}

Word = Literal["yes", "no", "maybe", "part"]
"""Whether a condition means the app: every build, none, nobody can tell, some builds or users."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a condition says of an app, and how strongly it holds on to it."""

    word: Word
    strength: int = 3


def publisher_id(publisher: str) -> str:
    """Return the second part of the family name of a package with this publisher."""
    bits = int.from_bytes(hashlib.sha256(publisher.encode("utf-16-le")).digest()[:8], "big") << 1
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(60, -1, -5))


def invalid(collection: dict[str, Any]) -> bool:
    """Tell whether Windows' own schema refuses a collection."""
    if collection.get("EnforcementMode", "Enabled") not in MODES or "Type" not in collection:
        return True
    rules = collection.get("rules", [])
    if len({one.get("Id") for one in rules}) < len(rules):
        return True
    return any(_invalid_rule(one) for one in rules)


def _invalid_rule(rule: dict[str, Any]) -> bool:
    if any(key not in rule for key in ("Id", "Name", "Description", "UserOrGroupSid", "Action", "condition")):
        return True
    if rule["Action"] not in {"Allow", "Deny"} or not re.fullmatch(r"S-1(-[0-9]+)+", rule["UserOrGroupSid"]):
        return True
    condition = rule["condition"]
    if condition["kind"] == "FilePublisherRule":
        bounds = [condition.get("low"), condition.get("high")]
        return any(one is None or not re.fullmatch(r"\*|\d+(\.\d+){3}", one) for one in bounds)
    return False


def _plain(publisher: str) -> str:
    return publisher.replace('"', "")  # a comma inside O, quoted or not: one publisher


def _same(one: str, other: str, *, caseless: bool) -> bool:
    return one.lower() == other.lower() if caseless else one == other


def _matches(condition: dict[str, Any], app: dict[str, Any], *, caseless: bool) -> Match:
    kind = condition["kind"]
    if kind == "FileHashRule":
        return Match("part")  # one build; which, nobody can tell
    if kind == "FilePathRule":
        return _by_path(condition["path"], app)
    match = _by_package(condition, app, caseless=caseless) if "package_family_name" in app else None
    match = match or _by_publisher(condition, app, caseless=caseless)
    whole = condition["low"] in {"*", "0.0.0.0"} and condition["high"] == "*"  # noqa: S104 - a version
    return match if whole or match.word == "no" else Match("maybe" if match.word == "maybe" else "part")


def _by_path(path: str, app: dict[str, Any]) -> Match:
    if path == "*":
        return Match("yes")
    names = app.get("executable", [])
    if path.startswith("*\\") and names:
        return Match("yes", 1) if path[2:].lower() == names[0].lower() else Match("no", 1)
    return Match("maybe", 1)


def _by_package(condition: dict[str, Any], app: dict[str, Any], *, caseless: bool) -> Match:
    name, _, wanted = app["package_family_name"][0].partition("_")
    publisher, product = condition["publisher"], condition["product"]
    if product != "*" and not _same(product, name, caseless=caseless):
        return Match("no")
    if publisher != "*" and publisher_id(publisher) != wanted:
        # Whether AppLocker minds the case of a publisher is in no page; the family name's hash does.
        return Match("maybe" if publisher.lower() == app["publisher_of_package"].lower() and caseless else "no")
    return Match("yes" if condition["binary"] == "*" else "maybe")


def _by_publisher(condition: dict[str, Any], app: dict[str, Any], *, caseless: bool) -> Match:
    words: list[Word] = [_by_signer(condition["publisher"], app.get("publisher", []), caseless=caseless)]
    strength = 3
    if condition["product"] != "*":
        strength = 2
        words.append(_by_product(condition["product"], app, caseless=caseless))
    if condition["binary"] != "*":
        strength = 2
        words.append(_by_name(condition["binary"], app, caseless=caseless))
    worst_first: tuple[Word, ...] = ("no", "maybe", "part")
    word: Word = next((one for one in worst_first if one in words), "yes")
    return Match(word, 3 if words[0] == "no" else strength)


def _by_signer(publisher: str, known: list[str], *, caseless: bool) -> Word:
    if not known:
        return "maybe"  # also of all that is signed
    same = any(_same(_plain(publisher), _plain(one), caseless=caseless) for one in known)
    return "yes" if publisher == "*" or same else "no"


def _by_product(product: str, app: dict[str, Any], *, caseless: bool) -> Word:
    products = app.get("product_name", [])
    if not products:
        return "part" if set(app) == {"publisher"} else "maybe"
    return "yes" if _same(product, products[0], caseless=caseless) else "no"


def _by_name(binary: str, app: dict[str, Any], *, caseless: bool) -> Word:
    names = app.get("original_file_name", [])
    if not names:
        return "part" if set(app) == {"publisher"} else "maybe"  # the name on disk is not the one inside
    if "*" in binary or "?" in binary:
        pattern = f"*{binary.strip('*')}*" if "*" in binary else binary
        return "yes" if fnmatch.fnmatchcase(names[0].lower(), pattern.lower()) else "no"
    return "yes" if _same(binary, names[0], caseless=caseless) else "no"


def _rule_on(rule: dict[str, Any], app: dict[str, Any], *, caseless: bool, broad: bool) -> Match:
    """Say what a rule takes of an app: its condition without its exceptions, for the users it names."""
    match = _matches(rule["condition"], app, caseless=caseless)
    if match.word == "no":
        return match
    excepted = [_matches(one, app, caseless=caseless) for one in rule.get("exceptions", [])]
    strong = [one.strength for one in excepted if one.word == "yes"]
    if strong:
        return Match("no", max(strong))
    words = [match.word, *(one.word for one in excepted)]
    if rule["UserOrGroupSid"] not in ({EVERYONE} | (BROAD if broad else set())):
        words.append("part")
    for word in ("maybe", "part"):
        if word in words:
            return Match(word)
    return match


def rules_answer(rules: Sequence[dict[str, Any]], app: dict[str, Any], least: str) -> frozenset[str]:
    """Say what the enforced rules of one collection do to an app; where case or a broad group decides, both ways."""
    ways = [
        _one_way(rules, app, STRENGTH[least], caseless=caseless, broad=broad)
        for caseless in (True, False)
        for broad in (True, False)
    ]
    return ways[0] if len(set(ways)) == 1 else frozenset().union(*ways) | DOUBT


def _one_way(
    rules: Sequence[dict[str, Any]], app: dict[str, Any], least: int, *, caseless: bool, broad: bool
) -> frozenset[str]:
    if not rules:
        return OPEN
    denied = [_rule_on(one, app, caseless=caseless, broad=broad) for one in rules if one["Action"] == "Deny"]
    allowed = [_rule_on(one, app, caseless=caseless, broad=broad) for one in rules if one["Action"] == "Allow"]
    strengths = [one.strength for one in denied if one.word == "yes"]
    if all(one.word == "no" for one in allowed):
        strengths.append(min((one.strength for one in allowed), default=3))
    if strengths:
        return BLOCKED if max(strengths) >= least else NOT_HELD if max(strengths) == 1 else ANY
    doubtful = any(one.word in {"maybe", "part"} for one in denied)
    if any(one.word == "yes" for one in allowed):
        return NOT_HELD if doubtful else OPEN
    return NOT_HELD


@dataclass(frozen=True, slots=True)
class Part:
    """One collection as one document brings it."""

    way: Literal["policy", "bare", "csp"]
    node: str
    mode: str
    rules: tuple[int, ...]
    """Where its rules stand in the list of all rules."""


def _options(parts: list[Part]) -> tuple[list[tuple[bool, tuple[int, ...]]], bool]:
    """Return what may be in force for one type, as (enforced, rules), and whether no page says which."""
    if not parts:
        return [(False, ())], False
    every = tuple(dict.fromkeys(itertools.chain(*(one.rules for one in parts))))
    modes = {one.mode for one in parts}
    if all(one.way == "policy" for one in parts):
        if "AuditOnly" not in modes:
            return [(True, every)], modes == {"NotConfigured"}
        return ([(False, every)], False) if len(modes) == 1 else ([(True, every), (False, every)], True)
    options = []
    for one in parts:
        options += [(mode, rules) for mode in _by_mode(one) for rules in (one.rules, every)]
    return list(dict.fromkeys(options)), len(parts) > 1 or modes == {"NotConfigured"}


def _by_mode(part: Part) -> list[bool]:
    if part.mode == "NotConfigured":
        return [True] if part.way == "policy" else [True, False]
    return [part.mode == "Enabled"]


def app_answer(
    parts: dict[str, list[Part]], rules: list[dict[str, Any]], app: dict[str, Any], least: str
) -> frozenset[str]:
    """Say what all collections do to an app: Exe to programs, Appx (and an Exe without any Appx rule) to packages."""
    exe, exe_open = _options(parts.get("Exe", []))
    appx, appx_open = _options(parts.get("Appx", []))
    packaged = "package_family_name" in app
    answers = [
        _in_force(one, other, rules, app, least, packaged=packaged) for one, other in itertools.product(exe, appx)
    ]
    answer = either(answers)
    contested = (exe_open and (not packaged or not all(ones for _, ones in appx))) or (packaged and appx_open)
    if contested:
        return answer | DOUBT if answer in (BLOCKED, OPEN) else answer
    return answer


def _in_force(
    exe: tuple[bool, tuple[int, ...]],
    appx: tuple[bool, tuple[int, ...]],
    rules: list[dict[str, Any]],
    app: dict[str, Any],
    least: str,
    *,
    packaged: bool,
) -> frozenset[str]:
    enforced, numbers = appx if packaged else exe
    if packaged and not numbers:
        # Exe rules enforced and no rule for packaged apps: all of them are blocked.
        return BLOCKED if exe[0] and exe[1] else OPEN
    return rules_answer([rules[one] for one in numbers], app, least) if enforced else OPEN


def doubted(answer: frozenset[str]) -> frozenset[str]:
    """Return what may be said beside a document that Windows may refuse whole."""
    return NOT_OPEN if answer == BLOCKED else NOT_HELD if HELD not in answer else answer | {GAP, UNKNOWN}


def collections(documents: Sequence[Any]) -> Iterator[tuple[Literal["policy", "bare", "csp"], str, dict[str, Any]]]:
    """Return each collection with the way it comes, and the node or file that carries it."""
    for number, document in enumerate(documents):
        if "policy" in document:
            yield from (("policy", f"{number}", one) for one in document["policy"])
        elif "bare" in document:
            yield "bare", f"{number}", document["bare"]
        else:
            yield from (
                ("csp", one["grouping"], {**one["collection"], "form": one["form"]}) for one in document["settings"]
            )

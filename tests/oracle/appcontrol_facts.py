"""What Windows does with App Control for Business policies, from Microsoft's pages and its own XML schema alone.

Sources: MicrosoftDocs/windows-itpro-docs, app-control-for-business/: create-appcontrol-deny-policy, select-types-of-rules-to-create,
deploy-multiple-appcontrol-policies, manage-packaged-apps-with-appcontrol, known-issues (order of evaluation), wdac-wizard-create-supplemental-policy; cipolicy.xsd of NuGet
Microsoft.Security.CodeIntegrity; MicrosoftDocs/memdocs endpoint-security-app-control-policy (built-in controls).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Literal

from oracle.common import ANY, BLOCKED, DOUBT, HELD, NOT_HELD, NOT_OPEN, OPEN, either

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Word = Literal["yes", "no", "maybe", "part"]
NAMES = {"FileName": "original_file_name", "ProductName": "product_name"}
STRENGTH = {"weak": 1, "partial": 2, "strong": 3}
SUPPLEMENTED = "Enabled:Allow Supplemental Policies"
WHOLE = 3
AUDIT, UMCI = "Enabled:Audit Mode", "Enabled:UMCI"
STORE = "Required:Enforce Store Applications"
TRUSTED = {"Enabled:Managed Installer", "Enabled:Intelligent Security Graph Authorization"}
USER, KERNEL = "12", "131"
HIGHEST, LOWEST = "65535.65535.65535.65535", ".".join("0000")
PREFIX = {"Deny": r"ID_(DENY|FILE)_[A-Z][_A-Z0-9]*", "Allow": r"ID_(ALLOW|FILE)_[A-Z][_A-Z0-9]*"}


def refused(policy: dict[str, Any]) -> bool:
    """Tell whether Microsoft's own schema, or a reference to nothing, makes a policy no policy."""
    if policy.get("PolicyType", "Base Policy") not in {"Base Policy", "Supplemental Policy", "AppID Tagging Policy"}:
        return True
    rules = policy["rules"]
    ids = [one["ID"] for one in (*rules, *policy["signers"])]
    if len(set(ids)) < len(ids) or "VersionEx" not in policy:
        return True
    if any(not re.fullmatch(PREFIX.get(one["tag"], "ID_FILEATTRIB_[A-Z][_A-Z0-9]*"), one["ID"]) for one in rules):
        return True
    return any(name not in ids for part in policy["scenarios"].values() for name in part["refs"])


def _version(rule: dict[str, Any]) -> Word:
    """Say which builds the bounds of a Deny mean: alone, Minimum is "less or equal" and Maximum "greater or equal"."""
    low, high = rule.get("MinimumFileVersion"), rule.get("MaximumFileVersion")
    if low is None and high is None:
        return "yes"
    if low is not None and high is not None:
        return "yes" if (low, high) == (LOWEST, HIGHEST) else "part"
    if low is not None:
        return "yes" if low == HIGHEST else "part"
    return "yes" if high == LOWEST else "part"


def _worst(words: Iterable[Word]) -> Word:
    found = set(words)
    return next((one for one in ("no", "maybe", "part", "yes") if one in found), "maybe")


def _by_rule(rule: dict[str, Any], app: dict[str, Any], *, caseless: bool) -> tuple[Word, int]:
    """Say whether the attributes of a rule mean an app, and how strongly."""
    if "Hash" in rule:
        return "part", 2
    if "PackageFamilyName" in rule:
        return _by_family(rule["PackageFamilyName"], app), 3
    if "FilePath" in rule:
        return _by_path(rule["FilePath"], app), 1
    words: list[Word] = [_version(rule)]
    named = [(attribute, kind) for attribute, kind in NAMES.items() if attribute in rule]
    for attribute, kind in named:
        wanted, known = rule[attribute], app.get(kind)
        if wanted == "*" and attribute == "FileName":
            words.append("yes")
        elif "*" in wanted or not known:
            words.append("maybe")  # the name on disk is not the one inside; a partial wildcard is not documented
        else:
            same = wanted.lower() == known[0].lower() if caseless else wanted == known[0]
            words.append("yes" if same else "no")
    if any(one in rule for one in ("InternalName", "FileDescription")):
        words.append("maybe")
    return _worst(words), 3 if rule.get("FileName") == "*" else 1  # names of a resource that anybody can edit


def _by_family(wanted: str, app: dict[str, Any]) -> Word:
    known = app.get("package_family_name")
    if known is None:
        return "no"
    if wanted == "*" or wanted.lower() == known[0].lower():
        return "yes"
    return "maybe" if "*" in wanted and known[0].lower().startswith(wanted.lower().partition("*")[0]) else "no"


def _by_path(wanted: str, app: dict[str, Any]) -> Word:
    names = app.get("executable")
    if wanted in {"*", "*\\*"}:
        return "yes"
    if wanted.startswith("*\\") and names:
        return "yes" if wanted[2:].lower() == names[0].lower() else "no"
    return "maybe"


def _by_signer(
    signer: dict[str, Any], app: dict[str, Any], attributes: dict[str, dict[str, Any]], *, caseless: bool
) -> Word:
    issuers, names = app.get("certificate", []), app.get("publisher_cn", [])
    words: list[Word] = []
    if not issuers:
        words.append("maybe")
    elif signer["root"].lower() not in {one.lower() for one in issuers}:
        # One vendor signs under several issuers: what has the maker's name may be the maker's.
        named = any(_same(signer.get("publisher", ""), one, caseless=caseless) for one in names)
        words.append("maybe" if named else "no")
    elif len(issuers) > 1:
        words.append("part")
    if "publisher" in signer:
        if not names:
            words.append("maybe")
        elif not any(_same(signer["publisher"], one, caseless=caseless) for one in names):
            return "no"
    if signer.get("attributes"):
        found = [_by_rule(attributes[one], app, caseless=caseless)[0] for one in signer["attributes"]]
        words.append("yes" if "yes" in found else "no" if set(found) == {"no"} else "maybe")
        if set(app) <= {"certificate", "publisher_cn", "name"} and words[-1] == "maybe":
            words[-1] = "part"  # one product of a maker who is banned whole
    return _worst(words) if words else "yes"


def _same(one: str, other: str, *, caseless: bool) -> bool:
    return one.lower() == other.lower() if caseless else one == other


def _marks(policy: dict[str, Any], app: dict[str, Any], tag: str, *, caseless: bool) -> list[tuple[Word, int]]:
    """Return what each rule of the user-mode scenario says of an app."""
    part = policy["scenarios"].get(USER, {"refs": [], "denied": [], "allowed": []})
    rules = {one["ID"]: one for one in policy["rules"]}
    referred = [rules[one] for one in part["refs"] if one in rules and rules[one]["tag"] == tag]
    packaged, families = "package_family_name" in app, any("PackageFamilyName" in one for one in policy["rules"])
    kept = [one for one in referred if not (packaged and families) or "PackageFamilyName" in one]
    marks = [_by_rule(one, app, caseless=caseless) for one in kept]
    signers = {one["ID"]: one for one in policy["signers"]}
    for entry in part["denied" if tag == "Deny" else "allowed"]:
        word: Word = "maybe" if packaged else _by_signer(signers[entry["signer"]], app, rules, caseless=caseless)
        if tag == "Deny" and word == "yes" and entry.get("except"):
            excepted = [_by_rule(rules[one], app, caseless=caseless)[0] for one in entry["except"]]
            word = "yes" if set(excepted) == {"no"} else "maybe"
        marks.append((word, 2 if signers[entry["signer"]].get("attributes") else 3))
    return marks


def base_answer(
    base: dict[str, Any], more: Sequence[dict[str, Any]], app: dict[str, Any], least: str
) -> frozenset[str]:
    """Say what a base policy with its supplementals does to an app."""
    ways = [_one_way(base, more, app, STRENGTH[least], caseless=caseless) for caseless in (True, False)]
    return ways[0] if ways[0] == ways[1] else ways[0] | ways[1] | DOUBT


def _one_way(
    base: dict[str, Any], more: Sequence[dict[str, Any]], app: dict[str, Any], least: int, *, caseless: bool
) -> frozenset[str]:
    if AUDIT in base["options"]:
        return OPEN
    if UMCI not in base["options"]:
        return NOT_HELD  # programs of the user are not looked at
    denied = _marks(base, app, "Deny", caseless=caseless)
    allowed = _marks(base, app, "Allow", caseless=caseless)
    added = [mark for one in more for mark in _marks(one, app, "Allow", caseless=caseless)]
    widened = [mark for one in more for mark in _marks(one, app, "Deny", caseless=caseless)]
    answer = _by_marks(denied, allowed + added, base, app, least)
    if answer != BLOCKED and any(word != "no" for word, _ in widened):
        return NOT_HELD | answer  # a Deny inside a supplemental policy: in no page
    return answer


def _by_marks(
    denied: list[tuple[Word, int]],
    allowed: list[tuple[Word, int]],
    base: dict[str, Any],
    app: dict[str, Any],
    least: int,
) -> frozenset[str]:
    strengths = [strength for word, strength in denied if word == "yes"]
    trusted = TRUSTED & set(base["options"])
    packaged = "package_family_name" in app
    if any(one >= least for one in strengths):
        return BLOCKED if not packaged or STORE in base["options"] else ANY
    if all(word == "no" for word, _ in allowed) and not trusted:
        # An Allow by names of the version resource lets in a copy that is edited to bear them.
        firm = min((strength for _, strength in allowed), default=WHOLE)
        if not packaged and SUPPLEMENTED not in base["options"]:
            return BLOCKED if firm >= least else NOT_HELD if firm == 1 else ANY
        return NOT_OPEN if not strengths else ANY
    everything = any(word == "yes" and strength == WHOLE for word, strength in allowed)
    return OPEN if everything and not strengths and all(word == "no" for word, _ in denied) else NOT_HELD


def policies_answer(policies: Sequence[dict[str, Any]], app: dict[str, Any], least: str) -> frozenset[str]:
    """Judge all policies of a device: base policies intersect; of two with one PolicyID one content stays."""
    sound = [one for one in policies if not refused(one)]
    by_id: dict[str, list[dict[str, Any]]] = {}
    for one in sound:
        by_id.setdefault(one["PolicyID"], []).append(one)
    worlds = list(itertools.product(*by_id.values()))
    answer = either(_world(one, app, least) for one in worlds) if sound else NOT_HELD
    spoilt = [one["PolicyID"] for one in policies if refused(one)]
    return answer if not spoilt or (answer == BLOCKED and not set(spoilt) & set(by_id)) else answer | NOT_HELD


def _world(policies: Sequence[dict[str, Any]], app: dict[str, Any], least: str) -> frozenset[str]:
    bases = [one for one in policies if one.get("PolicyType", "Base Policy") == "Base Policy"]
    more = [one for one in policies if one.get("PolicyType") == "Supplemental Policy"]
    answers = [
        # To be expanded, the base must allow supplemental policies (wdac-wizard-create-supplemental-policy).
        base_answer(
            one,
            [other for other in more if other["BasePolicyID"] == one["PolicyID"] and SUPPLEMENTED in one["options"]],
            app,
            least,
        )
        for one in bases
    ]
    if BLOCKED in answers:
        return BLOCKED
    if any(HELD in one for one in answers):
        return frozenset().union(*answers)
    if not bases or any(one != OPEN for one in answers) or len(bases) < len(policies):
        return NOT_HELD
    return OPEN

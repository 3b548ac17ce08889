"""Santa: static rules in profiles, flat or as managed preferences, in a preference file, and as a list of rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oracle.apple_draws import misaddressed, payload, profile
from oracle.apple_facts import states, written
from oracle.common import Document, Scenario, Settled, chosen, worst
from oracle.santa_facts import ALLOWING, BLOCKING, DOMAIN, MCX, OLD_DOMAIN, Settings, profiles_answer, settings_answer
from oracle.santa_settled import SANTA_SETTLED

if TYPE_CHECKING:
    import random

TEAM, OTHER_TEAM = "ABCDE12345", "ZZZZZ99999"
NAMES = ["org.example.one", "org.example.two", "org.example.six"]


def _policy(rng: random.Random) -> str:
    style = chosen(rng, {"block": 70, "silent": 10, "allow": 14, "odd": 6})
    if style == "block":
        return "BLOCKLIST"
    if style == "silent":
        return rng.choice(sorted(BLOCKING))
    return (
        rng.choice(sorted(ALLOWING))
        if style == "allow"
        else rng.choice(["REMOVE", "CEL", "DENY", "blocklist", "Allow", "ALLOW"])
    )


def _rule(rng: random.Random) -> dict[str, Any]:
    kind = chosen(rng, {"SIGNINGID": 62, "TEAMID": 20, "CDHASH": 4, "BINARY": 4, "CERTIFICATE": 4, "other": 6})
    identifier = {
        "SIGNINGID": f"{TEAM}:{rng.choice(NAMES)}",
        "TEAMID": TEAM if rng.random() < 0.6 else OTHER_TEAM,
        "CDHASH": rng.randbytes(20).hex(),
        "other": f"{OTHER_TEAM}:{rng.choice(NAMES)}",
    }.get(kind, rng.randbytes(32).hex())
    rule = {"identifier": identifier, "policy": _policy(rng), "rule_type": "SIGNINGID" if kind == "other" else kind}
    if rule["policy"] == "CEL":
        rule["cel_expr"] = "target.signing_time >= timestamp('2025-05-31T00:00:00Z')"
    if rng.random() < 0.1:
        rule["custom_msg"] = "Not here."
    return rule


def _spoiled(rng: random.Random, rule: dict[str, Any]) -> dict[str, Any]:
    style = rng.choice(["missing", "lower team", "bare", "type", "case", "number", "short"])
    if style == "missing":
        del rule[rng.choice(["identifier", "policy", "rule_type"])]
    elif style == "lower team":
        rule["identifier"] = rule["identifier"].lower()
    elif style == "bare":
        rule["identifier"] = rule["identifier"].rpartition(":")[2]
    elif style == "type":
        rule["rule_type"] = rng.choice(["SIGNING_ID", "BUNDLEID", "signingid", "TEAM"])
    elif style == "case":
        return {key.title(): value for key, value in rule.items()}
    elif style == "number":
        rule["identifier"] = 5
    else:
        rule["identifier"] = rule["identifier"][:-1]
    return rule


def _rules(rng: random.Random) -> list[dict[str, Any]]:
    rules = [_rule(rng) for _ in range(rng.choice([1, 2, 3, 4, 5, 6]))]
    return [_spoiled(rng, rule) if rng.random() < 0.06 else rule for rule in rules]


def _keys(rng: random.Random) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if rng.random() < 0.9:
        keys["StaticRules"] = _rules(rng)
    mode = chosen(rng, {"none": 30, "1": 45, "2": 14, "3": 6, "bad": 5})
    if mode != "none":
        keys["ClientMode"] = rng.choice(["2", 7, 2.0]) if mode == "bad" else int(mode)
    if rng.random() < 0.1:
        keys[rng.choice(["AllowedPathRegex", "BlockedPathRegex"])] = "^/Applications/.*"
    if rng.random() < 0.02:
        keys["StaticRules"] = rng.choice(["BLOCKLIST", {"rules": _rules(rng)}])
    return keys


def _wrapped(rng: random.Random, domain: str, name: str) -> dict[str, Any]:
    keys = _keys(rng)
    if rng.random() < 0.55:
        return payload(rng, domain, f"{name}.santa", **keys)
    often = chosen(rng, {"Forced": 88, "Set-Once": 6, "Often": 6})
    content: dict[str, Any] = {domain: {often: [{"mcx_preference_settings": keys}]}}
    if rng.random() < 0.1:
        content["com.example.agent"] = {"Forced": [{"mcx_preference_settings": {"Quiet": True}}]}
    return payload(rng, MCX, f"{name}.mcx", PayloadContent=content, PayloadEnabled=True)


class Santa:
    """Rules of Santa on Macs."""

    name = "santa"
    settled: tuple[Settled, ...] = SANTA_SETTLED
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one or two profiles, or one preference file or list of rules."""
        domain = OLD_DOMAIN if rng.random() < 0.06 else DOMAIN
        form = chosen(rng, {"profile": 78, "plist": 11, "json": 11})
        documents = []
        if form == "plist":
            documents.append(Document(f"{domain}.plist", _keys(rng)))
        elif form == "json":
            documents.append(Document("rules.json", {"rules": _rules(rng)}))
        else:
            for number in range(1 if rng.random() < 0.85 else 2):
                name = f"org.example.p{0 if rng.random() < 0.1 else number}"
                top = profile(rng, name, [_wrapped(rng, domain, name)])
                if rng.random() < 0.2:
                    misaddressed(rng, top)
                documents.append(Document(f"{number}.mobileconfig", top))
        device: dict[str, Any] = {"name": "class", "platform": "macos", "os": rng.choice([">=13", ">=14, <15", ">=26"])}
        if rng.random() < 0.7:
            device.update(supervised=rng.random() < 0.8, enrollment=rng.choice(["automated", "device"]))
        apps = (
            {"name": "one", "macos": {"bundle_id": [NAMES[0]], "team_id": [TEAM]}},
            {"name": "two", "macos": {"signing_id": [f"{TEAM}:{NAMES[1]}"]}},
            {"name": "three", "macos": {"team_id": [TEAM]}},
        )
        return Scenario(tuple(documents), device, apps)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app on each Mac of the class."""
        found = {}
        for app in scenario.apps:
            facts = app["macos"]
            signing_id = (
                facts["signing_id"][0].partition(":")[2]
                if "signing_id" in facts
                else (facts.get("bundle_id") or [""])[0]
            )
            loose = [one for one in scenario.documents if not one.path.endswith(".mobileconfig")]
            if loose:
                found[app["name"]] = settings_answer([self._loose(one) for one in loose], TEAM, signing_id)
                continue
            profiles = [one.tree for one in scenario.documents]
            found[app["name"]] = worst(
                profiles_answer(profiles, TEAM, signing_id, one) for one in states(scenario.device)
            )
        return found

    @staticmethod
    def _loose(document: Document) -> Settings:
        if document.path.endswith(".json"):
            rules = document.tree.get("rules", [])
            names = [str(one.get("identifier")).upper() for one in rules]
            # That the last of equal ones counts is said of static rules alone.
            return Settings({"StaticRules": rules}, doubtful=len(set(names)) < len(names))
        return Settings(document.tree, doubtful=document.path.startswith(OLD_DOMAIN))

    def encode(self, document: Document) -> bytes:
        """Write rules as JSON, all else as a property list."""
        return json.dumps(document.tree).encode() if document.path.endswith(".json") else written(document.tree)


FAMILY = Santa()

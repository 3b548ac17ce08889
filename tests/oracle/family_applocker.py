"""AppLocker: policies and single collections as files, and Intune's OMA settings with them, one or several together."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from oracle.applocker_facts import BROAD, EVERYONE, Part, app_answer, collections, doubted, invalid, publisher_id
from oracle.common import NOT_HELD, Document, Scenario, Settled, chosen

if TYPE_CHECKING:
    import random

FILES = "O=EXAMPLE SOFTWARE, INC., L=BERLIN, S=BERLIN, C=DE"
PACKAGES = "CN=Example Software, O=Example Software, L=Berlin, S=Berlin, C=DE"
FAMILY_NAME = f"Example.Talk_{publisher_id(PACKAGES)}"
OTHER_FILES = "O=OTHER WORKS LTD, L=LONDON, C=GB"
OTHER_PACKAGES = "CN=Other Works, O=Other Works, C=GB"
MICROSOFT = "O=MICROSOFT CORPORATION, L=REDMOND, S=WASHINGTON, C=US"
TALK, NOTE, SUITE = ("Example Talk", "talk.exe"), ("Example Note", "NOTE.EXE"), ("Example Suite", "suite.exe")
ADMINISTRATORS = "S-1-5-32-544"
ODD_FORMS = {"masked", "whole", "beside"}
NODES = {"Exe": "EXE", "Appx": "StoreApps", "Msi": "MSI", "Script": "Script", "Dll": "DLL"}

APPS = (
    {"name": "pack", "windows": {"package_family_name": [FAMILY_NAME]}},
    {"name": "talk", "windows": {"publisher": [FILES], "product_name": [TALK[0]], "executable": [TALK[1]]}},
    {"name": "note", "windows": {"publisher": [FILES], "original_file_name": [NOTE[1]], "executable": ["note.exe"]}},
    {"name": "disk", "windows": {"executable": ["disk.exe"]}},
    {"name": "maker", "windows": {"publisher": [OTHER_FILES]}},
)


def _publisher(
    publisher: str, product: str = "*", binary: str = "*", low: str = "*", high: str = "*"
) -> dict[str, Any]:
    return {
        "kind": "FilePublisherRule",
        "publisher": publisher,
        "product": product,
        "binary": binary,
        "low": low,
        "high": high,
    }


def _path(path: str) -> dict[str, Any]:
    return {"kind": "FilePathRule", "path": path}


def _case(rng: random.Random, text: str) -> str:
    return text if rng.random() < 0.96 else rng.choice([text.upper(), text.lower()])


def _versions(rng: random.Random) -> tuple[str, str]:
    style = chosen(rng, {"all": 90, "zero": 4, "low": 3, "high": 3})
    lowest = ".".join("0000")
    return {"all": ("*", "*"), "zero": (lowest, "*"), "low": ("2.0.0.0", "*"), "high": ("*", "9.1.0.0")}[style]


def _of_files(rng: random.Random) -> dict[str, Any]:
    style = chosen(
        rng, {"talk": 26, "note": 24, "disk": 14, "maker": 20, "all of one": 8, "hash": 3, "folder": 3, "name": 2}
    )
    quoted = 'O="EXAMPLE SOFTWARE, INC.", L=BERLIN, S=BERLIN, C=DE'
    ours = quoted if rng.random() < 0.15 else _case(rng, FILES)
    low, high = _versions(rng)
    if style == "talk":
        if rng.random() < 0.15:
            return _path(f"*\\{TALK[1]}")
        return _publisher(ours, _case(rng, TALK[0]), "*" if rng.random() < 0.92 else TALK[1], low, high)
    if style == "note":
        name = chosen(rng, {NOTE[1]: 85, "NOTE*": 5, "N?TE.EXE": 4, "notepad.exe": 6})
        return _publisher(ours, "*", _case(rng, name), low, high)
    if style == "disk":
        return _path("*\\disk.exe") if rng.random() < 0.75 else _publisher("*", "*", "disk.exe")
    if style == "maker":
        product = "*" if rng.random() < 0.85 else SUITE[0]
        return _publisher(_case(rng, OTHER_FILES), product, "*", low, high)
    if style == "all of one":
        return _publisher(ours, "*", "*", low, high)
    if style == "hash":
        return {"kind": "FileHashRule", "data": "0x" + rng.randbytes(32).hex().upper()}
    return _path("%OSDRIVE%\\Tools\\*" if style == "folder" else "*\\calc.exe")


def _of_packages(rng: random.Random) -> dict[str, Any]:
    style = chosen(rng, {"ours": 72, "maker": 8, "name": 8, "other": 8, "wild": 4})
    low, high = _versions(rng)
    if style == "ours":
        return _publisher(_case(rng, PACKAGES), _case(rng, "Example.Talk"), "*", low, high)
    if style == "maker":
        return _publisher(PACKAGES, "*", "*", low, high)
    if style == "name":
        return _publisher("*", "Example.Talk", "*", low, high)
    return _publisher(OTHER_PACKAGES, "Example.Talk") if style == "other" else _publisher(PACKAGES, "Example.*")


def _sid(rng: random.Random) -> str:
    style = chosen(rng, {"everyone": 88, "broad": 5, "admins": 4, "one": 3})
    if style == "broad":
        return rng.choice(sorted(BROAD))
    return {"everyone": EVERYONE, "admins": ADMINISTRATORS, "one": "S-1-5-21-1004336348-1177238915-682003330-512"}[
        style
    ]


def _rule(rng: random.Random, action: str, condition: dict[str, Any], sid: str = EVERYONE) -> dict[str, Any]:
    return {
        "Id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "Name": f"{action} {rng.randrange(99)}",
        "Description": "",
        "UserOrGroupSid": sid,
        "Action": action,
        "condition": condition,
    }


def _collection(rng: random.Random, kind: str) -> dict[str, Any]:
    draw = _of_packages if kind == "Appx" else _of_files
    everything = _publisher("*") if kind == "Appx" else _path("*")
    style = chosen(rng, {"deny": 66, "allow list": 13, "exceptions": 13, "deny alone": 4, "empty": 4})
    number = 1 if kind == "Appx" else rng.choice([3, 4, 5, 6, 8])
    rules = []
    if style == "deny":
        rules = [_rule(rng, "Deny", draw(rng), _sid(rng)) for _ in range(number)]
        if rng.random() < 0.94:
            rules.append(_rule(rng, "Allow", everything))
        for one in rules:
            if rng.random() < 0.05 and one["condition"]["kind"] != "FileHashRule":
                one["exceptions"] = [draw(rng)]
    elif style == "allow list":
        names = [MICROSOFT, OTHER_FILES] if kind == "Exe" else ["CN=Microsoft Corporation, O=Microsoft, C=US", PACKAGES]
        rules = [_rule(rng, "Allow", _publisher(rng.choice(names)), rng.choice([EVERYONE, EVERYONE, ADMINISTRATORS]))]
        if kind == "Exe" and rng.random() < 0.3:
            rules.append(_rule(rng, "Allow", _path(rng.choice(["%PROGRAMFILES%\\*", "%WINDIR%\\*"]))))
        if rng.random() < 0.3:
            rules.append(_rule(rng, "Allow", draw(rng)))
    elif style == "exceptions":
        rules = [_rule(rng, "Allow", everything)]
        rules[0]["exceptions"] = [draw(rng) for _ in range(number)]
    elif style == "deny alone":
        rules = [_rule(rng, "Deny", draw(rng))]
    rng.shuffle(rules)
    collection: dict[str, Any] = {"Type": kind, "rules": rules}
    mode = chosen(rng, {"Enabled": 87, "AuditOnly": 6, "NotConfigured": 4, "none": 3})
    if mode != "none":
        collection["EnforcementMode"] = mode
    return collection


def _spoil(rng: random.Random, collection: dict[str, Any]) -> None:
    rules = collection["rules"]
    style = rng.choice(["mode", "action", "missing", "twice", "sid", "version"])
    if style == "mode" or not rules:
        collection["EnforcementMode"] = rng.choice(["Audit", "enabled", "Enforced"])
        return
    rule = rng.choice(rules)
    if style == "action":
        rule["Action"] = rng.choice(["Block", "deny", "DENY"])
    elif style == "missing":
        del rule[rng.choice(["Id", "Name", "Description", "UserOrGroupSid", "Action"])]
    elif style == "twice":
        rules.append(dict(rule))
    elif style == "sid":
        rule["UserOrGroupSid"] = rng.choice(["Everyone", "S-1-"])
    elif rule["condition"]["kind"] == "FilePublisherRule":
        rule["condition"]["low"] = "1.0"


def _document(rng: random.Random, number: int, way: str) -> Document:
    kinds = rng.choice([["Exe", "Appx"], ["Exe", "Appx"], ["Exe"], ["Appx"]])
    parts = [_collection(rng, kind) for kind in kinds]
    if rng.random() < 0.08:
        _spoil(rng, rng.choice(parts))
    if way == "policy":
        if rng.random() < 0.15:
            parts.append({"Type": rng.choice(["Msi", "Script"]), "rules": [_rule(rng, "Allow", _path("*"))]})
        return Document(f"{number}.xml", {"policy": parts})
    if way == "bare":
        return Document(f"{number}.xml", {"bare": parts[0]})
    settings = [
        {"grouping": f"Ban{number}", "collection": one, "form": rng.choice(["text", "text", "base64"])} for one in parts
    ]
    if rng.random() < 0.1:
        # A secret that Graph hides, a whole policy where one collection belongs, a node beside it that no page explains.
        rng.choice(settings)["form"] = rng.choice(["masked", "whole", "beside"])
    return Document(f"{number}.json", {"settings": settings})


class AppLocker:
    """Rules of AppLocker on Windows."""

    name = "applocker"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one or two documents: policies, single collections, or settings of an MDM."""
        count = int(chosen(rng, {"1": 78, "2": 22}))
        ways = [chosen(rng, {"policy": 45, "bare": 10, "csp": 45}) for _ in range(count)]
        if count == 2 and rng.random() < 0.6:
            ways = [ways[0]] * 2
        documents = tuple(_document(rng, number, way) for number, way in enumerate(ways))
        device = {"name": "class", "platform": "windows", "os": rng.choice([">=10", ">=11"])}
        return Scenario(documents, device, APPS, "partial" if rng.random() < 0.7 else "weak")

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app by the collections that reach it."""
        rules: list[dict[str, Any]] = []
        parts: dict[str, list[Part]] = {}
        broken: set[str] = set()
        for tree in (one.tree for one in scenario.documents):
            brought = list(collections([tree]))
            # A policy is refused whole; of an MDM's settings each stands alone.
            ill = any(invalid(one) for way, _, one in brought if way == "policy")
            for way, node, collection in brought:
                if ill or invalid(collection) or collection.get("form") in ODD_FORMS:
                    # What a masked value holds nobody can read, though its node names one type.
                    broken |= set(NODES) if collection.get("form") == "masked" else {collection.get("Type", "")}
                    if ill or invalid(collection) or collection["form"] != "beside":
                        continue
                numbers = range(len(rules), len(rules) + len(collection["rules"]))
                rules += collection["rules"]
                mode = collection.get("EnforcementMode", "NotConfigured")
                parts.setdefault(collection["Type"], []).append(Part(way, node, mode, tuple(numbers)))
        found = {}
        for app in scenario.apps:
            facts = dict(app["windows"])
            if "package_family_name" in facts:
                facts["publisher_of_package"] = PACKAGES
            answer = app_answer(parts, rules, facts, scenario.min_strength)
            reaching = broken & ({"Exe", "Appx"} if "package_family_name" in facts else {"Exe"})
            found[app["name"]] = NOT_HELD if not parts else doubted(answer) if reaching else answer
        return found

    def encode(self, document: Document) -> bytes:
        """Write XML, or the object of Intune that carries it."""
        tree = document.tree
        if "policy" in tree:
            inner = "".join(_written(one) for one in tree["policy"])
            return f'<AppLockerPolicy Version="1">{inner}</AppLockerPolicy>'.encode()
        if "bare" in tree:
            return _written(tree["bare"]).encode()
        settings = [part for one in tree["settings"] for part in _settings(one)]
        whole = {
            "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
            "displayName": "AppLocker",
            "omaSettings": settings,
        }
        return json.dumps(whole, indent=1).encode()


def _settings(setting: dict[str, Any]) -> list[dict[str, Any]]:
    found = _setting(setting)
    if setting["form"] == "masked":
        return [{**found, "value": "****", "isEncrypted": True, "secretReferenceValueId": "1a2b"}]
    if setting["form"] == "whole":
        return [{**found, "value": f'<AppLockerPolicy Version="1">{found["value"]}</AppLockerPolicy>'}]
    if setting["form"] == "beside":
        uri = found["omaUri"].replace("/Policy", "/EnforcementMode")
        return [found, {**found, "omaUri": uri, "value": "Enabled"}]
    return [found]


def _setting(setting: dict[str, Any]) -> dict[str, Any]:
    collection = setting["collection"]
    node = NODES[collection["Type"]]
    found = {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": node,
        "omaUri": f"./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/{setting['grouping']}/{node}/Policy",
        "value": _written(collection),
    }
    if setting["form"] == "base64":
        found["@odata.type"] = "#microsoft.graph.omaSettingStringXml"
        found["fileName"] = "rules.xml"
        found["value"] = base64.b64encode(found["value"].encode()).decode()
    return found


def _written(collection: dict[str, Any]) -> str:
    mode = f" EnforcementMode={quoteattr(collection['EnforcementMode'])}" if "EnforcementMode" in collection else ""
    inner = "".join(_written_rule(one) for one in collection["rules"])
    return f"<RuleCollection Type={quoteattr(collection['Type'])}{mode}>{inner}</RuleCollection>"


def _written_rule(rule: dict[str, Any]) -> str:
    condition = rule["condition"]
    keys = ("Id", "Name", "Description", "UserOrGroupSid", "Action")
    attributes = "".join(f" {key}={quoteattr(rule[key])}" for key in keys if key in rule)
    inner = f"<Conditions>{_written_condition(condition)}</Conditions>"
    if "exceptions" in rule:
        inner += f"<Exceptions>{''.join(_written_condition(one) for one in rule['exceptions'])}</Exceptions>"
    return f"<{condition['kind']}{attributes}>{inner}</{condition['kind']}>"


def _written_condition(condition: dict[str, Any]) -> str:
    if condition["kind"] == "FilePathRule":
        return f"<FilePathCondition Path={quoteattr(condition['path'])}/>"
    if condition["kind"] == "FileHashRule":
        return (
            f'<FileHashCondition><FileHash Type="SHA256" Data={quoteattr(condition["data"])} SourceFileName="a.exe" '
            'SourceFileLength="9"/></FileHashCondition>'
        )
    names = f"PublisherName={quoteattr(condition['publisher'])} ProductName={quoteattr(condition['product'])}"
    versions = f"LowSection={quoteattr(condition['low'])} HighSection={quoteattr(condition['high'])}"
    return (
        f"<FilePublisherCondition {names} BinaryName={quoteattr(condition['binary'])}>"
        f"<BinaryVersionRange {versions}/></FilePublisherCondition>"
    )


FAMILY = AppLocker()

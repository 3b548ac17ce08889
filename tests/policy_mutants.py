"""Make policy mutants: every single edit of a document that weakens a ban, and edits that change nothing on a device.

A document is a stack of layers: a profile within Jamf's XML, in base64 within a Graph object, rules within a text. An
edit is made on plain data, or on the XML tree, of the layer that holds the entry, and the layers around it are packed
again. What an edit must do to a device follows from how it is made here, and not from what the program says of it.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import pickle
import plistlib
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from lxml import etree

from mdm_policy import documents, kinds
from mdm_policy.documents import Document, pointer, split

Rebuild = Callable[[Any], bytes]
LOOK_ALIKE = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "p": "\u0440", "x": "\u0445", "i": "\u0456"}
ALL_DEVICES = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
GROUP = {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "pilot"}}
EXCLUDED = {"target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": "lab"}}
FILTERED = {
    "target": {
        **ALL_DEVICES["target"],
        "deviceAndAppManagementAssignmentFilterType": "include",
        "deviceAndAppManagementAssignmentFilterId": "f",
    }
}
_ANY_CASE = ("windows", "web")
"""Families whose identifiers devices compare without regard to case."""


class Mutant(NamedTuple):
    """Hold an edited document: `values` are the identifiers it touches, none when it touches all of them.

    `directions` are those a change may have, from what the edit leaves; `day` is the first on which the ban is weaker.
    """

    label: str
    data: bytes
    values: tuple[tuple[str, str], ...] = ()
    directions: frozenset[str] = frozenset()
    day: str = ""


class Layer(NamedTuple):
    """Hold one layer: its document, the pointer under which the outermost one has it, and how to pack it again."""

    document: Document
    prefix: str
    rebuild: Rebuild
    holders: tuple[str, ...]


def layers(document: Document) -> Iterator[Layer]:
    """Yield the layers of a document, the outermost first."""
    yield from _layers(document, "", lambda value: documents.dump(value, document.format))


def _layers(document: Document, prefix: str, rebuild: Rebuild) -> Iterator[Layer]:
    holders = [(at, inner) for at, inner in _holders(document)]
    yield Layer(document, prefix, rebuild, tuple(at for at, _ in holders))
    for at, inner in holders:

        def pack(value: Any, at: str = at, inner: Document = inner) -> bytes:
            data = documents.dump(value, inner.format, compact=inner.format == "plist")
            held = _at(document.value, at) if document.format != "xml" else ""
            if document.format != "xml" and not held.lstrip().startswith(("<", "{", "[")):
                text = base64.b64encode(data).decode()
            elif inner.format == "xml":
                text = data.decode().partition("?>")[2].strip()
            else:
                text = data.decode()
            return rebuild(_with(document.value, at, text))

        yield from _layers(inner, prefix + at, pack)


def _holders(document: Document) -> Iterator[tuple[str, Document]]:
    for at, inner in document.inner:
        if inner.part:
            yield from ((at + deeper, one) for deeper, one in _holders(inner))
        else:
            yield at, inner


def _copied(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, etree._Element) else pickle.loads(pickle.dumps(value))  # noqa: S301


def _at(value: Any, at: str) -> Any:
    for part in split(at):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _parent(value: Any, at: str) -> tuple[Any, Any]:
    *above, last = split(at)
    owner = _at(value, pointer(*above))
    return owner, int(last) if isinstance(owner, list) else last


def _with(value: Any, at: str, new: Any) -> Any:
    made = _copied(value)
    if isinstance(made, etree._Element):
        found = made.find("/".join(split(at)[1:]))
        assert found is not None
        found.text = new
        return made
    owner, key = _parent(made, at)
    owner[key] = new
    return made


_GONE = frozenset(
    {
        *("drop", "cut short", "longer", "wildcard", "emptied", "key lost", "without conditions", "dropped"),
        *("to a number", "to a text", "to true", "to null", "to an empty dictionary"),
    }
)
"""Edits after which the identifier stands nowhere any more, unless another place names it too."""
_MISTYPED = ("one level down", "to a number", "to an empty dictionary", "in a list")
"""Edits after which a profile is in doubt: whatever else it blocks is unknown."""
_UNNAMED = (
    "key lost",
    "key in another case",
    "installType as a number",
    "emptied",
    "to null",
    "to an empty dictionary",
)
"""Edits after which an entry of an Android policy names no package, or in an unknown way: all of the policy is in doubt."""
_ALLOWING = frozenset(
    {
        *("without installType", "installType misspelt", "assigned to be required", "assigned without intent"),
        "without assignments",
    }
)
"""Edits after which the app is offered, or nothing is done about it."""


def weakening(document: Document) -> Iterator[Mutant]:
    """Yield every single edit of a document that weakens a ban, with the directions it may have."""
    blocks = [e for e in kinds.read(document).effects if e.rule.sense in ("block", "remove")]
    places: dict[tuple[str, str], set[str]] = {}
    for effect in blocks:
        places.setdefault((effect.family, effect.value), set()).add(effect.rule.id)
    several = {pair for pair, rules in places.items() if len(rules) > 1 and len({*rules} & _SPLIT) > 0}
    profile = any(one.kind == "apple-profile" for one in (document, *(inner for _, inner in document.inner)))
    for mutant in _weakening(document):
        if mutant.directions:
            yield mutant
            continue
        kept = several & set(mutant.values) if mutant.values else several
        refused = document.kind.startswith("amapi-")  # one wrong type there, and the rest blocks nothing either
        allowed = _directions(mutant.label, rest=bool(mutant.values or several or refused))
        doubted = mutant.label.startswith(_UNNAMED if refused else _MISTYPED if profile else ("\0",))
        allowed |= {"NARROWED"} if kept or doubted else set()
        yield mutant._replace(directions=allowed | {"LOOSENED"} if refused and doubted else allowed)


_SPLIT = frozenset({"amapi-personal-blocked", "apple-blacklisted-app-bundle-ids"})
"""Rules that hold on some devices what another place of the same document holds on others."""


def _directions(label: str, *, rest: bool) -> frozenset[str]:
    """Say what an edit leaves: nothing that names the app, or an entry that a person still sees and no device obeys."""
    edit = next((one for one in (*_GONE, *_ALLOWING) if label == one or label.startswith((f"{one} ", f"{one}:"))), "")
    if edit in _ALLOWING:
        return frozenset({"LOOSENED", "INEFFECTIVE"})
    if label.startswith("administrators only"):
        return frozenset({"NARROWED"})
    if edit:
        # Where another key of the entry holds the text too, or holds a part of it, a person still sees it.
        return frozenset({"LOOSENED", "INEFFECTIVE"}) if rest else frozenset({"LOOSENED"})
    return frozenset({"INEFFECTIVE"})


def _weakening(document: Document) -> Iterator[Mutant]:
    effects_ = [e for e in kinds.read(document).effects if e.rule.sense in ("block", "remove")]
    for layer in layers(document):
        deeper = tuple(layer.prefix + at for at in layer.holders)
        mine = [
            e
            for e in effects_
            if e.pointer.startswith(layer.prefix) and not any(e.pointer.startswith(f"{d}/") for d in deeper)
        ]
        if layer.document.format == "xml":
            yield from _xml_edits(layer, [(e.family, e.value) for e in mine])
            continue
        entries = [(e.pointer.removeprefix(layer.prefix), e.family, e.value) for e in mine]
        yield from _entry_edits(layer, entries)
        held = [at for at in layer.holders if any(e.pointer.startswith(layer.prefix + at) for e in effects_)]
        yield from _key_edits(layer, [at for at, *_ in entries] + held)
    yield from _switch_edits(document)
    yield from _word_edits(document)
    if document.format == "plist" or any(inner.format == "plist" for _, inner in document.inner):
        yield from _profile_edits(document)


def _entry_edits(layer: Layer, entries: Sequence[tuple[str, str, str]]) -> Iterator[Mutant]:
    """Edit one entry of a list at a time."""
    value = layer.document.value
    alike: dict[tuple[str, str, str], int] = {}
    for at, family, text in entries:
        key = (_list_of(at), family, text)
        alike[key] = alike.get(key, 0) + 1
    seen = set()
    for at, family, text in entries:
        item = _item(value, at)
        repeated = family == "web" and alike[_list_of(at), family, text] > 1
        covered = any(other != text and other == text.partition(":")[0] for _, _, other in entries)
        covered = covered or (family == "web" and any(text.endswith(f".{other}") for _, _, other in entries))
        if repeated or covered or (item, text) in seen:
            continue
        seen.add((item, text))
        touched = ((family, text),)
        packed = at.endswith("/URLBlocklist")
        if not packed or (item, "") not in seen:
            seen.add((item, ""))
            for label, changed in _item_edits(value, item):
                yield Mutant(f"{label} {text}", layer.rebuild(changed), touched)
        for label, changed in _control_edits(value, item) if not packed else ():
            yield Mutant(f"{label} {text}", layer.rebuild(changed), touched)
        if packed:
            for label, changed in _browser_edits(value, at, text):
                yield Mutant(f"{label} {text}", layer.rebuild(changed), touched)
            continue
        for leaf in _leaves(value, at, item, text):
            for label, changed in _leaf_edits(value, leaf, family):
                yield Mutant(f"{label} {text}", layer.rebuild(changed), touched)


def _list_of(at: str) -> str:
    return at.rpartition("/")[0]


def _item(value: Any, at: str) -> str:
    """Return the pointer of the list entry that holds an effect; where values have names, the value's own."""
    parts = list(split(at))
    while parts and not isinstance(_at(value, pointer(*parts[:-1])), list):
        parts.pop()
    return pointer(*parts) or at


def _item_edits(value: Any, item: str) -> Iterator[tuple[str, Any]]:
    made = _copied(value)
    owner, key = _parent(made, item)
    del owner[key]
    yield "drop", made
    yield "one level down", _with(value, item, [_at(value, item)])
    yield "to a number", _with(value, item, 7)
    yield "to an empty dictionary", _with(value, item, {})


_CONTROLS: dict[str, tuple[tuple[str, Any], ...]] = {
    "installType": (
        ("without installType", None),
        ("installType as a number", 6),
        ("installType in a list", ["BLOCKED"]),
    ),
    "policy": (("without a policy", None), ("policy as a number", 1), ("a policy that removes", "REMOVE")),
    "rule_type": (("without a rule_type", None), ("rule_type as a number", 1), ("another rule_type", "BINARY")),
    "updateMask": (("updateMask elsewhere", "disabled"), ("updateMask in a list", ["installType"])),
    "assignments": (
        ("without assignments", None),
        ("assigned to nobody", []),
        ("assignments as a text", "all"),
        ("assigned to be required", [{**ALL_DEVICES, "intent": "required"}]),
        ("assigned without intent", [ALL_DEVICES]),
        ("only excluded", [{**EXCLUDED, "intent": "uninstall"}]),
    ),
}
"""Keys beside an identifier that decide what becomes of it, and what spoils them."""


def _control_edits(value: Any, item: str) -> Iterator[tuple[str, Any]]:
    held = _at(value, item)
    for key in held.keys() & _CONTROLS.keys() if isinstance(held, dict) else ():
        for label, new in _CONTROLS[key]:
            made = _copied(value)
            mine = _at(made, item)
            if new is None:
                del mine[key]
            else:
                mine[key] = new
            yield label, made
        if key != "updateMask":  # without it every field counts
            made = _copied(value)
            mine = _at(made, item)
            mine[f"{key}s"] = mine.pop(key)
            yield f"{key} misspelt", made


def _browser_edits(value: Any, at: str, text: str) -> Iterator[tuple[str, Any]]:
    """Edit one address in a list that is written as a text."""
    listed = json.loads(_at(value, at))
    place = listed.index(text)
    yield "drop", _with(value, at, json.dumps([*listed[:place], *listed[place + 1 :]]))
    for label, new in leaf_texts(text, "web"):
        yield label, _with(value, at, json.dumps([*listed[:place], new, *listed[place + 1 :]]))
    yield "in a list", _with(value, at, json.dumps([*listed[:place], [text], *listed[place + 1 :]]))


def _leaves(value: Any, at: str, item: str, text: str) -> Iterator[str]:
    """Yield the pointers of the texts that make up an entry's identity."""
    held = _at(value, at)
    if isinstance(held, str):
        yield at
    elif isinstance(held, dict):
        wanted = {text, *text.split(":")}
        yield from (f"{at}/{key}" for key, one in held.items() if isinstance(one, str) and one in wanted)
    del item


def _leaf_edits(value: Any, leaf: str, family: str) -> Iterator[tuple[str, Any]]:
    text = _at(value, leaf)
    owner, key = _parent(value, leaf)
    pair = isinstance(owner, dict) and list(owner.values()).count(text) > 1
    pair = pair or (isinstance(owner, dict) and {"TeamID", "SigningID"} <= owner.keys())
    team = isinstance(owner, dict) and owner.get("rule_type") == "TEAMID"  # Santa does not mind the case of a team
    for label, new in leaf_texts(text, family):
        if not (team and label == "other case"):
            yield label, _with(value, leaf, new)
    if pair:
        return  # without one of its fields such an entry matches as much, or more
    yield "in a list", _with(value, leaf, [text])
    yield "to a number", _with(value, leaf, 1)
    yield "emptied", _with(value, leaf, "")
    if isinstance(owner, dict):
        for label, name in (("key lost", None), ("key misspelt", f"{key}s"), ("key in another case", key.swapcase())):
            if name == key.upper() and "rule_type" in owner:
                continue  # Santa does not mind the case of its keys
            made = _copied(value)
            mine, _ = _parent(made, leaf)
            held = mine.pop(key)
            if name is not None:
                mine[name] = held
            yield label, made


def leaf_texts(text: str, family: str) -> Iterator[tuple[str, str]]:
    """Yield other spellings of an identifier, none of which names the same app to a device."""
    yield "cut short", text[:-1]
    yield "longer", f"{text}x"
    place = next((place for place, char in enumerate(text) if char in LOOK_ALIKE), None)
    if place is not None:
        yield "look-alike letter", text[:place] + LOOK_ALIKE[text[place]] + text[place + 1 :]
    if family in _ANY_CASE:
        return
    if text.swapcase() != text:
        yield "other case", text.swapcase()
    yield "trailing space", f"{text} "
    yield "no-break space", f"\u00a0{text}"
    yield "zero-width space", f"{text[:3]}\u200b{text[3:]}"
    yield "wildcard", f"{text[:-2]}*"


def _key_edits(layer: Layer, pointers: list[str]) -> Iterator[Mutant]:
    """Edit each key on the way to the entries: all of them are lost, or none is read."""
    value = layer.document.value
    for at in dict.fromkeys(_keys_on(value, pointers)):
        owner, key = _parent(value, at)
        held = owner[key]
        inside = any(one == at or one.startswith(f"{at}/") for one in layer.holders)
        packed = frozenset({"LOOSENED", "INEFFECTIVE"}) if inside else frozenset()  # what is packed, nobody sees
        for label, name in (("key misspelt", f"{key}s"), ("key in another case", key.swapcase()), ("key lost", None)):
            made = _copied(value)
            mine, _ = _parent(made, at)
            taken = mine.pop(key)
            if name is not None:
                mine[name] = taken
            yield Mutant(f"{label}: {at}", layer.rebuild(made), directions=packed)
        wrong = [("to a text", "x"), ("to true", True), ("to a number", 1)]
        if layer.document.format == "json":
            wrong.append(("to null", None))
        wrong.append(("wrapped in a list", [held]) if isinstance(held, dict | list) else ("emptied", ""))
        wrong.append(("wrapped in a dictionary", {"value": held}))
        for label, new in wrong:
            yield Mutant(f"{label}: {at}", layer.rebuild(_with(value, at, new)), directions=packed)
        above = _dictionary_above(value, at)
        if above is not None and key not in _at(value, above):
            made = _copied(value)
            mine, _ = _parent(made, at)
            _at(made, above)[key] = mine.pop(key)
            yield Mutant(f"one level up: {at}", layer.rebuild(made), directions=packed)


_SWITCHES = {
    "intune-device-configuration": (
        ("appsVisibilityListType",),
        ("personalProfilePlayStoreMode",),
        ("omaSettings", "omaUri"),
        ("omaSettings", "value"),
    ),
    "apple-declaration-configuration": (("Type",),),
    "amapi-patch": (("query", "updateMask"),),
}
"""The keys that switch a list on, by the way to them; a list on the way is gone through."""


def _switch_edits(document: Document) -> Iterator[Mutant]:
    """Spoil the key that says what a list is for, wherever it stands."""
    for path in _SWITCHES.get(document.kind, ()):
        key = path[-1]
        held = [owner[key] for owner in _owners(document.value, path)]
        for place, (label, *_) in enumerate(_spoilings(key, "")) if held else ():
            if key == "updateMask" and label not in ("in a list", "a number", "of an unknown word"):
                continue  # without a mask every field counts
            made = _copied(document.value)
            for owner, text in zip(_owners(made, path), held, strict=True):
                del owner[key]
                owner.update(_spoilings(key, text)[place][1])
            said = frozenset({"INEFFECTIVE", "LOOSENED"}) if key == "value" else frozenset()
            yield Mutant(f"{key} {label}", documents.dump(made, document.format), directions=said)


def _owners(value: Any, path: Sequence[str]) -> list[dict[str, Any]]:
    """Return the dictionaries that have the last key of a way; a list on the way is gone through."""
    found: list[Any] = [value]
    for key in path[:-1]:
        below = [owner[key] for owner in found if key in owner]
        found = [one for item in below for one in (item if isinstance(item, list) else [item])]
    return [owner for owner in found if path[-1] in owner]


def _spoilings(key: str, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what to write in place of a key and its text."""
    return [
        ("lost", {}),
        ("null", {key: None}),
        ("a number", {key: 7}),
        ("in a list", {key: [text]}),
        ("misspelt", {f"{key}x": text}),
        ("in another case", {key.swapcase(): text}),
        ("of an unknown word", {key: f"{text}x"}),
    ]


def _keys_on(value: Any, pointers: list[str]) -> Iterator[str]:
    for at in pointers:
        parts = split(at)
        last = max(
            (place for place in range(1, len(parts) + 1) if isinstance(_at(value, pointer(*parts[:place])), list)),
            default=0,
        )
        for place in range(1, (last or len(parts)) + 1):
            if isinstance(_at(value, pointer(*parts[: place - 1])), dict):
                yield pointer(*parts[:place])


def _dictionary_above(value: Any, at: str) -> str | None:
    parts = split(at)[:-2]
    while True:
        if isinstance(_at(value, pointer(*parts)), dict) and len(parts) < len(split(at)) - 1:
            return pointer(*parts)
        if not parts:
            return None
        parts = parts[:-1]


_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "apple-profile": (
        ("blockedAppBundleIDs", "allowListedAppBundleIDs"),
        ("blockedAppBundleIDs", "blockedAppBundleIds"),
        ("blockedAppBundleIDs", "blacklistedAppBundleIDs"),
        ("blockedAppBundleIDs", "DeniedApps"),
        ("com.apple.applicationaccess<", "com.apple.applicationaccess.new<"),
        ("com.apple.applicationaccess<", "com.apple.applicationAccess<"),
        ("BLOCKLIST", "ALLOWLIST"),
        ("BLOCKLIST", "CEL"),
        ("BLOCKLIST", "blocklisted"),
        ("SIGNINGID", "CDHASH"),
        ("com.northpolesec.santa", "com.example.santa"),
        ("StaticRules", "Rules"),
        ("BuiltIn", "Plugin"),
    ),
    "apple-declaration-configuration": (
        ("DeniedApps", "AllowedApps"),
        ("DeniedBinaries", "AllowedBinaries"),
        ("DeniedApps", "deniedApps"),
        ("app.settings", "app.setting"),
        ("app.settings", "app.managed"),
    ),
    "intune-settings-catalog": (
        ("_blockedappbundleids", "_allowlistedappbundleids"),
        ("_blockedappbundleids", "_blockedapps"),
        ('"iOS"', '"macOS"'),
        ('"iOS"', '"windows10"'),
    ),
    "intune-device-configuration": (
        ("appsNotInListCompliant", "appsInListCompliant"),
        ("appsNotInListCompliant", "none"),
        ("appsNotInListCompliant", "appsnotinlistcompliant"),
        ('"appsVisibilityListType"', '"appsVisibilityType"'),
        ("appsVisibilityList", "compliantAppsList"),
        ('"blockedApps"', '"allowedApps"'),
        ('"blockedApps"', '"notConfigured"'),
        ('EnforcementMode=\\"Enabled\\"', 'EnforcementMode=\\"AuditOnly\\"'),
        ('EnforcementMode=\\"Enabled\\"', 'EnforcementMode=\\"NotConfigured\\"'),
        ('Action=\\"Deny\\"', 'Action=\\"Allow\\"'),
        ("./Vendor/MSFT/AppLocker", "./Vendor/MSFT/AppLock"),
        ("iosCustomConfiguration", "macOSCustomConfiguration"),
        ("iosGeneralDeviceConfiguration", "macOSGeneralDeviceConfiguration"),
        ("windows10CustomConfiguration", "windows10GeneralConfiguration"),
        ("androidDeviceOwnerGeneralDeviceConfiguration", "androidWorkProfileGeneralDeviceConfiguration"),
    ),
    "graph-page": (
        ('"uninstall"', '"available"'),
        ('"uninstall"', '"required"'),
        ('"uninstall"', '"availableWithoutEnrollment"'),
        ("androidManagedStoreApp", "iosStoreApp"),
        ("allDevicesAssignmentTarget", "exclusionGroupAssignmentTarget"),
        ("allDevicesAssignmentTarget", "groupAssignmentTarget"),
    ),
    "amapi-policy": (
        ('"BLOCKED"', '"AVAILABLE"'),
        ('"BLOCKED"', '"FORCE_INSTALLED"'),
        ('"BLOCKED"', '"blocked"'),
        ('"BLOCKED"', '"INSTALL_TYPE_UNSPECIFIED"'),
        ('"BLOCKED"', '"BLOCK"'),
        ('"DISALLOW_INSTALL"', '"ALLOW_INSTALL_DEVICE_WIDE"'),
    ),
    "amapi-patch": (('"BLOCKED"', '"AVAILABLE"'), ("personalApplications", "applications"), ('"BLOCKED"', '"Blocked"')),
    "amapi-modify-applications": (
        ('"BLOCKED"', '"FORCE_INSTALLED"'),
        ('"BLOCKED"', '"AVAILABLE"'),
        ('"BLOCKED"', '"blocked"'),
    ),
    "applocker-rules": (
        ('"Enabled"', '"AuditOnly"'),
        ('"Enabled"', '"NotConfigured"'),
        ('"Enabled"', '"enabled"'),
        ('Action="Deny"', 'Action="Allow"'),
        ('Type="Appx"', 'Type="Script"'),
        ('Type="Exe"', 'Type="Msi"'),
        ('UserOrGroupSid="S-1-1-0" Action="Deny"', 'UserOrGroupSid="S-1-5-32-544" Action="Deny"'),
    ),
    "jamf-restricted-software": (
        ("<delete_executable>true", "<delete_executable>false"),
        ("<process_name>", "<process_name>x"),
        ("process_name>", "processname>"),
    ),
    "jamf-mobile-profile": (
        ("blockedAppBundleIDs", "allowListedAppBundleIDs"),
        ("blockedAppBundleIDs", "blockedApps"),
        ("Install Automatically", "Make Available in Self Service"),
        ("<payloads>", "<payload>"),
    ),
    "jamf-macos-profile": (
        ("BLOCKLIST", "ALLOWLIST"),
        ("BLOCKLIST", "CEL"),
        ("Install Automatically", "Make Available in Self Service"),
    ),
}
"""Words that switch a ban off, in each kind: every one of them stands in real consoles' exports, or in a typing hand."""


_LOOSENED = ("LOOSENED",)
_INEFFECTIVE = ("INEFFECTIVE",)
_NARROWED = ("NARROWED",)
_INTO: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ('"AVAILABLE"', '"FORCE_INSTALLED"', '"INSTALL_TYPE_UNSPECIFIED"'), ("LOOSENED", "INEFFECTIVE", "NARROWED")
    ),
    **dict.fromkeys(('"available"', '"required"', '"availableWithoutEnrollment"'), _LOOSENED),
    **dict.fromkeys(("AllowedApps", "AllowedBinaries", "appsInListCompliant", '"allowedApps"', "ALLOWLIST"), _LOOSENED),
    "_allowlistedappbundleids": _LOOSENED,
    "allowListedAppBundleIDs": ("LOOSENED", "NARROWED"),
    "<payload>": _LOOSENED,
    **dict.fromkeys(('Action="Allow"', 'Action=\\"Allow\\"'), ("LOOSENED", "INEFFECTIVE")),
    **dict.fromkeys(('"NotConfigured"', 'EnforcementMode=\\"NotConfigured\\"'), ("NARROWED", "INEFFECTIVE")),
    # What is denied by publisher and product still stops their installers; packaged apps, of which none ran, run again.
    'Type="Msi"': ("INEFFECTIVE", "NARROWED", "LOOSENED"),
    "<process_name>x": _LOOSENED,
    "groupAssignmentTarget": _NARROWED,
    "<delete_executable>false": _NARROWED,
    'UserOrGroupSid="S-1-5-32-544" Action="Deny"': _NARROWED,
    '"ALLOW_INSTALL_DEVICE_WIDE"': ("LOOSENED", "NARROWED"),
    "androidWorkProfileGeneralDeviceConfiguration": ("INEFFECTIVE", "LOOSENED"),
}
"""What a word makes of the ban: the app is allowed or gone (LOOSENED), or it is stopped for fewer. All else: nothing
obeys the entry any more (INEFFECTIVE), and where another key holds on some devices still, NARROWED."""


def _word_edits(document: Document) -> Iterator[Mutant]:
    for old, new in _WORDS.get(document.kind, ()):
        data = document.data.replace(old.encode(), new.encode())
        if old == "<payloads>":
            data = data.replace(b"</payloads>", b"</payload>")
        if data != document.data:
            said = _INTO.get(new, ("INEFFECTIVE", "NARROWED") if old.startswith("blockedApp") else _INEFFECTIVE)
            yield Mutant(f"{old} -> {new}", data, directions=frozenset(said))


def _profile_edits(document: Document) -> Iterator[Mutant]:
    """Let a profile remove itself, or switch its payloads off."""
    layer = next(one for one in layers(document) if one.document.format == "plist")
    top = layer.document.value
    import datetime as dt  # noqa: PLC0415 - here alone

    for label, keys, day, said in (
        ("removal date", {"RemovalDate": dt.datetime(2027, 1, 1)}, "2027-01-01", _NARROWED),  # noqa: DTZ001 - plists have no zones
        ("removal date past", {"RemovalDate": dt.datetime(2026, 1, 1)}, "", _INEFFECTIVE),  # noqa: DTZ001
        ("removal after a minute", {"DurationUntilRemoval": 60}, "", _NARROWED),
        ("removal date of the wrong type", {"RemovalDate": "2027-01-01"}, "", _NARROWED),
        ("removal after a text", {"DurationUntilRemoval": "60"}, "", _NARROWED),
        ("sent to watches", {"TargetDeviceType": 2}, "", _INEFFECTIVE),
        ("sent to a text", {"TargetDeviceType": "2"}, "", _NARROWED),
        ("sent to nobody knows what", {"TargetDeviceType": 77}, "", _NARROWED),
        ("encrypted", {"IsEncrypted": True}, "", _INEFFECTIVE),
        ("encrypted payload beside", {"EncryptedPayloadContent": b"x"}, "", _INEFFECTIVE),
    ):
        yield Mutant(label, layer.rebuild({**top, **keys}), directions=frozenset(said), day=day)
    for place in range(len(top["PayloadContent"])):
        for label, key, new in (
            ("switched off", "PayloadEnabled", False),
            ("of another type", "PayloadType", top["PayloadContent"][place]["PayloadType"] + ".x"),
            ("of a type in another case", "PayloadType", top["PayloadContent"][place]["PayloadType"].swapcase()),
            ("of no type", "PayloadType", None),
            ("of a type that is a number", "PayloadType", 7),
        ):
            made = _copied(top)
            if new is None:
                del made["PayloadContent"][place][key]
            else:
                made["PayloadContent"][place][key] = new
            yield Mutant(f"payload {place} {label}", layer.rebuild(made), directions=frozenset(_INEFFECTIVE))
        made = _copied(top)
        del made["PayloadContent"][place]
        yield Mutant(f"payload {place} dropped", layer.rebuild(made), directions=frozenset(_LOOSENED))


def _xml_edits(layer: Layer, entries: Sequence[tuple[str, str]]) -> Iterator[Mutant]:
    """Edit one AppLocker rule, or the name of a process, at a time."""
    root = layer.document.value
    for family, text in dict.fromkeys(entries):
        for place, rule in enumerate(root):
            attributes = [
                (element, name)
                for element in rule.iter()
                for name, value in element.attrib.items()
                if str(value) in (text, f"*\\{text}") and str(name) not in ("Name", "Description")
            ]
            if not attributes:
                continue
            for label, made in _rule_edits(root, place):
                into = frozenset(("LOOSENED", "INEFFECTIVE")) if label == "allow" else frozenset[str]()
                yield Mutant(f"{label} {text}", layer.rebuild(made), ((family, text),), directions=into)
            for element, name in attributes:
                path = rule.getroottree().getelementpath(element)
                for label, new in leaf_texts(text, family):
                    made = _copied(root)
                    found = made.find(path)
                    found.set(name, str(element.get(name)).replace(text, new))
                    yield Mutant(f"{label} {text}", layer.rebuild(made), ((family, text),))
        name = root.find("general/process_name")
        if name is not None and name.text == text:
            for label, new in leaf_texts(text, family):
                if new.strip() == text:
                    continue  # white space around a text of Jamf's XML is none of the name
                made = _copied(root)
                made.find("general/process_name").text = new
                yield Mutant(f"{label} {text}", layer.rebuild(made), ((family, text),))


def _rule_edits(root: Any, place: int) -> Iterator[tuple[str, Any]]:
    def edited(change: Callable[[Any], None]) -> Any:
        made = _copied(root)
        change(made[place])
        return made

    made = _copied(root)
    made.remove(made[place])
    yield "drop", made
    yield "allow", edited(lambda rule: rule.set("Action", "Allow"))
    yield "administrators only", edited(lambda rule: rule.set("UserOrGroupSid", "S-1-5-32-544"))
    yield "without conditions", edited(lambda rule: rule.remove(rule.find("Conditions")))
    yield "of another kind", edited(lambda rule: setattr(rule, "tag", "FileHashRule"))


def cosmetic(document: Document, *, shuffles: int = 20) -> Iterator[Mutant]:
    """Yield rewritings of a document that no device can tell apart."""
    data = document.data
    if document.format == "json":
        yield Mutant("one line", json.dumps(document.value, separators=(",", ":")).encode())
        yield Mutant("deep indent", json.dumps(document.value, indent=8).encode())
        yield Mutant("escaped", json.dumps(document.value, ensure_ascii=True).encode())
        yield Mutant("byte order mark", b"\xef\xbb\xbf" + data)
        yield Mutant("UTF-16", data.decode().encode("utf-16"))
        yield Mutant("UTF-16LE", b"\xff\xfe" + data.decode().encode("utf-16-le"))
        yield Mutant("CRLF", data.replace(b"\n", b"\r\n"))
        yield Mutant("no newline at the end", data.rstrip(b"\n"))
    elif document.format == "plist":
        yield Mutant("binary", plistlib.dumps(document.value, fmt=plistlib.FMT_BINARY))
        yield Mutant("Python's layout", plistlib.dumps(document.value, sort_keys=False))
        yield Mutant("CRLF", data.replace(b"\n", b"\r\n"))
        yield Mutant("compact", documents.dump(document.value, "plist", compact=True))
        yield Mutant("signed", signed(data))
    else:
        yield Mutant("CRLF", data.replace(b"\n", b"\r\n"))
        yield Mutant("a comment", data.replace(b"?>", b"?><!-- exported -->", 1))
        yield Mutant("indented", data.replace(b"\n", b"\n   "))
    for layer in layers(document):
        if layer.document.format == "xml":
            yield from _xml_cosmetics(layer)
            continue
        value = layer.document.value
        yield Mutant("lists reversed", layer.rebuild(_reordered(value, lambda items: items[::-1])))
        yield Mutant(
            "duplicates",
            layer.rebuild(_reordered(value, _first_twice)),
        )
        yield Mutant("names and ids", layer.rebuild(_renamed(value)))
        if layer.document.kind == "apple-profile":
            yield Mutant("as Jamf gives it back", layer.rebuild(_as_jamf(value)))
        for seed in range(shuffles):
            yield Mutant(f"shuffled {seed}", layer.rebuild(_reordered(value, _shuffling(seed))))


def _first_twice(items: list[Any]) -> list[Any]:
    """Repeat the first entry; a payload can't stand twice in a profile, since its UUID must be unique there."""
    payloads = any(isinstance(item, dict) and "PayloadType" in item for item in items)
    return items if payloads or len(items) < 2 else [*items, *items[:1]]


def _shuffling(seed: int) -> Callable[[list[Any]], list[Any]]:
    dice = random.Random(seed)  # noqa: S311 - the same in each run
    return lambda items: dice.sample(items, len(items))


_EXTENSIONS = "RuleCollectionExtensions"
"""What an AppLocker collection may have once, after all its rules (policy XSD of the AppLocker CSP)."""


def _xml_cosmetics(layer: Layer) -> Iterator[Mutant]:
    root = layer.document.value
    if root.tag == "RuleCollection":
        made = _copied(root)
        rules = [one for one in made if one.tag != _EXTENSIONS]
        made[: len(rules)] = rules[::-1]
        yield Mutant("rules reversed", layer.rebuild(made))
        made = _copied(root)
        for number, rule in enumerate(one for one in made if one.tag != _EXTENSIONS):
            rule.set("Id", str(uuid.UUID(int=number)))
            rule.set("Name", f"Rule {number}")
            rule.set("Description", "described")
        yield Mutant("rules renamed", layer.rebuild(made))
        made = _copied(root)
        last = [one for one in made if one.tag != _EXTENSIONS][-1]
        again = copy.deepcopy(last)
        again.set("Id", str(uuid.UUID(int=len(made))))  # Windows refuses a policy in which two rules share one
        last.addnext(again)
        yield Mutant("a rule twice", layer.rebuild(made))
    elif root.find("general/name") is not None:
        made = _copied(root)
        made.find("general/name").text = "Another name"
        yield Mutant("renamed", layer.rebuild(made))


def _reordered(value: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(item, change) for key, item in reversed(value.items())}
    return change([_reordered(item, change) for item in value]) if isinstance(value, list) else value


_IDS = ("PayloadUUID", "PayloadIdentifier", "id", "uuid")
_NAMES = ("PayloadDisplayName", "PayloadDescription", "PayloadOrganization", "displayName", "description")


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: str(uuid.UUID(bytes=hashlib.md5(f"{key} {item}".encode(), usedforsecurity=False).digest()))
            if key in _IDS
            else "Renamed"
            if key in _NAMES and isinstance(item, str)
            else _renamed(item)
            for key, item in value.items()
        }
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _as_jamf(value: Any) -> Any:
    """Rewrite a profile as Jamf does: ids, names, and defaults that it injects."""
    made = _renamed(value)
    made |= {
        "PayloadRemovalDisallowed": True,
        "PayloadEnabled": True,
        "PayloadScope": "System",
        "PayloadDescription": "",
    }
    for payload in made["PayloadContent"]:
        payload |= {"PayloadEnabled": True, "PayloadOrganization": "Jamf", "PayloadDescription": ""}
    made["PayloadContent"].append(
        {
            "PayloadType": "com.apple.profileRemovalPassword",
            "PayloadIdentifier": "1",
            "PayloadUUID": "1",
            "PayloadVersion": 1,
            "RemovalPassword": "x",
        }
    )
    return made


def signed(content: bytes) -> bytes:
    """Wrap content as CMS signed data, without any signer: what a reader that checks no signature needs."""

    def tlv(tag: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        size = len(body)
        length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
        return bytes([tag]) + length + body

    data, signed_data = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    inner = tlv(0x30, data, tlv(0xA0, tlv(0x04, content)))
    body = tlv(0x30, b"\x02\x01\x01", tlv(0x31), inner, tlv(0x31))
    return tlv(0x30, signed_data, tlv(0xA0, body))

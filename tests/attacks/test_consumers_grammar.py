"""What the consumer refuses proves nothing: documents are drawn, and what we take a second model of the consumer takes too."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING

import pytest
from attacks_kit import Attacks, compared, faults, verified
from cli_kit import AS_OF, run
from consumers import takes_json, takes_plist, takes_xml
from kind_documents import blocking, plist, restrictions

from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document, read
from mdm_policy.kinds.intune.documents import SETTINGS_CATALOG
from mdm_policy.kinds.windows.documents import APP_CONTROL, APPLOCKER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_kit import Ran

_DRAWN = 3_000
_SEED = 20261128
_XML_PIECES = (
    *(
        "<!-- c -->",
        "<!-- a -- b -->",
        "<?p i?>",
        "<?xml?>",
        "<![CDATA[x]]>",
        "]]>",
        "&amp;",
        "&x;",
        "&#0;",
        "&#65;",
        "&",
        "<",
        ">",
        "x",
    ),
    *(
        ' a="1"',
        ' Id="1"',
        " a=1",
        ' p:q="1"',
        ' xmlns:p="u"',
        ' xmlns:p=""',
        "<p:q/>",
        "<q/>",
        "</q>",
        "\u0300",
        "\x0b",
        "\ufffe",
        '"',
    ),
    *(
        '<?xml version="1.0"?>',
        '<?xml version="1.1"?>',
        '<?xml version="1.0" encoding="utf8"?>',
        "<!DOCTYPE a>",
        "\n",
        " ",
        "\u00a0",
        "\ufeff",
    ),
)
_PLIST_PIECES = (
    *_XML_PIECES,
    *(
        "<true/>",
        "<true> </true>",
        "<true></true>",
        "<integer>1</integer>",
        "<integer>1<!-- c --></integer>",
        "<key>k</key>",
    ),
    *(
        "<string/>",
        "<dict/>",
        "<array/>",
        "<data>AA==</data>",
        "<date>2026-01-01T00:00:00Z</date>",
        "<real>1.5</real>",
        "</dict>",
        "<dict>",
    ),
)
_JSON_PIECES = (
    *(
        "/* c */",
        "// c\n",
        ",",
        ":",
        "NaN",
        "Infinity",
        "-",
        "1e999",
        "18446744073709551616",
        "01",
        "+1",
        ".5",
        "1.",
        "'a'",
        '"a"',
        '"\\ud800"',
    ),
    *(
        '"\\x"',
        '"\t"',
        "\u00a0",
        "\ufeff",
        "\x0b",
        "true",
        "True",
        "nul",
        "{",
        "}",
        "[",
        "]",
        '"a":1',
        ',"a":1',
        '"@odata.type":1,',
        "\\",
        "\u2028",
    ),
)


def _changed(seed: str, pieces: tuple[str, ...], dice: random.Random) -> str:
    text = seed
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        at = dice.randrange(len(text) + 1)
        if dice.random() < 0.2:
            text = text[:at] + text[at + dice.randrange(1, 4) :]
        else:
            text = text[:at] + dice.choice(pieces) + text[at:]
    return text


_LAWS: dict[str, tuple[bytes, tuple[str, ...], Callable[[str], bool]]] = {
    "property lists": (blocking("org.example.own").data, _PLIST_PIECES, takes_plist),
    "AppLocker's XML": (APPLOCKER.sample, _XML_PIECES, takes_xml),
    "App Control's XML": (APP_CONTROL.sample, _XML_PIECES, takes_xml),
    "Graph's JSON": (SETTINGS_CATALOG.sample, _JSON_PIECES, lambda text: takes_json(text, once=True)),
    "AMAPI's JSON": (
        b'{"applications": [{"packageName": "org.example.own", "installType": "BLOCKED"}], "version": 1, "name": "a\\u00e9"}',
        _JSON_PIECES,
        lambda text: takes_json(text, once=True),
    ),
}


@pytest.mark.parametrize("name", _LAWS)
def test_what_we_take_a_second_model_of_the_consumer_takes(name: str) -> None:
    seed, pieces, takes = _LAWS[name]
    dice = random.Random(f"{_SEED} {name}")  # noqa: S311 - the same documents in each run
    text, taken, refused, wrong = seed.decode(), 0, 0, []
    assert takes(text.replace("\ufeff", ""))
    for _ in range(_DRAWN):
        drawn = _changed(text, pieces, dice)
        try:
            document = open_document("drawn", drawn.encode("utf-8", "surrogatepass"))
        except PolicyError:
            refused += 1
            continue
        reading = read(document)
        if document.unreadable or any(finding.id == "json-unreadable" for finding in reading.findings):
            refused += 1
            continue
        taken += 1
        # A mark at the very beginning belongs to the file, and .NET and Google's clients take it off.
        if not takes(drawn.removeprefix("\ufeff")):
            wrong.append(drawn)
    print(
        f"trust: grammar of {name}: {_DRAWN:,} documents drawn, {taken} taken here, {len(wrong)} of them refused by the second model"
    )
    assert wrong == [], wrong[:3]
    assert taken > _DRAWN / 20
    assert refused > _DRAWN / 20


_IN_STRINGS = ("<!-- c -->", "<?p i?>", "<!---->", "<!-- > -->", "<?p?>")
_IN_PLAIN = (*_IN_STRINGS, "<![CDATA[1]]>", "&#49;")


def _plist_attacks() -> dict[str, bytes]:
    made = {}
    for place, piece in enumerate(_IN_STRINGS):
        for where, old in (
            ("string", b"com.tencent.xin"),
            ("key", b"blockedAppBundleIDs"),
            ("type", b"com.apple.applicationaccess"),
        ):
            cut = len(old) // 2
            made[f"{piece} in a {where}"] = blocking("com.tencent.xin").data.replace(
                old, old[:cut] + piece.encode() + old[cut:]
            )
        end = blocking("com.tencent.xin").data.replace(b"com.tencent.xin", piece.encode() + b"com.tencent.xin")
        made[f"{piece} before a string"] = (
            end if place % 2 else end.replace(piece.encode() + b"com.tencent.xin", b"com.tencent.xin" + piece.encode())
        )
    for piece in _IN_PLAIN:
        made[f"{piece} in an integer"] = blocking("com.tencent.xin").data.replace(
            b"<integer>1<", f"<integer>{piece if piece[0] == '&' or 'CDATA' in piece else '1' + piece}<".encode()
        )
    return made


def test_a_property_list_that_devices_refuse_proves_nothing(tmp_path: Path) -> None:
    good = tmp_path / "good.mobileconfig"
    good.write_bytes(blocking("com.tencent.xin").data)
    assert run("diff", good, good, *AS_OF).code == 0
    (tmp_path / "devices.yaml").write_text(
        "devices:\n  iphones: {platform: ios, versions: {min: '26'}, supervised: true}\n", encoding="utf-8"
    )
    outcomes = []
    for place, (name, data) in enumerate(_plist_attacks().items()):
        for container, wrapped in (("file", data), ("Intune", _intune(data)), ("Jamf", _jamf(data))):
            path = (
                tmp_path
                / f"{place}-{container}{'.json' if container == 'Intune' else '.xml' if container == 'Jamf' else '.mobileconfig'}"
            )
            path.write_bytes(wrapped)
            before = tmp_path / f"good-{path.name}"
            before.write_bytes(
                {"file": good.read_bytes(), "Intune": _intune(good.read_bytes()), "Jamf": _jamf(good.read_bytes())}[
                    container
                ]
            )
            for done in (verified(path, allow=("--devices", str(tmp_path / "devices.yaml"))), compared(before, path)):
                bad = faults(done) or ("" if done.code in (1, 11) else f"exit code {done.code}")
                outcomes.append((f"{name}, {container}", bad))
    Attacks("property lists that devices refuse, verify and diff").tell(outcomes)


def _counted(done: Ran) -> str:
    """Say how a document that its consumer refuses counted all the same."""
    return faults(done) or ("" if done.code in (1, 11) else f"exit code {done.code}")


def _intune(profile: bytes) -> bytes:
    value = {
        "@odata.type": "#microsoft.graph.iosCustomConfiguration",
        "displayName": "a",
        "payloadName": "b",
        "payloadFileName": "c.mobileconfig",
    }
    return json.dumps({**value, "payload": base64.b64encode(profile).decode()}).encode()


def _jamf(profile: bytes) -> bytes:
    escaped = profile.decode().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<configuration_profile><general><name>a</name><payloads>{escaped}</payloads></general></configuration_profile>".encode()


_POLICY = (
    '{"applications": [{"packageName": "com.tencent.mm", "installType": "BLOCKED"}], "playStoreMode": "BLACKLIST"}'
)
_JSON_ATTACKS = (
    *(
        _POLICY[:-1] + piece + "}"
        for piece in (",", ", /* c */", "// c\n", ', "x": NaN', ', "x": Infinity', ', "x": -Infinity', ', "x": 1e999')
    ),
    *(
        _POLICY[:-1] + piece + "}"
        for piece in (
            ', "x": 18446744073709551616',
            ', "x": 01',
            ', "x": .5',
            ', "x": 1.',
            ', "x": +1',
            ', "x": "\\ud800"',
        )
    ),
    *(
        _POLICY[:-1] + piece + "}"
        for piece in (
            ', "playStoreMode": "BLACKLIST"',
            ", 'x': 1",
            ", x: 1",
            ', "x": "\t"',
            ', "x": True',
            ', "x": nul',
            "]",
        )
    ),
    *(_POLICY + piece for piece in ("x", "{}", "\u00a0", "\ufeff", "\x0b", ",")),
    _POLICY.replace('"installType"', '"packageName": "com.tencent.mm", "installType"'),
    _POLICY.replace("[{", "[,{"),
)


def test_json_that_its_consumer_refuses_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(_POLICY, encoding="utf-8")
    outcomes = []
    for place, text in enumerate(_JSON_ATTACKS):
        path = tmp_path / f"{place}.json"
        path.write_text(text, encoding="utf-8")
        outcomes += [(text[-60:], _counted(done)) for done in (verified(path), compared(tmp_path / "good.json", path))]
    Attacks("JSON that Google refuses, verify and diff").tell(outcomes)


_XML_ATTACKS = (
    ('<?xml version="1.1"?>', ""),
    ('<?xml version="1.0" encoding="utf8"?>', ""),
    ('<?xml version="1.0" encoding="iso-8859-1"?>', ""),
    ('<?xml version="1.0" encoding="utf-16"?>', ""),
    ('\n<?xml version="1.0"?>', ""),
    ("<!DOCTYPE RuleCollection>", ""),
    ('<!DOCTYPE a [<!ENTITY b "c">]>', ""),
    ("", ' Type="Exe"'),
    ("", " a=1"),
    ("", ' p:a="1"'),
    ("", ' a="<"'),
    ("", ' a="&x;"'),
    ("", ' \u0370="1"'),
    ("", ' xmlns:p=""'),
    ("x", ""),
    ("\u00a0", ""),
    ("<a/>", ""),
    ("<!-- a -- b -->", ""),
    ("<?xml-stylesheet", ""),
    ("&#0;", ""),
    ("\x0b", ""),
    ("", ' xmlns:xml="u"'),
)


def test_xml_that_windows_refuses_proves_nothing(tmp_path: Path) -> None:
    sample = APPLOCKER.sample.decode()
    (tmp_path / "good.xml").write_text(sample, encoding="utf-8")
    outcomes = []
    for place, (before, attribute) in enumerate(_XML_ATTACKS):
        text = before + sample.replace('Type="Exe"', f'Type="Exe"{attribute}', 1)
        path = tmp_path / f"{place}.xml"
        path.write_text(text, encoding="utf-8")
        outcomes += [
            (before + attribute, _counted(done)) for done in (verified(path), compared(tmp_path / "good.xml", path))
        ]
    Attacks("XML that Windows refuses, verify and diff").tell(outcomes)


def test_a_value_that_a_comment_splits_is_in_doubt() -> None:
    sample = APP_CONTROL.sample.decode()
    sound = open_document("a.xml", sample.replace("<Rules>", "<!-- c --><Rules>", 1).encode())
    assert not sound.unreadable
    spoiled = sample.replace("<Option>", "<Option><!-- c -->", 1)
    for encoding in ("utf-8", "utf-16"):
        data = spoiled.replace("utf-8", encoding).encode(encoding)
        assert "within a value" in open_document("a.xml", data).unreadable
    split = open_document("a.xml", spoiled.encode())
    assert {rule.cause for rule in read(split).rules} <= {"refused"}
    assert plist(restrictions()).unreadable == ""

"""The editors' schemas are what the loader's table says, and agree with the loader on what is right."""

from __future__ import annotations

import importlib
import json
import re
from typing import Any, get_args

import pytest
import yaml

from mdm_policy import resources
from mdm_policy.loading import (
    SchemaName,
    Source,
    load_ban_list,
    load_deployment,
    load_devices,
    load_overlay,
    load_target,
    load_target_test,
    schema,
)

jsonschema: Any = importlib.import_module("jsonschema")  # it has no types

NAMES: tuple[SchemaName, ...] = get_args(SchemaName)

RIGHT: dict[SchemaName, str] = {
    "ban-list": """\
ban_list: us-eo-13971
title: Applications
include: [other.csv]
authority: {citation: "E.O. 13971", issued: "2021-01-05", revoked: {"on": "2021-06-09", by: "E.O. 14034"}, duties: []}
bans:
  - {app: alipay, not_on: [ios]}
  - {feature: QQ Wallet, implemented_by: qq}
  - name: WeChat
    ios: {bundle_id: com.tencent.xin, app_store_id: [414478124, "414478125"]}
    domains: wechat.com
    allow_dangerous: [{id: com.tencent.xin, reason: why}]
exceptions:
  - {app: alipay, category: other, approved_by: B, document: D, groups: [lab], until: "2021-05-01"}
""",
    "deployment": """\
organization: {name: Example Agency, identifier: gov.example.agency}
lists: [us-eo-13971]
adopt: {us-eo-13971: {by: memo, since: "2026-05-01"}}
devices: [{name: a, platform: ios, os: ">=12, <17", supervised: true}]
targets: all
options: {a: {b: true, c: 1, d: x}}
protected: {ios: {bundle_id: a.b}}
""",
    "overlay": """\
catalogue_overlay: ours
vendors: {acme: {name: Acme, windows: {publisher: "O=ACME, C=US"}}}
apps:
  our-chat:
    name: Our Chat
    vendor: acme
    aliases: [OC]
    ios: {bundle_id: [org.example.chat]}
    absent: [{platform: android, source: MEMO-1, until: "2090-01-01"}]
    web_app: true
    sources: MEMO-1
""",
    "devices": "devices: [{name: a, platform: android, mode: byod, groups: []}]\n",
    "target": """\
target: acme-kiosk
title: Acme
vendor: acme
source: Acme 1
summary: What Acme takes.
modes: [byod]
options: {web: {help: Deny., default: false}, how: {help: How., default: a, choices: [a, b]}}
collateral: [{effect: opens, what: managed-store, when: merged, documents: [change], option: web, unless: how}]
blocks:
  - family: android
    kind: package_name
    verdict: removed
    strength: strong
    platforms: {android: "0"}
    sides: [work]
    capacity: 3000
    capacity_source: Acme 2
    source: Acme 1
documents:
  - name: change
    format: json
    template: change.json.j2
    output: "{slug}.json"
    schema: amapi-modify-applications
    carries: [ban]
    read_back: {ban: "/a/*"}
    embed: [{name: x, target: other, document: y1, as: compact}]
""",
    "target-test": """\
as_of: "2026-01-01"
options: {web: true, how: a}
documents: {change: {android: {package_name: [a.b]}, domains: a.example}}
""",
}


def loads(name: SchemaName, text: str) -> bool:
    source = Source("x.yaml", text.encode())
    if name == "ban-list":
        return load_ban_list(source, lambda *_: Source("o.csv", b"BundleId,TrackId,Name\na.b,,A\n")).value is not None
    if name == "target":
        return load_target(source).value is not None
    if name == "target-test":
        return load_target_test(source).value is not None
    if name == "overlay":
        return load_overlay(source).value is not None
    return (load_deployment(source) if name == "deployment" else load_devices(source)).value is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_schema_is_the_generated_one(name: SchemaName) -> None:
    shipped = resources.data(f"schemas/language/{name}.schema.json").read_text("utf-8")
    assert shipped == json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_one(name: SchemaName) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_key_has_a_sentence(name: SchemaName) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.get("properties", {}).items():
                assert re.fullmatch(r"[A-Z].*\.", value["description"]), key
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_loader_and_schema_accept_the_same_example(name: SchemaName) -> None:
    assert loads(name, RIGHT[name])
    jsonschema.Draft202012Validator(schema(name)).validate(yaml.safe_load(RIGHT[name]))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("ban-list", "ban_list: us-eo-13971\n", "", id="no id"),
        pytest.param("ban-list", "us-eo-13971", "US", id="id in capitals"),
        pytest.param("ban-list", "title", "titel", id="misspelt key"),
        pytest.param("ban-list", "app: alipay", "app: alipay, vendor: b", id="app and vendor"),
        pytest.param("ban-list", "feature: QQ Wallet, ", "", id="implemented_by without feature"),
        pytest.param("ban-list", "name: WeChat", "vendor: tencent", id="identifiers beside a vendor"),
        pytest.param("ban-list", "[lab]", "[]", id="no groups"),
        pytest.param("ban-list", "category: other", "category: joy", id="unknown ground"),
        pytest.param("ban-list", "duties: []", "duties: [none]", id="unknown duty"),
        pytest.param("ban-list", "2021-05-01", "2021-5-1", id="short date"),
        pytest.param(
            "ban-list", "{bundle_id: com.tencent.xin, app_store", "{bundle_id: [], app_store", id="no bundle ids"
        ),
        pytest.param("deployment", "gov.example.agency", "agency", id="identifier of one part"),
        pytest.param("deployment", "targets: all", "targets: []", id="no targets"),
        pytest.param("deployment", ', since: "2026-05-01"', "", id="adopted since never"),
        pytest.param("deployment", ">=12, <17", "17", id="bare version"),
        pytest.param("deployment", "supervised: true", 'supervised: "true"', id="truth in quotes"),
        pytest.param("deployment", "d: x", "d: [x]", id="option list"),
        pytest.param("deployment", "{bundle_id: a.b}", "{}", id="no kinds"),
        pytest.param("devices", "[{name: a, platform: android, mode: byod, groups: []}]", "[]", id="no devices"),
        pytest.param("devices", "android", "symbian", id="unknown platform"),
        pytest.param("overlay", "our-chat:", "Our Chat:", id="overlay's key with a space"),
        pytest.param("overlay", "web_app: true", "web_app: maybe", id="overlay's truth that is none"),
        pytest.param("overlay", "platform: android", "platform: tvos", id="absence on no family"),
        pytest.param("target", "acme-kiosk", "Acme", id="target's name in capitals"),
        pytest.param("target", "acme-kiosk", "a" * 81, id="target's name too long"),
        pytest.param("target", "acme-kiosk", "com1", id="target's name a device"),
        pytest.param("target", "kind: package_name", "kind: name", id="unknown kind"),
        pytest.param("target", "{android:", "{symbian:", id="claim on an unknown platform"),
        pytest.param("target", '{android: "0"}', "{}", id="claim on no platform"),
        pytest.param("target", '"0"', '"0+"', id="version that is none"),
        pytest.param("target", "3000", "0", id="capacity of nothing"),
        pytest.param("target", "    capacity_source: Acme 2\n", "", id="capacity nobody states"),
        pytest.param("target", "[work]", "[left]", id="unknown side"),
        pytest.param("target", "    template: change.json.j2\n", "", id="document without template"),
        pytest.param("target", "as: compact", "as: compct", id="unknown way to embed"),
        pytest.param("target", "help: Deny., ", "", id="option without help"),
        pytest.param("target", "[byod]", "[]", id="no modes"),
        pytest.param("target", "effect: opens", "effect: opened", id="unknown effect"),
        pytest.param("target", "managed-store", "work-store", id="collateral of an unknown thing"),
        pytest.param("target", "when: merged", "when: later", id="collateral in an unknown case"),
        pytest.param("target", "effect: opens, ", "", id="collateral without effect"),
        pytest.param("target-test", 'as_of: "2026-01-01"\n', "", id="test of no day"),
        pytest.param("target-test", "{android: {package_name: [a.b]}, domains: a.example}", "[]", id="blocked list"),
        pytest.param("target-test", "package_name", "packagename", id="blocked unknown kind"),
    ],
)
def test_loader_and_schema_refuse_the_same(name: SchemaName, old: str, new: str) -> None:
    wrong = RIGHT[name].replace(old, new)
    assert wrong != RIGHT[name]
    assert not loads(name, wrong)
    assert not jsonschema.Draft202012Validator(schema(name)).is_valid(yaml.safe_load(wrong))

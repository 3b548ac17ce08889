"""Whatever the bytes, loading gives findings; with libyaml or without it, the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdm_policy.loading import (
    Loaded,
    Source,
    detect,
    load_ban_list,
    load_bans_csv,
    load_deployment,
    load_devices,
    load_target,
    load_target_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = b"""\
ban_list: us-eo-13971
authority: {citation: "E.O. 13971", issued: 2021-01-05, revoked: {on: 2021-06-09, by: "E.O. 14034"}, duties: []}
bans:
  - app: alipay
  - {feature: QQ Wallet, implemented_by: qq}
  - name: "WeChat \\u5fae"
    ios: {bundle_id: [com.tencent.xin], app_store_id: 414478124}
    macos:
      signing_id: [5A4RE8SF68:com.tencent.xinWeChat]
    domains:
    - wechat.com   # comment
    note: |
      several
      lines
exceptions:
  - {app: alipay, category: other, approved_by: B, document: D, groups: [lab], until: 2021-05-01}
"""
DEPLOYMENT = b"""\
organization: {name: Example, identifier: gov.example.agency}
lists: [us-eo-13971]
adopt: {us-eo-13971: {by: memo, since: 2026-05-01}}
devices:
- {name: a, platform: ios, os: ">=12, <17", supervised: true}
accepted_gaps:
- {app: a, device: a, reason: b, approved_by: c, document: d, until: 2027-01-01}
options: {a: {b: true, c: 1}}
protected: {domains: [a.de]}
"""
TABLE = b'app,platform,kind,identifier\nQQ,ios,bundle_id,com.tencent.mqq\n"W, X",web,domain,wechat.com\n'
TARGET = b"""\
target: acme-kiosk
title: Acme
vendor: acme
source: Acme 1
summary: What Acme takes.
options: {web: {help: Deny., default: false}, how: {help: How., default: a, choices: [a, b]}}
blocks:
  - {name: a, family: ios, kind: bundle_id, verdict: hidden, strength: strong, platforms: {ios: "15"}, source: b}
  - {family: web, kind: domain, verdict: blocked, strength: weak, platforms: {android: "0"}, source: b, option: web}
documents:
  - {name: c, format: json, template: c.j2, output: "{slug}.json", schema: c.json, carries: [a, ban]}
  - {name: d, format: json, copy_of: {target: x, document: d}, output: "{record}.d", schema: d, for_each: web.domain}
"""
TEST = b"as_of: 2026-01-01\noptions: {a: true}\ndocuments:\n  c: {ios: {bundle_id: [a.b]}, domains: a.de}\n"
PIECES = [
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!str ",
    b"!",
    b"- ",
    b": ",
    b"? ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"|",
    b">",
    b"\t",
    b"\r",
    b"\0",
    b"\xff",
]
PIECES += [
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"#",
    b'"',
    b"'",
    b",",
    b"NO",
    b"~",
    b"\\U00110000",
    b'"\\xZZ"',
    b"\xe2\x80\xae",
    b"a: b\n",
]


def load_all(data: bytes) -> list[Loaded[Any]]:
    source = Source("x", data)
    detect(source)
    everything: list[Loaded[Any]] = []
    loaders: list[Callable[[Source], Loaded[Any]]] = [
        load_ban_list,
        load_deployment,
        load_devices,
        load_bans_csv,
        load_target,
        load_target_test,
    ]
    for load in loaders:
        loaded = load(source)
        assert (loaded.value is None) == any(one.severity == "error" for one in loaded.findings)
        everything.append(loaded)
    return everything


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from([LIST, DEPLOYMENT, TABLE, TARGET, TEST]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 8))
        data = data[:start] + draw(st.sampled_from(PIECES) | st.just(b"") | st.binary(max_size=3)) + data[end:]
    return data


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"[" * 1000)
@example(b"? " * 1000)
@example(b"- " * 1000)
@example(b"{a: " * 1000)
@example(b'a: "\\U00110000"')
@example(b"%YAML " + b"9" * 5000 + b".1\n---\na")
def test_any_bytes(data: bytes) -> None:
    load_all(data)


@settings(max_examples=400, deadline=None)
@given(mutants())
def test_mutated_files(data: bytes) -> None:
    load_all(data)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80).map(lambda text: "ban_list: " + text))
@example('ban_list: "\\U00110000"')
@example('ban_list: "\\UFFFFFFFF"')
@example('ban_list: "\\ud800"')
def test_any_text_without_libyaml(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        load_all(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([LIST, DEPLOYMENT, TARGET, TEST]),
    st.integers(0, 900),
    st.sampled_from([b"", b"x", b"\n", b" ", b"'a'", b"NO", b"~"]),
)
@example(DEPLOYMENT, DEPLOYMENT.index(b"a, platform"), b"")
@example(DEPLOYMENT, DEPLOYMENT.index(b" a, platform"), b"\n")
@example(DEPLOYMENT.replace(b"{name: a,", b"{name: # nothing\n\n ,"), 900, b"")
@example(DEPLOYMENT.replace(b"{name: a,", b"{?\n : a,"), 900, b"")
@example(DEPLOYMENT.replace(b"name: a,", b"name:\n\n ? \n ,"), 900, b"")
def test_both_parsers_say_the_same(data: bytes, place: int, piece: bytes) -> None:
    data = data[:place] + piece + data[place + 1 :]
    fast = load_all(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        pure = load_all(data)
    for one, other in zip(fast, pure, strict=True):
        syntax = {found.id for found in (*one.findings, *other.findings)} & {"yaml-syntax"}
        if not syntax:
            assert one.value == other.value
            assert one.findings == other.findings


@pytest.mark.parametrize("data", [LIST, DEPLOYMENT, TARGET, TEST, LIST.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + LIST])
def test_both_parsers_load_the_same(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = load_all(data)
    assert any(loaded.value is not None for loaded in fast)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert load_all(data) == fast


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"ban_list: a\nbans: [", id="open bracket"),
        pytest.param(b"ban_list: a\n  b: c\n", id="indented too far"),
        pytest.param(b"ban_list: 'a\n", id="open quote"),
        pytest.param(b"ban_list: @a\n", id="reserved sign"),
    ],
)
def test_both_parsers_place_a_syntax_error_alike(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (fast,) = load_ban_list(Source("x", data)).findings
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    (pure,) = load_ban_list(Source("x", data)).findings
    assert (fast.id, fast.origin) == (pure.id, pure.origin)

"""Make the inputs that the benchmarks share: large, and the same on every machine."""

from __future__ import annotations

_HEAD = """\
ban_list: benchmark
title: Applications made up for measuring
authority: {citation: "Benchmark order 1", issued: 2021-01-05, effective: 2021-02-19}
bans:
"""


def ban_list_yaml(apps: int) -> bytes:
    """Return a ban list of that many inline apps: ten lines each, on every platform, no identifier twice."""
    return (_HEAD + "".join(map(_app, range(apps)))).encode()


def _app(number: int) -> str:
    text = word(number)
    return f"""\
  - name: App {text}
    ios:
      bundle_id: [com.{text}.ios]
      app_store_id: ["{1_000_000_000 + 7919 * number}"]
    android: {{package_name: [com.{text}.app]}}
    macos:
      bundle_id: [com.{text}.mac]
      team_id: [T{text.upper()}{number % 100_000:05d}]
    windows: {{executable: [{text}.exe]}}
    domains: [{text}.test]
"""


def word(number: int) -> str:
    """Spell a number in four letters."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))

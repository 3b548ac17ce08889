"""Measure how long a large ban list takes to load, places and all checks included, against PyYAML's fastest loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from corpus import ban_list_yaml
from figures import Figure, pairs, ratio, seconds

from mdm_policy import catalogue
from mdm_policy.loading import Source, load_ban_list
from mdm_policy.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

_APPS = 10_000


def figures(runs: int) -> Iterator[Figure]:
    """Measure a list of inline apps: ten lines each, 2.6 MB of YAML."""
    source = Source("benchmark.yaml", ban_list_yaml(_APPS))
    loaded = load_ban_list(source)
    assert loaded.value is not None, loaded.findings[:5]
    assert len(loaded.value.bans) == _APPS
    del loaded
    found = pairs(
        lambda: seconds(lambda: load_ban_list(source)),
        lambda: seconds(lambda: yaml.load(source.data, Loader=yaml.CSafeLoader)),
        runs,
    )
    yield ratio(f"load {_APPS:,} apps, {len(source.data) / 1e6:.1f} MB / CSafeLoader", found, 0.35)
    yield _resolving(source, runs)


def _resolving(source: Source, runs: int) -> Figure:
    """Measure putting the loaded list and the catalogue together, by what loading it costs."""
    loaded = load_ban_list(source).value
    assert loaded is not None
    known = catalogue.load()
    found = pairs(
        lambda: seconds(lambda: resolve([loaded], None, known, "2026-11-28", enforce=False)),
        lambda: seconds(lambda: yaml.load(source.data, Loader=yaml.CSafeLoader)),
        runs,
    )
    return ratio(f"resolve {_APPS:,} apps / CSafeLoader of their list", found, 0.5)

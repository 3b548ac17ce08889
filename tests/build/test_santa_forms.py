"""Hold the two forms of Santa's rules to one meaning: managed preferences, which MDMs keep, and a payload of Santa's own type."""

from __future__ import annotations

from typing import Any

import pytest
from build_kit import TARGETS, built, identifier, inline, resolved

from mdm_policy.kinds import open_document, read

_TYPES = {"managed-preferences": "com.apple.ManagedClient.preferences", "flat": "com.northpolesec.santa"}
_BANS = (
    inline("Tool", identifier("macos", "signing_id", "ABCDE12345:com.example.tool")),
    inline("Firm", identifier("macos", "team_id", "QWERT12345")),
)


def _payload(data: bytes) -> dict[str, Any]:
    document = open_document("made", data)
    while document.kind != "apple-profile":
        ((_, document),) = document.inner
    (payload,) = document.value["PayloadContent"]
    return dict(payload)


@pytest.mark.parametrize("target", ["macos-santa", "jamf-macos-profile"])
@pytest.mark.parametrize("form", [*_TYPES, None])
def test_both_forms_mean_the_same(target: str, form: str | None) -> None:
    options = {target: {"form": form}} if form else {}
    _, files = built(resolved(*_BANS), [target], TARGETS, options)
    made = {path: data for path, data in files.items() if not path.endswith(".md")}
    assert made
    for path, data in made.items():
        assert _payload(data)["PayloadType"] == _TYPES[form or "managed-preferences"]
        assert {effect.key for effect in read(open_document(path, data)).effects} == {
            ("macos", "signing_id", "ABCDE12345:com.example.tool"),
            ("macos", "team_id", "QWERT12345"),
        }

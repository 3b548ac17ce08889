"""Find the places where a policy puts an app to use: a banned app there is a contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.documents import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

_USES = (
    "permittedInputMethods",
    "permittedAccessibilityServices",
    "alwaysOnVpnPackage",
    "defaultApplicationSettings",
    "setupActions",
    "persistentPreferredActivities",
    "choosePrivateKeyRules",
)


def used_packages(top: dict[str, Any], base: str) -> Iterator[tuple[str, str]]:
    """Yield (package, pointer) of every text below those fields; an activity `package/class` counts as its package."""
    waiting: list[tuple[str, Any]] = [(f"{base}/{key}", top[key]) for key in reversed(_USES) if key in top]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((at + pointer(key), below) for key, below in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{at}/{place}", below) for place, below in enumerate(value))
        elif isinstance(value, str):
            yield value.partition("/")[0], at

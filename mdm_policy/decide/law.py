"""Hold the facts that no document changes: the device states in which no setting could hold a ban."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.kinds.apple.rules import FIRST_LISTS
from mdm_policy.model import Frozen
from mdm_policy.reading import Cause  # noqa: TC001 - msgspec reads the fields' types at run time

if TYPE_CHECKING:
    from mdm_policy.decide.states import DeviceState


class Against(Frozen, frozen=True, gc=False):
    """State why a ban cannot hold in a state; `always` says that even a document that claims to block does not."""

    cause: Cause
    fact: str
    always: bool = False
    source: str = ""


_APPLE = "apple/device-management@97a11a8 mdm/profiles/com.apple.applicationaccess.yaml (OS 27)"
_BYOD = Against(
    "personal-side",
    "a personally owned device with a work profile offers no control of its personal side",
    always=True,
    source="jasonbayton/11ty@239387e manage-personal-apps-work-profile",
)
_WATCH = Against("no-deny-list", "watchOS has no list that denies apps", source=_APPLE)
_VISION = Against("no-deny-list", "visionOS before 27 has no list that denies apps", source=_APPLE)
_UNSUPERVISED = Against(
    "unsupervised",
    "an unsupervised device reports the list as applied and ignores it",
    source="gxvz-dev/iosappblock-intune README",
)
_USER = Against(
    "user-enrollment",
    "under user enrollment none of Apple's lists apply; only managed apps can be removed",
    source=_APPLE,
)
_OLD = Against("too-old", "this version of the system has no list that denies apps", source=_APPLE)


def law_against(state: DeviceState) -> Against | None:
    """Return why no setting could hold a ban in a state, or None where one could."""
    platform = state.platform
    if platform == "android":
        return _BYOD if state.mode == "byod" and state.side == "personal" else None
    if platform == "watchos":
        return _WATCH
    if platform == "visionos" and state.os < (27,):
        return _VISION
    if platform not in ("ios", "ipados", "tvos", "visionos"):
        return None
    if state.enrollment == "user":
        return _USER
    if not state.supervised:
        return _UNSUPERVISED
    return _OLD if state.os < FIRST_LISTS.get(platform, (0,)) else None

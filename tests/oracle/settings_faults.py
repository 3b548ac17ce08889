"""Where the product is known to read declarations wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.common import HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _allowed(found: Disagreement) -> list[dict[str, Any]]:
    payloads = [one.tree["Payload"] for one in found.scenario.documents if "Payload" in one.tree]
    return [one["Allowed"] for one in payloads if isinstance(one, dict) and isinstance(one.get("Allowed"), dict)]


def _empty(found: Disagreement) -> bool:
    return found.said == HELD and any(
        one.get(key) == [] for one in _allowed(found) for key in ("AllowedApps", "AllowedBinaries")
    )


def _faceless(found: Disagreement) -> bool:
    lists = [one["DeniedBinaries"] for one in _allowed(found) if isinstance(one.get("DeniedBinaries"), list)]
    items = [item for items in lists for item in items if isinstance(item, dict)]
    return found.said == HELD and any(not set(item) & {"CDHash", "TeamID", "SigningID"} for item in items)


def _token(found: Disagreement) -> bool:
    return found.said == HELD and any(
        not isinstance(one.tree.get("ServerToken", ""), str) for one in found.scenario.documents
    )


def _several(found: Disagreement) -> bool:
    return sum(key in one for one in _allowed(found) for key in ("AllowedApps", "AllowedBinaries")) > 1


def _team(found: Disagreement) -> bool:
    bans_a_team = any(
        set(app.get("macos", ())) == {"team_id"} for app in found.scenario.apps if app["name"] == found.app
    )
    return found.said == HELD and bans_a_team and any("AllowedBinaries" in one for one in _allowed(found))


SETTINGS_FAULTS = (
    Settled(
        "binary-without-identity",
        "Deny: CDHash or TeamID or SigningID required.",
        "Apple, AppSettings, DeniedBinaries",
        _faceless,
    ),
    Settled("empty-allow-list", "No source says that an empty allow list hides everything.", "none", _empty),
    Settled(
        "team-let-in-by-one-of-its-apps",
        "Within one item all fields must match: an allowed TeamID with SigningID lets in one program of a team that is banned whole.",
        "apple/device-management app.settings.yaml",
        _team,
    ),
    Settled(
        "envelope-of-a-declaration",
        "ServerToken: string, required.",
        "apple/device-management declarationbase.yaml",
        _token,
    ),
    Settled(
        "several-allow-lists", "AllowedApps: set-intersection.", "apple/device-management app.settings.yaml", _several
    ),
)

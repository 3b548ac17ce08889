"""Hold what Santa's rules, modes and path expressions do, as data with source.

Santa asks its rules first, from the most special kind to the most general, then the paths, then its mode.
"""

from __future__ import annotations

from mdm_policy.kinds.collector import ANY, fact
from mdm_policy.reading import Rule, Setting

_SOURCE = "northpolesec/santa@5f31541e Source/common/SNTRule.mm and docs (2026-08-21)"
_DOCS = "northpolesec/santa@17bf22cf docs/docs/features/binary-authorization.md (rule types, scope, client mode)"
_RESIGNED = "a copy signed anew, also ad hoc (santa issue 300), and Macs without the Santa agent"
CONFIGURED = Rule(
    "santa-configured",
    "santa",
    "none",
    "allowed",
    "weak",
    fact("all of Santa's keys belong in one profile", f"{_DOCS}, profile-configuration.md"),
    introduced={"macos": ANY},
    setting=Setting("Santa's configuration", "one-document"),
    why="it says that the document sets keys of Santa, and nothing of any app",
)
"""Says that a document sets keys of Santa: no page says what becomes of those of several."""

SIGNING_ID = Rule(
    "santa-signing-id",
    "santa",
    "block",
    "blocked",
    "partial",
    fact("a SIGNINGID rule with a BLOCKLIST policy refuses to launch what carries TEAMID:signing.id", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RESIGNED,
)
TEAM_ID = Rule(
    "santa-team-id",
    "santa",
    "block",
    "blocked",
    "partial",
    fact("a TEAMID rule with a BLOCKLIST policy refuses to launch all that a team signed", _SOURCE),
    introduced={"macos": ANY},
    escapes=_RESIGNED,
)
CDHASH = Rule(
    "santa-cdhash",
    "santa",
    "block",
    "blocked",
    "weak",
    fact("a CDHASH rule with a BLOCKLIST policy refuses to launch one build of a program", _SOURCE),
    introduced={"macos": ANY},
    escapes="every other version of the app",
)
BINARY = Rule(
    "santa-binary",
    "santa",
    "block",
    "blocked",
    "weak",
    fact("a BINARY rule with a BLOCKLIST policy refuses to launch one file, known by its SHA-256", _DOCS),
    introduced={"macos": ANY},
    escapes="every other version of the app",
)
CERTIFICATE = Rule(
    "santa-certificate",
    "santa",
    "block",
    "blocked",
    "weak",
    fact("a CERTIFICATE rule with a BLOCKLIST policy refuses to launch what one leaf certificate signed", _DOCS),
    introduced={"macos": ANY},
    escapes="what the same team signs with another certificate",
)
ALLOWED = Rule(
    "santa-allow",
    "santa",
    "allow",
    "allowed",
    "strong",
    fact("an ALLOWLIST policy lets the program launch", _SOURCE),
    introduced={"macos": ANY},
)
PARTLY_ALLOWED = Rule(
    "santa-allow-one-program",
    "santa",
    "allow",
    "unknown",
    "strong",
    fact("a SIGNINGID rule with an ALLOWLIST policy lets one program of the team launch", _DOCS),
    introduced={"macos": ANY},
)
"""Acts on the team and on the bare id of a signing id that is allowed: of an app known by these alone nobody can tell."""
PARTLY_DECIDED = Rule(
    "santa-one-program-by-expression",
    "santa",
    "allow",
    "unknown",
    "strong",
    fact(
        "a SIGNINGID rule with a CEL policy decides about one program of the team, whatever its team's rule says", _DOCS
    ),
    introduced={"macos": ANY},
)
LOCKDOWN = Rule(
    "santa-lockdown",
    "santa",
    "allow-only",
    "blocked",
    "partial",
    fact("in Lockdown (ClientMode 2) Santa refuses to launch what no rule and no path expression allows", _DOCS),
    introduced={"macos": ANY},
    origins=("store", "sideloaded"),
    escapes="Macs without the Santa agent",
)
"""Of Apple's own software Santa lets much through by itself, so the mode proves nothing of what comes with macOS."""
STANDALONE = Rule(
    "santa-standalone",
    "santa",
    "allow-only",
    "blocked",
    "weak",
    fact("in Standalone (ClientMode 3) Santa holds what no rule allows until the user approves it", _DOCS),
    introduced={"macos": ANY},
    origins=("store", "sideloaded"),
    escapes="what the user approves with Touch ID or a password",
)
BLOCKED_PATH = Rule(
    "santa-blocked-path",
    "santa",
    "allow-only",
    "unknown",
    "weak",
    fact("BlockedPathRegex refuses to launch what no rule names and whose path the expression matches", _DOCS),
    introduced={"macos": ANY},
    escapes="a program in another folder",
    why="nobody can tell whether the path of the app matches BlockedPathRegex",
    cause="condition",
)
RULES = (
    CONFIGURED,
    SIGNING_ID,
    TEAM_ID,
    CDHASH,
    BINARY,
    CERTIFICATE,
    ALLOWED,
    PARTLY_ALLOWED,
    PARTLY_DECIDED,
    LOCKDOWN,
    STANDALONE,
    BLOCKED_PATH,
)

"""List what AppLocker's rules do to apps: one rule of ours for each way in which a rule of AppLocker's can name programs."""

from __future__ import annotations

from mdm_policy.kinds.collector import fact
from mdm_policy.reading import Rule

_CSP = "MicrosoftDocs/windows-itpro-docs applocker-csp.md and its XSD (2026-08)"
_WORK = "MicrosoftDocs/windows-itpro-docs applocker/working-with-applocker-rules.md (2023-12)"
_CONDITION = (
    "MicrosoftDocs/windows-itpro-docs applocker/understanding-the-publisher-rule-condition-in-applocker.md (2024-09)"
)
_WINDOWS: dict[str, tuple[int, ...]] = {"windows": (10,)}
SERVICES = "programs that run as a service or as SYSTEM"
"""What AppLocker does not hold unless a collection says so (applocker/rule-collection-extensions.md, 2024-06)."""

PUBLISHER = Rule(
    "applocker-exe-publisher",
    "applocker-exe",
    "block",
    "blocked",
    "partial",
    fact("a Deny publisher rule for executables stops all that a publisher signed", _CSP),
    introduced=_WINDOWS,
    escapes="copies that are unsigned or signed by another publisher",
)
PRODUCT = Rule(
    "applocker-exe-product",
    "applocker-exe",
    "block",
    "blocked",
    "partial",
    fact("a Deny publisher rule may name one product of a publisher", _CONDITION),
    introduced=_WINDOWS,
    escapes="other products, and copies that are unsigned or signed by another publisher",
)
BINARY_NAME = Rule(
    "applocker-exe-binary-name",
    "applocker-exe",
    "block",
    "blocked",
    "partial",
    fact(
        "a Deny publisher rule may name one binary of a publisher, by the original name in its version resource",
        _CONDITION,
    ),
    introduced=_WINDOWS,
    escapes="other binaries, and copies that are unsigned or signed by another publisher",
)
PATH = Rule(
    "applocker-exe-path",
    "applocker-exe",
    "block",
    "blocked",
    "weak",
    fact("a Deny path rule stops a file name or folder", _CSP),
    introduced=_WINDOWS,
    escapes="copies that are renamed or stand in another folder",
)
HASH = Rule(
    "applocker-exe-hash",
    "applocker-exe",
    "block",
    "blocked",
    "weak",
    fact("a Deny hash rule stops one build of a file", _WORK),
    introduced=_WINDOWS,
    escapes="all other builds",
)
UNLISTED = Rule(
    "applocker-exe-unlisted",
    "applocker-exe",
    "block",
    "blocked",
    "strong",
    fact("a collection with rules stops every program that none of its Allow rules names", _WORK),
    introduced=_WINDOWS,
)
INSTALLER = Rule(
    "applocker-msi-publisher",
    "applocker-msi",
    "block",
    "not-installable",
    "partial",
    fact("a Deny publisher rule for MSI stops a publisher's installers, not its programs", _CSP),
    introduced=_WINDOWS,
    escapes="other kinds of installer",
)
INSTALLER_OTHER = Rule(
    "applocker-msi-file",
    "applocker-msi",
    "block",
    "not-installable",
    "weak",
    fact("a Deny rule for MSI may name the path or hash of an installer", _CSP),
    introduced=_WINDOWS,
    escapes="other kinds of installer, and copies that are renamed or stand in another folder",
)
INSTALLER_UNLISTED = Rule(
    "applocker-msi-unlisted",
    "applocker-msi",
    "block",
    "not-installable",
    "weak",
    fact("a collection with rules stops every installer that none of its Allow rules names", _WORK),
    introduced=_WINDOWS,
    escapes="other kinds of installer",
)
APPX_NAME = Rule(
    "applocker-appx-name",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact("a Deny rule for packaged apps stops a package by its name", _CSP),
    introduced=_WINDOWS,
)
APPX_PUBLISHER = Rule(
    "applocker-appx-publisher",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact("a Deny rule for packaged apps stops all packages of a publisher", _CSP),
    introduced=_WINDOWS,
)
APPX_UNLISTED = Rule(
    "applocker-appx-unlisted",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact("a collection with rules stops every packaged app that none of its Allow rules names", _WORK),
    introduced=_WINDOWS,
)
PACKAGES_STOPPED = Rule(
    "applocker-appx-without-rules",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact(
        "no packaged app runs where rules for executables are enforced and none for packaged apps is there (event 8027)",
        "MicrosoftDocs/windows-itpro-docs applocker/using-event-viewer-with-applocker.md (2024-09), "
        "working-with-applocker-rules.md (2023-12)",
    ),
    introduced=_WINDOWS,
)
OTHER_FILES = Rule(
    "applocker-other-files",
    "applocker-exe",
    "none",
    "allowed",
    "weak",
    fact("rules for libraries, scripts and managed installers name no app", _WORK),
    introduced=_WINDOWS,
    why="rules for libraries, scripts and managed installers name no app",
    cause="no-effect",
)
RULES = (
    PUBLISHER,
    PRODUCT,
    BINARY_NAME,
    PATH,
    HASH,
    UNLISTED,
    INSTALLER,
    INSTALLER_OTHER,
    INSTALLER_UNLISTED,
    APPX_NAME,
    APPX_PUBLISHER,
    APPX_UNLISTED,
    PACKAGES_STOPPED,
    OTHER_FILES,
)

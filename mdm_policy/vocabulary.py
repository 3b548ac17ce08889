"""Hold each list of words once: platforms, kinds of identifiers, how devices are managed, verdicts, duties.

Types (`Literal`) are for checkers, tuples for programs; each tuple follows from its type, or a test holds the two equal. The
order of a tuple is the order in which lists, schemas and messages give the words, unless it says otherwise.
"""

from __future__ import annotations

from typing import Literal, get_args

Family = Literal["ios", "android", "macos", "windows", "web"]
Platform = Literal["ios", "ipados", "tvos", "visionos", "watchos", "macos", "android", "chromeos", "windows"]
Kind = Literal[
    "bundle_id",
    "app_store_id",
    "package_name",
    "team_id",
    "signing_id",
    "cdhash",
    "process_name",
    "appx_name",
    "package_family_name",
    "publisher",
    "publisher_cn",
    "certificate",
    "product_name",
    "original_file_name",
    "executable",
    "winget_id",
    "product_code",
    "domain",
    "url",
]
Confidence = Literal["verified", "single-source", "unsourced", "unverified", "stated"]
Role = Literal["main", "variant", "helper", "installer"]
"""What an identifier names of its app: the app, another edition of it (Lite, regional), a part of it (an extension, a mini
program, an updater), or the program that installs it. Helpers and installers are no gap of their own, and prove nothing."""
Duty = Literal["no-install", "no-launch", "remove", "no-traffic"]
Removal = Literal["offer", "enforce"]
"""What a build does about installed copies: it offers scripts that only say what they would remove, or writes those that do."""
Strength = Literal["strong", "partial", "weak"]
Verdict = Literal[
    "blocked",
    "hidden",
    "not-installable",
    "removed",
    "reported-only",
    "allowed",
    "unenforceable",
    "unknown",
    "excepted",
    "not-applicable",
]
ClaimedVerdict = Literal["blocked", "hidden", "removed", "not-installable"]
"""What a target may claim that its documents do."""
Enrollment = Literal["automated", "device", "user"]
"""How Apple devices are enrolled."""
Mode = Literal["fully-managed", "dedicated", "cope", "byod"]
"""How Android devices are managed."""
Side = Literal["device", "work", "personal"]
AppOrigin = Literal["store", "sideloaded", "preinstalled", "web"]
CollateralEffect = Literal["stops", "opens", "removes"]
"""What a document does to something beside the ban: it stops it, opens it, or removes it for good."""
CollateralThing = Literal[
    "packaged-apps",
    "unlisted-apps",
    "unlisted-programs",
    "unsigned-programs",
    "running-apps",
    "namesakes",
    "shared-sites",
    "sideloading",
    "adding-users",
    "compliance",
    "script-hosts",
    "local-rules",
    "managed-store",
    "personal-store",
    "allow-list",
    "apps",
    "scope",
    "other-settings",
]
"""What is hit beside the ban; `mdm_policy.collateral` says each in a sentence."""
CollateralCase = Literal["always", "alone", "closed-before", "merged", "updated", "replaced"]
"""When it is hit: always; as long as nothing else on the device makes good what the document lacks (`alone`); where it was
closed before; in one policy with an allow list (`merged`); when an object that exists is updated with the file; when it
takes the place of a policy that exists (`replaced`)."""

FAMILIES: tuple[Family, ...] = ("ios", "macos", "android", "windows", "web")
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
FAMILY_OF: dict[str, Family] = {
    "ios": "ios",
    "ipados": "ios",
    "tvos": "ios",
    "visionos": "ios",
    "watchos": "ios",
    "macos": "macos",
    "android": "android",
    "chromeos": "android",
    "windows": "windows",
}
"""The family whose identifiers a device platform takes: every mobile Apple platform takes `ios:` identifiers."""
APPLE_PLATFORMS: tuple[Platform, ...] = ("ios", "ipados", "tvos", "visionos", "watchos", "macos")
KINDS: tuple[Kind, ...] = get_args(Kind)
KINDS_BY_FAMILY: dict[Family, tuple[Kind, ...]] = {
    "ios": ("bundle_id", "app_store_id"),
    "macos": ("bundle_id", "app_store_id", "team_id", "signing_id", "cdhash", "process_name"),
    "android": ("package_name",),
    "windows": (
        "package_family_name",
        "appx_name",
        "publisher",
        "publisher_cn",
        "certificate",
        "product_name",
        "original_file_name",
        "executable",
        "winget_id",
        "product_code",
    ),
    "web": ("domain", "url"),
}
"""The kinds a family's identifiers come in, in the order in which a list writes them."""
CATALOGUE_CONFIDENCES: tuple[Confidence, ...] = ("verified", "single-source", "unsourced", "unverified")
"""The best first; an identifier that only a list gives is `stated`."""
DUTIES: tuple[Duty, ...] = get_args(Duty)
DEFAULT_DUTIES: tuple[Duty, ...] = ("no-install", "no-launch")
"""What an adopted list orders when neither it nor its adoption says what."""
ENROLLMENTS: tuple[Enrollment, ...] = get_args(Enrollment)
MODES: tuple[Mode, ...] = get_args(Mode)
MODES_BY_CONTROL: tuple[Mode, ...] = ("fully-managed", "cope", "dedicated", "byod")
"""Android's modes, the one with the most control first."""
SIDES_OF: dict[str, tuple[Side, ...]] = {
    "fully-managed": ("device",),
    "dedicated": ("device",),
    "cope": ("work", "personal"),
    "byod": ("work", "personal"),
}
"""The sides that an Android device has in each mode."""
APP_ORIGINS: tuple[AppOrigin, ...] = get_args(AppOrigin)
INSTALLED_ORIGINS: tuple[AppOrigin, ...] = ("store", "sideloaded", "preinstalled")
"""Where an app on a device can come from; an app in a browser is not installed."""
OTHER_MDM = "other"
"""Any MDM or EMM that has no word of its own here."""
MDMS = ("intune", "jamf", "amapi", "fleet", "kmfddm", "nanomdm", OTHER_MDM)
"""The words of `managed_by`: the MDMs that targets are made for, and the one for all others."""
STRENGTH_RANK: dict[Strength, int] = {"weak": 0, "partial": 1, "strong": 2}
VERDICT_RANK: dict[Verdict, int] = {
    "allowed": 2,
    "reported-only": 3,
    "unenforceable": 4,
    "unknown": 5,
    "not-installable": 6,
    "hidden": 7,
    "blocked": 8,
    "removed": 9,
}
"""How well an app is held back by what devices do; whether it is excepted or exists at all is no question of rank."""
COLLATERAL: dict[CollateralEffect, tuple[CollateralThing, ...]] = {
    "stops": (
        "packaged-apps",
        "unlisted-apps",
        "unlisted-programs",
        "unsigned-programs",
        "running-apps",
        "namesakes",
        "shared-sites",
        "sideloading",
        "adding-users",
        "compliance",
        "script-hosts",
        "local-rules",
    ),
    "opens": ("managed-store", "personal-store", "allow-list"),
    "removes": ("apps", "scope", "other-settings"),
}
"""The things that each effect can hit."""

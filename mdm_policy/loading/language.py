"""State the language: every key of the ban list, the deployment and the device classes, in one table.

The loader reads by it, and editors complete and check by the JSON Schemas that come from it.
"""

from __future__ import annotations

from typing import get_args

from mdm_policy.loading import bans, deployments
from mdm_policy.loading.destinations import DESTINATIONS
from mdm_policy.loading.identifier_shapes import Domains, Identifiers
from mdm_policy.loading.leaves import Choice, Day, Flag, Grammar, OsRange, Scalar, Text
from mdm_policy.loading.shapes import AllOr, Field, Many, RecordShape, TableShape
from mdm_policy.vocabulary import APP_ORIGINS, DUTIES, ENROLLMENTS, MDMS, MODES, PLATFORMS, Removal

_NAME = Text(name=True)
_LIST_ID = Text(
    grammar=Grammar(
        "list-id",
        r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?",
        "write lower-case letters, digits, `.`, `_` and `-`, at most 80, such as `us-eo-13971`: files are named by it",
    )
)
_ORGANIZATION_ID = Text(
    grammar=Grammar(
        "organization-identifier",
        r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}",
        "write a domain of yours backwards, such as `gov.example.agency`: profiles are named by it",
    )
)
_DUTIES = Choice(DUTIES)
_PLATFORM = Choice(PLATFORMS)
ENROLLMENT = Choice(ENROLLMENTS)
MODE = Choice(MODES)
APP_ORIGIN = Choice(APP_ORIGINS)
_NOTE = Field("Free text for people; nothing reads it.", Text(lines=True))

IDENTIFIERS = {
    "ios": Field(
        "What the app is called on iPhone, iPad, Apple TV, Apple Vision and Apple Watch.",
        Identifiers(
            "ios",
            {
                "bundle_id": "Bundle ids, in the exact case the App Store has, such as `com.tencent.xin`.",
                "app_store_id": 'The digits of the App Store address, in quotes, such as `"414478124"`.',
            },
        ),
    ),
    "macos": Field(
        "What the app is called on the Mac.",
        Identifiers(
            "macos",
            {
                "bundle_id": "Bundle ids, in the exact case of the program's Info.plist.",
                "app_store_id": "The digits of the Mac App Store address, in quotes; no list of a device compares them.",
                "team_id": "The ten characters of the developer's team; beside a bundle id they qualify it.",
                "signing_id": "Signing ids with their team, such as `TEAMID1234:com.example.app`.",
                "cdhash": "The 40 hexadecimal digits that identify one exact build.",
                "process_name": "The name of the program's file; weak, since a renamed copy escapes.",
            },
        ),
    ),
    "android": Field(
        "What the app is called on Android and ChromeOS.",
        Identifiers(
            "android", {"package_name": "Package names, in the exact case of the store, such as `com.tencent.mm`."}
        ),
    ),
    "windows": Field(
        "What the app is called on Windows.",
        Identifiers(
            "windows",
            {
                "package_family_name": "Names of Store packages with the publisher's hash, `Name_hash`.",
                "appx_name": "Names of Store packages without the publisher's hash.",
                "publisher": "Whole distinguished names of the signer, such as `O=NAME, L=CITY, C=CN`; a comma in a name may "
                "stand bare or the name in quotes.",
                "publisher_cn": "Common names alone of the signer's certificate, as App Control compares them.",
                "certificate": "TBS hashes (hexadecimal) of the certificates that issued the signer's; they narrow a "
                "`publisher_cn`, and alone name thousands of vendors.",
                "product_name": "Product names in the programs' version resources, which survive a renaming.",
                "original_file_name": "Original file names in the programs' version resources; often not the name on disk.",
                "executable": "File names that end in `.exe`; weak, since a renamed copy escapes.",
                "winget_id": "Ids of the winget catalogue, such as `Tencent.WeChat`.",
                "product_code": "The `{GUID}` of an MSI package, or the name of its key under `Uninstall`, in any script.",
            },
        ),
    ),
    "domains": Field("Domains the app talks to; a domain covers its subdomains.", Domains()),
}

_OVERRIDE = RecordShape(
    "an allowed dangerous identifier",
    {
        "id": Field("The identifier that a guard would refuse to block.", Text(), required=True),
        "reason": Field("Why it is to be blocked all the same.", Text(lines=True), required=True),
    },
    bans.make_override,
)

BAN = RecordShape(
    "a ban",
    {
        "app": Field(
            "The banned app, the whole of it: its catalogue key (`mdm-policy lookup` finds it), or a name or an identifier "
            "that is its alone.",
            _NAME,
        ),
        "feature": Field(
            "The banned feature of an app, such as a wallet; devices can only block the whole app.", _NAME
        ),
        "implemented_by": Field("The catalogue key of the app that the banned feature is part of.", _NAME),
        "vendor": Field("The catalogue key of a vendor; all its apps are banned.", _NAME),
        "name": Field(
            "The name of an app that is given by its identifiers here: these are banned, and no others.", _NAME
        ),
        **IDENTIFIERS,
        "not_on": Field(
            "Platforms on which the app does not exist, so that a missing identifier there is no gap; `ios` is all that takes "
            "`ios:` identifiers, `android` ChromeOS too.",
            Many(_PLATFORM, single=True),
        ),
        "allow_dangerous": Field("Identifiers to block although a guard would refuse them.", Many(_OVERRIDE)),
        "note": _NOTE,
    },
    bans.make_ban,
    one_of=("app", "feature", "vendor", "name"),
    needs={
        "feature": ("implemented_by",),
        "implemented_by": ("feature",),
    },
    needs_one=dict.fromkeys(bans.IDENTIFIER_KEYS, ("name", "app")),
)

_REVOCATION = RecordShape(
    "a revocation",
    {
        "on": Field("The day from which the authority is no longer in force.", Day(), required=True),
        "by": Field("The act that revokes it.", Text(), required=True),
    },
)

_AUTHORITY = RecordShape(
    "an authority",
    {
        "citation": Field("The order, law or directive, as it is cited.", Text(), required=True),
        "title": Field("What the act is called.", Text()),
        "source": Field("Where the text of the act can be read: an address or a document.", Text()),
        "issued": Field("The day the act was signed or published.", Day()),
        "effective": Field("The first day on which it is in force; without it, it is in force from the start.", Day()),
        "revoked": Field("When and by what the act ended.", _REVOCATION),
        "duties": Field(
            "What it orders for devices; `[]` for an act that orders nothing about them. Without it: no-install, no-launch.",
            Many(_DUTIES, filled=False),
        ),
        "note": _NOTE,
    },
    bans.make_authority,
)

_EXCEPTION = RecordShape(
    "an exception",
    {
        "app": Field("The banned app that some groups may use.", _NAME, required=True),
        "category": Field(
            "The ground that the authority recognises.",
            Choice(("law-enforcement", "national-security", "security-research", "other")),
            required=True,
        ),
        "approved_by": Field("Who approved the exception.", Text(), required=True),
        "document": Field("Where the approval is recorded.", Text(), required=True),
        "groups": Field("The groups of devices it is for; never everyone.", Many(_NAME), required=True),
        "until": Field("The last day on which it holds.", Day(), required=True),
        "note": _NOTE,
    },
    bans.make_waiver,
)

BAN_LIST = RecordShape(
    "a ban list",
    {
        "ban_list": Field("The list's id, by which deployments and reports name it.", _LIST_ID, required=True),
        "title": Field("The list's name for people.", _NAME),
        "authority": Field("The legal or organizational source of the list.", _AUTHORITY, required=True),
        "include": Field(
            "Other lists, or CSV files, whose bans and exceptions become part of this one.", Many(Text(), single=True)
        ),
        "bans": Field("What is banned.", Many(BAN, filled=False)),
        "exceptions": Field(
            "Approved exceptions for named groups, each with its last day.", Many(_EXCEPTION, filled=False)
        ),
        "note": _NOTE,
    },
    bans.make_draft,
)

_DEVICE = RecordShape(
    "a device class",
    {
        "name": Field("The class's name in reports.", _NAME, required=True),
        "platform": Field("The operating system.", _PLATFORM, required=True),
        "os": Field('Which versions the devices run, such as ">=17" or ">=12, <17".', OsRange()),
        "supervised": Field("Whether Apple devices are supervised; many restrictions hold only there.", Flag()),
        "enrollment": Field("How Apple devices are enrolled.", ENROLLMENT),
        "mode": Field("How Android devices are managed.", MODE),
        "managed_by": Field(f"The MDM that manages them: {', '.join(MDMS)} (any other).", _NAME),
        "groups": Field("The groups that every device of the class is in.", Many(_NAME, filled=False)),
        "origins": Field(
            "Where apps on these devices can come from; without it, store and sideloaded are assumed.",
            Many(APP_ORIGIN),
        ),
        "user_affinity": Field(
            "Whether each device belongs to a user whom the MDM knows; an assignment to all users reaches no other.",
            Flag(),
        ),
        "note": _NOTE,
    },
    deployments.make_device,
)

_DEVICES_FIELD = Field("The kinds of devices that exist.", Many(_DEVICE))

DEVICES = RecordShape(
    "a file of device classes",
    {"devices": Field(_DEVICES_FIELD.doc, _DEVICES_FIELD.shape, required=True)},
    deployments.make_devices,
)

_ORGANIZATION = RecordShape(
    "an organization",
    {
        "name": Field("The organization's name, which profiles show.", _NAME, required=True),
        "identifier": Field(
            "Its identifier, a domain backwards, such as `gov.example.agency`.", _ORGANIZATION_ID, required=True
        ),
    },
)

_ADOPTION = RecordShape(
    "an adoption",
    {
        "by": Field("The decision that adopts the list.", Text(), required=True),
        "since": Field("The first day on which the organization enforces it.", Day(), required=True),
        "duties": Field("What it orders for devices. Without it: no-install, no-launch.", Many(_DUTIES)),
        "note": _NOTE,
    },
    deployments.make_adoption,
)

_GAP = RecordShape(
    "an accepted gap",
    {
        "app": Field("The banned app that stays possible.", _NAME, required=True),
        "device": Field("The name of the device class on which it stays possible.", _NAME, required=True),
        "reason": Field("Why the organization accepts it.", Text(lines=True), required=True),
        "approved_by": Field("Who approved it.", Text(), required=True),
        "document": Field("Where the approval is recorded.", Text(), required=True),
        "until": Field("The last day on which it is accepted.", Day(), required=True),
        "note": _NOTE,
    },
    deployments.make_gap,
)

_ACCEPTED_FINDING = RecordShape(
    "an accepted finding",
    {
        "id": Field("The id of the finding, as every report gives it.", _NAME, required=True),
        "target": Field("The target whose documents it is about.", _NAME),
        "document": Field(
            "A pattern for the name of a document that was not built here, such as `*/export.json`.", Text()
        ),
        "reason": Field("Why the organization accepts it.", Text(lines=True), required=True),
        "approved_by": Field("Who approved it.", Text(), required=True),
        "until": Field("The last day on which it is accepted.", Day(), required=True),
        "note": _NOTE,
    },
    deployments.make_accepted_finding,
    one_of=("target", "document"),
)

_SIGNING = RecordShape(
    "how profiles are signed",
    {
        "key": Field(
            "The private key, a path relative to this file: PEM, DER or PKCS#12. Its passphrase never stands in a file.",
            Text(),
        ),
        "cert": Field("The signer's certificate, a path; not needed if it is in the key's file.", Text()),
        "chain": Field("The certificates that lead to the root, paths.", Many(Text(), single=True)),
        "targets": Field("The targets whose profiles are signed; without it, all that can be.", Many(_NAME)),
        "note": _NOTE,
    },
    deployments.make_signing,
)

DEPLOYMENT = RecordShape(
    "a deployment",
    {
        "organization": Field("Whose devices these are.", _ORGANIZATION, required=True),
        "lists": Field("The lists that apply: ids of shipped lists, or paths of your own.", Many(Text())),
        "adopt": Field(
            "Lists that are not in force by themselves, and the organization's decision to enforce them.",
            TableShape(Text(), _ADOPTION),
        ),
        "devices": _DEVICES_FIELD,
        "accepted_gaps": Field(
            "Gaps the organization knows and accepts; they are always printed, never called blocked.",
            Many(_GAP, filled=False),
        ),
        "accepted_findings": Field(
            "Warnings the organization knows and accepts: printed, and not counted by `--strict`. Gaps are no findings.",
            Many(_ACCEPTED_FINDING, filled=False),
        ),
        "targets": Field(
            "Which targets are built: `all`, or a list of names or prefixes; without it, what the device classes need.",
            AllOr(Many(_NAME)),
        ),
        "options": Field("Options of targets, by the target's name.", TableShape(_NAME, TableShape(_NAME, Scalar()))),
        "destinations": Field("The places that `plan` and `apply` push to, by a name of your choice.", DESTINATIONS),
        "removal": Field(
            "Whether scripts that remove installed copies by themselves are written (`enforce`); without it, `offer`.",
            Choice(get_args(Removal)),
        ),
        "protected": Field(
            "The organization's own agents, which no list may ever block.",
            RecordShape("the protected identifiers", IDENTIFIERS, deployments.make_protected),
        ),
        "signing": Field("How `build --sign` signs profiles.", _SIGNING),
        "overlays": Field(
            "Files with the organization's own apps beside the catalogue, paths relative to this file.",
            Many(Text(), single=True),
        ),
        "catalogue": Field(
            "The version of the catalogue to build with, a day; `build` and `plan` refuse another.", Day()
        ),
        "note": _NOTE,
    },
    deployments.make_deployment,
)

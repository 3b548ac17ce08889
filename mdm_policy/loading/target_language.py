"""State the language of a target's manifest, `target.yaml`, and of its tests: every key, in one table.

The loader reads by it, and editors complete and check by the JSON Schemas that come from it.
"""

from __future__ import annotations

from typing import get_args

from mdm_policy.loading import deployments, language, target_manifests
from mdm_policy.loading.leaves import Choice, Day, Flag, Grammar, OsRange, Scalar, Text, Whole
from mdm_policy.loading.shapes import Field, Many, RecordShape, TableShape
from mdm_policy.target_model import Encoding, Format, HandedFormat
from mdm_policy.vocabulary import (
    DUTIES,
    FAMILIES,
    KINDS,
    KINDS_BY_FAMILY,
    PLATFORMS,
    ClaimedVerdict,
    CollateralCase,
    CollateralEffect,
    CollateralThing,
    Side,
    Strength,
)

_NAME = Text(name=True)
_TARGET_NAME = Text(
    grammar=Grammar(
        "target-name",
        r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$)(?=.{1,80}$)[a-z0-9]+(?:-[a-z0-9]+)*",
        "write lower-case letters and digits with hyphens between them, at most 80, such as `acme-kiosk`:"
        " a folder is named by it",
    )
)
_MECHANISM = Text(
    grammar=Grammar(
        "mechanism-name",
        r"(?=.{1,60}$)[a-z0-9]+(?:-[a-z0-9]+)*",
        "write lower-case letters and digits with hyphens between them, such as `app-restrictions`",
    )
)
_VERSION = Text(
    grammar=Grammar(
        "os-version",
        r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}",
        'write dotted numbers in quotes, such as "15" or "14.5"; "0" for any version',
    )
)
_IDENTIFIER_KINDS = tuple(f"{family}.{kind}" for family, kinds in KINDS_BY_FAMILY.items() for kind in kinds)

_CLAIM = RecordShape(
    "a claim",
    {
        "name": Field("The name by which documents carry the claim; without it, `ban`.", _NAME),
        "family": Field("The platform family of the identifiers.", Choice(FAMILIES), required=True),
        "kind": Field("The kind of identifier that is blocked.", Choice(KINDS), required=True),
        "verdict": Field("What becomes of the app.", Choice(get_args(ClaimedVerdict)), required=True),
        "strength": Field("How hard the block is to get around.", Choice(get_args(Strength)), required=True),
        "platforms": Field(
            'The first OS version on which the block acts, by device platform; `"0"` for any.',
            TableShape(Choice(PLATFORMS), _VERSION, filled=True),
            required=True,
        ),
        "supervised": Field("Whether only supervised Apple devices obey.", Flag()),
        "enrollments": Field("The enrollments of Apple devices that obey; without it, all.", Many(language.ENROLLMENT)),
        "modes": Field("The Android modes that obey; without it, all.", Many(language.MODE)),
        "sides": Field(
            "The sides of an Android device on which it acts; without it, all.", Many(Choice(get_args(Side)))
        ),
        "origins": Field("The origins of apps that it governs; without it, all.", Many(language.APP_ORIGIN)),
        "option": Field("The option that has to be on for the claim to hold.", _NAME),
        "unless": Field("The option that has to be off for the claim to hold.", _NAME),
        "joined_with": Field(
            "The kinds of the same app, or of its signer, that the document asks for at once with this one.",
            Many(Choice(KINDS)),
        ),
        "cannot_hold": Field(
            "Texts that mean something else in the format: an identifier that holds one is left out, and said.",
            Many(Text()),
        ),
        "capacity": Field("The most entries the vendor takes.", Whole(1)),
        "capacity_source": Field("Who says how many entries the vendor takes.", Text()),
        "source": Field("The vendor's document, with its version, that says so.", Text(), required=True),
    },
    needs={"capacity": ("capacity_source",), "capacity_source": ("capacity",)},
)

_COLLATERAL = RecordShape(
    "collateral",
    {
        "effect": Field("What happens to it.", Choice(get_args(CollateralEffect)), required=True),
        "what": Field("What is hit beside the ban.", Choice(get_args(CollateralThing)), required=True),
        "when": Field("When it is hit; without it, always.", Choice(get_args(CollateralCase))),
        "documents": Field("The documents that do it, by name; without it, all of them.", Many(_NAME)),
        "option": Field("The option that has to be on for it to happen.", _NAME),
        "unless": Field("The option that has to be off for it to happen.", _NAME),
    },
)

_SERVICE = RecordShape(
    "what a target serves",
    {
        "mechanism": Field(
            "How it blocks, in a word or two with hyphens; of several targets with one mechanism a class gets the default.",
            _MECHANISM,
            required=True,
        ),
        "platforms": Field(
            "The platforms of the device classes it is made for; without it, it is for a network and for no class.",
            Many(Choice(PLATFORMS)),
        ),
        "managed_by": Field("The MDMs of these classes, `other` among them; without it, every one.", Many(_NAME)),
        "os": Field('The versions on which the mechanism works, such as ">=15"; without it, all.', OsRange()),
        "duty": Field("The duty that an authority has to order before it is made unasked.", Choice(DUTIES)),
    },
    needs={"managed_by": ("platforms",), "os": ("platforms",)},
)

_OPTION = RecordShape(
    "an option",
    {
        "help": Field("What the option does, in a sentence.", Text(), required=True),
        "default": Field("Its value where a deployment sets none.", Scalar(), required=True),
        "choices": Field("The texts it may be; without it, any value of the default's type.", Many(Text())),
    },
)

_COPY_OF = {
    "target": Field("The target whose document it is.", _NAME, required=True),
    "document": Field("The name of that document.", _NAME, required=True),
}
_COPY = RecordShape("a copied document", _COPY_OF)
_EMBED = RecordShape(
    "an embedded document",
    {
        "name": Field("The name under which the template finds it: `embed.NAME`.", _NAME, required=True),
        **_COPY_OF,
        "as": Field("How it is given; without it, text.", Choice(get_args(Encoding))),
        "always": Field("Whether it is given also when it has nothing to block; without it, it is empty then.", Flag()),
    },
)

_DOCUMENT = RecordShape(
    "a document",
    {
        "name": Field("The document's name within the target.", _NAME, required=True),
        "format": Field("What the file is written as.", Choice(get_args(Format)), required=True),
        "output": Field(
            "The file's path below the target's folder; it may hold `{slug}`, and `{record}` under `for_each`.",
            Text(),
            required=True,
        ),
        "schema": Field(
            "The name of a packaged schema, or a `.json` or `.rng` file beside the template.", Text(), required=True
        ),
        "template": Field("The Jinja template in the target's folder.", Text()),
        "copy_of": Field("Another target's document that is written out unchanged, in place of a template.", _COPY),
        "carries": Field("The claims that the document must keep, by name.", Many(_NAME, filled=False)),
        "for_each": Field("The kind of identifier of which each value gets a document.", Choice(_IDENTIFIER_KINDS)),
        "embed": Field("Other targets' documents that the template inserts.", Many(_EMBED, filled=False)),
        "compact": Field("Whether JSON and XML are written without line ends and indentation.", Flag()),
        "records": Field("Whether the template gets `entries` beside `ids`.", Flag()),
        "instead_of": Field("The document of this target that it is another way to send.", _NAME),
        "read_back": Field(
            "Where the blocked identifiers stand, by claim, in a kind of document no reader knows: `/pointer/*`.",
            TableShape(_NAME, Text()),
        ),
        "sign": Field("Whether it is an Apple profile that can be signed.", Flag()),
        "audit": Field("Whether it only logs what the document of `instead_of` blocks, for a trial.", Flag()),
        "option": Field("The option that has to be on for the document to be made.", _NAME),
        "unclaimed": Field(
            "Kinds of identifiers that the document may block beside its claims, each with the kind whose values it takes.",
            TableShape(Choice(_IDENTIFIER_KINDS), Choice(_IDENTIFIER_KINDS)),
        ),
    },
    one_of=("template", "copy_of"),
)

_HANDED_OVER = RecordShape(
    "a file that is handed over",
    {
        "name": Field("The file's name within the target.", _NAME, required=True),
        "format": Field("What the file is written as.", Choice(get_args(HandedFormat)), required=True),
        "template": Field("The Jinja template in the target's folder.", Text(), required=True),
        "output": Field("The file's path below the target's folder; it may hold `{slug}`.", Text(), required=True),
        "uses": Field(
            "The kinds of identifiers it holds; it is written where one of them is ordered.",
            Many(Choice(_IDENTIFIER_KINDS)),
            required=True,
        ),
        "says": Field("What it does, in a sentence for the page.", Text(), required=True),
        "enforced": Field("Whether it is written only where a deployment says `removal: enforce`.", Flag()),
    },
)

TARGET = RecordShape(
    "a target",
    {
        "target": Field("The target's permanent name.", _TARGET_NAME, required=True),
        "title": Field("What it is, in a few words.", Text(), required=True),
        "vendor": Field("The vendor whose format it is.", Text(), required=True),
        "source": Field("The vendor's document, with its version, that describes the format.", Text(), required=True),
        "summary": Field("What it makes, in a sentence or two.", Text(), required=True),
        "needs": Field("What has to be there before it works, in sentences.", Many(Text(), filled=False)),
        "cannot": Field("What it will not do, in sentences.", Many(Text(), filled=False)),
        "managed_by": Field("The MDM whose devices it is for, such as intune, jamf or amapi; without it, any.", _NAME),
        "modes": Field("The Android modes it is for; without it, all.", Many(language.MODE)),
        "serves": Field("For which device classes it is made unasked, and by which mechanism.", Many(_SERVICE)),
        "console": Field("The console that takes its files, where that is not the one of the devices' MDM.", Text()),
        "alternative_group": Field("The name shared by targets that do the same on one device.", _NAME),
        "default": Field("Whether it is built without being asked for; without it, true.", Flag()),
        "options": Field("What a deployment may set for it, by name.", TableShape(_NAME, _OPTION)),
        "blocks": Field("What its documents block, and under which conditions.", Many(_CLAIM)),
        "documents": Field("The files it makes.", Many(_DOCUMENT)),
        "handed_over": Field(
            "Files that no reader reads, such as scripts: nothing is claimed for them.", Many(_HANDED_OVER)
        ),
        "collateral": Field(
            "What its documents stop, open or remove beside the ban; an empty list says nothing.",
            Many(_COLLATERAL, filled=False),
        ),
        "replaces": Field("The packaged target that it replaces on purpose.", _NAME),
        "import_template": Field("The template of IMPORT.md; without it, `import.md.j2`.", Text()),
    },
    target_manifests.make_manifest,
)

_BLOCKED = RecordShape("the identifiers that a document blocks", language.IDENTIFIERS, deployments.make_protected)

TARGET_TEST = RecordShape(
    "a target's test",
    {
        "as_of": Field("The day that the list is built for.", Day(), required=True),
        "options": Field("Options of the target, as a deployment sets them.", TableShape(_NAME, Scalar())),
        "documents": Field(
            "What each document blocks, by the document's name; one that is not named blocks nothing.",
            TableShape(_NAME, _BLOCKED, filled=True),
            required=True,
        ),
        "note": Field("Free text for people; nothing reads it.", Text(lines=True)),
    },
    target_manifests.make_test,
)

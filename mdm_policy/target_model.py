"""Hold what a target's manifest says: what its documents block, and how they are made.

The types stand below both the loader, which makes them of `target.yaml`, and everything that renders and proves by them.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mdm_policy.errors import Origin  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Frozen, Identifier, OsBound
from mdm_policy.vocabulary import (  # noqa: TC001 - as above
    ClaimedVerdict,
    CollateralCase,
    CollateralEffect,
    CollateralThing,
    Duty,
    Family,
    Kind,
    Platform,
    Side,
    Strength,
)

Format = Literal["plist", "json", "xml", "text", "crlf"]
"""What a file is written as; `text` and `crlf` are plain lines, ended by a line feed or as programs of Windows do."""
HandedFormat = Literal["powershell", "bash", "json"]
Encoding = Literal["text", "compact", "base64"]


class Claim(Frozen, frozen=True):
    """Claim that documents block one kind of identifier, under conditions a reader must find in them as well.

    `platforms` maps a device platform to the OS version from which the block acts (text, `"15"`). `option` names the
    target's option that must be on, `unless` one that must be off. `capacity` is the most entries the vendor (or the
    sheet) allows, `capacity_source` who says so. `joined_with` are kinds of the same app, or of its signer, that the
    document asks for at once; `cannot_hold` are texts that mean something else in the format, so that an identifier with
    one of them in it is left out and said.
    """

    family: Family
    kind: Kind
    verdict: ClaimedVerdict
    strength: Strength
    platforms: dict[str, str]
    source: str
    name: str = "ban"
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    origins: tuple[str, ...] = ()
    option: str = ""
    unless: str = ""
    capacity: int | None = None
    capacity_source: str = ""
    joined_with: tuple[Kind, ...] = ()
    cannot_hold: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """Return what is ordered for it, by the key of the identifiers that resolving orders."""
        return (self.family, self.kind, *self.joined_with)


class StatedCollateral(Frozen, frozen=True):
    """State what documents stop, open or remove beside the ban, and when; a reader must find the same in their bytes.

    `documents` names those that do it; without it, every document of the target does. `option` names the target's option
    that must be on, `unless` one that must be off.
    """

    effect: CollateralEffect
    what: CollateralThing
    when: CollateralCase = "always"
    documents: tuple[str, ...] = ()
    option: str = ""
    unless: str = ""


class Option(Frozen, frozen=True):
    """Describe one option a deployment may set for the target."""

    help: str
    default: bool | int | str
    choices: tuple[str, ...] = ()


class Copy(Frozen, frozen=True):
    """Name another target's document that is written out here unchanged."""

    target: str
    document: str


class Embed(Frozen, frozen=True):
    """Insert another target's canonical document into a template: as text, one line of text, or base64.

    One that has nothing to block is an empty text there, unless it is wanted `always`.
    """

    name: str
    target: str
    document: str
    as_: Encoding = msgspec.field(name="as", default="text")
    always: bool = False


class DocumentSpec(Frozen, frozen=True):
    """Describe one document of a target, or one document per record with `for_each`.

    `carries` names the claims this document must keep; `records` gives the template `entries` beside `ids`; `output` may
    use `{slug}` and, with `for_each`, `{record}`.
    `instead_of` names the document this one is another way to send: a device obeys one of the two.
    `read_back` is for document kinds no reader knows: where a user's document holds the blocked identifiers.
    `sign` says that it is an Apple profile which those who take it may take signed. `audit` says that it only logs what
    the document of `instead_of` blocks. `unclaimed` maps a kind (`windows.original_file_name`) to one whose values the
    document may block as that kind too, in the hope that it helps: nothing is claimed for them. `option` names
    the target's option that must be on for the document to be made.
    """

    name: str
    format: Format
    output: str
    schema: str
    template: str = ""
    copy_of: Copy | None = None
    carries: tuple[str, ...] = ()
    for_each: str = ""
    embed: tuple[Embed, ...] = ()
    compact: bool = False
    records: bool = False
    instead_of: str = ""
    read_back: dict[str, str] = {}
    sign: bool = False
    audit: bool = False
    unclaimed: dict[str, str] = {}
    option: str = ""


class Service(Frozen, frozen=True):
    """Say for which device classes a target is made, and by which mechanism it blocks there.

    Of the targets that serve one class by one mechanism a build makes the default one. `managed_by` holds words of MDMs,
    `os` the versions on which the mechanism works. With a `duty` the target is made only where an authority orders it.
    Without `platforms` it is for a network, and belongs to no class.
    """

    mechanism: str
    platforms: tuple[Platform, ...] = ()
    managed_by: tuple[str, ...] = ()
    os: tuple[OsBound, ...] = ()
    duty: Duty | None = None


class HandedOver(Frozen, frozen=True):
    """Describe a file that no reader reads: a script, or a request that carries one. Nothing is claimed for it.

    `uses` are the kinds of identifiers (`windows.winget_id`) of which one must be ordered; `says` what a person reads of the
    file. `enforced`: it removes by itself, and is written only where a deployment says `removal: enforce`.
    """

    name: str
    format: HandedFormat
    template: str
    output: str
    uses: tuple[str, ...]
    says: str
    enforced: bool = False


class Manifest(Frozen, frozen=True):
    """Hold one target's manifest; `needs` and `cannot` are sentences an admin reads.

    `managed_by` and `modes` say which devices the target is for: those of that MDM, enrolled in those Android modes.
    `serves` says for which declared classes a build makes it unasked, `console` where the files go in, if not in the MDM's.
    `handed_over` are files of which nothing is claimed.
    """

    target: str
    title: str
    vendor: str
    source: str
    summary: str
    blocks: tuple[Claim, ...]
    documents: tuple[DocumentSpec, ...]
    collateral: tuple[StatedCollateral, ...] = ()
    needs: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    alternative_group: str = ""
    default: bool = True
    options: dict[str, Option] = {}
    replaces: str = ""
    import_template: str = "import.md.j2"
    serves: tuple[Service, ...] = ()
    console: str = ""
    handed_over: tuple[HandedOver, ...] = ()


class TargetTest(Frozen, frozen=True):
    """Hold what a target's test expects: the exact identifiers that each document blocks, `places` by document.

    The list that is built stands beside it. `as_of` is the day it is built for; `options` are as a deployment sets them.
    """

    as_of: str
    options: dict[str, Any]
    documents: dict[str, tuple[Identifier, ...]]
    places: dict[str, Origin]
    origin: Origin

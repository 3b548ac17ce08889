"""List every document kind once, in the order in which they are asked: the first that knows a document has it.

To add a kind, write its object in its vendor's room and put it into `ORDER`. The order matters only where the marks of two
kinds can stand in one document: a page before the objects it lists, what states its type before what is known by its
keys alone, a request before the policy that it holds. What an `Unread` claims is of no kind, and nobody further down the
order is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds import snapshot
from mdm_policy.kinds.android import chromeos
from mdm_policy.kinds.android import documents as android
from mdm_policy.kinds.apple import documents as apple
from mdm_policy.kinds.intune import documents as intune
from mdm_policy.kinds.jamf import documents as jamf
from mdm_policy.kinds.kind import UNKNOWN, DocumentKind, Unread
from mdm_policy.kinds.network import documents as network
from mdm_policy.kinds.strangers import STRANGER, tool_of
from mdm_policy.kinds.windows import documents as windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document, Embedded, Format
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import DeviceSlot, Reading, Rule


def _read_unknown(c: Collector) -> Reading:
    tool = tool_of(c.document.value)
    message = "this is not a document mdm-policy knows, so it blocks nothing"
    if tool:
        message = f"this is {tool}; mdm-policy does not read it, so it proves nothing"
    c.say("error", "document-unknown", message, "", "see `mdm-policy targets` for what is read")
    return c.reading(silent=True)


ORDER: tuple[DocumentKind | Unread, ...] = (
    snapshot.INDEX,
    STRANGER,
    apple.CONFIGURATION,
    apple.ACTIVATION,
    apple.PROFILE,
    apple.INSTALL,
    apple.ANSWER,
    apple.PAYLOAD,
    apple.LISTING,
    apple.SANTA_PREFERENCES,
    apple.SANTA_RULES,
    windows.APPLOCKER,
    windows.APP_CONTROL_SUPPLEMENT,
    windows.APP_CONTROL,
    jamf.RESTRICTED_SOFTWARE,
    jamf.MOBILE_PROFILE,
    jamf.MACOS_PROFILE,
    windows.DEFENDER_INDICATORS,
    intune.PAGE,
    intune.TEMPLATE,
    intune.SETTINGS_CATALOG,
    intune.DEVICE_CONFIGURATION,
    intune.MOBILE_APP,
    intune.APP_CONFIGURATION,
    intune.OTHER_OBJECT,
    chromeos.CHROMEOS,
    chromeos.ARC,
    chromeos.APPS,
    chromeos.APP,
    android.CONFIGURATION,
    android.PATCH,
    android.OTHER_REQUEST,
    intune.APPROVE_APPS,
    android.MODIFY,
    android.PAGE,
    android.POLICY,
    android.ANSWER,
    windows.REGISTRY,
    network.ZONE,
    network.DOMAINS,
    windows.BROWSER_POLICY,
)
UNREAD = DocumentKind(
    name=UNKNOWN,
    title="Document of no known kind",
    formats=(),
    recognise=lambda _value: False,
    read=_read_unknown,
    sample=b"",
)
"""Stands for every document that is of no kind here: it blocks nothing, and says so."""
KINDS: dict[str, DocumentKind] = {one.name: one for one in ORDER if isinstance(one, DocumentKind)}
"""Every kind that has a reader, by name."""
RULES: tuple[Rule, ...] = tuple({rule.id: rule for kind in KINDS.values() for rule in kind.rules}.values())
"""Every rule a reader starts from, with the vendor fact it rests on; a document may weaken its own copy."""

_BY_FORMAT: dict[str, tuple[DocumentKind | Unread, ...]] = {
    format_: tuple(one for one in ORDER if format_ in one.formats) for format_ in ("plist", "json", "xml")
}


def kind_named(name: str) -> DocumentKind:
    """Return the kind of a name; `UNREAD` for `unknown` and any other name."""
    return KINDS.get(name, UNREAD)


def identities(document: Document) -> tuple[DeviceSlot, ...]:
    """Name what a document is or delivers of which a device keeps one."""
    kind = kind_named(document.kind)
    own = kind.identities(document)
    if not kind.delivers_embedded:
        return own
    return (*own, *(name for _, inner in document.inner for name in identities(inner)))


class Registry:
    """Know the kinds: what `documents` needs to open a document with all that is inside it."""

    def recognise(self, value: Any, format_: Format) -> str:
        """Return the name of a parsed document's kind; what no kind knows is `unknown`, never a guess."""
        for one in _BY_FORMAT[format_]:
            if one.recognise(value):
                return one.name if isinstance(one, DocumentKind) else UNKNOWN
        return UNKNOWN

    def embedded(self, kind: str, value: Any) -> Iterator[Embedded]:
        """Yield what is packed inside a document of a kind, in document order."""
        yield from kind_named(kind).embedded(value)

"""Open a document as a person has it: whatever its name and encoding, with everything that is packed inside it.

Inner documents stand in their outer one under a pointer, and are named by it: `outer.json#/payload`. A pointer into an
inner document goes on from there, through all layers (`/value/3/payload/PayloadContent/0`); `places` finds its line.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from mdm_policy.documents.binaries import is_binary
from mdm_policy.documents.doubles import NO_KEYS, RepeatedKeys, doubtful
from mdm_policy.documents.embedded import Embedded, EmbeddedPart, EmbeddedText
from mdm_policy.documents.formats import dump, parse, parse_text
from mdm_policy.documents.locate import Format, locate_all
from mdm_policy.documents.plist_grammar import unreadable
from mdm_policy.documents.signed import looks_signed, signed_content, unarmoured
from mdm_policy.documents.sniff import sniff, sniff_text
from mdm_policy.documents.texts import MAX_SIZE, TextReport, TextSource, check_size
from mdm_policy.documents.xml_grammar import unreadable_xml
from mdm_policy.errors import Finding, Origin, PolicyError, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.documents.texts import Twice

_MAX_LAYERS = 8
_BYTES_PER_INNER = 8192
"""How many bytes of the largest document read there are for each document inside one: a Graph object has as many."""
_BASE64_SPACE = " \t\r\n"
_LAYOUT = " \t\r\n"
_ENTITIES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&apos;", "'"),
    ("&#13;", "\r"),
    ("&#10;", "\n"),
    ("&amp;", "&"),
)


class Recogniser(Protocol):
    """Know what documents are: a room above this one has the vendors' marks, and passes them in."""

    def recognise(self, value: Any, format_: Format) -> str:
        """Return the kind of a parsed document, `unknown` when it is none that is known."""

    def embedded(self, kind: str, value: Any) -> Iterator[Embedded]:
        """Yield what is packed inside a document of a kind, in document order."""


class Document(msgspec.Struct, frozen=True):
    """Hold one parsed document, the exact bytes it was parsed from, and the documents inside it.

    `value` is plain data for plist and JSON, and lxml's root element for XML. `inner` pairs a pointer in this document
    with the document embedded there; `findings` says which embedded documents could not be opened, and why. `part` is
    True when this document is a piece of the outer one's own JSON (a page's item, a request's body): its `data` is
    then that piece in canonical form. `envelope` is the signed file that the document was taken from, or is empty. `written`
    holds the bytes as they were handed over where they had to be put into another form to be read, or is empty.
    `repeated` are the pointers of keys that stand twice in one dictionary, `doubts` those with different values. `unreadable`
    says why its consumer cannot read the document, though it is well-formed, or is empty.
    """

    name: str
    kind: str
    format: Format
    value: Any
    data: bytes
    inner: tuple[tuple[str, Document], ...] = ()
    findings: tuple[Finding, ...] = ()
    part: bool = False
    envelope: bytes = b""
    doubts: tuple[str, ...] = ()
    unreadable: str = ""
    repeated: tuple[str, ...] = ()
    written: bytes = b""

    @property
    def handed_over(self) -> bytes:
        """Return the bytes as somebody gave them."""
        return self.written or self.envelope or self.data


def open_with(
    recogniser: Recogniser,
    name: str,
    data: bytes,
    format: Format | None = None,  # noqa: A002 - the word of the field
    *,
    max_size: int = MAX_SIZE,
) -> Document:
    """Open a document: sniff its format unless given, parse, let the recogniser say what it is, and open what is inside.

    White space around strings is kept, since a device compares it too. The content of a signed file is opened without
    judging the signature, which a note says; `data` is then that content.

    Raises:
        PolicyError: when the document itself cannot be read; an inner one that cannot only yields findings.

    """
    return _open_bytes(_Opening(name, max_size // _BYTES_PER_INNER, recogniser), "", data, format, max_size)


class _Opening:
    """Hold the name of the file being opened, who knows what it is, and how many documents inside it may still be."""

    def __init__(self, file: str, most: int, recogniser: Recogniser) -> None:
        self.file = file
        self.recogniser = recogniser
        self.most = most
        self.left = most

    def take(self) -> None:
        """Count one document more.

        Raises:
            _TooManyError: which leaves the whole file unread, unlike what is wrong with one inner document.

        """
        self.left -= 1
        if self.left < 0:
            message = f"the document holds more documents inside it than any export; at most {self.most:,} are read"
            hint = "split it, or raise --max-size"
            raise _TooManyError([error("document-too-many-values", message, Origin(self.file), hint)])


class _TooManyError(PolicyError):
    """Give a whole file up."""


def _open_bytes(opening: _Opening, prefix: str, data: bytes, format_: Format | None, max_size: int) -> Document:
    """Open bytes found in a file under a pointer, the file itself being ``""``."""
    name = _name(opening.file, prefix)
    check_size(name, data, max_size)
    findings: tuple[Finding, ...] = ()
    envelope = b""
    bare = unarmoured(data)
    written, data = (data, bare) if bare is not None else (b"", data)
    if looks_signed(data):
        content = signed_content(data)
        if content is None:
            TextReport(name).fail(
                "document-syntax", "the signed file is damaged or carries no content", hint="export it again"
            )
        envelope, data = data, content
        check_size(name, data, max_size)
        findings = (note("signature-not-checked", "the file is signed; here only its content is read", Origin(name)),)
    format_ = format_ or sniff(name, data)
    twice: list[Twice] = []
    value = parse(name, data, format_, white_space="keep", max_size=max_size, twice=twice)
    parsed = (format_, value, data)
    keys, told = doubtful(name, parsed, twice)
    made = _build(opening, prefix, parsed, (*findings, *told), envelope=envelope, keys=keys)
    return msgspec.structs.replace(made, written=written) if written else made


def _name(file: str, prefix: str) -> str:
    """Name a document inside a file."""
    return f"{file}#{prefix}" if prefix else file


def _build(
    opening: _Opening,
    prefix: str,
    parsed: tuple[Format, Any, bytes],
    findings: tuple[Finding, ...] = (),
    *,
    part: bool = False,
    layer: int = 0,
    envelope: bytes = b"",
    keys: RepeatedKeys = NO_KEYS,
    found_in: Literal["file", "text"] = "file",
) -> Document:
    """Recognise a parsed document and open what is inside it."""
    format_, value, data = parsed
    kind = opening.recogniser.recognise(value, format_)
    inner: list[tuple[str, Document]] = []
    collected = list(findings)
    for found in opening.recogniser.embedded(kind, value) if layer < _MAX_LAYERS else ():
        opening.take()
        try:
            below = keys.below(found.pointer)
            inner.append((found.pointer, _open_inner(opening, prefix + found.pointer, found, layer + 1, below)))
        except _TooManyError:
            raise
        except PolicyError as problem:
            collected.extend(problem.findings)
    name = _name(opening.file, prefix)
    why = _refused_by_consumers(name, format_, data, found_in, collected)
    doubts, repeated = keys
    return Document(
        name, kind, format_, value, data, tuple(inner), tuple(collected), part, envelope, doubts, why, repeated
    )


def _refused_by_consumers(
    name: str, format_: Format, data: bytes, found_in: Literal["file", "text"], collected: list[Finding]
) -> str:
    """Return why what reads the document does not take it, though it is well-formed, and add the finding."""
    if format_ == "plist" and not is_binary(data):
        foreign = unreadable(data)
        if foreign is not None:
            hint = "write the value without it; a comment may stand between elements"
            collected.append(warning("plist-unreadable", foreign.why, Origin(name, *foreign.place), hint))
            return foreign.why
    elif format_ == "xml":
        doubt = unreadable_xml(data, found_in)
        if doubt is not None:
            hint = "write plain XML 1.0 in UTF-8; a comment may stand between elements"
            collected.append(warning("xml-unreadable", doubt.why, Origin(name, *doubt.place), hint))
            return doubt.why
    return ""


def _open_inner(opening: _Opening, prefix: str, found: Embedded, layer: int, keys: RepeatedKeys) -> Document:
    """Open one inner document; `keys` are the repeated ones of the outer one that lead into it."""
    if isinstance(found, EmbeddedPart):
        parsed: tuple[Format, Any, bytes] = ("json", found.value, dump(found.value, "json"))
        return _build(opening, prefix, parsed, part=True, layer=layer, keys=keys)
    if isinstance(found, EmbeddedText):
        return _open_text(opening, prefix, found, layer)
    try:
        text = found.text
        for space in _BASE64_SPACE:
            text = text.replace(space, "")
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        TextReport(_name(opening.file, prefix)).fail(
            "document-syntax", "the embedded document is not base64", hint="encode it again"
        )
    return _open_bytes(opening, prefix, data, None, MAX_SIZE)


def _open_text(opening: _Opening, prefix: str, found: EmbeddedText, layer: int) -> Document:
    """Open a string that is a document.

    Some servers give texts back with entities encoded once more than they were sent, so a text is unescaped until it
    parses, as often as its kind allows; if it never does, the findings of the text as it stands are raised.
    """
    text = found.text
    first: PolicyError | None = None
    for _ in range(found.unescapes + 1):
        source = TextSource(_name(opening.file, prefix), _bare(text))
        try:
            format_ = sniff_text(source)
            twice: list[Twice] = []
            parsed = (format_, parse_text(source, format_, twice), source.text.encode("utf-8"))
        except PolicyError as problem:
            first = first or problem
            text = unescape(text)
        else:
            keys, told = doubtful(source.name, parsed, twice)
            return _build(opening, prefix, parsed, told, layer=layer, keys=keys, found_in="text")
    raise first or PolicyError([])


def _bare(text: str) -> str:
    """Take layout from around a text: white space of XML and JSON alone, and none before an XML declaration."""
    bare = text.removeprefix("\ufeff").rstrip(_LAYOUT)
    inner = bare.lstrip(_LAYOUT).removeprefix("\ufeff")
    return bare if inner.startswith("<?xml") and inner != bare else inner.lstrip(_LAYOUT)


def unescape(text: str) -> str:
    """Undo one XML escaping of a text."""
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def place(document: Document, pointer: str) -> Origin:
    """Return the place of a pointer that may lead through inner documents."""
    return places(document, (pointer,))[pointer]


def places(document: Document, pointers: Iterable[str]) -> dict[str, Origin]:
    """Return the place of each pointer that may lead through inner documents, reading each text once.

    A place inside a document that stands in a string is given in that inner document, under its own name; a pointer
    that leads nowhere gets the document's name alone.
    """
    asked: dict[str, tuple[Document, dict[str, str]]] = {}
    indexes: dict[str, dict[str, Document]] = {}
    for pointer in pointers:
        holder, local = _resolve(document, pointer, indexes)
        asked.setdefault(holder.name, (holder, {}))[1][pointer] = local
    found: dict[str, Origin] = {}
    for holder, locals_ in asked.values():
        where = locate_all(holder.data, holder.format, set(locals_.values()))
        for pointer, local in locals_.items():
            found[pointer] = Origin(holder.name, *where.get(local, (0, 0)))
    return found


def _resolve(document: Document, pointer: str, indexes: dict[str, dict[str, Document]]) -> tuple[Document, str]:
    """Return the document whose own text holds what a pointer leads to, and the pointer within that text."""
    holder, base, current, rest = document, "", document, pointer
    while True:
        if current.name not in indexes:
            indexes[current.name] = dict(current.inner)
        inner = indexes[current.name]
        cut = rest.find("/", 1)
        while cut > 0 and rest[:cut] not in inner:
            cut = rest.find("/", cut + 1)
        if cut <= 0:
            return holder, base + rest
        current = inner[rest[:cut]]
        base += rest[:cut]
        rest = rest[cut:]
        if not current.part:
            holder, base = current, ""

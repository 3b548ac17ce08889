"""Render targets: ordered identifiers and options go in, canonical bytes come out.

Only canonical bytes leave this module: what a template printed is parsed strictly and written again in one form, so
white space, key order and quoting in a template never reach a device. Nothing here knows what a document does; that is
for the readers, which never see this module.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy import documents, templating
from mdm_policy.errors import Finding, PolicyError, error, warning
from mdm_policy.identifiers import quoted, slug
from mdm_policy.model import Frozen, Resolution, Variant
from mdm_policy.vocabulary import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.resolve import Asked, Entry, OrderedIds
    from mdm_policy.target_model import Format
    from mdm_policy.targets import Claim, Copy, DocumentSpec, Embed, Target
    from mdm_policy.templating import TemplateRunner


class Artifact(Frozen, frozen=True):
    """Hold one rendered document: `path` is relative to the build, with forward slashes; `data` are canonical bytes."""

    target: str
    document: str
    variant: str
    path: str
    format: str
    schema: str
    data: bytes


_NAMES = frozenset(
    {
        "day",
        "digest",
        "embed",
        "entries",
        "identifier",
        "ids",
        "joined",
        "lists",
        "options",
        "organization",
        "record",
        "title",
        "variant",
    }
)
"""Every name a document template may use; docs/targets.md explains each."""


_WRITTEN = 64 * 1024 * 1024
_MAX_SIZE = {"xml": documents.MAX_SIZE}
"""The largest document made: as much as a template may print; of XML less, whose tree takes seven times its text."""
_KEPT = 32 * 1024 * 1024
"""How many bytes of embedded documents are kept for the next target that embeds them."""


class Memo:
    """Keep what several documents of one build have in common, so that it is made once.

    `embedded` names the documents, by target, that others are made of; only their bytes are kept.
    """

    def __init__(self, embedded: Iterable[tuple[str, str]] = ()) -> None:
        """Start with nothing made."""
        self.embedded = frozenset(embedded)
        self.values: dict[tuple[str, Asked, tuple[str, ...]], list[str]] = {}
        self.data: dict[tuple[str, str, str, bytes], bytes] = {}
        self.digests: dict[tuple[str, str, bytes], str] = {}
        self.room = _KEPT


def memo(targets: Iterable[Target]) -> Memo:
    """Make the memo for a build of these targets."""
    return Memo((one.target, one.document) for one in _parts(targets))


def kinds(chosen: Sequence[Target], targets: Mapping[str, Target]) -> frozenset[Asked]:
    """Return the families and kinds of identifiers that rendering these targets may use, by themselves or joined."""
    every = [*chosen, *(targets[one.target] for one in _parts(chosen))]
    claimed = {claim.asked for target in every for claim in target.manifest.blocks}
    specs = [spec for target in every for spec in target.manifest.documents]
    uses = [one for target in every for spec in target.manifest.handed_over for one in spec.uses]
    listed = [one.partition(".") for one in (*uses, *(o for s in specs for o in (s.for_each, *s.unclaimed.values())))]
    return frozenset(claimed | {(family, kind) for family, _, kind in listed})


def _parts(targets: Iterable[Target]) -> list[Embed | Copy]:
    """Return the documents of other targets that these targets' documents are made of."""
    specs = [spec for target in targets for spec in target.manifest.documents]
    return [one for spec in specs for one in (*spec.embed, *((spec.copy_of,) if spec.copy_of else ()))]


def max_size(format_: Format) -> int:
    """Return how many bytes a document of a format may have that we make ourselves."""
    return _MAX_SIZE.get(format_, _WRITTEN)


class Job(Frozen, frozen=True):
    """Hold what all documents of one target and variant share."""

    target: Target
    resolution: Resolution
    variant: Variant
    ids: OrderedIds
    options: dict[str, Any]
    targets: dict[str, Target]
    stem: str
    memo: Memo = msgspec.field(default_factory=Memo)
    printer: TemplateRunner = templating.render_template


def claimed(job: Job, spec: DocumentSpec) -> tuple[tuple[Claim, tuple[Entry, ...]], ...]:
    """Return what the document is to block, by claim: what is ordered of the kind the manifest says it can block."""
    return tuple((c, entries_for(job, c)) for c in job.target.claims(spec, job.options))


def entries_for(job: Job, claim: Claim) -> tuple[Entry, ...]:
    """Return what is ordered of a claim's kind, without what its format cannot hold."""
    found = job.ids.get(claim.asked, ())
    if not claim.cannot_hold:
        return found
    return tuple([entry for entry in found if not _holds_any(entry, claim)])


def _holds_any(entry: Entry, claim: Claim) -> bool:
    return any(text in entry.value for text in claim.cannot_hold)


def left_out(job: Job) -> Iterator[Finding]:
    """Find the identifiers that a target leaves out because they mean something else in its format."""
    for claim in {
        claim.name: claim for spec in job.target.manifest.documents for claim, _ in claimed(job, spec)
    }.values():
        for entry in job.ids.get(claim.asked, ()) if claim.cannot_hold else ():
            if _holds_any(entry, claim):
                texts = " or ".join(f"`{text}`" for text in claim.cannot_hold)
                said = f"{job.target.name} leaves out the {claim.kind} {quoted(entry.value)}: {texts} means something else there"
                yield warning(
                    "identifier-left-out", said, hint="block the app by another identifier, or by another target"
                )


def tolerated(job: Job, spec: DocumentSpec) -> dict[tuple[str, str], frozenset[str]]:
    """Return what a document may block beside its claims, by family and kind: nothing is claimed for it."""
    made = {}
    for kind, source in spec.unclaimed.items():
        (family, _, own), (other, _, listed) = kind.partition("."), source.partition(".")
        made[family, own] = frozenset(entry.value for entry in job.ids.get((other, listed), ()))
    return made


def nothing_claimed(job: Job, spec: DocumentSpec) -> bool:
    """Tell whether a document that carries claims has no ordered identifier for any of them, or its option is off."""
    if spec.option and not job.options[spec.option]:
        return True
    return bool(spec.carries) and not any(entries for _, entries in claimed(job, spec))


def can_block(job: Job) -> bool:
    """Tell whether the target has anything to do: some claimed kind has an ordered identifier."""
    return any(entries for spec in job.target.manifest.documents for _, entries in claimed(job, spec))


def over_capacity(job: Job) -> Iterator[Finding]:
    """Find the claims that more is ordered for than the vendor takes: such a target refuses, it never cuts a list."""
    carried = {claim.name: claim for spec in job.target.manifest.documents for claim, _ in claimed(job, spec)}
    for claim in carried.values():
        count = len(entries_for(job, claim))
        if claim.capacity is not None and count > claim.capacity:
            message = f"{job.target.name} takes {claim.capacity} {claim.kind} entries, {count} are ordered"
            hint = f"{claim.capacity_source}; leave the target out with `targets:` or --target, or shorten the list"
            yield error("over-capacity", message, hint=hint)


def render_document(job: Job, spec: DocumentSpec) -> Iterator[Artifact]:
    """Render one document of a target, or one per record; nothing when it would have nothing to block.

    Raises:
        PolicyError: a template's or a document's own defect.

    """
    if nothing_claimed(job, spec):
        return
    shared: Mapping[str, Any] | None = None
    for record, output in _records(job, spec):
        path = f"{job.target.name}/{output}"
        if record is not None and shared is None:
            shared = _context(job, spec)
        data = _data(job, spec, record, shared, compact=spec.compact)
        yield Artifact(job.target.name, spec.name, job.variant.name, path, spec.format, spec.schema, data)


def stem(job: Job) -> str:
    """Return what the names of a job's files begin with: the base's, or those of a variant."""
    return f"{job.stem}--{job.variant.name}" if job.variant.name else job.stem


def _records(job: Job, spec: DocumentSpec) -> Iterator[tuple[dict[str, Any] | None, str]]:
    if not spec.for_each:
        yield None, spec.output.format(slug=stem(job))
        return
    family, _, kind = spec.for_each.partition(".")
    for entry in job.ids.get((family, kind), ()):
        suffix = f"--{job.variant.name}" if job.variant.name else ""
        yield entry_data(entry), spec.output.format(slug=stem, record=slug(entry.value) + suffix)


def _data(
    job: Job,
    spec: DocumentSpec,
    record: dict[str, Any] | None = None,
    shared: Mapping[str, Any] | None = None,
    *,
    compact: bool,
) -> bytes:
    """Return a document's canonical bytes; those of a document that others embed are made once.

    `shared` is the context of a document's records, made once for all of them.
    """
    if spec.copy_of is not None:
        inner, copied = _inner(job, spec.copy_of)
        return _data(inner, copied, compact=compact)
    if (job.target.name, spec.name) not in job.memo.embedded or record is not None:
        return documents.dump(_value(job, spec, record, shared), spec.format, compact=compact)
    key = (job.target.name, spec.name, job.variant.name, msgspec.json.encode(job.options, order="sorted"))
    data = job.memo.data.get(key)
    if data is None:
        value = _value(job, spec)
        data = documents.dump(value, spec.format)
        if len(data) <= job.memo.room:
            job.memo.room -= len(data)
            job.memo.data[key] = data
    elif compact:
        value = documents.parse(spec.name, data, spec.format, white_space="keep", max_size=max_size(spec.format))
    return documents.dump(value, spec.format, compact=True) if compact else data


def _value(
    job: Job,
    spec: DocumentSpec,
    record: dict[str, Any] | None = None,
    shared: Mapping[str, Any] | None = None,
) -> Any:
    text = job.printer(
        templating.Page(
            spec.format,
            job.target.search,
            _NAMES,
            job.target.folder,
            spec.template,
            shared or _context(job, spec),
            {"record": record},
            foreign=not job.target.packaged,
        )
    )
    shown = f"{job.target.folder / spec.template} (as printed)"
    data = text.encode("utf-8", "surrogatepass")
    del text
    return documents.parse(shown, data, spec.format, max_size=max_size(spec.format))


def entry_data(entry: Entry) -> dict[str, Any]:
    """Return an entry as templates see it."""
    return {
        "value": entry.value,
        "app": entry.app,
        "name": entry.name,
        "vendor": entry.vendor,
        "parts": entry.parts,
        "service": entry.service,
    }


def _context(job: Job, spec: DocumentSpec) -> Mapping[str, Any]:
    """Return what the documents of one spec have in common."""
    ids: dict[str, dict[str, list[str]]] = {family: {} for family in FAMILIES}
    entries: dict[str, dict[str, list[dict[str, str]]]] = {family: {} for family in FAMILIES}
    joined: dict[str, list[dict[str, Any]]] = {}
    for claim in job.target.manifest.blocks:
        if claim.joined_with:
            joined[claim.name] = [entry_data(entry) for entry in entries_for(job, claim)] if spec.records else []
            continue
        ids[claim.family][claim.kind] = _values(job, claim)
        if spec.records:
            entries[claim.family][claim.kind] = [entry_data(entry) for entry in entries_for(job, claim)]
    return {
        "ids": ids,
        "entries": entries,
        "joined": joined,
        "options": job.options,
        "embed": {embed.name: _embedded(job, embed) for embed in spec.embed},
        **labels(job),
    }


def _values(job: Job, claim: Claim) -> list[str]:
    """Return the ordered values of a claim's kind: one list for all templates, which cannot change it."""
    key = (job.variant.name, claim.asked, claim.cannot_hold)
    values = job.memo.values.get(key)
    if values is None:
        values = job.memo.values[key] = [entry.value for entry in entries_for(job, claim)]
    return values


def labels(job: Job) -> dict[str, Any]:
    """Return what all files of a job have in common beside identifiers: organization, lists, title, stable names."""
    resolution, variant = job.resolution, job.variant
    base = f"{resolution.organization_id}.mdm-policy.{job.target.name}"
    statuses = sorted(resolution.statuses, key=lambda s: s.list)
    lists = [{"id": s.list, "title": s.title, "citation": s.citation} for s in statuses]
    title = "Banned apps" + (f" (except for {', '.join(variant.groups)})" if variant.name else "")
    return {
        "identifier": f"{base}.{variant.name}" if variant.name else base,
        "title": f"{title}: {', '.join(s['id'] for s in lists)}",
        "organization": {"name": resolution.organization_name, "identifier": resolution.organization_id},
        "lists": lists,
        "day": resolution.as_of,
        "variant": {"name": variant.name, "groups": list(variant.groups)},
        "digest": templating.Lazy(lambda: _digest(job)),
    }


def _digest(job: Job) -> str:
    """Hash what the target's documents say, so that a server token changes exactly when they do."""
    key = (job.target.name, job.variant.name, msgspec.json.encode(job.options, order="sorted"))
    known = job.memo.digests.get(key)
    if known is not None:
        return known
    kinds = sorted({c.asked for c in job.target.manifest.blocks})
    said = [[kind, [(e.value, e.name, e.vendor) for e in job.ids.get(kind, ())]] for kind in kinds]
    digest = hashlib.sha256(msgspec.json.encode([said, job.options], order="sorted")).hexdigest()[:32]
    job.memo.digests[key] = digest
    return digest


def _inner(job: Job, wanted: Embed | Copy) -> tuple[Job, DocumentSpec]:
    """Return the job of another target for the same variant; options of the same name carry over."""
    target = job.targets[wanted.target]
    spec = target.document(wanted.document)
    if spec is None:
        raise PolicyError([error("target-manifest", f"no document {wanted.document!r} in target {wanted.target!r}")])
    return msgspec.structs.replace(job, target=target, options=target.options(job.options)), spec


def _embedded(job: Job, embed: Embed) -> str:
    """Return another target's canonical document as text; empty when it would have nothing to block."""
    inner, spec = _inner(job, embed)
    if nothing_claimed(inner, spec) and not embed.always:
        return ""
    data = _data(inner, spec, compact=embed.as_ == "compact")
    if embed.as_ == "base64":
        return base64.b64encode(data).decode("ascii")
    text = data.decode().rstrip("\n")
    # An XML document inside another is an element, not a file: AppLocker's CSP takes no declaration.
    bare = spec.format == "xml" and text.startswith("<?xml")
    return text.partition("?>")[2].lstrip("\n") if bare else text

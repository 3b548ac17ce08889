"""Make a target's manifest, and check what only several of its values together can show."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy import filenames
from mdm_policy.identifiers import quoted
from mdm_policy.joined import JOINED, can_join
from mdm_policy.loading.deployments import warn_of_mdm
from mdm_policy.loading.report import listed
from mdm_policy.target_model import (
    Claim,
    Copy,
    DocumentSpec,
    Embed,
    HandedOver,
    Manifest,
    Option,
    Service,
    StatedCollateral,
    TargetTest,
)
from mdm_policy.vocabulary import COLLATERAL, FAMILY_OF, KINDS_BY_FAMILY, MDMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.errors import Origin
    from mdm_policy.loading.report import LoadReport
    from mdm_policy.loading.shapes import Group

_BAN = "ban"
_MOST = 200
"""Claims, documents and options of one target; the largest packaged one has 12 documents."""
_IMPORT = "import.md.j2"
_APPLE_KEYS = ("supervised", "enrollments")
_ANDROID_KEYS = ("modes", "sides")


class PlacedManifest(msgspec.Struct, frozen=True):
    """Hold a manifest, and where its values stand, by the pointers of those that are looked at again (`/documents/0`)."""

    manifest: Manifest
    places: dict[str, Origin]


def make_manifest(report: LoadReport, group: Group) -> PlacedManifest:
    """Make the manifest of a target out of everything its file says."""
    claims: list[Group] = _capped(report, group, "blocks")
    specs: list[Group] = _capped(report, group, "documents")
    options = {name.value: option for name, option in _capped(report, group, "options")}
    warn_of_mdm(report, group)
    for name, option in options.items():
        _check_default(report, name, option)
    for claim in claims:
        _check_kind(report, claim)
        _check_platforms(report, claim)
        _check_options(report, "claim", claim, list(options))
    collateral: list[Group] = group.many("collateral")
    for each in collateral:
        _check_collateral(report, each, [spec.text("name") for spec in specs])
        _check_options(report, "collateral", each, list(options))
    for service in group.many("serves"):
        _check_service(report, group, service, claims)
    handed: list[Group] = group.many("handed_over")
    for key, other in (("blocks", "documents"), ("documents", "blocks")):
        if key not in group.cells and (not handed or other in group.cells):
            hint = "`documents` are its files, and `blocks` says what they block; scripts alone go under `handed_over`"
            report.error("missing-key", f"a target lacks `{key}`", group.origin, hint)
    for spec in handed:
        _check_output(report, spec)
    for spec in specs:
        _check_options(report, "document", spec, list(options))
        _check_output(report, spec)
        _check_schema(report, spec)
        _check_for_each(report, spec, claims)
    _check_names(report, specs)
    _check_outputs(report, (*specs, *handed))
    _check_carried(report, claims, specs)
    return PlacedManifest(_manifest(group, claims, specs, options), _places(group, specs, handed))


def _capped(report: LoadReport, group: Group, key: str) -> list[Any]:
    """Return the entries of a list that every one of them is held against; no target has a tenth of the most."""
    found = group.many(key)
    if len(found) > _MOST:
        _refuse(
            report, f"`{key}` has {len(found):,} entries; at most {_MOST} are read", group.at(key), "split the target"
        )
    return list(found)[:_MOST]


def make_test(_report: LoadReport, group: Group) -> TargetTest:
    """Make the test of a target: what its documents are expected to block."""
    documents = group.many("documents")
    return TargetTest(
        group.text("as_of"),
        group.table("options"),
        {name.value: identifiers for name, identifiers in documents},
        {name.value: name.origin for name, _ in documents},
        group.origin,
    )


def _manifest(group: Group, claims: Iterable[Group], specs: Iterable[Group], options: Mapping[str, Group]) -> Manifest:
    return Manifest(
        group.text("target"),
        group.text("title"),
        group.text("vendor"),
        group.text("source"),
        group.text("summary"),
        tuple(map(_claim, claims)),
        tuple(map(_document, specs)),
        tuple(map(_collateral, group.many("collateral"))),
        group.texts("needs"),
        group.texts("cannot"),
        group.text("managed_by"),
        group.texts("modes"),
        group.text("alternative_group"),
        group.get("default") is not False,
        {name: Option(each.text("help"), each.get("default"), each.texts("choices")) for name, each in options.items()},
        group.text("replaces"),
        group.text("import_template") or _IMPORT,
        tuple(map(_service, group.many("serves"))),
        group.text("console"),
        tuple(map(_handed_over, group.many("handed_over"))),
    )


def _handed_over(each: Group) -> HandedOver:
    return HandedOver(
        each.text("name"),
        each.get("format"),
        each.text("template"),
        each.text("output"),
        tuple(cell.value for cell in each.many("uses")),
        each.text("says"),
        each.get("enforced") is True,
    )


def _service(service: Group) -> Service:
    return Service(
        service.text("mechanism"),
        tuple(cell.value for cell in service.many("platforms")),
        service.texts("managed_by") if "managed_by" in service.cells else MDMS if service.many("platforms") else (),
        service.get("os") or (),
        service.get("duty"),
    )


def _claim(claim: Group) -> Claim:
    return Claim(
        claim.get("family"),
        claim.get("kind"),
        claim.get("verdict"),
        claim.get("strength"),
        claim.table("platforms"),
        claim.text("source"),
        _claim_name(claim),
        claim.get("supervised"),
        claim.texts("enrollments"),
        claim.texts("modes"),
        tuple(cell.value for cell in claim.many("sides")),
        claim.texts("origins"),
        claim.text("option"),
        claim.text("unless"),
        claim.get("capacity"),
        claim.text("capacity_source"),
        tuple(cell.value for cell in claim.many("joined_with")),
        claim.texts("cannot_hold"),
    )


def _collateral(each: Group) -> StatedCollateral:
    return StatedCollateral(
        each.get("effect"),
        each.get("what"),
        each.get("when") or "always",
        each.texts("documents"),
        each.text("option"),
        each.text("unless"),
    )


def _document(spec: Group) -> DocumentSpec:
    copied: Group | None = spec.get("copy_of")
    return DocumentSpec(
        spec.text("name"),
        spec.get("format"),
        spec.text("output"),
        spec.text("schema"),
        spec.text("template"),
        Copy(copied.text("target"), copied.text("document")) if copied is not None else None,
        spec.texts("carries"),
        spec.text("for_each"),
        tuple(map(_embed, spec.many("embed"))),
        spec.get("compact") is True,
        spec.get("records") is True,
        spec.text("instead_of"),
        spec.table("read_back"),
        spec.get("sign") is True,
        spec.get("audit") is True,
        spec.table("unclaimed"),
        spec.text("option"),
    )


def _embed(each: Group) -> Embed:
    return Embed(
        each.text("name"),
        each.text("target"),
        each.text("document"),
        each.get("as") or "text",
        each.get("always") is True,
    )


def _places(group: Group, specs: Sequence[Group], handed: Sequence[Group]) -> dict[str, Origin]:
    """Return where those values stand that are held against files and against other targets."""
    places = {"": group.origin, "/target": group.at("target")}
    for index, each in enumerate(handed):
        places[f"/handed_over/{index}/template"] = each.at("template")
    for index, spec in enumerate(specs):
        for key in ("template", "schema", "copy_of"):
            places[f"/documents/{index}/{key}"] = spec.at(key)
        for place, each in enumerate(spec.many("embed")):
            places[f"/documents/{index}/embed/{place}"] = each.origin
    return places


def _refuse(report: LoadReport, message: str, origin: Origin, hint: str = "") -> None:
    report.error("target-manifest", message, origin, hint)


def _check_default(report: LoadReport, name: str, option: Group) -> None:
    choices, default = option.texts("choices"), option.get("default")
    if choices and default is not None and default not in choices:
        said = f"the default of the option {quoted(name)} is not one of its `choices`"
        _refuse(report, said, option.at("default"), f"write one of {listed(choices)}")


def _check_kind(report: LoadReport, claim: Group) -> None:
    family, kind = claim.get("family"), claim.get("kind")
    if family is not None and kind is not None and kind not in KINDS_BY_FAMILY[family]:
        said = f"{quoted(kind)} is not a kind of identifier of `{family}`"
        report.error("unknown-word", said, claim.at("kind"), report.guess(kind, KINDS_BY_FAMILY[family]))
    others = [cell.value for cell in claim.many("joined_with")]
    if kind is not None and others and not can_join(kind, others):
        said = f"no rule asks for {quoted(kind)} and {listed(others)} at once under that name"
        hint = f"write the first of them in this order as `kind`: {', '.join(JOINED)}"
        _refuse(report, said, _at(claim, "joined_with"), hint)


def _check_platforms(report: LoadReport, claim: Group) -> None:
    """Refuse a platform that takes no identifiers of the claim's family, and conditions that say nothing about any."""
    family, cells = claim.get("family"), [name for name, _ in claim.many("platforms")]
    takes = [platform for platform, of in FAMILY_OF.items() if family in (None, "web", of)]
    for cell in cells:
        if cell.value not in takes:
            said = f"{quoted(cell.value)} takes no identifiers of the family `{family}`"
            report.error("unknown-word", said, cell.origin, report.guess(cell.value, takes))
    families = {FAMILY_OF[cell.value] for cell in cells}
    foreign = (
        *(_APPLE_KEYS if not families & {"ios", "macos"} else ()),
        *(_ANDROID_KEYS if "android" not in families else ()),
    )
    for key in foreign if cells else ():
        if key in claim.cells:
            said = f"`{key}` says nothing about {', '.join(cell.value for cell in cells)}"
            report.error("device-key-foreign", said, _at(claim, key), "remove it, or correct the `platforms`")


def _check_service(report: LoadReport, group: Group, service: Group, claims: Iterable[Group]) -> None:
    """Refuse a service to devices on which nothing is claimed, or to an MDM that nobody can name."""
    acts = {cell.value for claim in claims for cell, _ in claim.many("platforms")}
    for cell in service.many("platforms") if acts else ():
        if cell.value not in acts:
            said = f"the target serves {cell.value}, and no claim says that it blocks anything there"
            _refuse(report, said, cell.origin, "remove it, or claim it under `blocks`")
    known = dict.fromkeys((*MDMS, group.text("managed_by")))
    for cell in service.many("managed_by"):
        if cell.value not in known:
            said = f"{quoted(cell.value)} is not a word of `managed_by`"
            report.error("unknown-word", said, cell.origin, report.guess(cell.value, [word for word in known if word]))


def _at(group: Group, key: str) -> Origin:
    """Return where a value stands, also that of a list: at its first entry."""
    entries = group.cells.get(key)
    if isinstance(entries, list) and entries:
        origin: Origin = entries[0].origin
        return origin
    return group.at(key)


def _check_collateral(report: LoadReport, each: Group, documents: Sequence[str]) -> None:
    """Refuse a thing that the effect cannot hit, and documents that the target does not have."""
    effect, what = each.get("effect"), each.get("what")
    if effect is not None and what is not None and what not in COLLATERAL[effect]:
        said = f"{quoted(what)} is nothing that a document {effect}"
        report.error("unknown-word", said, each.at("what"), f"write one of {listed(COLLATERAL[effect])}")
    for cell in each.many("documents"):
        if cell.value not in documents:
            said = f"the collateral is of the document {quoted(cell.value)}, which `documents` does not define"
            _refuse(report, said, cell.origin, report.guess(cell.value, documents))


def _check_options(report: LoadReport, owner: str, claim: Group, options: Sequence[str]) -> None:
    for key in ("option", "unless"):
        name = claim.get(key)
        if name is not None and name not in options:
            said = f"the {owner} depends on the option {quoted(name)}, which `options` does not define"
            _refuse(
                report, said, claim.at(key), report.guess(name, options) if options else "define it under `options`"
            )


def _check_output(report: LoadReport, spec: Group) -> None:
    """Refuse a document that would not be written, or not where and as it should be."""
    if spec.get("audit") and "instead_of" not in spec.cells:
        hint = "name under `instead_of` the document that blocks what this one logs"
        _refuse(report, "a document that only logs stands for one that blocks", spec.at("audit"), hint)
    if spec.get("sign") and spec.get("format") not in ("plist", None):
        _refuse(report, "the document cannot be signed: only Apple profiles are", spec.at("sign"), "remove `sign`")
    output = spec.get("output")
    if output is None:
        return
    fields = ("slug", "record") if "for_each" in spec.cells else ("slug",)
    shown = _output_sample(output, fields)
    if shown is None:
        may = " and ".join(f"{{{field}}}" for field in fields)
        _refuse(report, f"the output {quoted(output)} may hold {may} and no other braces", spec.at("output"))
    elif filenames.problem(shown):
        said = f"the output {quoted(output)} cannot be written everywhere: {filenames.problem(shown)}"
        _refuse(report, said, spec.at("output"))


def _output_sample(output: str, fields: Sequence[str]) -> str | None:
    """Return an output path with `x` for its fields, or None when they are not plain ones.

    `{slug.__class__}` and `{slug:>9999999999}` are fields too for `str.format`.
    """
    try:
        parts = list(string.Formatter().parse(output))
    except ValueError:
        return None
    if any(name is not None and (name not in fields or spec or conversion) for _, name, spec, conversion in parts):
        return None
    return "".join(text + ("x" if name is not None else "") for text, name, _, _ in parts)


def _check_schema(report: LoadReport, spec: Group) -> None:
    schema = spec.text("schema")
    if schema.endswith((".json", ".rng")) and filenames.problem(schema):
        said = f"the schema {quoted(schema)} does not stand beside the template: {filenames.problem(schema)}"
        _refuse(report, said, spec.at("schema"))


def _check_for_each(report: LoadReport, spec: Group, claims: Iterable[Group]) -> None:
    """Refuse documents of values that they do not carry: one document a value keeps a claim about that kind alone."""
    wanted, carries = spec.get("for_each"), spec.texts("carries")
    kinds = {
        f"{claim.get('family')}.{claim.get('kind')}"
        for claim in claims
        if claim.get("family") and claim.get("kind") and (not carries or _claim_name(claim) in carries)
    }
    if wanted is not None and kinds and (wanted not in kinds or (carries and len(kinds) > 1)):
        said = f"`for_each` is {quoted(wanted)}, and the document carries {' and '.join(sorted(kinds))}"
        _refuse(report, said, spec.at("for_each"))


def _claim_name(claim: Group) -> str:
    return claim.text("name") if "name" in claim.cells else _BAN


def _check_names(report: LoadReport, specs: Sequence[Group]) -> None:
    """Refuse two documents of one name, and a document that is sent instead of one that does not exist."""
    names: list[str] = []
    for spec in specs:
        name = spec.text("name")
        if name and name in names:
            _refuse(report, f"the document {quoted(name)} is defined twice", spec.at("name"), "give each its own name")
        names.append(name)
    for spec in specs:
        other = spec.get("instead_of")
        others = [name for name in names if name and name != spec.text("name")]
        if other is not None and other not in others:
            said = f"`instead_of` names {quoted(other)}, which is not another document of this target"
            _refuse(report, said, spec.at("instead_of"), report.guess(other, others) if others else "remove it")


def _check_outputs(report: LoadReport, specs: Iterable[Group]) -> None:
    taken = {"import.md"}
    for spec in specs:
        output = filenames.same(spec.text("output"))
        if output and output in taken:
            _refuse(report, f"two files would be written to {quoted(output)}", spec.at("output"), "rename one of them")
        taken.add(output)


def _check_carried(report: LoadReport, claims: Sequence[Group], specs: Sequence[Group]) -> None:
    """Refuse claims that no document keeps, and what documents say of claims that do not exist."""
    names = list(dict.fromkeys(_claim_name(claim) for claim in claims))
    for spec in specs:
        for cell in spec.many("carries"):
            if cell.value not in names:
                said = f"the document carries the claim {quoted(cell.value)}, which `blocks` does not define"
                _refuse(report, said, cell.origin, report.guess(cell.value, names) if names else "define it")
        for cell, _ in spec.many("read_back"):
            if cell.value not in spec.texts("carries"):
                said = f"`read_back` says where {quoted(cell.value)} stands, which the document does not carry"
                _refuse(report, said, cell.origin, "name it under `carries`")
    carried = {name for spec in specs for name in spec.texts("carries")}
    for claim in claims if specs else ():
        if _claim_name(claim) not in carried:
            said = f"no document carries the claim {quoted(_claim_name(claim))}"
            _refuse(report, said, claim.at("name"), "name it under `carries`")

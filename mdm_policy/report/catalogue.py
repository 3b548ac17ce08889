"""Write what the catalogue knows: the hits of a search, and how well it knows what it knows."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from mdm_policy.catalogue import folded_key
from mdm_policy.report.text import fill
from mdm_policy.vocabulary import CATALOGUE_CONFIDENCES, FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue, LookupHit
    from mdm_policy.model import CatalogueApp, CatalogueVendor, Identifier
    from mdm_policy.sources.store_pages import Answers, StoreAnswer

_MOST_SHORT = 4
"""As many hits as this are shown with their identifiers; of more, only those that match exactly by themselves."""
_MOST_DOMAINS = 4
_INDENT = " " * 4
_DEEP = " " * 13
_ROLES = {
    "variant": "another edition",
    "helper": "a part of it, no gap of its own",
    "installer": "brings it; blocking it blocks no program",
}


def in_full(found: Sequence[LookupHit], *, everything: bool) -> list[LookupHit]:
    """Return those hits of a search that are shown with their identifiers."""
    few = everything or len(found) <= _MOST_SHORT
    return [hit for hit in found if few or (hit.exact and hit.what != "vendor")]


def hits(
    found: Sequence[LookupHit], catalogue: Catalogue, width: int, *, answers: Answers, everything: bool = False
) -> str:
    """Write what a search found and stores answered; `everything` adds sources, notes and all domains."""
    written = in_full(found, everything=everything)
    blocks = ["\n".join(_owner(hit, catalogue, width, answers, everything=everything)) for hit in written]
    if everything:
        return "\n\n".join(blocks)
    rest = [_line(hit, catalogue, width) for hit in found if hit not in written]
    if rest:
        blocks.append("\n".join(rest))
    blocks.append(fill("Sources, notes and all domains: add --all.", width))
    return "\n\n".join(blocks)


def unknown(query: str, identifiers: Iterable[Identifier], answers: Answers, width: int) -> str:
    """Write what stores answered about a text that the catalogue does not know, by what it may be."""
    lines = [fill(f"{query}: not in the catalogue", width, "", _INDENT)]
    for one in identifiers:
        lines.append(f"    {one.family:<8} {one.kind:<20} {one.value}")
        lines.append(fill(_answer(answers[folded_key(*one.key)]), width, _DEEP, _DEEP))
    return "\n".join(lines)


def statistics(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Count the identifiers of apps and vendors by platform and grade, and the apps whose existence is known."""
    owners: list[CatalogueApp | CatalogueVendor] = [*catalogue.apps.values(), *catalogue.vendors.values()]
    counts = Counter[tuple[str, str]]((one.family, one.confidence) for owner in owners for one in owner.identifiers)
    states = Counter[tuple[str, str]](
        (family, app.platforms[family].state if family in app.platforms else "unknown")
        for app in catalogue.apps.values()
        for family in FAMILIES
        if family != "web"
    )
    rows = []
    for family in FAMILIES:
        row: dict[str, Any] = {"platform": family, **{grade: counts[family, grade] for grade in CATALOGUE_CONFIDENCES}}
        row["identifiers"] = sum(row[grade] for grade in CATALOGUE_CONFIDENCES)
        if family != "web":
            row |= {f"apps_{state}": states[family, state] for state in ("exists", "none", "unknown")}
        rows.append(row)
    return rows


def statistics_text(catalogue: Catalogue) -> str:
    """Write the counts as a table."""
    rows = statistics(catalogue)
    lines = [
        f"catalogue {catalogue.version}: {len(catalogue.apps)} apps, {len(catalogue.vendors)} vendors",
        "",
        f"{'identifiers':<12}" + "".join(f"{grade:>15}" for grade in (*CATALOGUE_CONFIDENCES, "all")),
    ]
    lines += [
        f"{row['platform']:<12}" + "".join(f"{row[grade]:>15}" for grade in (*CATALOGUE_CONFIDENCES, "identifiers"))
        for row in rows
    ]
    total = [sum(row[grade] for row in rows) for grade in (*CATALOGUE_CONFIDENCES, "identifiers")]
    lines.append(f"{'all':<12}" + "".join(f"{count:>15}" for count in total))
    lines += ["", f"{'apps':<12}{'exist':>15}{'do not exist':>15}{'not known':>15}"]
    for row in rows:
        if row["platform"] != "web":
            states = "".join(f"{row[f'apps_{state}']:>15}" for state in ("exists", "none", "unknown"))
            lines.append(f"{row['platform']:<12}{states}")
    return "\n".join(lines)


def _line(hit: LookupHit, catalogue: Catalogue, width: int) -> str:
    if hit.app is None:
        return fill(f"vendor {hit.vendor.key}: {hit.vendor.name}" if hit.vendor else "", width, "", _INDENT)
    families = dict.fromkeys(one.family for one in hit.app.identifiers if one.family != "web")
    known = ", ".join(families) or "no identifier"
    return fill(f"{hit.app.key}: {hit.app.name} ({_maker(hit.app, catalogue)}): {known}", width, "", _INDENT)


def _maker(app: CatalogueApp, catalogue: Catalogue) -> str:
    return catalogue.vendors[app.vendor].name if app.vendor in catalogue.vendors else app.vendor


def _owner(hit: LookupHit, catalogue: Catalogue, width: int, answers: Answers, *, everything: bool) -> Iterator[str]:
    if hit.app is not None:
        yield from _app(hit.app, catalogue, width, answers, everything=everything)
    if hit.vendor is not None:
        yield from _vendor(hit.vendor, catalogue, width, everything=everything)


def _vendor(vendor: CatalogueVendor, catalogue: Catalogue, width: int, *, everything: bool) -> Iterator[str]:
    yield fill(f"vendor {vendor.key}: {vendor.name}", width, "", _INDENT)
    apps = ", ".join(app.key for app in catalogue.apps_of(vendor.key))
    yield fill(f"apps: {apps or 'none known'}", width, _INDENT, _INDENT)
    yield from _note(vendor.note if everything else "", width, _INDENT)
    if vendor.identifiers and not vendor.complete:
        yield fill("its teams and signers may be incomplete: others may sign its programs too", width, _INDENT, _INDENT)
    yield from _identifiers(vendor.identifiers, catalogue, width, {}, everything=everything)


def _app(app: CatalogueApp, catalogue: Catalogue, width: int, answers: Answers, *, everything: bool) -> Iterator[str]:
    yield fill(f"{app.key}: {app.name} ({_maker(app, catalogue)})", width, "", _INDENT)
    yield from _note(app.note if everything else "", width, _INDENT)
    yield from _identifiers(app.identifiers, catalogue, width, answers, everything=everything)
    unknown = []
    for family in FAMILIES:
        said = app.platforms.get(family)
        if said is not None and said.state == "none":
            text = f"does not exist on: {family} ({said.source}; to be looked at again after {said.until})"
            yield fill(text, width, _INDENT, _INDENT)
        elif said is not None and said.state == "unknown":
            unknown.append(f"{family} ({said.source})" if everything and said.source else family)
    if unknown:
        yield fill(f"not known whether it exists on: {', '.join(unknown)}", width, _INDENT, _INDENT)
    yield from _facts(app, width, everything=everything)


def _facts(app: CatalogueApp, width: int, *, everything: bool) -> Iterator[str]:
    if app.web_app:
        source = f" ({app.web_app})" if everything else ""
        yield fill(f"is a web app too, which no rule for packages reaches{source}", width, _INDENT, _INDENT)
    if app.ipad_on_mac is not None:
        word = {"exists": "is offered", "none": "is not offered", "unknown": "may be offered"}[app.ipad_on_mac.state]
        source = f": {app.ipad_on_mac.source}" if everything else ""
        yield fill(f"its iPad build {word} to Macs with Apple silicon{source}", width, _INDENT, _INDENT)
    for one in app.preinstalled:
        source = f" ({one.source})" if everything else ""
        yield fill(f"preinstalled by {one.maker}{source}", width, _INDENT, _INDENT)


def _note(text: str, width: int, indent: str) -> Iterator[str]:
    if text:
        yield fill(text, width, indent, indent)


def _identifiers(
    identifiers: Iterable[Identifier], catalogue: Catalogue, width: int, answers: Answers, *, everything: bool
) -> Iterator[str]:
    for family, group in groupby(identifiers, key=lambda one: one.family):
        ones = list(group)
        shown = ones if everything or family != "web" or len(ones) <= _MOST_DOMAINS + 1 else ones[:_MOST_DOMAINS]
        for one in shown:
            yield f"    {one.family:<8} {one.kind:<20} {one.value}"
            yield from _grade(one, catalogue, width) if everything else _brief(one, width)
            answer = answers.get(folded_key(*one.key))
            if answer is not None:
                yield fill(_answer(answer), width, _DEEP, _DEEP)
        if len(shown) < len(ones):
            yield f"    {family:<8} and {len(ones) - len(shown)} more"


def _answer(answer: StoreAnswer) -> str:
    """Write what a store said; that it has no such app now says nothing of other days, countries and stores."""
    if answer.state == "found":
        return f"{answer.store}: confirmed as {answer.name} on {answer.day}"
    if answer.state == "not-found":
        return f"{answer.store}: not in the store on {answer.day} (this does not prove that it never existed)"
    return f"{answer.store}: could not be asked: {answer.why}"


def _brief(one: Identifier, width: int) -> Iterator[str]:
    """Write what keeps an identifier from being used without a second thought; a sound one needs no line."""
    said = [] if one.confidence in ("verified", "single-source") else [_confidence(one)]
    said += _marks(one)
    if said:
        yield fill("; ".join(said), width, _DEEP, _DEEP)


def _grade(one: Identifier, catalogue: Catalogue, width: int) -> Iterator[str]:
    sources = f": {'; '.join(one.sources)}" if one.sources else ""
    yield fill(f"{_confidence(one)}{sources}", width, _DEEP, _DEEP)
    if _marks(one):
        yield fill("; ".join(_marks(one)), width, _DEEP, _DEEP)
    evidence = catalogue.evidence.get(folded_key(*one.key))
    if evidence is None:
        return
    if evidence.original_file_name == "":
        yield fill("its version resource has no original file name", width, _DEEP, _DEEP)
    elif evidence.original_file_name:
        yield fill(f"original file name: {evidence.original_file_name}", width, _DEEP, _DEEP)
    if evidence.publisher:
        yield fill(f"publisher, whose hash the name ends in: {evidence.publisher}", width, _DEEP, _DEEP)
    yield from _note(evidence.note, width, _DEEP)


def _confidence(one: Identifier) -> str:
    return f"{one.confidence}{', so no build uses it' if one.confidence == 'unverified' else ''}"


def _marks(one: Identifier) -> list[str]:
    said = [_ROLES[one.role]] if one.role in _ROLES else []
    said += ["runs as a service"] if one.runs_as_service else []
    return said + (["shared with other services"] if one.shared else [])

"""Write several identifiers that one rule asks for at once as one identifier, the same for a rule and for an app.

A rule of Windows may want a publisher and a product, or a signer and the certificate behind it. It stops what bears all
of them, and nothing that bears only one: so the whole is an identifier of its own, under the kind that names most closely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.publishers import unquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mdm_policy.vocabulary import Kind

JOINED: tuple[Kind, ...] = ("product_name", "original_file_name", "publisher_cn", "publisher", "certificate")
"""The kinds that are joined, the one that names most closely first."""
FOLDED: dict[str, Callable[[str], str]] = {
    "executable": str.lower,
    "certificate": str.lower,
    "original_file_name": str.lower,
    "product_name": str.lower,
    "publisher": unquoted,
}
"""How devices compare the kinds they do not compare byte by byte.

File names and hashes without regard to case, and product names so too, for AppLocker's own tools write them in capitals;
publishers without the quotation marks around a name that holds a comma (microsoft/AaronLocker TrustedSigners.ps1 has it bare).
"""


def can_join(kind: Kind, others: Iterable[Kind]) -> bool:
    """Tell whether a kind is joined with others, and names most closely among them."""
    places = [JOINED.index(one) if one in JOINED else -1 for one in (kind, *others)]
    return -1 not in places and places[0] < min(places[1:])


def joined(parts: Mapping[Kind, str]) -> tuple[Kind, str]:
    """Return kind and value of all that a rule asks for; one identifier by itself stays as it is.

    `parts` holds kinds of `JOINED` alone, at least one.
    """
    told = [kind for kind in JOINED if kind in parts]
    first, *rest = told
    if not rest:
        return first, parts[first]
    values = {kind: FOLDED[kind](parts[kind]) if kind in FOLDED else parts[kind] for kind in told}
    return first, "; ".join([values[first], *(f"{kind}={values[kind]}" for kind in rest)])


def parted(kind: Kind, value: str) -> dict[Kind, str]:
    """Return what a joined identifier was made of; one that stands by itself stays as it is."""
    if kind not in JOINED:
        return {kind: value}
    places = sorted((value.find(f"; {other}="), other) for other in JOINED if f"; {other}=" in value)
    if not places:
        return {kind: value}
    ends = [*(place for place, _ in places[1:]), len(value)]
    rest = {other: value[at + len(other) + 3 : end] for (at, other), end in zip(places, ends, strict=True)}
    return {kind: value[: places[0][0]]} | rest

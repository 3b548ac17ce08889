"""Count what signing is worth: no altered file passes for what was signed. That openssl agrees: tests/live."""

from __future__ import annotations

import random

import pytest
from signing_kit import DAY, line, signed

from mdm_policy import signing
from mdm_policy.documents.signed import looks_signed, signed_content

TAMPERS = 1000
SEED = 20261124
_SHARED = (("p-256", 3, False), ("rsa-2048", 3, False), ("p-384", 2, True), ("rsa-3072", 1, False))
"""What is tampered with: kind of key, depth of the chain, and whether the root is in the file."""


def _same(data: bytes, original: bytes, roots: tuple[bytes, ...]) -> bool | None:
    """Tell what became of altered bytes: None when they are refused, else whether content and signer are the same."""
    if not looks_signed(data) or signed_content(data) is None:
        return None  # it is read as no signed file, and holds nothing a device would take
    found, right = signing.examine(data, roots, DAY), signing.examine(original, roots, DAY)
    if not found.valid or found.signer is None:
        return None
    assert right.signer is not None
    return (found.content, found.signer.sha256) == (right.content, right.signer.sha256)


def test_no_altered_file_passes_for_what_was_signed() -> None:
    chance = random.Random(SEED)  # noqa: S311 - a test's choice, to be had again
    refused = harmless = 0
    for place in range(TAMPERS):
        kind, depth, root = _SHARED[place % len(_SHARED)]
        people = line(kind, depth)
        original = _kept(kind, depth, root)
        at = chance.randrange(len(original))
        altered = bytearray(original)
        altered[at] ^= chance.randrange(1, 256)
        same = _same(bytes(altered), original, (people[-1].der,))
        assert same is not False, f"{kind}, depth {depth}: byte {at} is {altered[at]:#x}"
        refused, harmless = refused + (same is None), harmless + bool(same)
    print(
        f"\ntrust: signing: {TAMPERS:,} tampers, {refused} refused, {harmless} in unused fields with the same content and"
        " signer, 0 accepted altered"
    )
    assert refused + harmless == TAMPERS
    assert refused > TAMPERS * 0.9


_MADE: dict[tuple[str, int, bool], bytes] = {}


def _kept(kind: str, depth: int, root: bool) -> bytes:
    if (kind, depth, root) not in _MADE:
        _MADE[kind, depth, root] = signed(line(kind, depth), root=root)
    return _MADE[kind, depth, root]


@pytest.mark.parametrize("bits", [0x01, 0x80, 0xFF])
def test_no_byte_of_a_signed_file_can_be_altered_unnoticed(bits: int) -> None:
    people = line("p-256", 3)
    original = signed(people)
    accepted = []
    for at in range(len(original)):
        altered = bytearray(original)
        altered[at] ^= bits
        if _same(bytes(altered), original, (people[-1].der,)) is False:
            accepted.append(at)
    assert accepted == []


def test_no_cut_or_lengthened_file_passes_altered() -> None:
    people = line("p-256", 3)
    original = signed(people)
    for size in range(0, len(original), 7):
        assert _same(original[:size], original, (people[-1].der,)) is None
    assert _same(original + b"\n", original, (people[-1].der,)) in (None, True)

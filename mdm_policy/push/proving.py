"""Prove what is at the destinations: the objects as they were read back go to the verifier, as any export would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document
from mdm_policy.push.planning import MAX_DOCUMENT
from mdm_policy.verify import Places, Rules, Verification, acting, piece, sentence, verify

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import Identifier, Resolution
    from mdm_policy.push.model import Plan, Remote, Use
    from mdm_policy.verify import Piece


def weakened(plan: Plan) -> bool:
    """Tell whether what is there blocks less than what should be: carrying out the plan would tighten a ban."""
    return any(effect.direction == "TIGHTENED" for action in plan.changes for effect in action.effects)


def pieces_of(remotes: Iterable[Remote], destination: str, uses: Mapping[str, Use]) -> tuple[Piece, ...]:
    """Read objects as documents, with what is known of the devices they are for."""
    made = []
    for remote in remotes:
        use = uses.get(remote.key)
        if use is None:
            continue
        name = f"{destination}:{remote.kind}/{remote.name}"
        try:
            document = open_document(name, remote.body, max_size=MAX_DOCUMENT)
        except PolicyError:
            continue  # the plan says that it is damaged, and nobody can prove anything by it
        made.append(
            piece(
                document,
                scope=remote.scope,
                managed_by=use.managed_by,
                modes=use.modes,
                groups=use.groups,
                slot=use.slot and f"{destination}|{use.slot}",
            )
        )
    return tuple(made)


def prove(
    resolution: Resolution, pieces: Sequence[Piece], catalogue: Catalogue, protected: Collection[Identifier]
) -> Verification | None:
    """Judge every declared class by what was read, as `verify` would; where nothing was read, nothing is judged."""
    if not pieces:
        return None
    places = Places({one.name: one.document for one in pieces})
    return verify(resolution, pieces, catalogue, Rules(resolution.as_of), protected, places)


def unaddressed(resolution: Resolution, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return the classes that no document says anything about; none where there is no document."""
    if not pieces:
        return ()
    return tuple(
        cls.name for cls in resolution.devices if not any(one.addresses(cls.platform) for one in acting(pieces, cls))
    )


def proof_sentence(proof: Verification | None) -> str:
    """Say in one sentence what was proven by what was read, be it that nothing could be."""
    return (
        sentence(proof) if proof is not None else "NOT PROVEN: no object of ours was read back, so nothing was judged."
    )

"""Every secret, in every spelling, in every shape of an answer, cut at every place: none of it is told."""

from __future__ import annotations

import pytest
from push.test_push_secrets import SHAPES, SPELLINGS, tried


@pytest.mark.parametrize("shape", SHAPES)
def test_no_spelling_of_a_secret_is_told(shape: str) -> None:
    count = sum(tried(shape, spelling) for spelling in SPELLINGS)
    print(f"trust: spellings: {shape}: {count} secrets, spellings and cuts, 0 traces")

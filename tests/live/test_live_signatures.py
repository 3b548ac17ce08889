"""openssl agrees with every signature we make, and trusts no other root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from signing_kit import DAY, KINDS, PROFILE, line, openssl, signed

from mdm_policy import signing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live("openssl")
DEPTHS = (1, 2, 3)


def test_openssl_verifies_what_was_signed(tmp_path: Path) -> None:
    agreed = 0
    for kind in KINDS:
        for depth in DEPTHS:
            people = line(kind, depth)
            (tmp_path / "p.mobileconfig").write_bytes(signed(people))
            (tmp_path / "root.pem").write_bytes(people[-1].pem)
            openssl(
                *("cms", "-verify", "-inform", "DER", "-in", tmp_path / "p.mobileconfig", "-binary"),
                *("-CAfile", tmp_path / "root.pem", "-purpose", "any", "-out", tmp_path / "content"),
            )
            assert (tmp_path / "content").read_bytes() == PROFILE
            found = signing.examine((tmp_path / "p.mobileconfig").read_bytes(), (people[-1].der,), DAY)
            assert (found.valid, found.trust, len(found.certificates)) == (True, "trusted", max(1, depth - 1))
            agreed += 1
    print(
        f"\nlive: signing: openssl verifies {agreed} of {agreed} signatures ({len(KINDS)} kinds of key, chains of 1 to 3)"
    )
    assert agreed == len(KINDS) * len(DEPTHS)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_trusts_no_other_root(kind: str, depth: int, tmp_path: Path) -> None:
    (tmp_path / "p.mobileconfig").write_bytes(signed(line(kind, depth)))
    (tmp_path / "root.pem").write_bytes(line("p-256" if kind != "p-256" else "p-384", depth)[-1].pem)
    arguments = ("cms", "-verify", "-inform", "DER", "-in", tmp_path / "p.mobileconfig", "-purpose", "any")
    assert openssl(*arguments, "-CAfile", tmp_path / "root.pem", check=False).returncode != 0

"""Time deepdiff on two lists of dictionaries that differ in one entry: `peer_deepdiff.py APPS`, in the peer's own venv."""

from __future__ import annotations

import sys
import time

from deepdiff import DeepDiff


def main() -> None:
    """Print the seconds one comparison takes, order ignored, as policies must be compared."""
    count = int(sys.argv[1])
    old = {"applications": [{"packageName": f"com.app{n}.x", "installType": "BLOCKED"} for n in range(count)]}
    new = {"applications": [*old["applications"][: count // 2], *old["applications"][count // 2 + 1 :]]}
    start = time.perf_counter()
    assert DeepDiff(old, new, ignore_order=True)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()

"""Time deepdiff on two policies' parsed data, some entries changed: `peer_deepdiff.py APPS ONE_IN`, in the peers' venv."""

from __future__ import annotations

import sys
import time

from deepdiff import DeepDiff


def main() -> None:
    """Print the seconds one comparison takes, order ignored, as policies must be compared."""
    count, one_in = map(int, sys.argv[1:])
    old = {"applications": [{"packageName": f"com.app{n}.x", "installType": "BLOCKED"} for n in range(count)]}
    new = {
        "applications": [
            {"packageName": f"com.{'App' if n % one_in == 0 else 'app'}{n}.x", "installType": "BLOCKED"}
            for n in range(count)
        ]
    }
    start = time.process_time()
    assert DeepDiff(old, new, ignore_order=True)
    print(time.process_time() - start)


if __name__ == "__main__":
    main()

"""Turn one policy of many terms into three vendors' files with aerleon, and print the seconds; runs in aerleon's own environment.

One file for each target, as our build has one folder for each; definitions are made and files are written as its API does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

TARGETS = {"cisco": "benchmark extended", "juniper": "benchmark", "nftables": "inet output"}


def main(terms: int) -> None:
    """Deny one host for each term."""
    networks = {
        f"HOST{n}": {"values": [{"address": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/32"}]} for n in range(terms)
    }
    api, naming = import_module("aerleon.api"), import_module("aerleon.lib.naming")  # not in our environment
    definitions = naming.Naming()
    definitions.ParseDefinitionsObject({"networks": networks}, "benchmark")
    deny = [
        {"name": f"term-{n}", "destination-address": f"HOST{n}", "protocol": "tcp", "action": "deny"}
        for n in range(terms)
    ]
    policies = [
        {"filename": name, "filters": [{"header": {"targets": {name: options}}, "terms": deny}]}
        for name, options in TARGETS.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        api.Generate(policies, definitions, Path(folder))
        taken = time.perf_counter() - start
        made = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        if len(made) != len(TARGETS):
            sys.exit(f"aerleon made {len(made)} files, not {len(TARGETS)}")
    sys.stdout.write(f"{taken}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))

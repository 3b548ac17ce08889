#!/usr/bin/env bash
# install_locked.sh PYTHON: install what dev.lock pins to hashes. Where it does not fit this Python or kind of machine (a version that
# has no wheel here), say so and install without it; a package whose hash is another is never installed.
set -euo pipefail
python=$1
said=$(mktemp)
trap 'rm -f "$said"' EXIT
pip=("$python" -m pip install --quiet --disable-pip-version-check)
if "${pip[@]}" --require-hashes --only-binary :all: -r dev.lock 2>"$said"; then
  "${pip[@]}" --no-deps --no-build-isolation --editable .
  exit
fi
cat "$said" >&2
if grep -qi 'do not match the hashes' "$said"; then
  echo "a package is not the one that dev.lock pins: nothing is installed" >&2
  exit 1
fi
echo "dev.lock does not fit this Python or kind of machine: installing without it" >&2
"${pip[@]}" --upgrade "pip>=25.1"
"${pip[@]}" --editable . --group dev

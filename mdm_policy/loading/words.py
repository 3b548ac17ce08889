"""Know the words that YAML readers silently turn into something else than text."""

from __future__ import annotations

import re

# YAML 1.1 (what PyYAML, Ruby and Go's yaml.v2 read) and the core schema of YAML 1.2, whichever converts more.
_CONVERTED = re.compile(
    r"""
      (?P<true>y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)
    | (?P<false>n|N|no|No|NO|false|False|FALSE|off|Off|OFF)
    | (?P<nothing>~|null|Null|NULL|)
    | (?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?)
    | (?P<time>[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)
    | (?P<number>[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|\.(?:inf|Inf|INF)|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
                       |\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)|\.(?:nan|NaN|NAN))
    | (?P<key>=|<<)
    """,
    re.VERBOSE | re.ASCII,
)
converted = _CONVERTED.fullmatch
"""Match an unquoted word that is text to a person and something else to a YAML reader; the group says what."""

_MEANING = {
    "true": "true",
    "false": "false",
    "nothing": "nothing",
    "date": "a date",
    "time": "a number of seconds",
    "number": "a number",
    "key": "a key of its own",
}


def meaning(found: re.Match[str]) -> str:
    """Say what a YAML reader makes of such a word."""
    return _MEANING[found.lastgroup or "nothing"]

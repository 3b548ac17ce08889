"""Write what is neither a tree nor a table of ours: plain lines, as zones, registration files and lists are made of.

Line ends are the format's (`text`: a line feed, `crlf`: what programs of Windows write), so a template cannot mix them up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from mdm_policy.documents.texts import MAX_SIZE, TextReport, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.documents.texts import Twice, WhiteSpace

LineFormat = Literal["text", "crlf"]
LINES: frozenset[str] = frozenset(get_args(LineFormat))
_TAB = "\t"


def parse_lines(
    name: str, data: bytes, white_space: WhiteSpace, max_size: int = MAX_SIZE, twice: list[Twice] | None = None
) -> list[str]:
    """Return the lines of a text that we print: no control character, no white space at an end of a line.

    Raises:
        PolicyError: `control-character` or `stray-white-space`, or what keeps the bytes from being text.

    """
    del twice  # lines have no keys
    report = TextReport(name)
    lines = [line.removesuffix("\r") for line in decode(name, data, max_size).text.split("\n")]
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        strange = next((place for place, one in enumerate(line) if one != _TAB and not one.isprintable()), None)
        if strange is not None:
            said = f"the line holds U+{ord(line[strange]):04X}, which no reader of such a file expects"
            report.add("control-character", said, (number, strange + 1), "remove the character")
        elif white_space == "error" and line != line.rstrip():
            report.add(
                "stray-white-space", "white space stands at the end of the line", (number, len(line)), "remove it"
            )
    report.stop_if_any()
    return lines


def dump_text(lines: Sequence[str], *, compact: bool = False) -> bytes:
    """Write lines, each ended by a line feed, in UTF-8; they have no shorter form."""
    del compact
    return _ended(lines, "\n")


def dump_crlf(lines: Sequence[str], *, compact: bool = False) -> bytes:
    """Write lines as `dump_text` does, ended as programs of Windows end them."""
    del compact
    return _ended(lines, "\r\n")


def _ended(lines: Sequence[str], end: str) -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode()

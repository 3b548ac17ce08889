"""Write results as JUnit XML, which every build server shows as tests.

There is no standard; this is the part on which Jenkins, GitLab and Azure DevOps agree (github.com/testmoapp/junitxml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.documents import escaped
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Case(Frozen, frozen=True, gc=False):
    """Hold one test: it failed when `failure` says why, and was not run when `skipped` says why.

    `properties` are said beside the result, as every build server shows them.
    """

    group: str
    name: str
    failure: str = ""
    details: str = ""
    skipped: str = ""
    file: str = ""
    properties: dict[str, str] = {}


def junit(name: str, cases: Iterable[Case], properties: Mapping[str, str | int]) -> str:
    """Write cases as one suite with its properties; the same cases give the same text, for there is no clock in it."""
    listed = list(cases)
    failed = sum(1 for case in listed if case.failure)
    skipped = sum(1 for case in listed if case.skipped)
    counts = f'tests="{len(listed)}" failures="{failed}" errors="0" skipped="{skipped}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_attribute(name)} {counts}>",
        f"  <testsuite name={_attribute(name)} {counts}>",
        *_properties(properties, "    "),
    ]
    for case in listed:
        lines += _case(case)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(case: Case) -> Iterator[str]:
    file = f" file={_attribute(case.file)}" if case.file else ""
    head = f"    <testcase classname={_attribute(case.group)} name={_attribute(case.name)}{file}"
    if case.failure:
        yield f"{head}>"
        yield f"      <failure message={_attribute(case.failure)}>{_text(case.details or case.failure)}</failure>"
        yield "    </testcase>"
    elif case.skipped:
        yield f"{head}>"
        yield f"      <skipped message={_attribute(case.skipped)}/>"
        yield "    </testcase>"
    elif case.properties:
        yield f"{head}>"
        yield from _properties(case.properties, "      ")
        yield "    </testcase>"
    else:
        yield f"{head}/>"


def _properties(properties: Mapping[str, str | int], indent: str) -> Iterator[str]:
    if not properties:
        return
    yield f"{indent}<properties>"
    for name, value in properties.items():
        yield f"{indent}  <property name={_attribute(name)} value={_attribute(str(value))}/>"
    yield f"{indent}</properties>"


def _allowed(text: str) -> str:
    """Replace what XML 1.0 cannot hold (section 2.2)."""
    return "".join(
        char
        if char in "\t\n" or (char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff")
        else "\ufffd"
        for char in text
    )


def _attribute(text: str) -> str:
    """Quote a value; one that holds double quotes alone stands in single ones."""
    value = escaped(_allowed(text)).replace("\n", "&#10;").replace("\t", "&#9;")
    if '"' in value and "'" not in value:
        return f"'{value}'"
    return '"' + value.replace('"', "&quot;") + '"'


def _text(text: str) -> str:
    return escaped(_allowed(text))

"""Hold code and documentation together: every finding id is documented, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from finding_ids import KEBAB, PACKAGE, collect, constants

from mdm_policy.diff.model import DIRECTIONS
from mdm_policy.push.answers import Fault, Local
from mdm_policy.push.approvals import Denial
from mdm_policy.report.explanations import explanations

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "findings.md"

DYNAMIC: dict[tuple[str, str], tuple[frozenset[str], str]] = {
    ("resolve/__init__.py", "f'list-{state.state}'"): (
        frozenset({"list-pending", "list-lapsed", "list-revoked"}),
        "build refuses a list by its state, unless it is in force or adopted",
    ),
    ("workflows/check.py", "f'list-{s.state}'"): (
        frozenset({"list-pending", "list-lapsed", "list-revoked", "list-adopted"}),
        "check tells the state of every list that is not in force by itself",
    ),
    ("identifiers.py", "id_"): (
        frozenset(
            {
                "identifier-case",
                "identifier-confusable-character",
                "identifier-invisible-character",
                "identifier-not-ascii",
                "identifier-not-normalized",
                "identifier-shape",
                "identifier-too-long",
                "identifier-white-space",
                "identifier-wildcard",
            }
        ),
        "a fault is a tuple that begins with its id",
    ),
    ("loading/leaves.py", "self.grammar.id"): (
        frozenset(
            {
                "destination-enterprise",
                "destination-owner",
                "destination-policy",
                "destination-url",
                "list-id",
                "organization-identifier",
                "os-version",
                "overlay-key",
                "target-name",
            }
        ),
        "a grammar of a language table carries the id of the finding",
    ),
    ("kinds/apple/refused.py", "fault.id"): (
        frozenset(
            {"payload-version", "payloads-not-unique", "required-key-missing", "value-outside-schema", "wrong-type"}
        ),
        "a fault of a profile carries the id of its finding",
    ),
    ("collateral.py", "told.id"): (
        frozenset(
            {
                "app-settings-binaries",
                "applocker-packaged-apps-stop",
                "devices-made-non-compliant",
                "running-apps-quit",
                "scope-removed",
                "script-hosts-restricted",
                "store-opened",
                "unlisted-apps-stop",
                "unlisted-programs-stop",
            }
        ),
        "one table tells each sort of collateral with the id of its finding",
    ),
    ("templating.py", "kind"): (
        frozenset({"template-failed", "template-name"}),
        "an undefined name is told apart from every other failure",
    ),
    ("report/changes.py", "f'diff-{change.direction.lower()}'"): (
        frozenset(f"diff-{direction.lower()}" for direction in DIRECTIONS),
        "each change is a finding of its direction",
    ),
    ("push/answers.py", "f'git-{self.what}'"): (
        frozenset(f"git-{what}" for what in get_args(Local)),
        "each way in which a folder in git can fail is a finding",
    ),
    ("push/answers.py", "f'push-{self.fault}'"): (
        frozenset(f"push-{fault}" for fault in get_args(Fault)),
        "each way in which a call can end is a finding",
    ),
    ("push/approvals.py", "f'approval-{self.what}'"): (
        frozenset(f"approval-{what}" for what in get_args(Denial)),
        "each reason why a write is not carried out is a finding",
    ),
    ("push/planfile.py", "f'{noun}-damaged'"): (
        frozenset({"plan-damaged", "receipt-damaged"}),
        "plans and receipts are read by one function",
    ),
    ("cli/verify.py", "f'{value!r} is not CLASS=PATH'"): (
        frozenset(),
        "click's own refusal of an argument, which is a usage error and no finding",
    ),
    ("cli/options.py", "f'{value!r} is not a date like 2026-11-24'"): (
        frozenset(),
        "click's own refusal of an argument, which is a usage error and no finding",
    ),
}
"""Ids that are not written where the finding is made, by module and expression."""

HANDED_ON: dict[str, frozenset[str]] = {
    "guards.py": frozenset({"never-block", "protected-app"}),
    "loading/target_language.py": frozenset({"mechanism-name"}),
}
"""Ids that a module hands to a maker it received as a value (`make(id_, ...)`)."""

PREFIXES = {"identifiers.py": "identifier-", "templating.py": "template-", "loading/reader.py": "yaml-"}
"""Modules in which every text that begins so is an id."""


def emitted() -> set[str]:
    ids = set(collect().ids)
    return ids.union(*(more for more, _ in DYNAMIC.values()), *HANDED_ON.values())


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: re.split(r"^# ", body, flags=re.MULTILINE)[0].strip()
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_id_in_the_code_is_documented() -> None:
    assert sorted(emitted() - sections().keys()) == []


def test_every_documented_id_is_in_the_code() -> None:
    assert sorted(sections().keys() - emitted()) == []


def test_no_id_is_documented_twice() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert len(headings) == len(set(headings))


def test_ids_are_kebab_case() -> None:
    assert [name for name in sorted(emitted()) if not KEBAB.fullmatch(name)] == []


def test_ids_that_are_not_written_out_are_known() -> None:
    assert collect().dynamic == set(DYNAMIC)


@pytest.mark.parametrize(
    ("module", "ids"),
    [
        *(
            pytest.param(module, ids, id=module + " " + what)
            for (module, what), (ids, _) in DYNAMIC.items()
            if "{" not in what
        ),
        *(pytest.param(module, ids, id=module) for module, ids in HANDED_ON.items()),
    ],
)
def test_ids_said_to_be_handed_on_stand_in_their_module(module: str, ids: frozenset[str]) -> None:
    tables = ("loading/language.py", "loading/destinations.py", "loading/overlays.py", "loading/target_language.py")
    apple = ("kinds/apple/refused.py", "kinds/apple/schema.py")
    beside = {"loading/leaves.py": tables, "kinds/apple/refused.py": apple}.get(module, (module,))
    assert sorted(ids.difference(*(constants(one, "") for one in beside))) == []


@pytest.mark.parametrize(("module", "prefix"), [pytest.param(*item, id=item[0]) for item in PREFIXES.items()])
def test_texts_that_look_like_ids_of_a_module_are_ids(module: str, prefix: str) -> None:
    assert sorted(constants(module, prefix) - emitted()) == []


def test_each_section_says_how_grave_what_happens_and_what_to_do() -> None:
    thin = []
    for name, body in sections().items():
        lines = body.splitlines()
        first = re.match(r"(Error|Warning|Note)(?: or (error|warning|note))?\. \S", body)
        acts = [line for line in lines if line.startswith("Do: ")]
        if first is None or len(acts) != 1 or not 2 <= len(lines) <= 6 or len(body) < 60:
            thin.append(name)
    assert thin == []


def test_every_section_can_be_the_help_of_a_rule() -> None:
    page = sections()
    found = explanations(PAGE.read_text("utf-8"))
    assert found.keys() == page.keys()
    assert {name: said.split() for name, said in found.items()} == {name: body.split() for name, body in page.items()}
    assert [name for name, said in found.items() if "\nDo: " not in said] == []


def test_severities_are_those_of_the_code() -> None:
    wrong = {}
    page = sections()
    for name, told in collect().severities.items():
        documented = set(page.get(name, "").partition(".")[0].lower().split(" or "))
        if name in page and not told <= documented:
            wrong[name] = (sorted(documented), sorted(told))
    assert wrong == {}


def test_the_collector_sees_through_makers_and_leaves_other_calls_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "class Report:\n"
        "    def put(self, place, id_, text):\n"
        "        self.found.append(error(id_, text, place))\n"
        "def note(path):\n"
        "    seen.add('not-an-id')\n"
        "def work(report):\n"
        "    report.put(1, 'one-id', 'text')\n"
        "    report.put(1, 'two-ids' if late else 'three-ids', 'text')\n"
        "    report.put(1, kind, 'text')\n"
        "    Finding(id='by-keyword', severity='note', message='')\n"
        "    c.say('warning', made(), 'text')\n"
        "    note(path)\n"
        "warning('outside-of-functions', 'text')\n",
        "utf-8",
    )
    found = collect(tmp_path)
    assert sorted(found.ids) == ["by-keyword", "one-id", "outside-of-functions", "three-ids", "two-ids"]
    assert found.dynamic == {("a.py", "kind")}


def test_the_package_is_where_the_collector_looks() -> None:
    assert (PACKAGE / "errors.py").is_file()

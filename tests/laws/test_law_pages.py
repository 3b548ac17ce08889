"""Hold each target's IMPORT.md to its files: names, paths, counts, hashes and identifiers are those of the documents.

A page is read as an admin reads it, line by line, and compared with the bytes that the build wrote and what an independent
reader finds in them; nothing is taken from what the page was made of.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from build_kit import (
    CHOICES,
    DAY,
    NOTHING_KNOWN,
    TARGETS,
    ban_list,
    blocked,
    built,
    deployment,
    inline,
    one_of_each,
    waiver,
)

from mdm_policy.build.words import counted
from mdm_policy.errors import Origin
from mdm_policy.model import DeviceClass, Resolution
from mdm_policy.resolve import resolve
from mdm_policy.selection import serves
from mdm_policy.vocabulary import MDMS, MODES, PLATFORMS

SECTIONS = (
    "Files",
    "Whom to assign",
    "Before you start",
    "Try it first",
    "Where they go",
    "See that it worked",
    "What users will notice",
    "Undo it",
    "What it will not do",
    "The apps",
)
OPTIONAL = ("Signed or not", "What else happens", "Declared, not modelled")
CLASSES = tuple(
    DeviceClass(f"{mdm} {platform} {mode or 'devices'}", platform, Origin("d", 1, 1), managed_by=mdm, mode=mode)
    for platform in PLATFORMS
    for mdm in MDMS
    for mode in (MODES if platform == "android" else (None,))
)


def ordered(*, exceptions: bool = False) -> Resolution:
    bans = one_of_each()
    freed = [waiver(f"inline:{ban.name}", "lab") for ban in bans[:40:3] if ban.name] if exceptions else []
    return resolve([ban_list(*bans, exceptions=freed)], deployment(devices=CLASSES), NOTHING_KNOWN, DAY)


def sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def codes(text: str) -> list[str]:
    """Return what stands in code, as Markdown has it: between runs of back quotes of one length, less a space at both ends."""
    return [body[1:-1] if body[0] == body[-1] == " " and body.strip() else body for _, body in _CODE.findall(text)]


def cases() -> list[Any]:
    return [
        *(pytest.param(name, {}, False, id=name) for name in TARGETS),
        *(pytest.param(name, {}, True, id=f"{name} excepted") for name in TARGETS),
        *(
            pytest.param(name, {name: options}, False, id=f"{choice} with options")
            for choice, (name, options) in CHOICES.items()
            if options
        ),
    ]


@pytest.mark.parametrize(("name", "options", "exceptions"), cases())
def test_a_page_says_what_its_files_are(name: str, options: dict[str, Any], exceptions: bool) -> None:
    resolution = ordered(exceptions=exceptions)
    made, files = built(resolution, [name], options=options)
    known: dict[str, set[str]] = {}
    for one in (one for app in resolution.apps for one in app.identifiers):
        known.setdefault(one.kind, set()).add(one.value)
    page = files[f"{name}/IMPORT.md"].decode()
    parts = sections(page)
    documents = {path.partition("/")[2]: data for path, data in files.items() if not path.endswith("IMPORT.md")}
    audits = {spec.name for spec in TARGETS[name].manifest.documents if spec.audit}
    told = dict(re.findall(r"^- `([^`]+)`.*?: (.*)$", parts["Files"], flags=re.MULTILINE))
    assert told.keys() == documents.keys()
    for record in made.documents:
        file = record.path.partition("/")[2]
        assert hashlib.sha256(documents[file]).hexdigest() in told[file]
        if record.document in audits:
            assert "blocks" not in told[file]
            continue
        found = blocked(record.path, documents[file])
        for kind in {kept.claim.kind for kept in record.kept}:
            number = len({value for _, other, value in found if other == kind and value in known[kind]})
            assert f"blocks {counted(number, kind)}" in told[file], (file, told[file])
    base = [one for one in made.documents if not one.variant and one.document not in audits]
    kinds = {kept.claim.kind for one in base for kept in one.kept}
    wanted = {
        value
        for one in base
        for _, kind, value in blocked(one.path, files[one.path])
        if kind in kinds and value in known[kind]
    }
    shown = {one.replace("\\|", "|") for one in codes(parts["The apps"].split("|---|")[-1])}
    assert shown == wanted


@pytest.mark.parametrize("name", TARGETS)
def test_a_page_has_all_its_parts_in_order_and_names_the_classes(name: str) -> None:
    page = built(ordered(), [name])[1][f"{name}/IMPORT.md"].decode()
    parts = sections(page)
    assert [part for part in parts if part not in OPTIONAL] == list(SECTIONS)
    assert [part for part, text in parts.items() if not text.strip()] == []
    assert f", {DAY}; lists: " in page
    target = TARGETS[name]
    listed = re.findall(r"^- (.+?): a group that holds", parts["Whom to assign"], flags=re.MULTILINE)
    mine = [cls.name for cls in CLASSES if serves(target, cls)]
    assert mine == [one for one in listed if one in mine]
    assert mine or any(not service.platforms for service in target.manifest.serves)
    assert re.findall(r"\\.", _CODE.sub("", page.partition("## The apps")[0])) == []
    assert re.search(r"\b1 (?:\w+ )*(?:ids|packages|names|apps|programs|publishers|domains|numbers)\b", page) is None
    assert "{{" not in page
    assert "\n\n\n" not in page
    assert page.endswith("\n")


DEFAULTS = (
    "Nothing here only watches",
    "look for a banned app, and try to open it",
    "take the console's own export of it",
    "Remove the assignment, or the object itself, in the console",
)
"""What the frame says where a target says nothing of its own console."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_packaged_target_says_its_own_consoles_way(name: str) -> None:
    page = built(ordered(), [name])[1][f"{name}/IMPORT.md"].decode()
    assert [said for said in DEFAULTS if said in page] == []


@pytest.mark.parametrize("name", TARGETS)
def test_a_page_points_only_at_what_there_is(name: str) -> None:
    """The tables and pages that it links to are written beside every target's folder."""
    page = built(ordered(), [name])[1][f"{name}/IMPORT.md"].decode()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert links
    assert [one for one in links if not re.fullmatch(r"\.\./(?:banned-[a-z]+\.csv|ANY-EMM\.md)", one)] == []


def test_a_name_with_marks_stays_what_it_is() -> None:
    """A bar would end a cell, and a back quote a code."""
    hostile = [inline(ban.name.replace(" ", "|`") if ban.name else "", *ban.identifiers) for ban in one_of_each()]
    made = resolve([ban_list(*hostile)], deployment(), NOTHING_KNOWN, DAY)
    page = built(made, ["apple-ios-restrictions"])[1]["apple-ios-restrictions/IMPORT.md"].decode()
    rows = [line for line in page.splitlines() if line.startswith("| ios")]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}

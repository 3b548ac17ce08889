"""What changes when rules for files do: what they deny, what they allow, and whom they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import DEFAULT_APPX, DEFAULT_EXE, graph, path_rule, publisher_rule, rules_xml, xml

from mdm_policy.diff import Question, Side, compare_policies

if TYPE_CHECKING:
    from mdm_policy.documents import Document

ALL = path_rule("*", action="Allow")
OTHER = publisher_rule("O=OTHER, C=US", action="Allow")
FOLDER = path_rule("%PROGRAMFILES%\\Example\\*")
PATTERN = path_rule("*\\tool*.exe")
SERVICES = (
    '<RuleCollectionExtensions><ThresholdExtensions><Services EnforcementMode="Enabled"/></ThresholdExtensions>'
    '<RedstoneExtensions><SystemApps Allow="Enabled"/></RedstoneExtensions></RuleCollectionExtensions>'
)


def exe(*rules: str, mode: str = "Enabled") -> str:
    return rules_xml(*rules, mode=mode)


def appx(*rules: str) -> str:
    return rules_xml(*rules, kind="Appx")


def excepting(rule: str, *products: str) -> str:
    inside = "".join(
        f'<FilePublisherCondition PublisherName="O=X" ProductName="{one}" BinaryName="*">'
        '<BinaryVersionRange LowSection="*" HighSection="*"/></FilePublisherCondition>'
        for one in products
    )
    return rule.replace("</Conditions>", f"</Conditions><Exceptions>{inside}</Exceptions>")


def versions(low: str, high: str) -> str:
    return f'<BinaryVersionRange LowSection="{low}" HighSection="{high}"/>'


def side(*collections: str, more: tuple[str, ...] = ()) -> tuple[Document, ...]:
    every = ("".join(collections), *more)
    made = [xml(f'<AppLockerPolicy Version="1">{text}</AppLockerPolicy>', f"{n}.xml") for n, text in enumerate(every)]
    return tuple(made)


DENY = publisher_rule("O=X")
WEAKER = [
    pytest.param(side(exe(ALL, FOLDER)), side(exe(ALL)), id="a folder is no longer denied"),
    pytest.param(side(exe(ALL, PATTERN)), side(exe(ALL)), id="a pattern is no longer denied"),
    pytest.param(
        side(exe(ALL, FOLDER, PATTERN)), side(exe(ALL, PATTERN)), id="one of two rules that nobody can weigh is gone"
    ),
    pytest.param(side(exe(ALL, publisher_rule("O=X", "P"))), side(exe(ALL)), id="a product is no longer denied"),
    pytest.param(side(exe(ALL, DENY)), side(exe(ALL, publisher_rule("O=X", "P"))), id="one product in place of all"),
    pytest.param(side(exe(ALL, DENY)), side(exe(ALL, excepting(DENY, "P"))), id="an exception"),
    pytest.param(
        side(exe(ALL, excepting(DENY, "P"))), side(exe(ALL, excepting(DENY, "P", "Q"))), id="one more exception"
    ),
    pytest.param(
        side(exe(ALL, excepting(DENY, "P"))), side(exe(ALL, excepting(DENY, "*"))), id="the exception of everything"
    ),
    pytest.param(
        side(exe(ALL, publisher_rule("O=X", "P", versions=versions("*", "5.0.0.0")))),
        side(exe(ALL, publisher_rule("O=X", "P", versions=versions("*", "4.0.0.0")))),
        id="fewer versions of a product",
    ),
    pytest.param(
        side(exe(ALL, publisher_rule("O=X", versions=versions("2.0.0.0", "*")))),
        side(exe(ALL, publisher_rule("O=X", versions=versions("10.0.0.0", "*")))),
        id="from a later version on",
    ),
    pytest.param(
        side(exe(ALL, publisher_rule("O=X", versions=versions("1.0.0.0", "9.0.0.0")))),
        side(exe(ALL, publisher_rule("O=X", versions=versions("2.0.0.0", "8.0.0.0")))),
        id="within the versions of before",
    ),
    pytest.param(side(exe(OTHER)), side(exe(ALL)), id="an allow list is opened"),
    pytest.param(
        side(exe(OTHER)), side(exe(OTHER), more=(exe(ALL),)), id="an allow list is opened by another document"
    ),
    pytest.param(side(exe(DEFAULT_EXE)), side(exe(ALL)), id="the default rules are opened"),
    pytest.param(
        side(exe(OTHER)),
        side(exe(OTHER, path_rule("%OSDRIVE%\\Tools\\*", action="Allow"))),
        id="one more folder may run",
    ),
    pytest.param(
        side(appx(excepting(DEFAULT_APPX, "P"))),
        side(appx(DEFAULT_APPX)),
        id="the exception of an allow rule is dropped",
    ),
    pytest.param(side(exe(ALL, DENY, SERVICES)), side(exe(ALL, DENY)), id="services are no longer held"),
    pytest.param(
        side(exe(ALL, DENY)), side(exe(ALL, DENY), more=(exe(ALL, mode="AuditOnly"),)), id="an audit policy beside it"
    ),
    pytest.param(side(exe(ALL, FOLDER)), side(exe(ALL, FOLDER, mode="AuditOnly")), id="a folder is only audited"),
    pytest.param(side(exe(ALL)), side(exe()), id="packages have no rules, and programs have none any more"),
    pytest.param(side(exe(ALL)), side(exe(ALL) + appx(DEFAULT_APPX)), id="packages get rules that let them in"),
    pytest.param(side(exe(ALL)), side(exe(ALL), more=(appx(DEFAULT_APPX),)), id="another document lets packages in"),
    pytest.param(side(exe(ALL)), side(exe(ALL, mode="AuditOnly")), id="rules that stop packages are only audited"),
]
NOTHING = [
    pytest.param(side(exe(ALL, FOLDER)), side(exe(FOLDER, ALL)), id="another order"),
    pytest.param(side(exe(ALL, DENY)), side(exe(ALL, DENY.replace('Name="n"', 'Name="other"'))), id="another name"),
    pytest.param(
        side(exe(ALL, FOLDER) + appx(DEFAULT_APPX)), side(appx(DEFAULT_APPX) + exe(ALL, FOLDER)), id="collections"
    ),
    pytest.param(
        side(exe(ALL, DENY)), side(exe(ALL, DENY, mode="NotConfigured")), id="not configured, which is enforced"
    ),
    pytest.param(side(exe(ALL)), side(exe(ALL) + appx()), id="a collection for packages that has no rule"),
]


def directions(old: tuple[Document, ...], new: tuple[Document, ...]) -> list[str]:
    found = compare_policies(Side("old", old), Side("new", new), Question("2026-11-24"), None)
    return [one.direction for one in found.changes]


@pytest.mark.parametrize(("old", "new"), WEAKER)
def test_weaker_rules_for_files_are_never_milder(old: tuple[Document, ...], new: tuple[Document, ...]) -> None:
    found = compare_policies(Side("old", old), Side("new", new), Question("2026-11-24"), None)
    assert found.exit_code == 11
    assert not [one for one in found.others if one.kind == "applocker-rules"]


def test_a_rule_for_fewer_users_is_told_from_one_that_is_gone() -> None:
    """Another rule leaves open what becomes of unknown programs: that is no reason to take the entry for gone."""
    product, users = publisher_rule("O=X", "P"), "S-1-5-32-544"
    told = compared(
        side(exe(ALL, product, path_rule("*\\tool.exe"))), side(exe(ALL, product, path_rule("*\\tool.exe", sid=users)))
    )
    assert told["tool.exe"] == "NARROWED"
    assert (
        compared(side(exe(ALL, product, path_rule("*\\tool.exe"))), side(exe(ALL, product)))["tool.exe"] == "LOOSENED"
    )


def test_a_product_of_a_publisher_that_still_stands_there_is_without_effect() -> None:
    old, new = (in_intune(f"windows10{sort}Configuration", "O=X", "P") for sort in ("Custom", "General"))
    assert compared((old,), (new,))["p; publisher=o=x"] == "INEFFECTIVE"
    gone = in_intune("windows10CustomConfiguration", "O=X", "Q")
    assert compared((old,), (gone,))["p; publisher=o=x"] == "LOOSENED"


def in_intune(sort: str, publisher: str, product: str) -> Document:
    uri = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/G/EXE/Policy"
    return graph(sort, omaSettings=[{"omaUri": uri, "value": exe(ALL, publisher_rule(publisher, product))}])


def compared(old: tuple[Document, ...], new: tuple[Document, ...]) -> dict[str, str]:
    made = compare_policies(Side("old", old), Side("new", new), Question("2026-11-24"), None)
    return {change.name: change.direction for change in made.changes}


@pytest.mark.parametrize(("old", "new"), WEAKER)
def test_the_way_back_weakens_nothing(old: tuple[Document, ...], new: tuple[Document, ...]) -> None:
    assert not {"LOOSENED", "INEFFECTIVE", "NARROWED"} & set(directions(new, old))


@pytest.mark.parametrize(("old", "new"), NOTHING)
def test_what_changes_nothing_is_no_alarm(old: tuple[Document, ...], new: tuple[Document, ...]) -> None:
    assert not set(directions(old, new)) & {"LOOSENED", "INEFFECTIVE", "NARROWED", "TIGHTENED", "UNJUDGED"}


@pytest.mark.parametrize(
    ("kind", "expected"), [("Dll", ["UNJUDGED"]), ("ManagedInstaller", ["UNJUDGED"]), ("Script", [])]
)
def test_rules_that_nobody_judges_have_no_direction(kind: str, expected: list[str]) -> None:
    other = rules_xml(path_rule("C:\\x\\*", action="Allow"), kind=kind, mode="AuditOnly")
    more = rules_xml(path_rule("C:\\y\\*", action="Allow"), kind=kind, mode="AuditOnly")
    found = directions(side(exe(ALL, FOLDER) + other), side(exe(ALL, FOLDER) + more))
    assert [one for one in found if one != "COSMETIC"] == expected
    accepted = Question("2026-11-24", accept_unjudged=("0.xml#*",))
    sides = [Side(name, side(exe(ALL, FOLDER) + text)) for name, text in (("old", other), ("new", more))]
    assert compare_policies(sides[0], sides[1], accepted, None).exit_code in (0, 10)


def test_of_versions_that_overlap_nobody_says_which_are_more() -> None:
    old = side(exe(ALL, publisher_rule("O=X", versions=versions("1.0.0.0", "5.0.0.0"))))
    new = side(exe(ALL, publisher_rule("O=X", versions=versions("2.0.0.0", "6.0.0.0"))))
    assert "NARROWED" in directions(old, new)
    assert "NARROWED" in directions(new, old)

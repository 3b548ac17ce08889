"""What rules for files make of apps: AppLocker's law, rule by rule and document by document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import DEFAULT_APPX, DEFAULT_EXE, app, device, graph, path_rule, publisher_rule, rules_xml, xml

from mdm_policy.decide import Index, judge
from mdm_policy.decide.gathering import signature
from mdm_policy.decide.programs import MAYBE, NO, YES, path_fits
from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp

DAY = "2026-11-24"
PC = device("windows", ">=10", "PCs")
ALL = path_rule("*", action="Allow")
SOME = "S-1-5-21-1-2-3-1104"
TOOL = app(("windows", "executable", "tool.exe"))
SIGNED = app(("windows", "publisher", "O=EXAMPLE, C=US"))
COMMA = app(("windows", "publisher", "O=EXAMPLE, INC., C=US"))
PRODUCT = app(("windows", "publisher", "O=EXAMPLE, C=US"), ("windows", "product_name", "Viewer"))
PRODUCT_IN_CAPITALS = app(("windows", "publisher", "O=EXAMPLE, C=US"), ("windows", "product_name", "VIEWER"))
FILE = app(("windows", "publisher", "O=EXAMPLE, C=US"), ("windows", "original_file_name", "Viewer.exe"))
# The hash of the publisher is the end of the family name.
FAMILY = app(("windows", "package_family_name", "Telegram_t4vj0pshhgkwm"))
TELEGRAM = "CN=536BC709-8EE1-4478-AF22-F0F0F26FF64A"
PACKAGE = app(("windows", "appx_name", "Telegram"))
SERVICES = (
    '<RuleCollectionExtensions><ThresholdExtensions><Services EnforcementMode="Enabled"/></ThresholdExtensions>'
    '<RedstoneExtensions><SystemApps Allow="Enabled"/></RedstoneExtensions></RuleCollectionExtensions>'
)


def exe(*rules: str, mode: str = "Enabled", name: str = "d.xml") -> Document:
    return policy(rules_xml(*rules, mode=mode), name=name)


def appx(*rules: str, mode: str = "Enabled", name: str = "d.xml") -> Document:
    return policy(rules_xml(*rules, kind="Appx", mode=mode), name=name)


def policy(*collections: str, name: str = "d.xml") -> Document:
    return xml(f'<AppLockerPolicy Version="1">{"".join(collections)}</AppLockerPolicy>', name)


def bare(*rules: str, mode: str = "Enabled", name: str = "b.xml") -> Document:
    return xml(rules_xml(*rules, mode=mode), name)


def csp(*values: str, **grouped: str) -> Document:
    uri = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/{}/EXE/Policy"
    named = {"G": values[0]} if values else grouped
    settings = [{"omaUri": uri.format(group), "value": value} for group, value in named.items()]
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    return graph("windows10CustomConfiguration", omaSettings=settings, assignments=[target])


def versions(low: str, high: str) -> str:
    return f'<BinaryVersionRange LowSection="{low}" HighSection="{high}"/>'


def except_path(path: str) -> str:
    return f'<Exceptions><FilePathCondition Path="{path}"/></Exceptions>'


def except_publisher(publisher: str, product: str = "*") -> str:
    return (
        f'<Exceptions><FilePublisherCondition PublisherName="{publisher}" ProductName="{product}" BinaryName="*">'
        f"{versions('*', '*')}</FilePublisherCondition></Exceptions>"
    )


def with_exception(rule: str, exception: str) -> str:
    return rule.replace("</Conditions>", f"</Conditions>{exception}")


def verdict(banned: BannedApp, *documents: Document) -> tuple[str, str | None]:
    found = judge(Index([read(one) for one in documents], PC), PC, banned, DAY, "weak").worst
    return found.verdict, found.strength if found.verdict == "blocked" else None


DENIED = path_rule("*\\tool.exe")
OURS = publisher_rule("O=EXAMPLE, C=US")
WEAK, PARTIAL, STRONG = ("blocked", "weak"), ("blocked", "partial"), ("blocked", "strong")
OPEN, UNKNOWN, LOGGED = ("allowed", None), ("unknown", None), ("reported-only", None)


@pytest.mark.parametrize(
    ("documents", "banned", "expected"),
    [
        pytest.param([exe(ALL, DENIED)], TOOL, WEAK, id="file-name"),
        pytest.param([exe(ALL, path_rule("*tool.exe"))], TOOL, WEAK, id="end-of-a-file-name"),
        pytest.param([exe(ALL, path_rule("*\\t*.exe"))], TOOL, WEAK, id="pattern"),
        pytest.param([exe(ALL, path_rule("*\\x*.exe"))], TOOL, UNKNOWN, id="pattern-of-a-folder-perhaps"),
        pytest.param([exe(ALL, path_rule("%OSDRIVE%\\Tools\\*"))], TOOL, UNKNOWN, id="folder"),
        pytest.param([exe(ALL, path_rule("%OSDRIVE%\\Tools\\tool.exe"))], TOOL, UNKNOWN, id="file-in-a-folder"),
        pytest.param([exe(ALL, path_rule("*\\tool.exe", sid="S-1-5-11"))], TOOL, WEAK, id="authenticated-users"),
        pytest.param([exe(ALL, path_rule("*\\tool.exe", sid="S-1-5-32-545"))], TOOL, WEAK, id="the-group-users"),
        pytest.param([exe(ALL, path_rule("*\\tool.exe", sid=SOME))], TOOL, UNKNOWN, id="one-group"),
        pytest.param([exe(ALL, OURS)], SIGNED, PARTIAL, id="publisher"),
        pytest.param([exe(ALL, publisher_rule("*"))], SIGNED, PARTIAL, id="every-publisher"),
        pytest.param([exe(ALL, publisher_rule("*"))], TOOL, UNKNOWN, id="every-publisher-and-maybe-unsigned"),
        pytest.param([exe(ALL, publisher_rule("O=OTHER, C=US"))], SIGNED, OPEN, id="another-publisher"),
        pytest.param(
            [exe(ALL, publisher_rule("O=&quot;EXAMPLE, INC.&quot;, C=US"))], COMMA, PARTIAL, id="quoted-comma"
        ),
        pytest.param([exe(ALL, publisher_rule("O=EXAMPLE, C=US", "VIEWER"))], PRODUCT, PARTIAL, id="product"),
        pytest.param([exe(ALL, publisher_rule("O=EXAMPLE, C=US", "VIEWER"))], SIGNED, UNKNOWN, id="some-product"),
        pytest.param([exe(ALL, publisher_rule("O=EXAMPLE, C=US", "EDITOR"))], PRODUCT, OPEN, id="another-product"),
        pytest.param(
            [exe(ALL, publisher_rule("O=EXAMPLE, C=US", "*", "VIEWER.EXE"))], FILE, PARTIAL, id="original-name"
        ),
        pytest.param([exe(ALL, publisher_rule("O=EXAMPLE, C=US", "*", "VIEW*"))], FILE, PARTIAL, id="original-pattern"),
        pytest.param([exe(ALL, publisher_rule("*", "*", "TOOL.EXE"))], TOOL, UNKNOWN, id="name-on-disk-is-no-original"),
        pytest.param(
            [exe(ALL, publisher_rule("O=EXAMPLE, C=US", versions=versions("*", "5.0.0.0")))],
            SIGNED,
            UNKNOWN,
            id="up-to-a-version",
        ),
        pytest.param(
            [exe(ALL, publisher_rule("O=EXAMPLE, C=US", versions=versions("2.0.0.0", "*")))],
            SIGNED,
            UNKNOWN,
            id="from-a-version",
        ),
        pytest.param([exe(ALL, with_exception(DENIED, except_path("*\\tool.exe")))], TOOL, OPEN, id="excepts-itself"),
        pytest.param(
            [exe(ALL, with_exception(OURS, except_publisher("O=EXAMPLE, C=US")))],
            SIGNED,
            OPEN,
            id="excepts-its-publisher",
        ),
        pytest.param(
            [exe(ALL, with_exception(OURS, except_publisher("O=OTHER, C=US")))],
            SIGNED,
            PARTIAL,
            id="excepts-another-publisher",
        ),
        pytest.param(
            [exe(ALL, with_exception(OURS, except_publisher("O=EXAMPLE, C=US", "VIEWER")))],
            SIGNED,
            UNKNOWN,
            id="excepts-a-product",
        ),
        pytest.param(
            [exe(ALL, with_exception(DENIED, except_publisher("*")))], TOOL, UNKNOWN, id="excepts-all-that-is-signed"
        ),
        pytest.param([exe(DENIED)], SIGNED, STRONG, id="nothing-is-allowed"),
        pytest.param(
            [exe(publisher_rule("O=OTHER, C=US", action="Allow"))], SIGNED, STRONG, id="only-another-may-start"
        ),
        pytest.param([exe(publisher_rule("O=OTHER, C=US", action="Allow"))], TOOL, UNKNOWN, id="perhaps-its-publisher"),
        pytest.param([exe(with_exception(ALL, except_path("*\\tool.exe")))], TOOL, WEAK, id="an-exception-refuses"),
        pytest.param(
            [exe(with_exception(ALL, except_path("*\\tool.exe")), path_rule("*\\tool.exe", action="Allow"))],
            TOOL,
            OPEN,
            id="another-rule-allows-the-exception",
        ),
        pytest.param([exe(DEFAULT_EXE)], TOOL, OPEN, id="folders-may-be-chosen"),
        pytest.param([exe()], TOOL, OPEN, id="no-rules"),
        pytest.param([exe(ALL, DENIED, mode="AuditOnly")], TOOL, LOGGED, id="audited"),
        pytest.param([exe(ALL, DENIED, mode="NotConfigured")], TOOL, WEAK, id="not-configured"),
        pytest.param([xml(rules_xml(ALL, DENIED, mode="NotConfigured"))], TOOL, UNKNOWN, id="not-configured-and-bare"),
        pytest.param([appx(DEFAULT_APPX, publisher_rule("*", "Telegram"))], PACKAGE, STRONG, id="package"),
        pytest.param([appx(DEFAULT_APPX, publisher_rule(TELEGRAM, "Telegram"))], FAMILY, STRONG, id="package-by-hash"),
        pytest.param([appx(DEFAULT_APPX, publisher_rule(TELEGRAM))], FAMILY, STRONG, id="publisher-by-hash"),
        pytest.param([appx(DEFAULT_APPX, publisher_rule("CN=OTHER", "Telegram"))], FAMILY, OPEN, id="another-hash"),
        pytest.param([appx(DEFAULT_APPX, publisher_rule(TELEGRAM, "Telegram"))], PACKAGE, UNKNOWN, id="whose-package"),
        pytest.param([appx(publisher_rule("*", "Other", action="Allow"))], FAMILY, STRONG, id="only-another-package"),
        pytest.param([appx(publisher_rule("*"))], FAMILY, STRONG, id="every-package"),
        pytest.param(
            [appx(DEFAULT_APPX, publisher_rule("*", "Telegram", versions=versions("*", "4.0.0.0")))],
            FAMILY,
            UNKNOWN,
            id="old-packages",
        ),
        pytest.param([exe(ALL, DENIED), exe(ALL, name="e.xml")], TOOL, WEAK, id="rules-add-up"),
        pytest.param(
            [exe(publisher_rule("O=OTHER, C=US", action="Allow")), exe(ALL, name="e.xml")],
            SIGNED,
            OPEN,
            id="allowed-beside",
        ),
        pytest.param(
            [exe(ALL, DENIED), exe(ALL, mode="AuditOnly", name="e.xml")], TOOL, UNKNOWN, id="two-modes-in-two-documents"
        ),
        pytest.param(
            [exe(ALL, DENIED, mode="NotConfigured"), exe(ALL, mode="AuditOnly", name="e.xml")],
            TOOL,
            LOGGED,
            id="not-configured-beside-audit",
        ),
        pytest.param(
            [appx(DEFAULT_APPX, publisher_rule("*", "Telegram")), exe(ALL, mode="AuditOnly", name="e.xml")],
            FAMILY,
            STRONG,
            id="the-mode-of-another-sort",
        ),
        pytest.param([csp(rules_xml(ALL, DENIED))], TOOL, WEAK, id="by-the-mdm"),
        pytest.param([csp(A=rules_xml(ALL, DENIED), B=rules_xml(ALL, DENIED))], TOOL, WEAK, id="equal-groupings"),
        pytest.param([csp(A=rules_xml(ALL, DENIED), B=rules_xml(ALL))], TOOL, UNKNOWN, id="other-groupings"),
        pytest.param(
            [csp(A=rules_xml(ALL, DENIED), B=rules_xml(ALL, mode="AuditOnly"))],
            TOOL,
            UNKNOWN,
            id="groupings-in-two-modes",
        ),
        pytest.param(
            [csp(rules_xml(ALL, DENIED)), exe(ALL, name="e.xml")], TOOL, UNKNOWN, id="mdm-beside-group-policy"
        ),
        pytest.param([csp(rules_xml(ALL, DENIED)), exe(ALL, DENIED, name="e.xml")], TOOL, WEAK, id="both-deny"),
        pytest.param([exe(DENIED)], TOOL, STRONG, id="denied-and-allowed-by-nothing"),
        pytest.param([exe(OURS)], SIGNED, STRONG, id="denied-by-its-publisher-and-allowed-by-nothing"),
        pytest.param([exe(DENIED, DEFAULT_EXE)], TOOL, WEAK, id="denied-beside-folders"),
        pytest.param(
            [exe(with_exception(ALL, except_publisher("O=EXAMPLE, C=US")))], SIGNED, PARTIAL, id="all-but-a-publisher"
        ),
        pytest.param(
            [exe(with_exception(ALL, except_publisher("O=EXAMPLE, C=US", "VIEWER")))],
            PRODUCT_IN_CAPITALS,
            PARTIAL,
            id="all-but-a-product",
        ),
        pytest.param([exe(with_exception(ALL, except_path("*\\tool.exe")))], TOOL, WEAK, id="all-but-a-file-name"),
        pytest.param(
            [exe(with_exception(ALL, except_publisher("O=EXAMPLE, C=US")), DEFAULT_EXE)],
            SIGNED,
            OPEN,
            id="all-but-a-publisher-beside-folders",
        ),
        pytest.param([bare(ALL, DENIED)], TOOL, WEAK, id="a-collection-alone"),
        pytest.param([bare(ALL, DENIED), bare(ALL, name="e.xml")], TOOL, UNKNOWN, id="two-collections"),
        pytest.param([bare(ALL, DENIED), bare(DENIED, ALL, name="e.xml")], TOOL, WEAK, id="two-equal-collections"),
        pytest.param(
            [bare(ALL, publisher_rule("O=EXAMPLE, C=US", "VIEWER")), bare(ALL, name="e.xml")],
            TOOL,
            UNKNOWN,
            id="two-collections-of-which-one-may-deny",
        ),
        pytest.param([bare(ALL, DENIED), bare(DENIED, OURS, name="e.xml")], TOOL, WEAK, id="two-that-deny"),
        pytest.param([bare(ALL, DENIED), exe(ALL, name="e.xml")], TOOL, UNKNOWN, id="a-collection-beside-a-policy"),
        pytest.param([bare(ALL), exe(ALL, DENIED, name="e.xml")], TOOL, UNKNOWN, id="a-policy-beside-a-collection"),
        pytest.param([bare(ALL, DENIED), csp(rules_xml(ALL))], TOOL, UNKNOWN, id="a-collection-beside-the-mdm"),
        pytest.param([exe(ALL, DENIED), exe(ALL, name="e.xml")], TOOL, WEAK, id="two-policies-add-up"),
        pytest.param(
            [exe(ALL, DENIED), csp(rules_xml(ALL, DENIED, mode="NotConfigured"))],
            TOOL,
            UNKNOWN,
            id="the-mdms-mode-is-open",
        ),
        pytest.param(
            [csp(A=rules_xml(ALL, DENIED), B=rules_xml(ALL, DENIED, mode="NotConfigured"))],
            TOOL,
            UNKNOWN,
            id="the-mode-of-one-grouping-is-open",
        ),
        pytest.param(
            [exe(ALL, DENIED), bare(ALL, DENIED, mode="NotConfigured", name="e.xml")],
            TOOL,
            UNKNOWN,
            id="the-mode-of-a-collection-is-open",
        ),
        pytest.param(
            [exe(ALL, DENIED), exe(ALL, DENIED, mode="NotConfigured", name="e.xml")],
            TOOL,
            WEAK,
            id="the-mode-of-a-policy-is-enforced",
        ),
    ],
)
def test_what_rules_for_files_make_of_an_app(
    documents: list[Document], banned: BannedApp, expected: tuple[str, str | None]
) -> None:
    assert verdict(banned, *documents) == expected
    assert verdict(banned, *reversed(documents)) == expected


@pytest.mark.parametrize(
    ("documents", "banned", "expected"),
    [
        pytest.param([exe(ALL)], FAMILY, STRONG, id="programs-alone"),
        pytest.param([exe(ALL)], PACKAGE, STRONG, id="programs-alone-and-a-package-by-name"),
        pytest.param([exe(ALL)], TOOL, OPEN, id="no-program-is-stopped-by-it"),
        pytest.param([exe()], FAMILY, OPEN, id="no-rules-for-programs"),
        pytest.param([exe(ALL, mode="AuditOnly")], FAMILY, OPEN, id="programs-audited"),
        pytest.param([exe(ALL, mode="NotConfigured")], FAMILY, STRONG, id="programs-not-configured"),
        pytest.param([bare(ALL)], FAMILY, STRONG, id="a-collection-alone"),
        pytest.param([bare(ALL, mode="NotConfigured")], FAMILY, UNKNOWN, id="a-collection-not-configured"),
        pytest.param([csp(rules_xml(ALL))], FAMILY, STRONG, id="by-the-mdm"),
        pytest.param([policy(rules_xml(ALL, kind="Msi"))], FAMILY, OPEN, id="installers-alone"),
        pytest.param([exe(ALL), appx(name="p.xml")], FAMILY, STRONG, id="a-collection-for-packages-without-rules"),
        pytest.param([exe(ALL), appx(DEFAULT_APPX, name="p.xml")], FAMILY, OPEN, id="packages-are-let-in"),
        pytest.param(
            [exe(ALL), appx(DEFAULT_APPX, mode="AuditOnly", name="p.xml")], FAMILY, OPEN, id="packages-audited"
        ),
        pytest.param(
            [exe(ALL), appx(mode="AuditOnly", name="p.xml")], FAMILY, STRONG, id="no-rules-for-packages-audited"
        ),
        pytest.param(
            [exe(ALL), appx(publisher_rule("*", "Other", action="Allow"), name="p.xml")],
            FAMILY,
            STRONG,
            id="packages-of-another",
        ),
        pytest.param([exe(ALL), exe(ALL, mode="AuditOnly", name="e.xml")], FAMILY, UNKNOWN, id="two-modes"),
        pytest.param([exe(ALL), bare(DENIED, ALL)], FAMILY, STRONG, id="a-policy-beside-a-collection"),
        pytest.param(
            [exe(ALL), bare(ALL, mode="NotConfigured")], FAMILY, UNKNOWN, id="a-policy-beside-an-open-collection"
        ),
        pytest.param([bare(ALL), bare(name="e.xml")], FAMILY, UNKNOWN, id="another-collection-without-rules"),
        pytest.param([exe(ALL), exe(name="e.xml")], FAMILY, STRONG, id="another-policy-without-rules"),
        pytest.param(
            [exe(ALL), exe(mode="AuditOnly", name="e.xml")], FAMILY, UNKNOWN, id="another-that-audits-nothing"
        ),
        pytest.param(
            [exe(ALL), xml(rules_xml(DEFAULT_APPX, kind="Appx", mode="NotConfigured"), "p.xml")],
            FAMILY,
            UNKNOWN,
            id="whether-the-rules-for-packages-count-is-open",
        ),
        pytest.param([exe(ALL.replace('Action="Allow"', ""))], FAMILY, OPEN, id="a-policy-that-windows-refuses"),
    ],
)
def test_rules_for_programs_alone_stop_every_package(
    documents: list[Document], banned: BannedApp, expected: tuple[str, str | None]
) -> None:
    assert verdict(banned, *documents) == expected
    assert verdict(banned, *reversed(documents)) == expected


def test_what_stops_a_package_without_rules_is_the_collection_of_programs() -> None:
    found = judge(Index([read(exe(ALL))], PC), PC, FAMILY, DAY).worst
    assert "8027" in found.sentence
    assert found.pointer.endswith("/RuleCollection")


def test_an_unknown_names_the_rule_that_nobody_can_weigh() -> None:
    documents = [read(exe(ALL, path_rule("%OSDRIVE%\\Tools\\*")))]
    found = judge(Index(documents, PC), PC, TOOL, DAY).worst
    assert "%OSDRIVE%\\Tools\\*" in found.sentence
    assert found.cause == "condition"
    assert found.pointer.endswith("/FilePathRule/1")


@pytest.mark.parametrize(
    ("pattern", "disk", "path", "expected"),
    [
        ("*", None, None, YES),
        ("*\\a.exe", "A.EXE", None, YES),
        ("*\\a.exe", "b.exe", None, NO),
        ("*\\a.exe", None, None, MAYBE),
        ("*a.exe", "ba.exe", None, YES),
        ("*a.exe", "ab.exe", None, NO),
        ("C:\\x\\a.exe", "a.exe", None, MAYBE),
        ("C:\\x\\a.exe", "b.exe", None, NO),
        ("C:\\x\\*", "a.exe", None, MAYBE),
        ("*\\x\\*", "a.exe", None, MAYBE),
        ("*\\a?.exe", "ab.exe", None, YES),
        ("a.exe", "a.exe", None, MAYBE),
        ("C:\\x\\*", None, "C:\\x\\y\\*", YES),
        ("C:\\x\\y\\*", None, "C:\\x\\*", MAYBE),
        ("C:\\x\\*", None, "C:\\y\\*", NO),
        ("%PROGRAMFILES%\\*", None, "C:\\x\\*", MAYBE),
        ("*\\a.exe", None, "C:\\x\\b.exe", NO),
    ],
)
def test_paths(pattern: str, disk: str | None, path: str | None, expected: int) -> None:
    assert path_fits(pattern, disk, path) == expected


def test_no_pattern_takes_long() -> None:
    assert path_fits("*" + "a*" * 2_000 + "b.exe", "a" * 4_000 + ".exe") == NO


def test_a_program_and_a_package_fare_apart() -> None:
    sets = read(policy(rules_xml(), rules_xml(publisher_rule("CN=A", action="Allow"), kind="Appx"))).rule_sets
    assert signature(sets, TOOL) != signature(sets, FAMILY)
    assert verdict(TOOL, policy(rules_xml(), rules_xml(publisher_rule("CN=A", action="Allow"), kind="Appx"))) == OPEN
    assert (
        verdict(FAMILY, policy(rules_xml(), rules_xml(publisher_rule("CN=A", action="Allow"), kind="Appx"))) == STRONG
    )


def test_a_collection_without_rules_is_no_allow_list() -> None:
    one, other = (read(policy(rules_xml(*rules))).rule_sets for rules in ((), (publisher_rule("O=A", action="Allow"),)))
    assert signature(one, SIGNED) != signature(other, SIGNED)

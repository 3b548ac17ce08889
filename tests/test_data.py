"""Hold the packaged data to their laws: what is shipped is well formed, sourced as it says, and consistent.

The files are read as plain JSON and YAML, so that these laws do not lean on the code that loads them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).parent.parent / "mdm_policy" / "data"
LISTS = sorted((DATA / "lists").glob("*.yaml"))
CATALOGUE: dict[str, Any] = json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))
APPS: dict[str, Any] = CATALOGUE["apps"]
VENDORS: dict[str, Any] = CATALOGUE["vendors"]
AUTHORITIES: dict[str, Any] = json.loads((DATA / "authorities.json").read_text(encoding="utf-8"))
NEVER: dict[str, Any] = json.loads((DATA / "never_block.json").read_text(encoding="utf-8"))
WRONG: list[dict[str, Any]] = json.loads((DATA / "wrong_ids.json").read_text(encoding="utf-8"))
HOLDERS = {**{f"app {k}": v for k, v in APPS.items()}, **{f"vendor {k}": v for k, v in VENDORS.items()}}
DUTIES = {"no-install", "no-launch", "remove", "no-traffic"}

SHAPES = {
    ("ios", "bundle_id"): r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    ("macos", "bundle_id"): r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+",
    ("macos", "app_store_id"): r"[1-9][0-9]{5,11}",
    ("ios", "app_store_id"): r"[1-9][0-9]{5,11}",
    ("macos", "team_id"): r"[A-Z0-9]{10}",
    ("macos", "process_name"): r"[^/\\:]+",
    ("android", "package_name"): r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+",
    ("windows", "package_family_name"): r"[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-z]{13}",
    ("windows", "appx_name"): r"[A-Za-z0-9.-]{3,50}",
    ("windows", "publisher"): r'O=[^="*a-z]+(, [A-Z]+=[^="*a-z]+)*, C=[A-Z]{2}',
    ("windows", "publisher_cn"): r"(?!CN=)[^=*]+",
    ("windows", "certificate"): r"[0-9A-F]{40}|[0-9A-F]{64}|[0-9A-F]{96}",
    ("windows", "product_name"): r"[^*]+",
    ("windows", "original_file_name"): r"[^/\\:*?]+",
    ("windows", "executable"): r"[^/\\:*?]+\.exe",
    ("windows", "winget_id"): r"[^\s./\\]+(\.[^\s./\\]+)+",
    ("windows", "product_code"): r"[^\\*]+",
    ("web", "domain"): r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}",
}
FAMILIES = ["ios", "macos", "android", "windows", "web"]
KINDS = [
    "bundle_id",
    "app_store_id",
    "team_id",
    "signing_id",
    "cdhash",
    "process_name",
    "package_name",
    "package_family_name",
    "appx_name",
    "publisher",
    "publisher_cn",
    "certificate",
    "product_name",
    "original_file_name",
    "executable",
    "winget_id",
    "product_code",
    "domain",
    "url",
]
FLAGS = {"role", "runs_as_service", "shared", "original_file_name", "publisher"}

# The same identifier under two apps, on purpose; everything else belongs to one app only.
SHARED: dict[tuple[str, str, str], str] = {}

# Apps that a list names and of which no usable identifier is known, so that the gap is reported.
EMPTY = {
    "tiktok-live-studio": "a Windows program of ByteDance's, known by name only",
    "qzone": "named by the order of Ohio; no identifier found by 2026-11-28",
    "tiantian-music": "named by the order of Ohio; no identifier found by 2026-11-28",
    "renren": "named by the order of Ohio; no identifier found by 2026-11-28",
    "tudou": "named by the order of Ohio; no identifier found by 2026-11-28",
}
NAMED = ["WhatsApp", "Signal", "Zoom", "VKontakte", "ChatGPT", "Grok", "Snapchat", "Discord", "Telegram"]
"""Apps that orders of today name beside those of the shipped lists."""

EO_13971 = ["alipay", "camscanner", "QQ Wallet", "shareit", "qq", "vmate", "WeChat Pay", "wps-office"]


def read_list(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes a bare `on` for true; the ban-list language does not.
    value = yaml.safe_load(path.read_text(encoding="utf-8").replace("{on: ", '{"on": '))
    assert isinstance(value, dict)
    return value


def keys_of(ban: dict[str, Any]) -> list[str]:
    """Return the catalogue's app keys that a ban blocks."""
    if "vendor" in ban:
        return [key for key, app in APPS.items() if app["vendor"] == ban["vendor"]]
    return [key for key in (ban.get("app"), ban.get("implemented_by")) if key]


def source_group(source: str) -> str:
    """Name the origin of a source: sources that copy each other, or stand in one repository, are one."""
    if re.search(r"Remove-China-Apps|chinaappsremover|DragonApps|Banned-App-Detector", source):
        return "the lists of 2020"
    if re.search(r"gkd", source, re.IGNORECASE):
        return "GKD subscriptions"
    if re.search(r"Arcticons|lawnicons", source):
        return "icon packs"
    if re.search(r"microsoft/winget-pkgs|SpecterShell/Dumplings|abgox/", source):
        return "winget"
    if re.search(r"Win11Debloat|Win-Debloat-Tools|Winhance", source):
        return "tools that remove Store apps"
    if re.search(r"yaml/qq_im-remote_assistance|remote_access_software", source):
        return "lists of remote access programs"
    named = re.match(r"github:([^/@ ]+/[^/@ ]+)|https?://([^/ ]+)|(pypi:[^ ]+)", source)
    return (named.group(1) or named.group(2) or named.group(3)).lower() if named else source


def identifier_rows() -> list[Any]:
    return [pytest.param(holder["identifiers"], id=name) for name, holder in HOLDERS.items() if holder["identifiers"]]


def sort_key(one: dict[str, Any]) -> tuple[int, int, str]:
    return (FAMILIES.index(one["family"]), KINDS.index(one["kind"]), one["value"])


@pytest.mark.parametrize("identifiers", identifier_rows())
def test_each_identifier_is_well_formed_and_in_order(identifiers: list[dict[str, Any]]) -> None:
    for one in identifiers:
        shape = SHAPES[one["family"], one["kind"]]
        assert re.fullmatch(shape, one["value"]), one
        assert set(one) <= {"family", "kind", "value", "confidence", "sources", "checked", "note"} | FLAGS
        assert one.get("role", "helper") in ("variant", "helper", "installer")
        assert {one.get(flag, True) for flag in ("runs_as_service", "shared")} == {True}
        assert "runs_as_service" not in one or one["kind"] == "executable"
        assert "shared" not in one or one["kind"] == "domain"
        assert "original_file_name" not in one or one["kind"] == "executable"
        assert dt.date.fromisoformat(one["checked"]).isoformat() == one["checked"]
        assert one.get("note") != ""
    assert identifiers == sorted(identifiers, key=sort_key)
    assert len({sort_key(one) for one in identifiers}) == len(identifiers)


@pytest.mark.parametrize("identifiers", identifier_rows())
def test_confidence_is_what_the_named_sources_bear(identifiers: list[dict[str, Any]]) -> None:
    for one in identifiers:
        groups = {source_group(source) for source in one["sources"]}
        worth = "verified" if len(groups) > 1 else "single-source" if groups else "unsourced"
        assert one["confidence"] in (worth, "unverified"), one
        assert len(set(one["sources"])) == len(one["sources"])


def test_every_source_is_named() -> None:
    everywhere = json.dumps([CATALOGUE, AUTHORITIES, NEVER, WRONG])
    assert "not recorded" not in everywhere
    for holder in HOLDERS.values():
        for one in holder["identifiers"]:
            for source in one["sources"]:
                assert re.match(
                    r"github:[\w.-]+/[\w.-]+(@[0-9a-f]{7,40})?( \S|$)|https://[\w.-]+|pypi:[\w.-]+ \S|Apple macOS, ",
                    source,
                ), source


def test_no_source_is_a_place_that_nobody_can_look_up() -> None:
    everywhere = json.dumps([CATALOGUE, AUTHORITIES, NEVER, WRONG]) + "".join(path.read_text("utf-8") for path in LISTS)
    assert re.findall(r"(?i)index id \d|/tmp/|localhost", everywhere) == []


def test_no_day_lies_after_the_catalogue_s_own() -> None:
    days = [one["checked"] for holder in HOLDERS.values() for one in holder["identifiers"]]
    assert dt.date.fromisoformat(CATALOGUE["version"]).isoformat() == CATALOGUE["version"]
    assert max(days) <= CATALOGUE["version"]


def test_a_publisher_is_that_of_its_package() -> None:
    for holder in HOLDERS.values():
        for one in holder["identifiers"]:
            if "publisher" in one:
                assert one["kind"] == "package_family_name"
                assert publisher_id(one["publisher"]) == one["value"].rpartition("_")[2], one


def publisher_id(subject: str) -> str:
    """Work out the hash in a package family name: 64 bits of SHA-256 and a 0, in Crockford's base 32."""
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(subject.encode("utf-16-le")).digest()[:8]) + "0"
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(alphabet[int(bits[place : place + 5], 2)] for place in range(0, 65, 5))


@pytest.mark.parametrize("name", NAMED)
def test_the_apps_that_orders_name_are_known_by_that_name(name: str) -> None:
    (app,) = [
        app for app in APPS.values() if name.casefold() in {app["name"].casefold(), *map(str.casefold, app["aliases"])}
    ]
    known = {one["family"] for one in app["identifiers"]}
    for family, statement in app["platforms"].items():
        assert family in known or statement["state"] in ("none", "unknown") or len(statement["source"]) > 30, family
    assert {"ios", "android"} <= known


@pytest.mark.parametrize(("key", "app"), [pytest.param(k, v, id=k) for k, v in APPS.items()])
def test_each_app_is_complete(key: str, app: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key)
    assert set(app) - {"web_app", "ipad_on_mac"} == {
        *("name", "vendor", "aliases", "note", "platforms", "preinstalled", "identifiers")
    }
    assert app.get("web_app", "x")
    assert app["vendor"] in VENDORS
    assert app["name"].strip() == app["name"] != ""
    assert set(app["platforms"]) == {"ios", "macos", "android", "windows"}
    rendered = {one["family"] for one in app["identifiers"] if one["confidence"] != "unverified"}
    for family, statement in app["platforms"].items():
        assert statement["state"] in ("exists", "none", "unknown")
        assert statement["source"]
        assert (statement["state"] == "exists") >= (family in rendered), family
        assert set(statement) == {"state", "source"} | ({"until"} if statement["state"] == "none" else set())
        if statement["state"] == "none":  # a positive statement with an end, not "nobody found one"
            assert not re.match(r"(?i)no |not |nothing", statement["source"])
            assert dt.date.fromisoformat(statement["until"]).isoformat() > CATALOGUE["version"]
    assert all(entry["maker"] and entry["source"] for entry in app["preinstalled"])


def test_an_identifier_belongs_to_one_app() -> None:
    owners: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for key, app in APPS.items():
        for one in app["identifiers"]:
            owners[one["family"], one["kind"], one["value"].casefold()].append(key)
    assert {key: keys for key, keys in owners.items() if len(keys) > 1 and key not in SHARED} == {}


def test_names_and_aliases_lead_to_one_app() -> None:
    names = Counter(
        n.casefold() for app in APPS.values() for n in {app["name"].casefold(), *map(str.casefold, app["aliases"])}
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_vendor_has_an_app() -> None:
    assert {app["vendor"] for app in APPS.values()} == set(VENDORS)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in LISTS])
def test_each_list_is_a_ban_list(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"(?m)^(?!\s*#).*(?:[:\-,\[]\s)[&*!]\S", text) is None, "anchors, aliases and tags are not shipped"
    value = read_list(path)
    assert list(value) == ["ban_list", "title", "authority", "bans"]
    assert value["ban_list"] == path.stem
    authority = value["authority"]
    assert set(authority) <= {"citation", "source", "issued", "effective", "revoked", "duties", "note"}
    assert set(authority["duties"]) <= DUTIES
    days = [authority.get("issued"), authority.get("effective"), (authority.get("revoked") or {}).get("on")]
    assert all(type(day) is dt.date for day in days if day is not None)
    assert [day for day in days if day] == sorted(day for day in days if day)
    for ban in value["bans"]:
        assert set(ban) in ({"app"}, {"vendor"}, {"name"}, {"feature", "implemented_by"})
        assert {ban.get("app"), ban.get("implemented_by")} <= {None, *APPS}
        assert ban.get("vendor") in {None, *VENDORS}
        if "vendor" in ban:
            assert keys_of(ban) or VENDORS[ban["vendor"]]["identifiers"]
    assert len({json.dumps(ban) for ban in value["bans"]}) == len(value["bans"])


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in LISTS])
def test_no_list_reaches_what_must_not_be_blocked(path: Path) -> None:
    danger = {(family, row["kind"], value.casefold()) for family, rows in NEVER.items() for value, row in rows.items()}
    for ban in read_list(path)["bans"]:
        blocked = [one for key in keys_of(ban) for one in APPS[key]["identifiers"]]
        blocked += VENDORS[ban["vendor"]]["identifiers"] if "vendor" in ban else []
        for one in blocked:
            assert (one["family"], one["kind"], one["value"].casefold()) not in danger


def test_a_named_app_of_a_list_has_something_to_block() -> None:
    for path in LISTS:
        for ban in read_list(path)["bans"]:
            for key in [] if "vendor" in ban else keys_of(ban):
                known = any(one["confidence"] != "unverified" for one in APPS[key]["identifiers"])
                assert known or key in EMPTY, (path.stem, key)


def test_the_order_of_2021_names_eight() -> None:
    bans = read_list(DATA / "lists" / "us-eo-13971.yaml")
    assert [ban.get("feature") or ban["app"] for ban in bans["bans"]] == EO_13971
    assert bans["authority"]["duties"] == []


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        pytest.param("in-59", 59, id="in-59"),
        pytest.param("tx-prohibited-tech", 18 + 26, id="tx-prohibited-tech"),
        pytest.param("us-omb-m-23-13", 1, id="us-omb-m-23-13"),
        pytest.param("oh-eo-2023-03d", 18, id="oh-eo-2023-03d"),
        pytest.param("wi-eo-184", 11, id="wi-eo-184"),
        pytest.param("ia-2025-02", 3, id="ia-2025-02"),
        pytest.param("sd-eo-2023-06", 3, id="sd-eo-2023-06"),
    ],
)
def test_a_list_is_as_long_as_its_authority(name: str, entries: int) -> None:
    assert len(read_list(DATA / "lists" / f"{name}.yaml")["bans"]) == entries


@pytest.mark.parametrize("name", [pytest.param(path.stem, id=path.stem) for path in LISTS if path.stem in AUTHORITIES])
def test_a_list_that_bears_an_authoritys_id_agrees_with_it(name: str) -> None:
    authority = read_list(DATA / "lists" / f"{name}.yaml")["authority"]
    record = AUTHORITIES[name]
    if name != "tx-prohibited-tech":  # its record dates the first list, its file the latest additions
        assert (authority["issued"].isoformat() if "issued" in authority else record["issued"]) == record["issued"]
        assert authority["effective"].isoformat() == record["effective"]
    assert ("read through the press" in authority.get("note", "")) == ("read through the press" in record["note"])
    assert "note" not in authority or authority["source"]
    revoked = authority.get("revoked")
    assert (revoked["on"].isoformat() if revoked else None) == (record["revoked"]["on"] if record["revoked"] else None)


@pytest.mark.parametrize("record", [pytest.param(v, id=k) for k, v in AUTHORITIES.items()])
def test_each_authority_is_cited(record: dict[str, Any]) -> None:
    keys = {"jurisdiction", "title", "citation", "issued", "effective", "revoked", "scope", "sources", "note"}
    assert set(record) == keys
    assert all(record[key] for key in ("jurisdiction", "title", "citation", "sources"))
    for day in (record["issued"], record["effective"], (record["revoked"] or {}).get("on")):
        assert day is None or re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", day)  # some dates are known to the month or year


def test_all_authorities_are_there() -> None:
    assert len(AUTHORITIES) == 49
    revoked = {key: record["revoked"]["on"] for key, record in AUTHORITIES.items() if record["revoked"]}
    assert revoked == dict.fromkeys(("us-eo-13942", "us-eo-13943", "us-eo-13971"), "2021-06-09")


def test_what_must_not_be_blocked_says_why() -> None:
    for family, rows in NEVER.items():
        for value, row in rows.items():
            assert set(row) == {"kind", "level", "note", "sources"}
            assert row["level"] in ("brick", "unmanage", "vital", "function")
            if value != "android":  # the platform's own package, the one without a dot
                assert re.fullmatch(SHAPES[family, row["kind"]], value), value
    assert {family: len(rows) for family, rows in NEVER.items()}["android"] == 28


def test_a_wrong_id_is_not_the_right_one() -> None:
    right: dict[str, set[str]] = defaultdict(set)
    for app in APPS.values():
        for one in app["identifiers"]:
            if one["confidence"] != "unverified":
                right[one["value"]].add(one["family"])
    for row in WRONG:
        assert set(row) == {"value", "family", "circulates_as", "right", "note", "pairing_only", "pattern"}
        assert row["family"] in ("any", "ios", "macos", "android", "windows")
        assert row["pattern"] == row["value"].endswith("*")
        assert row["right"] == "" or row["right"] in right, row
        if not row["pairing_only"]:
            families = {"ios", "macos", "android", "windows"} if row["family"] == "any" else {row["family"]}
            assert not families & right[row["value"]], row


def test_wrong_ids_stand_once_and_in_order() -> None:
    keys = [(row["value"], row["family"]) for row in WRONG]
    assert keys == sorted(set(keys))
    assert len(WRONG) == 45


@pytest.mark.parametrize("name", [pytest.param(n, id=n) for n in ("authorities.json", "never_block.json")])
def test_small_files_are_canonical(name: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def lines_of(value: object, indent: str, depth: int) -> list[str]:
    """Write an object over several lines down to `depth`; an array of objects always takes a line for each."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "family" in value[0]:
        rows = [f"{indent}  {one_line(one)}" for one in value]
        return ["[", *(row + "," for row in rows[:-1]), rows[-1], f"{indent}]"]
    if not isinstance(value, dict) or depth == 0:
        return [one_line(value)]
    made = ["{"]
    for place, key in enumerate(sorted(value), start=1):
        inner = lines_of(value[key], indent + "  ", depth - 1)
        inner[0] = f"{indent}  {one_line(key)}: {inner[0]}"
        inner[-1] += "," if place < len(value) else ""
        made += inner
    return [*made, f"{indent}}}"]


def test_the_catalogue_is_canonical() -> None:
    text = (DATA / "catalogue.json").read_text(encoding="utf-8")
    assert text.split("\n") == [*lines_of(CATALOGUE, "", 4), ""]


def test_wrong_ids_are_canonical() -> None:
    text = (DATA / "wrong_ids.json").read_text(encoding="utf-8")
    assert text == "[\n" + ",\n".join("  " + one_line(row) for row in WRONG) + "\n]\n"

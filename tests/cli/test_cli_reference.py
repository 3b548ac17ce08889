"""The commands that tell what the program knows: `explain`, `init`, `lists`, `lookup`, `schema`, `targets`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from cli_kit import AS_OF, ROOT, a_deployment, a_list, ids, run, too_wide, write

from mdm_policy import catalogue, resources
from mdm_policy.cli.schema import NAMES
from mdm_policy.sources import inputs
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = discover(resources.templates())
WAIVER = "exceptions:\n  - {app: wechat, category: other, approved_by: CISO, document: MEMO-1, groups: [lab, desk], until: 2026-11-24}\n"


# --- explain -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("wechat", id="key"),
        pytest.param("WECHAT", id="key-in-capitals"),
        pytest.param("WeChat", id="name"),
        pytest.param("com.tencent.mm", id="identifier"),
        pytest.param("com.tencent.xin", id="identifier-ios"),
        pytest.param("5A4RE8SF68:com.tencent.xinWeChat", id="derived-identifier"),
        pytest.param("WeChat Pay", id="feature"),
    ],
)
def test_explain_finds_an_app_by(word: str) -> None:
    done = run("explain", word, *AS_OF)
    assert (done.code, done.err) == (0, "")
    assert "WeChat (wechat)\nBanned by\n" in done.out


def test_explain_says_who_since_when_and_how() -> None:
    words = " ".join(run("explain", "wechat", *AS_OF).out.split())
    assert "- us-eo-13971, through feature WeChat Pay: E.O. 13971, 86 FR 1249 (Jan. 8, 2021)" in words
    assert "revoked on 2021-06-09 by E.O. 14034" in words
    assert "- in-59: MeitY, IT Act 2000" in words
    assert "in force since 2020-06-29" in words
    assert "in force: in force" not in words
    assert "in-59.yaml:32:5" in words
    assert "- apple-ios-restrictions ios bundle_id com.tencent.xin: hidden (strong) on ios 15 and later" in words
    assert "only: supervised, automated or device enrollment" in words


def test_explain_names_a_target_once() -> None:
    lines = [line for line in run("explain", "wechat").out.splitlines() if line.startswith("  - amapi-cope")]
    assert lines == ["  - amapi-cope"]


def test_explain_json_says_the_same() -> None:
    (app,) = run("explain", "wechat", "--format", "json", *AS_OF).json
    assert (app["key"], app["name"]) == ("wechat", "WeChat")
    by = {one["id"]: one for one in app["banned_by"]}
    assert by["us-eo-13971"]["state"] == "revoked"
    assert by["us-eo-13971"]["through"] == "feature WeChat Pay"
    assert by["in-59"]["line"] == 32
    assert {one["target"] for one in app["targets"]} <= set(TARGETS)
    assert any("com.tencent.xin" in one["values"] for one in app["targets"])
    assert app["exceptions"] == []


@pytest.mark.parametrize(
    ("day", "told"),
    [pytest.param("2026-11-24", True, id="until"), pytest.param("2026-11-25", False, id="the-day-after")],
)
def test_explain_tells_of_exceptions_in_force(tmp_path: Path, day: str, told: bool) -> None:
    path = write(tmp_path, "ours.yaml", a_list(more=WAIVER))
    said = "- except for desk, lab until 2026-11-24: MEMO-1, CISO"
    assert (said in run("explain", "wechat", "--list", path, "--as-of", day).out) is told
    (app,) = run("explain", "wechat", "--list", path, "--as-of", day, "--format", "json").json
    waiver = {
        "groups": ["desk", "lab"],
        "until": "2026-11-24",
        "category": "other",
        "document": "MEMO-1",
        "approved_by": "CISO",
    }
    assert app["exceptions"] == [waiver] * told


def test_explain_uses_the_deployment(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", a_list())
    deployment = write(tmp_path, "d.yaml", a_deployment("ours.yaml"))
    assert "  - ours: Memo ours\n" in run("explain", "wechat", "--deployment", deployment, *AS_OF).out
    done = run("explain", "tiktok", "--deployment", deployment, *AS_OF)
    assert (done.code, done.out) == (1, "")
    assert "error[not-banned]: 'tiktok' is not banned by ours" in done.err


@pytest.mark.parametrize("state", ["revoked: {on: 2026-02-01, by: Act}", "effective: 2027-01-01", "duties: []"])
def test_explain_judges_a_list_out_of_force_as_it_is_written(tmp_path: Path, state: str) -> None:
    path = write(tmp_path, "ours.yaml", a_list(authority=f", {state}"))
    assert run("explain", "wechat", "--list", path, *AS_OF).code == 0


@pytest.mark.parametrize(
    ("bans", "said"),
    [
        pytest.param("- {name: Odd, macos: {cdhash: " + "a" * 40 + "}}", "Blocked by\n  - ", id="one-kind"),
        pytest.param(
            "- {name: Odd, windows: {winget_id: Odd.App}}", "- nothing: no identifier any target", id="no-target"
        ),
        pytest.param("- {name: Odd, web: {}}", "", id="broken"),
        pytest.param(
            "- {name: Odd, not_on: [ios, windows], android: {package_name: org.odd.app}}",
            "Not blocked on macos: no identifier is known there.\nDoes not exist on ios, windows, as far as is known.",
            id="platforms",
        ),
    ],
)
def test_explain_an_app_of_the_list_alone(tmp_path: Path, bans: str, said: str) -> None:
    done = run("explain", "odd", "--list", write(tmp_path, "ours.yaml", a_list(bans=bans)), *AS_OF)
    assert said in done.out
    assert done.code == (0 if said else 1)


def test_explain_cuts_a_long_row_of_identifiers(tmp_path: Path) -> None:
    names = ", ".join(f"org.odd.app{number}" for number in range(9))
    path = write(tmp_path, "ours.yaml", a_list(bans=f"- {{name: Odd, android: {{package_name: [{names}]}}}}"))
    words = " ".join(run("explain", "odd", "--list", path, *AS_OF).out.split())
    assert "org.odd.app0, org.odd.app1, org.odd.app2, org.odd.app3 and 5 more: " in words


# --- init --------------------------------------------------------------------------------------------------------------


def test_init_checks_clean_and_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("init", "new")
    assert (done.code, done.err) == (0, "")
    assert "mdm-policy check new/deployment.yaml" in done.out
    assert "mdm-policy build new/deployment.yaml -o new/build" in done.out
    checked = run("check", "new/deployment.yaml", "new/our-list.yaml", *AS_OF)
    assert (checked.code, checked.out) == (0, "2 files checked: no error\n")
    built = run("build", "--deployment", "new/deployment.yaml", "-o", "new/build", *AS_OF)
    assert built.code == 0
    assert "Exceptions\n  lab: WeChat (" in built.out


def test_init_writes_here_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init").out.startswith("Wrote deployment.yaml and our-list.yaml.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deployment.yaml", "our-list.yaml"]


def test_init_replaces_nothing(tmp_path: Path) -> None:
    write(tmp_path, "our-list.yaml", "mine")
    done = run("init", tmp_path)
    assert (done.code, done.out, ids(done.err)) == (1, "", ["error[file-exists]"])
    assert "our-list.yaml" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["our-list.yaml"]


def test_init_into_a_file(tmp_path: Path) -> None:
    done = run("init", write(tmp_path, "file", ""))
    assert (done.code, ids(done.err)) == (1, ["error[file-unwritable]"])


# --- lists -------------------------------------------------------------------------------------------------------------


def test_lists_shows_every_list_with_its_state() -> None:
    done = run("lists", *AS_OF)
    assert (done.code, done.err) == (0, "")
    assert [line.partition(":")[0] for line in done.out.splitlines() if not line.startswith(" ")] == list(
        inputs.shipped()
    )
    assert "us-kaspersky: Kaspersky products and services\n    1 entry. Pub. L. 115-91" in done.out
    assert "    revoked on 2021-06-09 by E.O. 14034" in done.out
    assert "    lapsed: its authority orders nothing about devices" in done.out
    assert too_wide(done.out, 80) == []


@pytest.mark.parametrize(
    ("day", "state"),
    [
        pytest.param("2018-09-30", "pending", id="the-day-before"),
        pytest.param("2018-10-01", "in-force", id="the-first-day"),
    ],
)
def test_lists_judges_by_the_day(day: str, state: str) -> None:
    by_id = {one["id"]: one for one in run("lists", "--as-of", day, "--format", "json").json}
    assert by_id["us-kaspersky"]["state"] == state
    assert by_id["us-kaspersky"]["entries"] == 1
    assert set(by_id["us-kaspersky"]) == {"id", "title", "citation", "state", "because", "entries"}


def test_lists_says_when_a_shipped_list_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "broken.yaml", "ban_list: broken\n")
    monkeypatch.setattr(inputs, "shipped", lambda: {"broken": path})
    done = run("lists")
    assert (done.code, ids(done.err)) == (1, ["error[missing-key]"])


# --- lookup ------------------------------------------------------------------------------------------------------------


def test_lookup_an_app() -> None:
    done = run("lookup", "com.tencent.xin")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("wechat: WeChat (Tencent Holdings Ltd.)\n")
    assert "    ios      bundle_id            com.tencent.xin\n    ios" in done.out
    assert "    android  package_name         com.tencent.mm\n" in done.out
    assert "Sources, notes and all domains: add --all.\n" in done.out


def test_lookup_all_tells_the_sources() -> None:
    done = run("lookup", "com.tencent.xin", "--all")
    assert "    ios      bundle_id            com.tencent.xin\n             verified: github:" in done.out
    assert len(done.out) > 2 * len(run("lookup", "com.tencent.xin").out)


def test_lookup_a_vendor() -> None:
    done = run("lookup", "kaspersky")
    assert done.out.startswith("vendor kaspersky: Kaspersky\n    apps: kaspersky-endpoint-security, ")
    assert "    its teams and signers may be incomplete" in done.out
    assert "             unverified, so no build uses it\n" in done.out
    assert "\nkaspersky-mobile: Kaspersky for mobile devices (Kaspersky): ios, android\n" in done.out


def test_lookup_counts_what_is_known() -> None:
    done = run("lookup", "--stats")
    known = catalogue.load()
    owners: list[Any] = [*known.apps.values(), *known.vendors.values()]
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"catalogue {known.version}: {len(known.apps)} apps, {len(known.vendors)} vendors\n")
    total = sum(len(owner.identifiers) for owner in owners)
    assert any(line.split()[0] == "all" and line.split()[-1] == str(total) for line in done.out.splitlines() if line)
    rows = {row["platform"]: row for row in run("lookup", "--stats", "--format", "json").json}
    assert sum(row["identifiers"] for row in rows.values()) == total
    assert all(
        row["apps_exists"] + row["apps_none"] + row["apps_unknown"] == len(known.apps)
        for row in rows.values()
        if "apps_none" in row
    )


@pytest.mark.parametrize("arguments", [(), ("wechat", "--stats")])
def test_lookup_takes_a_query_or_counts(arguments: tuple[str, ...]) -> None:
    assert run("lookup", *arguments).code == 2


@pytest.mark.parametrize("query", ["", ".", "wps", "tencent", "kaspersky", "bytedance"])
def test_lookup_keeps_to_the_width(query: str) -> None:
    done = run("lookup", query, "--all")
    known = catalogue.load()
    identifiers = {one.value for app in known.apps.values() for one in app.identifiers}
    identifiers |= {one.value for vendor in known.vendors.values() for one in vendor.identifiers}
    assert [line for line in too_wide(done.out, 80) if line.split(maxsplit=2)[2] not in identifiers] == []


def test_lookup_says_on_which_devices_an_app_comes_with() -> None:
    assert "preinstalled by Xiaomi\n" in run("lookup", "wps-office").out
    assert "preinstalled by Xiaomi (" in " ".join(run("lookup", "wps-office", "--all").out.split())


def test_lookup_tells_what_is_known_of_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "https://example.org/a"
    executable = {
        "family": "windows",
        "kind": "executable",
        "value": "Chat.exe",
        "confidence": "verified",
        "sources": [page],
        "role": "helper",
        "runs_as_service": True,
        "original_file_name": "",
    }
    packaged = {
        "family": "windows",
        "kind": "package_family_name",
        "value": "Contoso.Chat_tvqt2t7vp707e",
        "publisher": "Contoso Corporation",
    }
    app = {
        "name": "Chat",
        "vendor": "maker",
        "platforms": {"ios": {"state": "none", "source": page, "until": "2027-05-01"}, "macos": {"state": "unknown"}},
        "web_app": page,
        "ipad_on_mac": {"state": "unknown", "source": "the maker does not say"},
        "identifiers": [
            executable,
            packaged,
            {"family": "web", "kind": "domain", "value": "a.example", "shared": True},
        ],
    }
    file = {"version": "1", "vendors": {"maker": {"name": "Maker"}}, "apps": {"chat": app}}
    made = catalogue.parse(json.dumps(file).encode())
    monkeypatch.setattr(catalogue, "load", lambda: made)
    short, long = (" ".join(run("lookup", "chat", *more).out.split()) for more in ((), ("--all",)))
    for said in (short, long):
        assert f"does not exist on: ios ({page}; to be looked at again after 2027-05-01)" in said
        assert "not known whether it exists on: macos" in said
        assert "a part of it, no gap of its own; runs as a service" in said
        assert "shared with other services" in said
        assert "is a web app too" in said
        assert "its iPad build may be offered to Macs with Apple silicon" in said
    assert "its version resource has no original file name" in long
    assert "publisher, whose hash the name ends in: Contoso Corporation" in long
    assert "the maker does not say" in long
    (hit,) = run("lookup", "chat", "--format", "json").json
    assert hit["app"]["platforms"] == {"ios": "none", "macos": "unknown"}
    assert hit["app"]["platform_until"] == {"ios": "2027-05-01"}
    assert [one["role"] for one in hit["app"]["identifiers"]] == ["helper", "main", "main"]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        pytest.param("wetchat", "did you mean `wechat`?", id="near"),
        pytest.param("zzzzzz", "a ban list can give its identifiers itself", id="far"),
        pytest.param("", "a ban list can", id="nothing"),
        pytest.param("\x1b[31m\u202e", "a ban list can", id="hostile"),
    ],
)
def test_lookup_finds_nothing(query: str, hint: str) -> None:
    done = run("lookup", query)
    assert (done.code, done.out, ids(done.err)) == (1, "", ["error[nothing-found]"])
    told = " ".join(done.err.split())
    assert hint in told
    how = ("`codesign -dv ", "`adb shell pm list packages`", "`Get-AppxPackage ", "`Get-AppLockerFileInformation ")
    assert {said in told for said in how} == {"did you mean" not in hint}
    assert not {"\x1b", "\u202e"} & set(done.err)


def test_lookup_json() -> None:
    found = run("lookup", "kaspersky", "--format", "json").json
    assert [("vendor" in one, "app" in one) for one in found] == [(True, False)] + [(False, True)] * (len(found) - 1)
    assert found[0]["exact"] is True
    assert found[0]["vendor"]["identifiers"][0].keys() == {
        "family",
        "kind",
        "value",
        "confidence",
        "sources",
        "derived_from",
        "role",
        "runs_as_service",
        "shared",
        "checked",
        "note",
        "original_file_name",
        "publisher",
    }


def test_lookup_json_finds_nothing() -> None:
    assert run("lookup", "zzzzzz", "--format", "json") == (1, "[]\n", "")


# --- schema ------------------------------------------------------------------------------------------------------------


def plain_yaml(path: Path) -> Any:
    """Read YAML as editors do: by YAML 1.2, where `on` is a word, and a date is a text to JSON Schema."""
    return json.loads(
        json.dumps(yaml.safe_load(path.read_text(encoding="utf-8").replace("{on:", '{"on":')), default=str)
    )


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return {name: run("schema", name).json for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_draft_2020_12(name: str, schemas: dict[str, Any]) -> None:
    assert schemas[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schemas[name])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("deployment", resources.data("init") / "deployment.yaml", id="init-deployment"),
        pytest.param("ban-list", resources.data("init") / "our-list.yaml", id="init-list"),
        *(pytest.param("target", target.folder / "target.yaml", id=name) for name, target in TARGETS.items()),
        *(
            pytest.param("deployment", path, id=path.parent.name)
            for path in sorted(ROOT.glob("examples/*/deployment.yaml"))
        ),
        *(pytest.param("ban-list", path, id=name) for name, path in inputs.shipped().items()),
    ],
)
def test_a_schema_accepts_our_own_files(name: str, path: Path, schemas: dict[str, Any]) -> None:
    jsonschema.validate(plain_yaml(path), schemas[name], jsonschema.Draft202012Validator)


def test_the_devices_schema_accepts_the_devices_of_the_example(schemas: dict[str, Any]) -> None:
    devices = {"devices": plain_yaml(ROOT / "examples/federal/deployment.yaml")["devices"]}
    jsonschema.validate(devices, schemas["devices"], jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("ban-list", {"ban_list": "x"}, id="no-authority"),
        pytest.param("ban-list", {"ban_list": "x", "authority": {"citation": "x"}, "bans": [{}]}, id="empty-ban"),
        pytest.param("deployment", {"organization": {"name": "x"}}, id="no-identifier"),
        pytest.param("devices", {"devices": [{"name": "x", "platform": "iphone"}]}, id="platform"),
    ],
)
def test_a_schema_refuses_mistakes(name: str, value: Any, schemas: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schemas[name], jsonschema.Draft202012Validator)


# --- targets -----------------------------------------------------------------------------------------------------------


def test_targets_lists_every_target_with_its_title() -> None:
    done = run("targets")
    assert (done.code, done.err) == (0, "")
    heads = [line.partition(" ")[0] for line in done.out.splitlines() if not line.startswith(" ")]
    assert heads == list(TARGETS)
    words = " ".join(done.out.split())
    for name, target in TARGETS.items():
        request = "" if target.manifest.default else " (built on request)"
        assert f"{name}{request} {target.manifest.title}" in words


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_in_full(name: str) -> None:
    done = run("targets", name)
    assert (done.code, done.err) == (0, "")
    assert too_wide(done.out, 80) == []
    words = " ".join(done.out.split())
    manifest = TARGETS[name].manifest
    assert done.out.startswith(f"{name}\n{manifest.title.split()[0]}")
    for sentence in (*manifest.needs, *manifest.cannot, manifest.summary, manifest.source):
        assert " ".join(sentence.split()) in words
    for spec in manifest.documents:
        assert f"- {spec.output} ({spec.format}, schema {spec.schema})" in words
    for option in manifest.options:
        assert f"- {option}: " in words
    assert (f"One of the alternatives {manifest.alternative_group!r}" in words) is bool(manifest.alternative_group)


def test_targets_json() -> None:
    every = run("targets", "--format", "json").json
    assert [one["target"] for one in every] == list(TARGETS)
    (one,) = run("targets", "amapi-cope", "--format", "json").json
    assert one == next(each for each in every if each["target"] == "amapi-cope")
    assert one["blocks"][0]["platforms"] == {"android": "0"}


def test_an_unknown_target() -> None:
    done = run("targets", "santa")
    assert (done.code, done.out, ids(done.err)) == (1, "", ["error[unknown-target]"])
    assert "macos-santa" in done.err


def test_targets_of_a_users_folder(tmp_path: Path) -> None:
    write(tmp_path, "target.yaml", "target: x\n")
    done = run("targets", "--templates", tmp_path)
    assert (done.code, set(ids(done.err))) == (1, {"error[missing-key]"})
    lacking = ("title", "vendor", "source", "summary", "blocks", "documents")
    assert all(f"a target lacks `{key}`" in done.err for key in lacking)

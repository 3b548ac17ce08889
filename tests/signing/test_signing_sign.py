"""`mdm-policy sign`: files, folders and builds, in place or elsewhere, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from cli_kit import AS_OF, ROOT, Ran, a_list, ids, run, write
from signing_kit import CANARY, PROFILE, certify, files, key, line, signed

from mdm_policy import signing
from mdm_policy.cli import signers

if TYPE_CHECKING:
    from collections.abc import Mapping

EC = line("p-256", 3)


@pytest.fixture
def held(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "keys"
    folder.mkdir()
    return files(folder, EC)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "p.mobileconfig"
    path.write_bytes(PROFILE)
    return path


def sign(held: Mapping[str, Path], *args: object, chain: bool = True, **more: Any) -> Ran:
    above = ("--chain", held["chain"]) if chain else ()
    return run("sign", *args, "--key", held["key"], "--cert", held["cert"], *above, *AS_OF, **more)


def content(path: Path) -> bytes:
    found = signing.examine(path.read_bytes(), (EC[-1].der,), "2026-11-24")
    assert (found.fault, found.trust) == ("", "trusted")
    return found.content


def test_signs_in_place(held: dict[str, Path], profile: Path) -> None:
    profile.chmod(0o640)
    done = sign(held, profile)
    assert (done.code, done.err) == (0, "")
    assert " ".join(done.out.split()).startswith(
        "Signed 1 profile with CN=Example Signer, EC secp256r1, and 1 certificate above it."
    )
    assert content(profile) == PROFILE
    assert profile.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in profile.parent.iterdir()) == ["keys", "p.mobileconfig"]


def test_signs_elsewhere(held: dict[str, Path], profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "signed.mobileconfig"
    assert sign(held, profile, "-o", out).code == 0
    assert (content(out), profile.read_bytes()) == (PROFILE, PROFILE)
    assert sign(held, profile, "-o", tmp_path / "keys").code == 0
    assert content(tmp_path / "keys" / "p.mobileconfig") == PROFILE
    assert sign(held, profile, "-o", out).code == 0, "a signed profile may be replaced"


def test_tells_programs_what_was_signed(held: dict[str, Path], profile: Path) -> None:
    done = sign(held, profile, "--format", "json")
    signer = {
        "subject": "CN=Example Signer",
        "issuer": "CN=Example Authority 2",
        "certificate_sha256": hashlib.sha256(EC[0].der).hexdigest(),
        "not_after": "2036-01-01",
    }
    [file] = done.json["files"]
    assert done.json["signer"] == signer
    assert file == {
        "file": str(profile),
        "output": str(profile),
        "content_sha256": hashlib.sha256(PROFILE).hexdigest(),
        "bytes": profile.stat().st_size,
    }


def test_signs_anew(held: dict[str, Path], profile: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = files(tmp_path / "other", line("p-384", 1))
    assert sign(other, profile, chain=False).code == 0
    done = sign(held, profile)
    assert (done.code, ids(done.err)) == (0, ["note[signed-anew]"])
    assert content(profile) == PROFILE


def test_vouches_for_nothing_that_was_altered(held: dict[str, Path], profile: Path) -> None:
    data = signed(EC).replace(b"com.tencent.xin", b"com.tencent.xim")
    profile.write_bytes(data)
    done = sign(held, profile)
    assert (done.code, ids(done.err)) == (1, ["error[signed-already-invalid]"])
    assert profile.read_bytes() == data


def test_signs_the_profiles_of_a_folder(held: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep" / ".hidden").mkdir(parents=True)
    (folder / "a.mobileconfig").write_bytes(PROFILE)
    (folder / "deep" / "b.xml").write_bytes(PROFILE)
    (folder / "deep" / ".hidden" / "c.mobileconfig").write_bytes(PROFILE)
    (folder / "policy.json").write_text('{"applications": []}')
    (folder / "read me.txt").write_text("nothing")
    (folder / "link.mobileconfig").symlink_to(folder / "a.mobileconfig")
    done = sign(held, folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-2:] == [f"  {folder / 'a.mobileconfig'}", f"  {folder / 'deep/b.xml'}"]
    assert content(folder / "a.mobileconfig") == content(folder / "deep/b.xml") == PROFILE
    assert (folder / "deep" / ".hidden" / "c.mobileconfig").read_bytes() == PROFILE
    assert (folder / "policy.json").read_text() == '{"applications": []}'
    assert (folder / "link.mobileconfig").is_symlink()
    out = tmp_path / "out"
    assert sign(held, folder, "-o", out).code == 0
    assert sorted(one.relative_to(out).as_posix() for one in out.rglob("*")) == ["a.mobileconfig", "deep", "deep/b.xml"]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    ours = write(tmp_path, "ours.yaml", a_list())
    folder = tmp_path / "build"
    names = ("apple-ios-restrictions", "jamf-mobile-profile", "amapi-cope")
    assert run("build", ours, *(w for n in names for w in ("--target", n)), "-o", folder, *AS_OF).code == 0
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


IOS = "apple-ios-restrictions/ours.mobileconfig"


def test_signs_a_build_and_says_so_in_its_manifest(held: dict[str, Path], build: Path) -> None:
    before = snapshot(build)
    done = sign(held, build)
    assert (done.code, done.err) == (0, "")
    after = snapshot(build)
    assert {name for name in before if before[name] != after[name]} == {IOS, "manifest.json"}
    assert content(build / IOS) == before[IOS]
    old, new = json.loads(before["manifest.json"]), json.loads(after["manifest.json"])
    states = {one["path"]: one["signing"] for one in new["documents"]}
    assert states.pop(IOS) == "signed"
    assert set(states.values()) == {"no"}, "Jamf's own copy and what others wrap stay as they are"
    assert new["signing"]["subject"] == "CN=Example Signer"
    assert (
        next(one for one in new["documents"] if one["path"] == IOS)["sha256"] == hashlib.sha256(before[IOS]).hexdigest()
    )
    for manifest in (old, new):
        del manifest["signing"]
        for one in manifest["documents"]:
            del one["signing"]
    assert old == new
    again = sign(held, build / "manifest.json")
    assert (again.code, ids(again.err)) == (0, ["note[signed-anew]"])
    assert json.loads(snapshot(build)["manifest.json"])["documents"] == json.loads(after["manifest.json"])["documents"]


def test_signs_a_build_elsewhere(held: dict[str, Path], build: Path, tmp_path: Path) -> None:
    before = snapshot(build)
    out = tmp_path / "signed"
    assert sign(held, build, "-o", out).code == 0
    assert snapshot(build) == before
    assert snapshot(out).keys() == before.keys()
    assert content(out / IOS) == before[IOS]


def test_finds_builds_below_a_folder(held: dict[str, Path], build: Path, tmp_path: Path) -> None:
    (tmp_path / "p.mobileconfig").write_bytes(PROFILE)
    assert sign(held, tmp_path).code == 0
    assert content(tmp_path / "p.mobileconfig") == PROFILE
    assert json.loads((build / "manifest.json").read_bytes())["signing"]


def test_signed_and_unsigned_builds_do_the_same(held: dict[str, Path], build: Path, tmp_path: Path) -> None:
    assert sign(held, build, "-o", tmp_path / "signed").code == 0
    done = run("diff", build, tmp_path / "signed", "--ca", held["ca"], *AS_OF)
    assert done.code == 0, done.out
    assert "note[signed-by]" in ids(done.err)


def test_build_signs_what_it_writes(held: dict[str, Path], tmp_path: Path) -> None:
    ours = write(tmp_path, "ours.yaml", a_list())
    who = ("--key", held["key"], "--cert", held["cert"], "--chain", held["chain"])
    names = ("--target", "apple-ios-restrictions", "--target", "jamf-mobile-profile")
    made = {}
    for name, more in {"plain": (), "one": ("--sign", *who), "two": ("--sign", *who)}.items():
        done = run("build", ours, *names, *more, "-o", tmp_path / name, *AS_OF)
        assert done.code == 0, done.err
        made[name] = snapshot(tmp_path / name)
    assert made["one"]["manifest.json"] == made["two"]["manifest.json"], "a manifest knows no time"
    assert made["plain"].keys() == made["one"].keys()
    differing = {name for name in made["plain"] if made["plain"][name] != made["one"][name]}
    assert differing == {IOS, "manifest.json"}
    assert content(tmp_path / "one" / IOS) == content(tmp_path / "two" / IOS) == made["plain"][IOS]
    write(
        tmp_path,
        "devices.yaml",
        'devices: [{name: phones, platform: ios, os: ">=17", supervised: true, enrollment: automated}]',
    )
    proof = ("--list", ours, "--devices", tmp_path / "devices.yaml", "--ca", held["ca"], *AS_OF)
    proven = run("verify", tmp_path / "one", *proof)
    assert proven.code == 0, proven.out
    assert "the chain leads to --ca" in " ".join(proven.out.split())
    (tmp_path / "other").mkdir()
    assert sign(held, tmp_path / "plain").code == 0
    assert snapshot(tmp_path / "plain")["manifest.json"] == made["one"]["manifest.json"], "signed then or later"


DEPLOYMENT = """\
organization: {{name: Example Agency, identifier: gov.example.agency}}
lists: [ours.yaml]
targets: [apple-ios-restrictions, macos-santa, amapi-cope]
signing: {{{signing}}}
"""
SAID = "key: keys/key.pem, cert: keys/cert.pem, chain: keys/chain.pem"


def deployed(folder: Path, signing_: str) -> Path:
    write(folder, "ours.yaml", a_list(bans="- app: wechat"))
    return write(folder, "deployment.yaml", DEPLOYMENT.format(signing=signing_))


@pytest.mark.parametrize(
    ("said", "names"),
    [
        pytest.param(SAID, {IOS.replace("ours.", "ours."), "macos-santa/ours.mobileconfig"}, id="all that can be"),
        pytest.param(f"{SAID}, targets: [macos-santa]", {"macos-santa/ours.mobileconfig"}, id="one of them"),
        pytest.param(f"{SAID}, targets: [macos-santa, jamf-mobile-profile]", {"macos-santa/ours.mobileconfig"}, id="one is not built"),
    ],
)  # fmt: skip
def test_a_deployment_says_who_signs_what(said: str, names: set[str], held: dict[str, Path], tmp_path: Path) -> None:
    del held
    done = run("build", "--deployment", deployed(tmp_path, said), "--sign", "-o", tmp_path / "out", *AS_OF)
    assert done.code == 0, done.err
    manifest = json.loads((tmp_path / "out/manifest.json").read_bytes())
    assert {one["path"] for one in manifest["documents"] if one["signing"] == "signed"} == names
    for name in names:
        assert content(tmp_path / "out" / name)


def signer_command(held: dict[str, Path]) -> str:
    """Return the words of a program that signs, as openssl or the tool of an HSM would."""
    code = (
        "import sys; from mdm_policy import signing; from mdm_policy.loading import Source;"
        "key, cert, chain = (Source(name, open(name, 'rb').read()) for name in sys.argv[1:]);"
        "who = signing.read_identity(key, cert, [chain], bytes);"
        "sys.stdout.buffer.write(signing.signer_of(who)(sys.stdin.buffer.read()))"
    )
    return shlex.join([sys.executable, "-c", code, *(str(held[name]) for name in ("key", "cert", "chain"))])


def test_options_prevail_over_the_deployment(held: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = files(tmp_path / "other", line("p-384", 1))
    path = deployed(tmp_path, SAID)
    who = ("--key", other["key"], "--cert", other["cert"])
    assert run("build", "--deployment", path, "--sign", *who, "-o", tmp_path / "out", *AS_OF).code == 0
    found = signing.examine((tmp_path / "out" / IOS).read_bytes())
    assert found.certificates == (hashlib.sha256(line("p-384", 1)[0].der).hexdigest(),)
    command = signer_command(held)
    done = run("build", "--deployment", path, "--sign", "--signer-cmd", command, "-o", tmp_path / "third", *AS_OF)
    assert done.code == 0, done.err
    assert content(tmp_path / "third" / IOS)


def test_a_deployment_need_not_say_who_signs(held: dict[str, Path], tmp_path: Path) -> None:
    path = deployed(tmp_path, SAID)
    path.write_text(path.read_text().partition("signing:")[0])
    who = ("--key", held["key"], "--cert", held["cert"], "--chain", held["chain"])
    assert run("build", "--deployment", path, "--sign", *who, "-o", tmp_path / "out", *AS_OF).code == 0
    assert content(tmp_path / "out" / IOS)


def test_a_build_that_could_have_been_signed_says_so(tmp_path: Path) -> None:
    done = run("build", "--deployment", deployed(tmp_path, SAID), "-o", tmp_path / "out", *AS_OF)
    assert done.code == 0
    assert "1 build-not-signed" in done.err
    plain = write(
        tmp_path, "d.yaml", DEPLOYMENT.format(signing=SAID).replace("apple-ios-restrictions, macos-santa, ", "")
    )
    assert "build-not-signed" not in run("build", "--deployment", plain, "-o", tmp_path / "two", *AS_OF).err


@pytest.mark.parametrize(
    ("said", "args", "code", "expected"),
    [
        pytest.param(f"{SAID}, targets: [amapi-cope]", ("--sign",), 1, "target-not-signed", id="a target with nothing to sign"),
        pytest.param(SAID, ("--sign", "--target", "amapi-cope"), 1, "nothing-to-sign", id="nothing built that is signed"),
        pytest.param("key: keys/gone.pem", ("--sign",), 1, "file-unreadable", id="no such key"),
        pytest.param("cert: keys/cert.pem", ("--sign",), 2, "say who signs", id="no key"),
        pytest.param(SAID, ("--key", "x"), 2, "a build is signed only with --sign", id="a key without --sign"),
        pytest.param("command: rm", ("--sign",), 1, "unknown-key", id="no command in a file"),
        pytest.param("passphrase: x", ("--sign",), 1, "unknown-key", id="no passphrase in a file"),
    ],
)  # fmt: skip
def test_refuses_to_build_signed(
    said: str, args: tuple[str, ...], code: int, expected: str, held: dict[str, Path], tmp_path: Path
) -> None:
    del held
    done = run("build", "--deployment", deployed(tmp_path, said), *args, "-o", tmp_path / "out", *AS_OF)
    assert done.code == code
    assert expected in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        pytest.param(lambda b: (b / IOS).write_bytes(PROFILE), "not what the build wrote", id="another profile"),
        pytest.param(lambda b: (b / IOS).write_bytes(b"nonsense"), "not what the build wrote", id="no profile"),
        pytest.param(lambda b: (b / IOS).unlink(), "not what the build wrote", id="gone"),
        pytest.param(lambda b: _renamed(b, "../outside.mobileconfig"), "not what the build wrote", id="outside"),
        pytest.param(lambda b: _renamed(b, "/etc/passwd"), "not what the build wrote", id="anywhere"),
        pytest.param(lambda b: _linked(b / IOS), "not what the build wrote", id="a link"),
        pytest.param(
            lambda b: _linked_folder(b / "apple-ios-restrictions"), "not what the build wrote", id="a linked folder"
        ),
    ],
)
def test_signs_no_build_that_was_altered(change: Any, what: str, held: dict[str, Path], build: Path) -> None:
    (build.parent / "outside.mobileconfig").write_bytes((build / IOS).read_bytes())
    change(build)
    before = snapshot(build)
    done = sign(held, build)
    assert (done.code, ids(done.err)) == (1, ["error[build-altered]"])
    assert what in " ".join(done.err.split())
    assert snapshot(build) == before


def _renamed(build: Path, name: str) -> None:
    path = build / "manifest.json"
    manifest = json.loads(path.read_bytes())
    next(one for one in manifest["documents"] if one["path"] == IOS)["path"] = name
    path.write_text(json.dumps(manifest))


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parents[2] / "outside.mobileconfig")


def _linked_folder(folder: Path) -> None:
    moved = folder.parents[1] / "moved"
    folder.rename(moved)
    folder.symlink_to(moved)


def test_signs_no_build_with_a_key_that_the_manifest_would_lose(held: dict[str, Path], build: Path) -> None:
    path = build / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"colour": "red"}))
    before = snapshot(build)
    done = sign(held, build)
    assert (done.code, ids(done.err)) == (1, ["error[build-manifest-unknown-key]"])
    assert snapshot(build) == before


def test_signs_no_build_whose_manifest_is_damaged(held: dict[str, Path], build: Path) -> None:
    path = build / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"documents": "all"}))
    done = sign(held, build)
    assert (done.code, ids(done.err)) == (1, ["error[build-manifest]"])


def test_a_build_without_anything_to_sign_is_said_so(held: dict[str, Path], tmp_path: Path) -> None:
    ours = write(tmp_path, "ours.yaml", a_list())
    assert run("build", ours, "--target", "amapi-cope", "-o", tmp_path / "b", *AS_OF).code == 0
    assert ids(sign(held, tmp_path / "b").err) == ["error[nothing-to-sign]"]


def test_a_build_with_foreign_files_is_left_alone(held: dict[str, Path], build: Path, tmp_path: Path) -> None:
    (build / "mine.txt").write_text("mine")
    assert sign(held, build, "-o", tmp_path / "elsewhere").code == 0
    assert not (tmp_path / "elsewhere" / "mine.txt").exists()
    before = snapshot(build)
    done = sign(held, build)
    assert (done.code, ids(done.err)) == (1, ["error[output-foreign]"])
    assert snapshot(build) == before


@pytest.mark.parametrize(
    ("name", "data", "id_"),
    [
        pytest.param("a.json", b'{"applications": []}', "not-a-profile", id="another document"),
        pytest.param("a.mobileconfig", b"<plist", "document-syntax", id="damaged"),
        pytest.param("gone.mobileconfig", None, "file-unreadable", id="no such file"),
        pytest.param("x" * 300, None, "file-unreadable", id="a name too long"),
    ],
)
def test_refuses_a_file(name: str, data: bytes | None, id_: str, held: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    done = sign(held, path)
    assert (done.code, ids(done.err)) == (1, [f"error[{id_}]"])


def test_refuses_a_folder_without_profiles(held: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = sign(held, tmp_path / "empty")
    assert (done.code, ids(done.err)) == (1, ["error[nothing-to-sign]"])


def test_refuses_a_folder_it_cannot_list(
    held: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").mkdir()

    def locked(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", locked)
    assert ids(sign(held, tmp_path / "locked").err) == ["error[file-unreadable]"]


def test_a_place_that_cannot_be_is_said_so(held: dict[str, Path], profile: Path, build: Path, tmp_path: Path) -> None:
    assert ids(sign(held, profile, "-o", tmp_path / ("x" * 300)).err) == ["error[file-unreadable]"]
    for odd in (profile / "below", tmp_path / ("x" * 300)):
        assert ids(sign(held, build, "-o", odd).err) == ["error[output-unwritable]"]


def test_overwrites_nothing_but_profiles(held: dict[str, Path], profile: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all")
    done = sign(held, profile, "-o", letter)
    assert (done.code, ids(done.err)) == (1, ["error[output-foreign]"])
    assert letter.read_text() == "Dear all"


def test_follows_no_link(held: dict[str, Path], profile: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mobileconfig"
    link.symlink_to(profile)
    done = sign(held, link)
    assert (done.code, ids(done.err)) == (1, ["error[output-not-a-file]"])
    assert profile.read_bytes() == PROFILE


def test_one_that_cannot_be_signed_leaves_all_unsigned(held: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.mobileconfig").write_bytes(PROFILE)
    (folder / "b.mobileconfig").write_bytes(signed(EC).replace(b"com.tencent.xin", b"com.tencent.xim"))
    before = snapshot(folder)
    assert sign(held, folder).code == 1
    assert snapshot(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_refuses_a_key_that_others_can_read(mode: int, held: dict[str, Path], profile: Path) -> None:
    held["key"].chmod(mode)
    done = sign(held, profile)
    assert (done.code, ids(done.err)) == (1, ["error[key-file-open]"])
    assert f"{mode:04o}" in done.err
    assert profile.read_bytes() == PROFILE


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param((), "say who signs", id="nobody"),
        pytest.param(("--cert", "c"), "say who signs", id="a certificate alone"),
        pytest.param(
            ("--key", "k", "--signer-cmd", "c", "--cert", "c"), "give one of --key and --signer-cmd", id="two"
        ),
        pytest.param(("--signer-cmd", "c"), "--signer-cmd needs --cert", id="a program for nobody"),
        pytest.param(("--signer-cmd", "'", "--cert", "{cert}"), "--signer-cmd is not a command", id="an open quote"),
        pytest.param(("--signer-cmd", " ", "--cert", "{cert}"), "--signer-cmd is not a command", id="no words"),
        pytest.param(("--signer-timeout", "0", "--key", "k"), "--signer-timeout", id="no time at all"),
    ],
)
def test_refuses_options(args: tuple[str, ...], said: str, held: dict[str, Path], profile: Path) -> None:
    done = run("sign", profile, *(one.format(**held) for one in args))
    assert (done.code, said in done.err) == (2, True)


def test_a_program_signs(held: dict[str, Path], profile: Path) -> None:
    command = signer_command(held)
    done = run("sign", profile, "--signer-cmd", command, "--cert", held["cert"], "--chain", held["chain"], *AS_OF)
    assert (done.code, done.err) == (0, "")
    assert content(profile) == PROFILE
    failing = run("sign", profile, "--signer-cmd", f"false --pin {CANARY}", "--cert", held["cert"], *AS_OF)
    assert failing.code == 1
    assert "error[signer-command-failed]" in failing.err
    assert CANARY not in failing.err


def test_warns_and_signs_all_the_same(held: dict[str, Path], profile: Path) -> None:
    done = sign(held, profile, chain=False)
    assert (done.code, ids(done.err)) == (0, ["warning[signer-chain-incomplete]"])
    done = run(
        *("sign", profile, "--key", held["key"], "--cert", held["cert"], "--chain", held["chain"]),
        *("--ca", held["ca"], "--as-of", "2037-01-01"),
    )
    assert (done.code, ids(done.err)) == (0, ["warning[signer-expired]", "note[signed-anew]"])


def _secret(held: dict[str, Path]) -> None:
    held["key"].write_bytes(EC[0].key_pem(CANARY))


def test_the_passphrase_comes_from_the_environment(held: dict[str, Path], profile: Path) -> None:
    _secret(held)
    assert sign(held, profile, env={"MDM_POLICY_PASSPHRASE": CANARY}).code == 0
    assert sign(held, profile, "--passphrase-env", "OTHER", env={"OTHER": CANARY}).code == 0
    assert content(profile) == PROFILE


@pytest.mark.parametrize(
    ("args", "env", "why"),
    [
        pytest.param((), {}, "there is no passphrase", id="none"),
        pytest.param((), {"MDM_POLICY_PASSPHRASE": ""}, "there is no passphrase", id="empty"),
        pytest.param((), {"MDM_POLICY_PASSPHRASE": f"{CANARY}x"}, "the passphrase is wrong", id="wrong"),
        pytest.param(("--passphrase-env", "GONE"), {}, "the environment variable GONE is not set", id="not set"),
        pytest.param(("--passphrase-fd", "987"), {}, "cannot read the passphrase from descriptor 987", id="no such descriptor"),
    ],
)  # fmt: skip
def test_refuses_without_the_passphrase(
    args: tuple[str, ...], env: dict[str, str], why: str, held: dict[str, Path], profile: Path
) -> None:
    _secret(held)
    done = sign(held, profile, *args, env=env)
    assert (done.code, ids(done.err)) == (1, ["error[key-passphrase]"])
    assert why in " ".join(done.err.split())
    assert profile.read_bytes() == PROFILE


def test_the_passphrase_comes_from_a_descriptor(held: dict[str, Path], profile: Path) -> None:
    _secret(held)
    end, start = os.pipe()
    os.write(start, f"{CANARY}\r\n".encode())
    os.close(start)
    done = sign(held, profile, "--passphrase-fd", end)
    os.close(end)
    assert done.code == 0, done.err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_passphrase_is_asked_for_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def prompt(text: str, **how: object) -> str:
        asked.append((text, how["hide_input"], how["err"]))
        return CANARY

    choice = signers.chosen(passphrase_env=None, passphrase_fd=None)
    monkeypatch.delenv("MDM_POLICY_PASSPHRASE", raising=False)
    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(sys, "stdin", _Terminal())
    assert choice.passphrase() == CANARY.encode()
    assert asked == [("Passphrase of the key", True, True)]


def test_a_pkcs12_file_is_all_it_takes(held: dict[str, Path], profile: Path) -> None:
    held["key"].write_bytes(EC[0].pfx(CANARY, EC[1:2]))
    done = run("sign", profile, "--key", held["key"], *AS_OF, env={"MDM_POLICY_PASSPHRASE": CANARY})
    assert (done.code, done.err) == (0, "")
    assert content(profile) == PROFILE


WITHOUT = (
    "import sys; sys.modules['cryptography'] = sys.modules['asn1crypto'] = None;"
    "from mdm_policy.cli import main; sys.argv = ['mdm-policy', *sys.argv[1:]]; main()"
)


def without_extra(*args: object) -> Ran:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *map(str, args)], capture_output=True, check=False, cwd=ROOT, timeout=60
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_without_the_extra_signing_says_what_to_install(held: dict[str, Path], profile: Path) -> None:
    done = without_extra("sign", profile, "--key", held["key"], "--cert", held["cert"])
    assert (done.code, ids(done.err)) == (1, ["error[signing-extra-missing]"])
    assert "pip install 'FILE.whl[sign]'" in " ".join(done.err.split())


def test_without_the_extra_verify_works_and_says_what_it_did_not_do(profile: Path, tmp_path: Path) -> None:
    profile.write_bytes(signed(EC))
    ours = write(tmp_path, "ours.yaml", a_list())
    devices = write(
        tmp_path,
        "d.yaml",
        'devices: [{name: phones, platform: ios, os: ">=17", supervised: true, enrollment: automated}]',
    )
    asked = ("verify", profile, "--list", ours, "--devices", devices, *AS_OF)
    done = without_extra(*asked)
    assert (done.code, done.err) == (0, "")
    assert "the signature is not examined" in " ".join(done.out.split())
    (tmp_path / "ca.pem").write_bytes(EC[-1].pem)
    refused = without_extra(*asked, "--ca", tmp_path / "ca.pem")
    assert (refused.code, ids(refused.err)) == (1, ["error[signing-extra-missing]"])


def test_without_the_extra_each_signed_document_is_named(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.write_bytes(signed(EC))
    ours = write(tmp_path, "ours.yaml", a_list())
    monkeypatch.setattr(signing, "find_spec", lambda _: None)
    found = run("verify", profile, "--list", ours, "--format", "json", *AS_OF).json["findings"]
    [one] = [one for one in found if one["id"].startswith("sign")]
    assert (one["id"], one["severity"], one["file"]) == ("signature-not-checked", "note", str(profile))
    assert ids(run("sign", profile, "--key", profile).err) == ["error[signing-extra-missing]"]


def test_nothing_heavy_is_loaded_for_what_is_not_signed(profile: Path, tmp_path: Path) -> None:
    ours = write(tmp_path, "ours.yaml", a_list())
    code = "import sys; from mdm_policy.cli import cli; cli(sys.argv[1:], standalone_mode=False)"
    code += "; print(sorted(n for n in sys.modules if n in ('cryptography', 'asn1crypto')))"
    done = subprocess.run(
        [sys.executable, "-c", code, "diff", str(profile), str(profile), "--list", str(ours)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.decode().splitlines()[-1:] == ["[]"], done.stderr.decode()


def test_canaries_turn_up_nowhere(held: dict[str, Path], profile: Path, tmp_path: Path) -> None:
    """Every command line here holds or leads to a secret; none of it may be printed, or stand in what is written."""
    _secret(held)
    secrets = [CANARY, *EC[0].key_pem().decode().splitlines()[1:-1], *held["key"].read_text().splitlines()[1:-1]]
    wrong = tmp_path / "wrong.p12"
    wrong.write_bytes(certify("x", key("p-256", 1)).pfx(CANARY))
    wrong.chmod(0o600)
    good = {"MDM_POLICY_PASSPHRASE": CANARY}
    bad = {"MDM_POLICY_PASSPHRASE": f"{CANARY}-wrong"}
    pin = f"{sys.executable} -c 'raise SystemExit(1)' pkcs11:pin-value={CANARY}"
    ours = write(tmp_path, "ours.yaml", a_list())
    runs = [
        sign(held, profile, "-o", tmp_path / "a.mobileconfig", env=good),
        sign(held, profile, "-o", tmp_path / "b.mobileconfig", "--format", "json", env=good),
        sign(held, profile, env=bad),
        sign(held, profile),
        run("sign", profile, "--key", wrong, *AS_OF, env=bad),
        run("sign", profile, "--key", held["cert"], *AS_OF, env=good),
        run("sign", profile, "--signer-cmd", pin, "--cert", held["cert"], *AS_OF),
        run("sign", profile, "--signer-cmd", f"/no/such/{CANARY[:6]} {CANARY}", "--cert", held["cert"], *AS_OF),
        run(
            "build",
            ours,
            "--sign",
            "--key",
            held["key"],
            "--cert",
            held["cert"],
            "-o",
            tmp_path / "o",
            *AS_OF,
            env=good,
        ),
        run(
            "build", ours, "--sign", "--key", held["key"], "--cert", held["cert"], "-o", tmp_path / "n", *AS_OF, env=bad
        ),
        run("verify", tmp_path / "a.mobileconfig", "--list", ours, "--format", "json", *AS_OF, env=good),
    ]
    assert [done.code for done in runs] == [0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0]
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.name != "keys" and p.suffix != ".p12"]
    texts = [done.out + done.err for done in runs] + [p.read_bytes().decode("latin-1") for p in written]
    assert len(written) > 10
    assert [(secret, text[:80]) for secret in secrets for text in texts if secret in text] == []
